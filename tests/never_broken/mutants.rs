//! Publishes that are wrong on purpose: the harness must catch each, or it proves nothing.
//!
//! The product's order is not touched for them. The wire lies to a faultless publish, so that what reaches the account is
//! what a wrong one would send.

use std::sync::{Arc, Mutex};

use md5::Digest as _;
use tokio::sync::Semaphore;

use crate::{
    bucket::{PREFIX, STATE},
    support::{faults::Effect, proxy::Call},
    wire::{Exchange, invalidation, invalidation_of},
};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Pages go up before the files they name.
    PagesFirst,
    /// What the build no longer has is deleted before the edges have forgotten the pages that name it.
    DeletionTooEarly,
    /// An invalidation is left out: the one whose reference ends so.
    Skipped(&'static str),
}

/// A wrong publish.
pub struct Mutant {
    wrong: Wrong,
    /// Uploads that were answered and not carried out.
    owed: Mutex<Vec<Call>>,
}

impl Mutant {
    /// A publish that is wrong in this way.
    pub fn new(wrong: Wrong) -> Self {
        Self { wrong, owed: Mutex::default() }
    }

    /// What happens to a call that a right publish would not have made at this moment.
    pub fn meets(&self, call: &Call, publisher: usize, exchange: &Arc<Exchange>) -> Option<Effect> {
        let is_page = call.key.ends_with(".html");
        match (self.wrong, call.operation) {
            (Wrong::PagesFirst, "PutObject") if call.key.starts_with(PREFIX) && !is_page => {
                self.owed.lock().unwrap().push(call.clone());
                let etag = format!("\"{}\"", hex::encode(md5::Md5::digest(&call.body)));
                Some(Effect::Answer { status: 200, headers: vec![("etag", etag)], body: String::new() })
            }
            (Wrong::PagesFirst, "PutObject")
                if call.key.starts_with(STATE) && call.key.ends_with("manifest.json.gz") =>
            {
                let (owed, gate) = (std::mem::take(&mut *self.owed.lock().unwrap()), Arc::new(Semaphore::new(0)));
                let (exchange, opened) = (exchange.clone(), gate.clone());
                tokio::spawn(async move {
                    for call in owed {
                        exchange.pay(publisher, &call).await;
                    }
                    opened.add_permits(1);
                });
                Some(Effect::Hold(gate))
            }
            (Wrong::DeletionTooEarly, "GetInvalidation") => {
                Some(invalidation(200, invalidation_of(call), "Completed", ""))
            }
            (Wrong::Skipped(round), "CreateInvalidation") => {
                let body = String::from_utf8_lossy(&call.body);
                let skipped = body.contains(&format!("-{round}</CallerReference>"));
                skipped.then(|| invalidation(201, "ISKIPPED", "InProgress", ""))
            }
            (Wrong::Skipped(_), "GetInvalidation") if invalidation_of(call) == "ISKIPPED" => {
                Some(invalidation(200, "ISKIPPED", "Completed", ""))
            }
            _ => None,
        }
    }
}
