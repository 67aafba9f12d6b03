//! Policy documents: what this tool writes, and what others' documents allow.
//!
//! Served are the site's own folder and `previews/`; `.cruddur-site/` with manifests and the lock is the deployer's alone.

mod evaluate;
mod public;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::{request::Deployer, site::Site};

pub use evaluate::{Decision, Principal, allows};
pub use public::{is_public, opens_to_the_world};

/// The principal that CloudFront reads buckets and keys as (CloudFront Developer Guide, "Restrict access to an Amazon S3
/// origin").
pub const CLOUDFRONT: &str = "cloudfront.amazonaws.com";

/// What the ids of this tool's statements begin with.
pub const SID_PREFIX: &str = "CruddurSite";

/// The issuer of GitHub's tokens, which is also its provider's name in IAM (GitHub docs, "Configuring OpenID Connect in
/// Amazon Web Services").
pub const GITHUB_ISSUER: &str = "token.actions.githubusercontent.com";

/// The audience of tokens for AWS (same page).
pub const AUDIENCE: &str = "sts.amazonaws.com";

/// The folder of manifests, releases and the lock.
const STATE: &str = ".cruddur-site";
/// The folder of preview releases.
const PREVIEWS: &str = "previews";
/// What the id of the statement that lets the distribution read ends with.
const READ: &str = "Read";

/// The policy of the site's bucket: CloudFront reads the served folders for this distribution, and nobody the state.
///
/// Statements of `existing` stay where they are, but for this tool's own (those whose `Sid` begins with
/// [`SID_PREFIX`]), which are replaced whatever distribution they were for. With `closing` nobody is let in any more whom
/// the site does not need: the world ([`is_public`]) and origin access identities, which access control replaces.
pub fn bucket_policy(site: &Site, distribution_arn: &str, existing: Option<&Value>, closing: bool) -> Value {
    moving_policy(site, &[], distribution_arn, existing, closing)
}

/// [`bucket_policy`] while the site moves within its bucket: edges that are not told yet go on reading the folders
/// `former`, without slashes at their ends.
pub fn moving_policy(
    site: &Site,
    former: &[String],
    distribution_arn: &str,
    existing: Option<&Value>,
    closing: bool,
) -> Value {
    let prefixes: Vec<_> = std::iter::once(site.prefix.as_str()).chain(former.iter().map(String::as_str)).collect();
    policy_of_prefixes(&site.bucket_arn(), &prefixes, distribution_arn, existing, closing)
}

/// [`bucket_policy`] of any bucket of which `prefix`, without slashes at its ends, is served.
pub fn policy_of_bucket(
    bucket_arn: &str,
    prefix: &str,
    distribution_arn: &str,
    existing: Option<&Value>,
    closing: bool,
) -> Value {
    policy_of_prefixes(bucket_arn, &[prefix], distribution_arn, existing, closing)
}

/// The distribution that a policy of ours lets in, by its ARN, with the folders it may read beside the previews; `""`
/// for the whole bucket.
pub fn readable(bucket_arn: &str, policy: &Value) -> Option<(String, Vec<String>)> {
    let statements = statements(policy.get("Statement"));
    let read = statements.iter().find(|statement| statement["Sid"] == format!("{SID_PREFIX}{READ}"))?;
    let arn = one_or_many(read["Condition"]["StringEquals"].get("AWS:SourceArn")).next()?.as_str()?;
    let folder = |resource: &Value| {
        let path = resource.as_str()?.strip_prefix(bucket_arn)?.strip_prefix('/')?.strip_suffix('*')?;
        Some(path.trim_end_matches('/').to_owned())
    };
    let mut folders: Vec<_> = one_or_many(read.get("Resource")).filter_map(folder).collect();
    folders.sort();
    if folders.len() > 1 {
        folders.retain(|folder| folder != PREVIEWS);
    }
    Some((arn.to_owned(), folders))
}

fn policy_of_prefixes(
    bucket_arn: &str,
    prefixes: &[&str],
    distribution_arn: &str,
    existing: Option<&Value>,
    closing: bool,
) -> Value {
    let mut document = existing.and_then(Value::as_object).cloned().unwrap_or_default();
    document.entry("Version").or_insert_with(|| "2012-10-17".into());
    let theirs = statements(document.get("Statement"));
    let place = theirs.iter().position(is_own).unwrap_or(theirs.len());
    let keep = |statement: &Value| (!is_own(statement)).then(|| statement.clone());
    let close = |statement: Value| if closing { public::closed(statement) } else { Some(statement) };
    let kept = |part: &[Value]| part.iter().filter_map(keep).filter_map(close).collect::<Vec<_>>();
    let mut all = kept(&theirs[..place]);
    all.extend(bucket_statements(bucket_arn, prefixes, distribution_arn));
    all.extend(kept(&theirs[place..]));
    document.insert("Statement".to_owned(), all.into());
    Value::Object(document)
}

fn bucket_statements(bucket: &str, prefixes: &[&str], distribution_arn: &str) -> [Value; 3] {
    let folders = served_of(prefixes);
    let folders = || folders.iter().copied();
    let for_us = json!({ "AWS:SourceArn": distribution_arn });
    // Without the permission to list, S3 answers 403 for an object that is missing (S3 API Reference, `GetObject`). It then
    // asks that permission with the key as `s3:prefix`: not documented, but what RGW found S3 to do and does as well
    // (ceph/ceph#68577). `IfExists` makes 404s true whether or not S3 goes on doing so.
    //
    // A listing cannot be asked for through the distribution as long as the origin has a path. Where the bucket's root is
    // served, a request for `/` would be one if the default root object were ever taken away, so that there the key must
    // be named, whatever becomes of 404s.
    let listing = if prefixes.contains(&"") {
        json!({ "StringEquals": for_us, "StringLike": { "s3:prefix": "?*" } })
    } else {
        json!({ "StringEquals": for_us, "StringLikeIfExists": { "s3:prefix": wildcards("", folders()) } })
    };
    let statement = |sid: &str, effect: &str, action: &str, resource: Value| {
        json!({
            "Sid": format!("{SID_PREFIX}{sid}"),
            "Effect": effect,
            "Principal": { "Service": CLOUDFRONT },
            "Action": action,
            "Resource": resource,
        })
    };
    let mut read = statement(READ, "Allow", "s3:GetObject", wildcards(&format!("{bucket}/"), folders()));
    read["Condition"] = json!({ "StringEquals": for_us });
    let mut list = statement("List", "Allow", "s3:ListBucket", bucket.into());
    list["Condition"] = listing;
    // For every distribution: neither a statement of somebody else nor a bucket served from its root opens the state.
    let state = statement("State", "Deny", "s3:GetObject", format!("{bucket}/{STATE}/*").into());
    [read, list, state]
}

/// What the policy of the site's key needs, so that CloudFront can read what S3 encrypts with it (CloudFront Developer
/// Guide, "Restrict access to an Amazon S3 origin", "SSE-KMS"). Reading needs no more than to decrypt.
pub fn kms_statement(distribution_arn: &str) -> Value {
    json!({
        "Sid": format!("{SID_PREFIX}Decrypt"),
        "Effect": "Allow",
        "Principal": { "Service": CLOUDFRONT },
        "Action": "kms:Decrypt",
        // In a key's policy this is the key itself.
        "Resource": "*",
        "Condition": { "StringEquals": { "AWS:SourceArn": distribution_arn } },
    })
}

/// The ARN of the account's provider for GitHub's tokens.
pub fn github_provider_arn(site: &Site) -> String {
    format!("arn:{}:iam::{}:oidc-provider/{GITHUB_ISSUER}", site.account.partition, site.account.id)
}

/// Who may take the deploy role on: workflow runs whose token has exactly the deployer's subject.
pub fn trust(site: &Site, deployer: &Deployer) -> Value {
    let mut token = Map::new();
    token.insert(format!("{GITHUB_ISSUER}:aud"), AUDIENCE.into());
    token.insert(format!("{GITHUB_ISSUER}:sub"), deployer.subject().into());
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": format!("{SID_PREFIX}Deployer"),
            "Effect": "Allow",
            "Principal": { "Federated": github_provider_arn(site) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": token },
        }],
    })
}

/// The least that publishing and rolling back need: the folders of the site and its state, and the one distribution.
pub fn deploy_policy(site: &Site, distribution_id: &str) -> Value {
    let bucket = site.bucket_arn();
    let folders = served(site.prefix.as_str()).chain([STATE]);
    let mut statements = vec![
        json!({
            "Sid": format!("{SID_PREFIX}List"),
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
            "Resource": bucket,
            // Without it a manifest that is not there yet would be forbidden and not missing. Listings of uploads have no
            // such key (Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3").
            "Condition": { "StringLikeIfExists": { "s3:prefix": wildcards("", folders.clone()) } },
        }),
        json!({
            "Sid": format!("{SID_PREFIX}Objects"),
            "Effect": "Allow",
            "Action": [
                "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject",
                "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
            ],
            "Resource": wildcards(&format!("{bucket}/"), folders),
        }),
        json!({
            "Sid": format!("{SID_PREFIX}Distribution"),
            "Effect": "Allow",
            "Action": ["cloudfront:GetDistribution", "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
            "Resource": site.distribution_arn(distribution_id),
        }),
        json!({
            "Sid": format!("{SID_PREFIX}Find"),
            "Effect": "Allow",
            "Action": "cloudfront:ListDistributions",
            // It can be allowed for all or not at all (Service Authorization Reference, "Amazon CloudFront").
            "Resource": "*",
        }),
    ];
    if let Some(key) = &site.kms_key {
        let suffix = if site.account.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        statements.push(json!({
            "Sid": format!("{SID_PREFIX}Key"),
            "Effect": "Allow",
            // Parts of an upload are decrypted when they are put together (S3 User Guide, "Multipart upload API and
            // permissions").
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": key,
            "Condition": { "StringEquals": { "kms:ViaService": format!("s3.{}.{suffix}", site.region) } },
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Whether two documents say the same: AWS gives back a list of one as that one, and may order lists anew.
pub fn is_same(one: &Value, other: &Value) -> bool {
    fn normal(value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(normal).collect();
                items.sort_by_cached_key(Value::to_string);
                if items.len() == 1 { items.remove(0) } else { items.into() }
            }
            Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), normal(value))).collect(),
            other => other.clone(),
        }
    }
    normal(one) == normal(other)
}

/// The folders that CloudFront may read; `""` for the whole bucket.
fn served(prefix: &str) -> impl Iterator<Item = &str> + Clone {
    // The root contains the previews.
    std::iter::once(prefix).chain((!prefix.is_empty() && prefix != PREVIEWS).then_some(PREVIEWS))
}

/// [`served`] of several prefixes, each folder once.
fn served_of<'a>(prefixes: &[&'a str]) -> Vec<&'a str> {
    let mut folders = Vec::new();
    for folder in prefixes.iter().flat_map(|prefix| served(prefix)) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// `[START FOLDER/*, ...]`; the whole bucket makes every other folder superfluous.
fn wildcards<'a>(start: &str, folders: impl Iterator<Item = &'a str> + Clone) -> Value {
    if folders.clone().any(str::is_empty) {
        return format!("{start}*").into();
    }
    folders.map(|folder| format!("{start}{folder}/*")).collect()
}

/// A document's statements: it may have one instead of a list.
fn statements(statement: Option<&Value>) -> Vec<Value> {
    one_or_many(statement).cloned().collect()
}

/// One value or a list of them, as policies may have it nearly everywhere.
pub(crate) fn one_or_many(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Some(Value::Array(list)) => (list.as_slice(), None),
        other => (&[][..], other),
    };
    list.iter().chain(one)
}

fn is_own(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|sid| sid.starts_with(SID_PREFIX))
}
