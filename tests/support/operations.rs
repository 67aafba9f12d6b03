//! The requests of AWS's services by their names in the API references.

use http::{HeaderMap, Method, Request, header};
use percent_encoding::percent_decode_str;

/// The first part of every CloudFront path, and of every Route 53 path: the API's version.
pub(super) const CLOUDFRONT_VERSION: &str = "2020-05-31";
const ROUTE53_VERSION: &str = "2013-04-01";

/// A service that was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Objects and buckets.
    S3,
    /// Distributions, functions, access controls.
    CloudFront,
    /// Hosted zones.
    Route53,
    /// Certificates.
    Acm,
    /// Roles and providers.
    Iam,
    /// Who calls.
    Sts,
}

impl Service {
    /// The service of a request, by its path and its signature's scope.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let first = request.uri().path().trim_start_matches('/').split('/').next();
        let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let is_for =
            |service: &str| authorization.is_some_and(|text| text.contains(&format!("/{service}/aws4_request")));
        match first {
            Some(CLOUDFRONT_VERSION) => Self::CloudFront,
            Some(ROUTE53_VERSION) => Self::Route53,
            _ if is_for("acm") => Self::Acm,
            _ if is_for("iam") => Self::Iam,
            _ if is_for("sts") => Self::Sts,
            _ => Self::S3,
        }
    }

    /// Whether requests name their operation in a form that is their body (the query protocol).
    pub(super) fn speaks_forms(self) -> bool {
        matches!(self, Self::Iam | Self::Sts)
    }

    /// An error document of the service's protocol, and its type.
    pub(super) fn error(self, code: &str, message: &str) -> (&'static str, String) {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        let namespace = match self {
            Self::S3 => {
                let body = format!("{head}\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
                return ("application/xml", body);
            }
            Self::Acm => {
                let body = serde_json::json!({ "__type": code, "message": message });
                return ("application/x-amz-json-1.1", body.to_string());
            }
            Self::CloudFront => "http://cloudfront.amazonaws.com/doc/2020-05-31/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        };
        let body =
            format!(r#"{head}<ErrorResponse xmlns="{namespace}">{error}<RequestId>4442</RequestId></ErrorResponse>"#);
        ("text/xml", body)
    }

    /// The operation of a request; `form` is its body where the service [speaks forms](Self::speaks_forms).
    pub(super) fn operation<B>(self, request: &Request<B>, form: &str) -> &'static str {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let (first, rest) = {
            let below = uri.path().trim_start_matches('/');
            below.split_once('/').unwrap_or((below, ""))
        };
        match self {
            Self::S3 => s3(method, first, !rest.is_empty(), uri.query().unwrap_or_default(), headers),
            Self::CloudFront => cloudfront(method, rest, uri.query().unwrap_or_default()),
            Self::Route53 => route53(method, rest),
            Self::Acm => {
                let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
                named(target.rsplit('.').next().unwrap_or_default())
            }
            Self::Iam | Self::Sts => {
                let action = form.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default();
                named(&percent_decode_str(action).decode_utf8_lossy())
            }
        }
    }
}

/// The operations of the services that name them in their requests.
const NAMED: [&str; 33] = [
    "AddClientIDToOpenIDConnectProvider",
    "AddTagsToCertificate",
    "AttachRolePolicy",
    "CreateOpenIDConnectProvider",
    "CreatePolicy",
    "CreateRole",
    "DeleteCertificate",
    "DeleteOpenIDConnectProvider",
    "DeletePolicy",
    "DeleteRole",
    "DeleteRolePolicy",
    "DescribeCertificate",
    "DetachRolePolicy",
    "GetCallerIdentity",
    "GetOpenIDConnectProvider",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "GetRolePolicy",
    "ListAttachedRolePolicies",
    "ListCertificates",
    "ListOpenIDConnectProviders",
    "ListRolePolicies",
    "ListRoles",
    "ListRoleTags",
    "ListTagsForCertificate",
    "PutRolePolicy",
    "RequestCertificate",
    "SimulatePrincipalPolicy",
    "TagOpenIDConnectProvider",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
];

fn named(name: &str) -> &'static str {
    NAMED.iter().find(|known| **known == name).copied().unwrap_or("another call by name")
}

fn cloudfront(method: &Method, path: &str, query: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["distribution"]) => "ListDistributions",
        ("GET", ["distribution", _]) => "GetDistribution",
        ("GET", ["distribution", _, "config"]) => "GetDistributionConfig",
        ("POST", ["distribution"]) if query.contains("WithTags") => "CreateDistributionWithTags",
        ("POST", ["distribution"]) => "CreateDistribution",
        ("PUT", ["distribution", _, "config"]) => "UpdateDistribution",
        ("DELETE", ["distribution", _]) => "DeleteDistribution",
        ("GET", ["function"]) => "ListFunctions",
        ("GET", ["function", _]) => "GetFunction",
        ("GET", ["function", _, "describe"]) => "DescribeFunction",
        ("POST", ["function"]) => "CreateFunction",
        ("PUT", ["function", _]) => "UpdateFunction",
        ("POST", ["function", _, "publish"]) => "PublishFunction",
        ("DELETE", ["function", _]) => "DeleteFunction",
        ("GET", ["origin-access-control"]) => "ListOriginAccessControls",
        ("GET", ["origin-access-control", _]) => "GetOriginAccessControl",
        ("POST", ["origin-access-control"]) => "CreateOriginAccessControl",
        ("PUT", ["origin-access-control", _, "config"]) => "UpdateOriginAccessControl",
        ("DELETE", ["origin-access-control", _]) => "DeleteOriginAccessControl",
        ("GET", ["tagging"]) => "ListTagsForResource",
        ("POST", ["tagging"]) if query.contains("Untag") => "UntagResource",
        ("POST", ["tagging"]) => "TagResource",
        ("GET", ["conflicting-alias"]) => "ListConflictingAliases",
        ("POST", ["distribution", _, "invalidation"]) => "CreateInvalidation",
        ("GET", ["distribution", _, "invalidation", _]) => "GetInvalidation",
        _ => "another call of CloudFront",
    }
}

fn route53(method: &Method, path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["hostedzone"]) => "ListHostedZones",
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName",
        ("GET", ["hostedzone", _]) => "GetHostedZone",
        ("POST", ["hostedzone"]) => "CreateHostedZone",
        ("DELETE", ["hostedzone", _]) => "DeleteHostedZone",
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("POST", ["hostedzone", _, "rrset" | "rrset/"]) => "ChangeResourceRecordSets",
        ("GET", ["change", _]) => "GetChange",
        ("GET", ["tags", "hostedzone", _]) => "ListTagsForResource",
        ("POST", ["tags", "hostedzone", _]) => "ChangeTagsForResource",
        _ => "another call of Route 53",
    }
}

fn s3(method: &Method, bucket: &str, has_key: bool, query: &str, headers: &HeaderMap) -> &'static str {
    let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match (method.as_str(), has_key) {
        ("GET", false) if bucket.is_empty() => "ListBuckets",
        ("GET", false) if asks("list-type") => "ListObjectsV2",
        ("GET", false) if asks("versions") => "ListObjectVersions",
        ("GET", false) if asks("uploads") => "ListMultipartUploads",
        ("GET", false) if asks("location") => "GetBucketLocation",
        ("GET", false) if asks("publicAccessBlock") => "GetPublicAccessBlock",
        ("GET", false) if asks("ownershipControls") => "GetBucketOwnershipControls",
        ("GET", false) if asks("versioning") => "GetBucketVersioning",
        ("GET", false) if asks("lifecycle") => "GetBucketLifecycleConfiguration",
        ("GET", false) if asks("encryption") => "GetBucketEncryption",
        ("GET", false) if asks("policy") => "GetBucketPolicy",
        ("GET", false) if asks("tagging") => "GetBucketTagging",
        ("GET", false) if asks("website") => "GetBucketWebsite",
        ("GET", false) if asks("acl") => "GetBucketAcl",
        ("POST", false) if asks("delete") => "DeleteObjects",
        ("HEAD", false) => "HeadBucket",
        ("PUT", false) if query.is_empty() || asks("x-id") => "CreateBucket",
        ("PUT", false) if asks("publicAccessBlock") => "PutPublicAccessBlock",
        ("PUT", false) if asks("ownershipControls") => "PutBucketOwnershipControls",
        ("PUT", false) if asks("versioning") => "PutBucketVersioning",
        ("PUT", false) if asks("lifecycle") => "PutBucketLifecycleConfiguration",
        ("PUT", false) if asks("encryption") => "PutBucketEncryption",
        ("PUT", false) if asks("policy") => "PutBucketPolicy",
        ("PUT", false) if asks("tagging") => "PutBucketTagging",
        ("PUT", false) if asks("acl") => "PutBucketAcl",
        ("DELETE", false) if asks("policy") => "DeleteBucketPolicy",
        ("DELETE", false) if asks("website") => "DeleteBucketWebsite",
        ("DELETE", false) if query.is_empty() => "DeleteBucket",
        ("GET", true) if asks("uploadId") => "ListParts",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("PUT", true) if asks("partNumber") => "UploadPart",
        ("PUT", true) if headers.contains_key("x-amz-copy-source") => "CopyObject",
        ("PUT", true) => "PutObject",
        ("POST", true) if asks("uploads") => "CreateMultipartUpload",
        ("POST", true) if asks("uploadId") => "CompleteMultipartUpload",
        ("DELETE", true) if asks("uploadId") => "AbortMultipartUpload",
        ("DELETE", true) => "DeleteObject",
        _ => "another call of S3",
    }
}
