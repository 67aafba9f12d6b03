//! The way back: what of a site is taken away, in which order, and what stays and why. Pure.

use serde_json::Value;

use super::{
    observed::{
        AccessControl, Bucket, Certificate, Distribution, Function, Record, RecordData, Role, Tags, Zone, ZoneRecord,
    },
    site::{ADOPTED_TAG, TAG},
};
use crate::config::DomainName;

/// What there is of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// The name people know it by.
    pub domain: DomainName,
    /// Its distribution.
    pub distribution: Option<Distribution>,
    /// The records of the distribution's names, and those that prove the certificates.
    pub records: Vec<ZoneRecord>,
    /// The zones that the names are in.
    pub zones: Vec<Zone>,
    /// The functions that bear our name for the domain.
    pub functions: Vec<Function>,
    /// The access controls that bear our name for the domain.
    pub access_controls: Vec<AccessControl>,
    /// Its bucket.
    pub bucket: Option<Bucket>,
    /// The certificates that name any of its names.
    pub certificates: Vec<Certificate>,
    /// The role that bears our name for the domain.
    pub role: Option<Role>,
}

/// One thing to take away. Each may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// Deletes records of a zone.
    Records {
        /// The zone's name.
        zone: String,
        /// Its id.
        zone_id: String,
        /// The records.
        records: Vec<Record>,
    },
    /// Turns the distribution off and waits until every edge has done so; only then can it be deleted.
    DisableDistribution(String),
    /// Deletes the distribution.
    DeleteDistribution(String),
    /// Deletes the function.
    Function(String),
    /// Deletes the access control: its name and id.
    AccessControl(String, String),
    /// Takes the distribution's statements out of the bucket's policy; without any left the policy goes.
    BucketPolicy {
        /// The bucket's name.
        bucket: String,
        /// The bucket's region.
        region: String,
        /// What is left of the policy.
        rest: Option<Value>,
    },
    /// Deletes the certificate of this ARN.
    Certificate(String),
    /// Deletes every version of every object.
    Content {
        /// The bucket's name.
        bucket: String,
        /// The bucket's region.
        region: String,
    },
    /// Deletes the empty bucket.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The bucket's region.
        region: String,
    },
    /// Deletes the role with its policies.
    Role(String),
    /// Deletes the zone: its name and id.
    Zone(String, String),
}

impl std::fmt::Display for Removal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Records { zone, records, .. } => {
                let names: Vec<String> =
                    records.iter().map(|record| format!("{} {}", record.name, record.kind)).collect();
                write!(f, "delete the records {} of the zone {zone}", names.join(", "))
            }
            Self::DisableDistribution(id) => write!(f, "turn distribution {id} off"),
            Self::DeleteDistribution(id) => write!(f, "delete distribution {id}"),
            Self::Function(name) => write!(f, "delete function {name}"),
            Self::AccessControl(name, _) => write!(f, "delete origin access control {name}"),
            Self::BucketPolicy { bucket, .. } => {
                write!(f, "take the distribution out of the policy of bucket {bucket}")
            }
            Self::Certificate(arn) => write!(f, "delete certificate {arn}"),
            Self::Content { bucket, .. } => write!(f, "delete everything in bucket {bucket}, old versions included"),
            Self::Bucket { bucket, .. } => write!(f, "delete bucket {bucket}"),
            Self::Role(name) => write!(f, "delete role {name}"),
            Self::Zone(name, _) => write!(f, "delete hosted zone {name}"),
        }
    }
}

/// What is taken away, in this order, and what stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removals {
    /// What is taken away.
    pub steps: Vec<Removal>,
    /// What stays, and why.
    pub kept: Vec<(String, String)>,
}

impl Removals {
    /// Whether everything of a bucket is deleted.
    pub fn deletes_content(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Removal::Content { .. }))
    }

    fn keep(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.kept.push((what.into(), why.into()));
    }
}

/// Whether it was made for `domain`, and not only adopted.
fn is_made_for(tags: &Tags, domain: &DomainName) -> bool {
    tags.get(TAG).is_some_and(|tagged| tagged == domain.as_str()) && !tags.contains_key(ADOPTED_TAG)
}

/// Why something without our tag stays.
const NOT_OURS: &str = "not made by cruddur-site";

/// Plans the removal of what was made for a site. What is in use by something that stays, stays too; so does what bears
/// no tag of ours, the identity provider (other roles use it), and a bucket with anything in it unless `delete_content`.
pub fn removals(remains: &Remains, delete_content: bool) -> Removals {
    let mut plan = Removals::default();
    let domain = &remains.domain;
    let stays = remains.distribution.as_ref().filter(|one| !is_made_for(&one.tags, domain));
    if let Some(distribution) = stays {
        plan.keep(format!("distribution {} and what it uses", distribution.id), NOT_OURS);
    } else {
        front(remains, &mut plan);
    }
    bucket(remains, delete_content, stays.is_some(), &mut plan);
    match &remains.role {
        Some(role) if is_made_for(&role.tags, domain) => plan.steps.push(Removal::Role(role.name.clone())),
        Some(role) => plan.keep(format!("role {}", role.name), NOT_OURS),
        None => {}
    }
    zones(remains, &mut plan);
    plan
}

/// The records, the distribution, and what only it uses, in the order in which AWS lets go of them.
fn front(remains: &Remains, plan: &mut Removals) {
    let used = remains.distribution.as_ref();
    for zone in &remains.zones {
        let leads_here = |record: &&Record| used.is_some_and(|one| leads_to(record, &one.domain_name));
        let records = remains.records.iter().filter(|found| found.zone == zone.id).map(|found| &found.record);
        let records: Vec<Record> = records.filter(leads_here).cloned().collect();
        if !records.is_empty() {
            plan.steps.push(Removal::Records { zone: zone.name.clone(), zone_id: zone.id.clone(), records });
        }
    }
    if let Some(distribution) = used {
        plan.steps.push(Removal::DisableDistribution(distribution.id.clone()));
        plan.steps.push(Removal::DeleteDistribution(distribution.id.clone()));
    }
    plan.steps.extend(remains.functions.iter().map(|function| Removal::Function(function.name.clone())));
    let controls = remains.access_controls.iter();
    plan.steps.extend(controls.map(|control| Removal::AccessControl(control.name.clone(), control.id.clone())));
    let arn = used.map(|distribution| distribution.arn.as_str());
    for certificate in &remains.certificates {
        if !is_made_for(&certificate.tags, &remains.domain) {
            continue;
        }
        match certificate.used_by.iter().find(|user| arn != Some(user.as_str())) {
            Some(user) => plan.keep(format!("certificate {}", certificate.arn), format!("used by {user}")),
            None => plan.steps.push(Removal::Certificate(certificate.arn.clone())),
        }
    }
}

fn leads_to(record: &Record, target: &str) -> bool {
    match &record.data {
        RecordData::Alias { target: its, .. } => its.eq_ignore_ascii_case(target),
        RecordData::Values { values, .. } => {
            record.kind == "CNAME" && values.iter().any(|value| value.eq_ignore_ascii_case(target))
        }
        RecordData::Routed => false,
    }
}

fn bucket(remains: &Remains, delete_content: bool, is_read: bool, plan: &mut Removals) {
    let Some(bucket) = &remains.bucket else { return };
    let (name, region) = (bucket.name.clone(), bucket.region.clone());
    let what = format!("bucket {name}");
    let reason = if is_read {
        Some("the distribution reads it")
    } else if !is_made_for(&bucket.tags, &remains.domain) {
        Some(NOT_OURS)
    } else if !bucket.is_empty && !delete_content {
        Some("not empty; --delete-content deletes it with all its files and old versions")
    } else {
        None
    };
    match reason {
        Some(why) => {
            if let Some(rest) = bucket.policy.as_ref().filter(|_| !is_read).and_then(|policy| without(policy, remains))
            {
                plan.steps.push(Removal::BucketPolicy { bucket: name, region, rest });
            }
            plan.keep(what, why);
        }
        None => {
            if !bucket.is_empty {
                plan.steps.push(Removal::Content { bucket: name.clone(), region: region.clone() });
            }
            plan.steps.push(Removal::Bucket { bucket: name, region });
        }
    }
}

/// A bucket policy without the statements that are for the site's distribution alone: `None` where it has none,
/// `Some(None)` where it has no others.
fn without(policy: &Value, remains: &Remains) -> Option<Option<Value>> {
    let statements = policy["Statement"].as_array()?;
    let arn = remains.distribution.as_ref().map(|distribution| distribution.arn.as_str());
    let is_ours = |statement: &&Value| {
        let sid = statement["Sid"].as_str().unwrap_or_default();
        let condition = statement["Condition"].to_string();
        sid.starts_with(super::policy::SID_PREFIX) || arn.is_some_and(|arn| condition.contains(&format!("\"{arn}\"")))
    };
    let rest: Vec<Value> = statements.iter().filter(|statement| !is_ours(statement)).cloned().collect();
    if rest.len() == statements.len() {
        return None;
    }
    let mut policy = policy.clone();
    policy["Statement"] = Value::Array(rest.clone());
    Some((!rest.is_empty()).then_some(policy))
}

/// Zones that were made for the site go once nothing is left in them but what every zone has and what proved the
/// certificates that go, too. That goes from the zones made for other sites as well, which stay; zones made by hand keep
/// it, for certificates of other regions are proved by the same records.
fn zones(remains: &Remains, plan: &mut Removals) {
    /// Its own NS and SOA.
    const OWN: u64 = 2;
    // One that a run was cut off after making has no tags yet.
    let is_cut_off = |zone: &Zone| zone.is_ours && !zone.tags.contains_key(TAG);
    let is_made = |zone: &Zone| is_made_for(&zone.tags, &remains.domain) || is_cut_off(zone);
    let is_made_for_another = |zone: &Zone| zone.tags.contains_key(TAG) && !zone.tags.contains_key(ADOPTED_TAG);
    for zone in remains.zones.iter().filter(|zone| is_made(zone) || is_made_for_another(zone)) {
        let goes = |record: &Record| {
            plan.steps.iter().any(|step| match step {
                Removal::Records { zone_id, records, .. } => *zone_id == zone.id && records.contains(record),
                _ => false,
            })
        };
        let its = || remains.records.iter().filter(|found| found.zone == zone.id).map(|found| &found.record);
        let proofs: Vec<Record> = its().filter(|record| proves(record, remains, plan)).cloned().collect();
        let leaving = its().filter(|record| goes(record)).count() + proofs.len();
        if !proofs.is_empty() {
            let (name, zone_id) = (zone.name.clone(), zone.id.clone());
            // Once the certificates are gone nobody knows any more which records proved them, so these go first.
            let is_certificate = |step: &Removal| matches!(step, Removal::Certificate(_));
            let before = plan.steps.iter().position(is_certificate).unwrap_or(plan.steps.len());
            plan.steps.insert(before, Removal::Records { zone: name, zone_id, records: proofs });
        }
        if !is_made(zone) {
            plan.keep(format!("hosted zone {}", zone.name), "made for another site");
        } else if zone.records > OWN + leaving as u64 {
            plan.keep(format!("hosted zone {}", zone.name), "it has other records");
        } else {
            plan.steps.push(Removal::Zone(zone.name.clone(), zone.id.clone()));
        }
    }
}

/// Whether a record proves a certificate that goes, and none that stays.
fn proves(record: &Record, remains: &Remains, plan: &Removals) -> bool {
    let names = |certificate: &&Certificate| {
        let mut records = certificate.validations.iter().filter_map(|validation| validation.record.as_ref());
        records.any(|(name, _)| name.eq_ignore_ascii_case(&record.name))
    };
    let goes = |certificate: &Certificate| plan.steps.contains(&Removal::Certificate(certificate.arn.clone()));
    let mut proved = remains.certificates.iter().filter(names).peekable();
    record.kind == "CNAME" && proved.peek().is_some() && proved.all(goes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::setup::observed::Validation;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn ours() -> Tags {
        tags(&[(TAG, "cruddur.com")])
    }

    fn bucket(tags: Tags, is_empty: bool) -> Bucket {
        Bucket {
            name: "b".into(),
            region: "us-east-1".into(),
            public_access_block: [true; 4],
            ownership: None,
            versioning: true,
            lifecycle: Vec::new(),
            encryption: None,
            policy: None,
            tags,
            website: false,
            has_site: !is_empty,
            is_empty,
        }
    }

    fn zone(tags: Tags, records: u64) -> Zone {
        let (id, name) = ("Z1".into(), "cruddur.com".into());
        Zone { id, name, name_servers: Vec::new(), delegated: Some(true), records, is_ours: false, tags }
    }

    fn role(tags: Tags) -> Role {
        let (trust, inline) = (json!({}), Default::default());
        Role { name: "r".into(), arn: "arn".into(), trust, inline, attached: Vec::new(), tags }
    }

    fn nothing() -> Remains {
        Remains {
            domain: "cruddur.com".parse().unwrap(),
            distribution: None,
            records: Vec::new(),
            zones: Vec::new(),
            functions: Vec::new(),
            access_controls: Vec::new(),
            bucket: None,
            certificates: Vec::new(),
            role: None,
        }
    }

    /// The steps, as phrases.
    fn steps(remains: &Remains, delete_content: bool) -> Vec<String> {
        removals(remains, delete_content).steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bucket_goes_when_it_is_ours_and_empty_or_given_up() {
        let adopted = tags(&[(TAG, "cruddur.com"), (ADOPTED_TAG, "yes")]);
        let all = ["delete everything in bucket b, old versions included", "delete bucket b"];
        let table: [(Tags, bool, bool, &[&str]); 6] = [
            (ours(), true, false, &all[1..]),
            (ours(), false, false, &[]),
            (ours(), false, true, &all),
            (adopted, false, true, &[]),
            (Tags::new(), false, true, &[]),
            (tags(&[(TAG, "other.com")]), true, true, &[]),
        ];
        for (tags, is_empty, delete_content, expected) in table {
            let remains = Remains { bucket: Some(bucket(tags.clone(), is_empty)), ..nothing() };
            assert_eq!(steps(&remains, delete_content), expected, "{tags:?} {is_empty} {delete_content}");
        }
    }

    #[test]
    fn a_bucket_that_stays_loses_only_our_statements() {
        let (own, other) = (json!({ "Sid": "CruddurSiteRead" }), json!({ "Sid": "Backups" }));
        for (statements, rest) in [
            (json!([own, other]), Some(Some(json!({ "Statement": [other] })))),
            (json!([own]), Some(None)),
            (json!([other]), None),
        ] {
            let policy = Some(json!({ "Statement": statements }));
            let remains = Remains { bucket: Some(Bucket { policy, ..bucket(ours(), false) }), ..nothing() };
            let left = removals(&remains, false).steps.into_iter().find_map(|step| match step {
                Removal::BucketPolicy { rest, .. } => Some(rest),
                _ => None,
            });
            assert_eq!(left, rest, "{statements}");
        }
    }

    #[test]
    fn a_zone_goes_when_it_is_ours_and_has_no_other_records() {
        let table: [(Tags, u64, &[&str]); 3] =
            [(ours(), 2, &["delete hosted zone cruddur.com"]), (ours(), 3, &[]), (Tags::new(), 2, &[])];
        for (tags, records, expected) in table {
            assert_eq!(steps(&Remains { zones: vec![zone(tags, records)], ..nothing() }, true), expected, "{records}");
        }
    }

    #[test]
    fn what_proved_a_certificate_goes_from_zones_that_were_made() {
        let (proof, value) = ("_a1.cruddur.com", "_b2.acm-validations.aws");
        let certificate = Certificate {
            arn: "arn".into(),
            region: "us-east-1".into(),
            status: "ISSUED".into(),
            failure: None,
            names: vec!["cruddur.com".into()],
            kind: "AMAZON_ISSUED".into(),
            key_algorithm: "RSA_2048".into(),
            requested: None,
            expires: None,
            validations: vec![Validation {
                domain: "cruddur.com".into(),
                method: "DNS".into(),
                status: "SUCCESS".into(),
                record: Some((proof.into(), value.into())),
            }],
            used_by: Vec::new(),
            tags: ours(),
        };
        let data = RecordData::Values { values: vec![value.into()], ttl: 300 };
        let record = Record { name: proof.into(), kind: "CNAME".into(), data };
        let all = [
            "delete the records _a1.cruddur.com CNAME of the zone cruddur.com",
            "delete certificate arn",
            "delete hosted zone cruddur.com",
        ];
        let table: [(Tags, u64, &[&str]); 4] = [
            (ours(), 3, &all),
            (ours(), 4, &all[..2]),
            (tags(&[(TAG, "other.com")]), 3, &all[..2]),
            (Tags::new(), 3, &all[1..2]),
        ];
        for (tags, count, expected) in table {
            let remains = Remains {
                zones: vec![zone(tags, count)],
                records: vec![ZoneRecord { zone: "Z1".into(), record: record.clone() }],
                certificates: vec![certificate.clone()],
                ..nothing()
            };
            assert_eq!(steps(&remains, false), expected, "{count} {:?}", remains.zones[0].tags);
        }
    }

    #[test]
    fn a_role_without_our_tag_stays() {
        assert_eq!(steps(&Remains { role: Some(role(ours())), ..nothing() }, false), ["delete role r"]);
        let kept = removals(&Remains { role: Some(role(Tags::new())), ..nothing() }, false);
        assert_eq!((kept.steps.len(), kept.kept.len()), (0, 1));
    }
}
