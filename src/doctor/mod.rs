//! Doctor: what is wrong with a site, why it hurts, and what mends it.
//!
//! [`gather()`] looks at everything and judges nothing; what it may not look at it notes. [`examine`] is pure: evidence in,
//! findings out, one file for each area. `docs/DOCTOR.md` lists every finding by its name.

mod bucket;
mod certificate;
mod distribution;
mod dns;
mod evidence;
mod finding;
pub mod gather;
mod live;
pub mod probe;
mod release;
mod role;
#[cfg(test)]
mod tests;

pub use evidence::{Evidence, NameSeen, PageSeen, Probed, Purpose, ReleaseSeen, Unchecked};
pub use finding::{Area, Finding, Report, Severity};
pub use gather::{Examination, gather};

use finding::Findings;

/// Everything that is wrong, in the order in which a request meets it: DNS, certificate, distribution, bucket, release,
/// the live site, and the role that publishes.
pub fn examine(evidence: &Evidence) -> Report {
    let mut findings = Findings::new(evidence);
    dns::examine(evidence, &mut findings);
    certificate::examine(evidence, &mut findings);
    distribution::examine(evidence, &mut findings);
    bucket::examine(evidence, &mut findings);
    release::examine(evidence, &mut findings);
    live::examine(evidence, &mut findings);
    role::examine(evidence, &mut findings);
    findings.report(&evidence.unchecked)
}
