//! What the owner should know before saying yes, beyond what each part tells of itself.

use super::names::Records;
use crate::routing::Routing;
use crate::setup::{
    Observed, S3Origin, Site,
    distribution::has_apis,
    observed::Distribution,
    records::manual,
    request::{Dns, SiteRouting},
    site::TAG,
};

pub(super) fn notes(site: &Site, observed: &Observed, records: &Records) -> Vec<String> {
    let mut notes = Vec::new();
    let bucket = observed.bucket.as_ref().filter(|bucket| bucket.name == site.bucket.as_str());
    let existing = observed.distribution.as_ref();
    let is_published = bucket.is_some_and(|bucket| bucket.has_site);
    let names: Vec<_> = records.replaced.iter().map(|record| record.name.clone()).collect();
    if !is_published && !names.is_empty() {
        let names: std::collections::BTreeSet<_> = names.into_iter().collect();
        let names: Vec<_> = names.into_iter().collect();
        notes.push(format!(
            "nothing is published in {}{} yet, so visitors of {} get 404 from when its records move until the first publish",
            site.bucket,
            site.origin_path(),
            names.join(", ")
        ));
    }
    let moved_from = existing
        .and_then(|existing| S3Origin::of(&existing.origin))
        .filter(|origin| origin.bucket != site.bucket.as_str() || origin.prefix != site.prefix.as_str());
    let old_bucket = moved_from.as_ref().map(|origin| &origin.bucket).filter(|old| *old != site.bucket.as_str());
    if let (Some(old), false) = (old_bucket, is_published) {
        let first = if bucket.is_some() { "publish there first" } else { "make it and publish there first" };
        notes.push(format!(
            "nothing is published in {} yet: {first}, or visitors get 404 from when the distribution reads it until you \
             do; the old bucket {old} stays",
            site.bucket
        ));
    }
    let is_ours = existing.is_some_and(|existing| existing.tags.contains_key(TAG));
    if let (Some(old), true, None) = (&moved_from, is_ours, &site.deployer) {
        let folder = if old.prefix.is_empty() { String::new() } else { format!("/{}", old.prefix) };
        notes.push(format!(
            "the role that publishes from GitHub Actions, if there is one, still names {}{folder}: run again with --github \
             OWNER/REPO",
            old.bucket
        ));
    }
    let has_moved_inside =
        |existing: &&Distribution| existing.origin.path != site.origin_path() && old_bucket.is_none();
    if let Some(existing) = existing.filter(has_moved_inside) {
        let old = if existing.origin.path.is_empty() { "/" } else { &existing.origin.path };
        if bucket.is_some_and(|bucket| !bucket.is_empty) && !is_published {
            notes.push(format!(
                "the distribution serves {old} of its origin now, and {} of {} from then on, where nothing is published yet: \
                 publish there first, or visitors get 404 until you do",
                site.origin_path(),
                site.bucket
            ));
        }
    }
    let twins = site.aliases.iter().filter(|alias| {
        let domain = site.domain.as_str();
        domain.strip_prefix("www.") == Some(alias.as_str()) || alias.as_str().strip_prefix("www.") == Some(domain)
    });
    if site.routing == SiteRouting::ErrorPages {
        notes.extend(twins.map(|twin| {
            format!(
                "{twin} serves the site and is not redirected to {}: that takes a function, and error pages have none",
                site.domain
            )
        }));
        notes.push(
            "with error pages a missing script or image is answered with /index.html and status 200, as if it were there".to_owned(),
        );
    }
    match site.routing {
        SiteRouting::ErrorPages if has_apis(site, existing) => notes.push(
            "error pages are for the whole distribution: a 404 of the API reaches the app as /index.html with status 200".to_owned(),
        ),
        SiteRouting::Function(Routing::Folders | Routing::Files) if has_apis(site, existing) => notes.push(
            "there is no page of your own for what is missing: CloudFront's error pages are for the whole distribution, and \
             would replace the API's own 404 answers"
                .to_owned(),
        ),
        _ => {}
    }
    if site.dns == Dns::Manual {
        let apexes: Vec<_> =
            site.names().filter(|name| manual::is_apex(name.as_str())).map(ToString::to_string).collect();
        if !apexes.is_empty() {
            notes.push(format!(
                "no CNAME may stand at {}: your DNS provider has to offer ALIAS, ANAME or flattened CNAME records there, or \
                 the site is known by its www name",
                apexes.join(", ")
            ));
        }
    }
    notes
}
