//! The roles that publish from GitHub Actions: trusted by one repository, allowed what a publish needs, and no more.

use serde_json::Value;

use super::{Area, Evidence, finding::Findings};
use crate::{
    release::place::state_key,
    setup::{
        observed::Role,
        origin::S3Origin,
        policy::{self, Decision, Principal},
    },
};

const AREA: Area = Area::Role;

/// What makes bootstrap mend a role.
const GITHUB: &str = "--github OWNER/REPO";

/// The condition keys of GitHub's tokens (GitHub docs, "OpenID Connect reference").
const SUBJECT: &str = "token.actions.githubusercontent.com:sub";
const AUDIENCE: &str = "token.actions.githubusercontent.com:aud";

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    for role in &evidence.roles {
        let before = findings.problems_of(AREA);
        trust(evidence, role, findings);
        permissions(evidence, role, findings);
        if findings.problems_of(AREA) == before {
            findings.sound(AREA, format!("{} is trusted narrowly and may publish", role.name));
        }
    }
}

fn trust(evidence: &Evidence, role: &Role, findings: &mut Findings) {
    let fix = format!("run {}, or narrow the trust of {} in IAM", evidence.command("bootstrap", GITHUB), role.name);
    for statement in policy::one_or_many(role.trust.get("Statement")).filter(|statement| trusts_github(statement)) {
        let subjects = values(statement, SUBJECT);
        let wide: Vec<&String> = subjects.iter().filter(|subject| is_wider_than_a_repository(subject)).collect();
        if subjects.is_empty() {
            findings.problem(
                AREA,
                "trusts-all-of-github",
                format!("the role {} can be taken on from any repository on GitHub", role.name),
                "anybody with a GitHub account can publish to, and delete, your site",
                fix.clone(),
            );
        } else if let [subject, ..] = wide.as_slice() {
            findings.problem(
                AREA,
                "trust-too-wide",
                format!("the role {} trusts {subject}", role.name),
                "that is more than one repository: any of them, and whoever may make a new one, can publish your site",
                fix.clone(),
            );
        } else if subjects.iter().any(|subject| subject.ends_with(":*") || subject.ends_with('*')) {
            findings.advice(
                AREA,
                "trusts-every-branch",
                format!("the role {} trusts every branch and pull request of its repository", role.name),
                "whoever can push any branch can publish",
                fix.clone(),
            );
        }
        if values(statement, AUDIENCE).is_empty() {
            findings.advice(
                AREA,
                "no-audience",
                format!("the trust of {} does not ask for the audience sts.amazonaws.com", role.name),
                "a token that was made for another service would do, too",
                fix.clone(),
            );
        }
    }
}

fn trusts_github(statement: &Value) -> bool {
    let federated = statement.pointer("/Principal/Federated");
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    allows && texts(federated).iter().any(|arn| arn.ends_with("/token.actions.githubusercontent.com"))
}

/// The values that a statement's conditions compare `key` with. Operators that do not compare with a value count for
/// nothing, and so do those with `IfExists`, for GitHub's tokens always have both.
fn values(statement: &Value, key: &str) -> Vec<String> {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else { return Vec::new() };
    let comparing = conditions.iter().filter(|(operator, _)| {
        let operator = operator.trim_start_matches("ForAnyValue:").trim_start_matches("ForAllValues:");
        matches!(operator, "StringEquals" | "StringLike" | "StringEqualsIgnoreCase")
    });
    let pairs = comparing.filter_map(|(_, pairs)| pairs.as_object()).flatten();
    pairs.filter(|(known, _)| known.eq_ignore_ascii_case(key)).flat_map(|(_, value)| texts(Some(value))).collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    policy::one_or_many(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `repo:OWNER/NAME:...` with a wildcard before the second colon, or with none at all.
fn is_wider_than_a_repository(subject: &str) -> bool {
    let Some(rest) = subject.strip_prefix("repo:") else { return subject.contains('*') };
    let repository = rest.split(':').next().unwrap_or_default();
    repository.contains(['*', '?']) || !repository.contains('/')
}

fn permissions(evidence: &Evidence, role: &Role, findings: &mut Findings) {
    let documents: Vec<&Value> =
        role.inline.values().chain(role.attached.iter().map(|(_, document)| document)).collect();
    let fix = || format!("run {}, which makes a role with the right policy", evidence.command("bootstrap", GITHUB));
    if documents.is_empty() {
        findings.problem(
            AREA,
            "role-without-policy",
            format!("the role {} has no policy", role.name),
            "whoever takes it on may do nothing: every publish ends with AccessDenied",
            fix(),
        );
        return;
    }
    let Some(distribution) = &evidence.distribution else { return };
    let Some(origin) = S3Origin::parse(&distribution.origin.domain, &distribution.origin.path) else { return };
    let partition = distribution.arn.split(':').nth(1).unwrap_or("aws");
    let bucket = format!("arn:{partition}:s3:::{}", origin.bucket);
    let below = if origin.prefix.is_empty() { String::new() } else { format!("{}/", origin.prefix) };
    let objects =
        [format!("{bucket}/{below}index.html"), format!("{bucket}/{}", state_key(&origin.prefix, "lock.json"))];
    let may = |action: &str, resource: &str| {
        let prefix = [("s3:prefix", below.as_str())];
        let context: &[(&str, &str)] = if action == "s3:ListBucket" { &prefix } else { &[] };
        policy::allows(&documents, Principal::Aws(&role.arn), action, resource, context) == Decision::Allowed
    };
    let mut needed = vec![("s3:ListBucket", bucket.as_str())];
    for object in &objects {
        needed.extend(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"].map(|action| (action, object.as_str())));
    }
    needed.extend(
        ["cloudfront:GetDistribution", "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
            .map(|action| (action, distribution.arn.as_str())),
    );
    let mut missing: Vec<&str> =
        needed.iter().filter(|(action, resource)| !may(action, resource)).map(|(action, _)| *action).collect();
    let mut told = std::collections::BTreeSet::new();
    missing.retain(|action| told.insert(*action));
    if !missing.is_empty() {
        findings.problem(
            AREA,
            "permissions-missing",
            format!("the role {} may not {}", role.name, missing.join(", ")),
            "a publish with it ends with AccessDenied",
            fix(),
        );
    }
    let everything = ["iam:CreateUser", "s3:DeleteBucket", "cloudfront:DeleteDistribution", "ec2:RunInstances"];
    let more: Vec<&str> = everything.into_iter().filter(|action| may(action, "*") || may(action, &bucket)).collect();
    if !more.is_empty() {
        findings.advice(
            AREA,
            "role-too-strong",
            format!("the role {} may far more than publish: {}", role.name, more.join(", ")),
            "one bad dependency in a build can then do so, too",
            fix(),
        );
    }
}
