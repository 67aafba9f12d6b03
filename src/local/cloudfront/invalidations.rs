//! Invalidations: asked for, limited, completed by the passing of time.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::Deserialize;

use crate::local::{
    Fault,
    columns::Json,
    model::{Invalidation, InvalidationStatus},
};

use super::{Answer, Query, Refusal, distributions, new_id, paged, paths};
use crate::local::xml::Element;

/// The most paths in progress of one distribution (Developer Guide, "Quotas on invalidations").
const MAX_PATHS_IN_PROGRESS: usize = 3000;

/// The most of them that end in `*` (same page).
const MAX_WILDCARDS_IN_PROGRESS: usize = 15;

/// The document a client sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InvalidationBatch {
    #[serde(default)]
    caller_reference: String,
    paths: Option<Paths>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Paths {
    quantity: usize,
    items: Option<Items>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Items {
    #[serde(default)]
    path: Vec<String>,
}

impl InvalidationBatch {
    fn parse(body: &Bytes) -> Result<(String, Vec<String>), Refusal> {
        let malformed = |cause: &dyn std::fmt::Display| {
            Refusal::new(StatusCode::BAD_REQUEST, "MalformedInput", format!("The request is not well-formed: {cause}"))
        };
        let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
        let batch: Self = quick_xml::de::from_str(text).map_err(|error| malformed(&error))?;
        let missing =
            |name: &str| Refusal::new(StatusCode::BAD_REQUEST, "MissingBody", format!("The request has no {name}"));
        let paths = batch.paths.ok_or_else(|| missing("Paths"))?;
        let items = paths.items.map(|items| items.path).unwrap_or_default();
        if batch.caller_reference.is_empty() {
            return Err(missing("CallerReference"));
        }
        if items.is_empty() {
            return Err(missing("Path"));
        }
        if paths.quantity != items.len() {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "InconsistentQuantities",
                "The value of Quantity and the size of Items don't match.",
            ));
        }
        items.iter().try_for_each(|path| paths::check(path))?;
        Ok((batch.caller_reference, items))
    }
}

/// CreateInvalidation. A reference used before answers the invalidation it named, if the paths are the same.
pub(super) fn create(tx: &Transaction<'_>, distribution: &str, body: &Bytes, delay: Duration) -> Result<Answer, Fault> {
    distributions::existing(tx, distribution)?;
    let (caller_reference, paths) = InvalidationBatch::parse(body)?;
    let now = Timestamp::now();
    if let Some(earlier) = by_reference(tx, distribution, &caller_reference, delay)? {
        if earlier.paths != paths {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "InvalidationBatchAlreadyExists",
                "An invalidation batch with this caller reference but different content already exists.",
            )
            .into());
        }
        return Ok(created(distribution, &earlier));
    }
    check_quotas(tx, distribution, &paths, now, delay)?;
    let id = new_id('I');
    let sequence = tx
        .prepare_cached(
            "INSERT INTO invalidations (distribution_id, id, caller_reference, paths, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .insert(params![distribution, id, caller_reference, Json(&paths), now.as_millisecond()])?;
    let invalidation = Invalidation {
        sequence: sequence.cast_unsigned(),
        id,
        caller_reference,
        paths,
        created: now,
        status: status(now, delay),
    };
    Ok(created(distribution, &invalidation))
}

fn check_quotas(
    tx: &Transaction<'_>,
    distribution: &str,
    paths: &[String],
    now: Timestamp,
    delay: Duration,
) -> Result<(), Fault> {
    let running = running(tx, distribution, now, delay)?;
    let all = || running.iter().flat_map(|invalidation| &invalidation.paths).chain(paths);
    let wildcards = all().filter(|path| path.ends_with('*')).count();
    if wildcards > MAX_WILDCARDS_IN_PROGRESS || all().count() - wildcards > MAX_PATHS_IN_PROGRESS {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "TooManyInvalidationsInProgress",
            "You have exceeded the maximum number of allowable InProgress invalidation batch requests, or invalidation \
             objects.",
        )
        .into());
    }
    Ok(())
}

/// GetInvalidation.
pub(super) fn get(tx: &Transaction<'_>, distribution: &str, id: &str, delay: Duration) -> Result<Answer, Fault> {
    distributions::existing(tx, distribution)?;
    let sql = format!("SELECT {COLUMNS} FROM invalidations WHERE distribution_id = ?1 AND id = ?2");
    let found = select(tx, &sql, params![distribution, id], delay)?.pop();
    let invalidation = found.ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "NoSuchInvalidation", "The specified invalidation does not exist.")
    })?;
    Ok(Answer::ok(document(&invalidation)))
}

/// ListInvalidations: newest first, as CloudFront lists them.
pub(super) fn list(tx: &Transaction<'_>, distribution: &str, query: &Query, delay: Duration) -> Result<Answer, Fault> {
    distributions::existing(tx, distribution)?;
    let marked: Option<i64> = tx
        .prepare_cached("SELECT sequence FROM invalidations WHERE distribution_id = ?1 AND id = ?2")?
        .query_row([distribution, &query.marker], |row| row.get(0))
        .optional()?;
    let before = match marked {
        Some(sequence) => sequence,
        None if query.marker.is_empty() => i64::MAX,
        None => return Err(Refusal::invalid_argument("The marker is not the id of an invalidation.").into()),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM invalidations WHERE distribution_id = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3"
    );
    let found = select(tx, &sql, params![distribution, before, query.fetched()?], delay)?;
    let list = paged(
        "InvalidationList",
        query,
        found,
        |invalidation| &invalidation.id,
        |invalidation| {
            Element::new("InvalidationSummary")
                .text("Id", &invalidation.id)
                .text("CreateTime", invalidation.created)
                .text("Status", status_name(invalidation.status))
        },
    )?;
    Ok(Answer::ok(list))
}

/// Those asked for after the one numbered `sequence`, in order.
pub(crate) fn after(
    tx: &Transaction<'_>,
    distribution: &str,
    sequence: u64,
    delay: Duration,
) -> Result<Vec<Invalidation>, Fault> {
    let sql =
        format!("SELECT {COLUMNS} FROM invalidations WHERE distribution_id = ?1 AND sequence > ?2 ORDER BY sequence");
    Ok(select(tx, &sql, params![distribution, sequence.cast_signed()], delay)?)
}

/// How many of a distribution are in progress.
pub(super) fn in_progress(tx: &Transaction<'_>, distribution: &str, delay: Duration) -> Result<usize, Fault> {
    Ok(running(tx, distribution, Timestamp::now(), delay)?.len())
}

fn running(
    tx: &Transaction<'_>,
    distribution: &str,
    now: Timestamp,
    delay: Duration,
) -> rusqlite::Result<Vec<Invalidation>> {
    let since = now.as_millisecond() - i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    let sql = format!("SELECT {COLUMNS} FROM invalidations WHERE distribution_id = ?1 AND created > ?2");
    select(tx, &sql, params![distribution, since], delay)
}

/// The number of the last one of any distribution.
pub(crate) fn latest(tx: &Transaction<'_>) -> Result<u64, Fault> {
    let latest: Option<i64> =
        tx.prepare_cached("SELECT max(sequence) FROM invalidations")?.query_row([], |row| row.get(0))?;
    Ok(latest.unwrap_or_default().cast_unsigned())
}

fn by_reference(
    tx: &Transaction<'_>,
    distribution: &str,
    reference: &str,
    delay: Duration,
) -> Result<Option<Invalidation>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM invalidations WHERE distribution_id = ?1 AND caller_reference = ?2");
    Ok(select(tx, &sql, params![distribution, reference], delay)?.pop())
}

const COLUMNS: &str = "sequence, id, caller_reference, paths, created";

fn select(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl rusqlite::Params,
    delay: Duration,
) -> rusqlite::Result<Vec<Invalidation>> {
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| from_row(row, delay))?;
    rows.collect()
}

fn from_row(row: &Row<'_>, delay: Duration) -> rusqlite::Result<Invalidation> {
    let created = Timestamp::from_millisecond(row.get(4)?).unwrap_or_default();
    let Json(paths) = row.get(3)?;
    Ok(Invalidation {
        sequence: row.get::<_, i64>(0)?.cast_unsigned(),
        id: row.get(1)?,
        caller_reference: row.get(2)?,
        paths,
        created,
        status: status(created, delay),
    })
}

/// In progress until `delay` has passed; nobody has to finish it.
fn status(created: Timestamp, delay: Duration) -> InvalidationStatus {
    let age = Duration::try_from(Timestamp::now().duration_since(created)).unwrap_or_default();
    if age < delay { InvalidationStatus::InProgress } else { InvalidationStatus::Completed }
}

fn status_name(status: InvalidationStatus) -> &'static str {
    match status {
        InvalidationStatus::InProgress => "InProgress",
        InvalidationStatus::Completed => "Completed",
    }
}

fn created(distribution: &str, invalidation: &Invalidation) -> Answer {
    Answer::created(document(invalidation), &format!("distribution/{distribution}/invalidation/{}", invalidation.id))
}

fn document(invalidation: &Invalidation) -> Element {
    let batch = Element::new("InvalidationBatch")
        .texts("Paths", "Path", &invalidation.paths)
        .text("CallerReference", &invalidation.caller_reference);
    Element::new("Invalidation")
        .text("Id", &invalidation.id)
        .text("Status", status_name(invalidation.status))
        .text("CreateTime", invalidation.created)
        .child(batch)
}
