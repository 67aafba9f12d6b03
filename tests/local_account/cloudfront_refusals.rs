//! Configurations that CloudFront refuses, each by the code it has for it.

use aws_sdk_cloudfront::types::{
    AllowedMethods, CacheBehavior, CacheBehaviors, CustomErrorResponse, CustomErrorResponses, CustomOriginConfig,
    DistributionConfig, EventType, FunctionAssociation, FunctionAssociations, Method, MinimumProtocolVersion, Origin,
    OriginAccessControlOriginTypes, OriginProtocolPolicy, S3OriginConfig, ViewerProtocolPolicy,
};
use cruddur_site::setup::site::CACHING_OPTIMIZED;

use crate::{
    Rehearsal,
    cloudfront_world::{NEVER, aliases, config, viewer_certificate},
    code,
};

fn origin(config: &mut DistributionConfig) -> &mut Origin {
    &mut config.origins.as_mut().unwrap().items[0]
}

fn custom() -> Option<CustomOriginConfig> {
    let custom = CustomOriginConfig::builder().http_port(80).https_port(443);
    Some(custom.origin_protocol_policy(OriginProtocolPolicy::HttpsOnly).build().unwrap())
}

fn error_page(error: i32, page: &str, code: &str) -> Option<CustomErrorResponses> {
    let response = CustomErrorResponse::builder().error_code(error).response_page_path(page).response_code(code);
    Some(CustomErrorResponses::builder().quantity(1).items(response.build().unwrap()).build().unwrap())
}

fn function(arn: &str) -> Option<FunctionAssociations> {
    let association = FunctionAssociation::builder().function_arn(arn).event_type(EventType::ViewerRequest);
    Some(FunctionAssociations::builder().quantity(1).items(association.build().unwrap()).build().unwrap())
}

fn behavior(pattern: &str, target: &str) -> CacheBehavior {
    CacheBehavior::builder()
        .path_pattern(pattern)
        .target_origin_id(target)
        .viewer_protocol_policy(ViewerProtocolPolicy::HttpsOnly)
        .cache_policy_id(CACHING_OPTIMIZED)
        .build()
        .unwrap()
}

fn behaviors(items: Vec<CacheBehavior>) -> Option<CacheBehaviors> {
    Some(CacheBehaviors::builder().quantity(items.len() as i32).set_items(Some(items)).build().unwrap())
}

type Change = Box<dyn Fn(&mut DistributionConfig)>;

/// A configuration with one thing wrong, and the code for it; "succeeded" where nothing is.
async fn hold(rehearsal: &Rehearsal, table: Vec<(&str, Change)>) {
    for (number, (expected, change)) in table.into_iter().enumerate() {
        let mut wrong = config(&format!("row {number}"));
        change(&mut wrong);
        let told = rehearsal.cloudfront.create_distribution().distribution_config(wrong.clone()).send().await;
        assert_eq!(code(told), expected, "{wrong:?}");
    }
}

#[tokio::test]
async fn certificates_must_prove_every_name() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let good = rehearsal.certificate("us-east-1", "ISSUED", &["cruddur.com", "*.cruddur.com"]);
    let elsewhere = rehearsal.certificate("eu-central-1", "ISSUED", &["cruddur.com"]);
    let pending = rehearsal.certificate("us-east-1", "PENDING_VALIDATION", &["cruddur.com"]);
    let with = |names: &'static [&'static str], arn: &str| -> Change {
        let arn = arn.to_owned();
        Box::new(move |config| {
            config.aliases = aliases(names);
            config.viewer_certificate = viewer_certificate(&arn);
        })
    };
    let table = vec![
        (
            "InvalidViewerCertificate",
            Box::new(|c: &mut DistributionConfig| c.aliases = aliases(&["cruddur.com"])) as Change,
        ),
        ("InvalidViewerCertificate", with(&["cruddur.com"], &elsewhere)),
        ("InvalidViewerCertificate", with(&["cruddur.com"], &pending)),
        ("InvalidViewerCertificate", with(&[], &pending)),
        ("InvalidViewerCertificate", with(&["cruddur.com"], "arn:aws:acm:us-east-1:000000000000:certificate/none")),
        ("InvalidViewerCertificate", with(&["cruddur.org"], &good)),
        ("InvalidViewerCertificate", with(&["a.b.cruddur.com"], &good)),
        ("InvalidArgument", with(&["cruddur.com", "Cruddur.com"], &good)),
        ("InvalidArgument", with(&["a.*.cruddur.com"], &good)),
        ("InvalidArgument", with(&["*w.cruddur.com"], &good)),
        ("InvalidArgument", with(&["https://cruddur.com"], &good)),
        ("succeeded", with(&["cruddur.com", "www.cruddur.com", "*.cruddur.com"], &good)),
        ("succeeded", with(&[], &good)),
    ];
    hold(&rehearsal, table).await;
    let without = |change: fn(&mut aws_sdk_cloudfront::types::ViewerCertificate)| {
        let mut wrong = config("protocol");
        wrong.viewer_certificate = viewer_certificate(&good);
        change(wrong.viewer_certificate.as_mut().unwrap());
        rehearsal.cloudfront.create_distribution().distribution_config(wrong).send()
    };
    assert_eq!(code(without(|c| c.ssl_support_method = None).await), "InvalidViewerCertificate");
    let old = without(|c| c.minimum_protocol_version = Some(MinimumProtocolVersion::SsLv3)).await;
    assert_eq!(code(old), "InvalidMinimumProtocolVersion");
    let names: Vec<_> = (0..101).map(|number| format!("n{number}.cruddur.com")).collect();
    let mut many = config("many");
    many.aliases = aliases(&names.iter().map(String::as_str).collect::<Vec<_>>());
    many.viewer_certificate = viewer_certificate(&good);
    let told = rehearsal.cloudfront.create_distribution().distribution_config(many).send().await;
    assert_eq!(code(told), "TooManyDistributionCNAMEs");
}

#[tokio::test]
async fn origins_must_be_what_they_say() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let for_s3 = rehearsal.access_control("s3", OriginAccessControlOriginTypes::S3).await;
    let for_lambda = rehearsal.access_control("lambda", OriginAccessControlOriginTypes::Lambda).await;
    let with = |change: Box<dyn Fn(&mut Origin)>| -> Change { Box::new(move |config| change(origin(config))) };
    let signed = |id: &str, custom_domain: Option<&'static str>| {
        let id = id.to_owned();
        with(Box::new(move |origin| {
            origin.origin_access_control_id = Some(id.clone());
            if let Some(domain) = custom_domain {
                origin.domain_name = domain.to_owned();
                (origin.s3_origin_config, origin.custom_origin_config) = (None, custom());
            }
        }))
    };
    let at = |domain: &'static str| with(Box::new(move |origin| origin.domain_name = domain.to_owned()));
    let below = |path: &'static str| with(Box::new(move |origin| origin.origin_path = Some(path.to_owned())));
    let identity = |identity: &'static str, control: &str| {
        let control = control.to_owned();
        with(Box::new(move |origin| {
            origin.s3_origin_config = Some(S3OriginConfig::builder().origin_access_identity(identity).build());
            origin.origin_access_control_id = Some(control.clone());
        }))
    };
    let website = "bucket.s3-website.eu-central-1.amazonaws.com";
    let table = vec![
        ("succeeded", signed(&for_s3, None)),
        ("InvalidOriginAccessControl", signed("EMISSING", None)),
        ("IllegalOriginAccessConfiguration", signed(&for_s3, Some(website))),
        ("IllegalOriginAccessConfiguration", signed(&for_s3, Some("api.cruddur.com"))),
        ("IllegalOriginAccessConfiguration", signed(&for_lambda, None)),
        ("InvalidDomainNameForOriginAccessControl", signed(&for_lambda, Some("api.cruddur.com"))),
        ("succeeded", signed(&for_lambda, Some("x.lambda-url.eu-central-1.on.aws"))),
        ("succeeded", signed("", Some(website))),
        ("InvalidArgument", at(website)),
        ("InvalidArgument", at("api.cruddur.com")),
        ("InvalidArgument", at("https://bucket.s3.amazonaws.com")),
        ("InvalidArgument", at("bucket.s3.amazonaws.com/live")),
        ("InvalidArgument", at("10.0.0.1")),
        ("succeeded", below("/live")),
        ("InvalidArgument", below("live")),
        ("InvalidArgument", below("/live/")),
        ("InvalidOrigin", with(Box::new(|origin| origin.s3_origin_config = None))),
        ("InvalidOrigin", with(Box::new(|origin| origin.custom_origin_config = custom()))),
        ("IllegalOriginAccessConfiguration", identity("origin-access-identity/cloudfront/E1", &for_s3)),
        ("succeeded", identity("origin-access-identity/cloudfront/E1", "")),
        ("InvalidOriginAccessIdentity", identity("E1", "")),
        (
            "InvalidArgument",
            Box::new(|config| {
                let twin = origin(config).clone();
                let origins = config.origins.as_mut().unwrap();
                origins.items.push(twin);
                origins.quantity = 2;
            }),
        ),
        ("InconsistentQuantities", Box::new(|config| config.origins.as_mut().unwrap().quantity = 2)),
        ("NoSuchOrigin", Box::new(|config| origin(config).id = "other".to_owned())),
    ];
    hold(&rehearsal, table).await;
}

#[tokio::test]
async fn pages_and_behaviors_must_be_possible() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let errors = |error, page: &'static str, code: &'static str| -> Change {
        Box::new(move |config| config.custom_error_responses = error_page(error, page, code))
    };
    let root = |name: &'static str| -> Change { Box::new(move |c| c.default_root_object = Some(name.to_owned())) };
    let default = |change: fn(&mut aws_sdk_cloudfront::types::DefaultCacheBehavior)| -> Change {
        Box::new(move |config| change(config.default_cache_behavior.as_mut().unwrap()))
    };
    let more = |items: fn() -> Vec<CacheBehavior>| -> Change {
        Box::new(move |config| config.cache_behaviors = behaviors(items()))
    };
    let methods = |names: &[Method], cached: Option<&[Method]>| {
        let set = |names: &[Method]| (names.len() as i32, Some(names.to_vec()));
        let (quantity, items) = set(names);
        let cached = cached.map(|names| {
            let (quantity, items) = set(names);
            aws_sdk_cloudfront::types::CachedMethods::builder().quantity(quantity).set_items(items).build().unwrap()
        });
        let methods = AllowedMethods::builder().quantity(quantity).set_items(items).set_cached_methods(cached);
        let methods = methods.build().unwrap();
        Box::new(move |config: &mut DistributionConfig| {
            config.default_cache_behavior.as_mut().unwrap().allowed_methods = Some(methods.clone());
        }) as Change
    };
    use Method::{Delete, Get, Head, Options, Patch, Post, Put};
    let all = [Get, Head, Options, Put, Post, Patch, Delete];
    let table = vec![
        ("InvalidDefaultRootObject", root("/index.html")),
        ("succeeded", root("index.html")),
        ("succeeded", errors(404, "/404.html", "404")),
        ("succeeded", errors(403, "/index.html", "200")),
        ("succeeded", errors(403, "", "")),
        ("InvalidErrorCode", errors(402, "/404.html", "404")),
        ("InvalidResponseCode", errors(404, "/404.html", "299")),
        ("InvalidRelativePath", errors(404, "404.html", "404")),
        ("InvalidArgument", errors(404, "/404.html", "")),
        ("NoSuchCachePolicy", default(|b| b.cache_policy_id = Some("00000000-0000-0000-0000-000000000000".into()))),
        ("NoSuchOriginRequestPolicy", default(|b| b.origin_request_policy_id = Some("none".into()))),
        ("NoSuchResponseHeadersPolicy", default(|b| b.response_headers_policy_id = Some("none".into()))),
        ("InvalidArgument", default(|b| b.cache_policy_id = None)),
        ("MalformedXML", default(|b| b.viewer_protocol_policy = ViewerProtocolPolicy::from("maybe"))),
        (
            "InvalidFunctionAssociation",
            default(|b| {
                b.function_associations = function("arn:aws:cloudfront::000000000000:function/missing");
            }),
        ),
        ("succeeded", methods(&all, None)),
        ("succeeded", methods(&[Get, Head, Options], Some(&[Get, Head, Options]))),
        ("InvalidArgument", methods(&[Get, Post], None)),
        ("InvalidArgument", methods(&[Get, Head], Some(&[Get, Head, Options]))),
        ("succeeded", more(|| vec![behavior("/api/*", "bucket"), behavior("/a?c", "bucket")])),
        ("NoSuchOrigin", more(|| vec![behavior("/api/*", "other")])),
        ("InvalidArgument", more(|| vec![behavior("/api/*", "bucket"), behavior("/api/*", "bucket")])),
        ("InvalidArgument", more(|| vec![behavior("/a b", "bucket")])),
        ("TooManyCacheBehaviors", more(|| (0..76).map(|n| behavior(&format!("/{n}"), "bucket")).collect())),
        ("InvalidArgument", Box::new(|config| config.comment = "x".repeat(129))),
        ("InvalidArgument", Box::new(|config| config.caller_reference = String::new())),
        ("InvalidWebACLId", Box::new(|config| config.web_acl_id = Some("acl".to_owned()))),
    ];
    hold(&rehearsal, table).await;
}

#[tokio::test]
async fn documents_must_be_whole() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let scope = "AWS4-HMAC-SHA256 Credential=LOCALACCOUNT/20261121/us-east-1/cloudfront/aws4_request, Signature=0";
    let post = async |body: &str| {
        let url = format!("{}/2020-05-31/distribution", rehearsal.server.url());
        let request = reqwest::Client::new().post(url).header("authorization", scope).body(body.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        response.text().await.unwrap()
    };
    assert!(post("").await.contains("<Code>MissingBody</Code>"));
    let config = |inside: &str| format!("<DistributionConfig>{inside}</DistributionConfig>");
    let origin = "<Origin><Id>b</Id><DomainName>b.s3.amazonaws.com</DomainName></Origin>";
    let origins = format!("<Origins><Quantity>1</Quantity><Items>{origin}</Items></Origins>");
    let table = [
        ("<DistributionConfig>".to_owned(), "ends too early"),
        ("<Distribution/>".to_owned(), "must be a DistributionConfig"),
        (config(""), "Value null at &apos;distributionConfig.callerReference&apos;"),
        (config("<CallerReference>r</CallerReference>"), "&apos;distributionConfig.origins&apos;"),
        (
            config(&format!("<CallerReference>r</CallerReference>{}", origins.replace("<Id>b</Id>", ""))),
            "&apos;distributionConfig.origins.items.1.member.id&apos;",
        ),
        (config(&format!("<CallerReference>r</CallerReference>{origins}")), "defaultCacheBehavior"),
        (
            config(
                "<CallerReference>r</CallerReference><Origins><Quantity>many</Quantity></Origins>\
                 <Comment></Comment>",
            ),
            "InconsistentQuantities",
        ),
    ];
    for (body, expected) in table {
        let told = post(&body).await;
        assert!(told.contains(expected), "{body}\n{told}");
    }
    assert!(rehearsal.account.distributions().unwrap().is_empty());
}
