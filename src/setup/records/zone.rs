//! In which zone a name's records belong.

use crate::{
    error::{Error, ErrorKind, Result},
    setup::{Observed, Site, desired::registrable, observed::Zone, request::Dns, site::TAG},
    site::walk::enumerate,
};

/// Where a name's records belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'a> {
    /// A zone that is there, and what the owner should know of it.
    Zone(&'a Zone, Option<String>),
    /// A zone of this name, which is made.
    New(String),
}

impl Choice<'_> {
    /// The zone's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Zone(zone, _) => &zone.name,
            Self::New(name) => name,
        }
    }

    /// The zone's id, where there is one already.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Zone(zone, _) => Some(&zone.id),
            Self::New(_) => None,
        }
    }

    pub(super) fn note(&self) -> Option<String> {
        match self {
            Self::Zone(_, note) => note.clone(),
            // Names below .localhost are of the own machine: there is no registrar (RFC 6761, section 6.3).
            Self::New(name) if name.ends_with(".localhost") => None,
            // Nobody registers those (RFC 6761): they are a local account's.
            Self::New(name) if name.ends_with(".localhost") => None,
            Self::New(name) => Some(format!(
                "the zone {name} works as soon as its name servers, which are shown once it is made, are entered at the \
                 registrar of {name}: until then the certificate waits"
            )),
        }
    }
}

/// [`choose`] for a name of the site.
///
/// # Errors
/// Those of [`choose`].
pub fn zone_of<'a>(name: &str, site: &Site, observed: &'a Observed) -> Result<Choice<'a>> {
    let create = matches!(site.dns, Dns::Route53 { create_zone: true });
    choose(name, &observed.zones, &observed.zone_names, create)
}

/// The zone with the longest suffix of `name` that public DNS delegates to (Route 53 Developer Guide, "How Amazon
/// Route 53 routes traffic for your domain"): records in any other are never asked for. Where that could not be found out, a
/// zone that is alone of its name is taken. `names` are those of every zone, for what a mistyped name could have meant.
///
/// # Errors
/// [`ErrorKind::NotFound`] where no zone is for the name and none shall be made (`create`); [`ErrorKind::Refused`] where
/// zones are there that public DNS does not delegate to, or where it cannot be told which of two.
pub fn choose<'a>(name: &str, zones: &'a [Zone], names: &[String], create: bool) -> Result<Choice<'a>> {
    let is_for =
        |zone: &&Zone| name == zone.name || name.strip_suffix(&zone.name).is_some_and(|rest| rest.ends_with('.'));
    let mut suffixes: Vec<&Zone> = zones.iter().filter(is_for).collect();
    // Longest first; the order of equals must not depend on the order AWS lists them in.
    suffixes.sort_by(|a, b| b.name.len().cmp(&a.name.len()).then_with(|| a.id.cmp(&b.id)));
    for group in suffixes.chunk_by(|a, b| a.name == b.name) {
        if let Some(zone) = group.iter().find(|zone| zone.delegated == Some(true)) {
            return Ok(Choice::Zone(zone, other_zones(group, zone)));
        }
        let unknown: Vec<_> = group.iter().filter(|zone| zone.delegated.is_none()).collect();
        match unknown[..] {
            [] => {}
            [zone] => {
                let note =
                    format!("public DNS could not be asked whether it delegates {} to this account's zone", zone.name);
                return Ok(Choice::Zone(zone, Some(note)));
            }
            _ => return Err(ambiguous(group)),
        }
    }
    match suffixes.first() {
        Some(first) => {
            not_delegated(&suffixes.iter().copied().filter(|zone| zone.name == first.name).collect::<Vec<_>>(), create)
        }
        None if create => {
            registrable(name).map(|zone| Choice::New(zone.to_owned())).ok_or_else(|| no_zone(name, names))
        }
        None => Err(no_zone(name, names)),
    }
}

/// The zone of `zones` that holds `name`'s records, where it can be told which one: as [`choose`], without its errors.
pub fn zone_for<'a>(name: &str, zones: &'a [Zone]) -> Option<&'a Zone> {
    match choose(name.trim_start_matches("*."), zones, &[], true) {
        Ok(Choice::Zone(zone, _)) => Some(zone),
        Ok(Choice::New(_)) | Err(_) => None,
    }
}

fn other_zones(group: &[&Zone], chosen: &Zone) -> Option<String> {
    let others: Vec<_> = group.iter().filter(|zone| zone.id != chosen.id).map(|zone| zone.id.clone()).collect();
    (!others.is_empty()).then(|| {
        let (name, id) = (&chosen.name, &chosen.id);
        format!("{name} has several zones; public DNS asks {id}, and nobody asks {}", enumerate(&others))
    })
}

fn ambiguous(group: &[&Zone]) -> Error {
    let ids: Vec<_> = group.iter().map(|zone| zone.id.clone()).collect();
    let name = group.first().map(|zone| zone.name.as_str()).unwrap_or_default();
    Error::new(
        ErrorKind::Refused,
        format!(
            "{name} has several public hosted zones ({}), and public DNS could not be asked which of them it uses",
            enumerate(&ids)
        ),
        "run again with a network that answers DNS, or delete the zone that the registrar does not name",
    )
}

/// A zone that public DNS passes by. Ours, or one that was asked for, is on its way: the registrar is to be told.
fn not_delegated<'a>(group: &[&'a Zone], create: bool) -> Result<Choice<'a>> {
    let servers = |zone: &Zone| enumerate_all(&zone.name_servers);
    match group {
        [zone] if create || zone.tags.contains_key(TAG) => {
            let (name, servers) = (&zone.name, servers(zone));
            let note = format!("enter these name servers at the registrar of {name}, which names others: {servers}");
            Ok(Choice::Zone(zone, Some(note)))
        }
        _ => {
            let name = group.first().map(|zone| zone.name.as_str()).unwrap_or_default();
            let choices: Vec<_> = group.iter().map(|zone| format!("{} (zone {})", servers(zone), zone.id)).collect();
            Err(Error::new(
                ErrorKind::Refused,
                format!(
                    "public DNS does not ask this account's zone for {name}: the registrar names other name servers"
                ),
                format!(
                    "enter these at the registrar: {}; or, where the records are kept elsewhere on purpose, use --dns manual",
                    choices.join(", or ")
                ),
            ))
        }
    }
}

fn enumerate_all(names: &[String]) -> String {
    names.join(", ")
}

fn no_zone(name: &str, names: &[String]) -> Error {
    let wanted = registrable(name).unwrap_or(name);
    let nearness = |zone: &String| strsim::normalized_damerau_levenshtein(zone, wanted);
    let near = names.iter().max_by(|a, b| nearness(a).total_cmp(&nearness(b))).filter(|zone| nearness(zone) >= 0.7);
    let meant = near.map(|near| format!("did you mean {}? Else ", name.replace(wanted, near))).unwrap_or_default();
    Error::new(
        ErrorKind::NotFound,
        format!("this account has no public hosted zone for {name}"),
        format!(
            "{meant}use --dns manual if the records of {wanted} are kept elsewhere, or --create-zone to keep them here from \
             now on"
        ),
    )
}
