//! The way back: looking at what there is of a site, and taking away what was made for it.

use super::{
    Event, Session,
    observe::observe,
    settle::Young,
    wait::{Look, too_long},
};
use crate::{
    error::Result,
    routing::Routing,
    setup::{
        Request, Resource,
        removal::{Remains, Removal, Removals},
        site::{role_name, slug},
    },
};

/// Looks at what there is of the site of `request`.
///
/// # Errors
/// As [`observe()`].
pub async fn remains(session: &Session, request: &Request) -> Result<Remains> {
    let observed = observe(session, request, Routing::Spa).await?;
    let cloudfront = session.aws.cloudfront();
    let mut functions = Vec::new();
    for routing in Routing::ALL {
        functions.extend(cloudfront.function(&routing.function_name(&slug(request.domain.as_str()))).await?);
    }
    let role = session.aws.identities().role(&role_name(request.domain.as_str())).await?;
    let own = crate::setup::site::access_control_name(request.domain.as_str());
    Ok(Remains {
        domain: request.domain.clone(),
        distribution: observed.distribution,
        records: observed.records,
        zones: observed.zones,
        functions,
        access_controls: observed.access_controls.into_iter().filter(|control| control.name == own).collect(),
        bucket: observed.bucket,
        certificates: observed.certificates,
        role,
    })
}

/// Takes away what was planned, in its order. What is gone already is no error, so that it can be repeated.
///
/// # Errors
/// [`crate::ErrorKind::Interrupted`] after [`Session::stop`]; [`crate::ErrorKind::Service`] when the edges take too long to
/// let go; otherwise as AWS answers.
pub async fn destroy(session: &Session, removals: &Removals) -> Result<()> {
    for removal in &removals.steps {
        session.check()?;
        let phrase = removal.to_string();
        session.progress.event(Event::Removing(&phrase));
        remove(session, removal).await?;
        session.progress.event(Event::Removed(&phrase));
    }
    Ok(())
}

async fn remove(session: &Session, removal: &Removal) -> Result<()> {
    let aws = &session.aws;
    // What a distribution used is in use for some seconds after the distribution is gone.
    let young = Young::from([Resource::Distribution, Resource::Zone]);
    match removal {
        Removal::Records { zone_id, records, .. } => {
            let change = aws.zones().change(zone_id, records, &[]).await?;
            let look = async || match aws.zones().is_in_sync(&change).await? {
                true => Ok(Look::Here(())),
                false => Ok(Look::NotYet(String::new())),
            };
            session.wait("until Route 53 has let go of the records", session.limits.settling, look).await.map(drop)
        }
        Removal::DisableDistribution(id) => disable(session, id).await,
        Removal::DeleteDistribution(id) => aws.cloudfront().delete_distribution(id).await,
        Removal::Function(name) => session.settled(&young, async || aws.cloudfront().delete_function(name).await).await,
        Removal::AccessControl(_, id) => {
            session.settled(&young, async || aws.cloudfront().delete_access_control(id).await).await
        }
        Removal::BucketPolicy { bucket, region, rest } => {
            let bucket = aws.bucket_setup(bucket, Some(region));
            match rest {
                Some(policy) => bucket.set_policy(policy).await,
                None => bucket.delete_policy().await,
            }
        }
        Removal::Certificate(arn) => {
            let certificates = aws.certificates(crate::setup::site::CERTIFICATE_REGION);
            session.settled(&young, async || certificates.delete(arn).await).await
        }
        Removal::Content { bucket, region } => aws.bucket_setup(bucket, Some(region)).empty().await.map(drop),
        Removal::Bucket { bucket, region } => {
            let bucket = aws.bucket_setup(bucket, Some(region));
            session.settled(&young, async || bucket.delete().await).await
        }
        Removal::Role(name) => aws.identities().delete_role(name).await,
        Removal::Zone(_, id) => aws.zones().delete(id).await,
    }
}

async fn disable(session: &Session, id: &str) -> Result<()> {
    let cloudfront = session.aws.cloudfront();
    cloudfront.disable(id).await?;
    let limit = session.limits.deployment;
    let look = async || match cloudfront.is_deployed(id).await? {
        true => Ok(Look::Here(())),
        false => Ok(Look::NotYet(String::new())),
    };
    let gone = session.wait("until every edge has let go of the distribution", limit, look).await?;
    gone.ok_or_else(|| {
        let next = "run the same command again in some minutes: it goes on from here";
        too_long(&format!("distribution {id} is still being disabled"), limit, next)
    })
}
