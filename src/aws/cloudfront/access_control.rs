//! Origin access controls: how CloudFront signs its requests to the bucket.

use aws_sdk_cloudfront::{
    error::ProvideErrorMetadata as _,
    types::{
        OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
        OriginAccessControlSigningProtocols,
    },
};

use super::{CloudFront, bug, incomplete, is_stale};
use crate::{aws::Action, error::Result, setup::observed::AccessControl};

impl CloudFront {
    /// Reads an origin access control, if there is one of that id.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn access_control(&self, id: &str) -> Result<Option<AccessControl>> {
        let (on, what) = (arn(id), format!("read the origin access control {id}"));
        let action = Action { iam: "cloudfront:GetOriginAccessControl", on: &on, what: &what };
        let answer = match self.client.get_origin_access_control().id(id).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchOriginAccessControl") => return Ok(None),
            Err(error) => return Err(action.failed(error)),
        };
        let control = answer.origin_access_control().ok_or_else(|| incomplete(&what))?;
        let config = control.origin_access_control_config().ok_or_else(|| incomplete(&what))?;
        Ok(Some(read(id, answer.e_tag().unwrap_or_default(), config)))
    }

    /// Every origin access control of the account. The list tells no ETags: theirs are empty.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn access_controls(&self) -> Result<Vec<AccessControl>> {
        let what = "list the origin access controls of the account";
        let action = Action { iam: "cloudfront:ListOriginAccessControls", on: "*", what };
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let sent = self.client.list_origin_access_controls().set_marker(marker).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            let Some(list) = page.origin_access_control_list() else { break };
            found.extend(list.items().iter().map(|control| AccessControl {
                id: control.id().to_owned(),
                etag: String::new(),
                name: control.name().to_owned(),
                origin_type: control.origin_access_control_origin_type().as_str().to_owned(),
                signing_behavior: control.signing_behavior().as_str().to_owned(),
                signing_protocol: control.signing_protocol().as_str().to_owned(),
            }));
            marker = list.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Makes an origin access control that signs every request to S3. Where there is one of that name already (as when
    /// the answer to a first attempt was lost), that one is handed out as it is.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create_access_control(&self, name: &str) -> Result<AccessControl> {
        let what = format!("make the origin access control {name}");
        let action = Action { iam: "cloudfront:CreateOriginAccessControl", on: "*", what: &what };
        let config = OriginAccessControlConfig::builder()
            .name(name)
            .description("")
            .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
            .signing_behavior(OriginAccessControlSigningBehaviors::Always)
            .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3)
            .build()
            .map_err(|error| bug(&what, error))?;
        let sent = self.client.create_origin_access_control().origin_access_control_config(config).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("OriginAccessControlAlreadyExists") => {
                let there = self.access_controls().await?.into_iter().find(|control| control.name == name);
                return there.ok_or_else(|| action.failed(error));
            }
            Err(error) => return Err(action.failed(error)),
        };
        let control = answer.origin_access_control().ok_or_else(|| incomplete(&what))?;
        let config = control.origin_access_control_config().ok_or_else(|| incomplete(&what))?;
        Ok(read(control.id(), answer.e_tag().unwrap_or_default(), config))
    }

    /// Makes an origin access control what is wanted; its description stays.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn update_access_control(&self, wanted: &AccessControl) -> Result<AccessControl> {
        let id = wanted.id.as_str();
        let (on, what) = (arn(id), format!("change the origin access control {id}"));
        let reading = Action { iam: "cloudfront:GetOriginAccessControl", on: &on, what: &what };
        let writing = Action { iam: "cloudfront:UpdateOriginAccessControl", on: &on, what: &what };
        let mut attempts = super::ATTEMPTS;
        loop {
            attempts -= 1;
            let got = self.client.get_origin_access_control().id(id).send().await;
            let got = got.map_err(|error| reading.failed(error))?;
            let there = got.origin_access_control().and_then(|control| control.origin_access_control_config());
            let mut config = there.cloned().ok_or_else(|| incomplete(&what))?;
            config.name.clone_from(&wanted.name);
            config.signing_protocol = OriginAccessControlSigningProtocols::from(wanted.signing_protocol.as_str());
            config.signing_behavior = OriginAccessControlSigningBehaviors::from(wanted.signing_behavior.as_str());
            config.origin_access_control_origin_type =
                OriginAccessControlOriginTypes::from(wanted.origin_type.as_str());
            let update = self.client.update_origin_access_control().id(id).set_if_match(got.e_tag);
            match update.origin_access_control_config(config).send().await {
                Ok(answer) => {
                    return Ok(AccessControl { etag: answer.e_tag().unwrap_or_default().to_owned(), ..wanted.clone() });
                }
                Err(error) if attempts > 0 && is_stale(error.code()) => {}
                Err(error) => return Err(writing.failed(error)),
            }
        }
    }

    /// Deletes an origin access control; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers: `OriginAccessControlInUse` while a distribution still has it.
    pub async fn delete_access_control(&self, id: &str) -> Result<()> {
        let (on, what) = (arn(id), format!("delete the origin access control {id}"));
        let action = Action { iam: "cloudfront:DeleteOriginAccessControl", on: &on, what: &what };
        let Some(control) = self.access_control(id).await? else { return Ok(()) };
        match self.client.delete_origin_access_control().id(id).if_match(control.etag).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchOriginAccessControl") => Ok(()),
            Err(error) => Err(action.failed(error)),
        }
    }
}

fn arn(id: &str) -> String {
    format!("arn:aws:cloudfront::*:origin-access-control/{id}")
}

fn read(id: &str, etag: &str, config: &OriginAccessControlConfig) -> AccessControl {
    AccessControl {
        id: id.to_owned(),
        etag: etag.to_owned(),
        name: config.name().to_owned(),
        origin_type: config.origin_access_control_origin_type().as_str().to_owned(),
        signing_behavior: config.signing_behavior().as_str().to_owned(),
        signing_protocol: config.signing_protocol().as_str().to_owned(),
    }
}
