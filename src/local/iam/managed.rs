//! Managed policies: the account's own, and those of AWS that roles made by hand tend to have.

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
    roles::Role,
};

/// The kind of their documents; the id is the ARN.
const KIND: &str = "iam/policy";

/// IAM User Guide, "IAM and AWS STS quotas".
const MAX_POLICY_NAME: usize = 128;
const MAX_BYTES: usize = 6144;
const MAX_ATTACHED: usize = 10;

/// Policies of AWS: name, version, document (AWS Managed Policy Reference).
const OF_AWS: [(&str, &str, &str); 2] = [
    (
        "AdministratorAccess",
        "v1",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "AmazonS3FullAccess",
        "v2",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#,
    ),
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Policy {
    arn: String,
    name: String,
    id: String,
    path: String,
    description: Option<String>,
    /// The one version there is: policies here are not changed.
    version: String,
    document: String,
    /// When it was made, in seconds since 1970.
    created: i64,
    tags: Tags,
}

impl Policy {
    /// The policy that a request names.
    fn named(tx: &Transaction<'_>, form: &Form) -> Result<Self, Fault> {
        let arn = form.required("PolicyArn")?;
        if let Some(policy) = Self::of_aws(arn) {
            return Ok(policy);
        }
        if !arn.starts_with("arn:aws:iam::") {
            let message = format!("ARN {arn} is not valid.");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidInput", message).into());
        }
        let policy = resources::get(tx, KIND, arn)?;
        Ok(policy.ok_or_else(|| no_such_entity(format!("Policy {arn} does not exist or is not attachable.")))?)
    }

    fn of_aws(arn: &str) -> Option<Self> {
        let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
        let (name, version, document) = OF_AWS.into_iter().find(|(known, ..)| *known == name)?;
        Some(Self {
            arn: arn.to_owned(),
            name: name.to_owned(),
            id: format!("ANPA{:A<17}", name.to_ascii_uppercase().get(..17).unwrap_or_default()),
            path: "/".to_owned(),
            description: None,
            version: version.to_owned(),
            document: document.to_owned(),
            created: 0,
            tags: Tags::new(),
        })
    }

    fn attachments(&self, tx: &Transaction<'_>) -> rusqlite::Result<usize> {
        Ok(Role::all(tx)?.iter().filter(|role| role.attached.contains(&self.arn)).count())
    }

    fn render(&self, tx: &Transaction<'_>) -> rusqlite::Result<Element> {
        let element = Element::new("Policy")
            .text("PolicyName", &self.name)
            .text("PolicyId", &self.id)
            .text("Arn", &self.arn)
            .text("Path", &self.path)
            .text("DefaultVersionId", &self.version)
            .text("AttachmentCount", self.attachments(tx)?)
            .text("PermissionsBoundaryUsageCount", 0)
            .text("IsAttachable", true)
            .text("CreateDate", date(self.created))
            .text("UpdateDate", date(self.created));
        let description = self.description.as_ref().map(|text| Element::leaf("Description", text));
        Ok(description.into_iter().chain(tag_list(&self.tags)).fold(element, Element::child))
    }
}

pub(super) fn create(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let name = names::name(form, "PolicyName", MAX_POLICY_NAME)?;
    let path = names::path(form)?;
    let document = form.required("PolicyDocument")?;
    documents::check_permissions(document)?;
    if documents::size(document) > MAX_BYTES {
        return Err(limit_exceeded(format!("Cannot exceed quota for PolicySize: {MAX_BYTES}")).into());
    }
    let mut tags = Tags::new();
    add_tags(form, &mut tags)?;
    let arn = format!("arn:aws:iam::{ACCOUNT_NUMBER}:policy{path}{name}");
    let is_taken = |known: &Policy| known.name.eq_ignore_ascii_case(name);
    if resources::all::<Policy>(tx, KIND)?.iter().any(|(_, known)| is_taken(known)) {
        return Err(
            already_exists(format!("A policy called {name} already exists. Duplicate names are not allowed.")).into()
        );
    }
    let policy = Policy {
        arn: arn.clone(),
        name: name.to_owned(),
        id: new_id("ANPA"),
        path: path.to_owned(),
        description: form.get("Description").map(str::to_owned),
        version: "v1".to_owned(),
        document: document.to_owned(),
        created: now_seconds(),
        tags,
    };
    resources::put(tx, KIND, &arn, &policy)?;
    Ok(vec![policy.render(tx)?])
}

pub(super) fn get(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    Ok(vec![Policy::named(tx, form)?.render(tx)?])
}

pub(super) fn get_version(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let policy = Policy::named(tx, form)?;
    let version = form.required("VersionId")?;
    if version != policy.version {
        let message = format!("Policy {} version {version} does not exist or is not attachable.", policy.arn);
        return Err(no_such_entity(message).into());
    }
    let element = Element::new("PolicyVersion")
        .child(documents::told("Document", &policy.document))
        .text("VersionId", version)
        .text("IsDefaultVersion", true)
        .text("CreateDate", date(policy.created));
    Ok(vec![element])
}

pub(super) fn delete(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let policy = Policy::named(tx, form)?;
    if policy.attachments(tx)? > 0 {
        let message = "Cannot delete a policy attached to entities.";
        return Err(Refusal::new(StatusCode::CONFLICT, "DeleteConflict", message).into());
    }
    resources::delete(tx, KIND, &policy.arn)?;
    Ok(Vec::new())
}

/// Attaching what is attached is no error.
pub(super) fn attach(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    let policy = Policy::named(tx, form)?;
    if !role.attached.contains(&policy.arn) {
        role.attached.push(policy.arn);
        role.attached.sort();
    }
    if role.attached.len() > MAX_ATTACHED {
        return Err(limit_exceeded(format!("Cannot exceed quota for PoliciesPerRole: {MAX_ATTACHED}")).into());
    }
    role.save(tx)?;
    Ok(Vec::new())
}

pub(super) fn detach(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    let arn = form.required("PolicyArn")?;
    let before = role.attached.len();
    role.attached.retain(|attached| attached != arn);
    if role.attached.len() == before {
        return Err(no_such_entity(format!("Policy {arn} was not found.")).into());
    }
    role.save(tx)?;
    Ok(Vec::new())
}

pub(super) fn list_attached(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let role = Role::named(tx, form)?;
    let render = |arn: String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Element::new("member").text("PolicyName", name).text("PolicyArn", &arn)
    };
    Ok(page(form, "AttachedPolicies", role.attached, String::clone, render)?)
}
