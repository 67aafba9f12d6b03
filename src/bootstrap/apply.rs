//! Carrying a plan out, step by step.
//!
//! Every step may be repeated: a run that is cut off between any two calls is finished by the next one, which plans anew
//! from what it finds.

use serde_json::Value;

use super::{
    Event, Session,
    observe::is_delegated,
    settle::Young,
    wait::{Look, too_long},
};
use crate::{
    aws::{BucketSetup, CloudFront, Zones},
    error::{Error, ErrorKind, Result},
    setup::{
        Ids, Observed, Plan, RecordChange, Resource, Site, Step, distribution,
        observed::{AccessControl, Distribution, Function, Record, RecordData, Tags},
        plan, policy,
        site::{CERTIFICATE_REGION, ROLE_POLICY},
    },
};

/// What a bootstrap did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was made and found.
    pub ids: Ids,
    /// The ARN of the role that publishes from GitHub Actions.
    pub role: Option<String>,
    /// The zone that was made, and the name servers that the registrar must be told, unless it names them already.
    pub delegate: Option<(String, Vec<String>)>,
    /// Records that were shown, for the owner to make.
    pub records: Vec<Record>,
    /// What had not come to its end when the waiting did, as phrases. The site is whole without it.
    pub unfinished: Vec<String>,
}

/// Does what a plan says.
///
/// # Errors
/// [`ErrorKind::Interrupted`] after [`Session::stop`]; [`ErrorKind::Service`] when something is waited for too long and
/// the rest cannot be done without it; otherwise as AWS answers. Whatever happens, what is made stays, and the next run
/// goes on from there.
pub async fn carry_out(session: &Session, plan: &Plan, observed: &Observed) -> Result<Outcome> {
    let mut work = Work::new(session, plan, observed);
    for (at, step) in plan.steps.iter().enumerate() {
        session.check()?;
        session.progress.event(Event::Begins(step));
        let rest = &plan.steps[at + 1..];
        work.needed_later = rest.iter().any(|later| !is_wait(later));
        work.carry_out(step).await?;
        session.progress.event(Event::Done(step));
    }
    work.outcome.ids = work.ids;
    Ok(work.outcome)
}

fn is_wait(step: &Step) -> bool {
    matches!(step, Step::AwaitDeployment | Step::AwaitRecords | Step::AwaitCertificate)
}

/// One run: what it knows, and what it has made so far.
pub(super) struct Work<'r> {
    pub(super) session: &'r Session,
    pub(super) site: &'r Site,
    pub(super) outcome: Outcome,
    pub(super) ids: Ids,
    /// What was there when the run began, and the zones it has made since.
    pub(super) observed: Observed,
    /// Whether any step after this one changes something.
    pub(super) needed_later: bool,
    pub(super) young: Young,
    distribution: Option<Distribution>,
    access_control: Option<AccessControl>,
    function: Option<Function>,
    bucket_policy: Option<Value>,
    provider: Option<String>,
}

impl<'r> Work<'r> {
    fn new(session: &'r Session, plan: &'r Plan, observed: &Observed) -> Self {
        let ids = plan::ids(&plan.site, observed);
        let find = |control: &&AccessControl| ids.access_control.as_ref() == Some(&control.id);
        Self {
            session,
            site: &plan.site,
            outcome: Outcome { role: observed.role.as_ref().map(|role| role.arn.clone()), ..Outcome::default() },
            observed: observed.clone(),
            needed_later: true,
            young: Young::new(),
            distribution: observed.distribution.clone(),
            access_control: observed.access_controls.iter().find(find).cloned(),
            function: observed.function.clone(),
            bucket_policy: observed.bucket.as_ref().and_then(|bucket| bucket.policy.clone()),
            provider: observed.provider.as_ref().map(|provider| provider.arn.clone()),
            ids,
        }
    }

    async fn carry_out(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::CreateZone(name) => self.create_zone(name).await,
            Step::TagZone(id) => self.zones_of_aws().tag(id, &self.tags()).await,
            Step::CreateBucket
            | Step::BlockPublicAccess
            | Step::EnforceOwnership
            | Step::EnableVersioning
            | Step::SetLifecycle { .. }
            | Step::SetEncryption
            | Step::TagBucket => self.set_up_bucket(step).await,
            Step::SetBucketPolicy { closing, former } => self.set_bucket_policy(*closing, former).await,
            Step::RequestCertificate => self.request_certificate().await,
            Step::ProveCertificate => self.prove_certificate().await,
            Step::AwaitCertificate => self.await_certificate().await,
            Step::CreateAccessControl | Step::UpdateAccessControl => self.set_access_control(step).await,
            Step::CreateFunction | Step::UpdateFunction | Step::PublishFunction => self.set_function(step).await,
            Step::CreateDistribution => self.create_distribution().await,
            Step::UpdateDistribution => self.update_distribution().await,
            Step::TagDistribution => self.tag_distribution().await,
            Step::AwaitDeployment => self.await_deployment().await,
            Step::ChangeRecords(changes) => self.change_records(changes).await,
            Step::AwaitRecords => self.await_records().await,
            Step::AwaitExpiry { seconds } => self.await_expiry(*seconds).await,
            Step::CreateProvider | Step::AddAudience => self.set_provider(step).await,
            Step::CreateRole | Step::SetTrust | Step::SetRolePolicy | Step::TagRole => self.set_role(step).await,
        }
    }

    fn tags(&self) -> Tags {
        self.site.tags(false)
    }

    pub(super) fn zones_of_aws(&self) -> Zones {
        self.session.aws.zones()
    }

    fn cloudfront(&self) -> CloudFront {
        self.session.aws.cloudfront()
    }

    async fn create_zone(&mut self, name: &str) -> Result<()> {
        let (zones, reference, tags) = (self.zones_of_aws(), self.session.reference(), self.tags());
        let zone = self.session.settled(&self.young, async || zones.create(name, &reference, &tags).await).await?;
        // A registrar may have been told beforehand: delegation sets are reused.
        if is_delegated(self.session, &zone).await != Some(true) {
            self.session.progress.event(Event::Delegate(&zone.name, &zone.name_servers));
            self.outcome.delegate = Some((zone.name.clone(), zone.name_servers.clone()));
        }
        self.observed.zones.push(zone);
        self.young.insert(Resource::Zone);
        Ok(())
    }

    fn bucket(&self) -> BucketSetup {
        self.session.aws.bucket_setup(self.site.bucket.as_str(), Some(self.site.region.as_str()))
    }

    async fn set_up_bucket(&mut self, step: &Step) -> Result<()> {
        let (bucket, tags) = (self.bucket(), plan::bucket_tags(self.site, &self.observed));
        let call = async || match step {
            Step::CreateBucket => bucket.create(self.site.region.as_str()).await,
            Step::BlockPublicAccess => bucket.block_public_access().await,
            Step::EnforceOwnership => bucket.enforce_ownership().await,
            Step::EnableVersioning => bucket.enable_versioning().await,
            Step::SetLifecycle { rules, remove } => bucket.set_lifecycle(rules, remove).await,
            Step::SetEncryption => match &self.site.kms_key {
                Some(key) => bucket.set_encryption(key).await,
                None => Ok(()),
            },
            _ => bucket.tag(&tags).await,
        };
        self.session.settled(&self.young, call).await?;
        if *step == Step::CreateBucket {
            self.young.insert(Resource::Bucket);
        }
        Ok(())
    }

    async fn set_bucket_policy(&mut self, closing: bool, former: &[String]) -> Result<()> {
        let id = self.ids.distribution.clone().ok_or_else(|| out_of_order("the distribution"))?;
        let arn = self.site.distribution_arn(&id);
        let document = policy::moving_policy(self.site, former, &arn, self.bucket_policy.as_ref(), closing);
        let bucket = self.bucket();
        self.session.settled(&self.young, async || bucket.set_policy(&document).await).await?;
        self.bucket_policy = Some(document);
        Ok(())
    }

    async fn request_certificate(&mut self) -> Result<()> {
        let certificates = self.session.aws.certificates(CERTIFICATE_REGION);
        self.ids.certificate = Some(certificates.request(&self.site.certificate_names(), &self.tags()).await?);
        Ok(())
    }

    async fn set_access_control(&mut self, step: &Step) -> Result<()> {
        let cloudfront = self.cloudfront();
        let control = match (&self.access_control, step) {
            (Some(control), Step::UpdateAccessControl) => {
                cloudfront.update_access_control(&plan::signing(control)).await?
            }
            _ => cloudfront.create_access_control(&self.site.access_control_name()).await?,
        };
        self.ids.access_control = Some(control.id.clone());
        self.access_control = Some(control);
        self.young.insert(Resource::AccessControl);
        Ok(())
    }

    async fn set_function(&mut self, step: &Step) -> Result<()> {
        let cloudfront = self.cloudfront();
        let name = self.site.function_name().ok_or_else(|| out_of_order("the function"))?;
        let code = plan::function_code(self.site).ok_or_else(|| out_of_order("the function"))?;
        let made = match step {
            Step::CreateFunction => {
                let comment = format!("Routes {} (cruddur-site)", self.site.domain);
                cloudfront.create_function(&name, &comment, &code).await?
            }
            _ => {
                let function = self.function.clone().ok_or_else(|| out_of_order("the function"))?;
                if *step == Step::UpdateFunction {
                    cloudfront.update_function(&function, &code).await?
                } else {
                    let publish = async || cloudfront.publish_function(&function.name, &function.etag).await;
                    self.session.settled(&self.young, publish).await?;
                    function
                }
            }
        };
        self.ids.function = Some(made.arn.clone());
        self.function = Some(made);
        self.young.insert(Resource::Function);
        Ok(())
    }

    async fn create_distribution(&mut self) -> Result<()> {
        let (cloudfront, reference, tags) = (self.cloudfront(), self.session.reference(), self.tags());
        let wanted = distribution::wanted(self.site, &self.ids, None);
        let create = async || cloudfront.create_distribution(&wanted, &reference, &tags).await;
        let made = self.session.settled(&self.young, create).await?;
        self.know(made);
        self.young.insert(Resource::Distribution);
        Ok(())
    }

    async fn update_distribution(&mut self) -> Result<()> {
        let cloudfront = self.cloudfront();
        let existing = self.distribution.clone().ok_or_else(|| out_of_order("the distribution"))?;
        let wanted = distribution::wanted(self.site, &self.ids, Some(&existing));
        let update = async || cloudfront.update_distribution(&existing.id, &wanted).await;
        let made = self.session.settled(&self.young, update).await?;
        self.know(made);
        Ok(())
    }

    fn know(&mut self, made: Distribution) {
        self.ids.distribution = Some(made.id.clone());
        self.ids.distribution_domain = Some(made.domain_name.clone());
        self.distribution = Some(made);
    }

    async fn tag_distribution(&mut self) -> Result<()> {
        let id = self.ids.distribution.clone().ok_or_else(|| out_of_order("the distribution"))?;
        let (cloudfront, arn) = (self.cloudfront(), self.site.distribution_arn(&id));
        let tags = plan::distribution_tags(self.site, &self.observed);
        self.session.settled(&self.young, async || cloudfront.tag(&arn, &tags).await).await
    }

    async fn await_deployment(&mut self) -> Result<()> {
        let id = self.ids.distribution.clone().ok_or_else(|| out_of_order("the distribution"))?;
        let (cloudfront, limit) = (self.cloudfront(), self.session.limits.deployment);
        let look = async || match cloudfront.is_deployed(&id).await? {
            true => Ok(Look::Here(())),
            false => Ok(Look::NotYet(String::new())),
        };
        if self.session.wait("until every edge has the distribution", limit, look).await?.is_some() {
            return Ok(());
        }
        let what = format!("distribution {id} is still being deployed");
        let next = "run the same command again in some minutes: it goes on from here";
        self.unfinished(what, |what| too_long(what, limit, next))
    }

    /// Something had not come to its end in time: an error where later steps need it, else something to tell.
    pub(super) fn unfinished(&mut self, what: String, error: impl FnOnce(&str) -> Error) -> Result<()> {
        if self.needed_later {
            return Err(error(&what));
        }
        self.outcome.unfinished.push(what);
        Ok(())
    }

    pub(super) async fn change_records(&mut self, changes: &[RecordChange]) -> Result<()> {
        let target = self.ids.distribution_domain.clone().unwrap_or_default();
        let mut sent = Vec::new();
        for change in changes {
            let zone = self.zone(change)?;
            let point = |record: &Record| pointed(record, &target);
            let upsert: Vec<Record> = change.upsert.iter().map(point).collect();
            let zones = self.zones_of_aws();
            let delete = &change.delete;
            let made = self.session.settled(&self.young, async || zones.change(&zone, delete, &upsert).await).await?;
            sent.push(made);
        }
        self.await_sync(&sent).await
    }

    /// The id of the zone of a change: the one that was planned, or the one that was made.
    fn zone(&self, change: &RecordChange) -> Result<String> {
        let made =
            || self.observed.zones.iter().rev().find(|zone| zone.name == change.zone).map(|zone| zone.id.clone());
        change.zone_id.clone().or_else(made).ok_or_else(|| out_of_order("the zone"))
    }

    /// Waits until the zone's own name servers have the changes.
    pub(super) async fn await_sync(&mut self, changes: &[String]) -> Result<()> {
        let (zones, limit) = (self.zones_of_aws(), self.session.limits.settling);
        for change in changes {
            let look = async || match zones.is_in_sync(change).await? {
                true => Ok(Look::Here(())),
                false => Ok(Look::NotYet(String::new())),
            };
            if self.session.wait("until Route 53 has the records everywhere", limit, look).await?.is_none() {
                self.session.progress.event(Event::Warning("Route 53 is still spreading the records"));
            }
        }
        Ok(())
    }

    async fn set_provider(&mut self, step: &Step) -> Result<()> {
        let identities = self.session.aws.identities();
        match (&self.provider, step) {
            (Some(provider), Step::AddAudience) => identities.add_audience(provider).await?,
            _ => self.provider = Some(identities.create_provider(&self.site.account).await?),
        }
        self.young.insert(Resource::OidcProvider);
        Ok(())
    }

    async fn set_role(&mut self, step: &Step) -> Result<()> {
        let identities = self.session.aws.identities();
        let name = self.site.role_name();
        let deployer = self.site.deployer.as_ref().ok_or_else(|| out_of_order("the repository"))?;
        let trust = policy::trust(self.site, deployer);
        let tags = self.tags();
        match step {
            Step::CreateRole => {
                let description = format!("Publishes {} from GitHub Actions (cruddur-site)", self.site.domain);
                let create = async || identities.create_role(&name, &trust, &description, &tags).await;
                self.outcome.role = Some(self.session.settled(&self.young, create).await?);
                self.young.insert(Resource::Role);
                Ok(())
            }
            Step::SetTrust => {
                self.session.settled(&self.young, async || identities.set_trust(&name, &trust).await).await
            }
            Step::SetRolePolicy => {
                let id = self.ids.distribution.as_deref().ok_or_else(|| out_of_order("the distribution"))?;
                let document = policy::deploy_policy(self.site, id);
                let put = async || identities.put_policy(&name, ROLE_POLICY, &document).await;
                self.session.settled(&self.young, put).await
            }
            _ => {
                let tags = self.site.tags(true);
                self.session.settled(&self.young, async || identities.tag_role(&name, &tags).await).await
            }
        }
    }
}

/// The record with the target that was not known when it was planned.
fn pointed(record: &Record, domain: &str) -> Record {
    let mut record = record.clone();
    match &mut record.data {
        RecordData::Alias { target, .. } if target.is_empty() => *target = domain.to_owned(),
        RecordData::Values { values, .. } => {
            values.iter_mut().filter(|value| value.is_empty()).for_each(|value| *value = domain.to_owned());
        }
        _ => {}
    }
    record
}

/// A plan whose steps are not in order, which [`plan`] never makes.
pub(super) fn out_of_order(what: &str) -> Error {
    let next = "run the command again; if it says so again, report it as a bug";
    Error::new(ErrorKind::Service, format!("the plan needs {what} before it is there"), next)
}
