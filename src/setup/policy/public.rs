//! Which statements open a bucket to the world.

use serde_json::{Map, Value};

use super::{one_or_many, statements};

/// Keys that narrow a statement for everybody to somebody, where their value is fixed (S3 User Guide, "Blocking public
/// access to your Amazon S3 storage", "The meaning of public").
const NARROWING: [&str; 12] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "aws:vpcsourceip",
];

/// Operators that hold a key to values. Those that end in `IfExists`, and negations, let everybody else in.
const HOLDING: [&str; 7] = [
    "stringequals",
    "stringequalsignorecase",
    "stringlike",
    "arnequals",
    "arnlike",
    "ipaddress",
    "foranyvalue:stringequals",
];

/// How the ARNs of origin access identities are told from users of an account (CloudFront Developer Guide, "Use an origin
/// access identity").
const ACCESS_IDENTITY: &str = ":iam::cloudfront:user/CloudFront Origin Access Identity ";

/// Whether a statement of a bucket policy allows something to everybody: its principal is `*`, and no condition holds it
/// to fixed values of a key that S3 takes for narrowing.
pub fn is_public(statement: &Value) -> bool {
    let everybody = statement.get("NotPrincipal").is_some() || is_everybody(statement.get("Principal"));
    statement["Effect"] == "Allow" && everybody && !is_narrowed(statement)
}

/// Whether a bucket policy is public as S3 judges it: any of its statements is.
pub fn opens_to_the_world(document: &Value) -> bool {
    statements(document.get("Statement")).iter().any(is_public)
}

/// What is left of a statement when neither the world nor origin access identities shall be let in any more.
pub(super) fn closed(mut statement: Value) -> Option<Value> {
    if statement["Effect"] != "Allow" {
        return Some(statement);
    }
    let public = is_public(&statement);
    if public && !statement["Principal"].is_object() {
        return None;
    }
    let Some(Value::Object(principals)) = statement.get_mut("Principal") else { return Some(statement) };
    let goes = |principal: &Value| {
        let arn = principal.as_str().unwrap_or_default();
        (public && arn == "*") || arn.contains(ACCESS_IDENTITY)
    };
    retain(principals, goes);
    (!principals.is_empty()).then_some(statement)
}

/// Takes out the AWS principals that go. A kind of which none is left goes as well.
fn retain(principals: &mut Map<String, Value>, goes: impl Fn(&Value) -> bool) {
    let Some(aws) = principals.get("AWS") else { return };
    let stay: Vec<_> = one_or_many(Some(aws)).filter(|principal| !goes(principal)).cloned().collect();
    if stay.is_empty() {
        principals.remove("AWS");
    } else if aws.is_array() {
        principals.insert("AWS".to_owned(), stay.into());
    }
}

fn is_everybody(principal: Option<&Value>) -> bool {
    match principal {
        Some(Value::Object(kinds)) => one_or_many(kinds.get("AWS")).any(|principal| principal == "*"),
        Some(principal) => principal == "*",
        None => false,
    }
}

fn is_narrowed(statement: &Value) -> bool {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    operators.filter(|(operator, _)| HOLDING.contains(&operator.to_ascii_lowercase().as_str())).any(|(_, keys)| {
        keys.as_object().into_iter().flatten().any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            NARROWING.contains(&key.as_str())
                && one_or_many(Some(values)).count() > 0
                && one_or_many(Some(values)).all(|value| value.as_str().is_some_and(|value| is_fixed(&key, value)))
        })
    })
}

/// Whether a value names something definite. Address ranges as wide as /7 of IPv4 or /31 of IPv6 are the world; access
/// points may have any name within one account; of a user id, the part before the session's name counts.
fn is_fixed(key: &str, value: &str) -> bool {
    match key {
        "aws:sourceip" | "aws:vpcsourceip" => {
            let (address, length) = value.split_once('/').unwrap_or((value, "128"));
            let least = if address.contains(':') { 32 } else { 8 };
            length.parse::<u8>().is_ok_and(|length| length >= least)
        }
        "s3:dataaccesspointarn" => {
            value.split(':').nth(4).is_some_and(|account| !account.is_empty() && !account.contains(['*', '?', '$']))
        }
        "aws:userid" => {
            let (id, session) = value.split_once(':').unwrap_or((value, ""));
            !id.contains(['*', '?', '$']) && !session.contains(['*', '?', '$'])
        }
        _ => !value.contains(['*', '?']) && !value.contains("${"),
    }
}
