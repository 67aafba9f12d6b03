//! What is found in which evidence: a sound site, with one thing wrong at a time.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use super::{Evidence, NameSeen, ReleaseSeen, Unchecked, examine, finding::Area};
use crate::setup::{
    observed::{Bucket, Certificate, Distribution, Encryption, ErrorResponse, LifecycleRule, RecordData},
    site::CACHING_DISABLED,
};

mod sound;

use sound::*;

type Mistake = (&'static str, fn(&mut Evidence));

fn front(evidence: &mut Evidence) -> &mut Distribution {
    evidence.distribution.as_mut().unwrap()
}

fn store(evidence: &mut Evidence) -> &mut Bucket {
    evidence.bucket.as_mut().unwrap()
}

fn release(evidence: &mut Evidence) -> &mut ReleaseSeen {
    evidence.release.as_mut().unwrap()
}

fn statement(effect: &Value) -> Option<Value> {
    let mut policy = bucket().policy.unwrap();
    policy["Statement"].as_array_mut().unwrap().push(effect.clone());
    Some(policy)
}

const DNS: &[Mistake] = &[
    ("zone-not-delegated", |e| e.zones[0].delegated = Some(false)),
    ("idle-zone", |e| e.zones.push(zone("Z2", false))),
    ("caa-excludes-amazon", |e| e.authorities = Some(texts(&[r#"0 issue "letsencrypt.org""#]))),
    ("name-not-found", |e| e.names[0] = NameSeen { v4: Vec::new(), v6: Vec::new(), ..name(DOMAIN) }),
    ("name-leads-elsewhere", |e| {
        let values = texts(&["192.0.2.10"]);
        e.records[0].record.data = RecordData::Values { values, ttl: 300 };
    }),
    ("other-name-missing", |e| {
        front(e).aliases.pop();
        e.names[1] = NameSeen { v4: Vec::new(), v6: Vec::new(), ..name(WWW) };
    }),
    ("no-ipv6-record", |e| e.names[0].v6.clear()),
];

const CERTIFICATES: &[Mistake] = &[
    ("no-certificate", |e| {
        front(e).certificate = None;
        e.certificates.clear();
    }),
    ("certificate-in-wrong-region", |e| {
        front(e).certificate = None;
        e.certificates.clear();
        e.elsewhere = vec![Certificate { region: "eu-west-1".into(), ..certificate("other", "ISSUED") }];
    }),
    ("certificate-not-attached", |e| front(e).certificate = None),
    ("certificate-of-another-site", |e| e.certificates[0].arn = "other".into()),
    ("certificate-lacks-name", |e| e.certificates[0].names = texts(&[DOMAIN])),
    ("certificate-pending", |e| e.certificates.push(certificate("other", "PENDING_VALIDATION"))),
    ("certificate-failed", |e| e.certificates.push(certificate("other", "FAILED"))),
    ("certificate-expired", |e| e.certificates[0].expires = Some(NOW - DAY)),
    ("certificate-expires-soon", |e| e.certificates[0].expires = Some(NOW + 20 * DAY)),
];

const DISTRIBUTIONS: &[Mistake] = &[
    ("no-distribution", |e| {
        e.distribution = None;
        e.candidates = vec![("E2".into(), "without a name".into())];
    }),
    ("alias-missing", |e| front(e).aliases = texts(&[WWW])),
    ("distribution-disabled", |e| front(e).enabled = false),
    ("distribution-in-progress", |e| front(e).deployed = false),
    ("no-root-object", |e| front(e).default_root_object.clear()),
    ("other-root-object", |e| front(e).default_root_object = "home.html".into()),
    ("origin-not-s3", |e| front(e).origin.domain = "app.example.com".into()),
    ("website-endpoint", |e| front(e).origin.domain = "site.s3-website-eu-west-1.amazonaws.com".into()),
    ("origin-in-wrong-region", |e| front(e).origin.domain = "site.s3.us-west-2.amazonaws.com".into()),
    ("no-access-control", |e| front(e).origin.access_control.clear()),
    ("access-control-does-not-sign", |e| e.access_control.as_mut().unwrap().signing_behavior = "never".into()),
    ("access-control-does-not-sign", |e| e.access_control.as_mut().unwrap().origin_type = "lambda".into()),
    ("access-identity", |e| front(e).origin.access_identity = "origin-access-identity/cloudfront/E2".into()),
    ("nothing-below-origin-path", |e| store(e).has_site = false),
    ("caching-disabled", |e| front(e).behavior.cache_policy = CACHING_DISABLED.into()),
    ("legacy-cache-settings", |e| front(e).behavior.cache_policy.clear()),
    ("no-compression", |e| front(e).behavior.compress = false),
    ("no-security-headers", |e| front(e).behavior.response_headers_policy.clear()),
    ("errors-become-pages", |e| {
        let page = "/index.html".to_owned();
        let response = ErrorResponse { error_code: 403, page, response_code: Some(200), minimum_ttl: 10 };
        front(e).error_responses.push(response);
    }),
    ("function-not-published", |e| e.function.as_mut().unwrap().live_code = None),
    ("function-has-draft", |e| e.function.as_mut().unwrap().code.push(' ')),
    ("function-outdated", |e| {
        let function = e.function.as_mut().unwrap();
        function.code.push(' ');
        function.live_code = Some(function.code.clone());
    }),
    ("plain-http", |e| front(e).behavior.viewer_protocol = "allow-all".into()),
    ("old-tls", |e| front(e).minimum_tls = "TLSv1".into()),
    ("no-http3", |e| front(e).http_version = "http2".into()),
    ("no-ipv6", |e| front(e).ipv6 = false),
];

const BUCKETS: &[Mistake] = &[
    ("no-bucket", |e| e.bucket = None),
    ("public-policy", |e| {
        let public = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*" });
        store(e).policy = statement(&public);
    }),
    ("public-access-not-blocked", |e| store(e).public_access_block[3] = false),
    ("ownership-not-enforced", |e| store(e).ownership = Some("ObjectWriter".into())),
    ("website-hosting", |e| store(e).website = true),
    ("policy-does-not-match", |e| store(e).policy = None),
    ("missing-is-forbidden", |e| {
        let policy = store(e).policy.as_mut().unwrap();
        policy["Statement"].as_array_mut().unwrap().retain(|one| !one.to_string().contains("ListBucket"));
    }),
    ("state-is-readable", |e| {
        let read = json!({
            "Effect": "Allow",
            "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::site", "arn:aws:s3:::site/*"],
            "Condition": { "StringEquals": { "AWS:SourceArn": ARN } },
        });
        store(e).policy = Some(json!({ "Version": "2012-10-17", "Statement": [read] }));
    }),
    ("aws-managed-kms-key", |e| {
        store(e).encryption = Some(Encryption { algorithm: "aws:kms".into(), kms_key: None, bucket_key: true });
    }),
    ("kms-key-policy", |e| {
        let kms_key = Some("arn:aws:kms:eu-west-1:111122223333:key/1".to_owned());
        store(e).encryption = Some(Encryption { algorithm: "aws:kms".into(), kms_key, bucket_key: true });
    }),
    ("lifecycle-erases-site", |e| {
        store(e).lifecycle.push(LifecycleRule { expire_days: Some(21), ..rule("tidy") });
    }),
    ("no-versioning", |e| store(e).versioning = false),
    ("uploads-never-end", |e| store(e).lifecycle.clear()),
];

const RELEASES: &[Mistake] = &[
    ("nothing-published", |e| release(e).objects = 0),
    ("not-ours", |e| release(e).published = false),
    ("objects-missing", |e| release(e).missing = texts(&["app.js"])),
    ("objects-changed", |e| release(e).changed = texts(&["app.js"])),
    ("foreign-objects", |e| release(e).foreign = 1),
    ("publish-cut-off", |e| release(e).left_behind = Some("ann on laptop".into())),
    ("root-page-cached", |e| release(e).root.as_mut().unwrap().cache_control = None),
    ("root-page-type", |e| release(e).root.as_mut().unwrap().content_type = Some("binary/octet-stream".into())),
    ("source-maps-served", |e| release(e).source_maps = texts(&["app.js.map"])),
];

const LIVE: &[Mistake] = &[
    ("no-answer", |e| root(e).status = None),
    ("root-fails", |e| root(e).status = Some(403)),
    ("root-is-no-page", |e| root(e).headers[0].1 = "application/octet-stream".into()),
    ("no-hsts", |e| drop(root(e).headers.pop())),
    ("root-not-compressed", |e| drop(root(e).headers.remove(1))),
    ("redirect-chain", |e| root(e).redirects = vec![(301, "https://cruddur.com/".into()); 3]),
    ("plain-http-answers", |e| e.probes[3].redirects.clear()),
    ("other-name-fails", |e| e.probes[4].status = Some(403)),
    ("two-addresses", |e| e.probes[4].redirects.clear()),
    ("missing-is-a-page", |e| e.probes[1].status = Some(200)),
    ("missing-is-forbidden", |e| e.probes[1].status = Some(403)),
    ("state-is-served", |e| {
        e.probes[2].status = Some(200);
        e.probes[2].headers[0].1 = "application/octet-stream".into();
    }),
];

const ROLES: &[Mistake] = &[
    ("trusts-all-of-github", |e| {
        let audience = json!({ "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" } });
        e.roles = vec![role(audience, Some(enough()))];
    }),
    ("trust-too-wide", |e| e.roles = vec![role(trusting("repo:ann/*"), Some(enough()))]),
    ("trust-too-wide", |e| e.roles = vec![role(trusting("*"), Some(enough()))]),
    ("trusts-every-branch", |e| e.roles = vec![role(trusting("repo:ann/cruddur:*"), Some(enough()))]),
    ("no-audience", |e| {
        let subject = json!({ "StringEquals": { "token.actions.githubusercontent.com:sub": MAIN } });
        e.roles = vec![role(subject, Some(enough()))];
    }),
    ("role-without-policy", |e| e.roles = vec![role(trusting(MAIN), None)]),
    ("permissions-missing", |e| {
        let mut permissions = enough();
        permissions.as_array_mut().unwrap().pop();
        e.roles = vec![role(trusting(MAIN), Some(permissions))];
    }),
    ("role-too-strong", |e| {
        let everything = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]);
        e.roles = vec![role(trusting(MAIN), Some(everything))];
    }),
];

fn tables() -> impl Iterator<Item = &'static Mistake> {
    [DNS, CERTIFICATES, DISTRIBUTIONS, BUCKETS, RELEASES, LIVE, ROLES].into_iter().flatten()
}

fn ids(evidence: &Evidence) -> Vec<&'static str> {
    examine(evidence).findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn nothing_is_found_in_a_sound_site() {
    let report = examine(&sound());
    assert_eq!(report.findings, [], "{report:#?}");
    for area in Area::ALL {
        assert!(report.sound.iter().any(|(known, _)| *known == area), "nothing is told of {area:?}");
    }
}

/// Some mistakes have others behind them; each says its own name.
#[test]
fn each_mistake_is_named() {
    for (id, make) in tables() {
        let mut evidence = sound();
        make(&mut evidence);
        assert!(ids(&evidence).contains(id), "{id} is not among {:?}", ids(&evidence));
    }
}

/// Every finding is told in three sentences that end without a stop, and its fix names something to do.
#[test]
fn every_finding_says_what_mends_it() {
    for (id, make) in tables() {
        let mut evidence = sound();
        make(&mut evidence);
        for finding in examine(&evidence).findings {
            for text in [&finding.seen, &finding.hurts, &finding.fix] {
                assert!(!text.trim().is_empty() && !text.ends_with('.'), "{id}: {finding:?}");
            }
        }
    }
}

/// What could not be looked at is not judged.
#[test]
fn what_was_not_looked_at_is_no_finding() {
    let mut evidence = sound();
    evidence.bucket = None;
    evidence.certificates.clear();
    let note = |area, what: &str| Unchecked { area, what: what.into(), why: "AccessDenied".into() };
    evidence.unchecked = vec![note(Area::Bucket, "bucket"), note(Area::Certificate, "certificates")];
    let report = examine(&evidence);
    assert_eq!((report.findings, report.unchecked.len()), (Vec::new(), 2));
}

/// The findings that docs/DOCTOR.md lists: the first column of its tables below "Every finding".
fn documented() -> BTreeSet<String> {
    let text = include_str!("../../docs/DOCTOR.md");
    let (_, tables) = text.split_once("## Every finding").unwrap();
    let rows = tables.lines().filter_map(|line| line.strip_prefix("| `"));
    let first = rows.map(|row| row.split('|').next().unwrap());
    let names = |cell: &str| cell.split(',').map(|name| name.trim_matches([' ', '`']).to_owned()).collect::<Vec<_>>();
    first.flat_map(names).collect()
}

#[test]
fn the_document_lists_what_is_found_and_nothing_else() {
    let found: BTreeSet<String> = tables().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(documented(), found, "docs/DOCTOR.md on the left, the tables above on the right");
}

/// Every name in the code: what stands after the area, or is bound for it.
#[test]
fn the_code_finds_what_the_document_lists_and_nothing_else() {
    let sources = [
        include_str!("bucket.rs"),
        include_str!("certificate.rs"),
        include_str!("distribution.rs"),
        include_str!("dns.rs"),
        include_str!("live.rs"),
        include_str!("release.rs"),
        include_str!("role.rs"),
    ];
    let name = Regex::new(r#"(?m)(?:AREA,\s*|let id = |^\s*\(?)"((?:[a-z0-9]+-)+[a-z0-9]+)"[,;]"#).unwrap();
    let code = sources.iter().filter_map(|source| source.split("#[cfg(test)]").next());
    let found: BTreeSet<String> =
        code.flat_map(|code| name.captures_iter(code).map(|found| found[1].to_owned())).collect();
    assert_eq!(documented(), found, "docs/DOCTOR.md on the left, the code on the right");
}
