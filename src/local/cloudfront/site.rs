//! The whole site that a publish without a bootstrap rehearses on: what bootstrap would make, in one go.

use rusqlite::Transaction;

use super::{
    access_controls,
    distributions,
    document::{self, Stored},
    functions, new_id,
};
use crate::{
    local::{Certificate, Fault, REGION, acm, resources, xml::Element},
    routing::{Routing, javascript},
    setup::{
        policy::policy_of_bucket,
        site::{
            CACHING_OPTIMIZED, CERTIFICATE_REGION, MINIMUM_TLS, NOT_FOUND_PAGE, ROOT_OBJECT, SECURITY_HEADERS, slug,
        },
    },
};

/// The origin path.
const ORIGIN_PATH: &str = "/live";

/// How the references of these distributions begin. Of others, which somebody configured, nothing is changed.
const REFERENCE: &str = "cruddur-site rehearsal ";

/// The distribution of `domain`, whose bucket is named for it; made where it is missing. With a `routing` that differs
/// from what was made here before, router and error responses are changed, and nothing else.
pub(crate) fn ensure(tx: &Transaction<'_>, domain: &str, routing: Option<Routing>) -> Result<Stored, Fault> {
    let found = distributions::by_alias(tx, domain)?;
    let is_ours = |found: &Stored| found.config.text_at("CallerReference").starts_with(REFERENCE);
    let mut distribution = match found {
        Some(found) if !is_ours(&found) => return Ok(found),
        Some(found) => {
            ensure_function(tx, domain, routing)?;
            found
        }
        None => {
            ensure_function(tx, domain, routing)?;
            let config = document::conform(&config(tx, domain, routing)?)?;
            distributions::insert(tx, config, Default::default())?
        }
    };
    ensure_policy(tx, domain, &distribution.arn())?;
    if routing.is_some() {
        let mut config = distribution.config.clone();
        config.set(error_responses(routing));
        if let Some(behavior) = config.child_mut("DefaultCacheBehavior") {
            behavior.set(router(domain, routing));
        }
        let config = document::conform(&config)?;
        if config.fragment() != distribution.config.fragment() {
            distribution.config = config;
            distributions::replace(tx, &mut distribution)?;
        }
    }
    Ok(distribution)
}

/// Publishes the function that does `routing`.
fn ensure_function(tx: &Transaction<'_>, domain: &str, routing: Option<Routing>) -> Result<(), Fault> {
    let Some(routing) = routing else { return Ok(()) };
    let code = javascript::code(Some(routing), domain, &[]);
    functions::ensure(tx, &routing.function_name(&slug(domain)), domain, &code)
}

/// Lets the distribution read the site in its bucket.
fn ensure_policy(tx: &Transaction<'_>, bucket: &str, distribution_arn: &str) -> Result<(), Fault> {
    const KIND: &str = "s3/policy";
    let existing: Option<String> = resources::get(tx, KIND, bucket)?;
    let existing = existing.and_then(|text| serde_json::from_str(&text).ok());
    let (arn, prefix) = (format!("arn:aws:s3:::{bucket}"), ORIGIN_PATH.trim_start_matches('/'));
    let policy = policy_of_bucket(&arn, prefix, distribution_arn, existing.as_ref(), false);
    if existing.as_ref() != Some(&policy) {
        resources::put(tx, KIND, bucket, &policy.to_string())?;
    }
    Ok(())
}

fn config(tx: &Transaction<'_>, domain: &str, routing: Option<Routing>) -> Result<Element, Fault> {
    let origin_domain = format!("{domain}.s3.{REGION}.amazonaws.com");
    let control = access_controls::ensure(tx, &slug(domain))?;
    let origin = Element::new("Origin")
        .text("Id", &origin_domain)
        .text("DomainName", &origin_domain)
        .text("OriginPath", ORIGIN_PATH)
        .child(Element::new("S3OriginConfig").text("OriginAccessIdentity", ""))
        .text("OriginAccessControlId", control.id);
    let methods = |name| Element::new(name).items(["HEAD", "GET"].map(|name| Element::leaf("Method", name)).to_vec());
    let behavior = Element::new("DefaultCacheBehavior")
        .text("TargetOriginId", &origin_domain)
        .text("ViewerProtocolPolicy", "redirect-to-https")
        .child(methods("AllowedMethods").child(methods("CachedMethods")))
        .text("Compress", true)
        .child(router(domain, routing))
        .text("CachePolicyId", CACHING_OPTIMIZED)
        .text("ResponseHeadersPolicyId", SECURITY_HEADERS);
    let certificate = Element::new("ViewerCertificate")
        .text("ACMCertificateArn", ensure_certificate(tx, domain)?)
        .text("SSLSupportMethod", "sni-only")
        .text("MinimumProtocolVersion", MINIMUM_TLS);
    Ok(Element::new("DistributionConfig")
        .text("CallerReference", format!("{REFERENCE}{}", new_id('R')))
        .texts("Aliases", "CNAME", &[domain])
        .text("DefaultRootObject", ROOT_OBJECT)
        .list("Origins", vec![origin])
        .child(behavior)
        .child(error_responses(routing))
        .text("Comment", domain)
        .text("Enabled", true)
        .child(certificate)
        .text("HttpVersion", "http2and3")
        .text("IsIPV6Enabled", true))
}

fn router(domain: &str, routing: Option<Routing>) -> Element {
    let association = routing.map(|routing| {
        Element::new("FunctionAssociation")
            .text("FunctionARN", functions::arn(&routing.function_name(&slug(domain))))
            .text("EventType", "viewer-request")
    });
    Element::new("FunctionAssociations").items(association.into_iter().collect())
}

/// Sites of many pages have a page for what is missing. A single-page app has none: its router answers navigations, and
/// a missing script must stay an error (S3 says 403 for it where the reader may not list the bucket).
fn error_responses(routing: Option<Routing>) -> Element {
    let codes: &[u16] = match routing {
        Some(Routing::Folders | Routing::Files) => &[403, 404],
        Some(Routing::Spa) | None => &[],
    };
    let response = |code: &u16| {
        Element::new("CustomErrorResponse")
            .text("ErrorCode", code)
            .text("ResponsePagePath", NOT_FOUND_PAGE)
            .text("ResponseCode", 404)
            .text("ErrorCachingMinTTL", document::DEFAULT_ERROR_TTL)
    };
    Element::new("CustomErrorResponses").items(codes.iter().map(response).collect())
}

/// The ARN of an issued certificate that covers `domain`.
fn ensure_certificate(tx: &Transaction<'_>, domain: &str) -> Result<String, Fault> {
    let usable = |one: &Certificate| one.region == CERTIFICATE_REGION && one.status == "ISSUED" && one.covers(domain);
    if let Some(found) = acm::all_current(tx)?.into_iter().find(usable) {
        return Ok(found.arn);
    }
    let certificate = Certificate::issued(&[domain]);
    certificate.keep(tx)?;
    Ok(certificate.arn)
}
