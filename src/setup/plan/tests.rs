//! What planning promises, over accounts as people have them.

use proptest::prelude::*;

use super::{
    messes::{Choices, any_request, any_world},
    simulator::World,
    *,
};
use crate::{
    config::Region,
    routing::Routing,
    setup::{Request, desired},
};

mod stories;

pub fn plan_for(request: &Request, observed: &Observed) -> Result<Plan> {
    let region: Region = "eu-central-1".parse().unwrap();
    plan(desired::site(request, observed, Routing::Spa, &region)?, observed)
}

fn carried_out(world: &World, plan: &Plan) -> World {
    let mut world = world.clone();
    plan.steps.iter().for_each(|step| world.apply(&plan.site, step));
    world.settled();
    world
}

/// The request and the world of some choices, with the plan for them, unless something is refused.
fn planned(choices: &[u8]) -> Option<(Request, World, Plan)> {
    let mut choices = Choices(choices.iter());
    let request = any_request(&mut choices);
    let world = any_world(&mut choices, &request);
    let plan = plan_for(&request, &world.observed).ok()?;
    Some((request, world, plan))
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..64)
}

#[test]
fn most_messes_can_be_planned_for() {
    let mut seeds = fastrand::Rng::with_seed(7);
    let plans = (0..400).filter(|_| planned(&std::array::from_fn::<u8, 64, _>(|_| seeds.u8(..))).is_some());
    assert!(plans.count() > 250);
    let works = (0..400).filter(|_| {
        let planned = planned(&std::array::from_fn::<u8, 64, _>(|_| seeds.u8(..)));
        planned.is_some_and(|(_, world, plan)| world.works(plan.site.domain.as_str()))
    });
    assert!(works.count() > 20);
}

/// Failures are shown with their choices, and kept nowhere.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn cut_off_anywhere_it_comes_to_the_same(choices in choices()) {
        let Some((request, world, plan)) = planned(&choices) else { return Ok(()) };
        let whole = carried_out(&world, &plan);
        let mut cut = world;
        for step in &plan.steps {
            cut.apply(&plan.site, step);
            let rest = plan_for(&request, &cut.observed).unwrap();
            let mut after = carried_out(&cut, &rest);
            prop_assert!(plan_for(&request, &after.observed).unwrap().is_empty(), "cut after {:?}", step);
            sort(&mut after.observed);
            let mut expected = whole.observed.clone();
            sort(&mut expected);
            prop_assert_eq!(after.observed, expected, "cut after {:?}", step);
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_second_plan_is_empty(choices in choices()) {
        let Some((request, world, plan)) = planned(&choices) else { return Ok(()) };
        let after = carried_out(&world, &plan);
        let again = plan_for(&request, &after.observed).unwrap();
        prop_assert_eq!(&again.steps, &Vec::new());
        let changed: Vec<_> = again.parts.iter().filter(|part| part.verdict != Verdict::Keep).collect();
        prop_assert!(changed.is_empty(), "{changed:?}");
    }

    #[test]
    fn a_page_that_works_goes_on_working(choices in choices()) {
        let Some((request, mut world, plan)) = planned(&choices) else { return Ok(()) };
        let name = plan.site.domain.to_string();
        let is_published = world.observed.bucket.as_ref().is_some_and(|bucket| bucket.has_site);
        let is_there = world.folders.iter().any(|folder| folder == plan.site.prefix.as_str());
        if !is_published || !is_there || !world.works(&name) {
            return Ok(());
        }
        for step in &plan.steps {
            world.apply(&plan.site, step);
            prop_assert!(world.works(&name), "broken by {:?} of {:?}", step, plan.steps);
            // What resolvers remember of replaced records cannot be observed by a second run.
            if world.resolvers.len() > 1 {
                continue;
            }
            let rest = plan_for(&request, &world.observed).unwrap();
            let mut cut = world.clone();
            for step in &rest.steps {
                cut.apply(&rest.site, step);
                prop_assert!(cut.works(&name), "broken by {:?} of {:?}", step, rest.steps);
            }
        }
    }

    #[test]
    fn what_is_shown_is_what_is_done(choices in choices()) {
        let Some((_, _, plan)) = planned(&choices) else { return Ok(()) };
        for part in &plan.parts {
            let has_steps = plan.steps.iter().any(|step| step.resource() == part.resource);
            prop_assert!(part.verdict != Verdict::Keep || part.changes.is_empty());
            prop_assert!(has_steps || part.verdict == Verdict::Keep, "{part:?} without a step");
        }
        for step in &plan.steps {
            let part = plan.parts.iter().find(|part| part.resource == step.resource() && part.verdict != Verdict::Keep);
            prop_assert!(part.is_some(), "{step:?} without a part");
        }
    }
}

/// Lists whose order means nothing.
fn sort(observed: &mut Observed) {
    observed.records.sort_by(|a, b| (&a.zone, &a.record).cmp(&(&b.zone, &b.record)));
    if let Some(bucket) = &mut observed.bucket {
        bucket.lifecycle.sort_by(|a, b| a.id.cmp(&b.id));
    }
}
