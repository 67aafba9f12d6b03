//! Distributions: their rows and their documents.

use http::StatusCode;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use crate::{
    local::{
        Fault,
        columns::Json,
        from_seconds,
        model::{Distribution, NewDistribution},
        now_seconds,
    },
    routing::Routing,
    setup::site::slug,
};

use super::{Answer, ID_ALPHABET, Query, Refusal, new_id, paged};
use crate::local::xml::Element;

/// The account's number in ARNs.
const ACCOUNT_NUMBER: &str = "000000000000";

/// The managed cache policy "CachingOptimized" (Developer Guide, "Use managed cache policies").
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// Makes a distribution, deployed at once.
pub(crate) fn create(tx: &Transaction<'_>, new: NewDistribution) -> Result<Distribution, Fault> {
    let distribution = Distribution {
        id: new_id('E'),
        domain_name: format!("d{}.cloudfront.net", crate::local::random_id(ID_ALPHABET, 13).to_ascii_lowercase()),
        aliases: new.aliases,
        default_root_object: new.default_root_object,
        origin: new.origin,
        error_responses: new.error_responses,
        router: new.router,
        compress: new.compress,
        last_modified: from_seconds(now_seconds()),
    };
    tx.execute(
        "INSERT INTO distributions VALUES (?1, ?2, ?3)",
        params![distribution.id, Json(&distribution), new_id('E')],
    )?;
    add_aliases(tx, &distribution)?;
    Ok(distribution)
}

/// Stores a changed configuration.
pub(crate) fn update(tx: &Transaction<'_>, distribution: &mut Distribution) -> Result<(), Fault> {
    distribution.last_modified = from_seconds(now_seconds());
    tx.execute(
        "UPDATE distributions SET configuration = ?2, etag = ?3 WHERE id = ?1",
        params![distribution.id, Json(&*distribution), new_id('E')],
    )?;
    tx.execute("DELETE FROM aliases WHERE distribution_id = ?1", [&distribution.id])?;
    add_aliases(tx, distribution)
}

fn add_aliases(tx: &Transaction<'_>, distribution: &Distribution) -> Result<(), Fault> {
    for alias in &distribution.aliases {
        let added = tx.execute("INSERT OR IGNORE INTO aliases VALUES (?1, ?2)", [alias, &distribution.id])?;
        if added == 0 {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
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
pub(crate) fn by_alias(tx: &Transaction<'_>, alias: &str) -> Result<Option<Distribution>, Fault> {
    let sql = "SELECT configuration, etag FROM distributions
        WHERE id = (SELECT distribution_id FROM aliases WHERE name = ?1)";
    Ok(one(tx, sql, alias)?.map(|(distribution, _)| distribution))
}

/// The distributions with ids above `after`, in order, at most `limit`.
pub(crate) fn from_id(tx: &Transaction<'_>, after: &str, limit: i64) -> Result<Vec<Distribution>, Fault> {
    let mut statement =
        tx.prepare_cached("SELECT configuration, etag FROM distributions WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let rows = statement.query_map(params![after, limit], from_row)?;
    rows.map(|row| Ok(row?.0)).collect()
}

/// The distribution and the ETag of its configuration, or `NoSuchDistribution`.
pub(crate) fn existing(tx: &Transaction<'_>, id: &str) -> Result<(Distribution, String), Fault> {
    let found = one(tx, "SELECT configuration, etag FROM distributions WHERE id = ?1", id)?;
    Ok(found.ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "NoSuchDistribution", "The specified distribution does not exist.")
    })?)
}

fn one(tx: &Transaction<'_>, sql: &str, name: &str) -> rusqlite::Result<Option<(Distribution, String)>> {
    tx.prepare_cached(sql)?.query_row([name], from_row).optional()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(Distribution, String)> {
    let Json(configuration) = row.get(0)?;
    Ok((configuration, row.get(1)?))
}

/// ListDistributions.
pub(super) fn list(tx: &Transaction<'_>, query: &Query) -> Result<Answer, Fault> {
    let found = from_id(tx, &query.marker, query.fetched()?)?;
    Ok(Answer::ok(paged("DistributionList", query, found, |distribution| &distribution.id, summary)?))
}

/// GetDistribution.
pub(super) fn get(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let (distribution, etag) = existing(tx, id)?;
    Ok(Answer::ok(document(&distribution)).with_etag(etag))
}

/// GetDistributionConfig.
pub(super) fn get_config(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let (distribution, etag) = existing(tx, id)?;
    Ok(Answer::ok(config(&distribution)).with_etag(etag))
}

fn arn(distribution: &Distribution) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT_NUMBER}:distribution/{}", distribution.id)
}

fn identity(name: &'static str, distribution: &Distribution) -> Element {
    Element::new(name).text("Id", &distribution.id).text("ARN", arn(distribution)).text("Status", "Deployed")
}

fn document(distribution: &Distribution) -> Element {
    let nobody = || Element::new("Nobody").text("Enabled", false).text("Quantity", 0);
    identity("Distribution", distribution)
        .text("LastModifiedTime", time(distribution.last_modified))
        .text("InProgressInvalidationBatches", 0)
        .text("DomainName", &distribution.domain_name)
        .child(nobody().named("ActiveTrustedSigners"))
        .child(nobody().named("ActiveTrustedKeyGroups"))
        .child(config(distribution))
}

fn summary(distribution: &Distribution) -> Element {
    let head = identity("DistributionSummary", distribution)
        .text("LastModifiedTime", time(distribution.last_modified))
        .text("DomainName", &distribution.domain_name);
    common(head, distribution).text("Staging", false)
}

fn config(distribution: &Distribution) -> Element {
    let head = Element::new("DistributionConfig")
        .text("CallerReference", &distribution.id)
        .text("DefaultRootObject", distribution.default_root_object.as_deref().unwrap_or_default());
    let logging = Element::new("Logging")
        .text("Enabled", false)
        .text("IncludeCookies", false)
        .text("Bucket", "")
        .text("Prefix", "");
    common(head, distribution).child(logging).text("ContinuousDeploymentPolicyId", "").text("Staging", false)
}

/// What configuration and summary share.
fn common(head: Element, distribution: &Distribution) -> Element {
    let geography = Element::new("GeoRestriction").text("RestrictionType", "none").text("Quantity", 0);
    head.texts("Aliases", "CNAME", &distribution.aliases)
        .list("Origins", vec![origin(distribution)])
        .list("OriginGroups", Vec::new())
        .child(default_behavior(distribution))
        .list("CacheBehaviors", Vec::new())
        .list("CustomErrorResponses", error_responses(distribution))
        .text("Comment", distribution.aliases.first().map_or("", String::as_str))
        .text("PriceClass", "PriceClass_All")
        .text("Enabled", true)
        .child(viewer_certificate(distribution))
        .child(Element::new("Restrictions").child(geography))
        .text("WebACLId", "")
        .text("HttpVersion", "http2and3")
        .text("IsIPV6Enabled", true)
}

fn origin_id(distribution: &Distribution) -> String {
    format!("{}{}", distribution.origin.domain_name(), distribution.origin.path)
}

fn origin(distribution: &Distribution) -> Element {
    Element::new("Origin")
        .text("Id", origin_id(distribution))
        .text("DomainName", distribution.origin.domain_name())
        .text("OriginPath", &distribution.origin.path)
        .list("CustomHeaders", Vec::new())
        .child(Element::new("S3OriginConfig").text("OriginAccessIdentity", ""))
        .text("ConnectionAttempts", 3)
        .text("ConnectionTimeout", 10)
        .child(Element::new("OriginShield").text("Enabled", false))
        .text("OriginAccessControlId", format!("E{}", &distribution.id[1..].chars().rev().collect::<String>()))
}

fn default_behavior(distribution: &Distribution) -> Element {
    let nobody = |name| Element::new(name).text("Enabled", false).text("Quantity", 0);
    let methods = |name| Element::new(name).items(vec![method("HEAD"), method("GET")]);
    Element::new("DefaultCacheBehavior")
        .text("TargetOriginId", origin_id(distribution))
        .child(nobody("TrustedSigners"))
        .child(nobody("TrustedKeyGroups"))
        .text("ViewerProtocolPolicy", "redirect-to-https")
        .child(methods("AllowedMethods").child(methods("CachedMethods")))
        .text("SmoothStreaming", false)
        .text("Compress", distribution.compress)
        .list("LambdaFunctionAssociations", Vec::new())
        .list(
            "FunctionAssociations",
            distribution.router.map(|routing| router(distribution, routing)).into_iter().collect(),
        )
        .text("FieldLevelEncryptionId", "")
        .text("CachePolicyId", CACHING_OPTIMIZED)
}

fn method(name: &str) -> Element {
    Element::leaf("Method", name)
}

fn router(distribution: &Distribution, routing: Routing) -> Element {
    let name = routing.function_name(&slug(distribution.aliases.first().unwrap_or(&distribution.domain_name)));
    Element::new("FunctionAssociation")
        .text("FunctionARN", format!("arn:aws:cloudfront::{ACCOUNT_NUMBER}:function/{name}"))
        .text("EventType", "viewer-request")
}

fn error_responses(distribution: &Distribution) -> Vec<Element> {
    let render = |response: &crate::local::model::ErrorResponse| {
        Element::new("CustomErrorResponse")
            .text("ErrorCode", response.error_code)
            .text("ResponsePagePath", response.response_page_path.as_deref().unwrap_or_default())
            .text("ResponseCode", response.response_code.map(|code| code.to_string()).unwrap_or_default())
            .text("ErrorCachingMinTTL", response.caching_min_ttl)
    };
    distribution.error_responses.iter().map(render).collect()
}

/// With aliases there is a certificate of ACM, without them CloudFront's own.
fn viewer_certificate(distribution: &Distribution) -> Element {
    let certificate = Element::new("ViewerCertificate");
    if distribution.aliases.is_empty() {
        return certificate.text("CloudFrontDefaultCertificate", true).text("MinimumProtocolVersion", "TLSv1");
    }
    let arn = format!("arn:aws:acm:us-east-1:{ACCOUNT_NUMBER}:certificate/{}", distribution.id.to_ascii_lowercase());
    certificate
        .text("CloudFrontDefaultCertificate", false)
        .text("ACMCertificateArn", arn)
        .text("SSLSupportMethod", "sni-only")
        .text("MinimumProtocolVersion", "TLSv1.2_2021")
}

fn time(time: Timestamp) -> String {
    time.to_string()
}
