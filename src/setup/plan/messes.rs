//! Accounts and wishes as people have them, made from a list of choices.

use serde_json::json;

use super::{
    simulator::{TARGET, World, control, identity_statement, issued, public_statement, validations},
    tests::plan_for,
};
use crate::{
    routing::Routing,
    setup::{
        Observed, Request,
        desired::place,
        observed::*,
        request::{Api, Deployer, DeployerScope, Dns, PriceClass, SiteRouting},
        site::{Account, CACHING_DISABLED, DISTRIBUTION_ZONE, TAG},
    },
};

/// Choices that were made beforehand; when they run out it is always the first.
pub struct Choices<'a>(pub std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn of(&mut self, count: u8) -> u8 {
        self.0.next().map_or(0, |choice| choice % count)
    }

    fn yes(&mut self) -> bool {
        self.of(2) == 1
    }

    fn one<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::from(self.of(u8::try_from(all.len()).unwrap()))].clone()
    }
}

pub const DOMAIN: &str = "cruddur.com";
pub const OWN_BUCKET: &str = "cruddur-com-123456789012";

pub fn account() -> Account {
    Account { id: "123456789012".into(), partition: "aws".into() }
}

/// A request without any wish.
pub fn request(domain: &str) -> Request {
    Request { wildcard: false, ..Request::only_look(domain.parse().unwrap()) }
}

/// An account with nothing in it but a delegated zone.
pub fn empty() -> Observed {
    Observed {
        account: account(),
        bucket: None,
        certificates: Vec::new(),
        access_controls: Vec::new(),
        function: None,
        distribution: None,
        taken: Vec::new(),
        zones: vec![zone("Z1", DOMAIN, Some(true))],
        zone_names: vec![DOMAIN.into()],
        records: Vec::new(),
        resolved: Vec::new(),
        provider: None,
        role: None,
    }
}

pub fn zone(id: &str, name: &str, delegated: Option<bool>) -> Zone {
    let name_servers = vec![format!("ns-{id}.awsdns-1.com").to_lowercase()];
    Zone { id: id.into(), name: name.into(), name_servers, delegated, records: 2, is_ours: false, tags: Tags::new() }
}

pub fn value(zone: &str, name: &str, kind: &str, value: &str, ttl: u64) -> ZoneRecord {
    let data = RecordData::Values { values: vec![value.into()], ttl };
    ZoneRecord { zone: zone.into(), record: Record { name: name.into(), kind: kind.into(), data } }
}

pub fn alias(zone: &str, name: &str, kind: &str, target: &str) -> ZoneRecord {
    let own = if target.contains("cloudfront") { DISTRIBUTION_ZONE } else { "Z3AQBSTGFYJSTF" };
    let data = RecordData::Alias { target: target.into(), zone: own.into(), evaluate_health: false };
    ZoneRecord { zone: zone.into(), record: Record { name: name.into(), kind: kind.into(), data } }
}

/// The site's bucket, made by hand and with the site in it.
pub fn bucket(name: &str) -> Bucket {
    Bucket {
        name: name.into(),
        region: "eu-central-1".into(),
        public_access_block: [true; 4],
        ownership: Some("BucketOwnerEnforced".into()),
        versioning: false,
        lifecycle: Vec::new(),
        encryption: None,
        policy: None,
        tags: Tags::new(),
        website: false,
        has_site: true,
        is_empty: false,
    }
}

/// A rule that deletes current objects.
pub fn expiry(id: &str, prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: id.into(),
        enabled: true,
        prefix: prefix.into(),
        narrowed: false,
        expire_days: Some(21),
        old_version_days: None,
        keep_old_versions: None,
        abort_upload_days: None,
        expire_delete_markers: false,
    }
}

pub fn origin(domain: &str, path: &str) -> Origin {
    Origin {
        id: domain.into(),
        domain: domain.into(),
        path: path.into(),
        is_s3: domain.contains(".s3."),
        access_control: String::new(),
        access_identity: String::new(),
        protocol_policy: if domain.contains(".s3.") { String::new() } else { "http-only".into() },
    }
}

fn behavior(origin: &Origin) -> Behavior {
    Behavior {
        origin: origin.id.clone(),
        viewer_protocol: "allow-all".into(),
        methods: vec!["GET".into(), "HEAD".into()],
        cache_policy: String::new(),
        origin_request_policy: String::new(),
        response_headers_policy: String::new(),
        compress: false,
        viewer_request_function: String::new(),
        viewer_request_lambda: false,
    }
}

/// A distribution as the console makes them when nobody reads the small print.
pub fn distribution(origin: Origin) -> Distribution {
    let id = format!("E1{}", account().id);
    Distribution {
        arn: format!("arn:aws:cloudfront::{}:distribution/{id}", account().id),
        id,
        domain_name: TARGET.into(),
        etag: "1".into(),
        deployed: true,
        enabled: true,
        aliases: Vec::new(),
        comment: String::new(),
        default_root_object: String::new(),
        behavior: behavior(&origin),
        origin,
        behaviors: Vec::new(),
        certificate: None,
        minimum_tls: "TLSv1".into(),
        tls_support: String::new(),
        http_version: "http2".into(),
        ipv6: false,
        price_class: Some(PriceClass::All),
        error_responses: Vec::new(),
        web_acl: String::new(),
        tags: Tags::new(),
    }
}

pub fn any_request(choices: &mut Choices<'_>) -> Request {
    let mut request = request(choices.one(&[DOMAIN, "www.cruddur.com", "app.cruddur.com"]));
    request.www = choices.one(&[None, None, Some(false)]);
    request.routing = choices.one(&[
        None,
        Some(SiteRouting::Function(Routing::Spa)),
        Some(SiteRouting::Function(Routing::Folders)),
        Some(SiteRouting::ErrorPages),
    ]);
    if choices.yes() {
        request.aliases.push("shop.cruddur.com".parse().unwrap());
    }
    request.wildcard = choices.yes();
    if choices.yes() {
        request.apis.push(Api { path: "/api/*".into(), origin: "api.internal.cruddur.com".parse().unwrap() });
    }
    request.dns = choices.one(&[
        Dns::Route53 { create_zone: false },
        Dns::Route53 { create_zone: true },
        Dns::Route53 { create_zone: true },
        Dns::Manual,
    ]);
    if choices.yes() {
        let scope = DeployerScope::Branch("main".into());
        request.deployer = Some(Deployer { owner: "omenking".into(), repository: "cruddur".into(), scope });
    }
    if choices.yes() {
        request.kms_key = Some("arn:aws:kms:eu-central-1:123456789012:key/k1".into());
    }
    if choices.of(4) == 3 {
        request.price_class = Some(PriceClass::Class200);
    }
    if choices.of(4) == 3 {
        request.prefix = Some(choices.one(&["other", "", "previews"]).parse().unwrap());
    }
    request
}

pub fn any_world(choices: &mut Choices<'_>, request: &Request) -> World {
    if choices.of(3) == 2 {
        return made_before(choices, request);
    }
    let mut observed = empty();
    let domain = request.domain.to_string();
    any_zones(choices, &mut observed);
    any_distribution(choices, &domain, &mut observed);
    let (name, prefix) = place(request, &observed.account, observed.distribution.as_ref()).unwrap();
    let unasked = Request { prefix: None, ..request.clone() };
    let (_, served) = place(&unasked, &observed.account, observed.distribution.as_ref()).unwrap();
    let public_acls = any_bucket(choices, name.as_str(), &mut observed);
    any_certificates(choices, &domain, &mut observed);
    any_function(choices, request, &mut observed);
    any_records(choices, &domain, name.as_str(), &mut observed);
    if choices.yes() {
        let audiences = if choices.yes() { vec!["sts.amazonaws.com".to_owned()] } else { vec!["other".to_owned()] };
        observed.provider = Some(OidcProvider { arn: "arn:aws:iam::1:oidc-provider/x".into(), audiences });
    }
    if choices.yes() {
        observed.role = Some(Role {
            name: crate::setup::site::role_name(&domain),
            arn: "arn:aws:iam::123456789012:role/x".into(),
            trust: json!({ "Statement": [] }),
            inline: [("by-hand".to_owned(), json!({}))].into(),
            attached: Vec::new(),
            tags: Tags::new(),
        });
    }
    World::new(observed, public_acls, &[served.as_str(), prefix.as_str()])
}

/// A site that bootstrap made and that was published, before its owner wished for something else. What is wished for is
/// published there as well.
fn made_before(choices: &mut Choices<'_>, wish: &Request) -> World {
    let prefix = Some(choices.one(&["live", "", "site"]).parse().unwrap());
    // The function of another routing would be one more, and an account is observed with one.
    let before = Request { prefix, routing: wish.routing, ..request(wish.domain.as_str()) };
    let plan = plan_for(&before, &empty()).unwrap();
    let wished = wish.prefix.as_ref().map_or(plan.site.prefix.as_str(), |prefix| prefix.as_str());
    let mut world = World::new(empty(), false, &[plan.site.prefix.as_str(), wished]);
    plan.steps.iter().for_each(|step| world.apply(&plan.site, step));
    world.settled();
    let bucket = world.observed.bucket.as_mut().unwrap();
    (bucket.has_site, bucket.is_empty) = (true, false);
    if choices.yes() {
        let statements = bucket.policy.as_mut().unwrap()["Statement"].as_array_mut().unwrap();
        statements.push(identity_statement(&bucket.name));
    }
    let website = format!("{}.s3-website.eu-central-1.amazonaws.com", bucket.name);
    let made = world.observed.distribution.as_mut().unwrap();
    made.deployed = !choices.yes();
    if choices.yes() {
        let public = origin_named("assets", &website);
        made.behaviors = vec![("/assets/*".into(), behavior(&public), public)];
    }
    world.edges = vec![made.clone()];
    world
}

fn any_zones(choices: &mut Choices<'_>, observed: &mut Observed) {
    observed.zones = match choices.of(5) {
        0 => vec![zone("Z1", DOMAIN, Some(true))],
        1 => vec![zone("Z1", DOMAIN, None)],
        2 => vec![zone("Z2", DOMAIN, Some(false)), zone("Z1", DOMAIN, Some(true))],
        3 => vec![zone("Z1", DOMAIN, Some(true)), zone("Z3", "app.cruddur.com", Some(false))],
        _ => Vec::new(),
    };
}

fn any_distribution(choices: &mut Choices<'_>, domain: &str, observed: &mut Observed) {
    let path = choices.one(&["", "/live", "/site"]);
    let rest = "hand.s3.eu-central-1.amazonaws.com";
    let origin = match choices.of(8) {
        0 => return,
        1 => origin("hand.s3-website.eu-central-1.amazonaws.com", path),
        2 => origin(rest, path),
        3 => Origin { access_identity: "E1OAI".into(), ..origin(rest, path) },
        4 => Origin { access_control: "OAC1".into(), ..origin(rest, path) },
        5 => origin("alb-1.eu-central-1.elb.amazonaws.com", path),
        6 => Origin { is_s3: false, protocol_policy: "https-only".into(), ..origin(rest, path) },
        _ => origin("hand.s3.amazonaws.com", path),
    };
    observed.access_controls = match choices.of(4) {
        0 => Vec::new(),
        1 => vec![AccessControl { signing_behavior: "never".into(), ..control("OAC1", "by-hand") }],
        2 => {
            let name = crate::setup::site::access_control_name(domain);
            vec![AccessControl { origin_type: "lambda".into(), ..control("OAC2", &name) }]
        }
        _ => vec![control("OAC1", "by-hand")],
    };
    let mut made = distribution(origin);
    made.aliases = match choices.of(4) {
        0 => vec![domain.to_owned()],
        1 => Vec::new(),
        2 => vec![domain.to_owned(), "old.cruddur.com".into()],
        _ => vec![domain.to_owned(), "*.cruddur.com".into()],
    };
    made.default_root_object = choices.one(&["index.html", ""]).to_owned();
    made.deployed = !choices.yes();
    made.enabled = choices.of(6) != 5;
    made.behavior.cache_policy = choices.one(&["", CACHING_DISABLED, "my-own-policy"]).to_owned();
    made.behavior.origin_request_policy = choices.one(&["", "216adef6-5c7f-47e4-b989-5492eafa07d3"]).to_owned();
    made.minimum_tls = choices.one(&["TLSv1", "TLSv1.2_2021", "TLSv1.2_2025"]).to_owned();
    made.error_responses = match choices.of(4) {
        0 => Vec::new(),
        1 => [403, 404].map(|code| fallback(code, "/index.html", 200)).to_vec(),
        2 => vec![fallback(404, "/missing.html", 404), fallback(503, "/sorry.html", 503)],
        _ => vec![fallback(404, "/404.html", 404)],
    };
    let alb = origin_named("alb", "api.internal.cruddur.com");
    let public = Origin { id: "assets".into(), ..origin_named("assets", "hand.s3-website.eu-central-1.amazonaws.com") };
    made.behaviors = match choices.of(5) {
        0 | 1 => Vec::new(),
        2 => vec![("/api/*".into(), behavior(&alb), alb)],
        3 => vec![("/assets/*".into(), behavior(&made.origin), made.origin.clone())],
        _ => vec![("/assets/*".into(), behavior(&public), public)],
    };
    if choices.yes() {
        made.tags.insert(TAG.into(), domain.into());
    }
    observed.distribution = Some(made);
}

fn origin_named(id: &str, domain: &str) -> Origin {
    Origin { id: id.into(), ..origin(domain, "") }
}

pub fn fallback(error_code: u16, page: &str, response_code: u16) -> ErrorResponse {
    ErrorResponse { error_code, page: page.into(), response_code: Some(response_code), minimum_ttl: 300 }
}

fn any_bucket(choices: &mut Choices<'_>, name: &str, observed: &mut Observed) -> bool {
    let kind = choices.of(5);
    if kind == 0 {
        return false;
    }
    let mut made = bucket(name);
    made.website = kind == 4;
    made.has_site = kind >= 2;
    made.is_empty = kind == 1;
    made.public_access_block =
        choices.one(&[[false; 4], [true; 4], [true, true, false, false], [false, false, true, false]]);
    made.ownership = choices.one(&[None, Some("BucketOwnerEnforced".to_owned()), Some("ObjectWriter".to_owned())]);
    made.versioning = choices.yes();
    made.policy = match choices.of(4) {
        0 => None,
        1 => Some(json!({ "Version": "2012-10-17", "Statement": [public_statement(name)] })),
        2 => Some(json!({ "Version": "2012-10-17", "Statement": [identity_statement(name)] })),
        _ => Some(json!({ "Version": "2012-10-17", "Statement": [public_statement(name), identity_statement(name)] })),
    };
    made.lifecycle = match choices.of(3) {
        0 => Vec::new(),
        1 => vec![expiry("three-weeks", ""), expiry("tmp", "tmp/")],
        _ => vec![LifecycleRule { expire_days: None, ..expiry(super::UPLOADS, "") }],
    };
    if choices.yes() {
        made.tags.insert("team".into(), "web".into());
    }
    observed.bucket = Some(made);
    choices.yes()
}

fn any_certificates(choices: &mut Choices<'_>, domain: &str, observed: &mut Observed) {
    let every = [domain, "cruddur.com", "*.cruddur.com", "*.app.cruddur.com"];
    let names: Vec<String> = every.iter().map(|name| (*name).to_owned()).collect();
    let wide = Certificate { validations: validations(&names), ..issued("wide", &every) };
    observed.certificates = match choices.of(6) {
        0 => Vec::new(),
        1 => vec![issued("narrow", &[domain]), wide],
        2 => vec![Certificate { status: "FAILED".into(), failure: Some("CAA_ERROR".into()), ..wide }],
        3 => vec![Certificate { status: "PENDING_VALIDATION".into(), ..wide }],
        4 => {
            let tags = [(TAG.to_owned(), domain.to_owned())].into();
            vec![Certificate { status: "PENDING_VALIDATION".into(), tags, ..wide }]
        }
        _ => vec![Certificate { kind: "IMPORTED".into(), ..wide }],
    };
    if let (Some(made), Some(first)) = (&mut observed.distribution, observed.certificates.last())
        && first.status == "ISSUED"
    {
        made.certificate = Some(first.arn.clone());
        made.tls_support = "sni-only".into();
    }
}

fn any_function(choices: &mut Choices<'_>, request: &Request, observed: &mut Observed) {
    let Some(SiteRouting::Function(routing)) = request.routing else { return };
    let kind = choices.of(4);
    if kind == 0 {
        return;
    }
    let name = routing.function_name(&crate::setup::site::slug(request.domain.as_str()));
    let arn = format!("arn:aws:cloudfront::123456789012:function/{name}");
    observed.function = Some(Function {
        arn: arn.clone(),
        name,
        etag: "1".into(),
        code: "old".into(),
        live_code: (kind > 1).then(|| "old".to_owned()),
        runtime: "cloudfront-js-1.0".into(),
    });
    if let (3, Some(made)) = (kind, &mut observed.distribution) {
        made.behavior.viewer_request_function = arn;
    }
}

fn any_records(choices: &mut Choices<'_>, domain: &str, bucket: &str, observed: &mut Observed) {
    if !observed.zones.iter().any(|zone| zone.id == "Z1") {
        return;
    }
    let website = format!("{bucket}.s3-website.eu-central-1.amazonaws.com");
    observed.records = match choices.of(6) {
        0 => Vec::new(),
        1 => vec![value("Z1", domain, "A", "192.0.2.7", 300)],
        2 => vec![
            value("Z1", domain, "CNAME", "old-host.example.net", 300),
            value("Z1", "mail.cruddur.com", "MX", "mx.example.net", 300),
        ],
        3 => vec![value("Z1", domain, "CNAME", &website, 600)],
        4 => vec![alias("Z1", domain, "A", "s3-website.eu-central-1.amazonaws.com")],
        _ if observed.distribution.is_some() => vec![alias("Z1", domain, "A", TARGET)],
        _ => Vec::new(),
    };
}
