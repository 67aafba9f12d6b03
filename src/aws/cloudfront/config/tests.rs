//! What reading and writing promise, by properties over arbitrary distributions and a configuration full of what owners make
//! by hand.

#![expect(deprecated, reason = "what CloudFront calls deprecated, owners still have")]

use aws_sdk_cloudfront::types::{
    Aliases, AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, CertificateSource, CookiePreference,
    CustomErrorResponses, CustomHeaders, CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, EventType,
    ForwardedValues, FunctionAssociation, FunctionAssociations, GeoRestriction, GeoRestrictionType, HttpVersion,
    ItemSelection, LambdaFunctionAssociation, LambdaFunctionAssociations, LoggingConfig, Method, Origin,
    OriginCustomHeader, OriginGroup, OriginGroupFailoverCriteria, OriginGroupMember, OriginGroupMembers, OriginGroups,
    OriginProtocolPolicy, OriginShield, Origins, Restrictions, StatusCodes, TrustedKeyGroups, ViewerCertificate,
    ViewerProtocolPolicy,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{About, create, read, with_strangers, write};
use crate::setup::{
    observed::{Behavior, Distribution, ErrorResponse, Origin as Wanted},
    request::PriceClass,
};

const WAF: &str = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/site/1";
const RESIZE: &str = "arn:aws:lambda:us-east-1:111122223333:function:resize:7";
const STAMP: &str = "arn:aws:cloudfront::111122223333:function/stamp";

/// The site as somebody clicked it together years ago: the website endpoint behind legacy cache settings, and beside it
/// one of everything that this tool has no opinion on.
fn by_hand() -> DistributionConfig {
    let headers = OriginCustomHeader::builder().header_name("X-Secret").header_value("s3cr3t").build().unwrap();
    let website = Origin::builder()
        .id("website")
        .domain_name("cruddur.com.s3-website-us-east-1.amazonaws.com")
        .origin_path("")
        .custom_headers(CustomHeaders::builder().quantity(1).items(headers).build().unwrap())
        .custom_origin_config(
            CustomOriginConfig::builder()
                .http_port(80)
                .https_port(443)
                .origin_protocol_policy(OriginProtocolPolicy::HttpOnly)
                .origin_read_timeout(45)
                .build()
                .unwrap(),
        )
        .connection_attempts(2)
        .origin_shield(OriginShield::builder().enabled(true).origin_shield_region("us-east-1").build().unwrap())
        .build()
        .unwrap();
    let spare = Origin::builder().id("spare").domain_name("spare.example.com").connection_timeout(4).build().unwrap();
    let member = |id: &str| OriginGroupMember::builder().origin_id(id).build().unwrap();
    let members = OriginGroupMembers::builder().quantity(2).items(member("website")).items(member("spare"));
    let codes = StatusCodes::builder().quantity(1).items(503).build().unwrap();
    let group = OriginGroup::builder()
        .id("both")
        .members(members.build().unwrap())
        .failover_criteria(OriginGroupFailoverCriteria::builder().status_codes(codes).build())
        .build()
        .unwrap();
    let viewer = |function: &str, event| {
        FunctionAssociation::builder().function_arn(function).event_type(event).build().unwrap()
    };
    let functions = FunctionAssociations::builder()
        .quantity(2)
        .items(viewer("arn:aws:cloudfront::111122223333:function/old-rewrite", EventType::ViewerRequest))
        .items(viewer(STAMP, EventType::ViewerResponse))
        .build()
        .unwrap();
    let resize = LambdaFunctionAssociation::builder().lambda_function_arn(RESIZE).event_type(EventType::OriginResponse);
    let lambdas = LambdaFunctionAssociations::builder().quantity(1).items(resize.build().unwrap()).build().unwrap();
    let cookies = CookiePreference::builder().forward(ItemSelection::None).build().unwrap();
    let legacy = ForwardedValues::builder().query_string(false).cookies(cookies).build().unwrap();
    let cached = CachedMethods::builder().quantity(3).items(Method::Get).items(Method::Head).items(Method::Options);
    let methods = AllowedMethods::builder().quantity(3).items(Method::Head).items(Method::Get).items(Method::Options);
    let default = DefaultCacheBehavior::builder()
        .target_origin_id("website")
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .trusted_key_groups(TrustedKeyGroups::builder().enabled(true).quantity(1).items("keys").build().unwrap())
        .allowed_methods(methods.cached_methods(cached.build().unwrap()).build().unwrap())
        .lambda_function_associations(lambdas.clone())
        .function_associations(functions.clone())
        .compress(false)
        .field_level_encryption_id("fle")
        .realtime_log_config_arn("arn:aws:cloudfront::111122223333:realtime-log-config/all")
        .forwarded_values(legacy.clone())
        .min_ttl(0)
        .default_ttl(86_400)
        .max_ttl(31_536_000)
        .build()
        .unwrap();
    let images = CacheBehavior::builder()
        .path_pattern("/images/*")
        .target_origin_id("both")
        .viewer_protocol_policy(ViewerProtocolPolicy::HttpsOnly)
        .lambda_function_associations(lambdas)
        .function_associations(functions)
        .forwarded_values(legacy)
        .compress(false)
        .smooth_streaming(true)
        .build()
        .unwrap();
    let nowhere = GeoRestriction::builder().restriction_type(GeoRestrictionType::Blacklist).quantity(1).items("AQ");
    DistributionConfig::builder()
        .caller_reference("cli-1546300800-1")
        .comment("by hand")
        .enabled(true)
        .aliases(Aliases::builder().quantity(1).items("old.example.com").build().unwrap())
        .default_root_object("")
        .custom_error_responses(
            CustomErrorResponses::builder().quantity(0).set_items(Some(Vec::new())).build().unwrap(),
        )
        .http_version(HttpVersion::Http2)
        .is_ipv6_enabled(false)
        .price_class(aws_sdk_cloudfront::types::PriceClass::PriceClassAll)
        .origins(Origins::builder().quantity(2).items(website).items(spare).build().unwrap())
        .origin_groups(OriginGroups::builder().quantity(1).items(group).build().unwrap())
        .default_cache_behavior(default)
        .cache_behaviors(CacheBehaviors::builder().quantity(1).items(images).build().unwrap())
        .logging(LoggingConfig::builder().enabled(true).bucket("logs.s3.amazonaws.com").prefix("cf/").build())
        .viewer_certificate(
            ViewerCertificate::builder()
                .cloud_front_default_certificate(true)
                .certificate_source(CertificateSource::Cloudfront)
                .build(),
        )
        .restrictions(Restrictions::builder().geo_restriction(nowhere.build().unwrap()).build())
        .web_acl_id(WAF)
        .continuous_deployment_policy_id("cdp")
        .build()
        .unwrap()
}

fn wanted_origin(id: impl Strategy<Value = String>) -> impl Strategy<Value = Wanted> {
    let s3 = (
        select(vec!["", "/live"]),
        select(vec![("", ""), ("E1OAC", ""), ("", "origin-access-identity/cloudfront/E1")]),
    );
    let s3 = s3.prop_map(|(path, (control, identity))| (path, true, control, identity, ""));
    let custom = (select(vec!["", "/v1"]), select(vec!["https-only", "http-only", "match-viewer"]));
    let custom = custom.prop_map(|(path, protocol)| (path, false, "", "", protocol));
    (id, "[a-z]{1,8}", prop_oneof![s3, custom]).prop_map(|(id, name, (path, is_s3, control, identity, protocol))| {
        Wanted {
            id,
            domain: format!("{name}.example.com"),
            path: path.to_owned(),
            is_s3,
            access_control: control.to_owned(),
            access_identity: identity.to_owned(),
            protocol_policy: protocol.to_owned(),
        }
    })
}

fn behavior() -> impl Strategy<Value = Behavior> {
    let methods = select(vec![
        vec!["GET", "HEAD"],
        vec!["GET", "HEAD", "OPTIONS"],
        vec!["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    ]);
    let policies = (select(vec!["", "cp-1", "cp-2"]), select(vec!["", "orp"]), select(vec!["", "rhp"]));
    let protocol = select(vec!["redirect-to-https", "https-only", "allow-all"]);
    (protocol, methods, policies, any::<bool>(), select(vec!["", "arn:aws:cloudfront::1:function/ours"])).prop_map(
        |(protocol, methods, (cache, request, response), compress, function)| Behavior {
            origin: String::new(),
            viewer_protocol: protocol.to_owned(),
            methods: methods.into_iter().map(str::to_owned).collect(),
            cache_policy: cache.to_owned(),
            origin_request_policy: request.to_owned(),
            response_headers_policy: response.to_owned(),
            compress,
            viewer_request_function: function.to_owned(),
            viewer_request_lambda: false,
        },
    )
}

fn error_response() -> impl Strategy<Value = ErrorResponse> {
    let answer = option::of(select(vec![("/index.html", 200), ("/404.html", 404)]));
    (select(vec![403, 404, 500]), answer, 0..100u64).prop_map(|(error_code, answer, minimum_ttl)| ErrorResponse {
        error_code,
        page: answer.map(|(page, _)| page.to_owned()).unwrap_or_default(),
        response_code: answer.map(|(_, code)| code),
        minimum_ttl,
    })
}

/// Any distribution whose behaviors have these path patterns.
fn distribution(paths: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = Distribution> {
    let certificate = option::of(("[a-z]{4}", select(vec!["TLSv1.2_2021", "TLSv1"])));
    let head = (any::<bool>(), vec("[a-z]{1,6}\\.example\\.com", 0..3), "[a-z ]{0,9}", select(vec!["", "index.html"]));
    let tail = (select(vec!["http1.1", "http2", "http2and3"]), any::<bool>(), vec(error_response(), 0..3), certificate);
    let id = || select(vec!["website", "spare", "s3"]).prop_map(str::to_owned);
    let class = select(vec![PriceClass::Class100, PriceClass::Class200, PriceClass::All]);
    let others = paths.prop_flat_map(|paths| {
        let each = |path| (Just(path), behavior(), wanted_origin(select(vec!["api", "spare"]).prop_map(str::to_owned)));
        paths.into_iter().map(each).collect::<Vec<_>>()
    });
    (head, tail, class, behavior(), wanted_origin(id()), others).prop_map(
        |(head, tail, class, behavior, origin, others)| {
            let (enabled, aliases, comment, root) = head;
            let (http, ipv6, error_responses, certificate) = tail;
            // Of one id there is one origin.
            let mut known = vec![origin.clone()];
            let mut behaviors = Vec::new();
            for (path, behavior, origin) in others {
                let origin = known.iter().find(|known| known.id == origin.id).cloned().unwrap_or_else(|| {
                    known.push(origin.clone());
                    origin
                });
                behaviors.push((path, Behavior { origin: origin.id.clone(), ..behavior }, origin));
            }
            Distribution {
                id: String::new(),
                arn: String::new(),
                domain_name: String::new(),
                etag: String::new(),
                deployed: false,
                enabled,
                aliases,
                comment,
                default_root_object: root.to_owned(),
                behavior: Behavior { origin: origin.id.clone(), ..behavior },
                origin,
                behaviors,
                certificate: certificate
                    .as_ref()
                    .map(|(name, _)| format!("arn:aws:acm:us-east-1:1:certificate/{name}")),
                minimum_tls: certificate.as_ref().map(|(_, tls)| (*tls).to_owned()).unwrap_or_default(),
                tls_support: certificate.map(|_| "sni-only".to_owned()).unwrap_or_default(),
                http_version: http.to_owned(),
                ipv6,
                price_class: Some(class),
                error_responses,
                web_acl: WAF.to_owned(),
                tags: Default::default(),
            }
        },
    )
}

fn paths() -> impl Strategy<Value = Vec<String>> {
    select(vec![vec![], vec!["/api/*"], vec!["/images/*"], vec!["/images/*", "/api/*"], vec!["/a", "/images/*", "/b"]])
        .prop_map(|paths: Vec<&str>| paths.into_iter().map(str::to_owned).collect())
}

/// Every quantity that stands beside a list which is written.
fn assert_quantities(config: &DistributionConfig) {
    let origins = config.origins().unwrap();
    assert_eq!(origins.quantity() as usize, origins.items().len());
    let others = config.cache_behaviors().unwrap();
    assert_eq!(others.quantity() as usize, others.items().len());
    let default = config.default_cache_behavior().unwrap();
    let functions = others.items().iter().map(|other| other.function_associations());
    for functions in functions.chain([default.function_associations()]).flatten() {
        assert_eq!(functions.quantity() as usize, functions.items().len());
    }
    let methods = others.items().iter().map(|other| other.allowed_methods());
    for methods in methods.chain([default.allowed_methods()]).flatten() {
        assert_eq!(methods.quantity() as usize, methods.items().len());
        let cached = methods.cached_methods().unwrap();
        assert_eq!(cached.quantity() as usize, cached.items().len());
        assert!(cached.items().iter().all(|method| methods.items().contains(method)), "{methods:?}");
    }
    if let Some(aliases) = config.aliases() {
        assert_eq!(aliases.quantity() as usize, aliases.items().len());
    }
    if let Some(errors) = config.custom_error_responses() {
        assert_eq!(errors.quantity() as usize, errors.items().len());
    }
}

/// CloudFront refuses a cache policy beside legacy settings, and a certificate that is named twice.
fn assert_taken(config: &DistributionConfig) {
    macro_rules! one_way {
        ($behavior:expr) => {
            let legacy = $behavior.forwarded_values().is_some()
                || $behavior.min_ttl().is_some()
                || $behavior.default_ttl().is_some()
                || $behavior.max_ttl().is_some();
            assert!(!legacy || $behavior.cache_policy_id().is_none_or(str::is_empty), "{:?}", $behavior);
        };
    }
    one_way!(config.default_cache_behavior().unwrap());
    for other in config.cache_behaviors().unwrap().items() {
        one_way!(other);
    }
    for origin in config.origins().unwrap().items() {
        assert!(origin.s3_origin_config().is_none() || origin.custom_origin_config().is_none(), "{origin:?}");
    }
    let certificate = config.viewer_certificate().unwrap();
    let default = certificate.cloud_front_default_certificate() == Some(true);
    assert!(!default || certificate.acm_certificate_arn().is_none(), "{certificate:?}");
}

proptest! {
    #[test]
    fn what_is_written_is_read(wanted in distribution(paths())) {
        let config = write(&wanted, by_hand()).unwrap();
        assert_quantities(&config);
        assert_taken(&config);
        prop_assert_eq!(read(&config, About::default()), wanted);
    }

    #[test]
    fn what_is_made_is_read_and_complete(mut wanted in distribution(paths())) {
        wanted.web_acl = String::new();
        let config = create(&wanted, "cruddur.com").unwrap();
        assert_quantities(&config);
        assert_taken(&config);
        let targets = [wanted.origin.clone()].into_iter().chain(wanted.behaviors.iter().map(|(_, _, origin)| origin.clone()));
        for target in targets {
            prop_assert!(config.origins().unwrap().items().iter().any(|origin| origin.id() == target.id));
        }
        prop_assert_eq!(config.caller_reference(), "cruddur.com");
        prop_assert_eq!(read(&config, About::default()), wanted);
    }

    /// Whatever was written before, the same thing written over it gives the same configuration: nothing is lost on the way.
    #[test]
    fn what_is_not_owned_stays(
        between in distribution(Just(vec!["/images/*".to_owned()])),
        wanted in distribution(Just(vec!["/images/*".to_owned()])),
    ) {
        let by_the_way = write(&same_kinds(between), by_hand()).unwrap();
        let wanted = same_kinds(wanted);
        prop_assert_eq!(write(&wanted, by_the_way).unwrap(), write(&wanted, by_hand()).unwrap());
    }

    #[test]
    fn to_write_what_is_there_changes_no_bit(wanted in distribution(paths())) {
        let config = write(&wanted, by_hand()).unwrap();
        prop_assert_eq!(write(&read(&config, About::default()), config.clone()).unwrap(), config);
    }
}

/// With what cannot be written without giving something else up left as it is by hand: the kind of the origins, the
/// methods that are cached. All behaviors have a cache policy, and the certificate is one of ACM.
fn same_kinds(wanted: Distribution) -> Distribution {
    let there = read(&by_hand(), About::default());
    let origin = Wanted { path: wanted.origin.path.clone(), ..there.origin.clone() };
    let of_policy = |behavior: Behavior, there: &Behavior| Behavior {
        origin: there.origin.clone(),
        methods: there.methods.clone(),
        cache_policy: format!("cp{}", behavior.cache_policy),
        ..behavior
    };
    Distribution {
        behavior: of_policy(wanted.behavior, &there.behavior),
        behaviors: wanted
            .behaviors
            .into_iter()
            .zip(&there.behaviors)
            .map(|((path, behavior, _), (_, there, _))| (path, of_policy(behavior, there), origin.clone()))
            .collect(),
        origin,
        certificate: Some(format!("arn:{}", wanted.certificate.unwrap_or_default())),
        ..wanted
    }
}

/// What bootstrap makes of the site that was made by hand.
fn mended() -> Distribution {
    let there = read(&by_hand(), About::default());
    let origin = Wanted {
        domain: "cruddur.com.s3.us-east-1.amazonaws.com".into(),
        path: "/live".into(),
        is_s3: true,
        access_control: "E1OAC".into(),
        protocol_policy: String::new(),
        ..there.origin.clone()
    };
    let behavior = Behavior {
        cache_policy: "cp".into(),
        viewer_request_function: "arn:aws:cloudfront::111122223333:function/cruddur-site-spa-cruddur-com".into(),
        ..there.behavior.clone()
    };
    Distribution {
        aliases: vec!["cruddur.com".into(), "www.cruddur.com".into()],
        certificate: Some("arn:aws:acm:us-east-1:111122223333:certificate/1".into()),
        minimum_tls: "TLSv1.2_2021".into(),
        tls_support: "sni-only".into(),
        origin: origin.clone(),
        behavior,
        behaviors: there.behaviors.into_iter().map(|(path, behavior, _)| (path, behavior, origin.clone())).collect(),
        ..there
    }
}

#[test]
fn a_website_endpoint_becomes_a_private_bucket_and_the_rest_stays() {
    let before = by_hand();
    let after = write(&mended(), before.clone()).unwrap();
    assert_taken(&after);
    let (old, new) = (&before.origins().unwrap().items()[0], &after.origins().unwrap().items()[0]);
    assert_eq!(new.s3_origin_config().unwrap().origin_access_identity(), "");
    assert_eq!(new.custom_origin_config(), None);
    assert_eq!(new.origin_access_control_id(), Some("E1OAC"));
    assert_eq!(new.custom_headers(), old.custom_headers());
    assert_eq!(new.origin_shield(), old.origin_shield());
    assert_eq!(new.connection_attempts(), old.connection_attempts());
    assert_eq!(after.origins().unwrap().items()[1], before.origins().unwrap().items()[1]);

    let (old, new) = (before.default_cache_behavior().unwrap(), after.default_cache_behavior().unwrap());
    let functions = new.function_associations().unwrap().items();
    let at = |event: &EventType| functions.iter().filter(|one| one.event_type() == event).collect::<Vec<_>>();
    assert_eq!(at(&EventType::ViewerResponse).iter().map(|one| one.function_arn()).collect::<Vec<_>>(), [STAMP]);
    assert!(at(&EventType::ViewerRequest)[0].function_arn().ends_with("/cruddur-site-spa-cruddur-com"));
    assert_eq!(functions.len(), 2);
    assert_eq!(new.lambda_function_associations(), old.lambda_function_associations());
    assert_eq!(new.trusted_key_groups(), old.trusted_key_groups());
    assert_eq!(new.field_level_encryption_id(), old.field_level_encryption_id());
    assert_eq!(new.realtime_log_config_arn(), old.realtime_log_config_arn());
    assert_eq!(new.allowed_methods(), old.allowed_methods());

    assert_eq!(after.cache_behaviors(), before.cache_behaviors());
    assert_eq!(after.logging(), before.logging());
    assert_eq!(after.restrictions(), before.restrictions());
    assert_eq!(after.web_acl_id(), Some(WAF));
    assert_eq!(after.origin_groups(), before.origin_groups());
    assert_eq!(after.continuous_deployment_policy_id(), Some("cdp"));
    assert_eq!(after.caller_reference(), before.caller_reference());
    let certificate = after.viewer_certificate().unwrap();
    assert_eq!(certificate.acm_certificate_arn(), mended().certificate.as_deref());
    assert_eq!(certificate.cloud_front_default_certificate(), None);
    assert_eq!(certificate.ssl_support_method().map(|method| method.as_str()), Some("sni-only"));
    assert_eq!(certificate.minimum_protocol_version().map(|version| version.as_str()), Some("TLSv1.2_2021"));
}

#[test]
fn behaviors_that_were_made_meanwhile_stay() {
    let mut wanted = mended();
    let (_, behavior, origin) = wanted.behaviors[0].clone();
    wanted.behaviors = vec![("/api/*".into(), behavior, origin)];
    let merged = with_strangers(&wanted, &by_hand());
    let paths: Vec<&str> = merged.behaviors.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/api/*", "/images/*"]);
    let after = write(&merged, by_hand()).unwrap();
    assert_eq!(after.cache_behaviors().unwrap().items()[1], by_hand().cache_behaviors().unwrap().items()[0]);
}

#[test]
fn a_group_of_origins_is_read_by_its_first_and_stays_the_target() {
    let there = read(&by_hand(), About::default());
    let (_, behavior, origin) = &there.behaviors[0];
    assert_eq!((behavior.origin.as_str(), origin.id.as_str()), ("both", "website"));
    assert_eq!(write(&there, by_hand()).unwrap(), by_hand());
}

#[test]
fn a_certificate_of_iam_stays_until_there_is_another() {
    let mut config = by_hand();
    let iam = ViewerCertificate::builder().iam_certificate_id("ASCA1").build();
    config.viewer_certificate = Some(iam);
    let there = read(&config, About::default());
    assert_eq!(there.certificate, None);
    assert_eq!(write(&there, config.clone()).unwrap().viewer_certificate(), config.viewer_certificate());
    let after = write(&mended(), config).unwrap();
    assert_eq!(after.viewer_certificate().unwrap().iam_certificate_id(), None);
}
