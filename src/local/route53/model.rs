//! Hosted zones and record sets, as the account keeps them.

use std::collections::BTreeMap;

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::local::{random_id, resources};

/// The kind of the documents of hosted zones; their id is the zone's.
const ZONE: &str = "route53/zone";

/// The kind of the documents that say where a name is delegated to; their id is the name.
const DELEGATION: &str = "route53/delegation";

/// A hosted zone with its record sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone {
    /// `Z` and 20 capital letters and digits.
    pub(crate) id: String,
    /// Its place among all zones ever made: the first of a name is the one that is delegated to.
    pub(crate) sequence: u64,
    /// Its name in the form of `names::canonical`.
    pub(crate) name: String,
    /// What the client called its making.
    pub(crate) reference: String,
    /// Its comment; empty for none.
    pub(crate) comment: String,
    /// The region and id of the VPC that a private zone is for.
    pub(crate) vpc: Option<(String, String)>,
    /// Its four name servers, without final dots.
    pub(crate) name_servers: Vec<String>,
    /// Its tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Its record sets in the order of listings.
    pub(crate) records: Vec<RecordSet>,
}

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordSet {
    /// Its name in the form of `names::canonical`.
    pub(crate) name: String,
    /// `A`, `AAAA`, `CNAME`...
    pub(crate) kind: String,
    /// Seconds; nothing for an alias.
    pub(crate) ttl: Option<u32>,
    /// Its values as they were given; none for an alias.
    pub(crate) values: Vec<String>,
    /// What it is an alias of.
    pub(crate) alias: Option<Alias>,
    /// Its part in a routing policy.
    pub(crate) policy: Option<Policy>,
    /// When it was written, in milliseconds since 1970.
    pub(crate) changed: i64,
}

/// What an alias record set stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    /// The hosted zone of the target.
    pub(crate) zone: String,
    /// The target's name in the form of `names::canonical`.
    pub(crate) target: String,
    /// Whether the target's health is asked for.
    pub(crate) evaluate_health: bool,
}

/// A record set's part in a routing policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// What tells it from the other sets of its name and type.
    pub(crate) set_identifier: String,
    /// `Weight`, `Region`, `Failover` or `MultiValueAnswer`.
    pub(crate) element: String,
    /// What that element says.
    pub(crate) value: String,
}

impl Zone {
    /// All zones, by id.
    pub(crate) fn all(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Self>> {
        Ok(resources::all(tx, ZONE)?.into_iter().map(|(_, zone)| zone).collect())
    }

    /// The zone with this id.
    pub(crate) fn find(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<Option<Self>> {
        resources::get(tx, ZONE, id)
    }

    /// Writes the zone.
    pub(crate) fn keep(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        resources::put(tx, ZONE, &self.id, self)
    }

    /// Deletes the zone.
    pub(crate) fn delete(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        resources::delete(tx, ZONE, &self.id).map(drop)
    }

    /// A new zone with the two record sets that every zone has (Developer Guide, "NS and SOA records that Amazon Route 53
    /// creates for a public hosted zone").
    pub(crate) fn new(sequence: u64, name: &str, reference: &str, now: i64) -> Self {
        let name_servers = name_servers(sequence);
        let set = |kind: &str, ttl, values| RecordSet {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ttl: Some(ttl),
            values,
            alias: None,
            policy: None,
            changed: now,
        };
        let servers = name_servers.iter().map(|server| format!("{server}.")).collect();
        let authority = format!("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", name_servers[0]);
        Self {
            id: format!("Z{}", random_id(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 20)),
            sequence,
            name: name.to_owned(),
            reference: reference.to_owned(),
            comment: String::new(),
            vpc: None,
            records: vec![set("NS", 172_800, servers), set("SOA", 900, vec![authority])],
            name_servers,
            tags: BTreeMap::new(),
        }
    }

    /// Whether public DNS can know it.
    pub(crate) fn is_public(&self) -> bool {
        self.vpc.is_none()
    }
}

/// Four of Route 53's name servers, one in each of its top-level domains. No server has two of the account's zones (but
/// for more than 512 of them), as on AWS none has two zones of one name: it could answer for one only.
fn name_servers(sequence: u64) -> Vec<String> {
    // An odd factor, so that every number is met once.
    let place = u32::try_from(sequence.wrapping_mul(197) % 512).unwrap_or_default();
    ["com", "net", "org", "co.uk"]
        .iter()
        .zip(0..)
        .map(|(domain, quarter): (_, u32)| {
            let server = quarter * 512 + (place + 131 * quarter) % 512;
            format!("ns-{server}.awsdns-{:02}.{domain}", server % 64)
        })
        .collect()
}

/// Everything that was explicitly delegated.
pub(crate) fn delegations(tx: &Transaction<'_>) -> rusqlite::Result<BTreeMap<String, Vec<String>>> {
    Ok(resources::all(tx, DELEGATION)?.into_iter().collect())
}

/// Delegates a name, as its registrar would.
pub(crate) fn delegate(tx: &Transaction<'_>, name: &str, name_servers: &Vec<String>) -> rusqlite::Result<()> {
    resources::put(tx, DELEGATION, name, name_servers)
}
