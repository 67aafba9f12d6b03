//! What CloudFront takes for granted in a configuration, said outright: an update refuses (`IllegalUpdate`) to go without
//! members that a creation may leave out.

use aws_sdk_cloudfront::{
    error::BuildError,
    types::{
        AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, CustomErrorResponses, CustomHeaders,
        CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, GeoRestriction, GeoRestrictionType,
        LambdaFunctionAssociations, LoggingConfig, Method, Origin, OriginGroups, OriginProtocolPolicy, OriginShield,
        OriginSslProtocols, Origins, PriceClass, Restrictions, S3OriginConfig, SslProtocol, TrustedKeyGroups,
        TrustedSigners, ViewerCertificate, ViewerProtocolPolicy,
    },
};

use crate::setup::observed;

/// Seconds until an answer of the origin counts as lost (API reference, CustomOriginConfig and S3OriginConfig).
const READ_TIMEOUT: i32 = 30;
/// Seconds an idle connection to the origin is kept (API reference, CustomOriginConfig).
const KEEPALIVE_TIMEOUT: i32 = 5;
/// How often, and for how many seconds, a connection is tried (API reference, Origin).
const CONNECTION_ATTEMPTS: i32 = 3;
const CONNECTION_TIMEOUT: i32 = 10;

/// A configuration without origins or behaviors.
pub(super) fn config(wanted: &observed::Distribution, reference: &str) -> Result<DistributionConfig, BuildError> {
    let anywhere = GeoRestriction::builder().restriction_type(GeoRestrictionType::None).quantity(0).build()?;
    DistributionConfig::builder()
        .caller_reference(reference)
        .comment(&wanted.comment)
        .enabled(wanted.enabled)
        .origins(Origins::builder().quantity(0).set_items(Some(Vec::new())).build()?)
        .origin_groups(OriginGroups::builder().quantity(0).build()?)
        .default_cache_behavior(default_behavior(&wanted.behavior)?)
        .cache_behaviors(CacheBehaviors::builder().quantity(0).build()?)
        .custom_error_responses(CustomErrorResponses::builder().quantity(0).build()?)
        .logging(LoggingConfig::builder().enabled(false).include_cookies(false).bucket("").prefix("").build())
        .price_class(PriceClass::PriceClassAll)
        .viewer_certificate(ViewerCertificate::builder().cloud_front_default_certificate(true).build())
        .restrictions(Restrictions::builder().geo_restriction(anywhere).build())
        .web_acl_id("")
        .build()
}

/// A new origin, as it is wanted.
pub(super) fn origin(wanted: &observed::Origin) -> Result<Origin, BuildError> {
    let mut origin = Origin::builder()
        .id(&wanted.id)
        .domain_name(&wanted.domain)
        .origin_path("")
        .custom_headers(CustomHeaders::builder().quantity(0).build()?)
        .connection_attempts(CONNECTION_ATTEMPTS)
        .connection_timeout(CONNECTION_TIMEOUT)
        .origin_shield(OriginShield::builder().enabled(false).build()?)
        .origin_access_control_id("")
        .build()?;
    super::origin::write(wanted, &mut origin)?;
    Ok(origin)
}

/// What makes an origin one of S3. The identity must be empty beside an origin access control.
pub(super) fn s3(access_identity: &str) -> S3OriginConfig {
    S3OriginConfig::builder().origin_access_identity(access_identity).origin_read_timeout(READ_TIMEOUT).build()
}

/// What makes an origin a web server, reached at the usual ports and with no TLS older than 1.2.
pub(super) fn custom(protocol_policy: &str) -> Result<CustomOriginConfig, BuildError> {
    CustomOriginConfig::builder()
        .http_port(80)
        .https_port(443)
        .origin_protocol_policy(OriginProtocolPolicy::from(protocol_policy))
        .origin_ssl_protocols(OriginSslProtocols::builder().quantity(1).items(SslProtocol::TlSv12).build()?)
        .origin_read_timeout(READ_TIMEOUT)
        .origin_keepalive_timeout(KEEPALIVE_TIMEOUT)
        .build()
}

/// The members that both kinds of behavior have and nobody wants anything of.
macro_rules! untouched {
    ($builder:expr, $wanted:expr) => {
        $builder
            .target_origin_id(&$wanted.origin)
            .viewer_protocol_policy(ViewerProtocolPolicy::from($wanted.viewer_protocol.as_str()))
            .trusted_signers(TrustedSigners::builder().enabled(false).quantity(0).build()?)
            .trusted_key_groups(TrustedKeyGroups::builder().enabled(false).quantity(0).build()?)
            .smooth_streaming(false)
            .lambda_function_associations(LambdaFunctionAssociations::builder().quantity(0).build()?)
            .field_level_encryption_id("")
            .compress($wanted.compress)
    };
}

/// A new default behavior, with what is wanted still to be written.
pub(super) fn default_behavior(wanted: &observed::Behavior) -> Result<DefaultCacheBehavior, BuildError> {
    let mut behavior = untouched!(DefaultCacheBehavior::builder(), wanted).build()?;
    behavior.allowed_methods = Some(methods()?);
    Ok(behavior)
}

/// A new behavior of a path pattern, with what is wanted still to be written.
pub(super) fn behavior(path: &str, wanted: &observed::Behavior) -> Result<CacheBehavior, BuildError> {
    let mut behavior = untouched!(CacheBehavior::builder().path_pattern(path), wanted).build()?;
    behavior.allowed_methods = Some(methods()?);
    Ok(behavior)
}

fn methods() -> Result<AllowedMethods, BuildError> {
    let cached = CachedMethods::builder().quantity(2).items(Method::Get).items(Method::Head).build()?;
    AllowedMethods::builder().quantity(2).items(Method::Get).items(Method::Head).cached_methods(cached).build()
}
