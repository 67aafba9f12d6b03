//! Mistakes in the form of the distribution.

use aws_sdk_cloudfront::{
    primitives::Blob,
    types::{
        Aliases, CookiePreference, CustomErrorResponse, CustomErrorResponses, DistributionConfig, ForwardedValues,
        FunctionConfig, FunctionRuntime, FunctionStage, ItemSelection, OriginAccessControlSigningBehaviors,
        ViewerProtocolPolicy,
    },
};
use cruddur_site::setup::site::CACHING_DISABLED;
use serde_json::json;

use crate::{
    bucket::{policy, set_policy},
    support::Folder,
    world::{BUCKET, World, finds, is_sound, mended_by_bootstrap},
};

/// A site that was bootstrapped and published needs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_sound_site_is_told_so() {
    is_sound(&World::sound().await).await;
}

/// "403 for 30 minutes, no hint why": the domain is not among the alternate names.
#[tokio::test(flavor = "multi_thread")]
async fn the_domain_is_no_alternate_name() {
    let world = World::sound().await;
    world.edit(|config| config.aliases = Some(Aliases::builder().quantity(0).build().unwrap())).await;
    mended_by_bootstrap(&world, &["alias-missing", "root-fails", "other-name-fails"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_default_root_object() {
    let world = World::sound().await;
    world.edit(|config| config.default_root_object = Some(String::new())).await;
    mended_by_bootstrap(&world, &["no-root-object"]).await;
}

/// Without the function that routes nothing stands in for the root object, and the first page load fails.
#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_default_root_object_and_no_function() {
    let world = World::sound().await;
    world
        .edit(|config| {
            config.default_root_object = Some(String::new());
            behavior(config).function_associations = None;
        })
        .await;
    mended_by_bootstrap(&world, &["no-root-object", "root-fails", "other-name-fails"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_has_no_access_control() {
    let world = World::sound().await;
    world.edit(|config| origin(config).origin_access_control_id = Some(String::new())).await;
    mended_by_bootstrap(&world, &["no-access-control", "root-fails"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_control_does_not_sign() {
    let world = World::sound().await;
    let cloudfront = world.cloudfront();
    let id = world.distribution().origin.access_control;
    let read = cloudfront.get_origin_access_control_config().id(&id).send().await.unwrap();
    let mut config = read.origin_access_control_config.unwrap();
    config.signing_behavior = OriginAccessControlSigningBehaviors::Never;
    let update = cloudfront.update_origin_access_control().id(&id).if_match(read.e_tag.unwrap());
    update.origin_access_control_config(config).send().await.unwrap();
    let expected = ["access-control-does-not-sign", "root-fails"];
    mended_by_bootstrap(&world, &expected).await;
}

/// An origin access identity, as tutorials had it before 2022: it works, and goes on working while it is replaced.
#[tokio::test(flavor = "multi_thread")]
async fn the_origin_has_a_legacy_identity() {
    let world = World::sound().await;
    let identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2QWRUHAPOMQZL";
    let read = json!({
        "Effect": "Allow",
        "Principal": { "AWS": identity },
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/live/*")],
    });
    set_policy(&world, BUCKET, &policy([read])).await;
    world
        .edit(|config| {
            let origin = origin(config);
            origin.origin_access_control_id = Some(String::new());
            let s3 = origin.s3_origin_config.as_mut().unwrap();
            s3.origin_access_identity = "origin-access-identity/cloudfront/E2QWRUHAPOMQZL".to_owned();
        })
        .await;
    world.answers(&Folder::site()).await;
    mended_by_bootstrap(&world, &["access-identity"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cached() {
    let world = World::sound().await;
    world.edit(|config| behavior(config).cache_policy_id = Some(CACHING_DISABLED.to_owned())).await;
    mended_by_bootstrap(&world, &["caching-disabled"]).await;
}

/// The "legacy cache settings" of the console, with what they bring: no brotli, and cookies that split the cache.
#[tokio::test(flavor = "multi_thread")]
async fn the_cache_has_legacy_settings() {
    let world = World::sound().await;
    let cookies = CookiePreference::builder().forward(ItemSelection::All).build().unwrap();
    let forwarded = ForwardedValues::builder().query_string(true).cookies(cookies).build().unwrap();
    world
        .edit(|config| {
            let behavior = behavior(config);
            behavior.cache_policy_id = None;
            #[expect(deprecated, reason = "the mistake is to use it")]
            {
                behavior.forwarded_values = Some(forwarded);
                behavior.min_ttl = Some(0);
                behavior.default_ttl = Some(86_400);
                behavior.max_ttl = Some(31_536_000);
            }
        })
        .await;
    mended_by_bootstrap(&world, &["legacy-cache-settings"]).await;
}

/// Error pages as a single-page fallback, beside a function that routes: every missing script is HTML with status 200.
#[tokio::test(flavor = "multi_thread")]
async fn errors_become_pages() {
    let world = World::sound().await;
    world.edit(|config| config.custom_error_responses = Some(fallback())).await;
    mended_by_bootstrap(&world, &["errors-become-pages", "missing-is-a-page"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_distribution_is_disabled() {
    let world = World::sound().await;
    world.edit(|config| config.enabled = false).await;
    mended_by_bootstrap(&world, &["distribution-disabled", "root-fails", "other-name-fails"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_allowed() {
    let world = World::sound().await;
    world.edit(|config| behavior(config).viewer_protocol_policy = ViewerProtocolPolicy::AllowAll).await;
    mended_by_bootstrap(&world, &["plain-http"]).await;
}

/// What is merely worse than it could be, all at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_edge_could_add_is_off() {
    use aws_sdk_cloudfront::types::{HttpVersion, MinimumProtocolVersion};
    let world = World::sound().await;
    world
        .edit(|config| {
            config.http_version = Some(HttpVersion::Http11);
            config.is_ipv6_enabled = Some(false);
            let certificate = config.viewer_certificate.as_mut().unwrap();
            certificate.minimum_protocol_version = Some(MinimumProtocolVersion::TlSv1);
            let behavior = behavior(config);
            behavior.compress = Some(false);
            behavior.response_headers_policy_id = None;
        })
        .await;
    let expected = ["no-http3", "no-ipv6", "old-tls", "no-compression", "no-security-headers", "no-hsts"];
    mended_by_bootstrap(&world, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_object_is_another() {
    let world = World::sound().await;
    world.edit(|config| config.default_root_object = Some("home.html".to_owned())).await;
    mended_by_bootstrap(&world, &["other-root-object", "root-fails"]).await;
}

/// The origin's name has a region in which the bucket is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_origin_names_another_region() {
    let world = World::sound().await;
    world.edit(|config| origin(config).domain_name = format!("{BUCKET}.s3.eu-west-1.amazonaws.com")).await;
    let expected = ["origin-in-wrong-region", "root-fails"];
    mended_by_bootstrap(&world, &expected).await;
}

/// An origin path of a folder that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_below_the_origin_path() {
    let world = World::sound().await;
    world.edit(|config| origin(config).origin_path = Some("/public".to_owned())).await;
    let expected = ["nothing-below-origin-path", "policy-does-not-match", "nothing-published", "root-fails"];
    finds(&world, &expected).await;
    world.try_bootstrap(|request| request.prefix = Some("live".parse().unwrap())).await.unwrap();
    is_sound(&world).await;
}

/// The function's code was changed in the console, and saved, but not published.
#[tokio::test(flavor = "multi_thread")]
async fn the_function_was_saved_and_not_published() {
    let world = World::sound().await;
    change_function(&world, "function handler(event) { return event.request; }", false).await;
    mended_by_bootstrap(&world, &["function-has-draft"]).await;
}

/// Some other code was published: it routes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_function_was_replaced() {
    let world = World::sound().await;
    change_function(&world, "function handler(event) { return event.request; }", true).await;
    mended_by_bootstrap(&world, &["function-outdated", "two-addresses"]).await;
}

async fn change_function(world: &World, code: &str, publish: bool) {
    let cloudfront = world.cloudfront();
    let arn = world.distribution().behavior.viewer_request_function;
    let name = arn.rsplit('/').next().unwrap();
    let read = cloudfront.describe_function().name(name).stage(FunctionStage::Development).send().await.unwrap();
    let config = FunctionConfig::builder().comment("").runtime(FunctionRuntime::CloudfrontJs20).build().unwrap();
    let update = cloudfront.update_function().name(name).if_match(read.e_tag.unwrap()).function_config(config);
    let updated = update.function_code(Blob::new(code)).send().await.unwrap();
    if publish {
        cloudfront.publish_function().name(name).if_match(updated.e_tag.unwrap()).send().await.unwrap();
    }
}

/// The single-page fallback of many tutorials.
pub fn fallback() -> CustomErrorResponses {
    let page = |code| {
        let response = CustomErrorResponse::builder().error_code(code).response_code("200");
        response.response_page_path("/index.html").error_caching_min_ttl(10).build().unwrap()
    };
    CustomErrorResponses::builder().quantity(2).items(page(403)).items(page(404)).build().unwrap()
}

/// The only origin.
pub fn origin(config: &mut DistributionConfig) -> &mut aws_sdk_cloudfront::types::Origin {
    &mut config.origins.as_mut().unwrap().items[0]
}

/// The default behavior.
pub fn behavior(config: &mut DistributionConfig) -> &mut aws_sdk_cloudfront::types::DefaultCacheBehavior {
    config.default_cache_behavior.as_mut().unwrap()
}
