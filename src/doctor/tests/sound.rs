//! The evidence of a site with nothing wrong.

use serde_json::{Value, json};

use crate::{
    doctor::{Evidence, NameSeen, PageSeen, Probed, Purpose, ReleaseSeen},
    routing::{Routing, javascript},
    setup::{
        observed::{
            AccessControl, Behavior, Bucket, Certificate, Distribution, Function, LifecycleRule, Origin, Record,
            RecordData, Role, Tags, Validation, Zone, ZoneRecord,
        },
        policy,
        site::{CACHING_OPTIMIZED, DISTRIBUTION_ZONE, SECURITY_HEADERS},
    },
};

pub const DOMAIN: &str = "cruddur.com";
pub const WWW: &str = "www.cruddur.com";
pub const ARN: &str = "arn:aws:cloudfront::111122223333:distribution/E1";
pub const CERTIFICATE: &str = "arn:aws:acm:us-east-1:111122223333:certificate/1";
pub const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
pub const DAY: i64 = 86_400;
pub const NOW: i64 = 1_800_000_000;

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub fn code() -> String {
    javascript::code(Some(Routing::Spa), DOMAIN, &[WWW])
}

pub fn distribution() -> Distribution {
    Distribution {
        id: "E1".into(),
        arn: ARN.into(),
        domain_name: "d1.cloudfront.net".into(),
        etag: "1".into(),
        deployed: true,
        enabled: true,
        aliases: texts(&[DOMAIN, WWW]),
        comment: String::new(),
        default_root_object: "index.html".into(),
        origin: Origin {
            id: "bucket".into(),
            domain: "site.s3.eu-west-1.amazonaws.com".into(),
            path: "/live".into(),
            is_s3: true,
            access_control: "OAC".into(),
            access_identity: String::new(),
            protocol_policy: String::new(),
        },
        behavior: Behavior {
            origin: "bucket".into(),
            viewer_protocol: "redirect-to-https".into(),
            methods: texts(&["GET", "HEAD"]),
            cache_policy: CACHING_OPTIMIZED.into(),
            origin_request_policy: String::new(),
            response_headers_policy: SECURITY_HEADERS.into(),
            compress: true,
            viewer_request_function: "arn:aws:cloudfront::111122223333:function/cruddur-site-spa-cruddur-com".into(),
            viewer_request_lambda: false,
        },
        behaviors: Vec::new(),
        certificate: Some(CERTIFICATE.into()),
        minimum_tls: "TLSv1.2_2021".into(),
        tls_support: "sni-only".into(),
        http_version: "http2and3".into(),
        ipv6: true,
        price_class: None,
        error_responses: Vec::new(),
        web_acl: String::new(),
        tags: Tags::new(),
    }
}

pub fn rule(id: &str) -> LifecycleRule {
    LifecycleRule {
        id: id.into(),
        enabled: true,
        prefix: String::new(),
        narrowed: false,
        expire_days: None,
        old_version_days: None,
        keep_old_versions: None,
        abort_upload_days: Some(1),
        expire_delete_markers: false,
    }
}

pub fn bucket() -> Bucket {
    Bucket {
        name: "site".into(),
        region: "eu-west-1".into(),
        public_access_block: [true; 4],
        ownership: Some("BucketOwnerEnforced".into()),
        versioning: true,
        lifecycle: vec![rule("uploads")],
        encryption: None,
        policy: Some(policy::policy_of_bucket("arn:aws:s3:::site", "live", ARN, None, true)),
        tags: Tags::new(),
        website: false,
        has_site: true,
        is_empty: false,
    }
}

pub fn certificate(arn: &str, status: &str) -> Certificate {
    let record = Some(("_a.cruddur.com".to_owned(), "_b.acm-validations.aws".to_owned()));
    Certificate {
        arn: arn.into(),
        region: "us-east-1".into(),
        status: status.into(),
        failure: None,
        names: texts(&[DOMAIN, WWW]),
        kind: "AMAZON_ISSUED".into(),
        key_algorithm: "RSA_2048".into(),
        requested: Some(NOW - DAY),
        expires: Some(NOW + 150 * DAY),
        validations: vec![Validation { domain: DOMAIN.into(), method: "DNS".into(), status: status.into(), record }],
        used_by: Vec::new(),
        tags: Tags::new(),
    }
}

pub fn zone(id: &str, delegated: bool) -> Zone {
    let (name, name_servers) = (DOMAIN.into(), texts(&["ns-1.awsdns-01.com"]));
    Zone {
        id: id.into(),
        name,
        name_servers,
        delegated: Some(delegated),
        records: 4,
        is_ours: false,
        tags: Tags::new(),
    }
}

pub fn alias(name: &str, kind: &str) -> ZoneRecord {
    let (target, zone) = ("d1.cloudfront.net".to_owned(), DISTRIBUTION_ZONE.to_owned());
    let data = RecordData::Alias { target, zone, evaluate_health: false };
    ZoneRecord { zone: "Z1".into(), record: Record { name: name.into(), kind: kind.into(), data } }
}

pub fn name(name: &str) -> NameSeen {
    let (v4, v6) = (vec!["198.51.100.7".parse().unwrap()], vec!["2001:db8::7".parse().unwrap()]);
    NameSeen { name: name.into(), cname: None, v4, v6 }
}

pub fn probe(purpose: Purpose, url: &str, status: u16) -> Probed {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-encoding", "br"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    Probed {
        purpose,
        url: url.into(),
        redirects: Vec::new(),
        status: Some(status),
        error: None,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        length: 5000,
        beginning: "<!doctype html>".into(),
    }
}

pub fn root(evidence: &mut Evidence) -> &mut Probed {
    &mut evidence.probes[0]
}

pub fn role(trust: Value, permissions: Option<Value>) -> Role {
    let document = |statements: Value| json!({ "Version": "2012-10-17", "Statement": statements });
    Role {
        name: "deploy".into(),
        arn: "arn:aws:iam::111122223333:role/deploy".into(),
        trust: document(json!([{
            "Effect": "Allow",
            "Principal": { "Federated": PROVIDER },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": trust,
        }])),
        inline: permissions.map(|statements| ("publish".to_owned(), document(statements))).into_iter().collect(),
        attached: Vec::new(),
        tags: Tags::new(),
    }
}

pub fn trusting(subject: &str) -> Value {
    json!({ "StringLike": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": subject,
    } })
}

pub const MAIN: &str = "repo:ann/cruddur:ref:refs/heads/main";

pub fn enough() -> Value {
    json!([
        { "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
          "Resource": ["arn:aws:s3:::site", "arn:aws:s3:::site/*"] },
        { "Effect": "Allow", "Action": ["cloudfront:Get*", "cloudfront:CreateInvalidation"], "Resource": ARN },
    ])
}

/// A site with nothing wrong.
pub fn sound() -> Evidence {
    let name_of_function = "cruddur-site-spa-cruddur-com";
    let redirected = vec![(301, format!("https://{DOMAIN}/"))];
    Evidence {
        domain: DOMAIN.parse().unwrap(),
        flags: String::new(),
        named: None,
        now: jiff::Timestamp::from_second(NOW).unwrap(),
        distribution: Some(distribution()),
        candidates: Vec::new(),
        access_control: Some(AccessControl {
            id: "OAC".into(),
            etag: "1".into(),
            name: "site".into(),
            origin_type: "s3".into(),
            signing_behavior: "always".into(),
            signing_protocol: "sigv4".into(),
        }),
        function: Some(Function {
            name: name_of_function.into(),
            arn: distribution().behavior.viewer_request_function,
            etag: "1".into(),
            code: code(),
            live_code: Some(code()),
            runtime: javascript::RUNTIME.into(),
        }),
        certificates: vec![certificate(CERTIFICATE, "ISSUED")],
        elsewhere: Vec::new(),
        bucket: Some(bucket()),
        zones: vec![zone("Z1", true)],
        records: [DOMAIN, WWW].iter().flat_map(|name| [alias(name, "A"), alias(name, "AAAA")]).collect(),
        proofs: texts(&["_a.cruddur.com"]),
        names: vec![name(DOMAIN), name(WWW)],
        distribution_addresses: name(DOMAIN).v4,
        authorities: None,
        delegated_to: Vec::new(),
        roles: vec![role(trusting(MAIN), Some(enough()))],
        release: Some(ReleaseSeen {
            published: true,
            objects: 3,
            root: Some(PageSeen {
                cache_control: Some("no-cache".into()),
                content_type: Some("text/html; charset=utf-8".into()),
            }),
            ..ReleaseSeen::default()
        }),
        probes: vec![
            probe(Purpose::Root, "https://cruddur.com/", 200),
            probe(Purpose::MissingScript, "https://cruddur.com/x.js", 404),
            probe(Purpose::State, "https://cruddur.com/.cruddur-site/live/manifest.json.gz", 404),
            Probed { redirects: redirected.clone(), ..probe(Purpose::PlainHttp, "http://cruddur.com/", 200) },
            Probed { redirects: redirected, ..probe(Purpose::OtherName, "https://www.cruddur.com/", 200) },
        ],
        unchecked: Vec::new(),
    }
}
