//! How a bootstrap tells what it is doing.

use crate::setup::{Step, observed::Record};

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A step begins.
    Begins(&'a Step),
    /// The step is done.
    Done(&'a Step),
    /// Something is waited for: what, and what is known of it now. Told again whenever that changes.
    Waiting {
        /// What is waited for, as a phrase: `the certificate`.
        what: &'a str,
        /// What was seen at the last look; empty for nothing worth telling.
        seen: &'a str,
    },
    /// The waiting is over.
    Waited,
    /// Records that the owner makes where the domain's DNS is kept.
    MakeRecords(&'a [Record]),
    /// The zone that was made: its name, and the name servers that the registrar must be told.
    Delegate(&'a str, &'a [String]),
    /// Something is being taken away, as a phrase: `delete distribution E123`.
    Removing(&'a str),
    /// It is done.
    Removed(&'a str),
    /// Something that the owner should know.
    Warning(&'a str),
}

/// Who is told.
pub trait Progress: Send + Sync {
    /// Takes an event; called in the order in which things happen.
    fn event(&self, event: Event<'_>);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _: Event<'_>) {}
}
