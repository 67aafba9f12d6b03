//! Who may publish from GitHub Actions.

use super::Piece;
use crate::setup::{
    Change, Ids, Observed, Resource, Site, Step,
    distribution::MADE,
    policy::{self, AUDIENCE},
    site::{ROLE_POLICY, TAG},
};

pub(super) fn plan(site: &Site, observed: &Observed, ids: &Ids) -> Piece {
    let mut piece = Piece::default();
    let Some(deployer) = &site.deployer else { return piece };
    let set = |field: &str, old: Option<String>, new: String| Change { field: field.to_owned(), old, new: Some(new) };
    match &observed.provider {
        None => {
            piece.steps.push(Step::CreateProvider);
            let change = set("audience", None, AUDIENCE.to_owned());
            piece.part(Resource::OidcProvider, policy::GITHUB_ISSUER, false, vec![change]);
        }
        Some(provider) => {
            let has_audience = provider.audiences.iter().any(|audience| audience == AUDIENCE);
            let old = provider.audiences.join(", ");
            let new = if old.is_empty() { AUDIENCE.to_owned() } else { format!("{old}, {AUDIENCE}") };
            let change = (!has_audience).then(|| set("audiences", Some(old), new));
            piece.steps.extend(change.is_some().then_some(Step::AddAudience));
            piece.part(Resource::OidcProvider, provider.arn.as_str(), true, change.into_iter().collect());
            piece.notes.push("the account's identity provider for GitHub is shared by every role that trusts it, and stays when the site goes".to_owned());
        }
    }
    let trust = policy::trust(site, deployer);
    let distribution = ids.distribution.as_deref().unwrap_or(MADE);
    let permissions = policy::deploy_policy(site, distribution);
    let mut changes = Vec::new();
    let role = observed.role.as_ref();
    match role {
        None => {
            piece.steps.push(Step::CreateRole);
            changes.push(set("trusted", None, deployer.subject()));
        }
        Some(role) if !policy::is_same(&role.trust, &trust) => {
            piece.steps.push(Step::SetTrust);
            changes.push(set("trusted", Some(subjects(&role.trust)), deployer.subject()));
        }
        Some(_) => {}
    }
    let current = role.and_then(|role| role.inline.get(ROLE_POLICY));
    if !current.is_some_and(|current| policy::is_same(current, &permissions)) {
        piece.steps.push(Step::SetRolePolicy);
        let old = current.map(|_| "other permissions".to_owned());
        changes.push(set(
            &format!("policy {ROLE_POLICY}"),
            old,
            format!("publishes to {} and distribution {distribution}", site.bucket),
        ));
    }
    if let Some(role) = role {
        let tag = role.tags.get(TAG).cloned();
        if tag.as_deref() != Some(site.domain.as_str()) {
            piece.steps.push(Step::TagRole);
            changes.push(set(&format!("tag {TAG}"), tag, site.domain.to_string()));
        }
        let others = role.inline.keys().filter(|name| *name != ROLE_POLICY).cloned();
        let others: Vec<_> = others.chain(role.attached.iter().map(|(arn, _)| arn.clone())).collect();
        if !others.is_empty() {
            piece.notes.push(format!("the role {} has more policies, which stay: {}", role.name, others.join(", ")));
        }
    }
    piece.part(Resource::Role, site.role_name(), role.is_some(), changes);
    piece
}

/// Whom a trust policy names, in its own words.
fn subjects(trust: &serde_json::Value) -> String {
    fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(members) => {
                for (key, value) in members {
                    match value {
                        serde_json::Value::String(text) if key.ends_with(":sub") => found.push(text.clone()),
                        serde_json::Value::Array(texts) if key.ends_with(":sub") => {
                            found.extend(texts.iter().filter_map(|text| text.as_str()).map(str::to_owned));
                        }
                        value => collect(value, found),
                    }
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(trust, &mut found);
    if found.is_empty() { "others".to_owned() } else { found.join(", ") }
}
