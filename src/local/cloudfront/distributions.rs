//! Distributions: their rows, and what is told of them.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

pub(super) use super::document::Stored;
use super::{
    Answer, Call, ID_ALPHABET, Query, Refusal, check_version, document::conform, invalidations, new_id, paged, rules,
    schema, tags,
};
use crate::{
    local::{Fault, columns::Json, random_id, xml::Element},
    setup::observed::Tags,
};

/// Keeps a new distribution.
pub(crate) fn insert(tx: &Transaction<'_>, config: Element, tags: Tags) -> Result<Stored, Fault> {
    let distribution = Stored {
        id: new_id('E'),
        domain_name: format!("d{}.cloudfront.net", random_id(ID_ALPHABET, 13).to_ascii_lowercase()),
        etag: new_id('E'),
        config,
        modified: now(),
        tags,
    };
    let reference = distribution.config.text_at("CallerReference");
    tx.execute(
        "INSERT INTO distributions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            distribution.id,
            distribution.domain_name,
            reference,
            distribution.config.fragment(),
            distribution.etag,
            distribution.modified.as_millisecond(),
            Json(&distribution.tags),
        ],
    )?;
    add_aliases(tx, &distribution)?;
    Ok(distribution)
}

/// Keeps a changed configuration, under a new ETag.
pub(crate) fn replace(tx: &Transaction<'_>, distribution: &mut Stored) -> Result<(), Fault> {
    distribution.modified = now();
    distribution.etag = new_id('E');
    tx.execute(
        "UPDATE distributions SET configuration = ?2, etag = ?3, modified = ?4 WHERE id = ?1",
        params![
            distribution.id,
            distribution.config.fragment(),
            distribution.etag,
            distribution.modified.as_millisecond()
        ],
    )?;
    tx.execute("DELETE FROM aliases WHERE distribution_id = ?1", [&distribution.id])?;
    add_aliases(tx, distribution)
}

/// Times are kept to the millisecond.
fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// A wildcard and a name that it covers may be on two distributions of one account; one name may not (Developer Guide,
/// "Restrictions on using alternate domain names").
fn add_aliases(tx: &Transaction<'_>, distribution: &Stored) -> Result<(), Fault> {
    for alias in distribution.config.texts_at("Aliases") {
        let name = alias.to_ascii_lowercase();
        let added = tx.execute("INSERT OR IGNORE INTO aliases VALUES (?1, ?2)", [&name, &distribution.id])?;
        if added == 0 {
            return Err(Refusal::conflict(
                "CNAMEAlreadyExists",
                format!(
                    "One or more of the CNAMEs you provided are already associated with a different resource: {alias}"
                ),
            )
            .into());
        }
    }
    Ok(())
}

/// The distribution with this alternate domain name.
pub(crate) fn by_alias(tx: &Transaction<'_>, alias: &str) -> Result<Option<Stored>, Fault> {
    let sql =
        format!("SELECT {COLUMNS} FROM distributions WHERE id = (SELECT distribution_id FROM aliases WHERE name = ?1)");
    Ok(one(tx, &sql, &alias.to_ascii_lowercase())?)
}

/// The distributions with ids above `after`, in order, at most `limit`.
pub(crate) fn from_id(tx: &Transaction<'_>, after: &str, limit: i64) -> Result<Vec<Stored>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM distributions WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after, limit], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The distribution with this id.
pub(super) fn find(tx: &Transaction<'_>, id: &str) -> Result<Option<Stored>, Fault> {
    Ok(one(tx, &format!("SELECT {COLUMNS} FROM distributions WHERE id = ?1"), id)?)
}

/// The distribution, or `NoSuchDistribution`.
pub(crate) fn existing(tx: &Transaction<'_>, id: &str) -> Result<Stored, Fault> {
    Ok(find(tx, id)?
        .ok_or_else(|| Refusal::missing("NoSuchDistribution", "The specified distribution does not exist."))?)
}

/// Keeps changed tags, which are no part of the configuration.
pub(super) fn retag(tx: &Transaction<'_>, distribution: &Stored) -> Result<(), Fault> {
    let sql = "UPDATE distributions SET tags = ?2 WHERE id = ?1";
    tx.execute(sql, params![distribution.id, Json(&distribution.tags)])?;
    Ok(())
}

const COLUMNS: &str = "id, domain_name, configuration, etag, modified, tags";

fn one(tx: &Transaction<'_>, sql: &str, name: &str) -> rusqlite::Result<Option<Stored>> {
    tx.prepare_cached(sql)?.query_row([name], from_row).optional()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let text: String = row.get(2)?;
    let config = Element::parse(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into()))?;
    let Json(tags) = row.get(5)?;
    Ok(Stored {
        id: row.get(0)?,
        domain_name: row.get(1)?,
        config,
        etag: row.get(3)?,
        modified: Timestamp::from_millisecond(row.get(4)?).unwrap_or_default(),
        tags,
    })
}

/// Whether every edge has the configuration: once `delay` has passed; nobody has to finish it.
pub(crate) fn is_deployed(distribution: &Stored, delay: Duration) -> bool {
    let age = Duration::try_from(Timestamp::now().duration_since(distribution.modified)).unwrap_or_default();
    age >= delay
}

/// ListDistributions.
pub(super) fn list(tx: &Transaction<'_>, query: &Query, delay: Duration) -> Result<Answer, Fault> {
    let found = from_id(tx, &query.marker, query.fetched()?)?;
    let render = |distribution: &Stored| summary(distribution, delay);
    Ok(Answer::ok(paged("DistributionList", query, found, |distribution| &distribution.id, render)?))
}

/// CreateDistribution and CreateDistributionWithTags.
pub(super) fn create(tx: &Transaction<'_>, call: &Call<'_>, delay: Duration) -> Result<Answer, Fault> {
    let (config, tags) = if call.query.has("WithTags") {
        let both = call.document("DistributionConfigWithTags")?;
        let part = |name: &str| both.at(name).ok_or_else(|| schema::malformed(format!("{name} is missing")));
        (part("DistributionConfig")?.clone(), tags::read(part("Tags")?)?)
    } else {
        (call.document("DistributionConfig")?, Tags::new())
    };
    let config = conform(&config)?;
    let reference = config.text_at("CallerReference");
    if one(tx, &format!("SELECT {COLUMNS} FROM distributions WHERE caller_reference = ?1"), reference)?.is_some() {
        return Err(Refusal::conflict(
            "DistributionAlreadyExists",
            "The caller reference you attempted to create the distribution with is associated with another distribution.",
        )
        .into());
    }
    rules::check(tx, &config)?;
    let distribution = insert(tx, config, tags)?;
    let path = format!("distribution/{}", distribution.id);
    Ok(Answer::created(document(tx, &distribution, delay)?, &path).with_etag(&distribution.etag))
}

/// UpdateDistribution. The reference stays; what is as it was is no change.
pub(super) fn update(tx: &Transaction<'_>, id: &str, call: &Call<'_>, delay: Duration) -> Result<Answer, Fault> {
    let mut distribution = existing(tx, id)?;
    check_version(call.if_match, &distribution.etag)?;
    let config = conform(&call.document("DistributionConfig")?)?;
    let immutable = ["CallerReference", "Staging"];
    if immutable.iter().any(|name| config.text_at(name) != distribution.config.text_at(name)) {
        return Err(Refusal::bad("IllegalUpdate", "The update contains modifications that are not allowed.").into());
    }
    rules::check(tx, &config)?;
    if config.fragment() != distribution.config.fragment() {
        distribution.config = config;
        replace(tx, &mut distribution)?;
    }
    Ok(Answer::ok(document(tx, &distribution, delay)?).with_etag(&distribution.etag))
}

/// DeleteDistribution: of one that is disabled, and that every edge knows to be.
pub(super) fn delete(tx: &Transaction<'_>, id: &str, call: &Call<'_>, delay: Duration) -> Result<Answer, Fault> {
    let distribution = existing(tx, id)?;
    check_version(call.if_match, &distribution.etag)?;
    if distribution.config.text_at("Enabled") == "true" || !is_deployed(&distribution, delay) {
        return Err(Refusal::conflict(
            "DistributionNotDisabled",
            "The specified CloudFront distribution is not disabled. You must disable the distribution before you can \
             delete it.",
        )
        .into());
    }
    tx.execute("DELETE FROM distributions WHERE id = ?1", [id])?;
    Ok(Answer::nothing())
}

/// GetDistribution.
pub(super) fn get(tx: &Transaction<'_>, id: &str, delay: Duration) -> Result<Answer, Fault> {
    let distribution = existing(tx, id)?;
    Ok(Answer::ok(document(tx, &distribution, delay)?).with_etag(&distribution.etag))
}

/// GetDistributionConfig.
pub(super) fn get_config(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let distribution = existing(tx, id)?;
    Ok(Answer::ok(distribution.config).with_etag(&distribution.etag))
}

fn identity(name: &'static str, distribution: &Stored, delay: Duration) -> Element {
    let status = if is_deployed(distribution, delay) { "Deployed" } else { "InProgress" };
    Element::new(name).text("Id", &distribution.id).text("ARN", distribution.arn()).text("Status", status)
}

fn document(tx: &Transaction<'_>, distribution: &Stored, delay: Duration) -> Result<Element, Fault> {
    let nobody = |name| Element::new(name).text("Enabled", false).text("Quantity", 0);
    let invalidations = invalidations::in_progress(tx, &distribution.id, delay)?;
    Ok(identity("Distribution", distribution, delay)
        .text("LastModifiedTime", distribution.modified)
        .text("InProgressInvalidationBatches", invalidations)
        .text("DomainName", &distribution.domain_name)
        .child(nobody("ActiveTrustedSigners"))
        .child(nobody("ActiveTrustedKeyGroups"))
        .child(distribution.config.clone()))
}

/// Everything of the configuration but what only its owner needs.
fn summary(distribution: &Stored, delay: Duration) -> Element {
    let head = identity("DistributionSummary", distribution, delay)
        .text("ETag", &distribution.etag)
        .text("LastModifiedTime", distribution.modified)
        .text("DomainName", &distribution.domain_name);
    let told = |member: &&Element| {
        !matches!(
            member.name(),
            "CallerReference" | "DefaultRootObject" | "Logging" | "ContinuousDeploymentPolicyId" | "CacheTagConfig"
        )
    };
    distribution.config.children().iter().filter(told).cloned().fold(head, Element::child)
}
