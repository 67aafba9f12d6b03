//! Looking at everything there is of a site. Nothing is changed, and nothing that cannot be looked at ends the looking.

use std::{net::SocketAddr, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Area, Evidence, NameSeen, PageSeen, Probed, ReleaseSeen, Unchecked, evidence::Purpose, probe::Visitor};
use crate::{
    bootstrap::{self, observe as look},
    dns::{Answer, Kind},
    error::{ErrorKind, Result},
    plan::{Policy, Retention},
    publish::{self, Identity, progress::Silent},
    setup::{
        Request, S3Origin,
        desired::{self, Names},
        observed::{Certificate, Distribution, Role},
        policy::{Decision, Principal, allows},
        site::{CERTIFICATE_REGION, TAG},
    },
    site::ObjectKey,
};

/// What is examined, and how the site is visited.
pub struct Examination<'e> {
    /// AWS, public DNS, time.
    pub session: &'e bootstrap::Session,
    /// The site: its domain, and its distribution where that is named.
    pub request: &'e Request,
    /// The flags that lead any command to the same account, with a space before each.
    pub flags: String,
    /// Whether the site is visited at all.
    pub visit: bool,
    /// An edge that rehearses the site, to be visited instead of the addresses that DNS gives.
    pub rehearsal: Option<SocketAddr>,
}

/// What could not be looked at, collected on the way.
#[derive(Default)]
struct Notes(Vec<Unchecked>);

impl Notes {
    /// The value, or a note why there is none. Only wrong credentials and the user end the looking.
    fn take<T: Default>(&mut self, area: Area, what: &str, looked: Result<T>) -> Result<T> {
        match looked {
            Ok(value) => Ok(value),
            Err(error) if matches!(error.kind(), ErrorKind::Credentials | ErrorKind::Interrupted) => Err(error),
            Err(error) => {
                let why = match error.kind() {
                    ErrorKind::AccessDenied => format!("{}; {}", error.what(), error.next()),
                    _ => error.to_string(),
                };
                self.0.push(Unchecked { area, what: what.to_owned(), why });
                Ok(T::default())
            }
        }
    }

    /// The values public DNS has, none included; or a note that it could not be asked.
    fn answer(&mut self, what: &str, answer: Answer) -> Vec<String> {
        match answer {
            Answer::Found(values) => values,
            Answer::Missing(_) => Vec::new(),
            Answer::Unknown(why) => {
                if !self.0.iter().any(|note| note.what == what) {
                    self.0.push(Unchecked { area: Area::Dns, what: what.to_owned(), why });
                }
                Vec::new()
            }
        }
    }
}

/// Looks at everything.
///
/// # Errors
/// [`ErrorKind::Credentials`] without credentials that AWS takes; [`ErrorKind::Input`] where several distributions could
/// be the site's; [`ErrorKind::NotFound`] for a distribution that is named and not there.
pub async fn gather(examination: &Examination<'_>) -> Result<Evidence> {
    let Examination { session, request, .. } = examination;
    let (aws, mut notes) = (&session.aws, Notes::default());
    let names = desired::names(request)?;
    let cloudfront = aws.cloudfront();
    let account = aws.account().await?;
    let summaries = notes.take(Area::Distribution, "distributions", cloudfront.summaries().await)?;
    let (zones, _) = notes.take(Area::Dns, "hosted zones", look::zones(session, request, &names).await)?;
    for zone in zones.iter().filter(|zone| zone.delegated.is_none()) {
        let why = "public DNS could not be asked for its name servers".to_owned();
        notes.0.push(Unchecked { area: Area::Dns, what: format!("delegation of {}", zone.id), why });
    }
    let of_names: Vec<String> = names.all().map(ToString::to_string).collect();
    let mut records = notes.take(Area::Dns, "records", look::records(session, &zones, &of_names).await)?;
    let distribution = look::distribution(session, request, &names, &account, &summaries, &records).await?;
    let candidates = match &distribution {
        Some(_) => Vec::new(),
        None => look::candidates(&summaries),
    };

    let certificates =
        notes.take(Area::Certificate, "certificates", aws.certificates(CERTIFICATE_REGION).naming(&of_names).await)?;
    let pending: Vec<String> = certificates
        .iter()
        .flat_map(|certificate| &certificate.validations)
        .filter_map(|validation| validation.record.as_ref().map(|(name, _)| name.clone()))
        .collect();
    records.extend(notes.take(Area::Dns, "records", look::records(session, &zones, &pending).await)?);

    let mut evidence = Evidence {
        domain: request.domain.clone(),
        flags: examination.flags.clone(),
        named: request.distribution.as_ref().map(ToString::to_string),
        now: (session.world.now)(),
        candidates,
        access_control: None,
        function: None,
        certificates,
        elsewhere: Vec::new(),
        bucket: None,
        zones,
        records,
        proofs: Vec::new(),
        names: Vec::new(),
        distribution_addresses: Vec::new(),
        authorities: None,
        delegated_to: Vec::new(),
        roles: Vec::new(),
        release: None,
        probes: Vec::new(),
        unchecked: Vec::new(),
        distribution,
    };
    edge(examination, &mut evidence, &mut notes).await?;
    bucket(examination, &mut evidence, &mut notes).await?;
    evidence.elsewhere = elsewhere(examination, &evidence, &of_names, &mut notes).await?;
    for name in pending {
        let cname = session.resolver.lookup(&name, Kind::Cname).await;
        if !notes.answer(PUBLIC_DNS, cname).is_empty() {
            evidence.proofs.push(name);
        }
    }
    public_dns(examination, &names, &mut evidence, &mut notes).await;
    let roles = notes.take(Area::Role, "roles", aws.identities().roles_for_github().await)?;
    evidence.roles = roles.into_iter().filter(|role| concerns(role, &evidence)).collect();
    if examination.visit {
        evidence.probes = visits(examination, &evidence, &names, &mut notes).await;
    }
    evidence.unchecked = notes.0;
    Ok(evidence)
}

/// The access control and the function of the distribution.
async fn edge(examination: &Examination<'_>, evidence: &mut Evidence, notes: &mut Notes) -> Result<()> {
    let Some(distribution) = &evidence.distribution else { return Ok(()) };
    let cloudfront = examination.session.aws.cloudfront();
    let id = &distribution.origin.access_control;
    if !id.is_empty() {
        let control = cloudfront.access_control(id).await;
        evidence.access_control = notes.take(Area::Distribution, "origin access control", control)?;
    }
    let function = distribution.behavior.viewer_request_function.rsplit('/').next().unwrap_or_default();
    if !function.is_empty() {
        let function = cloudfront.function(function).await;
        evidence.function = notes.take(Area::Distribution, "viewer-request function", function)?;
    }
    Ok(())
}

/// The bucket and what is published in it.
async fn bucket(examination: &Examination<'_>, evidence: &mut Evidence, notes: &mut Notes) -> Result<()> {
    let Some(origin) = evidence.distribution.as_ref().and_then(origin) else { return Ok(()) };
    let aws = &examination.session.aws;
    let seen = aws.bucket_setup(&origin.bucket, None).observe(&origin.prefix).await;
    evidence.bucket = notes.take(Area::Bucket, "bucket", seen)?;
    let Some(bucket) = &evidence.bucket else { return Ok(()) };
    let seen = release(examination, &origin, &bucket.region).await;
    evidence.release = notes.take(Area::Release, "published release", seen.map(Some))?;
    Ok(())
}

fn origin(distribution: &Distribution) -> Option<S3Origin> {
    S3Origin::parse(&distribution.origin.domain, &distribution.origin.path)
}

/// The manifest against the bucket, as a publish would look at it.
async fn release(examination: &Examination<'_>, origin: &S3Origin, region: &str) -> Result<ReleaseSeen> {
    let session = publish::Session {
        bucket: examination.session.aws.bucket(&origin.bucket, &origin.prefix, Some(region)),
        distribution: None,
        policy: Policy {
            retention: Retention { days: 0, releases: 1 },
            max_delete_percent: 0,
            max_paths: 1,
            delete_foreign: false,
            wait: false,
        },
        identity: Identity { owner: String::new(), host: String::new(), process: std::process::id() },
        only_look: true,
        lock_patience: std::time::Duration::ZERO,
        invalidation_patience: std::time::Duration::ZERO,
        concurrency: 8,
        world: examination.session.world.clone(),
        progress: Arc::new(Silent),
        stop: CancellationToken::new(),
    };
    let observed = publish::observe(&session).await?;
    let remote = &observed.remote;
    let names = |keys: Vec<&ObjectKey>| keys.into_iter().map(ToString::to_string).collect::<Vec<_>>();
    let missing = remote.published().map(|(key, _)| key).filter(|key| !remote.objects.contains_key(*key)).collect();
    let differs = |key: &&ObjectKey| remote.objects.get(*key).is_some_and(|object| object.known.is_none());
    let changed = remote.published().map(|(key, _)| key).filter(differs).collect();
    let maps = remote.objects.keys().filter(|key| key.extension() == Some("map")).collect();
    let root = match ObjectKey::new(crate::setup::site::ROOT_OBJECT) {
        Ok(key) if remote.objects.contains_key(&key) => session.bucket.head(&key).await?,
        _ => None,
    };
    Ok(ReleaseSeen {
        published: remote.published().next().is_some(),
        missing: names(missing),
        changed: names(changed),
        foreign: remote.objects.keys().filter(|key| !remote.owns(key)).count(),
        source_maps: names(maps),
        objects: remote.objects.len(),
        left_behind: observed.left_behind().map(|lock| format!("{} on {}", lock.owner, lock.host)),
        root: root.map(|head| PageSeen {
            cache_control: head.headers.cache_control,
            content_type: head.headers.content_type,
        }),
    })
}

/// Certificates of the regions where people look for theirs by mistake: the configured one and the bucket's.
async fn elsewhere(
    examination: &Examination<'_>,
    evidence: &Evidence,
    names: &[String],
    notes: &mut Notes,
) -> Result<Vec<Certificate>> {
    if evidence.certificates.iter().any(|certificate| certificate.status == "ISSUED") {
        return Ok(Vec::new());
    }
    let aws = &examination.session.aws;
    let mut regions: Vec<String> = vec![aws.region()];
    regions.extend(evidence.bucket.as_ref().map(|bucket| bucket.region.clone()));
    regions.sort();
    regions.dedup();
    let mut found = Vec::new();
    for region in regions.iter().filter(|region| *region != CERTIFICATE_REGION) {
        let naming = aws.certificates(region).naming(names).await;
        found.extend(notes.take(Area::Certificate, &format!("certificates of {region}"), naming)?);
    }
    Ok(found)
}

const PUBLIC_DNS: &str = "public DNS";

async fn public_dns(examination: &Examination<'_>, names: &Names, evidence: &mut Evidence, notes: &mut Notes) {
    let resolver = &examination.session.resolver;
    let addresses = |values: Vec<String>| values.iter().filter_map(|value| value.parse().ok()).collect();
    let aliases = evidence.distribution.iter().flat_map(|distribution| distribution.aliases.clone());
    let mut asked: Vec<String> = names.all().map(ToString::to_string).chain(aliases).collect();
    let mut seen = std::collections::BTreeSet::new();
    asked.retain(|name| !name.starts_with('*') && seen.insert(name.to_ascii_lowercase()));
    for name in asked {
        let (v4, v6, cname) = tokio::join!(
            resolver.lookup(&name, Kind::A),
            resolver.lookup(&name, Kind::Aaaa),
            resolver.lookup(&name, Kind::Cname)
        );
        evidence.names.push(NameSeen {
            v4: addresses(notes.answer(PUBLIC_DNS, v4)),
            v6: addresses(notes.answer(PUBLIC_DNS, v6)),
            cname: notes.answer(PUBLIC_DNS, cname).into_iter().next(),
            name,
        });
    }
    if let Some(distribution) = &evidence.distribution {
        let (v4, v6) = tokio::join!(
            resolver.lookup(&distribution.domain_name, Kind::A),
            resolver.lookup(&distribution.domain_name, Kind::Aaaa)
        );
        let both = [notes.answer(PUBLIC_DNS, v4), notes.answer(PUBLIC_DNS, v6)].concat();
        evidence.distribution_addresses = addresses(both);
    }
    if let Answer::Found(authorities) = resolver.caa(evidence.domain.as_str()).await {
        evidence.authorities = Some(authorities);
    }
    if let Answer::Found(delegation) = resolver.delegation(evidence.domain.as_str()).await {
        evidence.delegated_to = delegation.name_servers;
    }
}

/// Whether a role has to do with this site: it is tagged for it, its policies name the bucket or the distribution, or let
/// it write to any bucket; or it has none, so that it may be the one that somebody forgot to give any.
fn concerns(role: &Role, evidence: &Evidence) -> bool {
    let documents: Vec<&Value> =
        role.inline.values().chain(role.attached.iter().map(|(_, document)| document)).collect();
    let text: String = documents.iter().map(ToString::to_string).collect();
    let bucket = evidence.bucket.as_ref().map(|bucket| format!(":::{}", bucket.name));
    let distribution = evidence.distribution.as_ref().map(|distribution| distribution.arn.clone());
    let any_object = "arn:aws:s3:::the-bucket-of-somebody/page";
    let anywhere = allows(&documents, Principal::Aws(&role.arn), "s3:PutObject", any_object, &[]) == Decision::Allowed;
    role.tags.get(TAG).is_some_and(|domain| domain == evidence.domain.as_str())
        || text.is_empty()
        || anywhere
        || bucket.into_iter().chain(distribution).any(|name| text.contains(&name))
}

/// Everything in a key but `/`, `@` and what RFC 3986 leaves unreserved.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'@').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Visits the site as a browser would.
async fn visits(examination: &Examination<'_>, evidence: &Evidence, names: &Names, notes: &mut Notes) -> Vec<Probed> {
    let domain = &evidence.domain;
    let visitor = match Visitor::new(examination.rehearsal) {
        Ok(visitor) => visitor,
        Err(error) => {
            let what = "live site".to_owned();
            notes.0.push(Unchecked { area: Area::Live, what, why: error.to_string() });
            return Vec::new();
        }
    };
    if examination.rehearsal.is_none() && !evidence.was_found() {
        let why = format!("public DNS knows no address of {domain}");
        notes.0.push(Unchecked { area: Area::Live, what: "live site".to_owned(), why });
        return Vec::new();
    }
    let mut urls = vec![
        (Purpose::Root, format!("https://{domain}/")),
        (Purpose::MissingScript, format!("https://{domain}/cruddur-site-doctor-0a1b2c3d.js")),
    ];
    if let Some(origin) = evidence.distribution.as_ref().and_then(origin) {
        let bucket = examination.session.aws.bucket(&origin.bucket, &origin.prefix, None);
        let key = utf8_percent_encode(&bucket.state_key("manifest.json.gz"), PATH).to_string();
        urls.push((Purpose::State, format!("https://{domain}/{key}")));
    }
    if examination.rehearsal.is_none() {
        // A rehearsal has no TLS, so there is nothing to redirect to.
        urls.push((Purpose::PlainHttp, format!("http://{domain}/")));
    }
    let aliases = evidence.distribution.iter().flat_map(|distribution| &distribution.aliases);
    let others = names.redirect.iter().map(ToString::to_string).filter(|other| {
        let is_other = |alias: &String| alias.eq_ignore_ascii_case(other);
        aliases.clone().any(is_other) || evidence.names.iter().any(|seen| seen.name == **other && seen.has_address())
    });
    urls.extend(others.map(|other| (Purpose::OtherName, format!("https://{other}/"))));
    futures::future::join_all(urls.iter().map(|(purpose, url)| visitor.visit(*purpose, url))).await
}
