//! Distributions: made, read, changed, disabled, deleted.

use cruddur_site::error::ErrorKind;
use cruddur_site::setup::observed::{Behavior, Distribution, ErrorResponse, Origin, Tags};
use cruddur_site::setup::request::PriceClass;
use cruddur_site::setup::site::CACHING_OPTIMIZED;

use crate::support::faults::Fault;
use crate::world::{REGION, World};

crate::on_local_accounts!(
    a_distribution_is_read_as_it_was_made,
    a_distribution_is_changed_disabled_and_deleted,
    a_rival_is_outlasted,
    a_rival_that_never_rests_is_told,
    nobody_is_known_to_have_an_alias_where_cloudfront_is_silent,
);
crate::on_moto!(a_distribution_is_changed_disabled_and_deleted, a_reference_makes_one_distribution);

/// A distribution of a bucket, without names of its own: those would want a certificate.
fn wanted(bucket: &str) -> Distribution {
    let origin = Origin {
        id: "site".into(),
        domain: format!("{bucket}.s3.{REGION}.amazonaws.com"),
        path: "/live".into(),
        is_s3: true,
        access_control: String::new(),
        access_identity: String::new(),
        protocol_policy: String::new(),
    };
    let behavior = Behavior {
        origin: origin.id.clone(),
        viewer_protocol: "redirect-to-https".into(),
        methods: vec!["GET".into(), "HEAD".into()],
        cache_policy: CACHING_OPTIMIZED.into(),
        origin_request_policy: String::new(),
        response_headers_policy: String::new(),
        compress: true,
        viewer_request_function: String::new(),
        viewer_request_lambda: false,
    };
    let error =
        ErrorResponse { error_code: 404, page: "/index.html".into(), response_code: Some(200), minimum_ttl: 10 };
    Distribution {
        id: String::new(),
        arn: String::new(),
        domain_name: String::new(),
        etag: String::new(),
        deployed: false,
        enabled: true,
        aliases: Vec::new(),
        comment: bucket.to_owned(),
        default_root_object: "index.html".into(),
        origin,
        behavior,
        behaviors: Vec::new(),
        certificate: None,
        minimum_tls: String::new(),
        tls_support: String::new(),
        http_version: "http2and3".into(),
        ipv6: true,
        price_class: Some(PriceClass::Class100),
        error_responses: vec![error],
        web_acl: String::new(),
        tags: tags(),
    }
}

fn tags() -> Tags {
    [("cruddur-site".to_owned(), "example.com".to_owned())].into()
}

/// With what only CloudFront knows.
fn of(made: &Distribution, wanted: Distribution) -> Distribution {
    let Distribution { id, arn, domain_name, etag, minimum_tls, .. } = made.clone();
    Distribution { id, arn, domain_name, etag, deployed: made.deployed, minimum_tls, ..wanted }
}

/// Given what is wanted, with an access control, an API and a function that is live, when the distribution is made, then
/// it is read so, and to write that once more writes nothing.
async fn a_distribution_is_read_as_it_was_made(world: World) {
    let cloudfront = world.aws.cloudfront();
    world.aws.bucket_setup("whole", Some(REGION)).create(REGION).await.unwrap();
    let control = cloudfront.create_access_control("whole").await.unwrap();
    let code = "function handler(event) { return event.request; }";
    let function = cloudfront.create_function("router", "", code).await.unwrap();
    cloudfront.publish_function("router", &function.etag).await.unwrap();
    let mut wanted = wanted("whole");
    wanted.origin.access_control = control.id.clone();
    wanted.behavior.viewer_request_function = function.arn;
    let api = Origin {
        id: "api".into(),
        domain: "api.example.com".into(),
        path: String::new(),
        is_s3: false,
        access_control: String::new(),
        protocol_policy: "https-only".into(),
        ..wanted.origin.clone()
    };
    let all = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let behavior = Behavior {
        origin: "api".into(),
        methods: all.map(str::to_owned).to_vec(),
        viewer_request_function: String::new(),
        ..wanted.behavior.clone()
    };
    wanted.behaviors = vec![("/api/*".into(), behavior, api)];

    let made = cloudfront.create_distribution(&wanted, "whole", &tags()).await.unwrap();
    assert_eq!(made, of(&made, wanted));
    let seen = cloudfront.distribution(&made.id).await.unwrap().unwrap();
    assert_eq!(Distribution { deployed: made.deployed, ..seen.clone() }, made);
    world.proxy.clear();
    cloudfront.update_distribution(&made.id, &seen).await.unwrap();
    assert_eq!(world.count("UpdateDistribution"), 0);

    let refused = cloudfront.delete_access_control(&control.id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
    let refused = cloudfront.delete_function("router").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
}

async fn a_distribution_is_changed_disabled_and_deleted(world: World) {
    let cloudfront = world.aws.cloudfront();
    world.aws.bucket_setup("changed.example", Some(REGION)).create(REGION).await.unwrap();
    let made = cloudfront.create_distribution(&wanted("changed.example"), "changed.example", &tags()).await.unwrap();
    let change =
        Distribution { comment: "other words".into(), default_root_object: "home.html".into(), ..made.clone() };
    let changed = cloudfront.update_distribution(&made.id, &change).await.unwrap();
    assert_eq!((changed.comment.as_str(), changed.default_root_object.as_str()), ("other words", "home.html"));
    let more: Tags = [("team".to_owned(), "web".to_owned())].into();
    cloudfront.tag(&made.arn, &more).await.unwrap();
    let seen = cloudfront.distribution(&made.id).await.unwrap().unwrap();
    assert_eq!(seen.tags, tags().into_iter().chain(more).collect());
    assert_eq!(seen.comment, "other words");

    let summaries = cloudfront.summaries().await.unwrap();
    let summary = summaries.iter().find(|summary| summary.id == made.id).unwrap();
    assert_eq!((summary.comment.as_str(), summary.enabled), ("other words", true));
    assert_eq!((&summary.arn, &summary.domain_name), (&made.arn, &made.domain_name));
    assert_eq!(summary.origins[0].0, format!("changed.example.s3.{REGION}.amazonaws.com"));

    cloudfront.disable(&made.id).await.unwrap();
    assert!(!cloudfront.distribution(&made.id).await.unwrap().unwrap().enabled);
    for _ in 0..100 {
        if cloudfront.is_deployed(&made.id).await.unwrap() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    cloudfront.delete_distribution(&made.id).await.unwrap();
    cloudfront.delete_distribution(&made.id).await.unwrap();
    assert_eq!(cloudfront.distribution(&made.id).await.unwrap(), None);
}

/// Given that somebody else changes the distribution at the same moment, when it is changed, then from the start.
async fn a_rival_is_outlasted(world: World) {
    let cloudfront = world.aws.cloudfront();
    world.aws.bucket_setup("rival", Some(REGION)).create(REGION).await.unwrap();
    let made = cloudfront.create_distribution(&wanted("rival"), "rival", &tags()).await.unwrap();
    let change = Distribution { comment: "mine".into(), ..made.clone() };
    world.proxy.clear();
    world.proxy.inject(Fault::cloudfront("UpdateDistribution", 412, "PreconditionFailed", "no").times(2));
    assert_eq!(cloudfront.update_distribution(&made.id, &change).await.unwrap().comment, "mine");
    assert_eq!((world.count("GetDistribution"), world.count("UpdateDistribution")), (3, 3));
}

async fn a_rival_that_never_rests_is_told(world: World) {
    let cloudfront = world.aws.cloudfront();
    world.aws.bucket_setup("rivals", Some(REGION)).create(REGION).await.unwrap();
    let made = cloudfront.create_distribution(&wanted("rivals"), "rivals", &tags()).await.unwrap();
    world.proxy.inject(Fault::cloudfront("UpdateDistribution", 412, "PreconditionFailed", "no"));
    let change = Distribution { comment: "mine".into(), ..made.clone() };
    let error = cloudfront.update_distribution(&made.id, &change).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rival, "{error}");
}

/// Given that the answer to a creation was lost, when it is sent again, then there is one distribution, as it is wanted.
async fn a_reference_makes_one_distribution(world: World) {
    let cloudfront = world.aws.cloudfront();
    world.aws.bucket_setup("once.example", Some(REGION)).create(REGION).await.unwrap();
    let made = cloudfront.create_distribution(&wanted("once.example"), "once.example", &tags()).await.unwrap();
    let other = Distribution { comment: "once more".into(), ..wanted("once.example") };
    let again = cloudfront.create_distribution(&other, "once.example", &tags()).await.unwrap();
    assert_eq!((again.id.as_str(), again.comment.as_str()), (made.id.as_str(), "once more"));
}

async fn nobody_is_known_to_have_an_alias_where_cloudfront_is_silent(world: World) {
    let cloudfront = world.aws.cloudfront();
    assert_eq!(cloudfront.conflicts(None, "example.com").await.unwrap(), []);
    assert_eq!(world.proxy.take_calls(), []);
    assert_eq!(cloudfront.conflicts(Some("ENOSUCH"), "example.com").await.unwrap(), []);
    assert_eq!(world.proxy.take_calls().len(), 1);
}
