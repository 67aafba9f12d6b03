//! Bootstrap: look, plan, carry out, wait; and destroy, the way back.
//!
//! [`observe()`] looks, [`crate::setup`] plans, [`carry_out`] does. No state is kept anywhere but in AWS itself: what a run
//! that was cut off has made is found by the next one, which plans anew.

mod apply;
mod certificate;
mod destroy;
mod find;
pub(crate) mod observe;
pub mod progress;
mod records;
mod settle;
mod wait;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use apply::{Outcome, carry_out};
pub use destroy::{destroy, remains};
pub use observe::observe;
pub use progress::{Event, Progress};

use crate::{
    aws::Aws,
    dns::Resolver,
    error::{Error, ErrorKind},
    publish::World,
    setup::site::REFERENCE,
};

/// Everything a bootstrap works with.
#[derive(Clone)]
pub struct Session {
    /// The account.
    pub aws: Aws,
    /// Public DNS.
    pub resolver: Resolver,
    /// How long to wait for what.
    pub limits: Limits,
    /// Time and chance.
    pub world: World,
    /// Who is told how it goes.
    pub progress: Arc<dyn Progress>,
    /// Cancelled when the user wants to stop.
    pub stop: CancellationToken,
}

/// How long to wait for what AWS and the DNS do on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the certificate to be issued.
    pub certificate: Duration,
    /// For every edge to have the distribution's configuration.
    pub deployment: Duration,
    /// For public DNS to have the records.
    pub records: Duration,
    /// For what was just made to be known everywhere in AWS, and for changes of a zone to reach its name servers.
    pub settling: Duration,
}

impl Default for Limits {
    /// As `bootstrap --help` tells them. A certificate is issued within minutes once its records are public (ACM User
    /// Guide, "DNS validation"); a distribution is deployed in 3 to 15 minutes; a zone's change takes a minute at most
    /// (Route 53 API reference, `GetChange`).
    fn default() -> Self {
        Self {
            certificate: Duration::from_secs(60 * 60),
            deployment: Duration::from_secs(30 * 60),
            records: Duration::from_secs(60 * 60),
            settling: Duration::from_secs(2 * 60),
        }
    }
}

impl Session {
    /// The error of a run that the user stopped, or none.
    fn check(&self) -> crate::Result<()> {
        if self.stop.is_cancelled() { Err(stopped()) } else { Ok(()) }
    }

    /// What makes a call of AWS safe to be sent twice, and new in every run.
    fn reference(&self) -> String {
        format!("{REFERENCE}{}-{:08x}", (self.world.now)().as_millisecond(), (self.world.random)())
    }
}

/// The error of a run that the user stopped.
fn stopped() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "stopped: what is made stays, the rest is not done",
        "run the same command again: it goes on where it stopped",
    )
}
