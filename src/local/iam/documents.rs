//! Policy documents: checked before IAM takes them, and percent-encoded when it tells them.

use std::collections::HashSet;

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::local::{query::Refusal, xml::Element};

/// What stays as it is in a document that IAM tells: RFC 3986's unreserved characters (API reference, GetRole).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The versions of the policy language (IAM User Guide, "IAM JSON policy elements: Version").
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

const STATEMENT_FIELDS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// A document as an answer tells it.
pub(super) fn told(name: &'static str, document: &str) -> Element {
    Element::leaf(name, utf8_percent_encode(document, ENCODED))
}

/// The size that counts against quotas: without white space (IAM User Guide, "IAM and AWS STS quotas").
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", message)
}

/// Checks who may take a role on.
pub(super) fn check_trust(document: &str) -> Result<(), Refusal> {
    statements(document)?.iter().try_for_each(|statement| {
        let fields = fields(statement)?;
        if let Some(name) = ["Resource", "NotResource"].iter().find(|name| fields.contains_key(**name)) {
            return Err(malformed(format!("Has prohibited field {name}")));
        }
        match fields.get("Principal").or_else(|| fields.get("NotPrincipal")) {
            None => return Err(malformed("Missing required field Principal")),
            Some(principal) => check_principal(principal)?,
        }
        let is_of_sts = |action: &&str| *action == "*" || action.to_ascii_lowercase().starts_with("sts:");
        match actions(fields)? {
            actions if actions.iter().all(is_of_sts) => Ok(()),
            _ => Err(malformed("AssumeRole policy may only specify STS AssumeRole actions.")),
        }
    })
}

/// Checks what a role may do.
pub(super) fn check_permissions(document: &str) -> Result<(), Refusal> {
    let statements = statements(document)?;
    let mut ids = HashSet::new();
    for statement in &statements {
        let fields = fields(statement)?;
        if fields.contains_key("Principal") || fields.contains_key("NotPrincipal") {
            return Err(malformed("Policy document should not specify a principal."));
        }
        if !actions(fields)?.iter().all(|action| *action == "*" || is_of_a_service(action)) {
            return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
        }
        let resources = fields.get("Resource").or_else(|| fields.get("NotResource")).and_then(texts);
        let resources = resources.filter(|resources| !resources.is_empty());
        for resource in resources.ok_or_else(|| malformed("Policy statement must contain resources."))? {
            check_resource(resource)?;
        }
        if let Some(id) = fields.get("Sid").and_then(Value::as_str)
            && !ids.insert(id)
        {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

fn is_of_a_service(action: &str) -> bool {
    action.split_once(':').is_some_and(|(service, name)| {
        let is_service = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?');
        !service.is_empty() && service.bytes().all(is_service) && !name.is_empty() && name.bytes().all(is_name)
    })
}

fn check_resource(resource: &str) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let parts: Vec<_> = resource.splitn(6, ':').collect();
    let [arn, partition, service, _, _, rest] = parts[..] else {
        return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
    };
    if arn != "arn" || rest.is_empty() {
        return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
    }
    if !["aws", "*"].contains(&partition) {
        return Err(malformed(format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")));
    }
    if service.is_empty() || service.contains(['*', '?']) {
        return Err(malformed("Resource vendor must be fully qualified and cannot contain regexes."));
    }
    Ok(())
}

/// IAM User Guide, "AWS JSON policy elements: Principal".
fn check_principal(principal: &Value) -> Result<(), Refusal> {
    let invalid = |kind: &str, name: &str| malformed(format!("Invalid principal in policy: \"{kind}\":\"{name}\""));
    let kinds = match principal {
        Value::String(text) if text == "*" => return Ok(()),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        other => return Err(malformed(format!("AssumeRolepolicy contained an invalid principal: {other}."))),
    };
    for (kind, names) in kinds {
        let names = texts(names).ok_or_else(|| malformed("AssumeRolepolicy contained an invalid principal."))?;
        for name in names {
            let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
            let valid = match kind.as_str() {
                "AWS" => {
                    name == "*" || is_account || name.starts_with("arn:aws:iam::") || name.starts_with("arn:aws:sts::")
                }
                "Service" => name.ends_with(".amazonaws.com"),
                // Domain names of the well-known ones, ARNs of all others.
                "Federated" => name.starts_with("arn:aws:iam::") || (name.contains('.') && !name.contains([':', '/'])),
                _ => false,
            };
            if kind == "Federated" && !valid {
                return Err(malformed("Federated principals must be valid domain names or SAML metadata ARNs"));
            }
            if !valid {
                return Err(invalid(kind, name));
            }
        }
    }
    Ok(())
}

/// The texts of a string or of a list of strings; `None` of anything else.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn actions(fields: &Map<String, Value>) -> Result<Vec<&str>, Refusal> {
    let actions = fields.get("Action").or_else(|| fields.get("NotAction")).and_then(texts);
    actions.filter(|actions| !actions.is_empty()).ok_or_else(|| malformed("Policy statement must contain actions."))
}

/// What every kind of document has in common.
fn statements(document: &str) -> Result<Vec<Value>, Refusal> {
    let parsed: Value = serde_json::from_str(document).map_err(|_| malformed("This policy contains invalid Json"))?;
    let fields = parsed.as_object().ok_or_else(|| malformed("Syntax errors in policy."))?;
    if fields.keys().any(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        return Err(malformed("Syntax errors in policy."));
    }
    // Without a version the policy is of the old language.
    if fields.get("Version").is_some_and(|version| version.as_str().is_none_or(|text| !VERSIONS.contains(&text))) {
        return Err(malformed("The policy must contain a valid version string"));
    }
    match fields.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => Ok(statements.clone()),
        Some(statement @ Value::Object(_)) => Ok(vec![statement.clone()]),
        _ => Err(malformed("Syntax errors in policy.")),
    }
}

fn fields(statement: &Value) -> Result<&Map<String, Value>, Refusal> {
    let fields = statement.as_object().ok_or_else(|| malformed("Syntax errors in policy."))?;
    if fields.keys().any(|name| !STATEMENT_FIELDS.contains(&name.as_str())) {
        return Err(malformed("Syntax errors in policy."));
    }
    if !matches!(fields.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(malformed("Syntax errors in policy."));
    }
    let is_id = |id: &Value| id.as_str().is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if fields.get("Sid").is_some_and(|id| !is_id(id)) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ));
    }
    let condition = fields.get("Condition");
    if condition.is_some_and(|all| all.as_object().is_none_or(|all| !all.values().all(Value::is_object))) {
        return Err(malformed("Syntax errors in policy."));
    }
    Ok(fields)
}
