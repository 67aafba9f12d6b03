//! What policy documents allow (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements").
//!
//! What is not understood here, like operators for dates or policy variables, never opens a door: a statement that allows
//! does then not apply, and one that denies does.

use serde_json::Value;

use super::one_or_many;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal<'a> {
    /// Anybody, without credentials.
    Anonymous,
    /// A service of AWS: `cloudfront.amazonaws.com`.
    Service(&'a str),
    /// A user, role or account, by ARN.
    Aws(&'a str),
    /// An identity provider, by ARN.
    Federated(&'a str),
}

/// What documents say to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it, whatever others allow.
    Denied,
    /// No statement allows it, and none denies it.
    NotAllowed,
}

/// What `documents` together say when `principal` asks for `action` on `resource`.
///
/// `context` has the condition keys of the request, in any case; a key with several values is in there several times.
/// Documents without principals, as those of roles, speak of whoever they are attached to.
pub fn allows(
    documents: &[&Value],
    principal: Principal<'_>,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
) -> Decision {
    let mut decision = Decision::NotAllowed;
    for statement in documents.iter().flat_map(|document| one_or_many(document.get("Statement"))) {
        let applies =
            is_about(statement, principal, action, resource).and(|| conditions(statement.get("Condition"), context));
        match statement["Effect"].as_str() {
            Some("Allow") if applies == Match::Yes => decision = Decision::Allowed,
            Some("Deny") if applies != Match::No => return Decision::Denied,
            _ => {}
        }
    }
    decision
}

/// Whether something applies, as far as it is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    Unknown,
}

impl Match {
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown if other() == Self::No => Self::No,
            Self::Unknown => Self::Unknown,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    fn any(all: impl Iterator<Item = Self>) -> Self {
        let mut found = Self::No;
        for one in all {
            match one {
                Self::Yes => return Self::Yes,
                Self::Unknown => found = Self::Unknown,
                Self::No => {}
            }
        }
        found
    }
}

impl From<bool> for Match {
    fn from(applies: bool) -> Self {
        if applies { Self::Yes } else { Self::No }
    }
}

fn is_about(statement: &Value, principal: Principal<'_>, action: &str, resource: &str) -> Match {
    let is_whom = |who: &Value| Match::from(is_principal(who, principal));
    let action = action.to_ascii_lowercase();
    let is_action = |pattern: &str| like(&pattern.to_ascii_lowercase(), &action);
    let is_resource = |pattern: &str| like(pattern, resource);
    either(statement, "Principal", "NotPrincipal", is_whom)
        .and(|| either(statement, "Action", "NotAction", |list| any_text(list, is_action)))
        .and(|| either(statement, "Resource", "NotResource", |list| any_text(list, is_resource)))
}

/// An element or its negation; where there is neither, nothing is asked (of principals in a role's policy, of resources
/// in a trust policy).
fn either(statement: &Value, element: &str, negation: &str, matches: impl Fn(&Value) -> Match) -> Match {
    match (statement.get(element), statement.get(negation)) {
        (Some(value), _) => matches(value),
        (None, Some(value)) => matches(value).not(),
        (None, None) => Match::Yes,
    }
}

fn any_text(list: &Value, matches: impl Fn(&str) -> Match) -> Match {
    Match::any(one_or_many(Some(list)).map(|item| item.as_str().map_or(Match::Unknown, &matches)))
}

fn is_principal(who: &Value, asking: Principal<'_>) -> bool {
    let Some(kinds) = who.as_object() else { return who == "*" };
    let lists = |kind: &str, name: &str| one_or_many(kinds.get(kind)).any(|item| item == name);
    // `{"AWS": "*"}` is everybody, too (IAM User Guide, "AWS JSON policy elements: Principal").
    lists("AWS", "*")
        || match asking {
            Principal::Anonymous => false,
            Principal::Service(name) => lists("Service", name),
            Principal::Federated(arn) => lists("Federated", arn),
            Principal::Aws(arn) => {
                let account = arn.split(':').nth(4).unwrap_or_default();
                let partition = arn.split(':').nth(1).unwrap_or_default();
                let root = format!("arn:{partition}:iam::{account}:root");
                lists("AWS", arn) || (!account.is_empty() && (lists("AWS", account) || lists("AWS", &root)))
            }
        }
}

/// Every operator and every key of it must hold.
fn conditions(condition: Option<&Value>, context: &[(&str, &str)]) -> Match {
    let Some(condition) = condition else { return Match::Yes };
    let Some(operators) = condition.as_object() else { return Match::Unknown };
    operators.iter().fold(Match::Yes, |all, (operator, keys)| {
        all.and(|| match keys.as_object() {
            Some(keys) => keys.iter().fold(Match::Yes, |all, (key, wanted)| {
                all.and(|| {
                    let given: Vec<_> =
                        context.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, v)| *v).collect();
                    holds(operator, wanted, &given)
                })
            }),
            None => Match::Unknown,
        })
    })
}

/// Whether `operator` holds between the values that a policy wants and those the request has (IAM User Guide, "IAM JSON
/// policy elements: Condition operators" and "Single-valued vs. multivalued context keys").
fn holds(operator: &str, wanted: &Value, given: &[&str]) -> Match {
    let operator = operator.to_ascii_lowercase();
    let (set, operator) = operator.split_once(':').map_or(("", operator.as_str()), |(set, rest)| (set, rest));
    let (operator, if_exists) = operator.strip_suffix("ifexists").map_or((operator, false), |rest| (rest, true));
    let Some(wanted) = one_or_many(Some(wanted)).map(text).collect::<Option<Vec<_>>>() else { return Match::Unknown };
    if operator == "null" {
        return match wanted.as_slice() {
            [one] if set.is_empty() => Match::from((one == "true") == given.is_empty()),
            _ => Match::Unknown,
        };
    }
    let (test, negated): (fn(&str, &str) -> Match, bool) = match operator {
        "stringequals" => (equals, false),
        "stringnotequals" => (equals, true),
        "stringequalsignorecase" => (equals_ignoring_case, false),
        "stringnotequalsignorecase" => (equals_ignoring_case, true),
        "stringlike" => (like, false),
        "stringnotlike" => (like, true),
        "arnequals" | "arnlike" => (arn_like, false),
        "arnnotequals" | "arnnotlike" => (arn_like, true),
        "bool" => (equals_ignoring_case, false),
        _ => return Match::Unknown,
    };
    let one = |given: &&str| {
        let found = Match::any(wanted.iter().map(|pattern| test(pattern, given)));
        if negated { found.not() } else { found }
    };
    match set {
        _ if given.is_empty() => Match::from(if_exists || set == "forallvalues" || (negated && set.is_empty())),
        // A negation without a set operator wants none of the values to match.
        "" if negated => given.iter().fold(Match::Yes, |all, value| all.and(|| one(value))),
        "" | "foranyvalue" => Match::any(given.iter().map(one)),
        "forallvalues" => given.iter().fold(Match::Yes, |all, value| all.and(|| one(value))),
        _ => Match::Unknown,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn equals(wanted: &str, given: &str) -> Match {
    if wanted.contains("${") { Match::Unknown } else { Match::from(wanted == given) }
}

fn equals_ignoring_case(wanted: &str, given: &str) -> Match {
    equals(&wanted.to_lowercase(), &given.to_lowercase())
}

/// ARNs are compared part by part, so that a `*` does not reach into the next one.
fn arn_like(pattern: &str, arn: &str) -> Match {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    if pattern.len() != arn.len() {
        return Match::No;
    }
    pattern.iter().zip(&arn).fold(Match::Yes, |all, (pattern, part)| all.and(|| like(pattern, part)))
}

/// `*` stands for any characters, none included, `?` for one.
fn like(pattern: &str, text: &str) -> Match {
    if pattern.contains("${") {
        return Match::Unknown;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how far the text was when it had taken as little as possible.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return Match::No;
        }
    }
    Match::from(pattern[p..].iter().all(|rest| *rest == '*'))
}
