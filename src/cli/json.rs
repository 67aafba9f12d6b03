//! Plan and result as JSON: `docs/JSON.md` is its reference, version 1.

use serde_json::{Value, json};

use crate::{
    error::{Error, ErrorKind},
    plan::{Note, Plan},
    publish::Outcome,
};

/// The version of everything this module prints; it grows when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// A document as text, on one line or on many. `##[` is written otherwise: a CI service whose log it comes to would take a
/// file name that has it for a command.
pub fn text(document: &Value, lines: bool) -> String {
    let text = if lines { format!("{document:#}") } else { document.to_string() };
    text.replace("##[", r"##\u005b")
}

/// A plan.
pub fn plan(plan: &Plan) -> Value {
    let uploads: Vec<_> = plan
        .uploads()
        .iter()
        .map(|upload| {
            json!({
                "key": upload.file.key,
                "stage": upload.stage,
                "reason": upload.reason,
                "class": upload.file.class,
                "bytes": upload.file.size,
                "sha256": upload.file.sha256,
                "headers": *upload.file.headers,
            })
        })
        .collect();
    let removals: Vec<_> = plan
        .removals()
        .iter()
        .map(|removal| json!({ "key": removal.key, "bytes": removal.size, "reason": removal.reason }))
        .collect();
    let requests = plan.requests();
    json!({
        "empty": plan.is_empty(),
        "uploads": uploads,
        "bytesToSend": plan.bytes_to_send(),
        "removals": removals,
        "unchanged": plan.unchanged(),
        "retained": plan.retained(),
        "invalidation": plan.invalidation(),
        "requests": requests,
        "cost": { "s3Dollars": requests.s3_dollars(), "invalidationDollarsBeyondFree": requests.invalidation_dollars() },
        "notes": plan.notes().iter().map(note).collect::<Vec<_>>(),
    })
}

fn note(note: &Note) -> Value {
    match note {
        Note::Drift(key) => json!({ "kind": "drift", "key": key }),
        Note::Demoted(key) => json!({ "kind": "demoted", "key": key }),
        Note::Foreign(objects) => json!({ "kind": "foreign", "objects": objects }),
        Note::Resumed(paths) => json!({ "kind": "resumed", "paths": paths }),
    }
}

/// What a publish did.
pub fn outcome(outcome: &Outcome, seconds: f64) -> Value {
    json!({
        "release": outcome.release,
        "uploaded": outcome.uploaded,
        "headersChanged": outcome.headers_changed,
        "deleted": outcome.deleted,
        "invalidations": outcome.invalidations,
        "paths": outcome.paths,
        "edgesCurrent": outcome.edges_current,
        "seconds": seconds,
    })
}

/// An error.
pub fn error(error: &Error) -> Value {
    json!({
        "version": VERSION,
        "error": {
            "kind": kind(error.kind()),
            "what": error.what(),
            "because": error.cause(),
            "next": error.next(),
        },
    })
}

/// What clap says of arguments that are none of ours: the error up to the first empty line, then perhaps a tip, the usage
/// and where help is.
pub fn wrong_arguments(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let what = paragraphs.next().unwrap_or_default();
    let tip = paragraphs.find_map(|text| text.strip_prefix("tip: ").map(str::to_owned));
    let next = tip.unwrap_or_else(|| "see the same command with --help".to_owned());
    Error::new(ErrorKind::Input, what.strip_prefix("error: ").unwrap_or(&what), next)
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Input => "input",
        ErrorKind::Config => "config",
        ErrorKind::Refused => "refused",
        ErrorKind::Credentials => "credentials",
        ErrorKind::AccessDenied => "access-denied",
        ErrorKind::NotFound => "not-found",
        ErrorKind::Rival => "rival",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::Io => "io",
        ErrorKind::Service => "service",
        ErrorKind::Bug => "bug",
    }
}
