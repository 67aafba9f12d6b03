//! The operations on functions.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use rusqlite::Transaction;

use super::{Function, KIND, Stage, arn, find, keep};
use crate::local::{
    Fault,
    cloudfront::{
        Answer, Call, Query, Refusal, check_version, distributions, new_id,
        schema::{
            self,
            Kind::{List, OneOf, Structure, Text},
            Member, else_put, may, must,
        },
        tags,
    },
    resources,
    xml::Element,
};

/// The most code of one function, in bytes (Developer Guide, "Quotas on CloudFront Functions").
const MOST_CODE: usize = 10 * 1024;

/// The longest name (API reference, CreateFunction).
const LONGEST_NAME: usize = 64;

/// The most of an account (Developer Guide, "Quotas on CloudFront Functions").
const MOST: usize = 100;

/// What the SDKs read the new version from: the API's model spells it so.
const MISSPELT_ETAG: HeaderName = HeaderName::from_static("ettag");

const CONFIG: &[Member] = &[
    must("Comment", Text),
    must("Runtime", OneOf(&["cloudfront-js-1.0", "cloudfront-js-2.0"])),
    else_put(
        "KeyValueStoreAssociations",
        List("KeyValueStoreAssociation", &Structure(&[must("KeyValueStoreARN", Text)]), &[]),
        "",
    ),
];
const UPDATE: &[Member] = &[must("FunctionConfig", Structure(CONFIG)), must("FunctionCode", Text)];
const CREATE: &[Member] =
    &[must("Name", Text), must("FunctionConfig", Structure(CONFIG)), must("FunctionCode", Text), may("Tags", TAGS)];
const TAGS: schema::Kind = Structure(&[]);

/// The development stage that a request describes.
fn read_stage(request: &Element) -> Result<Stage, Refusal> {
    let code = request.text_at("FunctionCode").split_ascii_whitespace().collect::<String>();
    let bytes = BASE64_STANDARD.decode(&code).map_err(|error| schema::malformed(error.to_string()))?;
    if bytes.is_empty() {
        return Err(Refusal::invalid_argument("The parameter FunctionCode is empty."));
    }
    if bytes.len() > MOST_CODE {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "FunctionSizeLimitExceeded",
            format!("The function is too large: its code has {} bytes, at most {MOST_CODE} are allowed.", bytes.len()),
        ));
    }
    let stores = request.items_at("FunctionConfig/KeyValueStoreAssociations").iter();
    Ok(Stage {
        etag: new_id('E'),
        comment: request.text_at("FunctionConfig/Comment").to_owned(),
        runtime: request.text_at("FunctionConfig/Runtime").to_owned(),
        key_value_stores: stores.map(|store| store.text_at("KeyValueStoreARN").to_owned()).collect(),
        code,
        modified: Timestamp::now(),
    })
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::invalid_argument(format!(
        "The parameter Name must have 1 to {LONGEST_NAME} letters, digits, hyphens and underscores."
    )))
}

fn existing(tx: &Transaction<'_>, name: &str) -> Result<Function, Fault> {
    Ok(find(tx, name)?.ok_or_else(missing)?)
}

fn missing() -> Refusal {
    Refusal::missing("NoSuchFunctionExists", "The specified function does not exist.")
}

/// Whether the summary is of the stage that runs.
fn wants_live(query: &Query) -> Result<Option<bool>, Refusal> {
    match query.value("Stage").as_deref() {
        None => Ok(None),
        Some("DEVELOPMENT") => Ok(Some(false)),
        Some("LIVE") => Ok(Some(true)),
        Some(other) => Err(Refusal::invalid_argument(format!("The parameter Stage is not valid: {other}"))),
    }
}

fn stage<'a>(function: &'a Function, query: &Query) -> Result<(&'a Stage, bool), Refusal> {
    let live = wants_live(query)?.unwrap_or(false);
    let stage = if live { function.live.as_ref() } else { Some(&function.development) };
    Ok((stage.ok_or_else(missing)?, live))
}

/// Whether a behavior of any distribution runs it.
fn is_used(tx: &Transaction<'_>, name: &str) -> Result<bool, Fault> {
    let arn = arn(name);
    for distribution in distributions::from_id(tx, "", i64::MAX)? {
        let config = &distribution.config;
        let mut behaviors = config.at("DefaultCacheBehavior").into_iter().chain(config.items_at("CacheBehaviors"));
        let runs = |association: &Element| association.text_at("FunctionARN") == arn;
        if behaviors.any(|behavior| behavior.items_at("FunctionAssociations").iter().any(runs)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn summary(
    tx: &Transaction<'_>,
    function: &Function,
    (stage, live): (&Stage, bool),
    delay: Duration,
) -> Result<Element, Fault> {
    let age = Duration::try_from(Timestamp::now().duration_since(stage.modified)).unwrap_or_default();
    let status = match (live, live && is_used(tx, &function.name)?) {
        (false, _) => "UNPUBLISHED",
        (true, false) => "UNASSOCIATED",
        (true, true) if age < delay => "IN_PROGRESS",
        (true, true) => "DEPLOYED",
    };
    let store = |arn: &String| Element::new("KeyValueStoreAssociation").text("KeyValueStoreARN", arn);
    let config = Element::new("FunctionConfig")
        .text("Comment", &stage.comment)
        .text("Runtime", &stage.runtime)
        .list("KeyValueStoreAssociations", stage.key_value_stores.iter().map(store).collect());
    let metadata = Element::new("FunctionMetadata")
        .text("FunctionARN", arn(&function.name))
        .text("Stage", if live { "LIVE" } else { "DEVELOPMENT" })
        .text("CreatedTime", function.created)
        .text("LastModifiedTime", stage.modified);
    Ok(Element::new("FunctionSummary")
        .text("Name", &function.name)
        .text("Status", status)
        .child(config)
        .child(metadata))
}

/// CreateFunction.
pub(in super::super) fn create(tx: &Transaction<'_>, call: &Call<'_>, delay: Duration) -> Result<Answer, Fault> {
    let request = schema::conform(&call.document("CreateFunctionRequest")?, Structure(CREATE))?;
    let name = request.text_at("Name");
    check_name(name)?;
    if find(tx, name)?.is_some() {
        return Err(Refusal::conflict(
            "FunctionAlreadyExists",
            "A function with the same name already exists in this AWS account.",
        )
        .into());
    }
    let development = read_stage(&request)?;
    if resources::all::<Function>(tx, KIND)?.len() >= MOST {
        return Err(
            Refusal::bad("TooManyFunctions", "You have reached the maximum number of CloudFront functions.").into()
        );
    }
    let tags = request.at("Tags").map(tags::read).transpose()?.unwrap_or_default();
    let created = development.modified;
    let function = Function { name: name.to_owned(), created, development, live: None, tags };
    keep(tx, &function)?;
    let document = summary(tx, &function, (&function.development, false), delay)?;
    Ok(Answer::created(document, &format!("function/{name}")).with_etag(&function.development.etag))
}

/// GetFunction: the code alone.
pub(in super::super) fn get(tx: &Transaction<'_>, name: &str, query: &Query) -> Result<Answer, Fault> {
    let function = existing(tx, name)?;
    let (stage, _) = stage(&function, query)?;
    Ok(Answer::code(stage.source()).with_etag(&stage.etag))
}

/// DescribeFunction.
pub(in super::super) fn describe(
    tx: &Transaction<'_>,
    name: &str,
    query: &Query,
    delay: Duration,
) -> Result<Answer, Fault> {
    let function = existing(tx, name)?;
    let (stage, live) = stage(&function, query)?;
    Ok(Answer::ok(summary(tx, &function, (stage, live), delay)?).with_etag(&stage.etag))
}

/// UpdateFunction: the development stage only.
pub(in super::super) fn update(
    tx: &Transaction<'_>,
    name: &str,
    call: &Call<'_>,
    delay: Duration,
) -> Result<Answer, Fault> {
    let mut function = existing(tx, name)?;
    check_version(call.if_match, &function.development.etag)?;
    let request = schema::conform(&call.document("UpdateFunctionRequest")?, Structure(UPDATE))?;
    function.development = read_stage(&request)?;
    keep(tx, &function)?;
    let etag = &function.development.etag;
    let document = summary(tx, &function, (&function.development, false), delay)?;
    Ok(Answer::ok(document).with_etag(etag).with(MISSPELT_ETAG, etag))
}

/// PublishFunction: the development stage becomes the one that runs.
pub(in super::super) fn publish(
    tx: &Transaction<'_>,
    name: &str,
    call: &Call<'_>,
    delay: Duration,
) -> Result<Answer, Fault> {
    let mut function = existing(tx, name)?;
    check_version(call.if_match, &function.development.etag)?;
    function.publish();
    keep(tx, &function)?;
    let live = function.live.as_ref().ok_or_else(missing)?;
    Ok(Answer::ok(summary(tx, &function, (live, true), delay)?))
}

/// DeleteFunction: both stages.
pub(in super::super) fn delete(tx: &Transaction<'_>, name: &str, call: &Call<'_>) -> Result<Answer, Fault> {
    check_version(call.if_match, &existing(tx, name)?.development.etag)?;
    if is_used(tx, name)? {
        return Err(Refusal::conflict(
            "FunctionInUse",
            "Cannot delete the function because it's attached to one or more cache behaviors.",
        )
        .into());
    }
    resources::delete(tx, KIND, name)?;
    Ok(Answer::nothing())
}

/// ListFunctions: every stage, or the one that is asked for.
pub(in super::super) fn list(tx: &Transaction<'_>, query: &Query, delay: Duration) -> Result<Answer, Fault> {
    let (wanted, max_items) = (wants_live(query)?, query.max_items()?);
    let mut found = resources::all::<Function>(tx, KIND)?.into_iter().map(|(_, function)| function).collect::<Vec<_>>();
    found.retain(|function| function.name > query.marker && (wanted != Some(true) || function.live.is_some()));
    let more = found.len() > max_items;
    found.truncate(max_items);
    let mut list = Element::new("FunctionList");
    if let Some(last) = found.last().filter(|_| more) {
        list = list.text("NextMarker", &last.name);
    }
    let mut items = Vec::new();
    for function in &found {
        let stages = [Some((&function.development, false)), function.live.as_ref().map(|stage| (stage, true))];
        for (stage, live) in
            stages.into_iter().flatten().filter(|(_, live)| wanted.is_none_or(|wanted| wanted == *live))
        {
            items.push(summary(tx, function, (stage, live), delay)?);
        }
    }
    Ok(Answer::ok(list.text("MaxItems", max_items).items(items)))
}
