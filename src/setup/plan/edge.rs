//! The access control, the function and the distribution.

use super::{Piece, signs_for_s3};
use crate::{
    error::{Error, ErrorKind, Result},
    routing::{Routing, javascript},
    setup::{
        Change, Ids, Observed, Part, Resource, Site, Step,
        distribution::{self, changes, is_ours, wanted},
        observed::{AccessControl, Distribution},
        request::SiteRouting,
        site::TAG,
    },
};

/// The access control that the site's origin uses: the one it has, if that signs for S3, or else the one of our name.
pub fn access_control<'a>(site: &Site, observed: &'a Observed) -> Option<&'a AccessControl> {
    let attached = observed.distribution.as_ref().map(|distribution| distribution.origin.access_control.as_str());
    let attached =
        observed.access_controls.iter().find(|control| Some(control.id.as_str()) == attached && signs_for_s3(control));
    let name = site.access_control_name();
    attached.or_else(|| observed.access_controls.iter().find(|control| control.name == name))
}

/// The code of the viewer-request function; `None` where error pages do the routing.
pub fn function_code(site: &Site) -> Option<String> {
    let SiteRouting::Function(routing) = site.routing else { return None };
    let redirects: Vec<_> = site.redirect.iter().map(|name| name.as_str()).collect();
    Some(javascript::code(Some(routing), site.domain.as_str(), &redirects))
}

#[derive(Debug, Default)]
pub(super) struct Front {
    pub before: Vec<Step>,
    pub distribution: Vec<Step>,
    pub wait: Vec<Step>,
    pub parts: Vec<Part>,
    pub notes: Vec<String>,
}

pub(super) fn plan(site: &Site, observed: &Observed, ids: &Ids) -> Result<Front> {
    if let Some(existing) = &observed.distribution {
        refuse_foreign_function(site, existing)?;
    }
    let mut piece = Piece::default();
    plan_access_control(site, observed, &mut piece);
    plan_function(site, observed, &mut piece);
    let mut front = Front { before: std::mem::take(&mut piece.steps), ..Front::default() };
    let existing = observed.distribution.as_ref();
    let wanted = wanted(site, ids, existing);
    let mut fields = changes(existing, &wanted);
    match existing {
        None => {
            front.distribution.push(Step::CreateDistribution);
            fields.push(set(&format!("tag {TAG}"), site.domain.as_str()));
        }
        Some(existing) => {
            if !fields.is_empty() {
                front.distribution.push(Step::UpdateDistribution);
            }
            let tag = existing.tags.get(TAG).cloned();
            if tag.as_deref() != Some(site.domain.as_str()) {
                front.distribution.push(Step::TagDistribution);
                fields.push(Change { old: tag, ..set(&format!("tag {TAG}"), site.domain.as_str()) });
            }
            piece.notes.extend(kept(site, existing, &wanted));
        }
    }
    let is_changed = front.distribution.iter().any(|step| *step != Step::TagDistribution);
    if is_changed || existing.is_some_and(|existing| !existing.deployed) {
        front.wait.push(Step::AwaitDeployment);
        if !is_changed {
            let old = Some("in progress".to_owned());
            fields.push(Change { old, ..set("deployment", "deployed") });
        }
    }
    let name = existing.map_or_else(|| site.domain.to_string(), |existing| existing.id.clone());
    piece.part(Resource::Distribution, name, existing.is_some(), fields);
    front.parts = piece.parts;
    front.notes = piece.notes;
    Ok(front)
}

fn set(field: &str, new: &str) -> Change {
    Change { field: field.to_owned(), old: None, new: Some(new.to_owned()) }
}

fn plan_access_control(site: &Site, observed: &Observed, piece: &mut Piece) {
    let control = access_control(site, observed);
    let mut changes = Vec::new();
    match control {
        None => {
            piece.steps.push(Step::CreateAccessControl);
            changes.push(set("signing behavior", "sign requests to S3, always"));
        }
        Some(control) if !signs_for_s3(control) => {
            piece.steps.push(Step::UpdateAccessControl);
            let old =
                format!("{} for {} with {}", control.signing_behavior, control.origin_type, control.signing_protocol);
            changes.push(Change { old: Some(old), ..set("signing behavior", "always for s3 with sigv4") });
        }
        Some(_) => {}
    }
    let name = control.map_or_else(|| site.access_control_name(), |control| control.name.clone());
    piece.part(Resource::AccessControl, name, control.is_some(), changes);
}

fn plan_function(site: &Site, observed: &Observed, piece: &mut Piece) {
    let (Some(name), Some(code)) = (site.function_name(), function_code(site)) else { return };
    let function = observed.function.as_ref().filter(|function| function.name == name);
    let mut changes = Vec::new();
    match function {
        None => {
            piece.steps.extend([Step::CreateFunction, Step::PublishFunction]);
            let redirect = site.redirect.as_ref().map(|name| format!("; {name} is redirected to {}", site.domain));
            changes.push(set("code", &format!("{}{}", meaning(site.routing), redirect.unwrap_or_default())));
        }
        Some(function) => {
            if function.code != code || function.runtime != javascript::RUNTIME {
                piece.steps.push(Step::UpdateFunction);
                changes.push(Change { old: Some("other code".to_owned()), ..set("code", meaning(site.routing)) });
            }
            if !piece.steps.contains(&Step::UpdateFunction) && function.live_code.as_deref() == Some(&code) {
                // It is live already.
            } else {
                piece.steps.push(Step::PublishFunction);
                let old = if function.live_code.is_some() { "an older version" } else { "not published" };
                changes.push(Change { old: Some(old.to_owned()), ..set("live version", "this code") });
            }
        }
    }
    piece.part(Resource::Function, name, function.is_some(), changes);
}

fn meaning(routing: SiteRouting) -> &'static str {
    match routing {
        SiteRouting::Function(Routing::Spa) => "every page is /index.html",
        SiteRouting::Function(Routing::Folders) => "/about/ is /about/index.html",
        SiteRouting::Function(Routing::Files) => "/about is /about.html",
        SiteRouting::ErrorPages => "what is missing is /index.html",
    }
}

/// One function can answer viewer requests. Somebody's own may guard the site with a password, so it is not pushed aside.
fn refuse_foreign_function(site: &Site, existing: &Distribution) -> Result<()> {
    let behavior = &existing.behavior;
    let function = behavior.viewer_request_function.as_str();
    let what = if behavior.viewer_request_lambda {
        "a Lambda@Edge function".to_owned()
    } else if !function.is_empty() && !is_ours(function) {
        format!("the function {}", function.rsplit('/').next().unwrap_or_default())
    } else {
        return Ok(());
    };
    if site.routing == SiteRouting::ErrorPages {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!("{what} answers the viewer requests of distribution {}, and there can be only one", existing.id),
        "use --routing error-pages to keep it, or take it off the default behavior in the CloudFront console",
    ))
}

/// What is somebody's own and stays.
fn kept(site: &Site, existing: &Distribution, wanted: &Distribution) -> Vec<String> {
    let mut notes = Vec::new();
    let (old, new) = (&existing.behavior, &wanted.behavior);
    if distribution::is_custom_cache_policy(&new.cache_policy) {
        notes.push(format!(
            "the default behavior keeps its own cache policy {}: see that it does not forward the Host header, to which S3 \
             answers 403",
            new.cache_policy
        ));
    }
    if !old.response_headers_policy.is_empty() && old.response_headers_policy != crate::setup::site::SECURITY_HEADERS {
        notes.push(format!(
            "the default behavior keeps its own response headers policy {}",
            old.response_headers_policy
        ));
    }
    if !new.viewer_request_function.is_empty() && site.routing == SiteRouting::ErrorPages || old.viewer_request_lambda {
        notes.push("the default behavior keeps its own viewer-request function".to_owned());
    }
    if new.viewer_protocol == "https-only" {
        notes.push("http is refused and not redirected to https, as the distribution has it".to_owned());
    }
    if !existing.enabled {
        notes.push(format!("the distribution {} is disabled, and is enabled by this", existing.id));
    }
    notes
}
