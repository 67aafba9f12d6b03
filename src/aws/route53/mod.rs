//! Route 53: public hosted zones and what is in them.

mod records;

use aws_sdk_route53::{
    Client,
    types::{Change, ChangeAction, ChangeBatch, HostedZone, HostedZoneConfig, ResourceRecordSet, Tag, TagResourceType},
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use self::records::{is_same_name, plain_name, read, write};
use super::Action;
use crate::{
    error::{Error, ErrorKind, Result},
    setup::{
        observed::{Record, RecordData, Tags, Zone, ZoneRecord},
        site::REFERENCE,
    },
};

/// What is written beside everything that is changed, for those who read the zone's history.
const COMMENT: &str = "made by cruddur-site";

/// The public hosted zones of one account.
#[derive(Debug, Clone)]
pub struct Zones {
    client: Client,
}

impl Zones {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Every public hosted zone whose records can be changed, without name servers and tags. Zones that another service
    /// made and keeps (Cloud Map's namespaces) are left out: Route 53 lets nobody else change them.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn public(&self) -> Result<Vec<Zone>> {
        let zones = self.all().await?;
        Ok(zones.iter().filter(|zone| is_ours_to_change(zone)).map(bare).collect())
    }

    async fn all(&self) -> Result<Vec<HostedZone>> {
        let action = Action { iam: "route53:ListHostedZones", on: "*", what: "list the hosted zones" };
        let (mut zones, mut marker) = (Vec::new(), None);
        loop {
            let sent = self.client.list_hosted_zones().set_marker(marker).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            zones.extend(page.hosted_zones().iter().cloned());
            marker = page.next_marker().filter(|_| page.is_truncated()).map(str::to_owned);
            if marker.is_none() {
                return Ok(zones);
            }
        }
    }

    /// Reads one hosted zone, with its name servers and tags. Whether it is delegated, public DNS must tell.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or as AWS answers.
    pub async fn zone(&self, id: &str) -> Result<Zone> {
        let (on, what) = (zone_arn(id), format!("read hosted zone {id}"));
        let action = Action { iam: "route53:GetHostedZone", on: &on, what: &what };
        let found = self.client.get_hosted_zone().id(id).send().await.map_err(|error| action.failed(error))?;
        let zone = found.hosted_zone().ok_or_else(|| super::incomplete(&what, "no zone"))?;
        let servers = found.delegation_set().map(|set| set.name_servers()).unwrap_or_default();
        let action = Action { iam: "route53:ListTagsForResource", ..action };
        let list = self.client.list_tags_for_resource().resource_type(TagResourceType::Hostedzone).resource_id(id);
        let tags = list.send().await.map_err(|error| action.failed(error))?;
        let tags = tags.resource_tag_set().map(|set| set.tags()).unwrap_or_default();
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Ok(Zone {
            name_servers: servers.iter().map(|server| plain_name(server)).collect(),
            tags: tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect(),
            ..bare(zone)
        })
    }

    /// Every record set of the zone that has one of `names`, of whatever type.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn records(&self, zone_id: &str, names: &[String]) -> Result<Vec<ZoneRecord>> {
        let mut records = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if names[..place].iter().any(|earlier| is_same_name(earlier, name)) {
                continue;
            }
            let found = self.record_sets(zone_id, name).await?;
            records.extend(found.iter().map(|set| ZoneRecord { zone: zone_id.to_owned(), record: read(set) }));
        }
        Ok(records)
    }

    /// The record sets of one name as Route 53 has them. They are listed in the order of names, so the list is read from
    /// the name on and left where another one begins (Route 53 API reference, ListResourceRecordSets).
    async fn record_sets(&self, zone_id: &str, name: &str) -> Result<Vec<ResourceRecordSet>> {
        let (on, what) = (zone_arn(zone_id), format!("list the records of {name}"));
        let action = Action { iam: "route53:ListResourceRecordSets", on: &on, what: &what };
        let (mut sets, mut next) = (Vec::new(), (name.to_owned(), None, None));
        loop {
            let (start, kind, identifier) = next;
            let list = self.client.list_resource_record_sets().hosted_zone_id(zone_id).start_record_name(start);
            let list = list.set_start_record_type(kind).set_start_record_identifier(identifier).max_items(100);
            let page = list.send().await.map_err(|error| action.failed(error))?;
            sets.extend(page.resource_record_sets().iter().filter(|set| is_same_name(set.name(), name)).cloned());
            match page.next_record_name() {
                Some(start) if page.is_truncated() && is_same_name(start, name) => {
                    let identifier = page.next_record_identifier().map(str::to_owned);
                    next = (start.to_owned(), page.next_record_type().cloned(), identifier);
                }
                _ => return Ok(sets),
            }
        }
    }

    /// Deletes and writes record sets, all or none, and returns the change's id. What shall be deleted and is not there
    /// any more is left at that.
    ///
    /// # Errors
    /// [`ErrorKind::Rival`] when a record that shall be deleted says something else by now, [`ErrorKind::Refused`] for a
    /// record with a routing policy, or as AWS answers.
    pub async fn change(&self, zone_id: &str, delete: &[Record], upsert: &[Record]) -> Result<String> {
        let names: Vec<&str> = delete.iter().chain(upsert).map(|record| record.name.as_str()).collect();
        let (on, what) = (zone_arn(zone_id), format!("change the records of {}", enumerate_once(&names)));
        let action = Action { iam: "route53:ChangeResourceRecordSets", on: &on, what: &what };
        let change = |action, set| {
            let change = Change::builder().action(action).resource_record_set(set).build();
            change.map_err(|error| super::incomplete(&what, error))
        };
        let mut upserts = Vec::new();
        for record in upsert {
            let set = write(record).map_err(|error| super::incomplete(&what, error))?;
            upserts.push(change(ChangeAction::Upsert, set.ok_or_else(|| routed(record))?)?);
        }
        let mut earlier = usize::MAX;
        loop {
            let mut changes = Vec::new();
            for record in delete {
                if let Some(set) = self.to_delete(zone_id, record).await? {
                    changes.push(change(ChangeAction::Delete, set)?);
                }
            }
            let deletes = changes.len();
            changes.extend(upserts.iter().cloned());
            if changes.is_empty() {
                return Ok(String::new());
            }
            let batch = ChangeBatch::builder().comment(COMMENT).set_changes(Some(changes)).build();
            let batch = batch.map_err(|error| super::incomplete(&what, error))?;
            let send = self.client.change_resource_record_sets().hosted_zone_id(zone_id).change_batch(batch).send();
            match send.await {
                Ok(answer) => {
                    let info = answer.change_info().ok_or_else(|| super::incomplete(&what, "no change"))?;
                    return Ok(info.id().trim_start_matches("/change/").to_owned());
                }
                // What is gone cannot be deleted, as when the answer to a first attempt was lost: fewer are left each time.
                Err(error) if error.code() == Some("InvalidChangeBatch") && (1..earlier).contains(&deletes) => {
                    earlier = deletes;
                }
                Err(error) => return Err(action.failed(error)),
            }
        }
    }

    /// The record set to delete, as Route 53 has it: a deletion must repeat every one of its values (Route 53 API
    /// reference, ChangeResourceRecordSets), those that [`Record`] does not know included.
    async fn to_delete(&self, zone_id: &str, record: &Record) -> Result<Option<ResourceRecordSet>> {
        if record.data == RecordData::Routed {
            return Err(routed(record));
        }
        let sets = self.record_sets(zone_id, &record.name).await?;
        let Some(set) = sets.into_iter().find(|set| set.r#type().as_str() == record.kind) else { return Ok(None) };
        if is_same_data(&read(&set), record) {
            return Ok(Some(set));
        }
        Err(Error::new(
            ErrorKind::Rival,
            format!("cannot delete the {} record of {}: it was changed meanwhile", record.kind, record.name),
            "run the command again: it starts from what is there now",
        ))
    }

    /// Whether every name server of Route 53 has the change. There is none to wait for where nothing was changed.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn is_in_sync(&self, change: &str) -> Result<bool> {
        if change.is_empty() {
            return Ok(true);
        }
        let (on, what) = (format!("arn:aws:route53:::change/{change}"), format!("read change {change} of the records"));
        let action = Action { iam: "route53:GetChange", on: &on, what: &what };
        let found = self.client.get_change().id(change).send().await.map_err(|error| action.failed(error))?;
        Ok(found.change_info().is_some_and(|info| info.status().as_str() == "INSYNC"))
    }

    /// Makes the public hosted zone of `name`. With a `reference` that made it before, that zone is returned, so a run
    /// that was cut off goes on with it.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create(&self, name: &str, reference: &str, tags: &Tags) -> Result<Zone> {
        let what = format!("make the hosted zone {name}");
        let action = Action { iam: "route53:CreateHostedZone", on: "*", what: &what };
        let config = HostedZoneConfig::builder().comment(COMMENT).build();
        let create = self.client.create_hosted_zone().name(name).caller_reference(reference).hosted_zone_config(config);
        let id = match create.send().await {
            Ok(made) => made.hosted_zone().map(|zone| plain_id(zone.id())),
            Err(error) if error.code() == Some("HostedZoneAlreadyExists") => {
                let zones = self.all().await?;
                let made = |zone: &&HostedZone| zone.caller_reference() == reference && is_same_name(zone.name(), name);
                let made = zones.iter().find(made).ok_or_else(|| action.failed(error))?;
                Some(plain_id(made.id()))
            }
            Err(error) => return Err(action.failed(error)),
        };
        let id = id.ok_or_else(|| super::incomplete(&what, "no zone"))?;
        if !tags.is_empty() {
            self.tag(&id, tags).await?;
        }
        self.zone(&id).await
    }

    /// Tags a hosted zone, keeping its other tags.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn tag(&self, id: &str, tags: &Tags) -> Result<()> {
        let (on, what) = (zone_arn(id), format!("tag hosted zone {id}"));
        let action = Action { iam: "route53:ChangeTagsForResource", on: &on, what: &what };
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let change = self.client.change_tags_for_resource().resource_type(TagResourceType::Hostedzone).resource_id(id);
        change.set_add_tags(Some(tags.collect())).send().await.map_err(|error| action.failed(error))?;
        Ok(())
    }

    /// Deletes a hosted zone that has no records but its own NS and SOA; one that is not there is fine.
    ///
    /// # Errors
    /// As AWS answers, in particular when it has records.
    pub async fn delete(&self, id: &str) -> Result<()> {
        let (on, what) = (zone_arn(id), format!("delete hosted zone {id}"));
        let action = Action { iam: "route53:DeleteHostedZone", on: &on, what: &what };
        match self.client.delete_hosted_zone().id(id).send().await {
            Err(error) if error.code() != Some("NoSuchHostedZone") => Err(action.failed(error)),
            _ => Ok(()),
        }
    }
}

fn is_ours_to_change(zone: &HostedZone) -> bool {
    !zone.config().is_some_and(HostedZoneConfig::private_zone) && zone.linked_service().is_none()
}

/// What every answer tells of a zone.
fn bare(zone: &HostedZone) -> Zone {
    Zone {
        id: plain_id(zone.id()),
        name: plain_name(zone.name()),
        name_servers: Vec::new(),
        delegated: None,
        records: zone.resource_record_set_count().and_then(|count| u64::try_from(count).ok()).unwrap_or_default(),
        is_ours: zone.caller_reference().starts_with(REFERENCE),
        tags: Tags::new(),
    }
}

fn plain_id(id: &str) -> String {
    id.trim_start_matches("/hostedzone/").to_owned()
}

fn zone_arn(id: &str) -> String {
    format!("arn:aws:route53:::hostedzone/{id}")
}

/// Whether two records of one name and type say the same; names are so whatever their case.
fn is_same_data(a: &Record, b: &Record) -> bool {
    match (&a.data, &b.data) {
        (RecordData::Values { values, ttl }, RecordData::Values { values: others, ttl: other_ttl }) => {
            let sorted = |values: &[String]| {
                let mut values = values.to_vec();
                values.sort();
                values
            };
            ttl == other_ttl && sorted(values) == sorted(others)
        }
        (
            RecordData::Alias { target, zone, evaluate_health },
            RecordData::Alias { target: other, zone: other_zone, evaluate_health: other_evaluate },
        ) => is_same_name(target, other) && zone == other_zone && evaluate_health == other_evaluate,
        _ => false,
    }
}

fn routed(record: &Record) -> Error {
    let Record { name, kind, .. } = record;
    Error::new(
        ErrorKind::Refused,
        format!("cannot change the {kind} record of {name}: it has a routing policy (weighted, by latency...)"),
        format!("if {name} shall belong to the site, delete it in the Route 53 console, then run the command again"),
    )
}

fn enumerate_once(names: &[&str]) -> String {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.iter().any(|earlier| earlier == name) {
            once.push((*name).to_owned());
        }
    }
    crate::site::walk::enumerate(&once)
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::LinkedService;

    use super::*;

    #[test]
    fn private_zones_and_those_of_other_services_are_left_out() {
        let zone = || HostedZone::builder().id("/hostedzone/Z1").name("a.com.").caller_reference("r");
        let config = |private| HostedZoneConfig::builder().private_zone(private).build();
        assert!(is_ours_to_change(&zone().build().unwrap()));
        assert!(is_ours_to_change(&zone().config(config(false)).build().unwrap()));
        assert!(!is_ours_to_change(&zone().config(config(true)).build().unwrap()));
        let linked = LinkedService::builder().service_principal("servicediscovery.amazonaws.com").build();
        assert!(!is_ours_to_change(&zone().config(config(false)).linked_service(linked).build().unwrap()));
        let bare = bare(&zone().resource_record_set_count(2).build().unwrap());
        assert_eq!((bare.id.as_str(), bare.name.as_str(), bare.records), ("Z1", "a.com", 2));
    }

    #[test]
    fn records_say_the_same_whatever_the_order_of_their_values() {
        let values = |values: &[&str], ttl| Record {
            name: "a.com".into(),
            kind: "A".into(),
            data: RecordData::Values { values: values.iter().map(|value| (*value).to_owned()).collect(), ttl },
        };
        let alias = |target: &str, zone: &str| Record {
            name: "a.com".into(),
            kind: "A".into(),
            data: RecordData::Alias { target: target.into(), zone: zone.into(), evaluate_health: false },
        };
        assert!(is_same_data(&values(&["1.1.1.1", "2.2.2.2"], 60), &values(&["2.2.2.2", "1.1.1.1"], 60)));
        assert!(!is_same_data(&values(&["1.1.1.1"], 60), &values(&["1.1.1.1"], 61)));
        assert!(!is_same_data(&values(&["1.1.1.1"], 60), &values(&["1.1.1.1", "2.2.2.2"], 60)));
        assert!(is_same_data(&alias("D1.cloudfront.net", "Z"), &alias("d1.cloudfront.net", "Z")));
        assert!(!is_same_data(&alias("d1.cloudfront.net", "Z"), &alias("d1.cloudfront.net", "Y")));
        assert!(!is_same_data(&alias("1.1.1.1", "Z"), &values(&["1.1.1.1"], 60)));
    }
}
