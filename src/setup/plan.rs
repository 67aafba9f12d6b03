//! From a site and what is there to a plan: every part with what happens to it, and the steps in an order in which no
//! step takes away what a page needs.
//!
//! What only adds comes first. The bucket policy lets the distribution in before the distribution is told to ask that
//! way; records move only once every edge answers; and what opens a bucket to the world is closed last, when nobody
//! who works today needs it any more.

mod bucket;
mod certificate;
mod deployer;
mod edge;
#[cfg(test)]
pub(super) mod messes;
mod names;
mod notes;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;

use super::{
    Change, Ids, Observed, Part, Plan, Resource, S3Origin, Site, Step, Verdict,
    observed::{AccessControl, Distribution, Tags},
    site::TAG,
};
use crate::error::{Error, ErrorKind, Result};

pub use bucket::{OLD_VERSIONS, UPLOADS, lifecycle_rules};
pub use certificate::choose as certificate;
pub use edge::{access_control, function_code};

/// What one part of the site contributes.
#[derive(Debug, Default)]
struct Piece {
    parts: Vec<Part>,
    steps: Vec<Step>,
    notes: Vec<String>,
}

impl Piece {
    fn part(&mut self, resource: Resource, name: impl Into<String>, exists: bool, changes: Vec<Change>) {
        let verdict = match (exists, changes.is_empty()) {
            (false, _) => Verdict::Create,
            (true, false) => Verdict::Update,
            (true, true) => Verdict::Keep,
        };
        self.parts.push(Part { resource, name: name.into(), verdict, changes });
    }
}

/// What has to be done so that the account holds `site`.
///
/// # Errors
/// In words, where something of others is in the way: a name on another distribution, a function at the same place, a
/// zone that nobody asks, records with a routing policy.
pub fn plan(site: Site, observed: &Observed) -> Result<Plan> {
    refuse_taken(&site, observed)?;
    refuse_shared_bucket(&site, observed)?;
    let ids = ids(&site, observed);
    let zones = names::zones(&site, observed)?;
    let certificate = certificate::plan(&site, observed)?;
    let front = edge::plan(&site, observed, &ids)?;
    let records = names::records(&site, observed, &ids)?;
    let withheld = bucket::withheld(&site, observed, &records);
    let bucket = bucket::plan(&site, observed, withheld.is_none());
    let mut closing = match &withheld {
        Some(_) => Piece::default(),
        None => bucket::close(&site, observed, &records),
    };
    closing.notes.extend(withheld);
    let deployer = deployer::plan(&site, observed, &ids);

    let mut plan = Plan { site, parts: Vec::new(), steps: Vec::new(), notes: Vec::new() };
    plan.notes.extend(notes::notes(&plan.site, observed, &records));
    let is_new = observed.distribution.is_none();
    let (admit_before, admit_after) = if is_new { (Vec::new(), bucket.admit) } else { (bucket.admit, Vec::new()) };
    let (ask, wait) = certificate.split();
    let steps = zones.steps.into_iter().chain(bucket.piece.steps).chain(ask);
    let steps = steps.chain(front.before).chain(admit_before).chain(wait).chain(front.distribution).chain(admit_after);
    plan.steps = steps
        .chain(front.wait)
        .chain(bucket.narrow)
        .chain(records.steps)
        .chain(closing.steps)
        .chain(deployer.steps)
        .collect();
    let pieces = [
        (zones.parts, zones.notes),
        (bucket.piece.parts, bucket.piece.notes),
        (certificate.piece.parts, certificate.piece.notes),
        (front.parts, front.notes),
        (records.parts, records.notes),
        (closing.parts, closing.notes),
        (deployer.parts, deployer.notes),
    ];
    for (parts, notes) in pieces {
        plan.parts.extend(parts);
        for note in notes {
            if !plan.notes.contains(&note) {
                plan.notes.push(note);
            }
        }
    }
    plan.parts.sort_by_key(|part| part.resource);
    Ok(plan)
}

/// The ids that are known before anything is done.
pub fn ids(site: &Site, observed: &Observed) -> Ids {
    let function = observed.function.as_ref().filter(|function| Some(&function.name) == site.function_name().as_ref());
    let distribution = observed.distribution.as_ref();
    Ids {
        certificate: certificate(site, observed).map(|certificate| certificate.arn.clone()),
        access_control: access_control(site, observed).map(|control| control.id.clone()),
        function: function.map(|function| function.arn.clone()),
        distribution: distribution.map(|distribution| distribution.id.clone()),
        distribution_domain: distribution.map(|distribution| distribution.domain_name.clone()),
    }
}

/// The tags that [`Step::TagBucket`] writes. A bucket that was there with content, or under a name we would not have
/// given it, was adopted.
pub fn bucket_tags(site: &Site, observed: &Observed) -> Tags {
    let bucket = observed.bucket.as_ref();
    let adopted = bucket.is_some_and(|bucket| !bucket.tags.contains_key(TAG) && !bucket.is_empty);
    site.tags(adopted)
}

/// The tags that [`Step::TagDistribution`] writes: ours are made with theirs, so one without was adopted.
pub fn distribution_tags(site: &Site, observed: &Observed) -> Tags {
    site.tags(observed.distribution.as_ref().is_some_and(|distribution| !distribution.tags.contains_key(TAG)))
}

fn refuse_taken(site: &Site, observed: &Observed) -> Result<()> {
    let taken =
        observed.taken.iter().find(|(name, _)| site.names().any(|ours| ours.as_str().eq_ignore_ascii_case(name)));
    let Some((name, distribution)) = taken else { return Ok(()) };
    let without = if site.redirect.as_ref().is_some_and(|redirect| redirect.as_str() == name) {
        ", or leave it where it is with --no-www"
    } else {
        ""
    };
    // What CloudFront tells of another account's is hidden in part: `*******EXAMPLE`.
    let id = distribution.split(' ').next().filter(|id| !id.contains('*'));
    let adopt =
        id.map(|id| format!(", or adopt it with --distribution {id} if the site is to be there")).unwrap_or_default();
    Err(Error::new(
        ErrorKind::Refused,
        format!("{name} is an alternate domain name of another distribution, {distribution}, and can be on one only"),
        format!("take the name off that distribution in the CloudFront console{adopt}{without}"),
    ))
}

/// A bucket has one policy of ours and one published state, so it holds one site. One that changes its name (from
/// `www.` to the domain itself) is the same site: its distribution reads that bucket already.
fn refuse_shared_bucket(site: &Site, observed: &Observed) -> Result<()> {
    let tag = observed
        .bucket
        .as_ref()
        .filter(|bucket| bucket.name == site.bucket.as_str())
        .and_then(|bucket| bucket.tags.get(TAG));
    let Some(other) = tag.filter(|tag| *tag != site.domain.as_str()) else { return Ok(()) };
    let origin = observed.distribution.as_ref().and_then(|distribution| S3Origin::of(&distribution.origin));
    if origin.is_some_and(|origin| origin.bucket == site.bucket.as_str()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!("the bucket {} is the one of the site {other}", site.bucket),
        format!("give {} a bucket of its own: leave --bucket away, or name another one", site.domain),
    ))
}

/// Origins of hand-made behaviors that read the site's bucket as the world may, so that closing it would break them.
fn public_readers(site: &Site, distribution: &Distribution) -> Vec<String> {
    let reads = |origin: &super::observed::Origin| {
        let is_bucket = S3Origin::of(origin).is_some_and(|origin| origin.bucket == site.bucket.as_str());
        is_bucket && origin.access_control.is_empty()
    };
    // The site's own origin is mended for those that share it, unless the site moves away from it.
    let is_mended = S3Origin::of(&distribution.origin).is_some_and(|origin| origin.prefix == site.prefix.as_str());
    let readers = distribution
        .behaviors
        .iter()
        .filter(|(_, behavior, origin)| reads(origin) && (behavior.origin != distribution.origin.id || !is_mended));
    readers.map(|(path, ..)| path.clone()).collect()
}

/// The access control as it has to be: it signs every request to S3 (Developer Guide, "Restrict access to an Amazon S3
/// origin").
pub fn signing(control: &AccessControl) -> AccessControl {
    AccessControl {
        origin_type: "s3".to_owned(),
        signing_behavior: "always".to_owned(),
        signing_protocol: "sigv4".to_owned(),
        ..control.clone()
    }
}

fn signs_for_s3(control: &AccessControl) -> bool {
    *control == signing(control)
}
