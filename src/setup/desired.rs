//! What the owner asks, completed by what exists and by defaults: the site as it shall be.

use super::{
    Observed, Request, S3Origin, Site,
    observed::{self, Distribution},
    plan::OLD_VERSIONS,
    request::{PriceClass, SiteRouting},
    site::{Account, DEFAULT_PREFIX, RETENTION_DAYS, TAG, slug},
};
use crate::{
    config::{BucketName, DomainName, Prefix, Region},
    error::{Error, ErrorKind, Result},
    routing::Routing,
};

mod check;
#[cfg(test)]
mod tests;

pub use check::can_be_made;

/// The names of a site, before anything was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The name it is known by.
    pub domain: DomainName,
    /// The other one of `example.com` and `www.example.com`, where it is wanted.
    pub redirect: Option<DomainName>,
    /// More names that serve the site as it is.
    pub aliases: Vec<DomainName>,
}

impl Names {
    /// Every name, the site's own first.
    pub fn all(&self) -> impl Iterator<Item = &DomainName> {
        std::iter::once(&self.domain).chain(&self.redirect).chain(&self.aliases)
    }
}

/// The name that is registered at a registrar: `example.co.uk` of `www.example.co.uk`; `None` for a public suffix.
pub fn registrable(name: &str) -> Option<&str> {
    psl::domain_str(name)
}

/// The names that `request` is about.
///
/// # Errors
/// [`ErrorKind::Input`] for a public suffix, and for names that are asked for twice.
pub fn names(request: &Request) -> Result<Names> {
    let domain = request.domain.clone();
    if registrable(domain.as_str()).is_none() {
        let what = format!("{domain} is a public suffix, below which others register their domains");
        return Err(Error::new(ErrorKind::Input, what, "give the domain you own, such as example.com"));
    }
    check::duplicates(request)?;
    let redirect = match request.www {
        Some(false) => None,
        wanted => other_name(&domain, wanted == Some(true)),
    };
    let redirect = redirect.filter(|name| request.www == Some(true) || !request.aliases.contains(name));
    if let (Some(true), None) = (request.www, &redirect) {
        let what = format!("{domain} has no other name that could redirect to it");
        return Err(Error::new(ErrorKind::Input, what, "leave --www away"));
    }
    if let Some(name) = redirect.as_ref().filter(|name| request.aliases.contains(name)) {
        let what = format!("{name} shall redirect to {domain} and serve the site itself");
        return Err(Error::new(ErrorKind::Input, what, format!("give either --www or --alias {name}")));
    }
    Ok(Names { domain, redirect, aliases: request.aliases.clone() })
}

/// The names of [`names`]. Without a wish for the other name, the distribution that was made for the domain says whether
/// it redirects: [`TAG`] is written last, so a distribution that bears it has every name that was wanted.
///
/// # Errors
/// Those of [`names`].
pub fn names_of(
    request: &Request,
    existing: Option<&Distribution>,
    function: Option<&observed::Function>,
) -> Result<Names> {
    let mut names = names(request)?;
    let has = |existing: &Distribution, name: &DomainName| {
        existing.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name.as_str()))
    };
    let is_tagged = |existing: &Distribution| existing.tags.get(TAG).is_some_and(|tag| tag == names.domain.as_str());
    // One that has lost the domain itself says nothing about the other name.
    let decides = existing.filter(|existing| is_tagged(existing) && has(existing, &names.domain));
    if let (None, Some(existing)) = (request.www, decides) {
        // Where its function redirects the name, it is the alias that was lost.
        let redirects = |name: &DomainName| {
            let host = format!("\"{name}\"");
            function.is_some_and(|function| function.code.contains(&host))
        };
        names.redirect = names.redirect.filter(|name| has(existing, name) || redirects(name));
    }
    Ok(names)
}

/// `www.X` for X, and X for `www.X`. Unless it is `insisted` upon, only where X is what one registers: nobody types
/// `www.app.example.com`.
fn other_name(domain: &DomainName, insisted: bool) -> Option<DomainName> {
    let is_registrable = |name: &str| registrable(name) == Some(name);
    let other = match domain.as_str().strip_prefix("www.") {
        Some(bare) => (is_registrable(bare) || insisted && registrable(bare).is_some()).then(|| bare.to_owned()),
        None => (insisted || is_registrable(domain.as_str())).then(|| format!("www.{domain}")),
    };
    other?.parse().ok()
}

/// Where a site's files are, as far as that is known before the bucket was looked at: the bucket and the served prefix
/// to look for, from the request, from the existing distribution, or by default.
///
/// # Errors
/// [`ErrorKind::Input`] where a name is not one that S3 takes.
pub fn place(request: &Request, account: &Account, existing: Option<&Distribution>) -> Result<(BucketName, Prefix)> {
    let origin = existing.and_then(|distribution| S3Origin::of(&distribution.origin));
    let bucket = match (&request.bucket, &origin) {
        (Some(bucket), _) => bucket.clone(),
        (None, Some(origin)) => origin.bucket.parse().map_err(invalid("the distribution's bucket"))?,
        (None, None) => default_bucket(&request.domain, account)?,
    };
    // The origin path of another bucket says nothing about this one.
    let path = origin.filter(|origin| origin.bucket == bucket.as_str()).map(|origin| origin.prefix);
    let prefix = match (&request.prefix, path) {
        (Some(prefix), _) => prefix.clone(),
        (None, Some(path)) => path.parse().map_err(invalid("the distribution's origin path"))?,
        (None, None) => DEFAULT_PREFIX.parse().map_err(invalid("the prefix"))?,
    };
    Ok((bucket, prefix))
}

fn invalid(what: &str) -> impl Fn(crate::config::InvalidValue) -> Error + '_ {
    move |invalid| Error::new(ErrorKind::Input, format!("{what} {}", invalid.problem), invalid.next)
}

/// `SLUG-ACCOUNTID`: names of buckets are unique in the whole world, so the account's number keeps strangers apart.
fn default_bucket(domain: &DomainName, account: &Account) -> Result<BucketName> {
    const MOST: usize = 63;
    let slug = slug(domain.as_str());
    let room = MOST.saturating_sub(account.id.len() + 1);
    let slug = slug[..slug.len().min(room)].trim_end_matches('-');
    format!("{slug}-{}", account.id).parse().map_err(invalid("the bucket"))
}

/// The desired site: `request`, completed by what was `observed` and, where neither says anything, by `routing` (of the
/// build, say) and `region` (of the AWS configuration).
///
/// Without a wish of the owner what exists is kept, so that a second run without flags changes nothing. A new
/// distribution gets [`PriceClass::Class100`]: most sites' visitors are in Europe and North America, everyone else is
/// served too, only from farther away, and no request costs more than the cheapest one.
///
/// # Errors
/// [`ErrorKind::Input`] for wishes that contradict each other or what exists, in words.
pub fn site(request: &Request, observed: &Observed, routing: Routing, region: &Region) -> Result<Site> {
    check::partition(&observed.account)?;
    let existing = observed.distribution.as_ref();
    let mut names = names_of(request, existing, observed.function.as_ref())?;
    let (bucket_name, mut prefix) = place(request, &observed.account, existing)?;
    let bucket = observed.bucket.as_ref().filter(|bucket| bucket.name == bucket_name.as_str());
    // An origin path without anything behind it is a leftover, unless we set it. The distribution's tag tells, and not the
    // bucket's: it is written after the path, so that a run that was cut off between the two plans the same again.
    let keeps_prefix = request.prefix.is_some()
        || bucket.is_some_and(|bucket| bucket.has_site)
        || existing.is_some_and(|existing| is_tagged(&existing.tags));
    if !keeps_prefix {
        prefix = DEFAULT_PREFIX.parse().map_err(invalid("the prefix"))?;
    }
    let routing = self::routing(request, existing, routing);
    if routing == SiteRouting::ErrorPages {
        names.aliases.extend(names.redirect.take());
    }
    let kept_aliases = kept_aliases(&names, existing);
    let region = check::region(request, bucket, region)?;
    if bucket.is_none() {
        check::new_bucket(&bucket_name)?;
    }
    let kms_key = check::kms_key(request, &region)?.or_else(|| existing_key(bucket));
    check::apis(request, &names, &kept_aliases, existing)?;
    Ok(Site {
        account: observed.account.clone(),
        domain: names.domain,
        redirect: names.redirect,
        aliases: names.aliases,
        kept_aliases,
        wildcard: request.wildcard,
        bucket: bucket_name,
        region,
        prefix,
        kms_key,
        retention_days: request.retention_days.or_else(|| existing_retention(bucket)).unwrap_or(RETENTION_DAYS),
        routing,
        price_class: request
            .price_class
            .or(existing.and_then(|distribution| distribution.price_class))
            .unwrap_or(PriceClass::Class100),
        dns: request.dns,
        apis: request.apis.clone(),
        deployer: request.deployer.clone(),
    })
}

/// The days that our lifecycle rule says already.
fn existing_retention(bucket: Option<&observed::Bucket>) -> Option<u32> {
    bucket?.lifecycle.iter().find(|rule| rule.id == OLD_VERSIONS)?.old_version_days
}

fn is_tagged(tags: &observed::Tags) -> bool {
    tags.contains_key(TAG)
}

/// The routing that is asked for, or that a function of ours does already, or the error pages that we made before. A
/// single-page fallback that somebody made by hand becomes the function, which does the same without its faults.
pub fn routing(request: &Request, existing: Option<&Distribution>, default: Routing) -> SiteRouting {
    if let Some(routing) = request.routing {
        return routing;
    }
    let Some(existing) = existing else { return SiteRouting::Function(default) };
    let function = existing.behavior.viewer_request_function.as_str();
    let name = function.rsplit('/').next().unwrap_or_default();
    if let Some(routing) = Routing::of_function(name) {
        return SiteRouting::Function(routing);
    }
    let falls_back = existing.error_responses.iter().any(super::distribution::is_fallback);
    match (falls_back, function.is_empty() && is_tagged(&existing.tags)) {
        (true, true) => SiteRouting::ErrorPages,
        (true, false) => SiteRouting::Function(Routing::Spa),
        (false, _) => SiteRouting::Function(default),
    }
}

fn kept_aliases(names: &Names, existing: Option<&Distribution>) -> Vec<String> {
    let aliases = existing.map(|distribution| distribution.aliases.as_slice()).unwrap_or_default();
    let is_ours = |alias: &&String| names.all().any(|name| name.as_str().eq_ignore_ascii_case(alias));
    let mut kept: Vec<String> = Vec::new();
    for alias in aliases.iter().filter(|alias| !is_ours(alias)).map(|alias| alias.to_ascii_lowercase()) {
        if !kept.contains(&alias) {
            kept.push(alias);
        }
    }
    kept
}

/// The key that the bucket encrypts with already, where its policies can name it.
fn existing_key(bucket: Option<&observed::Bucket>) -> Option<String> {
    let encryption = bucket?.encryption.as_ref()?;
    let key = encryption.kms_key.as_ref().filter(|key| key.contains(":key/"))?;
    encryption.algorithm.starts_with("aws:kms").then(|| key.clone())
}
