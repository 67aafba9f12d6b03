//! Roles, and who may take them on.

use std::collections::BTreeMap;

use http::StatusCode;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::local::{
    ACCOUNT_NUMBER, Fault, now_seconds,
    query::{Form, Refusal},
    resources,
    xml::Element,
};

use super::{
    already_exists, date, documents, limit_exceeded,
    names::{self, Tags, add_tags, tag_list},
    new_id, no_such_entity, page,
};

/// The kind of their documents; the id is the name in lower case, which is what must be unique.
const KIND: &str = "iam/role";

/// IAM User Guide, "IAM and AWS STS quotas".
pub(super) const MAX_ROLE_NAME: usize = 64;
const MAX_TRUST: usize = 2048;
const MAX_DESCRIPTION: usize = 1000;

/// How long a session may be, in seconds (API reference, CreateRole).
const SESSION: std::ops::RangeInclusive<u64> = 3600..=43_200;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    id: String,
    path: String,
    /// The trust policy as it was written.
    trust: String,
    description: Option<String>,
    /// Seconds.
    max_session: u64,
    /// When it was made, in seconds since 1970.
    created: i64,
    tags: Tags,
    /// Inline policies as they were written, by name.
    pub(super) inline: BTreeMap<String, String>,
    /// ARNs of attached policies.
    pub(super) attached: Vec<String>,
}

impl Role {
    /// The role that a request names.
    pub(super) fn named(tx: &Transaction<'_>, form: &Form) -> Result<Self, Fault> {
        let name = names::name(form, "RoleName", MAX_ROLE_NAME)?;
        let role = resources::get(tx, KIND, &name.to_lowercase())?;
        Ok(role.ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))?)
    }

    pub(super) fn save(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        resources::put(tx, KIND, &self.name.to_lowercase(), self)
    }

    /// All roles, by their lower-case names.
    pub(super) fn all(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Self>> {
        Ok(resources::all(tx, KIND)?.into_iter().map(|(_, role)| role).collect())
    }

    fn render(&self) -> Element {
        let arn = format!("arn:aws:iam::{ACCOUNT_NUMBER}:role{}{}", self.path, self.name);
        let element = Element::new("Role")
            .text("Path", &self.path)
            .text("RoleName", &self.name)
            .text("RoleId", &self.id)
            .text("Arn", arn)
            .text("CreateDate", date(self.created))
            .child(documents::told("AssumeRolePolicyDocument", &self.trust))
            .text("MaxSessionDuration", self.max_session);
        match &self.description {
            Some(description) => element.text("Description", description),
            None => element,
        }
    }
}

/// A trust policy, checked.
fn trust<'a>(form: &'a Form, parameter: &str) -> Result<&'a str, Refusal> {
    let trust = form.required(parameter)?;
    documents::check_trust(trust)?;
    if documents::size(trust) > MAX_TRUST {
        return Err(limit_exceeded(format!("Cannot exceed quota for ACLSizePerRole: {MAX_TRUST}")));
    }
    Ok(trust)
}

pub(super) fn create(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let name = names::name(form, "RoleName", MAX_ROLE_NAME)?;
    let description = form.get("Description");
    if description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        let constraint = format!("have length less than or equal to {MAX_DESCRIPTION}");
        return Err(Refusal::invalid(description, "Description", &constraint).into());
    }
    let max_session = form.number("MaxSessionDuration")?.unwrap_or(*SESSION.start());
    if !SESSION.contains(&max_session) {
        let constraint = format!("have value between {} and {}", SESSION.start(), SESSION.end());
        return Err(Refusal::invalid(Some(&max_session.to_string()), "MaxSessionDuration", &constraint).into());
    }
    let mut tags = Tags::new();
    add_tags(form, &mut tags)?;
    let trust = trust(form, "AssumeRolePolicyDocument")?;
    let path = names::path(form)?;
    if resources::get::<Role>(tx, KIND, &name.to_lowercase())?.is_some() {
        return Err(already_exists(format!("Role with name {name} already exists.")).into());
    }
    let role = Role {
        name: name.to_owned(),
        id: new_id("AROA"),
        path: path.to_owned(),
        trust: trust.to_owned(),
        description: description.map(str::to_owned),
        max_session,
        created: now_seconds(),
        tags,
        inline: BTreeMap::new(),
        attached: Vec::new(),
    };
    role.save(tx)?;
    Ok(vec![with_tags(&role)])
}

fn with_tags(role: &Role) -> Element {
    tag_list(&role.tags).into_iter().fold(role.render(), Element::child)
}

pub(super) fn get(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    Ok(vec![with_tags(&Role::named(tx, form)?)])
}

/// Lists tell no tags (API reference, ListRoles).
pub(super) fn list(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let prefix = form.get("PathPrefix").unwrap_or("/");
    let roles = Role::all(tx)?.into_iter().filter(|role| role.path.starts_with(prefix));
    Ok(page(form, "Roles", roles, |role| role.name.to_lowercase(), |role| role.render())?)
}

pub(super) fn update_trust(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    role.trust = trust(form, "PolicyDocument")?.to_owned();
    role.save(tx)?;
    Ok(Vec::new())
}

pub(super) fn tag(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    add_tags(form, &mut role.tags)?;
    role.save(tx)?;
    Ok(Vec::new())
}

/// Removing what is not there is no error.
pub(super) fn untag(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    let keys = form.members("TagKeys", "");
    role.tags.retain(|known, _| !keys.iter().any(|key| key.eq_ignore_ascii_case(known)));
    role.save(tx)?;
    Ok(Vec::new())
}

pub(super) fn list_tags(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let role = Role::named(tx, form)?;
    Ok(page(form, "Tags", &role.tags, |(key, _)| (*key).clone(), names::tag)?)
}

/// A role goes when it has no policies (API reference, DeleteRole).
pub(super) fn delete(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let role = Role::named(tx, form)?;
    let conflict = |what: &str| {
        Refusal::new(StatusCode::CONFLICT, "DeleteConflict", format!("Cannot delete entity, must {what} first."))
    };
    if !role.attached.is_empty() {
        return Err(conflict("detach all policies").into());
    }
    if !role.inline.is_empty() {
        return Err(conflict("delete policies").into());
    }
    resources::delete(tx, KIND, &role.name.to_lowercase())?;
    Ok(Vec::new())
}
