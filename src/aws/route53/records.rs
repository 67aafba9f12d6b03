//! Record sets between Route 53's form and ours.

use aws_sdk_route53::types::{AliasTarget, ResourceRecord, ResourceRecordSet, RrType};
use aws_smithy_types::error::operation::BuildError;

use crate::setup::observed::{Record, RecordData};

/// A name as Route 53 tells it, in the form of ours: in lower case, without the final dot, and without the octal escapes
/// that Route 53 has for everything but letters, digits, `-` and `_`: the `*` of a wildcard comes as `\052` (Route 53
/// Developer Guide, "DNS domain name format"). Escapes of what would not be one printable character stay.
pub fn plain_name(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut parts = name.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|code| code.is_ascii_graphic() && !matches!(code, b'.' | b'\\')) {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(&part[3..]);
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain.make_ascii_lowercase();
    plain
}

/// Whether two spellings are of one name.
pub fn is_same_name(a: &str, b: &str) -> bool {
    plain_name(a) == plain_name(b)
}

/// Route 53's record set in our words.
pub fn read(set: &ResourceRecordSet) -> Record {
    let kind = set.r#type().as_str();
    let data = if is_routed(set) {
        RecordData::Routed
    } else if let Some(alias) = set.alias_target() {
        RecordData::Alias {
            target: plain_name(alias.dns_name()),
            zone: alias.hosted_zone_id().to_owned(),
            evaluate_health: alias.evaluate_target_health(),
        }
    } else {
        let value = |record: &ResourceRecord| match kind {
            // Of these the whole value is a name.
            "CNAME" | "NS" | "PTR" => plain_name(record.value()),
            _ => record.value().to_owned(),
        };
        RecordData::Values {
            values: set.resource_records().iter().map(value).collect(),
            ttl: set.ttl().and_then(|ttl| u64::try_from(ttl).ok()).unwrap_or_default(),
        }
    };
    Record { name: plain_name(set.name()), kind: kind.to_owned(), data }
}

/// Whether the set is one of several of its name and type, or is kept by a traffic policy (Route 53 Developer Guide,
/// "Choosing a routing policy"). All but simple sets have an identifier; the other members say it once more.
fn is_routed(set: &ResourceRecordSet) -> bool {
    set.set_identifier().is_some()
        || set.weight().is_some()
        || set.region().is_some()
        || set.failover().is_some()
        || set.geo_location().is_some()
        || set.geo_proximity_location().is_some()
        || set.cidr_routing_config().is_some()
        || set.multi_value_answer() == Some(true)
        || set.traffic_policy_instance_id().is_some()
}

/// Our record in Route 53's form; `None` for a routed one, of which we do not know enough.
pub fn write(record: &Record) -> Result<Option<ResourceRecordSet>, BuildError> {
    let set = ResourceRecordSet::builder().name(&record.name).r#type(RrType::from(record.kind.as_str()));
    let set = match &record.data {
        RecordData::Routed => return Ok(None),
        RecordData::Alias { target, zone, evaluate_health } => {
            let alias = AliasTarget::builder().dns_name(target).hosted_zone_id(zone);
            set.alias_target(alias.evaluate_target_health(*evaluate_health).build()?)
        }
        RecordData::Values { values, ttl } => {
            let values = values.iter().map(|value| ResourceRecord::builder().value(value).build());
            let values = values.collect::<Result<Vec<_>, _>>()?;
            set.ttl(i64::try_from(*ttl).unwrap_or(i64::MAX)).set_resource_records(Some(values))
        }
    };
    set.build().map(Some)
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{
        CidrRoutingConfig, GeoLocation, GeoProximityLocation, ResourceRecordSetFailover, ResourceRecordSetRegion,
        builders::ResourceRecordSetBuilder,
    };
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lose_their_escapes_and_dots() {
        let table = [
            ("\\052.Example.com.", "*.example.com"),
            ("www.example.com", "www.example.com"),
            ("_acme.example.com.", "_acme.example.com"),
            ("a\\057b.example.com.", "a/b.example.com"),
            // A dot or a backslash within a label, a space, a byte of UTF-8: not to be mistaken for what they are not.
            ("a\\056b.example.com.", "a\\056b.example.com"),
            ("a\\134b.example.com.", "a\\134b.example.com"),
            ("a\\040b.example.com.", "a\\040b.example.com"),
            ("\\303\\251.example.com.", "\\303\\251.example.com"),
            ("a\\5", "a\\5"),
            ("a\\99é", "a\\99é"),
            ("", ""),
        ];
        for (name, expected) in table {
            assert_eq!(plain_name(name), expected, "{name}");
        }
    }

    fn set(kind: RrType) -> ResourceRecordSetBuilder {
        ResourceRecordSet::builder().name("www.example.com.").r#type(kind)
    }

    fn of(kind: RrType, values: &[&str]) -> Record {
        let values = values.iter().map(|value| ResourceRecord::builder().value(*value).build().unwrap()).collect();
        read(&set(kind).ttl(300).set_resource_records(Some(values)).build().unwrap())
    }

    #[test]
    fn names_in_values_lose_their_final_dot_and_nothing_else_changes() {
        let values = |record: Record| match record.data {
            RecordData::Values { values, ttl: 300 } => values,
            other => panic!("{other:?}"),
        };
        assert_eq!(values(of(RrType::Cname, &["Target.example.net."])), ["target.example.net"]);
        assert_eq!(values(of(RrType::Ns, &["ns-1.awsdns-00.com.", "ns-2.awsdns-00.net."])).len(), 2);
        assert_eq!(values(of(RrType::Txt, &["\"V=spf1 \\052.\"", "\"b.\""])), ["\"V=spf1 \\052.\"", "\"b.\""]);
        assert_eq!(values(of(RrType::Mx, &["10 Mail.example.com."])), ["10 Mail.example.com."]);
        assert_eq!(of(RrType::A, &["192.0.2.1"]).name, "www.example.com");
    }

    #[test]
    fn routed_sets_are_told_from_simple_ones() {
        let values = || vec![ResourceRecord::builder().value("192.0.2.1").build().unwrap()];
        let simple = || set(RrType::A).ttl(60).set_resource_records(Some(values()));
        let geo = GeoLocation::builder().country_code("DE").build();
        let cidr = CidrRoutingConfig::builder().collection_id("c").location_name("l").build().unwrap();
        let routed = [
            simple().set_identifier("a"),
            simple().weight(0),
            simple().region(ResourceRecordSetRegion::EuCentral1),
            simple().failover(ResourceRecordSetFailover::Primary),
            simple().geo_location(geo),
            simple().geo_proximity_location(GeoProximityLocation::builder().bias(1).build()),
            simple().cidr_routing_config(cidr),
            simple().multi_value_answer(true),
            simple().traffic_policy_instance_id("t"),
        ];
        for set in routed {
            let set = set.build().unwrap();
            assert_eq!(read(&set).data, RecordData::Routed, "{set:?}");
        }
        for set in [simple(), simple().multi_value_answer(false), simple().health_check_id("h")] {
            assert!(matches!(read(&set.build().unwrap()).data, RecordData::Values { ttl: 60, .. }));
        }
        let record = Record { name: "a.com".into(), kind: "A".into(), data: RecordData::Routed };
        assert!(write(&record).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "(\\*\\.)?[a-z0-9_-]{1,10}(\\.[a-z0-9-]{1,10}){1,3}",
            kind in prop::sample::select(vec!["A", "AAAA", "CNAME", "TXT", "MX"]),
            values in prop::collection::vec("[a-z0-9\" -]{1,20}", 1..4),
            ttl in 0u64..172_800,
            alias in any::<Option<bool>>(),
        ) {
            let data = match alias {
                Some(evaluate_health) => RecordData::Alias { target: name.clone(), zone: "Z2".into(), evaluate_health },
                None => RecordData::Values { values, ttl },
            };
            let record = Record { name, kind: kind.to_owned(), data };
            prop_assert_eq!(read(&write(&record).unwrap().unwrap()), record);
        }
    }
}
