//! The mistakes that people wrote down, made by hand, and what the plan does about each.

use serde_json::json;

use super::{
    super::{
        messes::*,
        simulator::{TARGET, World, control, issued, public_statement},
    },
    plan_for,
};
use crate::{
    routing::Routing,
    setup::{
        Observed, Plan, Resource, Step, Verdict,
        observed::*,
        request::{Api, Deployer, DeployerScope, Dns, SiteRouting},
        site::{CACHING_DISABLED, CACHING_OPTIMIZED, TAG},
    },
};

/// A site that works as it should, as bootstrap leaves it.
fn good() -> Observed {
    let request = request(DOMAIN);
    let mut world = World::new(empty(), false, &["live"]);
    let plan = plan_for(&request, &world.observed).unwrap();
    plan.steps.iter().for_each(|step| world.apply(&plan.site, step));
    world.settled();
    let bucket = world.observed.bucket.as_mut().unwrap();
    (bucket.has_site, bucket.is_empty) = (true, false);
    world.observed
}

fn planned(observed: &Observed) -> Plan {
    plan_for(&request(DOMAIN), observed).unwrap()
}

/// What changes of a part: `field: old -> new`.
fn changes(plan: &Plan, resource: Resource) -> Vec<String> {
    let parts = plan.parts.iter().filter(|part| part.resource == resource);
    let nothing = || "nothing".to_owned();
    parts
        .flat_map(|part| &part.changes)
        .map(|change| {
            let (old, new) = (change.old.clone().unwrap_or_else(nothing), change.new.clone().unwrap_or_else(nothing));
            format!("{}: {old} -> {new}", change.field)
        })
        .collect()
}

fn kinds(plan: &Plan) -> Vec<Resource> {
    let mut kinds: Vec<_> = plan.steps.iter().map(Step::resource).collect();
    kinds.dedup();
    kinds
}

fn refusal(observed: &Observed, request: &crate::setup::Request) -> String {
    plan_for(request, observed).unwrap_err().to_string()
}

#[test]
fn an_empty_account_gets_everything_in_order() {
    let plan = planned(&empty());
    use Resource::*;
    let order =
        [Bucket, Certificate, AccessControl, Function, Certificate, Distribution, BucketPolicy, Distribution, Records];
    assert_eq!(kinds(&plan), order);
    let made = plan.parts.iter().filter(|part| part.resource != Zone);
    assert!(made.clone().all(|part| part.verdict == Verdict::Create), "{:?}", plan.parts);
    assert_eq!(plan.site.bucket.as_str(), OWN_BUCKET);
    assert!(planned(&good()).is_empty());
}

#[test]
fn a_website_endpoint_becomes_the_private_rest_endpoint_and_the_bucket_is_closed_last() {
    let mut observed = good();
    let made = observed.distribution.as_mut().unwrap();
    let website = "cruddur-com-123456789012.s3-website.eu-central-1.amazonaws.com";
    made.origin = Origin { path: "/live".into(), ..origin(website, "") };
    made.behavior.origin = website.into();
    let bucket = observed.bucket.as_mut().unwrap();
    bucket.public_access_block = [false; 4];
    bucket.policy = Some(json!({ "Version": "2012-10-17", "Statement": [public_statement(OWN_BUCKET)] }));
    let plan = planned(&observed);
    let shown = changes(&plan, Resource::Distribution).join("\n");
    assert!(
        shown.contains(
            "(the bucket's public website endpoint) -> cruddur-com-123456789012.s3.eu-central-1.amazonaws.com"
        ),
        "{shown}"
    );
    assert!(shown.contains("origin access: public -> origin access control OACNEW"), "{shown}");
    let steps = [
        Step::SetBucketPolicy { closing: false, former: Vec::new() },
        Step::UpdateDistribution,
        Step::AwaitDeployment,
        Step::SetBucketPolicy { closing: true, former: Vec::new() },
        Step::BlockPublicAccess,
    ];
    assert_eq!(plan.steps, steps);
    assert!(plan.notes.iter().any(|note| note.contains("closed to the world at the end")));
}

#[test]
fn a_site_that_moves_within_its_bucket_is_read_in_both_folders_until_it_is_deployed() {
    let mut request = request(DOMAIN);
    request.prefix = Some("other".parse().unwrap());
    let mut world = World::new(good(), false, &["live", "other"]);
    let plan = plan_for(&request, &world.observed).unwrap();
    let policy = |former: &[&str]| Step::SetBucketPolicy {
        closing: true,
        former: former.iter().map(ToString::to_string).collect(),
    };
    let steps = [policy(&["live"]), Step::UpdateDistribution, Step::AwaitDeployment, policy(&[])];
    assert_eq!(plan.steps, steps);
    let id = world.observed.distribution.as_ref().unwrap().id.clone();
    let shown = format!("read access: distribution {id} reads /live/ -> distribution {id} reads /other/");
    assert_eq!(changes(&plan, Resource::BucketPolicy), [shown]);

    world.apply(&plan.site, &steps[0]);
    world.apply(&plan.site, &steps[1]);
    let rest = plan_for(&request, &world.observed).unwrap();
    assert_eq!(rest.steps, steps[2..], "cut off before the edges are told");
    let shown = format!("read access: distribution {id} reads /live/, /other/ -> distribution {id} reads /other/");
    assert_eq!(changes(&rest, Resource::BucketPolicy), [shown]);
}

#[test]
fn a_site_that_moves_tells_what_stays_behind() {
    let to = |bucket: Option<&str>, prefix: Option<&str>| {
        let mut request = request(DOMAIN);
        request.bucket = bucket.map(|bucket| bucket.parse().unwrap());
        request.prefix = prefix.map(|prefix| prefix.parse().unwrap());
        request
    };
    let empty_bucket = format!(
        "nothing is published in cruddur-new yet: make it and publish there first, or visitors get 404 from \
                                when the distribution reads it until you do; the old bucket {OWN_BUCKET} stays"
    );
    let role = format!(
        "the role that publishes from GitHub Actions, if there is one, still names {OWN_BUCKET}/live: run \
                        again with --github OWNER/REPO"
    );
    let table = [
        (to(None, None), false, false),
        (to(Some("cruddur-new"), None), true, true),
        (to(None, Some("other")), false, true),
    ];
    for (mut request, tells_bucket, tells_role) in table {
        let mut observed = good();
        observed.bucket =
            observed.bucket.filter(|bucket| request.bucket.as_ref().is_none_or(|name| name.as_str() == bucket.name));
        let notes = plan_for(&request, &observed).unwrap().notes;
        assert_eq!((notes.contains(&empty_bucket), notes.contains(&role)), (tells_bucket, tells_role), "{notes:?}");
        let scope = DeployerScope::Branch("main".into());
        request.deployer = Some(Deployer { owner: "omenking".into(), repository: "cruddur".into(), scope });
        assert!(!plan_for(&request, &observed).unwrap().notes.contains(&role), "the role is written anew");
        request.deployer = None;
        observed.distribution.as_mut().unwrap().tags.clear();
        assert!(!plan_for(&request, &observed).unwrap().notes.contains(&role), "somebody else's has no role of ours");
        observed.bucket = request.bucket.as_ref().map(|name| bucket(name.as_str()));
        assert!(!plan_for(&request, &observed).unwrap().notes.contains(&empty_bucket), "it is published there");
    }
}

#[test]
fn each_wrong_field_is_mended_and_nothing_else() {
    type Mistake = fn(&mut Distribution);
    let table: [(Mistake, &str); 13] = [
        (|d| d.aliases.clear(), "alternate domain names: nothing -> cruddur.com, www.cruddur.com"),
        (|d| d.default_root_object.clear(), "default root object: nothing -> index.html"),
        (|d| d.behavior.cache_policy = CACHING_DISABLED.into(), "cache policy: CachingDisabled -> CachingOptimized"),
        (|d| d.behavior.cache_policy.clear(), "cache policy: legacy cache settings -> CachingOptimized"),
        (|d| d.behavior.viewer_protocol = "allow-all".into(), "viewer protocol policy: allow-all -> redirect-to-https"),
        (|d| d.behavior.compress = false, "compress objects automatically: no -> yes"),
        (|d| d.minimum_tls = "TLSv1".into(), "security policy: TLSv1 -> TLSv1.2_2021"),
        (|d| d.http_version = "http2".into(), "supported HTTP versions: http2 -> http2and3"),
        (|d| d.ipv6 = false, "IPv6: off -> on"),
        (|d| d.enabled = false, "state: disabled -> enabled"),
        (|d| d.behavior.methods = vec!["GET".into()], "allowed HTTP methods: GET -> GET, HEAD"),
        (
            |d| d.error_responses = vec![fallback(403, "/index.html", 200)],
            "error response for 403: /index.html with status 200, kept for 300 s -> nothing",
        ),
        (
            |d| d.behavior.viewer_request_function.clear(),
            "viewer request function: nothing -> cruddur-site-spa-cruddur-com",
        ),
    ];
    for (mistake, expected) in table {
        let mut observed = good();
        mistake(observed.distribution.as_mut().unwrap());
        let plan = planned(&observed);
        assert_eq!(changes(&plan, Resource::Distribution), [expected]);
        assert_eq!(plan.steps, [Step::UpdateDistribution, Step::AwaitDeployment], "{expected}");
    }
}

#[test]
fn what_is_hand_made_stays() {
    type Own = fn(&mut Distribution);
    let table: [Own; 9] = [
        |d| d.web_acl = "arn:aws:wafv2:x".into(),
        |d| d.comment = "mine".into(),
        |d| d.aliases.push("img.cruddur.com".into()),
        |d| d.behavior.viewer_protocol = "https-only".into(),
        |d| d.behavior.response_headers_policy = "my-policy".into(),
        |d| d.behavior.cache_policy = "my-policy".into(),
        |d| d.behavior.methods = ["GET", "HEAD", "OPTIONS"].map(String::from).to_vec(),
        |d| d.minimum_tls = "TLSv1.3_2025".into(),
        |d| d.error_responses = vec![fallback(503, "/sorry.html", 503)],
    ];
    for own in table {
        let mut observed = good();
        observed.certificates[0].names.push("img.cruddur.com".into());
        own(observed.distribution.as_mut().unwrap());
        let plan = planned(&observed);
        assert!(plan.is_empty(), "{:?}", changes(&plan, Resource::Distribution));
    }
}

#[test]
fn a_certificate_of_the_app_s_region_is_not_taken() {
    let mut observed = good();
    observed.certificates[0].region = "eu-central-1".into();
    let plan = planned(&observed);
    assert!(plan.steps.starts_with(&[Step::RequestCertificate, Step::ProveCertificate, Step::AwaitCertificate]));
    assert!(
        plan.notes.iter().any(|note| note.contains("is in eu-central-1, and CloudFront takes only those of us-east-1")),
        "{:?}",
        plan.notes
    );
}

#[test]
fn certificates_are_chosen_and_refused() {
    let names = ["cruddur.com", "www.cruddur.com"];
    let with = |id: &str, change: fn(&mut Certificate)| {
        let mut made = issued(id, &names);
        change(&mut made);
        made
    };
    let ours = |made: &mut Certificate| {
        made.status = "PENDING_VALIDATION".into();
        made.tags.insert(TAG.into(), DOMAIN.into());
    };
    let table: [(Vec<Certificate>, Option<&str>); 10] = [
        (vec![issued("a", &names)], Some("a")),
        (vec![with("a", |c| c.expires = Some(9)), issued("b", &names)], Some("a")),
        (vec![issued("w", &["cruddur.com", "*.cruddur.com"])], Some("w")),
        (vec![issued("n", &["*.cruddur.com"])], None),
        (vec![with("p", ours)], Some("p")),
        (vec![with("p", ours), issued("a", &names)], Some("a")),
        (vec![with("x", |c| c.status = "PENDING_VALIDATION".into())], Some("x")),
        (vec![with("p", ours), with("x", |c| c.status = "PENDING_VALIDATION".into())], Some("p")),
        (vec![with("x", |c| c.status = "FAILED".into()), with("y", |c| c.kind = "PRIVATE".into())], None),
        (vec![with("x", |c| c.key_algorithm = "EC_secp384r1".into())], None),
    ];
    for (certificates, expected) in table {
        let mut observed = empty();
        observed.certificates = certificates;
        let site = planned(&observed).site;
        let chosen = super::super::certificate(&site, &observed).map(|chosen| chosen.arn.clone());
        let ending = chosen.as_deref().and_then(|arn| arn.rsplit('/').next());
        assert_eq!(ending, expected);
    }
}

#[test]
fn an_attached_certificate_is_kept_over_a_later_one() {
    let mut observed = good();
    observed.certificates.push(Certificate { expires: Some(99), ..issued("later", &["cruddur.com", "*.cruddur.com"]) });
    assert!(planned(&observed).is_empty());
}

#[test]
fn a_rule_that_erases_the_live_site_goes_and_others_stay() {
    let table = [
        (expiry("all", ""), true),
        (expiry("live", "live/"), true),
        (expiry("state", ".cruddur-site/"), true),
        (expiry("start", "li"), true),
        (expiry("logs", "logs/"), false),
        (expiry("part", "live/tmp/"), false),
        (LifecycleRule { enabled: false, ..expiry("off", "") }, false),
        (LifecycleRule { narrowed: true, ..expiry("tagged", "") }, false),
        (LifecycleRule { expire_days: None, old_version_days: Some(1), ..expiry("old", "") }, false),
    ];
    for (rule, goes) in table {
        let mut observed = good();
        let id = rule.id.clone();
        observed.bucket.as_mut().unwrap().lifecycle.push(rule);
        let plan = planned(&observed);
        let removed = matches!(&plan.steps[..], [Step::SetLifecycle { remove, .. }] if *remove == [id.as_str()]);
        assert_eq!(removed, goes, "{id}: {:?}", plan.steps);
        assert_eq!(plan.is_empty(), !goes, "{id}");
    }
}

#[test]
fn old_records_are_shown_and_replaced() {
    let mut observed = good();
    observed.records.retain(|found| found.record.kind == "CNAME" && found.record.name.starts_with('_'));
    observed.records.push(value("Z1", "www.cruddur.com", "CNAME", "old-host.example.net", 300));
    observed.records.push(value("Z1", "cruddur.com", "A", "192.0.2.7", 300));
    let plan = planned(&observed);
    let to = format!("alias of {TARGET}");
    let expected = [
        format!("cruddur.com A: 192.0.2.7 -> {to}"),
        format!("cruddur.com AAAA: nothing -> {to}"),
        format!("www.cruddur.com A: nothing -> {to}"),
        format!("www.cruddur.com AAAA: nothing -> {to}"),
        "www.cruddur.com CNAME: old-host.example.net -> nothing".to_owned(),
    ];
    assert_eq!(changes(&plan, Resource::Records), expected);
    let [Step::ChangeRecords(zones)] = &plan.steps[..] else { panic!("{:?}", plan.steps) };
    assert_eq!((zones.len(), zones[0].delete.len(), zones[0].upsert.len()), (1, 1, 4));
}

#[test]
fn a_static_site_of_s3_alone_is_closed_only_when_nobody_is_led_there() {
    for (ttl, closes) in [(600, true), (86_400, false)] {
        let mut observed = empty();
        let made = Bucket {
            website: true,
            public_access_block: [false; 4],
            policy: Some(json!({ "Version": "2012-10-17", "Statement": [public_statement(OWN_BUCKET)] })),
            ..bucket(OWN_BUCKET)
        };
        observed.bucket = Some(made);
        observed.records = vec![value("Z1", DOMAIN, "CNAME", "cruddur.com.s3-website.eu-central-1.amazonaws.com", ttl)];
        let plan = planned(&observed);
        assert_eq!(plan.steps.contains(&Step::AwaitExpiry { seconds: ttl }), closes);
        assert_eq!(plan.steps.contains(&Step::BlockPublicAccess), closes);
        assert_eq!(plan.notes.iter().any(|note| note.contains("for another 24 hours")), !closes, "{:?}", plan.notes);
    }
}

#[test]
fn what_is_in_the_way_is_named() {
    let mut taken = empty();
    taken.taken = vec![("www.cruddur.com".into(), "E9 (redirect)".into())];
    let mut lambda = good();
    lambda.distribution.as_mut().unwrap().behavior.viewer_request_lambda = true;
    let mut function = good();
    function.distribution.as_mut().unwrap().behavior.viewer_request_function =
        "arn:aws:cloudfront::1:function/auth".into();
    let mut routed = empty();
    routed.records = vec![value("Z1", DOMAIN, "A", "192.0.2.7", 60)];
    routed.records[0].record.data = RecordData::Routed;
    let mut shared = empty();
    shared.bucket = Some(Bucket { tags: [(TAG.to_owned(), "shop.com".to_owned())].into(), ..bucket(OWN_BUCKET) });
    let mut lost = empty();
    lost.zones = vec![zone("Z1", DOMAIN, Some(false))];
    let mut typo = empty();
    typo.zones.clear();
    typo.zone_names = vec!["crudder.com".into()];
    let table = [
        (taken, vec!["E9 (redirect)", "--no-www"]),
        (lambda, vec!["a Lambda@Edge function", "--routing error-pages"]),
        (function, vec!["the function auth", "--routing error-pages"]),
        (routed, vec!["routing policy", "--dns manual"]),
        (shared, vec!["is the one of the site shop.com"]),
        (lost, vec!["ns-z1.awsdns-1.com", "--dns manual"]),
        (typo, vec!["did you mean crudder.com?", "--create-zone"]),
    ];
    for (observed, parts) in table {
        let refusal = refusal(&observed, &request(DOMAIN));
        assert!(parts.iter().all(|part| refusal.contains(part)), "{refusal}");
    }
}

#[test]
fn a_foreign_function_stays_with_error_pages() {
    let mut observed = good();
    observed.distribution.as_mut().unwrap().behavior.viewer_request_function =
        "arn:aws:cloudfront::1:function/auth".into();
    let mut request = request(DOMAIN);
    request.routing = Some(SiteRouting::ErrorPages);
    let plan = plan_for(&request, &observed).unwrap();
    assert_eq!(
        changes(&plan, Resource::Distribution),
        ["error response for 404: nothing -> /index.html with status 200, kept for 10 s"]
    );
    assert!(plan.notes.iter().any(|note| note.contains("www.cruddur.com serves the site and is not redirected")));
}

#[test]
fn an_api_gets_its_own_behavior_and_takes_the_error_page_away() {
    let mut request = request(DOMAIN);
    request.routing = Some(SiteRouting::Function(Routing::Folders));
    let plan = plan_for(&request, &good()).unwrap();
    let page = "error response for 404: nothing -> /404.html with status 404, kept for 10 s".to_owned();
    assert!(changes(&plan, Resource::Distribution).contains(&page));
    request.apis = vec![Api { path: "/api/*".into(), origin: "api.internal.cruddur.com".parse().unwrap() }];
    let plan = plan_for(&request, &good()).unwrap();
    let shown = changes(&plan, Resource::Distribution);
    assert!(!shown.contains(&page));
    for line in [
        "behaviors: nothing -> /api/*",
        "/api/* origin domain: nothing -> api.internal.cruddur.com",
        "/api/* origin protocol: nothing -> https-only",
        "/api/* cache policy: nothing -> CachingDisabled",
        "/api/* origin request policy: nothing -> AllViewerExceptHostHeader",
        "/api/* allowed HTTP methods: nothing -> DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    ] {
        assert!(shown.iter().any(|change| change == line), "{line} in {shown:?}");
    }
    assert!(plan.notes.iter().any(|note| note.contains("would replace the API's own 404")), "{:?}", plan.notes);
}

#[test]
fn a_shared_origin_of_another_server_is_left_to_its_behaviors() {
    let mut observed = good();
    let made = observed.distribution.as_mut().unwrap();
    let alb = origin("alb-1.eu-central-1.elb.amazonaws.com", "");
    made.origin = alb.clone();
    made.behavior.origin.clone_from(&alb.id);
    made.behaviors = vec![("/old/*".into(), made.behavior.clone(), alb.clone())];
    observed.bucket.as_mut().unwrap().tags.clear();
    let plan = planned(&observed);
    let ids = super::super::ids(&plan.site, &observed);
    let wanted = crate::setup::distribution::wanted(&plan.site, &ids, observed.distribution.as_ref());
    assert_eq!(wanted.origin.id, "cruddur-site");
    assert_eq!(wanted.behaviors[0].2, alb);
    assert_eq!(wanted.behavior.cache_policy, CACHING_OPTIMIZED);
}

#[test]
fn an_access_control_of_others_is_not_changed_but_replaced() {
    let mut observed = good();
    observed.access_controls = vec![AccessControl { signing_behavior: "never".into(), ..control("FOREIGN", "shared") }];
    observed.distribution.as_mut().unwrap().origin.access_control = "FOREIGN".into();
    let plan = planned(&observed);
    assert_eq!(plan.steps, [Step::CreateAccessControl, Step::UpdateDistribution, Step::AwaitDeployment]);
    let shown = changes(&plan, Resource::Distribution);
    assert_eq!(shown, ["origin access: origin access control FOREIGN -> origin access control made by this run"]);
}

#[test]
fn a_public_reader_of_the_bucket_keeps_it_open() {
    let mut observed = good();
    let public =
        Origin { id: "assets".into(), ..origin(&format!("{OWN_BUCKET}.s3-website.eu-central-1.amazonaws.com"), "") };
    let made = observed.distribution.as_mut().unwrap();
    made.behaviors = vec![("/assets/*".into(), made.behavior.clone(), public)];
    made.behaviors[0].1.origin = "assets".into();
    observed.bucket.as_mut().unwrap().public_access_block = [false; 4];
    let plan = planned(&observed);
    assert!(plan.is_empty());
    assert!(plan.notes.iter().any(|note| note.contains("stays open to the world, because the behavior /assets/*")));
}

#[test]
fn manual_dns_is_shown_and_waited_for() {
    let mut request = request(DOMAIN);
    request.dns = Dns::Manual;
    let mut observed = good();
    let plan = plan_for(&request, &observed).unwrap();
    assert_eq!(plan.steps, [Step::AwaitRecords]);
    let expected =
        [format!("cruddur.com ALIAS: nothing -> {TARGET}"), format!("www.cruddur.com CNAME: nothing -> {TARGET}")];
    assert_eq!(changes(&plan, Resource::Records), expected);
    assert!(plan.notes.iter().any(|note| note.contains("no CNAME may stand at cruddur.com")));
    observed.resolved = vec!["cruddur.com".into(), "www.cruddur.com".into()];
    assert!(plan_for(&request, &observed).unwrap().is_empty());
}

#[test]
fn the_month_s_cost_tells_zones_and_free_tiers() {
    let mut request = request(DOMAIN);
    let kept = crate::setup::cost::monthly(&planned(&empty()));
    assert_eq!((kept.fixed_cents, kept.new_cents), (50, 0));
    assert!(kept.line.contains("which you pay already") && kept.line.contains("10 million requests"), "{}", kept.line);
    request.dns = Dns::Route53 { create_zone: true };
    let mut observed = empty();
    observed.zones.clear();
    let made = crate::setup::cost::monthly(&plan_for(&request, &observed).unwrap());
    assert_eq!((made.fixed_cents, made.new_cents), (50, 50));
    assert!(made.line.starts_with("about $0.50 a month: the new hosted zone;"), "{}", made.line);
    request.dns = Dns::Manual;
    let elsewhere = crate::setup::cost::monthly(&plan_for(&request, &observed).unwrap());
    assert_eq!((elsewhere.fixed_cents, elsewhere.new_cents), (0, 0));
}
