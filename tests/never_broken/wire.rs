//! What passes between one publisher and the account: faults go in, and the model hears of every call that got through.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use cruddur_site::site::Headers;
use http::Response;
use tokio::sync::Notify;

use crate::{
    bucket::{Model, PREFIX},
    chance::Chance,
    faults::{Weather, told},
    mutants::Mutant,
    support::{
        faults::Effect,
        proxy::{Call, Watch},
    },
    world::Console,
};

/// What all wires of a history share.
pub struct Exchange {
    /// The bucket and the edges.
    pub model: Mutex<Model>,
    /// One call is carried out at a time.
    turn: tokio::sync::Mutex<()>,
    /// How often an invalidation is still to be found in progress.
    polls: Mutex<BTreeMap<String, usize>>,
    chance: Mutex<Chance>,
    hurry: AtomicBool,
    /// A publish that is wrong on purpose.
    mutant: Option<Mutant>,
    console: Console,
}

impl Exchange {
    /// Between publishers and the account of a model.
    pub fn new(model: Model, chance: Chance, mutant: Option<Mutant>, console: Console) -> Self {
        let (model, turn, chance) = (Mutex::new(model), tokio::sync::Mutex::default(), Mutex::new(chance));
        Self { model, turn, polls: Mutex::default(), chance, hurry: AtomicBool::new(false), mutant, console }
    }

    /// Carries out an upload that was only answered.
    pub async fn pay(&self, publisher: usize, call: &Call) {
        let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let headers = Headers {
            cache_control: header("cache-control"),
            content_type: header("content-type"),
            ..Headers::default()
        };
        let _turn = self.turn.lock().await;
        self.console.put(&call.key, &call.body, headers).await;
        self.model.lock().unwrap().passed(publisher, call, &Response::default());
    }

    /// From now on no invalidation takes longer than a publish waits.
    pub fn hurry(&self) {
        self.hurry.store(true, SeqCst);
    }

    /// Waits until nothing is under way to the account.
    pub async fn settle(&self) {
        // Whoever has its turn or waits for it is served first.
        for _ in 0..3 {
            tokio::task::yield_now().await;
            drop(self.turn.lock().await);
        }
    }

    /// Whether every edge has gone through an invalidation by now.
    fn is_completed(&self, id: &str) -> bool {
        let mut polls = self.polls.lock().unwrap();
        let mut chance = self.chance.lock().unwrap();
        let left = polls.entry(id.to_owned()).or_insert_with(|| {
            let few = chance.below(4);
            // One that takes longer than anybody waits.
            if !self.hurry.load(SeqCst) && chance.percent(2) { 10_000 } else { few }
        });
        let completed = *left == 0;
        *left = left.saturating_sub(1);
        completed
    }
}

/// The wire of one publisher.
pub struct Wire {
    exchange: Arc<Exchange>,
    publisher: usize,
    weather: Mutex<Weather>,
    /// Whether the publisher's process is no more.
    dead: AtomicBool,
    /// Told when it is killed.
    pub killed: Arc<Notify>,
}

impl Wire {
    /// A wire with its own weather.
    pub fn new(exchange: Arc<Exchange>, publisher: usize, weather: Weather) -> Self {
        let (weather, killed) = (Mutex::new(weather), Arc::default());
        Self { exchange, publisher, weather, dead: AtomicBool::new(false), killed }
    }

    /// From now on nothing gets through.
    pub fn die(&self) {
        self.dead.store(true, SeqCst);
    }

    fn decide(&self, call: &Call) -> Option<Effect> {
        if self.dead.load(SeqCst) {
            return Some(Effect::Reset);
        }
        if let Some(effect) =
            self.exchange.mutant.as_ref().and_then(|mutant| mutant.meets(call, self.publisher, &self.exchange))
        {
            return Some(effect);
        }
        let effect = self.weather.lock().unwrap().next(call, &self.killed);
        if matches!(effect, Some(Effect::Kill { .. })) {
            self.die();
        }
        let passes =
            !matches!(effect, Some(Effect::Refuse { .. } | Effect::Reset | Effect::CutRequest | Effect::Outage));
        let is_early = || call.operation == "GetInvalidation" && !self.exchange.is_completed(invalidation_of(call));
        match effect {
            Some(Effect::Kill { reaches: true, killed }) if is_early() => Some(Effect::Kill { reaches: false, killed }),
            Some(Effect::Kill { .. }) => effect,
            _ if passes && is_early() => Some(in_progress(invalidation_of(call))),
            _ => effect,
        }
    }
}

impl Watch for Wire {
    fn meets(&self, call: &Call) -> Option<Effect> {
        let effect = self.decide(call);
        let mut model = self.exchange.model.lock().unwrap();
        if let Some(effect) = &effect {
            let Self { publisher, .. } = self;
            model.tell(format_args!("{publisher} {} {}: {}", call.operation, call.key, told(effect)));
            let unheard = matches!(effect, Effect::Lose | Effect::CutAnswer);
            if let Some(key) = call.key.strip_prefix(PREFIX).filter(|_| unheard) {
                model.unheard.insert((*publisher, key.to_owned()));
            }
        }
        effect
    }

    fn passed(&self, call: &Call, answer: &Response<Bytes>) {
        let mut model = self.exchange.model.lock().unwrap();
        let status = answer.status().as_u16();
        if call.writes() || status >= 400 {
            model.tell(format_args!("{} {} {} -> {status}", self.publisher, call.operation, call.key));
        }
        if call.operation == "GetInvalidation" {
            model.completed(invalidation_of(call));
        }
        model.passed(self.publisher, call, answer);
    }

    fn turn(&self) -> &tokio::sync::Mutex<()> {
        &self.exchange.turn
    }
}

/// The invalidation that a call asks about.
pub fn invalidation_of(call: &Call) -> &str {
    call.key.rsplit('/').next().unwrap_or_default()
}

/// CloudFront's answer that an invalidation has not reached every edge (API reference, GetInvalidation).
pub fn in_progress(id: &str) -> Effect {
    invalidation(200, id, "InProgress", "")
}

/// An invalidation in CloudFront's words.
pub fn invalidation(status: u16, id: &str, progress: &str, reference: &str) -> Effect {
    let namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
    let batch = format!(
        "<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/</Path></Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    );
    let body = format!(
        "<?xml version=\"1.0\"?><Invalidation xmlns=\"{namespace}\"><Id>{id}</Id><Status>{progress}</Status>\
         <CreateTime>2026-11-21T06:30:00Z</CreateTime>{batch}</Invalidation>"
    );
    Effect::Answer { status, headers: vec![("content-type", "text/xml".to_owned())], body }
}
