//! OpenID Connect providers.

use http::StatusCode;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::local::{
    ACCOUNT_NUMBER, Fault, now_seconds,
    query::{Form, Refusal},
    resources,
    xml::Element,
};

use super::{
    already_exists, date, invalid_input, limit_exceeded,
    names::{Tags, add_tags, tag_list},
    no_such_entity,
};

/// The kind of their documents; the id is the ARN.
const KIND: &str = "iam/oidc-provider";

/// API reference, CreateOpenIDConnectProvider, and IAM User Guide, "IAM and AWS STS quotas".
const MAX_AUDIENCES: usize = 100;
const MAX_THUMBPRINTS: usize = 5;
const MAX_URL: usize = 255;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Provider {
    /// The address without `https://`.
    url: String,
    /// Whom its tokens may be meant for.
    audiences: Vec<String>,
    /// The certificates its keys are fetched under.
    thumbprints: Vec<String>,
    /// When it was made, in seconds since 1970.
    created: i64,
    tags: Tags,
}

fn existing(tx: &Transaction<'_>, arn: &str) -> Result<Provider, Fault> {
    let provider = resources::get(tx, KIND, arn)?;
    Ok(provider.ok_or_else(|| no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}")))?)
}

/// The part of an address behind its scheme.
fn address(url: &str) -> Result<&str, Refusal> {
    let invalid = || Refusal::new(StatusCode::BAD_REQUEST, "ValidationError", "Invalid Open ID Connect Provider URL");
    if url.is_empty() || url.len() > MAX_URL {
        return Err(Refusal::invalid(Some(url), "Url", &format!("have length between 1 and {MAX_URL}")));
    }
    let parsed = url::Url::parse(url).map_err(|_| invalid())?;
    if parsed.scheme() != "https" || parsed.query().is_some() || parsed.fragment().is_some() || parsed.port().is_some()
    {
        return Err(invalid());
    }
    url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/')).ok_or_else(invalid)
}

fn audience(audience: &str) -> Result<&str, Refusal> {
    if (1..=255).contains(&audience.chars().count()) {
        return Ok(audience);
    }
    Err(Refusal::invalid(Some(audience), "ClientID", "have length between 1 and 255"))
}

fn check_audiences(audiences: &[String]) -> Result<(), Refusal> {
    if audiences.len() > MAX_AUDIENCES {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MAX_AUDIENCES}"
        )));
    }
    Ok(())
}

/// Without a thumbprint IAM fetches one itself; nothing here asks a provider for anything, so it is made up.
fn thumbprints(form: &Form, url: &str) -> Result<Vec<String>, Refusal> {
    let given = form.members("ThumbprintList", "");
    if given.len() > MAX_THUMBPRINTS {
        return Err(invalid_input(format!("Thumbprint list must contain fewer than {MAX_THUMBPRINTS} entries.")));
    }
    let is_digest = |text: &&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(wrong) = given.iter().find(|text| !is_digest(text)) {
        return Err(Refusal::invalid(Some(wrong), "ThumbprintList", "have length equal to 40"));
    }
    if given.is_empty() {
        use sha2::Digest as _;
        let mut made_up = hex::encode(sha2::Sha256::digest(url));
        made_up.truncate(40);
        return Ok(vec![made_up]);
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}

pub(super) fn create(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let url = form.required("Url")?;
    let address = address(url)?;
    let mut audiences = Vec::new();
    for given in form.members("ClientIDList", "") {
        audiences.push(audience(given)?.to_owned());
    }
    check_audiences(&audiences)?;
    let mut tags = Tags::new();
    add_tags(form, &mut tags)?;
    let arn = format!("arn:aws:iam::{ACCOUNT_NUMBER}:oidc-provider/{address}");
    if resources::get::<Provider>(tx, KIND, &arn)?.is_some() {
        return Err(already_exists(format!("Provider with url {url} already exists.")).into());
    }
    let thumbprints = thumbprints(form, address)?;
    let provider = Provider { url: address.to_owned(), audiences, thumbprints, created: now_seconds(), tags };
    resources::put(tx, KIND, &arn, &provider)?;
    Ok(vec![Element::leaf("OpenIDConnectProviderArn", arn)])
}

pub(super) fn get(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let provider = existing(tx, form.required("OpenIDConnectProviderArn")?)?;
    let list = |name, texts: &[String]| texts.iter().fold(Element::new(name), |list, text| list.text("member", text));
    let told = [
        Element::leaf("Url", &provider.url),
        list("ClientIDList", &provider.audiences),
        list("ThumbprintList", &provider.thumbprints),
        Element::leaf("CreateDate", date(provider.created)),
    ];
    Ok(told.into_iter().chain(tag_list(&provider.tags)).collect())
}

pub(super) fn list(tx: &Transaction<'_>, _: &Form) -> Result<Vec<Element>, Fault> {
    let providers = resources::all::<Provider>(tx, KIND)?.into_iter();
    let list = Element::new("OpenIDConnectProviderList");
    Ok(vec![providers.fold(list, |list, (arn, _)| list.child(Element::new("member").text("Arn", arn)))])
}

/// Adding what is there already is no error (API reference, AddClientIDToOpenIDConnectProvider).
pub(super) fn add_client(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let arn = form.required("OpenIDConnectProviderArn")?;
    let added = audience(form.required("ClientID")?)?.to_owned();
    let mut provider = existing(tx, arn)?;
    if !provider.audiences.contains(&added) {
        provider.audiences.push(added);
    }
    check_audiences(&provider.audiences)?;
    resources::put(tx, KIND, arn, &provider)?;
    Ok(Vec::new())
}

pub(super) fn tag(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let arn = form.required("OpenIDConnectProviderArn")?;
    let mut provider = existing(tx, arn)?;
    add_tags(form, &mut provider.tags)?;
    resources::put(tx, KIND, arn, &provider)?;
    Ok(Vec::new())
}

/// Deleting what is not there is no error (API reference, DeleteOpenIDConnectProvider).
pub(super) fn delete(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    resources::delete(tx, KIND, form.required("OpenIDConnectProviderArn")?)?;
    Ok(Vec::new())
}
