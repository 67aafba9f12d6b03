//! The program itself, killed with SIGKILL.

use std::sync::Arc;

use cruddur_site::plan::Retention;

use crate::{
    chance::Chance,
    check,
    faults::{Climate, Weather},
    history::Broken,
    site::Source,
    world::{Ended, World},
};

/// Longer than a lock holds.
const A_LOCK: i64 = 61;

/// Some releases in a row: of each the program's process is killed at some request, and the next publish finishes what it
/// began.
pub async fn run(seed: u64) -> Result<usize, Broken> {
    let mut chance = Chance::of(seed, 5);
    let world = World::new(seed, Retention::default(), None).await;
    let mut source = Source::new(&mut chance);
    let mut killed = 0;
    for number in 0..3 {
        let build = Arc::new(source.clone().without_rules().build(number));
        source.change(&mut chance);
        let climate = Climate::Killed { at: chance.below(25), reaches: chance.percent(50) };
        let mut weather = |climate| Weather::new(climate, Chance::of(chance.bits().into(), 6)).prompt();
        let (stormy, calm) = (weather(climate), weather(Climate::Calm));
        if let Ended::Killed = world.publish_by_program(2 * number, &build, stormy).await {
            killed += 1;
        }
        world.clock.leap(A_LOCK);
        let ended = world.publish(2 * number + 1, &build, calm, true).await;
        let mut model = world.exchange.model.lock().unwrap();
        match ended {
            Ended::Done(_) => check::exactly(&mut model, &build, true),
            Ended::Failed(error) => model.fail(format!("the publish after it failed: {error}")),
            Ended::Killed => unreachable!("nobody kills it"),
        }
        if let Some(what) = model.broken.take() {
            return Err(Broken { what, story: model.story.join("\n") });
        }
    }
    Ok(killed)
}
