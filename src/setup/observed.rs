//! What is there, as AWS tells it: plain values that the AWS layer fills and planning and doctor read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{request::PriceClass, site::Account};

/// Everything that was looked at for one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account of the credentials.
    pub account: Account,
    /// The bucket, where there is one of that name that is ours.
    pub bucket: Option<Bucket>,
    /// The certificates of us-east-1 that name any of the site's names.
    pub certificates: Vec<Certificate>,
    /// Origin access controls: the one of the distribution's origin and the one that bears our name.
    pub access_controls: Vec<AccessControl>,
    /// The viewer-request function that bears our name, or the one that is associated.
    pub function: Option<Function>,
    /// The site's distribution.
    pub distribution: Option<Distribution>,
    /// Names of the site that other distributions have: the name, and the distribution as far as it is visible.
    pub taken: Vec<(String, String)>,
    /// Every public hosted zone of the account that is a suffix of one of the site's names.
    pub zones: Vec<Zone>,
    /// The names of every public hosted zone, to find what a mistyped domain could have meant.
    pub zone_names: Vec<String>,
    /// The records of the site's names (and of the certificate's validation) in the zones that were chosen for them.
    pub records: Vec<ZoneRecord>,
    /// The names of the site that public DNS already leads to the distribution. Looked at where the DNS is kept
    /// elsewhere, and empty otherwise.
    pub resolved: Vec<String>,
    /// The identity provider for GitHub's tokens.
    pub provider: Option<OidcProvider>,
    /// The role that bears our name.
    pub role: Option<Role>,
}

/// Key-value tags.
pub type Tags = BTreeMap<String, String>;

/// A bucket's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// `[BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets]`; all false where nothing is set.
    pub public_access_block: [bool; 4],
    /// `BucketOwnerEnforced` and the like; `None` where nothing is set, which means ACLs are in force.
    pub ownership: Option<String>,
    /// Whether overwritten objects are kept as versions.
    pub versioning: bool,
    /// Its lifecycle rules.
    pub lifecycle: Vec<LifecycleRule>,
    /// Its default encryption.
    pub encryption: Option<Encryption>,
    /// Its policy, as JSON.
    pub policy: Option<Value>,
    /// Its tags.
    pub tags: Tags,
    /// Whether website hosting is on.
    pub website: bool,
    /// Whether the served prefix has any object, and whether the bucket has any at all.
    pub has_site: bool,
    /// Whether the bucket has any object or version.
    pub is_empty: bool,
}

/// One lifecycle rule, as far as this tool owns or judges it. `raw` is the rule as the SDK gave it, kept by the AWS
/// layer under the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Its id.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// The prefix it is for; empty for the whole bucket. Rules that filter by more (tags, size) have `narrowed`.
    pub prefix: String,
    /// Whether it is for certain tags or sizes only.
    pub narrowed: bool,
    /// Days (or a date, as `Some(0)`) after which current objects are deleted.
    pub expire_days: Option<u32>,
    /// Days after which superseded versions are deleted.
    pub old_version_days: Option<u32>,
    /// How many superseded versions are kept whatever their age.
    pub keep_old_versions: Option<u32>,
    /// Days after which incomplete multipart uploads are aborted.
    pub abort_upload_days: Option<u32>,
    /// Whether delete markers that hide nothing are removed.
    pub expire_delete_markers: bool,
}

/// A bucket's default encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The key of KMS; `None` for the account's default key.
    pub kms_key: Option<String>,
    /// Whether a bucket key saves requests to KMS.
    pub bucket_key: bool,
}

/// A certificate of ACM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// Its region.
    pub region: String,
    /// `ISSUED`, `PENDING_VALIDATION`, `FAILED`, `VALIDATION_TIMED_OUT`, `EXPIRED`, `REVOKED`, `INACTIVE`.
    pub status: String,
    /// Why it failed, in AWS's code: `CAA_ERROR` and the like.
    pub failure: Option<String>,
    /// Every name it covers; wildcards as `*.example.com`.
    pub names: Vec<String>,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: String,
    /// `RSA_2048` and the like.
    pub key_algorithm: String,
    /// When it was asked for, in seconds since 1970.
    pub requested: Option<i64>,
    /// When it ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// What proves each name, as far as AWS has told yet.
    pub validations: Vec<Validation>,
    /// ARNs of what uses it.
    pub used_by: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// What proves one name of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The name.
    pub domain: String,
    /// `DNS` or `EMAIL`.
    pub method: String,
    /// `PENDING_VALIDATION`, `SUCCESS` or `FAILED`.
    pub status: String,
    /// The CNAME record: its name and value. Absent until ACM has made it up.
    pub record: Option<(String, String)>,
}

/// An origin access control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControl {
    /// Its id.
    pub id: String,
    /// The ETag to update or delete it with.
    pub etag: String,
    /// Its name.
    pub name: String,
    /// `s3`, `mediastore`, `lambda`...
    pub origin_type: String,
    /// `always`, `never`, `no-override`.
    pub signing_behavior: String,
    /// `sigv4`.
    pub signing_protocol: String,
}

/// A CloudFront Function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The ETag of its DEVELOPMENT stage, to update, publish or delete it with.
    pub etag: String,
    /// The code of the DEVELOPMENT stage.
    pub code: String,
    /// The code of the LIVE stage, once it was published.
    pub live_code: Option<String>,
    /// `cloudfront-js-2.0`.
    pub runtime: String,
}

/// The parts of a distribution's configuration that this tool owns or judges; the rest stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `NAME.cloudfront.net`.
    pub domain_name: String,
    /// The ETag to update it with.
    pub etag: String,
    /// Whether every edge has the last change.
    pub deployed: bool,
    /// Whether it answers at all.
    pub enabled: bool,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// Its comment.
    pub comment: String,
    /// The object for `/`; empty for none.
    pub default_root_object: String,
    /// The origin of the default behavior.
    pub origin: Origin,
    /// The default behavior.
    pub behavior: Behavior,
    /// The other behaviors by path pattern, in their order, each with its origin.
    pub behaviors: Vec<(String, Behavior, Origin)>,
    /// The certificate's ARN in ACM; `None` for CloudFront's own or one of IAM.
    pub certificate: Option<String>,
    /// `TLSv1.2_2021` and the like.
    pub minimum_tls: String,
    /// `sni-only` and the like; empty without a certificate of one's own.
    pub tls_support: String,
    /// `http2and3` and the like, in lower case.
    pub http_version: String,
    /// Whether it has IPv6 addresses.
    pub ipv6: bool,
    /// The edges that serve.
    pub price_class: Option<PriceClass>,
    /// Its custom error responses.
    pub error_responses: Vec<ErrorResponse>,
    /// The web ACL, an ARN or id; empty for none.
    pub web_acl: String,
    /// Its tags.
    pub tags: Tags,
}

/// An origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its id within the distribution.
    pub id: String,
    /// Its domain name.
    pub domain: String,
    /// Its path: empty or `/...`.
    pub path: String,
    /// Whether it is configured as an S3 origin (not as a custom one).
    pub is_s3: bool,
    /// The id of its origin access control; empty for none.
    pub access_control: String,
    /// The legacy origin access identity; empty for none.
    pub access_identity: String,
    /// `https-only` and the like, of a custom origin; empty otherwise.
    pub protocol_policy: String,
}

/// A cache behavior.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behavior {
    /// The id of its origin.
    pub origin: String,
    /// `redirect-to-https`, `https-only` or `allow-all`.
    pub viewer_protocol: String,
    /// The methods let through, sorted: `GET`, `HEAD`, ...
    pub methods: Vec<String>,
    /// The cache policy's id; empty where the legacy settings are used.
    pub cache_policy: String,
    /// The origin request policy's id; empty for none.
    pub origin_request_policy: String,
    /// The response headers policy's id; empty for none.
    pub response_headers_policy: String,
    /// Whether the edge compresses.
    pub compress: bool,
    /// The ARN of the viewer-request function; empty for none.
    pub viewer_request_function: String,
    /// Whether a Lambda@Edge function is associated with viewer-request, which excludes a CloudFront Function there.
    pub viewer_request_lambda: bool,
}

/// A custom error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The status the origin answered.
    pub error_code: u16,
    /// The page served instead, with a leading `/`; empty for none.
    pub page: String,
    /// The status the viewer gets; `None` for the origin's.
    pub response_code: Option<u16>,
    /// Seconds the edge keeps the error.
    pub minimum_ttl: u64,
}

/// A public hosted zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id without `/hostedzone/`.
    pub id: String,
    /// Its name without the final dot.
    pub name: String,
    /// Its name servers, without final dots.
    pub name_servers: Vec<String>,
    /// Whether public DNS delegates to one of them; `None` when public DNS could not be asked.
    pub delegated: Option<bool>,
    /// How many records it has, its own NS and SOA included.
    pub records: u64,
    /// Whether this tool asked for it, as its caller reference tells. Zones are tagged by a call of their own, so one that
    /// a run was cut off after making has no tags yet.
    pub is_ours: bool,
    /// Its tags.
    pub tags: Tags,
}

/// A record in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRecord {
    /// The zone's id.
    pub zone: String,
    /// The record set.
    pub record: Record,
}

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// Its name without the final dot, in lower case; `*` unescaped.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, ...
    pub kind: String,
    /// What it says.
    pub data: RecordData,
}

/// What a record set says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordData {
    /// Values, with the seconds they may be kept.
    Values {
        /// The values; names without their final dot.
        values: Vec<String>,
        /// Seconds.
        ttl: u64,
    },
    /// Whatever another name says.
    Alias {
        /// The name, without the final dot.
        target: String,
        /// The hosted zone of that name.
        zone: String,
        /// Whether the target's health is asked for.
        evaluate_health: bool,
    },
    /// A record set with a routing policy (weighted, by latency...), which is somebody's design and stays as it is.
    Routed,
}

/// An identity provider of IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its ARN.
    pub arn: String,
    /// The audiences it takes.
    pub audiences: Vec<String>,
}

/// A role of IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Who may take it on.
    pub trust: Value,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    /// Attached managed policies: ARN, and document.
    pub attached: Vec<(String, Value)>,
    /// Its tags.
    pub tags: Tags,
}
