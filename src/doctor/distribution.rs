//! The distribution: has the names, reads the bucket in the right way, answers `/`, caches and routes as it should.

use super::{Area, Evidence, finding::Findings};
use crate::{
    routing::{Routing, javascript},
    setup::{
        observed::{Distribution, Origin},
        origin::S3Origin,
        site::{CACHING_DISABLED, MINIMUM_TLS, ROOT_OBJECT},
        wildcard::covers,
    },
};

const AREA: Area = Area::Distribution;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    let Some(distribution) = &evidence.distribution else {
        none(evidence, findings);
        return;
    };
    let before = findings.problems_of(AREA);
    state(evidence, distribution, findings);
    origin(evidence, distribution, findings);
    caching(distribution, findings);
    routing(evidence, distribution, findings);
    transport(distribution, findings);
    if findings.problems_of(AREA) == before {
        findings.sound(AREA, format!("{} serves {}", distribution.id, evidence.domain));
    }
}

fn none(evidence: &Evidence, findings: &mut Findings) {
    if !evidence.was_checked("distributions") {
        return;
    }
    let domain = &evidence.domain;
    let fix = match evidence.candidates.as_slice() {
        [] => findings.bootstrap(),
        [(id, what)] => {
            format!("if {id} ({what}) is meant: run {}", evidence.command("bootstrap", &format!("--distribution {id}")))
        }
        several => {
            let listed: Vec<String> = several.iter().map(|(id, what)| format!("{id} ({what})")).collect();
            format!(
                "run {} with the right one of {}; or without --distribution for a new one",
                evidence.command("bootstrap", "--distribution ID"),
                listed.join(", ")
            )
        }
    };
    findings.problem(
        AREA,
        "no-distribution",
        format!("no distribution of this account has {domain} among its alternate domain names"),
        "CloudFront answers 403 for a name that no distribution has, and Route 53 offers no alias target for it",
        fix,
    );
}

fn state(evidence: &Evidence, distribution: &Distribution, findings: &mut Findings) {
    let id = &distribution.id;
    if !distribution.enabled {
        findings.problem(
            AREA,
            "distribution-disabled",
            format!("distribution {id} is disabled"),
            "it answers nothing but errors",
            findings.bootstrap(),
        );
    }
    if !distribution.deployed {
        findings.advice(
            AREA,
            "distribution-in-progress",
            format!("the last change of {id} is still on its way to the edges"),
            "until it is there, some visitors get the old behavior",
            "wait some minutes, and ask again",
        );
    }
    if !distribution.aliases.iter().any(|alias| covers(alias, evidence.domain.as_str())) {
        findings.problem(
            AREA,
            "alias-missing",
            format!("{} is not among the alternate domain names of {id}", evidence.domain),
            "CloudFront answers 403 for it, without a hint why, and Route 53 offers no alias target",
            findings.bootstrap(),
        );
    }
    if distribution.default_root_object.is_empty() {
        findings.problem(
            AREA,
            "no-root-object",
            format!("{id} has no default root object"),
            "the address of the site itself answers 403 or an XML document, though every page works",
            findings.bootstrap(),
        );
    } else if distribution.default_root_object != ROOT_OBJECT {
        findings.advice(
            AREA,
            "other-root-object",
            format!("the default root object is {}", distribution.default_root_object),
            format!("builds have {ROOT_OBJECT} at their root"),
            findings.bootstrap(),
        );
    }
}

fn origin(evidence: &Evidence, distribution: &Distribution, findings: &mut Findings) {
    let Origin { domain, path, is_s3, access_control, access_identity, .. } = &distribution.origin;
    let Some(parsed) = S3Origin::parse(domain, path) else {
        findings.problem(
            AREA,
            "origin-not-s3",
            format!("the default origin is {domain}, which is not an S3 bucket"),
            "what is published to a bucket is not what visitors get",
            format!("name the site's distribution: {}", evidence.command("doctor", "--distribution ID")),
        );
        return;
    };
    if parsed.website {
        findings.problem(
            AREA,
            "website-endpoint",
            format!("the origin is the bucket's website endpoint, {domain}"),
            "the bucket has to be open to the world for it, and CloudFront reads it without encryption",
            findings.bootstrap(),
        );
        return;
    }
    if let (Some(named), Some(bucket)) = (&parsed.region, &evidence.bucket)
        && *named != bucket.region
    {
        findings.problem(
            AREA,
            "origin-in-wrong-region",
            format!("the origin names the region {named}, the bucket is in {}", bucket.region),
            "S3 answers with a redirect to itself, and visitors get it or a 403",
            findings.bootstrap(),
        );
    }
    if !access_identity.is_empty() {
        findings.advice(
            AREA,
            "access-identity",
            "the origin uses an origin access identity",
            "it is the old way: no KMS, no regions opened since 2023",
            findings.bootstrap(),
        );
    }
    if !access_identity.is_empty() || !is_s3 && access_control.is_empty() && evidence.bucket.is_none() {
        return;
    }
    if access_control.is_empty() {
        findings.problem(
            AREA,
            "no-access-control",
            "the origin has no origin access control",
            "a private bucket answers it with 403; only a bucket that is open to the world works so",
            findings.bootstrap(),
        );
    } else if let Some(control) = &evidence.access_control {
        if control.origin_type != "s3" || control.signing_behavior != "always" || control.signing_protocol != "sigv4" {
            findings.problem(
                AREA,
                "access-control-does-not-sign",
                format!(
                    "the origin access control {} is of type {}, signing {}",
                    control.name, control.origin_type, control.signing_behavior
                ),
                "S3 gets requests that are not signed for it, and answers 403",
                findings.bootstrap(),
            );
        } else {
            findings.sound(AREA, "reads the bucket by its REST endpoint, signed by an origin access control");
        }
    }
    if let Some(bucket) = &evidence.bucket
        && !bucket.has_site
        && !bucket.is_empty
    {
        let below = if path.is_empty() { "/" } else { path };
        findings.problem(
            AREA,
            "nothing-below-origin-path",
            format!("the origin path is {below}, and the bucket {} has nothing there", bucket.name),
            "every request is a 403 or 404, though the bucket has files",
            format!("run {}", evidence.command("publish", "")),
        );
    }
}

fn caching(distribution: &Distribution, findings: &mut Findings) {
    let behavior = &distribution.behavior;
    if behavior.cache_policy == CACHING_DISABLED {
        findings.problem(
            AREA,
            "caching-disabled",
            "the default behavior caches nothing",
            "every request goes to S3: slower for visitors, and paid for each time",
            findings.bootstrap(),
        );
    } else if behavior.cache_policy.is_empty() {
        findings.advice(
            AREA,
            "legacy-cache-settings",
            "the default behavior has legacy cache settings instead of a cache policy",
            "the edge does not keep brotli copies, and cookies or queries may split the cache",
            findings.bootstrap(),
        );
    }
    if !behavior.compress {
        findings.advice(
            AREA,
            "no-compression",
            "the edge does not compress",
            "scripts and styles are three to five times as long on the way",
            findings.bootstrap(),
        );
    }
    if behavior.response_headers_policy.is_empty() {
        findings.advice(
            AREA,
            "no-security-headers",
            "there is no response headers policy",
            "browsers are told neither to insist on https nor not to guess content types",
            findings.bootstrap(),
        );
    }
}

fn routing(evidence: &Evidence, distribution: &Distribution, findings: &mut Findings) {
    let behavior = &distribution.behavior;
    let to_page = |code: u16| {
        distribution
            .error_responses
            .iter()
            .any(|response| response.error_code == code && response.response_code == Some(200))
    };
    let fallback: Vec<&str> =
        [(403, "403"), (404, "404")].into_iter().filter(|(code, _)| to_page(*code)).map(|(_, name)| name).collect();
    if !fallback.is_empty() && (!behavior.viewer_request_function.is_empty() || !distribution.behaviors.is_empty()) {
        findings.problem(
            AREA,
            "errors-become-pages",
            format!("error {} of every origin is answered with a page and status 200", fallback.join(" and ")),
            "a missing script, and an error of an API behind the same distribution, is HTML that says all is well",
            findings.bootstrap(),
        );
    } else if !fallback.is_empty() {
        findings.advice(
            AREA,
            "errors-become-pages",
            format!("error {} is answered with a page and status 200", fallback.join(" and ")),
            "a missing script is HTML that says all is well; search engines index pages that do not exist",
            format!("run {}, which routes by a function instead", evidence.command("bootstrap", "--routing spa")),
        );
    }
    if behavior.viewer_request_function.is_empty() {
        return;
    }
    match &evidence.function {
        None => {}
        Some(function) => match &function.live_code {
            None => findings.problem(
                AREA,
                "function-not-published",
                format!("the function {} is not published", function.name),
                "CloudFront runs published functions only: pages below the root answer 403 or 404",
                findings.bootstrap(),
            ),
            Some(live) if *live != function.code => findings.advice(
                AREA,
                "function-has-draft",
                format!("the function {} has changes that are not published", function.name),
                "the edges still run the code before them",
                findings.bootstrap(),
            ),
            Some(live) if is_outdated(evidence, &function.name, live) => findings.advice(
                AREA,
                "function-outdated",
                format!("the function {} is not the one that bootstrap makes", function.name),
                "addresses of pages may answer 404, and the other name may not redirect",
                findings.bootstrap(),
            ),
            Some(_) => findings.sound(AREA, format!("routes by the function {}", function.name)),
        },
    }
}

/// Whether a function that bears our name does something else than ours.
fn is_outdated(evidence: &Evidence, name: &str, live: &str) -> bool {
    let Some(routing) = Routing::of_function(name) else { return false };
    let domain = evidence.domain.as_str();
    let code = |redirects: &[&str]| javascript::code(Some(routing), domain, redirects);
    // Whether the other name redirects was the owner's choice.
    let other = domain.strip_prefix("www.").map_or_else(|| format!("www.{domain}"), str::to_owned);
    let is_ours = live == code(&[]) || live == code(&[other.as_str()]);
    !is_ours
}

fn transport(distribution: &Distribution, findings: &mut Findings) {
    if distribution.behavior.viewer_protocol == "allow-all" {
        findings.problem(
            AREA,
            "plain-http",
            "the site is served over plain http, too",
            "anybody on the way can read and change it, and browsers call it not secure",
            findings.bootstrap(),
        );
    }
    if distribution.certificate.is_some() && distribution.minimum_tls != MINIMUM_TLS {
        let newer =
            distribution.minimum_tls.starts_with("TLSv1.2_2025") || distribution.minimum_tls.starts_with("TLSv1.3");
        if !newer {
            findings.advice(
                AREA,
                "old-tls",
                format!("viewers may speak {}", distribution.minimum_tls),
                "old ciphers are let in that no current browser needs",
                findings.bootstrap(),
            );
        }
    }
    if !distribution.http_version.contains('3') {
        findings.advice(
            AREA,
            "no-http3",
            format!("the distribution speaks {}", distribution.http_version),
            "HTTP/3 connects faster, above all on phones",
            findings.bootstrap(),
        );
    }
    if !distribution.ipv6 {
        findings.advice(
            AREA,
            "no-ipv6",
            "the distribution has no IPv6",
            "visitors with IPv6 alone do not reach it",
            findings.bootstrap(),
        );
    }
}
