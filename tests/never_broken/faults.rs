//! The weather of a publish: what goes wrong with its requests, by a seed.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    chance::Chance,
    support::{faults::Effect, proxy::Call},
};

/// What a publish meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Climate {
    /// Nothing.
    Calm,
    /// In so many of a hundred requests something that passes.
    Showers(usize),
    /// The process is killed at a request, after or before that reached AWS.
    Killed { at: usize, reaches: bool },
    /// Nobody answers any more from a request on.
    Outage { at: usize },
    /// From a request on the credentials are too old.
    Expired { at: usize },
}

/// The most requests that a publish of these sites is expected to make.
const MOST_REQUESTS: usize = 36;

impl Climate {
    /// Any.
    pub fn any(chance: &mut Chance) -> Self {
        let at = chance.below(MOST_REQUESTS);
        let kinds = [
            (4, Self::Calm),
            (2, Self::Showers(10)),
            (2, Self::Showers(35)),
            (3, Self::Killed { at, reaches: true }),
            (3, Self::Killed { at, reaches: false }),
            (1, Self::Outage { at }),
            (1, Self::Expired { at }),
        ];
        chance.weighed(&kinds)
    }
}

/// Decides about the requests of one publish.
pub struct Weather {
    climate: Climate,
    chance: Chance,
    /// In so many of a hundred requests the way to AWS takes its time.
    slow: usize,
    requests: usize,
}

impl Weather {
    /// The weather of a publish; the seed decides what the climate leaves open.
    pub fn new(climate: Climate, mut chance: Chance) -> Self {
        let slow = *chance.pick(&[0, 0, 15, 50]);
        Self { climate, chance, slow, requests: 0 }
    }

    /// The same weather without delays: for a program that a test waits for.
    #[must_use]
    pub fn prompt(self) -> Self {
        Self { slow: 0, ..self }
    }

    /// What happens to the next request.
    pub fn next(&mut self, call: &Call, killed: &Arc<Notify>) -> Option<Effect> {
        let number = self.requests;
        self.requests += 1;
        let effect = match self.climate {
            Climate::Killed { at, reaches } if number == at => Some(Effect::Kill { reaches, killed: killed.clone() }),
            Climate::Outage { at } if number == at => Some(Effect::Outage),
            Climate::Expired { at } if number >= at => Some(Effect::Refuse { status: 400, code: "ExpiredToken" }),
            Climate::Showers(percent) if self.chance.percent(percent) => Some(self.passing(call)),
            _ => None,
        };
        effect.or_else(|| {
            let delay = Duration::from_millis(self.chance.within(1..4000));
            self.chance.percent(self.slow).then_some(Effect::Delay(delay))
        })
    }

    /// A fault that the next attempt may not meet.
    fn passing(&mut self, call: &Call) -> Effect {
        let slow_down = if call.is_cloudfront() { (429, "Throttling") } else { (503, "SlowDown") };
        match self.chance.below(8) {
            0 => Effect::Reset,
            1 => Effect::CutRequest,
            2 => Effect::Lose,
            3 => Effect::CutAnswer,
            4 => Effect::Refuse { status: 500, code: "InternalError" },
            5 => Effect::Refuse { status: 429, code: "TooManyRequests" },
            6 => Effect::Refuse { status: slow_down.0, code: slow_down.1 },
            _ => Effect::Delay(Duration::from_millis(self.chance.within(1..20_000))),
        }
    }
}

/// What a fault is called in a story.
pub fn told(effect: &Effect) -> String {
    match effect {
        Effect::Answer { status, .. } => format!("answered {status} by the harness"),
        Effect::Refuse { status, code } => format!("refused: {status} {code}"),
        Effect::Reset => "connection cut before it was sent".into(),
        Effect::Outage => "connection refused from here on".into(),
        Effect::CutRequest => "connection cut in the middle of its body".into(),
        Effect::Lose => "carried out, answer lost".into(),
        Effect::Kill { reaches: true, .. } => "carried out, process killed before it heard so".into(),
        Effect::Kill { reaches: false, .. } => "process killed before it was carried out".into(),
        Effect::CutAnswer => "carried out, answer cut in its middle".into(),
        Effect::Corrupt => "a bit flipped".into(),
        Effect::Delay(by) => format!("comes {:.1} s later", by.as_secs_f64()),
        Effect::Hold(_) => "held back".into(),
    }
}
