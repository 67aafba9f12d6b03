//! Record sets and zones as documents.

use serde::Deserialize;

use crate::local::xml::Element;

use super::{
    model::{Alias, Policy, RecordSet, Zone},
    names::{canonical, shown},
};

/// The document of ChangeResourceRecordSets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeRequest {
    pub(super) change_batch: ChangeBatch,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeBatch {
    #[serde(default)]
    pub(super) comment: String,
    #[serde(default)]
    pub(super) changes: Changes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changes {
    #[serde(default)]
    pub(super) change: Vec<RequestedChange>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestedChange {
    pub(super) action: String,
    pub(super) resource_record_set: RequestedSet,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestedSet {
    #[serde(default)]
    pub(super) name: String,
    #[serde(rename = "Type", default)]
    pub(super) kind: String,
    set_identifier: Option<String>,
    weight: Option<String>,
    region: Option<String>,
    failover: Option<String>,
    multi_value_answer: Option<String>,
    #[serde(rename = "TTL")]
    ttl: Option<u32>,
    resource_records: Option<ResourceRecords>,
    alias_target: Option<AliasTarget>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceRecords {
    #[serde(default)]
    resource_record: Vec<ResourceRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceRecord {
    #[serde(default)]
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AliasTarget {
    #[serde(default)]
    hosted_zone_id: String,
    #[serde(rename = "DNSName", default)]
    dns_name: String,
    #[serde(default)]
    evaluate_target_health: bool,
}

impl RequestedChange {
    /// The record set that is meant, when its members go together; otherwise what is wrong with them, in Route 53's words.
    pub(super) fn record_set(&self, now: i64) -> Result<RecordSet, String> {
        let set = &self.resource_record_set;
        let values: Vec<_> = set
            .resource_records
            .iter()
            .flat_map(|records| &records.resource_record)
            .map(|one| one.value.clone())
            .collect();
        let members = match (&set.alias_target, set.ttl.is_some() || set.resource_records.is_some()) {
            (None, _) if set.ttl.is_some() && !values.is_empty() => Ok(()),
            (None, _) => Err("none"),
            (Some(_), true) => Err("more than one"),
            (Some(_), false) => Ok(()),
        };
        members.map_err(|found| {
            format!(
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
                 TrafficPolicyInstanceId], but found {found} in Change with [Action={}, Name={}, Type={}, \
                 SetIdentifier={}]",
                self.action,
                set.name,
                set.kind,
                set.set_identifier.as_deref().unwrap_or("null")
            )
        })?;
        let name = canonical(&set.name).map_err(|invalid| invalid.0)?;
        let alias = match &set.alias_target {
            None => None,
            Some(alias) => Some(Alias {
                zone: alias.hosted_zone_id.clone(),
                target: canonical(&alias.dns_name).map_err(|invalid| invalid.0)?,
                evaluate_health: alias.evaluate_target_health,
            }),
        };
        let policy = self.policy()?;
        Ok(RecordSet { name, kind: set.kind.clone(), ttl: set.ttl, values, alias, policy, changed: now })
    }

    fn policy(&self) -> Result<Option<Policy>, String> {
        let set = &self.resource_record_set;
        let elements = [
            ("Weight", &set.weight),
            ("Region", &set.region),
            ("Failover", &set.failover),
            ("MultiValueAnswer", &set.multi_value_answer),
        ];
        let mut given = elements.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        match (&set.set_identifier, given.next(), given.next()) {
            (None, None, _) => Ok(None),
            (Some(identifier), Some((element, value)), None) => Ok(Some(Policy {
                set_identifier: identifier.clone(),
                element: element.to_owned(),
                value: value.clone(),
            })),
            (None, Some((element, _)), _) => {
                Err(format!("Invalid request: Missing field 'SetIdentifier' beside {element}"))
            }
            (Some(_), ..) => Err(
                "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, \
                 GeoProximityLocation, or CidrRoutingConfig] beside SetIdentifier"
                    .to_owned(),
            ),
        }
    }
}

/// `ResourceRecordSet`.
pub(super) fn record_set(set: &RecordSet) -> Element {
    let mut element = Element::new("ResourceRecordSet").text("Name", shown(&set.name)).text("Type", &set.kind);
    if let Some(policy) = &set.policy {
        let name = match policy.element.as_str() {
            "Weight" => "Weight",
            "Region" => "Region",
            "Failover" => "Failover",
            _ => "MultiValueAnswer",
        };
        element = element.text("SetIdentifier", &policy.set_identifier).text(name, &policy.value);
    }
    if let Some(ttl) = set.ttl {
        let value = |value| Element::new("ResourceRecord").text("Value", value);
        let values = set.values.iter().map(value).fold(Element::new("ResourceRecords"), Element::child);
        element = element.text("TTL", ttl).child(values);
    }
    match &set.alias {
        None => element,
        Some(alias) => element.child(
            Element::new("AliasTarget")
                .text("HostedZoneId", &alias.zone)
                .text("DNSName", shown(&alias.target))
                .text("EvaluateTargetHealth", alias.evaluate_health),
        ),
    }
}

/// `HostedZone`.
pub(super) fn zone_element(zone: &Zone) -> Element {
    let mut config = Element::new("Config");
    if !zone.comment.is_empty() {
        config = config.text("Comment", &zone.comment);
    }
    Element::new("HostedZone")
        .text("Id", format!("/hostedzone/{}", zone.id))
        .text("Name", shown(&zone.name))
        .text("CallerReference", &zone.reference)
        .child(config.text("PrivateZone", !zone.is_public()))
        .text("ResourceRecordSetCount", zone.records.len())
}
