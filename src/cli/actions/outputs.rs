//! The outputs of a step that publishes. `docs/JSON.md` has the document in `plan`.

use serde_json::Value;

use crate::{
    cli::json,
    plan::{Plan, Reason, Tally},
    publish::Outcome,
};

/// Where `plan` begins to be shortened, in bytes. A later step reads it from an environment variable, and Linux takes 128 KiB
/// for one (execve(2), MAX_ARG_STRLEN).
const PLAN: usize = 96 * 1024;

/// A publish, done or only planned, as a step of a workflow tells it.
pub struct Published<'p> {
    /// The name that the site is visited by.
    pub site: Option<&'p str>,
    /// What was published to, in the words of the log.
    pub place: String,
    /// What was published: the kind of build, its folder, its size.
    pub build: (&'static str, String, String),
    /// What was planned.
    pub plan: &'p Plan,
    /// What was done, and in how many seconds; none for a dry run.
    pub done: Option<(&'p Outcome, f64)>,
    /// What should be looked at.
    pub warnings: &'p [String],
    /// All of that as `--json` prints it.
    pub document: Value,
}

/// The outputs by their names. What a dry run would do is counted as if it were done.
pub fn of(published: &Published) -> Vec<(&'static str, String)> {
    let plan = published.plan;
    let outcome = published.done.map(|(outcome, _)| outcome);
    let (sent, deleted, paths) = match outcome {
        Some(outcome) => (outcome.uploaded, outcome.deleted, outcome.paths),
        None => (to_send(plan), plan.removals().len() as u64, plan.invalidation().len()),
    };
    let release = outcome.and_then(|outcome| outcome.release.as_ref()).map(ToString::to_string);
    vec![
        ("url", published.site.map(|site| format!("https://{site}")).unwrap_or_default()),
        ("release", release.unwrap_or_default()),
        ("uploaded", sent.files.to_string()),
        ("deleted", deleted.to_string()),
        ("unchanged", plan.unchanged().files.to_string()),
        ("bytes", sent.bytes.to_string()),
        ("invalidation-id", outcome.map(|outcome| outcome.invalidations.join(" ")).unwrap_or_default()),
        ("paths", paths.to_string()),
        ("plan", within_limit(&published.document)),
    ]
}

fn to_send(plan: &Plan) -> Tally {
    let mut tally = Tally::default();
    plan.uploads().iter().filter(|one| one.reason != Reason::Headers).for_each(|one| tally.add(one.file.size));
    tally
}

/// The document on one line; without its lists where they would make it too long.
fn within_limit(document: &Value) -> String {
    let whole = json::text(document, false);
    if whole.len() <= PLAN {
        return whole;
    }
    let mut short = document.clone();
    if let Some(plan) = short["plan"].as_object_mut() {
        // All that grows with the site.
        plan.retain(|field, _| !["uploads", "removals", "invalidation", "notes"].contains(&field.as_str()));
    }
    short["shortened"] = true.into();
    json::text(&short, false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_plan_goes_without_its_lists() {
        let plan = |keys: usize| {
            let uploads: Vec<_> = (0..keys).map(|number| json!({ "key": format!("{number:0100}") })).collect();
            json!({ "version": 1, "plan": { "empty": false, "uploads": uploads, "removals": [], "bytesToSend": 7 } })
        };
        assert_eq!(within_limit(&plan(1)), plan(1).to_string());
        let short: Value = serde_json::from_str(&within_limit(&plan(10_000))).unwrap();
        assert_eq!(short, json!({ "version": 1, "shortened": true, "plan": { "empty": false, "bytesToSend": 7 } }));
    }
}
