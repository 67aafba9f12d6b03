//! Runs that are cut off after every single call, in every way, and run again.

use std::{collections::BTreeMap, sync::Arc};

use cruddur_site::{ErrorKind, setup::Request};

use crate::{
    in_process::{Cut, Kept, Rehearsal, difference, every_wish, for_each, no_wish, normal, story, told},
    support::{faults::Fault, handmade},
    world::DOMAIN,
};

/// Where a run starts, what it is asked for, and what there is after one that nothing disturbed.
struct Undisturbed {
    start: Option<Kept>,
    request: Request,
    writes: Vec<String>,
    observed: String,
    counts: BTreeMap<String, usize>,
}

impl Undisturbed {
    async fn bootstrap(start: Option<Kept>, request: Request) -> Arc<Self> {
        let world = begin(start.as_ref()).await;
        world.bootstrap(&request).await.unwrap();
        let writes: Vec<String> = world.writes().iter().map(|call| call.operation.to_owned()).collect();
        assert!(writes.iter().all(|operation| !operation.starts_with("another call")), "{writes:?}");
        let (left, observed) = world.left_to_do(&request).await;
        assert!(left.is_empty(), "{left:?}");
        let (observed, counts) = (normal(&observed), world.counts());
        Arc::new(Self { start, request, writes, observed, counts })
    }

    /// Cuts the call after the first `after`, and then bootstraps until nothing is left to do.
    async fn survives(self: Arc<Self>, cut: Cut, after: usize) -> Result<(), String> {
        let world = begin(self.start.as_ref()).await;
        let place = format!("{cut:?} at call {after}, {}", self.writes[after]);
        let ended = world.cut(cut, after, world.bootstrap(&self.request)).await;
        match (ended, cut) {
            (None, Cut::Killed) | (Some(Ok(_)), Cut::Passing | Cut::Lost) => {}
            (Some(Err(error)), Cut::Denied) if is_denied(&error) => {}
            (ended, _) => {
                return Err(format!("{place}: {}", ended.map_or("killed".into(), |ended| format!("{ended:?}"))));
            }
        }
        if !cut.passes() {
            let again = world.bootstrap(&self.request).await;
            again.map_err(|error| format!("{place}: the next run failed: {}", told(&error)))?;
        }
        let (left, observed) = world.left_to_do(&self.request).await;
        if !left.is_empty() {
            return Err(format!("{place}: the next run would still do {left:?}"));
        }
        if world.counts() != self.counts {
            return Err(format!("{place}: there are {:?} instead of {:?}", world.counts(), self.counts));
        }
        difference(&normal(&observed), &self.observed).map_or(Ok(()), |lines| Err(format!("{place}:\n{lines}")))
    }

    async fn survives_everywhere(self: &Arc<Self>, cut: Cut) {
        for_each(self.writes.len(), |after| self.clone().survives(cut, after)).await;
    }
}

async fn begin(start: Option<&Kept>) -> Rehearsal {
    match start {
        Some(start) => Rehearsal::copy(start).await,
        None => Rehearsal::new().await,
    }
}

/// Whether it names the permission that is missing.
fn is_denied(error: &cruddur_site::Error) -> bool {
    error.kind() == ErrorKind::AccessDenied
        && ["s3:", "cloudfront:", "route53:", "acm:", "iam:", "sts:"].iter().any(|name| told(error).contains(name))
}

fn a_bootstrap_survives(cut: Cut) {
    story(async move || {
        let whole = Undisturbed::bootstrap(None, every_wish()).await;
        assert!(whole.writes.len() >= 20, "{:?}", whole.writes);
        for kind in ["distributions", "cloudfront/origin-access-control", "acm/certificate", "cloudfront/function"] {
            assert_eq!(whole.counts[kind], 1, "{:?}", whole.counts);
        }
        whole.survives_everywhere(cut).await;
    });
}

/// Given a bootstrap that is refused any one of its calls, it says which; and once that is allowed, the next run makes the
/// rest, and nothing twice.
#[test]
fn a_bootstrap_that_is_refused_any_call_goes_on_in_the_next_run() {
    a_bootstrap_survives(Cut::Denied);
}

/// Given a bootstrap that is killed after any one of its calls, before it hears the answer, the next run makes the rest,
/// and nothing twice.
#[test]
fn a_bootstrap_that_is_killed_after_any_call_goes_on_in_the_next_run() {
    a_bootstrap_survives(Cut::Killed);
}

/// Given a service that fails for a moment or asks to slow down, at any call, the run itself gets over it.
#[test]
fn a_bootstrap_gets_over_what_passes() {
    a_bootstrap_survives(Cut::Passing);
}

/// Given a call that is carried out and whose answer is lost, any one of them, the run itself gets over it: what it asks
/// for again is not made twice.
#[test]
fn a_bootstrap_gets_over_lost_answers() {
    a_bootstrap_survives(Cut::Lost);
}

fn a_repair_survives(cut: Cut) {
    story(async move || {
        let world = Rehearsal::new().await;
        handmade::make(&world.console(), &world.account, DOMAIN).await;
        world.proxy.clear();
        let request = Request { www: Some(true), ..no_wish() };
        let whole = Undisturbed::bootstrap(Some(world.keep().await), request).await;
        for write in ["UpdateDistribution", "PutBucketPolicy", "PutPublicAccessBlock", "RequestCertificate"] {
            assert!(whole.writes.iter().any(|operation| operation == write), "{write}: {:?}", whole.writes);
        }
        assert_eq!(whole.counts["distributions"], 1, "the one that was there");
        whole.survives_everywhere(cut).await;
    });
}

/// Given a site that was made by hand in front of a public website, the repair is gone on with wherever it was refused.
#[test]
fn a_repair_that_is_refused_any_call_goes_on_in_the_next_run() {
    a_repair_survives(Cut::Denied);
}

/// Given such a repair, it is gone on with wherever it was killed.
#[test]
fn a_repair_that_is_killed_after_any_call_goes_on_in_the_next_run() {
    a_repair_survives(Cut::Killed);
}

/// Given such a repair, it gets over the loss of any answer.
#[test]
fn a_repair_gets_over_lost_answers() {
    a_repair_survives(Cut::Lost);
}

/// Given anything that may not be looked at, a bootstrap says what, and changes nothing.
#[test]
fn a_bootstrap_that_may_not_look_changes_nothing() {
    story(async || {
        let world = Rehearsal::new().await;
        world.bootstrap(&every_wish()).await.unwrap();
        world.proxy.clear();
        world.observed(&every_wish()).await.unwrap();
        let mut reads: Vec<_> = world.proxy.take_calls().into_iter().map(|call| (call.operation, call.path)).collect();
        reads.sort();
        reads.dedup();
        assert!(reads.len() > 20, "{reads:?}");
        let before = world.everything();
        for (operation, path) in reads {
            world.proxy.inject(Fault::denied(operation).of(path.as_str()));
            match world.bootstrap(&every_wish()).await {
                Err(error) if is_denied(&error) => {}
                ended => panic!("{operation} {path}: {ended:?}"),
            }
            assert_eq!(world.writes(), [], "{operation} {path}");
            world.proxy.clear();
        }
        assert_eq!(world.everything(), before);
    });
}

/// A site with files, in an account with things of others.
async fn site_among_others() -> (Kept, BTreeMap<String, String>) {
    let world = Rehearsal::new().await;
    world.make_others();
    let others = world.everything();
    world.bootstrap(&every_wish()).await.unwrap();
    world.publish_by_hand(&["live/index.html", "live/app.js", "live/index.html"]).await;
    (world.keep().await, others)
}

/// Cuts a destroy after the first `after` calls, and repeats it to its end.
async fn destroyed(
    start: &Kept,
    others: &BTreeMap<String, String>,
    writes: &[String],
    cut: Cut,
    after: usize,
) -> Result<(), String> {
    let world = Rehearsal::copy(start).await;
    let place = format!("{cut:?} at call {after}, {}", writes[after]);
    match (world.cut(cut, after, world.destroy(&every_wish())).await, cut) {
        (None, Cut::Killed) | (Some(Ok(())), Cut::Passing | Cut::Lost) => {}
        (Some(Err(error)), Cut::Denied) if is_denied(&error) => {}
        (ended, _) => return Err(format!("{place}: {}", ended.map_or("killed".into(), |ended| format!("{ended:?}")))),
    }
    if !cut.passes() {
        let again = world.destroy(&every_wish()).await;
        again.map_err(|error| format!("{place}: the next run failed: {}", told(&error)))?;
    }
    let left = world.left_to_destroy(&every_wish()).await;
    if !left.is_empty() {
        return Err(format!("{place}: the next run would still {left:?}"));
    }
    let lines = |all: BTreeMap<String, String>| {
        // The provider is for every role of the account, and stays.
        let all = all.into_iter().filter(|(id, _)| !id.contains("iam/oidc-provider"));
        all.map(|(id, content)| format!("{id} = {content}\n")).collect::<String>()
    };
    difference(&lines(world.everything()), &lines(others.clone()))
        .map_or(Ok(()), |lines| Err(format!("{place}:\n{lines}")))
}

fn a_destroy_survives(cut: Cut) {
    story(async move || {
        let (start, others) = site_among_others().await;
        let world = Rehearsal::copy(&start).await;
        world.destroy(&every_wish()).await.unwrap();
        let writes: Vec<String> = world.writes().iter().map(|call| call.operation.to_owned()).collect();
        assert!(writes.len() > 10, "{writes:?}");
        for_each(writes.len(), |after| destroyed(&start, &others, &writes, cut, after)).await;
    });
}

/// Given a destroy that is refused any one of its calls, it says which; the next one deletes the rest of what is the
/// site's, and what is of others stays to the letter.
#[test]
fn a_destroy_that_is_refused_any_call_goes_on_in_the_next_run() {
    a_destroy_survives(Cut::Denied);
}

/// Given a destroy that is killed after any one of its calls, the next one deletes the rest.
#[test]
fn a_destroy_that_is_killed_after_any_call_goes_on_in_the_next_run() {
    a_destroy_survives(Cut::Killed);
}

/// Given a service that fails for a moment at any call, the run itself gets over it.
#[test]
fn a_destroy_gets_over_what_passes() {
    a_destroy_survives(Cut::Passing);
}

/// Given a call whose answer is lost, any one of them, the run itself gets over it.
#[test]
fn a_destroy_gets_over_lost_answers() {
    a_destroy_survives(Cut::Lost);
}
