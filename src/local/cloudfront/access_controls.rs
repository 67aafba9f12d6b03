//! Origin access controls: how CloudFront signs what it asks an origin.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Call, Query, Refusal, check_version, distributions, new_id, paged,
    schema::{
        self,
        Kind::{OneOf, Structure, Text},
        Member, else_put, must,
    },
};
use crate::local::{Fault, resources, xml::Element};

/// The kind of its documents.
const KIND: &str = "cloudfront/origin-access-control";

/// The longest name and description, in characters (API reference, "OriginAccessControlConfig").
const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 256;

/// The most of an account (Developer Guide, "Quotas").
const MOST: usize = 100;

/// An origin access control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessControl {
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) signing_protocol: String,
    pub(crate) signing_behavior: String,
    pub(crate) origin_type: String,
}

const CONFIG: &[Member] = &[
    must("Name", Text),
    else_put("Description", Text, ""),
    must("SigningProtocol", OneOf(&["sigv4"])),
    must("SigningBehavior", OneOf(&["never", "always", "no-override"])),
    must("OriginAccessControlOriginType", OneOf(&["s3", "mediastore", "mediapackagev2", "lambda"])),
];

impl AccessControl {
    /// A new one, as its configuration says.
    fn read(config: &Element) -> Result<Self, Refusal> {
        let config = schema::conform(config, Structure(CONFIG))?;
        let text = |name: &str| config.text_at(name).to_owned();
        let control = Self {
            id: new_id('E'),
            etag: new_id('E'),
            name: text("Name"),
            description: text("Description"),
            signing_protocol: text("SigningProtocol"),
            signing_behavior: text("SigningBehavior"),
            origin_type: text("OriginAccessControlOriginType"),
        };
        if !(1..=LONGEST_NAME).contains(&control.name.chars().count()) {
            return Err(Refusal::invalid_argument(format!(
                "The parameter Name must have 1 to {LONGEST_NAME} characters."
            )));
        }
        if control.description.chars().count() > LONGEST_DESCRIPTION {
            return Err(Refusal::invalid_argument(format!(
                "The parameter Description must have at most {LONGEST_DESCRIPTION} characters."
            )));
        }
        Ok(control)
    }

    fn members(&self, element: Element) -> Element {
        element
            .text("Description", &self.description)
            .text("Name", &self.name)
            .text("SigningProtocol", &self.signing_protocol)
            .text("SigningBehavior", &self.signing_behavior)
            .text("OriginAccessControlOriginType", &self.origin_type)
    }

    fn config(&self) -> Element {
        self.members(Element::new("OriginAccessControlConfig"))
    }

    fn document(&self) -> Element {
        Element::new("OriginAccessControl").text("Id", &self.id).child(self.config())
    }

    fn keep(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        Ok(resources::put(tx, KIND, &self.id, self)?)
    }
}

/// The one named `name`; where there is none, one that signs everything for S3 is made.
pub(super) fn ensure(tx: &Transaction<'_>, name: &str) -> Result<AccessControl, Fault> {
    if let Some(found) = all(tx)?.into_iter().find(|control| control.name == name) {
        return Ok(found);
    }
    let config = Element::new("OriginAccessControlConfig")
        .text("Name", name)
        .text("SigningProtocol", "sigv4")
        .text("SigningBehavior", "always")
        .text("OriginAccessControlOriginType", "s3");
    let control = AccessControl::read(&config)?;
    control.keep(tx)?;
    Ok(control)
}

/// The one with this id.
pub(in crate::local) fn find(tx: &Transaction<'_>, id: &str) -> Result<Option<AccessControl>, Fault> {
    Ok(resources::get(tx, KIND, id)?)
}

fn existing(tx: &Transaction<'_>, id: &str) -> Result<AccessControl, Fault> {
    Ok(find(tx, id)?
        .ok_or_else(|| Refusal::missing("NoSuchOriginAccessControl", "The origin access control does not exist."))?)
}

fn all(tx: &Transaction<'_>) -> Result<Vec<AccessControl>, Fault> {
    Ok(resources::all(tx, KIND)?.into_iter().map(|(_, control)| control).collect())
}

/// Refuses a name that another one has.
fn check_name(all: &[AccessControl], control: &AccessControl) -> Result<(), Refusal> {
    if all.iter().any(|other| other.name == control.name && other.id != control.id) {
        return Err(Refusal::conflict(
            "OriginAccessControlAlreadyExists",
            format!("An origin access control with the name {} already exists.", control.name),
        ));
    }
    Ok(())
}

fn is_used(tx: &Transaction<'_>, id: &str) -> Result<bool, Fault> {
    let all = distributions::from_id(tx, "", i64::MAX)?;
    let mut origins = all.iter().flat_map(|distribution| distribution.config.items_at("Origins"));
    Ok(origins.any(|origin| origin.text_at("OriginAccessControlId") == id))
}

/// CreateOriginAccessControl.
pub(super) fn create(tx: &Transaction<'_>, call: &Call<'_>) -> Result<Answer, Fault> {
    let control = AccessControl::read(&call.document("OriginAccessControlConfig")?)?;
    let all = all(tx)?;
    check_name(&all, &control)?;
    if all.len() >= MOST {
        return Err(Refusal::bad(
            "TooManyOriginAccessControls",
            "The number of origin access controls in your account exceeds the maximum allowed.",
        )
        .into());
    }
    control.keep(tx)?;
    let path = format!("origin-access-control/{}", control.id);
    Ok(Answer::created(control.document(), &path).with_etag(&control.etag))
}

/// GetOriginAccessControl.
pub(super) fn get(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let control = existing(tx, id)?;
    Ok(Answer::ok(control.document()).with_etag(&control.etag))
}

/// GetOriginAccessControlConfig.
pub(super) fn get_config(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    let control = existing(tx, id)?;
    Ok(Answer::ok(control.config()).with_etag(&control.etag))
}

/// UpdateOriginAccessControl. What kind of origin it is for stays while a distribution uses it.
pub(super) fn update(tx: &Transaction<'_>, id: &str, call: &Call<'_>) -> Result<Answer, Fault> {
    let old = existing(tx, id)?;
    check_version(call.if_match, &old.etag)?;
    let new = AccessControl { id: old.id, ..AccessControl::read(&call.document("OriginAccessControlConfig")?)? };
    check_name(&all(tx)?, &new)?;
    if new.origin_type != old.origin_type && is_used(tx, id)? {
        return Err(Refusal::bad("IllegalUpdate", "The update contains modifications that are not allowed.").into());
    }
    new.keep(tx)?;
    Ok(Answer::ok(new.document()).with_etag(&new.etag))
}

/// DeleteOriginAccessControl.
pub(super) fn delete(tx: &Transaction<'_>, id: &str, call: &Call<'_>) -> Result<Answer, Fault> {
    check_version(call.if_match, &existing(tx, id)?.etag)?;
    if is_used(tx, id)? {
        return Err(Refusal::conflict(
            "OriginAccessControlInUse",
            "Cannot delete the origin access control because it's in use by one or more distributions.",
        )
        .into());
    }
    resources::delete(tx, KIND, id)?;
    Ok(Answer::nothing())
}

/// ListOriginAccessControls.
pub(super) fn list(tx: &Transaction<'_>, query: &Query) -> Result<Answer, Fault> {
    let found = all(tx)?.into_iter().filter(|control| control.id > query.marker).collect();
    let summary =
        |control: &AccessControl| control.members(Element::new("OriginAccessControlSummary").text("Id", &control.id));
    Ok(Answer::ok(paged("OriginAccessControlList", query, found, |control| &control.id, summary)?))
}
