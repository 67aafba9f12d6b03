//! The `DistributionConfig` document: its members (API reference, "DistributionConfig"), and what the edge obeys of it.

use jiff::Timestamp;

use super::{
    Refusal,
    schema::{
        self,
        Kind::{self, Flag, List, Number, OneOf, Structure, Text},
        Member, else_put, may, must,
    },
};
use crate::{
    local::xml::Element,
    setup::{
        observed::{Behavior, Distribution, ErrorResponse, Origin, Tags},
        request::PriceClass,
    },
};

/// A distribution as the account keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// `E` and 13 capital letters and digits.
    pub(crate) id: String,
    /// `NAME.cloudfront.net`.
    pub(crate) domain_name: String,
    /// What the next change must name.
    pub(crate) etag: String,
    /// The `DistributionConfig`, complete.
    pub(crate) config: Element,
    /// When it last changed.
    pub(crate) modified: Timestamp,
    /// Its tags.
    pub(crate) tags: Tags,
}

impl Stored {
    /// Its ARN.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:cloudfront::{}:distribution/{}", crate::local::ACCOUNT_NUMBER, self.id)
    }

    /// The parts of it that the edge obeys, and that bootstrap owns.
    pub(crate) fn view(&self, deployed: bool) -> Distribution {
        let config = &self.config;
        let certificate = config.text_at("ViewerCertificate/ACMCertificateArn");
        let with_origin = |behavior: &Element| {
            let read = read_behavior(behavior);
            let origin = target(config, &read.origin);
            (behavior.text_at("PathPattern").to_owned(), read, origin)
        };
        let (_, behavior, origin) = with_origin(config.at("DefaultCacheBehavior").unwrap_or(config));
        Distribution {
            id: self.id.clone(),
            arn: self.arn(),
            domain_name: self.domain_name.clone(),
            etag: self.etag.clone(),
            deployed,
            enabled: config.text_at("Enabled") == "true",
            aliases: config.texts_at("Aliases"),
            comment: config.text_at("Comment").to_owned(),
            default_root_object: config.text_at("DefaultRootObject").to_owned(),
            origin,
            behavior,
            behaviors: config.items_at("CacheBehaviors").iter().map(with_origin).collect(),
            certificate: (!certificate.is_empty()).then(|| certificate.to_owned()),
            minimum_tls: config.text_at("ViewerCertificate/MinimumProtocolVersion").to_owned(),
            tls_support: config.text_at("ViewerCertificate/SSLSupportMethod").to_owned(),
            http_version: config.text_at("HttpVersion").to_ascii_lowercase(),
            ipv6: config.text_at("IsIPV6Enabled") == "true",
            price_class: PriceClass::parse(config.text_at("PriceClass")),
            error_responses: config.items_at("CustomErrorResponses").iter().map(read_error_response).collect(),
            web_acl: config.text_at("WebACLId").to_owned(),
            tags: self.tags.clone(),
        }
    }
}

/// The origin that a behavior's target names: of an origin group the first member, which is asked first.
fn target(config: &Element, id: &str) -> Origin {
    let named = |element: &&Element, id: &str| element.text_at("Id") == id;
    let group = config.items_at("OriginGroups").iter().find(|group| named(group, id));
    let primary = group.and_then(|group| group.items_at("Members").first());
    let id = primary.map_or(id, |member| member.text_at("OriginId"));
    let origin = config.items_at("Origins").iter().find(|origin| named(origin, id));
    let text = |path: &str| origin.map(|origin| origin.text_at(path)).unwrap_or_default().to_owned();
    Origin {
        id: id.to_owned(),
        domain: text("DomainName"),
        path: text("OriginPath"),
        is_s3: origin.is_some_and(|origin| origin.at("S3OriginConfig").is_some()),
        access_control: text("OriginAccessControlId"),
        access_identity: text("S3OriginConfig/OriginAccessIdentity"),
        protocol_policy: text("CustomOriginConfig/OriginProtocolPolicy"),
    }
}

fn read_behavior(behavior: &Element) -> Behavior {
    let text = |path: &str| behavior.text_at(path).to_owned();
    let viewer_request = |list: &str| {
        let mut associations = behavior.items_at(list).iter();
        associations.find(|association| association.text_at("EventType") == "viewer-request")
    };
    let mut methods = behavior.texts_at("AllowedMethods");
    methods.sort();
    Behavior {
        origin: text("TargetOriginId"),
        viewer_protocol: text("ViewerProtocolPolicy"),
        methods,
        cache_policy: text("CachePolicyId"),
        origin_request_policy: text("OriginRequestPolicyId"),
        response_headers_policy: text("ResponseHeadersPolicyId"),
        compress: behavior.text_at("Compress") == "true",
        viewer_request_function: viewer_request("FunctionAssociations")
            .map(|association| association.text_at("FunctionARN").to_owned())
            .unwrap_or_default(),
        viewer_request_lambda: viewer_request("LambdaFunctionAssociations").is_some(),
    }
}

fn read_error_response(response: &Element) -> ErrorResponse {
    ErrorResponse {
        error_code: response.text_at("ErrorCode").parse().unwrap_or_default(),
        page: response.text_at("ResponsePagePath").to_owned(),
        response_code: response.text_at("ResponseCode").parse().ok(),
        minimum_ttl: response.text_at("ErrorCachingMinTTL").parse().unwrap_or(DEFAULT_ERROR_TTL),
    }
}

/// How long an error is kept when nobody says (Developer Guide, "Control how long CloudFront caches errors").
pub(super) const DEFAULT_ERROR_TTL: u64 = 10;

/// The document as CloudFront keeps it.
///
/// # Errors
/// As [`schema::conform`].
pub(super) fn conform(config: &Element) -> Result<Element, Refusal> {
    let mut config = schema::conform(config, Structure(CONFIG))?;
    if let Some(certificate) = config.child_mut("ViewerCertificate") {
        complete_certificate(certificate);
    }
    if let Some(behavior) = config.child_mut("DefaultCacheBehavior") {
        complete_methods(behavior);
    }
    let behaviors = config.child_mut("CacheBehaviors").and_then(|list| list.child_mut("Items"));
    behaviors.into_iter().flat_map(Element::children_mut).for_each(complete_methods);
    // Once more, for the order: what is sent back must be seen to be the same.
    schema::conform(&config, Structure(CONFIG))
}

/// Where nothing is said, `GET` and `HEAD` are let through and cached.
fn complete_methods(behavior: &mut Element) {
    let methods = |name| Element::new(name).items(["HEAD", "GET"].map(|name| Element::leaf("Method", name)).to_vec());
    let mut allowed = behavior.at("AllowedMethods").cloned().unwrap_or_else(|| methods("AllowedMethods"));
    if allowed.at("CachedMethods").is_none() {
        allowed = allowed.child(methods("CachedMethods"));
    }
    behavior.set(allowed);
}

/// CloudFront tells a certificate in two spellings, the older of which clients do not send.
fn complete_certificate(certificate: &mut Element) {
    let acm = certificate.text_at("ACMCertificateArn").to_owned();
    let iam = certificate.text_at("IAMCertificateId").to_owned();
    let (source, id) = match (acm.is_empty(), iam.is_empty()) {
        (false, _) => ("acm", acm),
        (true, false) => ("iam", iam),
        (true, true) => {
            certificate.set(Element::leaf("CloudFrontDefaultCertificate", true));
            certificate.set(Element::leaf("MinimumProtocolVersion", "TLSv1"));
            certificate.set(Element::leaf("CertificateSource", "cloudfront"));
            return;
        }
    };
    certificate.set(Element::leaf("CloudFrontDefaultCertificate", false));
    certificate.set(Element::leaf("Certificate", id));
    certificate.set(Element::leaf("CertificateSource", source));
    if certificate.at("MinimumProtocolVersion").is_none() {
        certificate.set(Element::leaf("MinimumProtocolVersion", "TLSv1"));
    }
}

const CONFIG: &[Member] = &[
    must("CallerReference", Text),
    else_put("Aliases", List("CNAME", &Text, &[]), ""),
    else_put("DefaultRootObject", Text, ""),
    must("Origins", List("Origin", &Structure(ORIGIN), &[])),
    else_put("OriginGroups", List("OriginGroup", &Structure(ORIGIN_GROUP), &[]), ""),
    must("DefaultCacheBehavior", Structure(DEFAULT_BEHAVIOR)),
    else_put("CacheBehaviors", List("CacheBehavior", &Structure(BEHAVIOR), &[]), ""),
    else_put("CustomErrorResponses", List("CustomErrorResponse", &Structure(ERROR_RESPONSE), &[]), ""),
    must("Comment", Text),
    else_put("Logging", Structure(LOGGING), ""),
    else_put("PriceClass", OneOf(&["PriceClass_100", "PriceClass_200", "PriceClass_All"]), "PriceClass_All"),
    must("Enabled", Flag),
    else_put("ViewerCertificate", Structure(VIEWER_CERTIFICATE), ""),
    else_put("Restrictions", Structure(RESTRICTIONS), ""),
    else_put("WebACLId", Text, ""),
    else_put("HttpVersion", OneOf(&["http1.1", "http2", "http3", "http2and3"]), "http2"),
    else_put("IsIPV6Enabled", Flag, "false"),
    else_put("ContinuousDeploymentPolicyId", Text, ""),
    else_put("Staging", Flag, "false"),
];

const ORIGIN: &[Member] = &[
    must("Id", Text),
    must("DomainName", Text),
    else_put("OriginPath", Text, ""),
    else_put("CustomHeaders", List("OriginCustomHeader", &Structure(CUSTOM_HEADER), &[]), ""),
    may("S3OriginConfig", Structure(&[must("OriginAccessIdentity", Text)])),
    may("CustomOriginConfig", Structure(CUSTOM_ORIGIN)),
    may("VpcOriginConfig", Structure(&[must("VpcOriginId", Text)])),
    else_put("ConnectionAttempts", Number, "3"),
    else_put("ConnectionTimeout", Number, "10"),
    else_put("OriginShield", Structure(&[else_put("Enabled", Flag, "false"), may("OriginShieldRegion", Text)]), ""),
    else_put("OriginAccessControlId", Text, ""),
];

const CUSTOM_HEADER: &[Member] = &[must("HeaderName", Text), must("HeaderValue", Text)];

const CUSTOM_ORIGIN: &[Member] = &[
    must("HTTPPort", Number),
    must("HTTPSPort", Number),
    must("OriginProtocolPolicy", OneOf(&["http-only", "match-viewer", "https-only"])),
    may("OriginSslProtocols", List("SslProtocol", &OneOf(&["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]), &[])),
    else_put("OriginReadTimeout", Number, "30"),
    else_put("OriginKeepaliveTimeout", Number, "5"),
    may("IpAddressType", OneOf(&["ipv4", "ipv6", "dualstack"])),
];

const ORIGIN_GROUP: &[Member] = &[
    must("Id", Text),
    must("FailoverCriteria", Structure(&[must("StatusCodes", List("StatusCode", &Number, &[]))])),
    must("Members", List("OriginGroupMember", &Structure(&[must("OriginId", Text)]), &[])),
];

/// The members of every behavior, after the first of all but the default one.
macro_rules! behavior {
    ($($first:expr)?) => {
        &[
            $($first,)?
            must("TargetOriginId", Text),
            else_put("TrustedSigners", List("AwsAccountNumber", &Text, NOBODY), ""),
            else_put("TrustedKeyGroups", List("KeyGroup", &Text, NOBODY), ""),
            must("ViewerProtocolPolicy", OneOf(&["allow-all", "https-only", "redirect-to-https"])),
            may("AllowedMethods", List("Method", &METHOD, &[may("CachedMethods", List("Method", &METHOD, &[]))])),
            else_put("SmoothStreaming", Flag, "false"),
            else_put("Compress", Flag, "false"),
            else_put("LambdaFunctionAssociations", List("LambdaFunctionAssociation", &Structure(LAMBDA), &[]), ""),
            else_put("FunctionAssociations", List("FunctionAssociation", &Structure(FUNCTION), &[]), ""),
            else_put("FieldLevelEncryptionId", Text, ""),
            may("RealtimeLogConfigArn", Text),
            may("CachePolicyId", Text),
            may("OriginRequestPolicyId", Text),
            may("ResponseHeadersPolicyId", Text),
            may("GrpcConfig", Structure(&[must("Enabled", Flag)])),
            may("ForwardedValues", Structure(FORWARDED_VALUES)),
            may("MinTTL", Number),
            may("DefaultTTL", Number),
            may("MaxTTL", Number),
        ]
    };
}

const DEFAULT_BEHAVIOR: &[Member] = behavior!();
const BEHAVIOR: &[Member] = behavior!(must("PathPattern", Text));
const NOBODY: &[Member] = &[else_put("Enabled", Flag, "false")];
const METHOD: Kind = OneOf(&["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"]);

const LAMBDA: &[Member] = &[
    must("LambdaFunctionARN", Text),
    must("EventType", OneOf(&["viewer-request", "viewer-response", "origin-request", "origin-response"])),
    else_put("IncludeBody", Flag, "false"),
];

/// CloudFront Functions run for viewers only.
const FUNCTION: &[Member] =
    &[must("FunctionARN", Text), must("EventType", OneOf(&["viewer-request", "viewer-response"]))];

const FORWARDED_VALUES: &[Member] = &[
    must("QueryString", Flag),
    must(
        "Cookies",
        Structure(&[
            must("Forward", OneOf(&["none", "whitelist", "all"])),
            may("WhitelistedNames", List("Name", &Text, &[])),
        ]),
    ),
    else_put("Headers", List("Name", &Text, &[]), ""),
    else_put("QueryStringCacheKeys", List("Name", &Text, &[]), ""),
];

const ERROR_RESPONSE: &[Member] = &[
    must("ErrorCode", Number),
    else_put("ResponsePagePath", Text, ""),
    else_put("ResponseCode", Text, ""),
    else_put("ErrorCachingMinTTL", Number, "10"),
];

const LOGGING: &[Member] = &[
    else_put("Enabled", Flag, "false"),
    else_put("IncludeCookies", Flag, "false"),
    else_put("Bucket", Text, ""),
    else_put("Prefix", Text, ""),
];

const VIEWER_CERTIFICATE: &[Member] = &[
    may("CloudFrontDefaultCertificate", Flag),
    may("IAMCertificateId", Text),
    may("ACMCertificateArn", Text),
    may("SSLSupportMethod", OneOf(&["sni-only", "vip", "static-ip"])),
    may(
        "MinimumProtocolVersion",
        OneOf(&[
            "SSLv3",
            "TLSv1",
            "TLSv1_2016",
            "TLSv1.1_2016",
            "TLSv1.2_2018",
            "TLSv1.2_2019",
            "TLSv1.2_2021",
            "TLSv1.2_2025",
            "TLSv1.3_2025",
        ]),
    ),
    may("Certificate", Text),
    may("CertificateSource", OneOf(&["cloudfront", "iam", "acm"])),
];

const RESTRICTIONS: &[Member] = &[else_put("GeoRestriction", List("Location", &Text, GEOGRAPHY), "")];
const GEOGRAPHY: &[Member] = &[else_put("RestrictionType", OneOf(&["blacklist", "whitelist", "none"]), "none")];
