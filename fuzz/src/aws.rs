//! What AWS and DNS answer about things that others set up.

use std::net::{Ipv4Addr, Ipv6Addr};

use cruddur_site::{
    dns::{Answer, Kind, caa::permits_amazon, told},
    setup::{
        S3Origin,
        policy::{CLOUDFRONT, Decision, Principal, allows, is_same, opens_to_the_world, policy_of_bucket, readable},
    },
};
use serde_json::Value;

use super::{is_plain, text};

/// Three lines: a bucket, a region, an origin path. Each form of an origin's name leads back to the bucket, and any other
/// name to none or to one that S3 could have.
pub fn origin(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let mut lines = text.lines();
    let [bucket, region, path] = [(); 3].map(|()| lines.next().unwrap_or_default());
    if let Some(origin) = S3Origin::parse(bucket, path) {
        assert!(!origin.bucket.is_empty() && origin.region.as_deref() != Some(""), "{origin:?}");
        assert!(!origin.prefix.starts_with('/') && !origin.prefix.ends_with('/'), "{origin:?}");
    }
    // S3 User Guide, "General purpose bucket naming rules".
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_bucket = (3..=63).contains(&bucket.len())
        && is_end(bucket.as_bytes().first())
        && is_end(bucket.as_bytes().last())
        && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && !bucket.contains("..");
    let parts: Vec<_> = region.split('-').collect();
    let is_region = parts.len() > 2
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
        && !["website", "fips", "s3"].contains(&parts[0]);
    if !is_bucket || !is_region {
        return;
    }
    let forms = [
        (format!("{bucket}.s3.{region}.amazonaws.com"), Some(region), false),
        (format!("{bucket}.s3.{region}.amazonaws.com.cn"), Some(region), false),
        (format!("{bucket}.s3.dualstack.{region}.amazonaws.com"), Some(region), false),
        (format!("{bucket}.s3-fips.{region}.amazonaws.com"), Some(region), false),
        (format!("{bucket}.s3-{region}.amazonaws.com"), Some(region), false),
        (format!("{bucket}.s3.amazonaws.com"), None, false),
        (format!("{bucket}.s3-website-{region}.amazonaws.com"), Some(region), true),
        (format!("{bucket}.s3-website.{region}.amazonaws.com"), Some(region), true),
    ];
    for (domain, region, website) in forms {
        let parsed = S3Origin::parse(&domain, path).unwrap_or_else(|| panic!("{domain} is S3"));
        assert_eq!(
            (parsed.bucket.as_str(), parsed.region.as_deref(), parsed.website),
            (bucket, region, website),
            "{domain}"
        );
    }
}

const BUCKET: &str = "arn:aws:s3:::shop";
const DISTRIBUTION: &str = "arn:aws:cloudfront::123456789012:distribution/E1A2B3C4D5E6F7";

/// A bucket policy. Ours beside it lets CloudFront read the site and never the state, keeps the world out, and is ours when
/// it is made again.
pub fn access(data: &[u8]) {
    let Ok(theirs) = serde_json::from_slice::<Value>(data) else { return };
    assert!(is_same(&theirs, &theirs));
    let context = [("AWS:SourceArn", DISTRIBUTION)];
    let cloudfront = |policy: &Value, key: &str| {
        allows(&[policy], Principal::Service(CLOUDFRONT), "s3:GetObject", &format!("{BUCKET}/{key}"), &context)
    };
    for closing in [false, true] {
        let ours = policy_of_bucket(BUCKET, "live", DISTRIBUTION, Some(&theirs), closing);
        assert_eq!(policy_of_bucket(BUCKET, "live", DISTRIBUTION, Some(&ours), closing), ours, "made again");
        assert_eq!(readable(BUCKET, &ours), Some((DISTRIBUTION.to_owned(), vec!["live".to_owned()])));
        assert_ne!(cloudfront(&ours, "live/index.html"), Decision::NotAllowed);
        assert_eq!(cloudfront(&ours, ".cruddur-site/live/manifest.json.gz"), Decision::Denied);
        assert!(!closing || !opens_to_the_world(&ours), "{ours}");
    }
    let statements = theirs.get("Statement").map(std::slice::from_ref).unwrap_or_default();
    let statements = statements.iter().flat_map(|all| all.as_array().map_or(std::slice::from_ref(all), Vec::as_slice));
    for statement in statements.filter(|one| one.get("Principal").or(one.get("NotPrincipal")).is_some()) {
        let alone = serde_json::json!({ "Statement": statement });
        let anybody = allows(&[&alone], Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::shop/live/index.html", &[]);
        assert!(anybody != Decision::Allowed || opens_to_the_world(&alone), "anybody may by {statement}");
    }
}

/// The first byte says what was asked for, the rest is the answer over the wire. What it tells can be shown, is in order, and is what
/// was asked for.
pub fn answers(data: &[u8]) {
    let Some((&kind, answer)) = data.split_first() else { return };
    let kinds = [Kind::A, Kind::Aaaa, Kind::Cname, Kind::Caa, Kind::Ns];
    let kind = kinds[usize::from(kind) % kinds.len()];
    let told = match told(answer, kind) {
        Some(Answer::Found(told)) => told,
        Some(Answer::Unknown(why)) => return assert!(!why.is_empty() && is_plain(&why), "{why:?}"),
        Some(Answer::Missing(_)) | None => return,
    };
    assert!(!told.is_empty() && told.is_sorted(), "{told:?}");
    for one in &told {
        assert!(is_plain(one), "a terminal would obey {one:?}");
        match kind {
            Kind::A => assert!(one.parse::<Ipv4Addr>().is_ok(), "{one:?}"),
            Kind::Aaaa => assert!(one.parse::<Ipv6Addr>().is_ok(), "{one:?}"),
            Kind::Cname | Kind::Ns => assert!(one.is_ascii() && !one.contains(' '), "{one:?}"),
            Kind::Caa => {}
        }
    }
    if kind == Kind::Caa {
        permits_amazon(&told, false);
        permits_amazon(&told, true);
    }
}

/// CAA records, one in a line. Their order says nothing, nor does whom to write to; and for `;` nobody may.
pub fn authorities(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let records: Vec<String> = text.lines().map(str::to_owned).collect();
    for wildcard in [false, true] {
        let permitted = permits_amazon(&records, wildcard);
        let with = |record: &str| records.iter().cloned().chain([record.to_owned()]).collect::<Vec<_>>();
        let reversed: Vec<_> = records.iter().rev().cloned().collect();
        assert_eq!(permits_amazon(&reversed, wildcard), permitted);
        assert_eq!(permits_amazon(&with("0 iodef \"mailto:ann@example.com\""), wildcard), permitted);
        assert!(!permits_amazon(&with("128 future \"x\""), wildcard), "critical and not understood");
        if permitted {
            let tag = if wildcard { "issuewild" } else { "issue" };
            assert!(permits_amazon(&with(&format!("0 {tag} \"amazon.com\"")), wildcard), "{records:?}");
        } else {
            let nobody = with("0 issue \";\"");
            assert!(!permits_amazon(&nobody, wildcard), "{records:?}");
        }
    }
}
