//! Bucket policies: checked as S3 checks them before it takes them, and kept as they were written.

use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, dto::*, s3_error};
use serde_json::Value;

use crate::local::resources;

use super::{
    LocalS3,
    access_settings::PublicAccessBlock,
    configuration::{POLICY, malformed_policy},
    versions,
};

/// The longest policy (S3 User Guide, "Bucket policies for Amazon S3"): 20 KB.
const MAX_BYTES: usize = 20 << 10;

/// The versions of the policy language (IAM User Guide, "IAM JSON policy elements: Version").
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

const STATEMENT_FIELDS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Actions on objects whose names do not say so, and on buckets whose names say they are not (Service Authorization
/// Reference, "Actions, resources, and condition keys for Amazon S3").
const OF_OBJECTS: [&str; 5] = [
    "AbortMultipartUpload",
    "ListMultipartUploadParts",
    "BypassGovernanceRetention",
    "ReplicateDelete",
    "ReplicateTags",
];
const OF_BUCKETS: [&str; 2] = ["GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"];

/// The texts of a string or of a list of strings; `None` of anything else.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// The policy's statements, when S3 would take it for `bucket`.
fn checked(policy: &str, bucket: &str) -> S3Result<Vec<Value>> {
    if !policy.trim_start().starts_with('{') {
        return Err(malformed_policy("Policies must be valid JSON and the first byte must be '{'"));
    }
    if policy.len() > MAX_BYTES {
        return Err(malformed_policy("Policy document exceeds the maximum allowed document size of 20480 bytes"));
    }
    let document: Value =
        serde_json::from_str(policy).map_err(|_| malformed_policy("This policy contains invalid Json"))?;
    let fields = document.as_object().ok_or_else(|| malformed_policy("This policy contains invalid Json"))?;
    if let Some(unknown) = fields.keys().find(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        return Err(malformed_policy(format!("Unknown field {unknown}")));
    }
    if fields.get("Version").is_some_and(|version| version.as_str().is_none_or(|text| !VERSIONS.contains(&text))) {
        return Err(malformed_policy("The policy must contain a valid version string"));
    }
    let statements = match fields.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        Some(_) => return Err(malformed_policy("Could not parse the policy: Statement is empty!")),
        None => return Err(malformed_policy("Missing required field Statement")),
    };
    statements.iter().try_for_each(|statement| check_statement(statement, bucket))?;
    Ok(statements)
}

fn check_statement(statement: &Value, bucket: &str) -> S3Result<()> {
    let fields = statement.as_object().ok_or_else(|| malformed_policy("Could not parse the policy: Statement"))?;
    if let Some(unknown) = fields.keys().find(|name| !STATEMENT_FIELDS.contains(&name.as_str())) {
        return Err(malformed_policy(format!("Unknown field {unknown}")));
    }
    let either = |name: &'static str, not: &'static str| match (fields.get(name), fields.get(not)) {
        (Some(value), None) | (None, Some(value)) => Ok(value),
        (None, None) => Err(malformed_policy(format!("Missing required field {name}"))),
        (Some(_), Some(_)) => Err(malformed_policy(format!("Policy cannot contain both {name} and {not}"))),
    };
    match fields.get("Effect").map(Value::as_str) {
        Some(Some("Allow" | "Deny")) => {}
        None => return Err(malformed_policy("Missing required field Effect")),
        Some(other) => return Err(malformed_policy(format!("Invalid effect: {}", other.unwrap_or_default()))),
    }
    if !is_principal(either("Principal", "NotPrincipal")?) {
        return Err(malformed_policy("Invalid principal in policy"));
    }
    let actions = texts(either("Action", "NotAction")?).filter(|actions| actions.iter().all(|text| is_action(text)));
    let actions = actions.ok_or_else(|| malformed_policy("Policy has invalid action"))?;
    let resources = texts(either("Resource", "NotResource")?)
        .filter(|resources| resources.iter().all(|resource| is_inside(resource, bucket)));
    let resources = resources.ok_or_else(|| malformed_policy("Policy has invalid resource"))?;
    let fits = |action: &str| resources.iter().any(|resource| applies(action, resource));
    if fields.contains_key("Action") && fields.contains_key("Resource") && !actions.iter().all(|action| fits(action)) {
        return Err(malformed_policy("Action does not apply to any resource(s) in statement"));
    }
    match fields.get("Condition") {
        Some(condition) if !is_condition(condition) => Err(malformed_policy("Policy has an invalid condition")),
        _ => Ok(()),
    }
}

/// IAM User Guide, "AWS JSON policy elements: Principal".
fn is_principal(principal: &Value) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_of = |kind: &str, text: &str| match kind {
        "AWS" => {
            text == "*" || is_account(text) || text.starts_with("arn:aws:iam::") || text.starts_with("arn:aws:sts::")
        }
        "Service" => text.ends_with(".amazonaws.com"),
        "Federated" => !text.is_empty(),
        "CanonicalUser" => text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    };
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => {
            !kinds.is_empty()
                && kinds.iter().all(|(kind, names)| {
                    texts(names).is_some_and(|names| !names.is_empty() && names.iter().all(|name| is_of(kind, name)))
                })
        }
        _ => false,
    }
}

fn is_action(action: &str) -> bool {
    let name = action.get(..3).filter(|service| service.eq_ignore_ascii_case("s3:")).map(|_| &action[3..]);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?');
    action == "*" || name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_part))
}

/// The part of an ARN behind the bucket's name, when it names this bucket: empty, `/...`, or a pattern.
fn behind<'a>(resource: &'a str, bucket: &str) -> Option<&'a str> {
    resource.strip_prefix("arn:aws:s3:::")?.strip_prefix(bucket)
}

fn is_inside(resource: &str, bucket: &str) -> bool {
    behind(resource, bucket).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
}

/// Whether the action is one on what the resource names: objects have a `/` in theirs.
fn applies(action: &str, resource: &str) -> bool {
    let Some((_, name)) = action.split_once(':').filter(|(_, name)| !name.contains(['*', '?'])) else { return true };
    let named = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let on_objects = !named(&OF_BUCKETS) && (name.to_ascii_lowercase().contains("object") || named(&OF_OBJECTS));
    let is_object = resource.contains('/');
    let is_pattern = !is_object && resource.ends_with('*');
    is_pattern || on_objects == is_object
}

/// `{OPERATOR: {KEY: VALUES}}`.
fn is_condition(condition: &Value) -> bool {
    let is_value = |value: &Value| value.is_string() || value.is_boolean() || value.is_number();
    let is_values = |value: &Value| is_value(value) || value.as_array().is_some_and(|all| all.iter().all(is_value));
    condition.as_object().is_some_and(|operators| {
        operators.values().all(|keys| keys.as_object().is_some_and(|keys| keys.values().all(is_values)))
    })
}

/// Whether a statement lets in the public (S3 User Guide, "The meaning of public").
fn is_public(statement: &Value) -> bool {
    /// The keys that, fixed to values without wildcards, make a policy not public.
    const FIXING: [&str; 12] = [
        "aws:principalorgid",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceip",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ];
    let anybody = match &statement["Principal"] {
        Value::Object(kinds) => kinds.get("AWS").and_then(texts).is_some_and(|names| names.contains(&"*")),
        principal => principal == "*",
    };
    let fixes = |key: &str, values: &Value| {
        FIXING.contains(&key.to_ascii_lowercase().as_str())
            && texts(values).is_some_and(|values| !values.is_empty() && values.iter().all(|text| !text.contains('*')))
    };
    let is_positive = |operator: &str| !operator.contains("Not") && !operator.ends_with("IfExists");
    let fixed = statement["Condition"].as_object().is_some_and(|operators| {
        operators
            .iter()
            .filter(|(operator, _)| is_positive(operator))
            .any(|(_, keys)| keys.as_object().is_some_and(|keys| keys.iter().any(|(key, values)| fixes(key, values))))
    });
    statement["Effect"] == "Allow" && (anybody || statement.get("NotPrincipal").is_some()) && !fixed
}

fn no_policy() -> S3Error {
    S3Error::with_message(S3ErrorCode::NoSuchBucketPolicy, "The bucket policy does not exist")
}

impl LocalS3 {
    pub(crate) async fn put_bucket_policy(
        &self,
        request: S3Request<PutBucketPolicyInput>,
    ) -> S3Result<PutBucketPolicyOutput> {
        let PutBucketPolicyInput { bucket, policy, .. } = request.input;
        self.configure(POLICY, bucket, policy, |tx, bucket, policy| {
            let statements = checked(policy, bucket)?;
            let blocked = PublicAccessBlock::of(tx, bucket)?.block_public_policy;
            if blocked && statements.iter().any(is_public) {
                return Err(s3_error!(
                    AccessDenied,
                    "User is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{bucket}\" because \
                     public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
                )
                .into());
            }
            Ok(())
        })
        .await?;
        Ok(PutBucketPolicyOutput {})
    }

    pub(crate) async fn get_bucket_policy(
        &self,
        request: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<GetBucketPolicyOutput> {
        let policy: Option<String> = self.configuration(POLICY, request.input.bucket).await?;
        Ok(GetBucketPolicyOutput { policy: Some(policy.ok_or_else(no_policy)?) })
    }

    pub(crate) async fn delete_bucket_policy(
        &self,
        request: S3Request<DeleteBucketPolicyInput>,
    ) -> S3Result<DeleteBucketPolicyOutput> {
        self.unconfigure(POLICY, request.input.bucket).await?;
        Ok(DeleteBucketPolicyOutput {})
    }

    pub(crate) async fn get_bucket_policy_status(
        &self,
        request: S3Request<GetBucketPolicyStatusInput>,
    ) -> S3Result<GetBucketPolicyStatusOutput> {
        let bucket = request.input.bucket;
        let public = self
            .read(move |tx, _| {
                versions::Bucket::get(tx, &bucket)?;
                let policy: String = resources::get(tx, POLICY, &bucket)?.ok_or_else(no_policy)?;
                Ok(checked(&policy, &bucket)?.iter().any(is_public))
            })
            .await?;
        Ok(GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public: Some(public) }) })
    }
}
