//! What visitors get: status, redirects, headers, compression.

use super::{Area, Evidence, Probed, evidence::Purpose, finding::Findings};

const AREA: Area = Area::Live;

/// From here on the edge compresses (Developer Guide, "Serve compressed files").
const COMPRESSED_FROM: u64 = 1000;

/// A visitor who follows more than this waits for nothing but redirects.
const MOST_REDIRECTS: usize = 2;

pub(super) fn examine(evidence: &Evidence, findings: &mut Findings) {
    // Where nothing is answered rightly, an error for what is missing says nothing of its own.
    let works = evidence.probes.iter().any(|probe| probe.purpose == Purpose::Root && probe.status == Some(200));
    for probe in &evidence.probes {
        match probe.purpose {
            Purpose::Root => root(evidence, probe, findings),
            Purpose::PlainHttp => plain_http(probe, findings),
            Purpose::OtherName => other_name(evidence, probe, findings),
            Purpose::MissingScript if works => missing_script(evidence, probe, findings),
            Purpose::MissingScript => {}
            Purpose::State => state(probe, findings),
        }
    }
}

fn root(evidence: &Evidence, probe: &Probed, findings: &mut Findings) {
    let url = &probe.url;
    let Some(status) = probe.status else {
        let why = probe.error.as_deref().unwrap_or("nobody answered");
        findings.problem(
            AREA,
            "no-answer",
            format!("{url} does not answer: {why}"),
            "nobody can visit the site",
            "mend what is said above of DNS and the certificate first; then ask again",
        );
        return;
    };
    if status == 200 {
        findings.sound(AREA, format!("{url} answers 200"));
    } else {
        let (hurts, fix) = why_not_200(evidence, probe, status);
        findings.problem(
            AREA,
            "root-fails",
            format!("{url} answers {status}"),
            hurts,
            fix.unwrap_or_else(|| findings.bootstrap()),
        );
        return;
    }
    if !probe.is_html() {
        let kind = probe.header("content-type").unwrap_or("no content type");
        findings.problem(
            AREA,
            "root-is-no-page",
            format!("{url} is {kind}"),
            "browsers do not show it as a page",
            format!("run {}", evidence.command("publish", "")),
        );
    }
    if probe.header("strict-transport-security").is_none() {
        findings.advice(
            AREA,
            "no-hsts",
            "the answer has no Strict-Transport-Security",
            "a browser's first request goes over plain http each time, where it can be caught",
            findings.bootstrap(),
        );
    }
    if probe.length >= COMPRESSED_FROM && probe.header("content-encoding").is_none() {
        findings.advice(
            AREA,
            "root-not-compressed",
            format!("{url} comes uncompressed, {} bytes", probe.length),
            "it takes three to five times as long",
            findings.bootstrap(),
        );
    }
    if probe.redirects.len() > MOST_REDIRECTS {
        findings.advice(
            AREA,
            "redirect-chain",
            format!("{url} takes {} redirects: {}", probe.redirects.len(), chain(probe)),
            "each costs the visitor a round trip",
            "let every name redirect to the final address at once",
        );
    }
}

/// The usual causes of a status, by what its body says.
fn why_not_200(evidence: &Evidence, probe: &Probed, status: u16) -> (String, Option<String>) {
    let body = probe.beginning.as_str();
    let from_s3 = body.contains("<Code>");
    let publish = || Some(format!("run {}", evidence.command("publish", "")));
    match status {
        403 if from_s3 => (
            "S3 refuses: the bucket's policy does not let this distribution read, or the object is not there and it may \
             not list"
                .into(),
            None,
        ),
        403 => ("CloudFront refuses: no distribution has this name, or its certificate or firewall says no".into(), None),
        404 => ("there is no root page".into(), publish()),
        300..=399 => ("the redirect leads nowhere".into(), None),
        502..=504 => ("CloudFront cannot reach the origin, or its function fails".into(), None),
        _ => ("visitors get an error".into(), None),
    }
}

fn plain_http(probe: &Probed, findings: &mut Findings) {
    let Some(status) = probe.status else { return };
    let redirected = probe.redirects.first().is_some_and(|(_, to)| to.starts_with("https://"));
    if redirected {
        findings.sound(AREA, "plain http is redirected to https");
    } else {
        findings.problem(
            AREA,
            "plain-http-answers",
            format!("{} answers {status} without a redirect to https", probe.url),
            "anybody on the way can read and change the site",
            findings.bootstrap(),
        );
    }
}

fn other_name(evidence: &Evidence, probe: &Probed, findings: &mut Findings) {
    let url = &probe.url;
    match probe.status {
        None => {
            let why = probe.error.as_deref().unwrap_or("nobody answered");
            findings.problem(
                AREA,
                "other-name-fails",
                format!("{url} does not answer: {why}"),
                "whoever types the site's other name finds nothing",
                findings.bootstrap(),
            );
        }
        // The site itself fails, which is told already; this name does what it shall.
        Some(status) if status != 200 && status == root_status(evidence) && !probe.redirects.is_empty() => {}
        Some(status) if status != 200 => {
            findings.problem(
                AREA,
                "other-name-fails",
                format!("{url} answers {status}{}", after(probe)),
                "whoever types the site's other name gets an error",
                findings.bootstrap(),
            );
        }
        Some(_) if probe.redirects.is_empty() => {
            findings.advice(
                AREA,
                "two-addresses",
                format!("{url} serves the site without redirecting to {}", evidence.domain),
                "search engines see two sites with the same pages, and cookies of one are unknown to the other",
                findings.bootstrap(),
            );
        }
        Some(_) => findings.sound(AREA, format!("{url} redirects to the site")),
    }
}

/// What the root page answers; 200 where it was not asked.
fn root_status(evidence: &Evidence) -> u16 {
    let root = evidence.probes.iter().find(|probe| probe.purpose == Purpose::Root);
    root.and_then(|probe| probe.status).unwrap_or(200)
}

fn missing_script(evidence: &Evidence, probe: &Probed, findings: &mut Findings) {
    let Some(status) = probe.status.filter(|_| root_status(evidence) == 200) else { return };
    let url = &probe.url;
    if status == 200 {
        findings.problem(
            AREA,
            "missing-is-a-page",
            format!("{url}, which does not exist, answers 200"),
            "a browser runs HTML as a script and the page stays white; nobody sees a 404 in the logs",
            findings.bootstrap(),
        );
    } else if status == 403 {
        findings.advice(
            AREA,
            "missing-is-forbidden",
            format!("{url}, which does not exist, answers 403"),
            "without s3:ListBucket S3 does not tell missing from forbidden, and a hunt for the 403 begins",
            findings.bootstrap(),
        );
    } else if status == 404 {
        findings.sound(AREA, "what is missing answers 404");
    }
}

fn state(probe: &Probed, findings: &mut Findings) {
    if probe.status == Some(200) && !probe.is_html() {
        findings.problem(
            AREA,
            "state-is-served",
            format!("{} is served", probe.url),
            "anybody can read which releases there were and which files they had",
            findings.bootstrap(),
        );
    }
}

fn chain(probe: &Probed) -> String {
    probe.redirects.iter().map(|(status, to)| format!("{status} {to}")).collect::<Vec<_>>().join(", ")
}

fn after(probe: &Probed) -> String {
    if probe.redirects.is_empty() { String::new() } else { format!(" after {}", chain(probe)) }
}
