//! A distribution's configuration, as plain values and back.
//!
//! CloudFront takes a configuration only whole (API reference, UpdateDistribution), and an owner may have put by hand into it
//! whatever CloudFront offers. [`write`] therefore works on the configuration that is there, and touches in it only what
//! [`Distribution`] has; each member that says already what it shall say stays bit for bit.
//!
//! - Behaviors are matched by their path pattern, and the list of [`Distribution::behaviors`] is the whole list.
//! - Origins are matched by their id. None is ever taken away: one that nothing targets costs nothing, may belong to an
//!   origin group, and has custom headers that nobody could bring back.
//! - The web ACL is judged, never written; nor is a Lambda@Edge association.

mod behavior;
mod fresh;
mod origin;

#[cfg(test)]
mod tests;

use aws_sdk_cloudfront::{
    error::BuildError,
    types::{
        Aliases, CacheBehaviors, CustomErrorResponse, CustomErrorResponses, DistributionConfig, HttpVersion,
        MinimumProtocolVersion, Origins, PriceClass, SslSupportMethod, ViewerCertificate,
    },
};

use self::behavior::{read_behavior, write_behavior};
use crate::setup::observed::{Distribution, ErrorResponse, Tags};
use crate::setup::request;

/// What is known of a distribution beside its configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub id: String,
    pub arn: String,
    pub domain_name: String,
    pub etag: String,
    pub deployed: bool,
    pub tags: Tags,
}

/// Reads a configuration; of what CloudFront leaves out, its default is told.
pub(super) fn read(config: &DistributionConfig, about: About) -> Distribution {
    let About { id, arn, domain_name, etag, deployed, tags } = about;
    let behavior = config.default_cache_behavior().map(|behavior| read_behavior!(behavior));
    let behavior = behavior.unwrap_or_else(behavior::nothing);
    let others = config.cache_behaviors().map(|behaviors| behaviors.items()).unwrap_or_default();
    let others = others.iter().map(|other| {
        let behavior = read_behavior!(other);
        let origin = origin::of_target(config, &behavior.origin);
        (other.path_pattern().to_owned(), behavior, origin)
    });
    let certificate = config.viewer_certificate();
    let own = certificate.is_some_and(is_own);
    Distribution {
        id,
        arn,
        domain_name,
        etag,
        deployed,
        enabled: config.enabled(),
        aliases: config.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
        comment: config.comment().to_owned(),
        default_root_object: text(config.default_root_object()),
        origin: origin::of_target(config, &behavior.origin),
        behavior,
        behaviors: others.collect(),
        certificate: certificate.and_then(|certificate| certificate.acm_certificate_arn()).and_then(some),
        minimum_tls: text(certificate.and_then(|it| it.minimum_protocol_version()).map(|version| version.as_str())),
        // CloudFront says `vip` of its own certificate, where it means nothing.
        tls_support: text(
            certificate.filter(|_| own).and_then(|it| it.ssl_support_method()).map(|method| method.as_str()),
        ),
        http_version: http_version(config),
        ipv6: config.is_ipv6_enabled().unwrap_or(false),
        price_class: config.price_class().and_then(|class| request::PriceClass::parse(class.as_str())),
        error_responses: error_responses(config),
        web_acl: text(config.web_acl_id()),
        tags,
    }
}

/// The configuration `config`, with what `wanted` says of it. A price class that is not given stays as it is.
///
/// # Errors
/// Never, unless the SDK demands a member that CloudFront does not.
pub(super) fn write(wanted: &Distribution, mut config: DistributionConfig) -> Result<DistributionConfig, BuildError> {
    config.enabled = wanted.enabled;
    config.comment.clone_from(&wanted.comment);
    set(&mut config.default_root_object, &wanted.default_root_object);
    if config.aliases().map(Aliases::items).unwrap_or_default() != wanted.aliases {
        config.aliases =
            Some(Aliases::builder().quantity(count(&wanted.aliases)).set_items(Some(wanted.aliases.clone())).build()?);
    }
    if http_version(&config) != wanted.http_version {
        config.http_version = Some(HttpVersion::from(wanted.http_version.as_str()));
    }
    if config.is_ipv6_enabled().unwrap_or(false) != wanted.ipv6 {
        config.is_ipv6_enabled = Some(wanted.ipv6);
    }
    if let Some(class) = wanted.price_class {
        config.price_class = Some(PriceClass::from(class.name()));
    }
    if error_responses(&config) != wanted.error_responses {
        let items = wanted.error_responses.iter().map(error_response).collect::<Result<Vec<_>, _>>()?;
        let responses = CustomErrorResponses::builder().quantity(count(&items)).set_items(Some(items));
        config.custom_error_responses = Some(responses.build()?);
    }
    write_certificate(wanted, &mut config);
    write_origins(wanted, &mut config)?;
    write_behaviors(wanted, &mut config)?;
    Ok(config)
}

/// A configuration for a new distribution: complete, as an update later on demands it.
///
/// # Errors
/// As [`write`].
pub(super) fn create(wanted: &Distribution, reference: &str) -> Result<DistributionConfig, BuildError> {
    write(wanted, fresh::config(wanted, reference)?)
}

/// `wanted`, together with the behaviors of `config` that it does not know: for when the configuration has changed since
/// `wanted` was made from it.
pub(super) fn with_strangers(wanted: &Distribution, config: &DistributionConfig) -> Distribution {
    let known = |pattern: &str| wanted.behaviors.iter().any(|(path, ..)| path == pattern);
    let there = read(config, About::default());
    let strangers = there.behaviors.into_iter().filter(|(path, ..)| !known(path));
    let mut wanted = wanted.clone();
    wanted.behaviors.extend(strangers);
    wanted
}

fn write_origins(wanted: &Distribution, config: &mut DistributionConfig) -> Result<(), BuildError> {
    let mut items = config.origins().map(|origins| origins.items().to_vec()).unwrap_or_default();
    // The default behavior's goes last: where two describe one origin in two ways, it counts.
    let all = wanted.behaviors.iter().map(|(_, _, origin)| origin).chain([&wanted.origin]);
    for origin in all {
        match items.iter_mut().find(|item| item.id == origin.id) {
            Some(item) => origin::write(origin, item)?,
            None => items.push(fresh::origin(origin)?),
        }
    }
    if config.origins().map(Origins::items) != Some(&items) {
        config.origins = Some(Origins::builder().quantity(count(&items)).set_items(Some(items)).build()?);
    }
    Ok(())
}

fn write_behaviors(wanted: &Distribution, config: &mut DistributionConfig) -> Result<(), BuildError> {
    let mut default = match config.default_cache_behavior.take() {
        Some(behavior) => behavior,
        None => fresh::default_behavior(&wanted.behavior)?,
    };
    write_behavior!(default, &wanted.behavior);
    config.default_cache_behavior = Some(default);
    let there = config.cache_behaviors().map(|behaviors| behaviors.items()).unwrap_or_default();
    let mut items = Vec::with_capacity(wanted.behaviors.len());
    for (path, behavior, _) in &wanted.behaviors {
        let mut item = match there.iter().find(|item| item.path_pattern() == path) {
            Some(item) => item.clone(),
            None => fresh::behavior(path, behavior)?,
        };
        write_behavior!(item, behavior);
        items.push(item);
    }
    if there != items {
        let behaviors = CacheBehaviors::builder().quantity(count(&items)).set_items(Some(items));
        config.cache_behaviors = Some(behaviors.build()?);
    }
    Ok(())
}

/// Sets ACM's certificate. Without one, a certificate of IAM stays, and one of ACM gives way to CloudFront's own.
fn write_certificate(wanted: &Distribution, config: &mut DistributionConfig) {
    let there = config.viewer_certificate().and_then(|certificate| certificate.acm_certificate_arn()).and_then(some);
    if there != wanted.certificate {
        let certificate = ViewerCertificate::builder();
        config.viewer_certificate = Some(match &wanted.certificate {
            // The members that name the certificate in other ways, some of them deprecated, must not name another.
            Some(arn) => certificate.acm_certificate_arn(arn).build(),
            None => certificate.cloud_front_default_certificate(true).build(),
        });
    }
    let Some(certificate) = &mut config.viewer_certificate else { return };
    let minimum = text(certificate.minimum_protocol_version().map(|version| version.as_str()));
    if minimum != wanted.minimum_tls {
        let minimum = some(&wanted.minimum_tls);
        certificate.minimum_protocol_version = minimum.map(|name| MinimumProtocolVersion::from(name.as_str()));
    }
    let support = text(certificate.ssl_support_method().map(|method| method.as_str()));
    if is_own(certificate) && support != wanted.tls_support {
        let support = some(&wanted.tls_support);
        certificate.ssl_support_method = support.map(|name| SslSupportMethod::from(name.as_str()));
    }
}

/// Whether it is a certificate of the owner's, not of CloudFront's.
fn is_own(certificate: &ViewerCertificate) -> bool {
    let named = |name: Option<&str>| name.is_some_and(|name| !name.is_empty());
    named(certificate.acm_certificate_arn()) || named(certificate.iam_certificate_id())
}

fn http_version(config: &DistributionConfig) -> String {
    text(config.http_version().map(|version| version.as_str())).to_lowercase()
}

fn error_responses(config: &DistributionConfig) -> Vec<ErrorResponse> {
    /// What holds where nothing is said (Developer Guide, "Control how long CloudFront caches errors").
    const DEFAULT_MINIMUM_TTL: u64 = 10;
    let items = config.custom_error_responses().map(|responses| responses.items()).unwrap_or_default().iter();
    let read = |item: &CustomErrorResponse| ErrorResponse {
        error_code: u16::try_from(item.error_code()).unwrap_or_default(),
        page: text(item.response_page_path()),
        response_code: item.response_code().and_then(|code| code.parse().ok()),
        minimum_ttl: item.error_caching_min_ttl().map_or(DEFAULT_MINIMUM_TTL, |ttl| u64::try_from(ttl).unwrap_or(0)),
    };
    items.map(read).collect()
}

fn error_response(wanted: &ErrorResponse) -> Result<CustomErrorResponse, BuildError> {
    // CloudFront wants both empty where the error keeps its own page and status (API reference, CustomErrorResponse).
    CustomErrorResponse::builder()
        .error_code(wanted.error_code.into())
        .response_page_path(&wanted.page)
        .response_code(wanted.response_code.map(|code| code.to_string()).unwrap_or_default())
        .error_caching_min_ttl(i64::try_from(wanted.minimum_ttl).unwrap_or(i64::MAX))
        .build()
}

/// Sets a member that is a text, where CloudFront means the same by an empty one and by none.
fn set(member: &mut Option<String>, value: &str) {
    if member.as_deref().unwrap_or_default() != value {
        *member = Some(value.to_owned());
    }
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// The quantity that stands beside every list.
fn count<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}
