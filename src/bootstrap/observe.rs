//! Looking at everything there is of a site, at the same time where one thing does not tell where the next one is.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Session,
    find::{Clues, describe, reads_any_bucket},
    records::{leads_to, zone_id},
};
use crate::{
    aws::cloudfront::Summary,
    dns::{Answer, Kind},
    error::{Error, ErrorKind, Result},
    routing::Routing,
    setup::{
        Observed, Request,
        desired::{self, Names},
        observed::{
            AccessControl, Certificate, Distribution, Function, OidcProvider, RecordData, Role, Zone, ZoneRecord,
        },
        records::names_of_interest,
        region,
        request::{Dns, SiteRouting},
        site::{Account, CERTIFICATE_REGION, TAG, access_control_name, role_name, slug},
    },
};

/// The most requests under way at once, of those that are made for each of many things: Route 53 answers five a second
/// (Route 53 Developer Guide, "Quotas").
const AT_ONCE: usize = 4;

/// Looks at everything that `request` is about; `routing` is what an app gets whose owner does not say.
///
/// # Errors
/// [`ErrorKind::Input`] where the request contradicts itself, the region is none, or several distributions could be the site's;
/// [`ErrorKind::NotFound`] for a distribution that was named and is not there; otherwise as AWS answers.
pub async fn observe(session: &Session, request: &Request, routing: Routing) -> Result<Observed> {
    let aws = &session.aws;
    let names = desired::names(request)?;
    if let Ok(region) = aws.region().parse() {
        region::check(&region)?;
    }
    let cloudfront = aws.cloudfront();
    // First alone: where the credentials or the network are what is wrong, this says so, and always the same.
    let account = aws.account().await?;
    let (summaries, (mut zones, listed)) = tokio::try_join!(cloudfront.summaries(), zones(session, request, &names))?;

    let of_names: Vec<String> = names.all().map(ToString::to_string).collect();
    let mut records = records(session, &zones, &of_names).await?;
    let distribution = distribution(session, request, &names, &account, &summaries, &records).await?;
    let (bucket_name, prefix) = desired::place(request, &account, distribution.as_ref())?;

    let bucket = async { aws.bucket_setup(bucket_name.as_str(), None).observe(prefix.as_str()).await };
    let (bucket, certificates, access_controls, function, identity, taken, resolved) = tokio::try_join!(
        bucket,
        certificates(session, request, &of_names, distribution.as_ref()),
        access_controls(session, &names, distribution.as_ref()),
        function(session, request, distribution.as_ref(), routing),
        identity(session, request, &account),
        taken(session, &names, distribution.as_ref(), &summaries),
        resolved(session, request, &of_names, distribution.as_ref()),
    )?;
    // The distribution may have names that nobody asks for in this run, in zones of their own.
    let aliases = distribution.as_ref().map(|distribution| distribution.aliases.as_slice()).unwrap_or_default();
    let others: Vec<String> =
        names_of_interest(aliases, &certificates).into_iter().filter(|name| !of_names.contains(name)).collect();
    let zone_names = listed.iter().map(|zone| zone.name.clone()).collect();
    let unseen = listed.into_iter().filter(|zone| zones.iter().all(|seen| seen.id != zone.id)).collect();
    zones.extend(zones_above(session, unseen, &others).await?);
    records.extend(self::records(session, &zones, &others).await?);
    let (provider, role) = identity;
    Ok(Observed {
        account,
        bucket,
        certificates,
        access_controls,
        function,
        distribution,
        taken,
        zones,
        zone_names,
        records,
        resolved,
        provider,
        role,
    })
}

/// The public zones that the names could be in, and all as they are listed. None is looked for where the DNS is
/// elsewhere.
pub(crate) async fn zones(session: &Session, request: &Request, names: &Names) -> Result<(Vec<Zone>, Vec<Zone>)> {
    if request.dns == Dns::Manual {
        return Ok((Vec::new(), Vec::new()));
    }
    let listed = session.aws.zones().public().await?;
    let names: Vec<String> = names.all().map(ToString::to_string).collect();
    Ok((zones_above(session, listed.clone(), &names).await?, listed))
}

/// Those of the `listed` zones that any of the names could be in, looked at.
async fn zones_above(session: &Session, listed: Vec<Zone>, names: &[String]) -> Result<Vec<Zone>> {
    let api = session.aws.zones();
    let is_above = |zone: &Zone| names.iter().any(|name| is_in(name, &zone.name));
    let above: Vec<Zone> = listed.into_iter().filter(is_above).collect();
    let look = |zone: Zone| {
        let api = &api;
        async move {
            let zone = api.zone(&zone.id).await?;
            Ok::<_, Error>(Zone { delegated: is_delegated(session, &zone).await, ..zone })
        }
    };
    stream::iter(above).map(look).buffered(AT_ONCE).try_collect().await
}

/// Whether `name` is `zone` or below it.
pub(super) fn is_in(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether public DNS sends those who ask for the zone to one of its name servers; `None` where it cannot be asked.
pub(super) async fn is_delegated(session: &Session, zone: &Zone) -> Option<bool> {
    let is_own = |server: &String| zone.name_servers.iter().any(|own| own.eq_ignore_ascii_case(server));
    match session.resolver.lookup(&zone.name, Kind::Ns).await {
        Answer::Found(servers) => Some(servers.iter().any(is_own)),
        Answer::Missing(_) => Some(false),
        Answer::Unknown(_) => None,
    }
}

/// The records of these names, each in the zone that is chosen for it.
pub(crate) async fn records(session: &Session, zones: &[Zone], names: &[String]) -> Result<Vec<ZoneRecord>> {
    let api = session.aws.zones();
    let chosen: Vec<(&Zone, Vec<String>)> = zones
        .iter()
        .map(|zone| {
            let its = names.iter().filter(|name| zone_id(zones, name) == Some(zone.id.as_str()));
            (zone, its.cloned().collect())
        })
        .filter(|(_, names): &(_, Vec<String>)| !names.is_empty())
        .collect();
    let look = |(zone, names): (&Zone, Vec<String>)| {
        let (api, id) = (&api, zone.id.clone());
        async move { api.records(&id, &names).await }
    };
    let found: Vec<Vec<ZoneRecord>> = stream::iter(chosen).map(look).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// The site's distribution: the one that is named, or that the domain, DNS, the bucket, the other names or our tag lead
/// to.
pub(crate) async fn distribution(
    session: &Session,
    request: &Request,
    names: &Names,
    account: &Account,
    summaries: &[Summary],
    records: &[ZoneRecord],
) -> Result<Option<Distribution>> {
    let cloudfront = session.aws.cloudfront();
    if let Some(id) = &request.distribution {
        let found = cloudfront.distribution(id.as_str()).await?;
        return found.map(Some).ok_or_else(|| no_such_distribution(id.as_str(), summaries));
    }
    let domain = names.domain.as_str();
    let mut targets: Vec<String> = records.iter().filter(|found| found.record.name == domain).flat_map(says).collect();
    if targets.is_empty() && !summaries.is_empty() {
        // Without an answer there is one clue less.
        targets.extend(session.resolver.lookup(domain, Kind::Cname).await.found().unwrap_or_default());
    }
    let (usual, _) = desired::place(request, account, None)?;
    let mut buckets = vec![usual.to_string(), domain.to_owned()];
    buckets.extend(names.all().skip(1).map(ToString::to_string));
    let clues = Clues { names, buckets: &buckets, targets: &targets };
    if let Some(found) = clues.find(summaries)? {
        return cloudfront.distribution(&found.id).await;
    }
    by_tag(session, &clues, summaries).await
}

/// The distributions that could be meant where none is found: those that read a bucket and have no name yet. Each with
/// what there is to know it by.
pub(crate) fn candidates(summaries: &[Summary]) -> Vec<(String, String)> {
    let nameless = summaries.iter().filter(|summary| summary.aliases.is_empty() && reads_any_bucket(summary));
    let origins = |summary: &Summary| {
        summary.origins.iter().map(|(domain, path)| format!("{domain}{path}")).collect::<Vec<_>>().join(", ")
    };
    nameless.map(|summary| (summary.id.clone(), format!("without a name, of {}", origins(summary)))).collect()
}

fn no_such_distribution(id: &str, summaries: &[Summary]) -> Error {
    let next = match summaries {
        [] => "the account has none: is this the right --profile?".to_owned(),
        some => format!(
            "check the id, and --profile: this account has {}",
            some.iter().take(5).map(describe).collect::<Vec<_>>().join("; ")
        ),
    };
    Error::new(ErrorKind::NotFound, format!("there is no distribution {id} in this account"), next)
}

/// The names that a record leads to.
fn says(found: &ZoneRecord) -> Vec<String> {
    match (&found.record.data, found.record.kind.as_str()) {
        (RecordData::Alias { target, .. }, _) => vec![target.clone()],
        (RecordData::Values { values, .. }, "CNAME") => values.clone(),
        _ => Vec::new(),
    }
}

/// The distribution that bears our tag for the domain: it has lost the domain's alias since.
async fn by_tag(session: &Session, clues: &Clues<'_>, summaries: &[Summary]) -> Result<Option<Distribution>> {
    let cloudfront = session.aws.cloudfront();
    let possible = summaries.iter().filter(|summary| clues.is_free(summary) && reads_any_bucket(summary));
    let read = |summary: &Summary| {
        let (cloudfront, id) = (&cloudfront, summary.id.clone());
        async move { cloudfront.distribution(&id).await }
    };
    let reading: Vec<_> = possible.map(read).collect();
    let found: Vec<Option<Distribution>> = stream::iter(reading).buffered(AT_ONCE).try_collect().await?;
    let domain = clues.names.domain.as_str();
    let is_ours = |found: &Distribution| found.tags.get(TAG).is_some_and(|tagged| tagged == domain);
    let ours: Vec<Distribution> = found.into_iter().flatten().filter(is_ours).collect();
    let ids: BTreeSet<&str> = ours.iter().map(|found| found.id.as_str()).collect();
    let why = format!("bear the tag {TAG} = {domain}");
    clues.only(summaries, |summary| ids.contains(summary.id.as_str()), &why)?;
    Ok(ours.into_iter().next())
}

/// The certificates that name any of the names, and of those the distribution has besides.
async fn certificates(
    session: &Session,
    request: &Request,
    names: &[String],
    distribution: Option<&Distribution>,
) -> Result<Vec<Certificate>> {
    let mut wanted = names.to_vec();
    wanted.extend(request.wildcard.then(|| format!("*.{}", request.domain)));
    wanted.extend(distribution.iter().flat_map(|distribution| distribution.aliases.clone()));
    session.aws.certificates(CERTIFICATE_REGION).naming(&wanted).await
}

/// The access control of the distribution's origin, and the one that bears our name.
async fn access_controls(
    session: &Session,
    names: &Names,
    distribution: Option<&Distribution>,
) -> Result<Vec<AccessControl>> {
    let own = access_control_name(names.domain.as_str());
    let used = distribution.map(|distribution| distribution.origin.access_control.as_str()).unwrap_or_default();
    let all = session.aws.cloudfront().access_controls().await?;
    Ok(all.into_iter().filter(|control| control.name == own || control.id == used).collect())
}

/// The function that the site shall have, or else the one it has.
async fn function(
    session: &Session,
    request: &Request,
    distribution: Option<&Distribution>,
    routing: Routing,
) -> Result<Option<Function>> {
    let cloudfront = session.aws.cloudfront();
    let wanted = match desired::routing(request, distribution, routing) {
        SiteRouting::Function(routing) => Some(routing.function_name(&slug(request.domain.as_str()))),
        SiteRouting::ErrorPages => None,
    };
    if let Some(name) = &wanted
        && let Some(function) = cloudfront.function(name).await?
    {
        return Ok(Some(function));
    }
    let arn = distribution.map(|distribution| distribution.behavior.viewer_request_function.as_str());
    match arn.and_then(|arn| arn.rsplit('/').next()).filter(|name| !name.is_empty()) {
        Some(name) if wanted.as_deref() != Some(name) => cloudfront.function(name).await,
        _ => Ok(None),
    }
}

/// What GitHub Actions publishes with. IAM is asked only where a repository is named: not everybody may look there.
async fn identity(
    session: &Session,
    request: &Request,
    account: &Account,
) -> Result<(Option<OidcProvider>, Option<Role>)> {
    if request.deployer.is_none() {
        return Ok((None, None));
    }
    let identities = session.aws.identities();
    let name = role_name(request.domain.as_str());
    tokio::try_join!(identities.provider(account), identities.role(&name))
}

/// The names of the site that other distributions have, in this account or, where CloudFront tells, in another.
async fn taken(
    session: &Session,
    names: &Names,
    own: Option<&Distribution>,
    summaries: &[Summary],
) -> Result<Vec<(String, String)>> {
    let mut taken = Vec::new();
    for name in names.all() {
        let has = |summary: &&Summary| {
            own.is_none_or(|own| own.id != summary.id)
                && summary.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name.as_str()))
        };
        let here: Vec<&Summary> = summaries.iter().filter(has).collect();
        if !here.is_empty() {
            taken.extend(here.into_iter().map(|summary| (name.to_string(), describe(summary))));
            continue;
        }
        let lacks = |one: &&Distribution| !one.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name.as_str()));
        if let Some(own) = own.filter(lacks) {
            let elsewhere = session.aws.cloudfront().conflicts(Some(&own.id), name.as_str()).await?;
            taken.extend(elsewhere.into_iter().filter(|(alias, _)| alias.eq_ignore_ascii_case(name.as_str())));
        }
    }
    Ok(taken)
}

/// The names that public DNS leads to the distribution already, where their records are made by hand.
async fn resolved(
    session: &Session,
    request: &Request,
    names: &[String],
    distribution: Option<&Distribution>,
) -> Result<Vec<String>> {
    let (Some(distribution), Dns::Manual) = (distribution, request.dns) else { return Ok(Vec::new()) };
    let mut resolved = Vec::new();
    for name in names {
        if leads_to(&session.resolver, name, &distribution.domain_name).await {
            resolved.push(name.clone());
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_its_own_zone_and_in_those_above() {
        let table = [
            ("cruddur.com", "cruddur.com", true),
            ("www.cruddur.com", "cruddur.com", true),
            ("notcruddur.com", "cruddur.com", false),
            ("cruddur.com", "www.cruddur.com", false),
        ];
        for (name, zone, expected) in table {
            assert_eq!(is_in(name, zone), expected, "{name} {zone}");
        }
    }
}
