//! What a call must be allowed: Service Authorization Reference, "Actions, resources, and condition keys" of each service.

use cruddur_site::setup::policy::{Decision, Principal, allows};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::support::{operations::Service, proxy::Call};

/// One thing that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `s3:GetObject`.
    pub action: String,
    /// The ARN of what it is asked on; `*` where the service knows no such thing.
    pub resource: String,
    /// The keys of its context that conditions are about.
    pub context: Vec<(&'static str, String)>,
}

impl Asked {
    /// One without a context.
    pub fn on(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: Vec::new() }
    }

    /// Whether an identity with this document may.
    pub fn is_allowed(&self, document: &Value) -> bool {
        let context: Vec<(&str, &str)> = self.context.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let who = Principal::Aws("arn:aws:iam::000000000000:role/whoever");
        allows(&[document], who, &self.action, &self.resource, &context) == Decision::Allowed
    }
}

/// Everything that a call must be allowed, in an account of this number.
///
/// # Panics
/// For a call that is not known: one that nobody has looked up.
pub fn asked(call: &Call, account: &str) -> Vec<Asked> {
    assert!(!call.operation.starts_with("another call"), "{} {}", call.operation, call.path);
    match call.service {
        Service::S3 => s3(call),
        Service::CloudFront => cloudfront(call, account),
        Service::Route53 => route53(call),
        Service::Acm => acm(call),
        Service::Iam => iam(call, account),
        // "No permissions are required" (STS API reference, GetCallerIdentity).
        Service::Sts if call.operation == "GetCallerIdentity" => Vec::new(),
        Service::Sts => vec![Asked::on(format!("sts:{}", call.operation), "*")],
    }
}

/// The value of a parameter of the query.
fn parameter(call: &Call, name: &str) -> Option<String> {
    let query = call.path.split_once('?')?.1;
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The texts between a tag and its end.
fn elements(call: &Call, tag: &str) -> Vec<String> {
    let body = String::from_utf8_lossy(&call.body);
    let begins = format!("<{tag}>");
    let texts = body.split(&begins).skip(1);
    texts.filter_map(|text| text.split("</").next().map(|text| text.replace("&amp;", "&"))).collect()
}

fn s3(call: &Call) -> Vec<Asked> {
    let path = call.path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let bucket = format!("arn:aws:s3:::{}", path.split('/').next().unwrap_or_default());
    let object = format!("{bucket}/{}", call.key);
    let on_bucket = |action: &str| vec![Asked::on(format!("s3:{action}"), &bucket)];
    let on_object = |action: &str| vec![Asked::on(format!("s3:{action}"), &object)];
    let listing = |action: &str| {
        let prefix = parameter(call, "prefix").unwrap_or_default();
        vec![Asked { context: vec![("s3:prefix", prefix)], ..Asked::on(format!("s3:{action}"), &bucket) }]
    };
    match call.operation {
        "HeadBucket" => on_bucket("ListBucket"),
        "ListObjectsV2" => listing("ListBucket"),
        "ListObjectVersions" => listing("ListBucketVersions"),
        // Listings of uploads have no `s3:prefix`.
        "ListMultipartUploads" => on_bucket("ListBucketMultipartUploads"),
        "ListParts" => on_object("ListMultipartUploadParts"),
        "GetObject" | "HeadObject" if parameter(call, "versionId").is_some() => on_object("GetObjectVersion"),
        "GetObject" | "HeadObject" => on_object("GetObject"),
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => on_object("PutObject"),
        "CopyObject" => {
            let source = call.headers["x-amz-copy-source"].to_str().unwrap().trim_start_matches('/');
            let source = percent_decode_str(source).decode_utf8_lossy();
            vec![Asked::on("s3:GetObject", format!("arn:aws:s3:::{source}")), Asked::on("s3:PutObject", &object)]
        }
        "DeleteObjects" => {
            let action = if elements(call, "VersionId").is_empty() { "DeleteObject" } else { "DeleteObjectVersion" };
            let keys = elements(call, "Key").into_iter();
            keys.map(|key| Asked::on(format!("s3:{action}"), format!("{bucket}/{key}"))).collect()
        }
        "DeleteObject" | "AbortMultipartUpload" => on_object(call.operation),
        "CreateBucket" => {
            let mut all = on_bucket("CreateBucket");
            if call.headers.contains_key("x-amz-object-ownership") {
                all.extend(on_bucket("PutBucketOwnershipControls"));
            }
            all
        }
        "GetPublicAccessBlock" => on_bucket("GetBucketPublicAccessBlock"),
        "PutPublicAccessBlock" => on_bucket("PutBucketPublicAccessBlock"),
        "GetBucketLifecycleConfiguration" => on_bucket("GetLifecycleConfiguration"),
        "PutBucketLifecycleConfiguration" => on_bucket("PutLifecycleConfiguration"),
        "GetBucketEncryption" => on_bucket("GetEncryptionConfiguration"),
        "PutBucketEncryption" => on_bucket("PutEncryptionConfiguration"),
        // The others are called as their permissions are.
        operation => on_bucket(operation),
    }
}

fn cloudfront(call: &Call, account: &str) -> Vec<Asked> {
    let arn = |kind: &str, id: &str| format!("arn:aws:cloudfront::{account}:{kind}/{id}");
    let parts: Vec<&str> = call.key.split('/').collect();
    let named = parts.get(1).copied().filter(|name| !name.is_empty());
    let action = |name: &str| format!("cloudfront:{name}");
    match (call.operation, parts[0]) {
        ("CreateDistributionWithTags", _) => vec![
            Asked::on(action("CreateDistribution"), arn("distribution", "*")),
            Asked::on(action("TagResource"), arn("distribution", "*")),
        ],
        ("TagResource" | "UntagResource" | "ListTagsForResource", _) => {
            vec![Asked::on(action(call.operation), parameter(call, "Resource").unwrap())]
        }
        (operation, kind @ ("distribution" | "function" | "origin-access-control")) => {
            vec![Asked::on(action(operation), named.map_or("*".to_owned(), |id| arn(kind, id)))]
        }
        (operation, _) => vec![Asked::on(action(operation), "*")],
    }
}

fn route53(call: &Call) -> Vec<Asked> {
    let parts: Vec<&str> = call.key.split('/').collect();
    let resource = match parts.as_slice() {
        ["hostedzone", id, ..] | ["tags", "hostedzone", id] if !id.is_empty() => {
            format!("arn:aws:route53:::hostedzone/{id}")
        }
        ["change", id] => format!("arn:aws:route53:::change/{id}"),
        _ => "*".to_owned(),
    };
    vec![Asked::on(format!("route53:{}", call.operation), resource)]
}

fn acm(call: &Call) -> Vec<Asked> {
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let resource = body["CertificateArn"].as_str().unwrap_or("*");
    let mut all = vec![Asked::on(format!("acm:{}", call.operation), resource)];
    if call.operation == "RequestCertificate" && body["Tags"].is_array() {
        all.push(Asked::on("acm:AddTagsToCertificate", resource));
    }
    all
}

fn iam(call: &Call, account: &str) -> Vec<Asked> {
    let form: Vec<_> = url::form_urlencoded::parse(&call.body).into_owned().collect();
    let member = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let role = member("RoleName").map(|name| format!("arn:aws:iam::{account}:role/{name}"));
    let arn = member("OpenIDConnectProviderArn").or(member("PolicyArn")).or(member("PolicySourceArn"));
    let made = member("Url").map(|url| {
        let host = url.trim_start_matches("https://");
        format!("arn:aws:iam::{account}:oidc-provider/{host}")
    });
    let resource = role.or(arn).or(made).unwrap_or("*".to_owned());
    let mut all = vec![Asked::on(format!("iam:{}", call.operation), &resource)];
    if form.iter().any(|(key, _)| key.starts_with("Tags.")) {
        let tag = match call.operation {
            "CreateRole" => Some("TagRole"),
            "CreateOpenIDConnectProvider" => Some("TagOpenIDConnectProvider"),
            _ => None,
        };
        all.extend(tag.map(|tag| Asked::on(format!("iam:{tag}"), &resource)));
    }
    all
}
