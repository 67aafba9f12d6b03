use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::{
        request::{Deployer, DeployerScope, Dns, PriceClass, SiteRouting},
        site::{Account, Site},
    },
    Decision::{self, Allowed, Denied, NotAllowed},
    *,
};

const DISTRIBUTION: &str = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE";
const OTHER: &str = "arn:aws:cloudfront::123456789012:distribution/EOTHER";
const OAI: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE";

fn site(prefix: &str) -> Site {
    Site {
        account: Account { id: "123456789012".into(), partition: "aws".into() },
        domain: "cruddur.com".parse().unwrap(),
        redirect: None,
        aliases: Vec::new(),
        kept_aliases: Vec::new(),
        wildcard: false,
        bucket: "cruddur.com".parse().unwrap(),
        region: "eu-central-1".parse().unwrap(),
        prefix: prefix.parse().unwrap(),
        kms_key: None,
        retention_days: 30,
        routing: SiteRouting::ErrorPages,
        price_class: PriceClass::All,
        dns: Dns::Manual,
        apis: Vec::new(),
        deployer: None,
    }
}

/// What CloudFront may do for a distribution.
fn edge(document: &Value, distribution: &str, action: &str, resource: &str, key: Option<&str>) -> Decision {
    let source = [("aws:SourceArn", distribution)];
    let context: Vec<_> = source.into_iter().chain(key.map(|key| ("s3:prefix", key))).collect();
    allows(&[document], Principal::Service(CLOUDFRONT), action, resource, &context)
}

fn get(document: &Value, distribution: &str, key: &str) -> Decision {
    edge(document, distribution, "s3:GetObject", &format!("arn:aws:s3:::cruddur.com/{key}"), None)
}

fn list(document: &Value, distribution: &str, prefix: Option<&str>) -> Decision {
    edge(document, distribution, "s3:ListBucket", "arn:aws:s3:::cruddur.com", prefix)
}

#[test]
fn only_the_distribution_reads_only_the_served_folders() {
    let policy = bucket_policy(&site("live"), DISTRIBUTION, None, false);
    let table = [
        ("live/index.html", Allowed),
        ("previews/pr-7/index.html", Allowed),
        ("live", NotAllowed),
        ("livery/index.html", NotAllowed),
        ("index.html", NotAllowed),
        (".cruddur-site/manifest.json", Denied),
    ];
    for (key, expected) in table {
        assert_eq!(get(&policy, DISTRIBUTION, key), expected, "{key}");
        assert_ne!(get(&policy, OTHER, key), Allowed, "{key}");
        let object = format!("arn:aws:s3:::cruddur.com/{key}");
        for principal in [Principal::Anonymous, Principal::Service("logging.s3.amazonaws.com")] {
            let context = [("aws:SourceArn", DISTRIBUTION)];
            assert_eq!(allows(&[&policy], principal, "s3:GetObject", &object, &context), NotAllowed, "{key}");
        }
        assert_ne!(edge(&policy, DISTRIBUTION, "s3:PutObject", &object, None), Allowed, "{key}");
    }
}

#[test]
fn what_is_missing_may_be_known_to_be_missing() {
    let policy = bucket_policy(&site("live"), DISTRIBUTION, None, false);
    assert_eq!(list(&policy, DISTRIBUTION, Some("live/missing.js")), Allowed);
    assert_eq!(list(&policy, DISTRIBUTION, None), Allowed);
    assert_eq!(list(&policy, DISTRIBUTION, Some(".cruddur-site/manifest.json")), NotAllowed);
    assert_eq!(list(&policy, OTHER, Some("live/missing.js")), NotAllowed);
}

#[test]
fn a_served_root_opens_neither_state_nor_listing() {
    let policy = bucket_policy(&site(""), DISTRIBUTION, None, false);
    assert_eq!(get(&policy, DISTRIBUTION, "index.html"), Allowed);
    assert_eq!(get(&policy, DISTRIBUTION, "previews/mine.html"), Allowed);
    assert_eq!(get(&policy, DISTRIBUTION, ".cruddur-site/manifest.json"), Denied);
    assert_eq!(list(&policy, DISTRIBUTION, Some("missing.js")), Allowed);
    assert_eq!(list(&policy, DISTRIBUTION, Some("")), NotAllowed);
    assert_eq!(list(&policy, DISTRIBUTION, None), NotAllowed);
}

#[test]
fn a_former_folder_is_read_beside_the_new_one() {
    let readable = |policy: &Value| readable("arn:aws:s3:::cruddur.com", policy).unwrap().1;
    for (old, new) in [("live", "other"), ("", "live"), ("previews", "live"), ("live", "previews")] {
        let both = moving_policy(&site(new), &[old.to_owned()], DISTRIBUTION, None, false);
        for folder in [old, new] {
            let key = format!("{folder}/index.html");
            let key = key.trim_start_matches('/');
            assert_eq!(get(&both, DISTRIBUTION, key), Allowed, "{key}");
            assert_eq!(list(&both, DISTRIBUTION, Some(key)), Allowed, "{key}");
        }
        assert_eq!(get(&both, DISTRIBUTION, ".cruddur-site/manifest.json"), Denied);
        let state = list(&both, DISTRIBUTION, Some(".cruddur-site/manifest.json"));
        assert_eq!(state == Allowed, old.is_empty(), "only a root lists every key");
        assert_eq!(readable(&bucket_policy(&site(new), DISTRIBUTION, Some(&both), false)), [new]);
    }
    let both = moving_policy(&site("other"), &["live".to_owned()], DISTRIBUTION, None, false);
    assert_eq!(readable(&both), ["live", "other"]);
}

fn allow(sid: &str, principal: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::cruddur.com/*" })
}

fn sids(policy: &Value) -> Vec<&str> {
    policy["Statement"].as_array().unwrap().iter().map(|one| one["Sid"].as_str().unwrap()).collect()
}

#[test]
fn statements_of_others_stay_until_the_bucket_is_closed() {
    let existing = json!({
        "Version": "2008-10-17",
        "Id": "Theirs",
        "Statement": [
            allow("World", json!("*")),
            allow("CruddurSiteRead", json!({ "Service": CLOUDFRONT })),
            allow("Oai", json!({ "AWS": OAI })),
            allow("Mixed", json!({ "AWS": [OAI, "arn:aws:iam::123456789012:role/ci"] })),
            allow("CruddurSiteOld", json!("*")),
            { "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
              "Condition": { "Bool": { "aws:SecureTransport": "false" } } },
        ]
    });
    let open = bucket_policy(&site("live"), DISTRIBUTION, Some(&existing), false);
    let ours = ["CruddurSiteRead", "CruddurSiteList", "CruddurSiteState"];
    assert_eq!(sids(&open), [&["World"][..], &ours, &["Oai", "Mixed", "Tls"]].concat());
    assert_eq!((&open["Version"], &open["Id"]), (&existing["Version"], &existing["Id"]));
    assert!(opens_to_the_world(&open));

    let closed = bucket_policy(&site("live"), DISTRIBUTION, Some(&open), true);
    assert_eq!(sids(&closed), [&ours[..], &["Mixed", "Tls"]].concat());
    assert_eq!(closed["Statement"][3]["Principal"]["AWS"], json!(["arn:aws:iam::123456789012:role/ci"]));
    assert!(!opens_to_the_world(&closed));

    let moved = bucket_policy(&site("live"), OTHER, Some(&closed), true);
    assert_eq!(sids(&moved), sids(&closed));
    assert_eq!(get(&moved, OTHER, "live/a"), Allowed);
    assert_eq!(get(&moved, DISTRIBUTION, "live/a"), NotAllowed);
}

#[test]
fn a_single_statement_needs_no_list() {
    let existing = json!({ "Statement": allow("World", json!({ "AWS": "*" })) });
    assert_eq!(sids(&bucket_policy(&site("live"), DISTRIBUTION, Some(&existing), false))[0], "World");
    assert_eq!(sids(&bucket_policy(&site("live"), DISTRIBUTION, Some(&existing), true)).len(), 3);
}

#[test]
fn public_is_what_s3_calls_public() {
    let everybody = |condition: Value| {
        let mut statement = allow("X", json!("*"));
        statement["Condition"] = condition;
        statement
    };
    let table = [
        (allow("X", json!("*")), true),
        (allow("X", json!({ "AWS": "*" })), true),
        (allow("X", json!({ "AWS": ["arn:aws:iam::123456789012:root", "*"] })), true),
        (allow("X", json!({ "AWS": OAI })), false),
        (allow("X", json!({ "Service": CLOUDFRONT })), false),
        (json!({ "Effect": "Allow", "NotPrincipal": { "AWS": OAI }, "Action": "*", "Resource": "*" }), true),
        (json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" }), false),
        (everybody(json!({ "StringEquals": { "aws:sourcearn": DISTRIBUTION } })), false),
        (everybody(json!({ "StringEqualsIfExists": { "aws:SourceArn": DISTRIBUTION } })), true),
        (everybody(json!({ "StringNotEquals": { "aws:SourceVpc": "vpc-1" } })), true),
        (everybody(json!({ "StringEquals": { "aws:SourceVpc": ["vpc-1", "vpc-2"] } })), false),
        (everybody(json!({ "StringLike": { "aws:SourceVpc": ["vpc-1", "vpc-*"] } })), true),
        (everybody(json!({ "StringLike": { "aws:Referer": "https://cruddur.com/*" } })), true),
        (everybody(json!({ "IpAddress": { "aws:SourceIp": "198.51.100.0/24" } })), false),
        (everybody(json!({ "IpAddress": { "aws:SourceIp": ["198.51.100.0/24", "0.0.0.0/1"] } })), true),
        (everybody(json!({ "IpAddress": { "aws:SourceIp": "2001:db8::/33" } })), false),
        (everybody(json!({ "IpAddress": { "aws:SourceIp": "::/0" } })), true),
        (everybody(json!({ "NotIpAddress": { "aws:SourceIp": "198.51.100.0/24" } })), true),
        (everybody(json!({ "Bool": { "aws:SecureTransport": "true" } })), true),
        (everybody(json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } })), false),
        (everybody(json!({ "StringEquals": { "aws:SourceAccount": "${aws:PrincipalAccount}" } })), true),
        (everybody(json!({ "StringLike": { "aws:userid": "AIDAEXAMPLE" } })), false),
        (everybody(json!({ "StringLike": { "aws:userid": "AROAEXAMPLE:*" } })), true),
        (
            everybody(json!({ "ArnLike": { "s3:DataAccessPointArn": "arn:aws:s3:*:123456789012:accesspoint/*" } })),
            false,
        ),
        (everybody(json!({ "ArnLike": { "s3:DataAccessPointArn": "arn:aws:s3:*:*:accesspoint/*" } })), true),
    ];
    for (statement, expected) in table {
        assert_eq!(is_public(&statement), expected, "{statement}");
    }
    let ours = bucket_policy(&site(""), DISTRIBUTION, None, false);
    assert!(!opens_to_the_world(&ours));
}

fn deployer(scope: DeployerScope) -> Deployer {
    Deployer { owner: "cruddur".into(), repository: "web".into(), scope }
}

#[test]
fn only_the_named_branch_takes_the_role_on() {
    let provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
    let main = deployer(DeployerScope::Branch("main".into()));
    let trust = trust(&site("live"), &main);
    let asks = |provider: &str, subject: &str, audience: &str| {
        let context = [
            ("token.actions.githubusercontent.com:sub", subject),
            ("token.actions.githubusercontent.com:aud", audience),
        ];
        allows(&[&trust], Principal::Federated(provider), "sts:AssumeRoleWithWebIdentity", "", &context)
    };
    assert_eq!(asks(provider, "repo:cruddur/web:ref:refs/heads/main", "sts.amazonaws.com"), Allowed);
    assert_eq!(asks(provider, "repo:cruddur/web:ref:refs/heads/main2", "sts.amazonaws.com"), NotAllowed);
    assert_eq!(asks(provider, "repo:cruddur/web:pull_request", "sts.amazonaws.com"), NotAllowed);
    assert_eq!(asks(provider, "repo:cruddur/web:ref:refs/heads/main", "other"), NotAllowed);
    assert_eq!(asks("arn:aws:iam::1:oidc-provider/x", "repo:cruddur/web:ref:refs/heads/main", AUDIENCE), NotAllowed);
    let star = super::trust(&site("live"), &deployer(DeployerScope::Branch("*".into())));
    let context = [("token.actions.githubusercontent.com:sub", "repo:cruddur/web:ref:refs/heads/main")];
    let role = Principal::Federated(provider);
    assert_eq!(allows(&[&star], role, "sts:AssumeRoleWithWebIdentity", "", &context), NotAllowed);
}

#[test]
fn the_deployer_may_publish_and_nothing_else() {
    let mut site = site("live");
    site.kms_key = Some("arn:aws:kms:eu-central-1:123456789012:key/k".into());
    let policy = deploy_policy(&site, "EDFDVBD6EXAMPLE");
    let bucket = "arn:aws:s3:::cruddur.com";
    let object = |key: &str| format!("{bucket}/{key}");
    let may = |action: &str, resource: &str, context: &[(&str, &str)]| {
        let role = Principal::Aws("arn:aws:sts::123456789012:assumed-role/x/y");
        allows(&[&policy], role, action, resource, context) == Allowed
    };
    for key in ["live/index.html", ".cruddur-site/live/manifest.json", "previews/pr-7/index.html"] {
        let actions = "Get Put Delete".split(' ').map(|verb| format!("s3:{verb}Object"));
        let more = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:GetObjectVersion"].map(str::to_owned);
        for action in actions.chain(more) {
            assert!(may(&action, &object(key), &[]), "{action} {key}");
            assert!(!may(&action, &object("other/x"), &[]), "{action}");
            assert!(!may(&action, "arn:aws:s3:::cruddur.co/live/x", &[]), "{action}");
        }
        for action in ["s3:PutObjectAcl", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"] {
            assert!(!may(action, &object(key), &[]), "{action}");
        }
    }
    assert!(may("s3:ListBucket", bucket, &[("s3:prefix", "live/")]));
    assert!(may("s3:ListBucket", bucket, &[("s3:prefix", ".cruddur-site/live/lock.json")]));
    assert!(!may("s3:ListBucket", bucket, &[("s3:prefix", "")]));
    assert!(!may("s3:ListBucket", bucket, &[("s3:prefix", "other/")]));
    for action in ["s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutBucketVersioning"] {
        assert!(!may(action, bucket, &[]), "{action}");
    }
    for action in ["GetDistribution", "CreateInvalidation", "GetInvalidation"] {
        assert!(may(&format!("cloudfront:{action}"), DISTRIBUTION, &[]), "{action}");
        assert!(!may(&format!("cloudfront:{action}"), OTHER, &[]), "{action}");
    }
    assert!(may("cloudfront:ListDistributions", "*", &[]));
    assert!(!may("cloudfront:UpdateDistribution", DISTRIBUTION, &[]));
    let key = "arn:aws:kms:eu-central-1:123456789012:key/k";
    assert!(may("kms:GenerateDataKey", key, &[("kms:ViaService", "s3.eu-central-1.amazonaws.com")]));
    assert!(!may("kms:GenerateDataKey", key, &[("kms:ViaService", "ec2.eu-central-1.amazonaws.com")]));
    assert!(!may("kms:Decrypt", &format!("{key}2"), &[("kms:ViaService", "s3.eu-central-1.amazonaws.com")]));
}

#[test]
fn documents_are_compared_by_what_they_say() {
    let ours = deploy_policy(&site("live"), "E1");
    let given = json!({
        "Statement": { "Action": ["a", "b"], "Resource": "x", "Effect": "Allow" }
    });
    let other = json!({
        "Statement": [{ "Effect": "Allow", "Action": ["b", "a"], "Resource": ["x"] }]
    });
    assert!(is_same(&given, &other) && is_same(&ours, &ours));
    assert!(!is_same(&given, &json!({ "Statement": { "Action": "a", "Resource": "x", "Effect": "Allow" } })));
    assert!(!is_same(&ours, &deploy_policy(&site("live"), "E2")));
}

#[test]
fn the_key_is_used_for_this_distribution_only() {
    let policy = json!({ "Statement": [kms_statement(DISTRIBUTION)] });
    assert_eq!(edge(&policy, DISTRIBUTION, "kms:Decrypt", "key", None), Allowed);
    assert_eq!(edge(&policy, OTHER, "kms:Decrypt", "key", None), NotAllowed);
    assert_eq!(edge(&policy, DISTRIBUTION, "kms:Encrypt", "key", None), NotAllowed);
}

/// `allows` for one statement about `s3:GetObject` on `arn:aws:s3:::b/k` by a role, with a condition.
fn with_condition(effect: &str, condition: Value, context: &[(&str, &str)]) -> Decision {
    let document = json!({ "Statement": {
        "Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition
    } });
    let role = Principal::Aws("arn:aws:iam::123456789012:role/ci");
    allows(&[&document], role, "s3:GetObject", "arn:aws:s3:::b/k", context)
}

#[test]
fn operators_mean_what_iam_says() {
    let arn = "arn:aws:cloudfront::123456789012:distribution/E1";
    let table = [
        (json!({ "StringEquals": { "K": "a" } }), &[("k", "a")][..], Allowed),
        (json!({ "StringEquals": { "k": ["b", "a"] } }), &[("k", "a")], Allowed),
        (json!({ "StringEquals": { "k": "A" } }), &[("k", "a")], NotAllowed),
        (json!({ "StringEquals": { "k": "a" } }), &[], NotAllowed),
        (json!({ "StringEquals": { "k": "a*" } }), &[("k", "ab")], NotAllowed),
        (json!({ "StringEquals": { "k": "a", "l": "b" } }), &[("k", "a")], NotAllowed),
        (json!({ "StringEqualsIgnoreCase": { "k": "A" } }), &[("k", "a")], Allowed),
        (json!({ "StringNotEquals": { "k": ["a", "b"] } }), &[("k", "c")], Allowed),
        (json!({ "StringNotEquals": { "k": ["a", "b"] } }), &[("k", "b")], NotAllowed),
        (json!({ "StringNotEquals": { "k": "a" } }), &[], Allowed),
        (json!({ "StringLike": { "k": "a*c?" } }), &[("k", "abbcd")], Allowed),
        (json!({ "StringLike": { "k": "a*c?" } }), &[("k", "abbc")], NotAllowed),
        (json!({ "StringNotLike": { "k": "a*" } }), &[("k", "b")], Allowed),
        (json!({ "StringLikeIfExists": { "k": "a*" } }), &[], Allowed),
        (json!({ "StringLikeIfExists": { "k": "a*" } }), &[("k", "b")], NotAllowed),
        (json!({ "ArnLike": { "k": "arn:aws:cloudfront::*:distribution/*" } }), &[("k", arn)], Allowed),
        (json!({ "ArnEquals": { "k": "arn:aws:cloudfront::*:distribution/*" } }), &[("k", arn)], Allowed),
        (json!({ "ArnLike": { "k": "arn:*/E1" } }), &[("k", arn)], NotAllowed),
        (json!({ "ArnNotLike": { "k": "arn:aws:s3:*:*:*" } }), &[("k", arn)], Allowed),
        (json!({ "Bool": { "k": true } }), &[("k", "true")], Allowed),
        (json!({ "Bool": { "k": "false" } }), &[("k", "true")], NotAllowed),
        (json!({ "Null": { "k": "true" } }), &[], Allowed),
        (json!({ "Null": { "k": "true" } }), &[("k", "a")], NotAllowed),
        (json!({ "Null": { "k": false } }), &[("k", "a")], Allowed),
        (json!({ "ForAnyValue:StringEquals": { "k": ["a", "b"] } }), &[("k", "c"), ("k", "b")], Allowed),
        (json!({ "ForAnyValue:StringEquals": { "k": "a" } }), &[], NotAllowed),
        (json!({ "ForAllValues:StringEquals": { "k": ["a", "b"] } }), &[("k", "c"), ("k", "b")], NotAllowed),
        (json!({ "ForAllValues:StringEquals": { "k": "a" } }), &[], Allowed),
        (json!({}), &[], Allowed),
    ];
    for (condition, context, expected) in table {
        assert_eq!(with_condition("Allow", condition.clone(), context), expected, "{condition} {context:?}");
        let denied = if expected == Allowed { Denied } else { NotAllowed };
        assert_eq!(with_condition("Deny", condition.clone(), context), denied, "{condition} {context:?}");
    }
}

#[test]
fn what_is_not_understood_opens_nothing() {
    let table = [
        json!({ "DateLessThan": { "k": "2030-01-01T00:00:00Z" } }),
        json!({ "NumericEquals": { "k": 1 } }),
        json!({ "ForSomeValues:StringEquals": { "k": "a" } }),
        json!({ "StringEquals": { "k": "${aws:username}" } }),
        json!({ "StringEquals": "a" }),
        json!("a"),
        json!({ "Invented": { "k": "a" } }),
    ];
    for condition in table {
        let context = [("k", "a")];
        assert_eq!(with_condition("Allow", condition.clone(), &context), NotAllowed, "{condition}");
        assert_eq!(with_condition("Deny", condition.clone(), &context), Denied, "{condition}");
    }
}

#[test]
fn elements_may_be_turned_round() {
    let ask = |statement: Value, principal: Principal<'_>| {
        allows(&[&json!({ "Statement": [statement] })], principal, "s3:GetObject", "arn:aws:s3:::b/k", &[])
    };
    let role = Principal::Aws("arn:aws:iam::123456789012:role/ci");
    let table = [
        (
            json!({ "Effect": "Allow", "Principal": "*", "Action": "S3:getobject", "Resource": "arn:aws:s3:::b/*" }),
            Allowed,
        ),
        (json!({ "Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "Resource": "*" }), Allowed),
        (json!({ "Effect": "Allow", "Principal": "*", "NotAction": ["s3:Get*"], "Resource": "*" }), NotAllowed),
        (json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "NotResource": "arn:aws:s3:::b/k" }), NotAllowed),
        (json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::B/k" }), NotAllowed),
        (
            json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "123456789012" }, "Action": "*", "Resource": "*" }),
            NotAllowed,
        ),
        (
            json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "210987654321" }, "Action": "*", "Resource": "*" }),
            Denied,
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "*", "Resource": "*" }),
            Allowed,
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "*", "Resource": "*" }),
            NotAllowed,
        ),
        (json!({ "Effect": "allow", "Principal": "*", "Action": "*", "Resource": "*" }), NotAllowed),
    ];
    for (statement, expected) in table {
        assert_eq!(ask(statement.clone(), role), expected, "{statement}");
    }
    let everybody =
        json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "s3:GetObject", "Resource": "*" });
    assert_eq!(ask(everybody, Principal::Anonymous), Allowed);
}

proptest! {
    #[test]
    fn wildcards_match_as_a_regular_expression_would(pattern in "[ab*?.]{0,8}", text in "[ab.]{0,10}") {
        let regex = format!("^{}$", regex::escape(&pattern).replace("\\*", ".*").replace("\\?", "."));
        let expected = if regex::Regex::new(&regex).unwrap().is_match(&text) { Allowed } else { NotAllowed };
        let condition = json!({ "StringLike": { "k": pattern } });
        prop_assert_eq!(with_condition("Allow", condition, &[("k", &text)]), expected);
    }

    #[test]
    fn a_denial_is_never_outdone(order in proptest::collection::vec(any::<bool>(), 1..6)) {
        let statements: Vec<_> = order.iter().map(|allow| json!({
            "Effect": if *allow { "Allow" } else { "Deny" }, "Principal": "*", "Action": "*", "Resource": "*"
        })).collect();
        let expected = if order.contains(&false) { Denied } else { Allowed };
        let document = json!({ "Statement": statements });
        prop_assert_eq!(allows(&[&document], Principal::Anonymous, "s3:GetObject", "x", &[]), expected);
    }

    #[test]
    fn a_bucket_policy_made_twice_is_the_same(prefix in "(live|site/v2|)", sids in proptest::collection::vec("[A-Z][a-z]{1,6}", 0..4), closing: bool) {
        let statements: Vec<_> = sids.iter().map(|sid| allow(sid, json!({ "Service": CLOUDFRONT }))).collect();
        let existing = json!({ "Version": "2012-10-17", "Statement": statements });
        let once = bucket_policy(&site(&prefix), DISTRIBUTION, Some(&existing), closing);
        prop_assert_eq!(&bucket_policy(&site(&prefix), DISTRIBUTION, Some(&once), closing), &once);
        prop_assert_eq!(get(&once, DISTRIBUTION, ".cruddur-site/x"), Denied);
        prop_assert_eq!(once["Statement"].as_array().unwrap().len(), sids.len() + 3);
    }
}
