//! The policies a role has for itself.

use rusqlite::Transaction;

use crate::local::{Fault, query::Form, xml::Element};

use super::{documents, limit_exceeded, names::name, no_such_entity, page, roles::Role};

/// IAM User Guide, "IAM and AWS STS quotas".
const MAX_POLICY_NAME: usize = 128;
const MAX_BYTES: usize = 10_240;

/// Writes a policy, over the one of this name.
pub(super) fn put(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    let name = name(form, "PolicyName", MAX_POLICY_NAME)?;
    let document = form.required("PolicyDocument")?;
    documents::check_permissions(document)?;
    role.inline.insert(name.to_owned(), document.to_owned());
    if role.inline.values().map(|document| documents::size(document)).sum::<usize>() > MAX_BYTES {
        let message = format!("Maximum policy size of {MAX_BYTES} bytes exceeded for role {}", role.name);
        return Err(limit_exceeded(message).into());
    }
    role.save(tx)?;
    Ok(Vec::new())
}

pub(super) fn get(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let role = Role::named(tx, form)?;
    let name = name(form, "PolicyName", MAX_POLICY_NAME)?;
    let document = role
        .inline
        .get(name)
        .ok_or_else(|| no_such_entity(format!("The role policy with name {name} cannot be found.")))?;
    Ok(vec![
        Element::leaf("RoleName", &role.name),
        Element::leaf("PolicyName", name),
        documents::told("PolicyDocument", document),
    ])
}

pub(super) fn list(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let role = Role::named(tx, form)?;
    let names = role.inline.into_keys();
    Ok(page(form, "PolicyNames", names, String::clone, |name| Element::leaf("member", name))?)
}

pub(super) fn delete(tx: &Transaction<'_>, form: &Form) -> Result<Vec<Element>, Fault> {
    let mut role = Role::named(tx, form)?;
    let name = name(form, "PolicyName", MAX_POLICY_NAME)?;
    if role.inline.remove(name).is_none() {
        return Err(no_such_entity(format!("The role policy with name {name} cannot be found.")).into());
    }
    role.save(tx)?;
    Ok(Vec::new())
}
