//! Alternate domain names across distributions.

use rusqlite::Transaction;

use super::{Answer, Call, Refusal, distributions};
use crate::{
    local::{ACCOUNT_NUMBER, Fault, acm, xml::Element},
    setup::wildcard::covers,
};

/// ListConflictingAliases: for a distribution whose certificate covers the alias, the other distributions that have it or
/// one that overlaps with it (API reference).
pub(super) fn list_conflicting(tx: &Transaction<'_>, call: &Call<'_>) -> Result<Answer, Fault> {
    let (id, alias) = (call.required("DistributionId")?, call.required("Alias")?.to_ascii_lowercase());
    let distribution = distributions::existing(tx, &id)?;
    let arn = distribution.config.text_at("ViewerCertificate/ACMCertificateArn");
    let certificate = acm::current(tx, arn)?;
    if !certificate.is_some_and(|certificate| certificate.covers(&alias)) {
        return Err(Refusal::invalid_argument(
            "The distribution's TLS certificate does not include the provided alias.",
        )
        .into());
    }
    let max_items = call.query.max_items()?;
    let others = distributions::from_id(tx, "", i64::MAX)?.into_iter().filter(|other| other.id != id);
    let mut found = Vec::new();
    for other in others {
        for theirs in other.config.texts_at("Aliases").into_iter().filter(|theirs| overlap(&alias, theirs)) {
            found.push((theirs, other.id.clone()));
        }
    }
    found.sort();
    found.retain(|(theirs, _)| *theirs > call.query.marker);
    let more = found.len() > max_items;
    found.truncate(max_items);
    let mut list = Element::new("ConflictingAliasesList");
    if let Some((last, _)) = found.last().filter(|_| more) {
        list = list.text("NextMarker", last);
    }
    let item = |(alias, id): &(String, String)| {
        Element::new("ConflictingAlias")
            .text("Alias", alias)
            .text("DistributionId", hidden(id, 7))
            .text("AccountId", hidden(ACCOUNT_NUMBER, 6))
    };
    Ok(Answer::ok(list.text("MaxItems", max_items).items(found.iter().map(item).collect())))
}

/// Whether two names are one, or one is a wildcard that covers the other.
fn overlap(one: &str, other: &str) -> bool {
    covers(one, other) || covers(other, one)
}

/// Ids that may be of other accounts are told by their end only.
fn hidden(id: &str, shown: usize) -> String {
    let at = id.len().saturating_sub(shown);
    "*".repeat(at) + &id[at..]
}
