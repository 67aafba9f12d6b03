//! The records of a site whose DNS is kept elsewhere: as a table, and as a zone file.

use crate::setup::{
    Site,
    desired::registrable,
    observed::{Record, RecordData},
};

/// The kind of a record that the standard does not know: what an apex needs. Providers call it ALIAS, ANAME or CNAME
/// flattening.
pub const APEX: &str = "ALIAS";

const TTL: u64 = 300;

/// The records that lead the site's names to the distribution `target`: a CNAME each, and for an apex, where none may
/// stand beside SOA and NS (RFC 1034, 3.6.2), one of the kind [`APEX`].
pub fn manual_records(site: &Site, target: &str) -> Vec<Record> {
    let record = |name: &str| Record {
        name: name.to_owned(),
        kind: if is_apex(name) { APEX } else { "CNAME" }.to_owned(),
        data: RecordData::Values { values: vec![target.to_owned()], ttl: TTL },
    };
    site.names().map(|name| record(name.as_str())).collect()
}

/// Whether a zone begins at `name`. Whoever delegates a subdomain of its own sees one CNAME that has to be an ALIAS.
pub fn is_apex(name: &str) -> bool {
    registrable(name) == Some(name)
}

/// `[name, kind, value]` of every record, for a table.
pub fn table(records: &[Record]) -> Vec<[String; 3]> {
    let rows = records.iter().flat_map(|record| {
        let values = match &record.data {
            RecordData::Values { values, .. } => values.clone(),
            RecordData::Alias { target, .. } => vec![target.clone()],
            RecordData::Routed => Vec::new(),
        };
        values.into_iter().map(|value| [record.name.clone(), record.kind.clone(), value])
    });
    rows.collect()
}

/// The records as lines of a zone file (RFC 1035, 5.1). What that format cannot say is a comment that tells what to do.
pub fn zone_file(records: &[Record]) -> String {
    let mut file = String::new();
    for record in records {
        let name = escaped(&record.name);
        match &record.data {
            RecordData::Values { values, ttl } if record.kind != APEX => {
                for value in values {
                    let is_name = matches!(record.kind.as_str(), "CNAME" | "NS" | "PTR");
                    let value = if is_name { format!("{}.", escaped(value)) } else { value.clone() };
                    file.push_str(&format!("{name}. {ttl} IN {} {value}\n", record.kind));
                }
            }
            RecordData::Values { values, .. } => values.iter().for_each(|target| file.push_str(&apex(&name, target))),
            RecordData::Alias { target, .. } => file.push_str(&apex(&name, target)),
            RecordData::Routed => {}
        }
    }
    file
}

fn apex(name: &str, target: &str) -> String {
    format!(
        "; {name}. ALIAS {target}.\n\
         ; No CNAME may stand at {name} itself: make a record of the kind that your provider calls ALIAS, ANAME or\n\
         ; \"CNAME flattening\" by hand.\n"
    )
}

/// A name in which the characters that a zone file gives a meaning are escaped (RFC 1035, 5.1).
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' | '(' | ')' | ';' | '\\' | '@' | '$' => text.extend(['\\', c]),
            c if c.is_ascii_graphic() => text.push(c),
            c => c.to_string().bytes().for_each(|byte| text.push_str(&format!("\\{byte:03}"))),
        }
    }
    text
}
