//! A history: some releases of a site, published through all weathers by one or two at a time.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use cruddur_site::{plan::Retention, site::Headers};

use crate::{
    bucket::{By, Model, PREFIX, STATE},
    chance::Chance,
    check,
    faults::{Climate, Weather},
    mutants::{Mutant, Wrong},
    site::{Build, Source},
    world::{Ended, World},
};

/// What a history came to, for the count of all.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Publishes begun.
    pub publishes: usize,
    /// Publishes killed.
    pub killed: usize,
    /// Publishes that failed with an error.
    pub failed: usize,
    /// Uploads of site files.
    pub uploads: usize,
}

/// A history that went wrong.
pub struct Broken {
    /// What was not as promised.
    pub what: String,
    /// What happened before.
    pub story: String,
}

/// A history under way.
struct History {
    world: World,
    chance: Chance,
    source: Source,
    builds: Vec<Arc<Build>>,
    publishers: usize,
    tally: Tally,
    seed: u64,
    /// Whether every publish is calm and waits: then only the publish itself can be wrong.
    calm: bool,
}

#[derive(Clone, Copy)]
enum Step {
    Publish,
    Again,
    Revert,
    Rivals,
    ByHand,
    Wait,
}

const STEPS: [(usize, Step); 6] =
    [(6, Step::Publish), (4, Step::Again), (1, Step::Revert), (2, Step::Rivals), (2, Step::ByHand), (3, Step::Wait)];

/// Runs the history of a seed.
pub async fn run(seed: u64) -> Result<Tally, Broken> {
    tell(seed, None).await
}

/// Runs the calm history of a seed with a publish that is wrong on purpose.
pub async fn run_wrong(seed: u64, wrong: Wrong) -> Result<Tally, Broken> {
    tell(seed, Some(Mutant::new(wrong))).await
}

async fn tell(seed: u64, mutant: Option<Mutant>) -> Result<Tally, Broken> {
    let mut chance = Chance::of(seed, 4);
    let retention = Retention { days: *chance.pick(&[0, 1, 30]), releases: chance.within(1..4) as u32 };
    let calm = mutant.is_some();
    let world = World::new(seed, retention, mutant).await;
    let mut source = Source::new(&mut chance);
    if Chance::of(seed, 8).percent(4) {
        source = source.with_video();
    }
    let mut history =
        History { world, chance, source, builds: Vec::new(), publishers: 0, tally: Tally::default(), seed, calm };
    history.tell().await;
    let mut model = history.model();
    match model.broken.take() {
        None => Ok(Tally { uploads: model.uploads, ..history.tally.clone() }),
        Some(what) => {
            let mut story = String::new();
            for build in &history.builds {
                let _ = writeln!(story, "build {}: {}", build.number, told(build));
            }
            story.push_str(&model.story.join("\n"));
            Err(Broken { what, story })
        }
    }
}

/// The files of a build and what they load.
fn told(build: &Build) -> String {
    let files = build.files.iter().map(|(key, file)| match file.names.is_empty() {
        true => key.clone(),
        false => format!("{key} -> {:?}", file.names),
    });
    files.collect::<Vec<_>>().join(", ")
}

impl History {
    fn model(&self) -> std::sync::MutexGuard<'_, Model> {
        self.world.exchange.model.lock().unwrap()
    }

    fn is_broken(&self) -> bool {
        self.model().broken.is_some()
    }

    async fn tell(&mut self) {
        self.others().await;
        for _ in 0..self.chance.within(3..7) {
            let step = self.chance.weighed(&STEPS);
            match step {
                Step::Publish => self.next_release().await,
                Step::Again => self.again().await,
                Step::Revert => self.revert().await,
                Step::Rivals if !self.calm => self.rivals().await,
                Step::ByHand if !self.calm => self.by_hand().await,
                Step::Rivals | Step::ByHand => self.next_release().await,
                Step::Wait => self.wait(),
            }
            self.look_around().await;
            if self.is_broken() {
                return;
            }
        }
        self.end().await;
    }

    /// What is not ours, in the same bucket.
    async fn others(&mut self) {
        for key in ["live/theirs.txt", "other/index.html", ".cruddur-site/other/manifest.json.gz"] {
            self.world.console.put(key, b"theirs", Headers::default()).await;
        }
        let mut model = self.model();
        model.foreign.insert("theirs.txt".into());
        model.look("theirs.txt", Some(By::Hand));
    }

    /// After every step: the model has missed nothing.
    async fn look_around(&mut self) {
        let keys = self.world.console.keys(PREFIX).await;
        let mut model = self.model();
        model.knows_all(&keys);
    }

    fn build(&mut self) -> Arc<Build> {
        if !self.builds.is_empty() {
            self.source.change(&mut self.chance);
        }
        let build = Arc::new(self.source.build(self.builds.len()));
        self.builds.push(build.clone());
        build
    }

    fn climate(&mut self) -> Climate {
        if self.calm { Climate::Calm } else { Climate::any(&mut self.chance) }
    }

    fn weather(&mut self, climate: Climate) -> Weather {
        Weather::new(climate, Chance::of(self.seed, 100 + self.publishers as u64))
    }

    async fn next_release(&mut self) {
        let build = self.build();
        let climate = self.climate();
        let wait = self.calm || self.chance.percent(90);
        self.publish(&build, climate, wait).await;
    }

    async fn again(&mut self) {
        let Some(build) = self.builds.last().cloned() else { return self.next_release().await };
        let climate = self.climate();
        self.publish(&build, climate, true).await;
    }

    async fn revert(&mut self) {
        if self.builds.is_empty() {
            return self.next_release().await;
        }
        let build = self.chance.pick(&self.builds.clone()).clone();
        let climate = self.climate();
        self.publish(&build, climate, true).await;
    }

    async fn publish(&mut self, build: &Arc<Build>, climate: Climate, wait: bool) {
        let (publisher, weather) = (self.publishers, self.weather(climate));
        self.publishers += 1;
        {
            let mut model = self.model();
            model.begins();
            model.hasty |= !wait;
            let haste = if wait { "" } else { ", without waiting" };
            model.tell(format_args!("{publisher} publishes build {}: {climate:?}{haste}", build.number));
        }
        let ended = self.world.publish(publisher, build, weather, wait).await;
        self.count(&ended);
        self.judge(&ended, build, wait);
        if let (Climate::Calm, Ended::Failed(error)) = (climate, &ended)
            && !error.what().starts_with("the edges take too long")
        {
            self.model().fail(format!("a calm publish failed: {error}; {}", error.cause().unwrap_or_default()));
        }
    }

    fn count(&mut self, ended: &Ended) {
        self.tally.publishes += 1;
        match ended {
            Ended::Done(_) => {}
            Ended::Failed(_) => self.tally.failed += 1,
            Ended::Killed => self.tally.killed += 1,
        }
    }

    /// What a publish that went well has promised, and whether it was to wait for the edges.
    fn judge(&self, ended: &Ended, build: &Build, waited: bool) {
        let Ended::Done(outcome) = ended else { return };
        let mut model = self.model();
        if !outcome.edges_current {
            model.hasty = true;
            return;
        }
        model.hasty = false;
        // Chunks that only open tabs ask for are in no build that could put them right.
        model.by_hand.retain(|key| !build.files.contains_key(key));
        check::exactly(&mut model, build, waited);
    }

    /// Two publishes at once.
    async fn rivals(&mut self) {
        let (one, other) = (self.build(), self.build());
        let climates = match self.chance.percent(60) {
            true => (Climate::Calm, Climate::Calm),
            false => (self.climate(), self.climate()),
        };
        let first = (self.publishers, self.weather(climates.0));
        self.publishers += 1;
        let second = (self.publishers, self.weather(climates.1));
        self.publishers += 1;
        self.model().begins();
        self.model().tell(format_args!(
            "{} publishes build {}: {:?}, and {} build {}: {:?}",
            first.0, one.number, climates.0, second.0, other.number, climates.1
        ));
        let ended = tokio::join!(
            self.world.publish(first.0, &one, first.1, true),
            self.world.publish(second.0, &other, second.1, true)
        );
        self.count(&ended.0);
        self.count(&ended.1);
        let last = self.model().releases.last().map(|release| release.publisher);
        match last {
            Some(publisher) if publisher == first.0 => self.judge(&ended.0, &one, true),
            Some(publisher) if publisher == second.0 => self.judge(&ended.1, &other, true),
            _ => {}
        }
    }

    /// Somebody changes or deletes an object, or the manifest.
    async fn by_hand(&mut self) {
        let keys: Vec<String> = self.model().objects.keys().filter(|key| *key != "theirs.txt").cloned().collect();
        if keys.is_empty() {
            return;
        }
        let key = self.chance.pick(&keys).clone();
        let manifest = format!("{STATE}manifest.json.gz");
        let what = self.chance.below(6);
        let target = if what < 4 { format!("{PREFIX}{key}") } else { manifest };
        self.model()
            .tell(format_args!("by hand: {} {target}", if what.is_multiple_of(2) { "deletes" } else { "edits" }));
        match what {
            0 | 2 | 4 => self.world.console.delete(&target).await,
            1 | 3 => {
                let headers = self.model().objects[&key].headers.clone();
                self.world.console.put(&target, format!("edited {}", self.publishers).as_bytes(), headers).await;
            }
            _ => self.world.console.put(&target, b"not a manifest", Headers::default()).await,
        }
        let mut model = self.model();
        if what < 4 {
            model.changed_by_hand(&key);
        } else {
            model.lost_manifest();
        }
    }

    fn wait(&mut self) {
        let day = 24 * 3600;
        let seconds = *self.chance.pick(&[1, 5, 30, 120, 3600, day + 60, 31 * day]);
        self.world.clock.leap(seconds);
        self.model().tell(format_args!("{seconds} s pass"));
    }

    /// A last publish without faults: the site is as if nothing had ever been cut off, and the next one has nothing to do.
    async fn end(&mut self) {
        self.world.exchange.hurry();
        let build = match self.builds.last().cloned() {
            Some(build) => build,
            None => self.build(),
        };
        for _ in 0..2 {
            self.publish(&build, Climate::Calm, true).await;
            if self.is_broken() {
                return;
            }
        }
        let before = self.model().releases.len();
        self.publish(&build, Climate::Calm, true).await;
        self.look_around().await;
        let mut model = self.model();
        if model.releases.len() != before {
            model.fail("a publish of what is published did something");
        }
        let left: Vec<String> = model.objects.keys().filter(|key| !build.files.contains_key(*key)).cloned().collect();
        let litter: Vec<&String> =
            left.iter().filter(|key| !model.foreign.contains(*key) && !model.may_stay(key)).collect();
        let litter = format!("{litter:?}");
        if litter != "[]" {
            model.fail(format!("left behind: {litter}"));
        }
    }
}

/// Runs histories one after the other and tells all that went wrong.
pub fn report(broken: &BTreeMap<u64, Broken>) -> String {
    let mut report = String::new();
    for (seed, Broken { what, story }) in broken {
        let _ = writeln!(report, "seed {seed}: {what}");
        let _ = writeln!(
            report,
            "replay it: NEVER_BROKEN_SEED={seed} cargo test --test never_broken one_history -- --ignored --nocapture"
        );
        let _ = writeln!(report, "{story}\n");
    }
    report
}
