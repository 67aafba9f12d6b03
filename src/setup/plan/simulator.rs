//! An account that steps are applied to, and what visitors of the site get from it meanwhile.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::{
    routing::javascript,
    setup::{
        distribution::wanted,
        observed::*,
        policy::{self, AUDIENCE, Decision, Principal},
        records,
        site::ROLE_POLICY,
    },
};

pub const IDENTITY: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1OAI";
pub const TARGET: &str = "d1.cloudfront.net";

/// An account, and what of its past is still in effect somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub observed: Observed,
    /// Configurations that some edge may still have.
    pub edges: Vec<Distribution>,
    /// Records that some resolver may still have.
    pub resolvers: Vec<Vec<ZoneRecord>>,
    /// Whether the site's objects are readable by everyone as their ACLs say.
    pub public_acls: bool,
    /// The folders that the site is in: the one that is served, and one that it may move to.
    pub folders: Vec<String>,
}

pub fn distribution_id(site: &Site) -> String {
    format!("E1{}", site.account.id)
}

impl World {
    pub fn new(observed: Observed, public_acls: bool, folders: &[&str]) -> Self {
        let edges = observed.distribution.iter().cloned().collect();
        let resolvers = vec![observed.records.clone()];
        Self { observed, edges, resolvers, public_acls, folders: folders.iter().map(ToString::to_string).collect() }
    }

    /// All that was waited for has come to pass.
    pub fn settled(&mut self) {
        if let Some(distribution) = &mut self.observed.distribution {
            distribution.deployed = true;
        }
        self.edges = self.observed.distribution.iter().cloned().collect();
        self.resolvers = vec![self.observed.records.clone()];
    }

    pub fn apply(&mut self, site: &Site, step: &Step) {
        let ids = ids(site, &self.observed);
        let tags = site.tags(false);
        match step {
            Step::CreateZone(name) => self.observed.zones.push(Zone {
                id: format!("Z-{name}"),
                name: name.clone(),
                name_servers: vec!["ns-1.awsdns-1.com".into()],
                delegated: Some(false),
                records: 2,
                is_ours: true,
                tags,
            }),
            Step::TagZone(id) => {
                let zone = self.observed.zones.iter_mut().find(|zone| zone.id == *id).expect("the zone");
                zone.tags.extend(tags);
            }
            Step::CreateBucket => {
                assert!(self.observed.bucket.is_none());
                self.observed.bucket = Some(Bucket {
                    name: site.bucket.to_string(),
                    region: site.region.to_string(),
                    public_access_block: [true; 4],
                    ownership: Some("BucketOwnerEnforced".into()),
                    versioning: false,
                    lifecycle: Vec::new(),
                    encryption: None,
                    policy: None,
                    tags: Tags::new(),
                    website: false,
                    has_site: false,
                    is_empty: true,
                });
            }
            Step::BlockPublicAccess => self.bucket().public_access_block = [true; 4],
            Step::EnforceOwnership => self.bucket().ownership = Some("BucketOwnerEnforced".into()),
            Step::EnableVersioning => self.bucket().versioning = true,
            Step::SetLifecycle { rules, remove } => {
                let lifecycle = &mut self.bucket().lifecycle;
                lifecycle.retain(|rule| !remove.contains(&rule.id) && !rules.iter().any(|ours| ours.id == rule.id));
                lifecycle.extend(rules.iter().cloned());
            }
            Step::SetEncryption => {
                self.bucket().encryption =
                    Some(Encryption { algorithm: "aws:kms".into(), kms_key: site.kms_key.clone(), bucket_key: true });
            }
            Step::TagBucket => {
                let tags = bucket_tags(site, &self.observed);
                self.bucket().tags.extend(tags);
            }
            Step::SetBucketPolicy { closing, former } => {
                let arn = site.distribution_arn(ids.distribution.as_deref().expect("a distribution to let in"));
                let bucket = self.bucket();
                let document = policy::moving_policy(site, former, &arn, bucket.policy.as_ref(), *closing);
                assert!(
                    !(bucket.public_access_block[2] && policy::opens_to_the_world(&document)),
                    "S3 refuses a public policy where public policies are blocked"
                );
                bucket.policy = Some(document);
            }
            Step::RequestCertificate => self.observed.certificates.push(Certificate {
                status: "PENDING_VALIDATION".into(),
                names: site.certificate_names(),
                validations: validations(&site.certificate_names()),
                tags,
                ..issued(&format!("new-{}", self.observed.certificates.len()), &[])
            }),
            Step::ProveCertificate => {
                let certificate = certificate(site, &self.observed).cloned().expect("a certificate to prove");
                let changes = records::validation_changes(site, &self.observed, &certificate).expect("zones");
                self.change(&changes.zones, "");
            }
            Step::AwaitCertificate => {
                let arn = ids.certificate.expect("a certificate to wait for");
                let waited = self.observed.certificates.iter_mut().find(|certificate| certificate.arn == arn);
                waited.expect("it is there").status = "ISSUED".into();
            }
            Step::CreateAccessControl => {
                let name = site.access_control_name();
                assert!(self.observed.access_controls.iter().all(|control| control.name != name), "names are unique");
                self.observed.access_controls.push(control("OACNEW", &name));
            }
            Step::UpdateAccessControl => {
                let id = ids.access_control.expect("an access control");
                for old in self.observed.access_controls.iter_mut().filter(|control| control.id == id) {
                    *old = AccessControl { name: old.name.clone(), ..control(&id, "") };
                }
            }
            Step::CreateFunction => {
                let name = site.function_name().expect("a function");
                self.observed.function = Some(Function {
                    arn: format!("arn:aws:cloudfront::{}:function/{name}", site.account.id),
                    name,
                    etag: "1".into(),
                    code: function_code(site).expect("code"),
                    live_code: None,
                    runtime: javascript::RUNTIME.into(),
                });
            }
            Step::UpdateFunction => {
                let function = self.observed.function.as_mut().expect("a function");
                function.code = function_code(site).expect("code");
                function.runtime = javascript::RUNTIME.into();
            }
            Step::PublishFunction => {
                let function = self.observed.function.as_mut().expect("a function");
                function.live_code = Some(function.code.clone());
            }
            Step::CreateDistribution => {
                self.refuse_wrong(site, &ids);
                let id = distribution_id(site);
                let made = wanted(site, &ids, None);
                let arn = site.distribution_arn(&id);
                let made = Distribution { id, arn, domain_name: TARGET.into(), etag: "1".into(), tags, ..made };
                self.edges = vec![made.clone()];
                self.observed.distribution = Some(made);
            }
            Step::UpdateDistribution => {
                self.refuse_wrong(site, &ids);
                let mut made = wanted(site, &ids, self.observed.distribution.as_ref());
                made.deployed = false;
                self.edges.push(made.clone());
                self.observed.distribution = Some(made);
            }
            Step::TagDistribution => {
                let tags = distribution_tags(site, &self.observed);
                let tag = |distribution: &mut Distribution| distribution.tags.extend(tags.clone());
                self.observed.distribution.iter_mut().for_each(tag);
            }
            Step::AwaitDeployment => {
                let distribution = self.observed.distribution.as_mut().expect("a distribution");
                distribution.deployed = true;
                self.edges = vec![distribution.clone()];
            }
            Step::ChangeRecords(changes) => {
                self.change(changes, &ids.distribution_domain.expect("a distribution to lead to"));
            }
            Step::AwaitRecords => {
                self.observed.resolved = site.names().map(ToString::to_string).collect();
                let lead = |name: &String| ZoneRecord {
                    zone: String::new(),
                    record: records::aliases(name, TARGET)[0].clone(),
                };
                self.resolvers.push(self.observed.resolved.iter().map(lead).collect());
            }
            Step::AwaitExpiry { .. } => self.resolvers = self.resolvers.pop().into_iter().collect(),
            Step::CreateProvider => {
                self.observed.provider =
                    Some(OidcProvider { arn: policy::github_provider_arn(site), audiences: vec![AUDIENCE.into()] });
            }
            Step::AddAudience => {
                self.observed.provider.as_mut().expect("a provider").audiences.push(AUDIENCE.into());
            }
            Step::CreateRole => {
                let deployer = site.deployer.as_ref().expect("a deployer");
                self.observed.role = Some(Role {
                    name: site.role_name(),
                    arn: "arn:aws:iam::123456789012:role/x".into(),
                    trust: policy::trust(site, deployer),
                    inline: BTreeMap::new(),
                    attached: Vec::new(),
                    tags,
                });
            }
            Step::SetTrust => {
                let trust = policy::trust(site, site.deployer.as_ref().expect("a deployer"));
                self.role().trust = trust;
            }
            Step::SetRolePolicy => {
                let id = ids.distribution.expect("a distribution");
                self.role().inline.insert(ROLE_POLICY.into(), policy::deploy_policy(site, &id));
            }
            Step::TagRole => self.role().tags.extend(site.tags(false)),
        }
    }

    fn bucket(&mut self) -> &mut Bucket {
        self.observed.bucket.as_mut().expect("a bucket")
    }

    fn role(&mut self) -> &mut Role {
        self.observed.role.as_mut().expect("a role")
    }

    /// What CloudFront would refuse.
    fn refuse_wrong(&self, site: &Site, ids: &Ids) {
        let certificate = certificate(site, &self.observed).expect("a certificate");
        assert_eq!(Some(&certificate.arn), ids.certificate.as_ref());
        assert_eq!(certificate.status, "ISSUED");
        let made = wanted(site, ids, self.observed.distribution.as_ref());
        for alias in &made.aliases {
            assert!(super::certificate::covers(certificate, alias), "{alias} is not covered");
        }
        assert!(!format!("{made:?}").contains(crate::setup::distribution::MADE), "an id is missing");
        if !made.behavior.viewer_request_function.is_empty() {
            let function = self.observed.function.as_ref().expect("a function");
            assert!(function.live_code.is_some(), "only a published function can be associated");
        }
    }

    fn change(&mut self, changes: &[crate::setup::RecordChange], target: &str) {
        let before = self.observed.records.clone();
        for change in changes {
            let zone = change.zone_id.clone().unwrap_or_else(|| format!("Z-{}", change.zone));
            assert!(self.observed.zones.iter().any(|known| known.id == zone), "no zone {zone}");
            let records = &mut self.observed.records;
            for gone in &change.delete {
                let place = records.iter().position(|old| old.zone == zone && old.record == *gone);
                records.remove(place.expect("Route 53 deletes only what is exactly so"));
            }
            for new in &change.upsert {
                let mut record = new.clone();
                if let RecordData::Alias { target: old, .. } = &mut record.data
                    && old.is_empty()
                {
                    target.clone_into(old);
                }
                records.retain(|old| old.zone != zone || old.record.name != new.name || old.record.kind != new.kind);
                records.push(ZoneRecord { zone: zone.clone(), record });
            }
            let clash = |one: &ZoneRecord| {
                one.record.kind == "CNAME"
                    && records.iter().any(|other| {
                        other.zone == one.zone && other.record.name == one.record.name && other.record.kind != "CNAME"
                    })
            };
            assert!(!records.iter().any(clash), "a CNAME stands alone");
        }
        if before != self.observed.records {
            self.resolvers.push(self.observed.records.clone());
        }
    }

    /// Whether every visitor of `name` gets the site's page, whatever edge and resolver he has.
    pub fn works(&self, name: &str) -> bool {
        self.resolvers.iter().all(|records| {
            let of_name = records.iter().filter(|found| found.record.name == name);
            let mut targets = of_name.filter(|found| matches!(found.record.kind.as_str(), "A" | "CNAME"));
            let Some(found) = targets.next() else { return false };
            let target = match &found.record.data {
                RecordData::Alias { target, .. } => target.as_str(),
                RecordData::Values { values, .. } => values[0].as_str(),
                RecordData::Routed => return false,
            };
            if target.contains("s3-website") {
                return self.observed.bucket.as_ref().is_some_and(|bucket| bucket.website && self.is_public(bucket));
            }
            target != TARGET || !self.edges.is_empty() && self.edges.iter().all(|edge| self.serves(edge, name))
        })
    }

    fn serves(&self, edge: &Distribution, name: &str) -> bool {
        let Some(bucket) = &self.observed.bucket else { return false };
        let Some(origin) = S3Origin::of(&edge.origin) else { return false };
        let certificate = self.observed.certificates.iter().find(|known| Some(&known.arn) == edge.certificate.as_ref());
        let is_trusted =
            certificate.is_some_and(|known| known.status == "ISSUED" && super::certificate::covers(known, name));
        let function = edge.behavior.viewer_request_function.as_str();
        let routes = function.is_empty()
            || self.observed.function.as_ref().is_some_and(|known| known.arn == function && known.live_code.is_some());
        edge.enabled
            && edge.aliases.iter().any(|alias| alias == name)
            && is_trusted
            && routes
            && origin.bucket == bucket.name
            && self.folders.contains(&origin.prefix)
            && (origin.website || !edge.default_root_object.is_empty())
            && self.is_readable(edge, &origin, bucket)
    }

    fn is_readable(&self, edge: &Distribution, origin: &S3Origin, bucket: &Bucket) -> bool {
        if origin.website {
            return bucket.website && self.is_public(bucket);
        }
        let control = self.observed.access_controls.iter().find(|control| control.id == edge.origin.access_control);
        if control.is_some_and(signs_for_s3) {
            let source = [("AWS:SourceArn", edge.arn.as_str())];
            return self.is_public(bucket)
                || self.allows(bucket, &origin.prefix, Principal::Service(policy::CLOUDFRONT), &source);
        }
        if !edge.origin.access_identity.is_empty() && self.allows(bucket, &origin.prefix, Principal::Aws(IDENTITY), &[])
        {
            return true;
        }
        self.is_public(bucket)
    }

    fn allows(&self, bucket: &Bucket, folder: &str, principal: Principal<'_>, context: &[(&str, &str)]) -> bool {
        let object = format!("{folder}/index.html");
        let arn = format!("arn:aws:s3:::{}/{}", bucket.name, object.trim_start_matches('/'));
        let documents: Vec<_> = bucket.policy.iter().collect();
        policy::allows(&documents, principal, "s3:GetObject", &arn, context) == Decision::Allowed
    }

    pub fn is_public(&self, bucket: &Bucket) -> bool {
        let is_allowed = self.folders.iter().all(|folder| self.allows(bucket, folder, Principal::Anonymous, &[]));
        let by_policy = is_allowed && !bucket.public_access_block[3];
        let has_acls = bucket.ownership.as_deref() != Some("BucketOwnerEnforced");
        by_policy || self.public_acls && has_acls && !bucket.public_access_block[1]
    }
}

pub fn control(id: &str, name: &str) -> AccessControl {
    AccessControl {
        id: id.to_owned(),
        etag: "1".into(),
        name: name.to_owned(),
        origin_type: "s3".into(),
        signing_behavior: "always".into(),
        signing_protocol: "sigv4".into(),
    }
}

pub fn issued(id: &str, names: &[&str]) -> Certificate {
    Certificate {
        arn: format!("arn:aws:acm:us-east-1:123456789012:certificate/{id}"),
        region: "us-east-1".into(),
        status: "ISSUED".into(),
        failure: None,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        kind: "AMAZON_ISSUED".into(),
        key_algorithm: "RSA_2048".into(),
        requested: Some(1),
        expires: Some(2),
        validations: Vec::new(),
        used_by: Vec::new(),
        tags: Tags::new(),
    }
}

/// What ACM would have to have proved: one record for a name and its wildcard.
pub fn validations(names: &[String]) -> Vec<Validation> {
    let validation = |name: &String| {
        let bare = name.trim_start_matches("*.");
        let record = (format!("_{}.{bare}.", bare.len()), format!("_x{}.acm-validations.aws.", bare.len()));
        Validation {
            domain: name.clone(),
            method: "DNS".into(),
            status: "PENDING_VALIDATION".into(),
            record: Some(record),
        }
    };
    names.iter().map(validation).collect()
}

/// The policy of a bucket that a tutorial opened to the world.
pub fn public_statement(bucket: &str) -> serde_json::Value {
    json!({
        "Sid": "PublicReadGetObject",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    })
}

/// The statement for a legacy access identity.
pub fn identity_statement(bucket: &str) -> serde_json::Value {
    json!({
        "Effect": "Allow",
        "Principal": { "AWS": IDENTITY },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    })
}
