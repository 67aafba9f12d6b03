//! Whole sites that never saw bootstrap: each as the tutorials of its time had it, taken over without a moment's pause
//! where it worked.

use aws_sdk_cloudfront::types::{
    Aliases, CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, MinimumProtocolVersion, Origin,
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols, OriginProtocolPolicy, Origins, S3OriginConfig, SslSupportMethod,
    ViewerCertificate, ViewerProtocolPolicy,
};
use aws_sdk_route53::types::{ChangeAction, RrType};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use cruddur_site::{ErrorKind, local::Certificate, setup::site::CACHING_OPTIMIZED};
use serde_json::json;

use crate::{
    bucket::{host_website, policy, public_statement, set_policy},
    distribution::fallback,
    dns::{alias, change, make_zone},
    support::Folder,
    world::{DOMAIN, WWW, World, finds, ids, is_sound},
};

/// The least that the console's form asks for, with an origin of this name.
fn form(domain: &str) -> DistributionConfig {
    let origin = Origin::builder().id(domain).domain_name(domain);
    let origin = if domain.contains("s3-website") {
        let custom = CustomOriginConfig::builder().http_port(80).https_port(443);
        origin.custom_origin_config(custom.origin_protocol_policy(OriginProtocolPolicy::HttpOnly).build().unwrap())
    } else {
        origin.s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
    };
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id(domain)
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .cache_policy_id(CACHING_OPTIMIZED)
        .compress(true)
        .build()
        .unwrap();
    DistributionConfig::builder()
        .caller_reference(domain)
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin.build().unwrap()).build().unwrap())
        .default_cache_behavior(behavior)
        .build()
        .unwrap()
}

fn names(names: &[&str]) -> Option<Aliases> {
    let items = names.iter().map(|name| (*name).to_owned()).collect();
    Some(Aliases::builder().quantity(names.len() as i32).set_items(Some(items)).build().unwrap())
}

fn certificate(world: &World, region: &str, names: &[&str]) -> (String, Option<ViewerCertificate>) {
    let certificate = Certificate::issued(names).in_region(region);
    world.account.keep_certificate(&certificate).unwrap();
    let viewer = ViewerCertificate::builder().acm_certificate_arn(&certificate.arn);
    let viewer = viewer.ssl_support_method(SslSupportMethod::SniOnly);
    (certificate.arn, Some(viewer.minimum_protocol_version(MinimumProtocolVersion::TlSv122021).build()))
}

/// Makes a distribution of a form; its id and its domain name.
async fn create(world: &World, form: DistributionConfig) -> (String, String) {
    let made = world.cloudfront().create_distribution().distribution_config(form).send().await.unwrap();
    let made = made.distribution.unwrap();
    world.deployed(&made.id).await;
    (made.id, made.domain_name)
}

/// Makes a bucket and puts a build into it, as `aws s3 sync` does: without any Cache-Control.
async fn sync(world: &World, bucket: &str, region: &str, build: &Folder) {
    let config = aws_sdk_s3::config::Builder::from(&world.console(region)).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region));
    let place = (region != "us-east-1").then(|| place.build());
    s3.create_bucket().bucket(bucket).set_create_bucket_configuration(place).send().await.unwrap();
    for key in build.keys() {
        let kind = mime_guess::from_path(&key).first_or_octet_stream().to_string();
        let put = s3.put_object().bucket(bucket).key(&key).content_type(kind);
        put.body(ByteStream::from(build.read(&key))).send().await.unwrap();
    }
}

async fn point(world: &World, zone: &str, name: &str, target: &str) {
    for kind in [RrType::A, RrType::Aaaa] {
        change(world, zone, ChangeAction::Upsert, alias(name, kind, target)).await;
    }
}

/// The website endpoint: a bucket that had to be opened to the world, a distribution in front of it that gains nothing,
/// and single-page routing by the error document. It works, and goes on working at every step of the repair.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_website_behind_cloudfront() {
    let world = World::empty().await;
    let build = Folder::site();
    sync(&world, DOMAIN, "us-east-1", &build).await;
    world.s3().delete_public_access_block().bucket(DOMAIN).send().await.unwrap();
    set_policy(&world, DOMAIN, &policy([public_statement(DOMAIN)])).await;
    host_website(&world, DOMAIN).await;
    let (zone, _) = make_zone(&world, "first").await;
    let mut form = form(&format!("{DOMAIN}.s3-website-us-east-1.amazonaws.com"));
    form.aliases = names(&[DOMAIN]);
    form.viewer_certificate = certificate(&world, "us-east-1", &[DOMAIN]).1;
    let (id, target) = create(&world, form).await;
    point(&world, &zone, DOMAIN, &target).await;
    assert_eq!(world.visit(DOMAIN, "/").await.status, 200, "it works before");

    let report = world.examine().await;
    let found = ids(&report);
    for expected in ["website-endpoint", "public-policy", "public-access-not-blocked", "plain-http", "root-page-cached"]
    {
        assert!(found.contains(expected), "{expected} is not in {report:#?}");
    }

    // Watched: every step of it leaves the page as it is.
    world.bootstrap().await;
    assert_eq!(world.distribution().id, id, "the distribution is adopted");
    world.answers(&build).await;
    // The site is at the bucket's root, beside what is remembered of releases: that is nobody's to read.
    world.publish(&build, &[]);
    world.answers(&build).await;
    let state = world.visit(DOMAIN, "/.cruddur-site/@root/manifest.json.gz").await;
    assert!([403, 404].contains(&state.status), "{}", state.status);
    let there = world.s3().head_object().bucket(DOMAIN).key(".cruddur-site/@root/manifest.json.gz").send().await;
    assert!(there.is_ok(), "the manifest is where it was looked for");
    // Hosting is of no use any more, but the owner's to turn off.
    finds(&world, &["website-hosting"]).await;
    world.s3().delete_bucket_website().bucket(DOMAIN).send().await.unwrap();
    is_sound(&world).await;
}

/// "The evening": the bucket in Frankfurt, the certificate beside it, so that the domain could not be entered; no root
/// object, no policy, and Route 53 that offers no alias target.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_in_the_apps_region() {
    let world = World::empty().await;
    let build = Folder::site();
    sync(&world, DOMAIN, "eu-central-1", &build).await;
    make_zone(&world, "first").await;
    certificate(&world, "eu-central-1", &[DOMAIN, WWW]);
    let (id, _) = create(&world, form(&format!("{DOMAIN}.s3.eu-central-1.amazonaws.com"))).await;

    let report = world.examine().await;
    let found = ids(&report);
    for expected in [
        "certificate-in-wrong-region",
        "alias-missing",
        "no-root-object",
        "no-access-control",
        "policy-does-not-match",
        "name-not-found",
        "root-fails",
    ] {
        assert!(found.contains(expected), "{expected} is not in {report:#?}");
    }

    world.bootstrap().await;
    assert_eq!(world.distribution().id, id, "the distribution is adopted");
    world.publish(&build, &[]);
    is_sound(&world).await;
}

/// The bucket and the distribution have names that tell nothing: the owner has to say which one is meant.
#[tokio::test(flavor = "multi_thread")]
async fn the_distribution_could_be_anybodys() {
    let world = World::empty().await;
    let build = Folder::site();
    sync(&world, "frontend-7f3a", "eu-central-1", &build).await;
    make_zone(&world, "first").await;
    certificate(&world, "us-east-1", &[DOMAIN, WWW]);
    let (id, _) = create(&world, form("frontend-7f3a.s3.eu-central-1.amazonaws.com")).await;
    let report = finds(&world, &["no-distribution", "certificate-not-attached", "root-fails"]).await;
    let finding = report.findings.iter().find(|finding| finding.id == "no-distribution").unwrap();
    assert!(finding.fix.contains(&format!("--distribution {id}")), "{}", finding.fix);
    world.try_bootstrap(|request| request.distribution = Some(id.parse().unwrap())).await.unwrap();
    world.publish(&build, &[]);
    is_sound(&world).await;
}

/// A single-page app by error pages: it works, and a missing script is HTML with status 200.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_page_app_by_error_pages() {
    let world = World::empty().await;
    let build = Folder::site();
    sync(&world, DOMAIN, "us-east-1", &build).await;
    let (zone, _) = make_zone(&world, "first").await;
    let control = OriginAccessControlConfig::builder()
        .name("frontend")
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3)
        .build()
        .unwrap();
    let made = world.cloudfront().create_origin_access_control().origin_access_control_config(control);
    let control = made.send().await.unwrap().origin_access_control.unwrap().id;
    let mut form = form(&format!("{DOMAIN}.s3.us-east-1.amazonaws.com"));
    form.aliases = names(&[DOMAIN]);
    form.viewer_certificate = certificate(&world, "us-east-1", &[DOMAIN]).1;
    form.default_root_object = Some("index.html".to_owned());
    form.custom_error_responses = Some(fallback());
    form.origins.as_mut().unwrap().items[0].origin_access_control_id = Some(control);
    let (id, target) = create(&world, form).await;
    let read = json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{DOMAIN}/*"),
        "Condition": { "StringEquals": { "AWS:SourceArn": format!("arn:aws:cloudfront::000000000000:distribution/{id}") } },
    });
    set_policy(&world, DOMAIN, &policy([read])).await;
    point(&world, &zone, DOMAIN, &target).await;
    assert_eq!(world.visit(DOMAIN, "/assets/gone.js").await.status, 200, "HTML for a missing script");

    let found = ids(&world.examine().await);
    for expected in ["errors-become-pages", "missing-is-a-page", "missing-is-forbidden", "state-is-readable"] {
        assert!(found.contains(expected), "{expected} is not in {found:?}");
    }
    world.bootstrap().await;
    world.publish(&build, &[]);
    is_sound(&world).await;
}

/// A second distribution, just to redirect `www`: the name is on that one, and can be on one only.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_distribution_redirects_www() {
    let world = World::sound().await;
    let certificate = world.distribution().certificate.unwrap();
    world.edit(|config| config.aliases = names(&[DOMAIN])).await;
    let mut form = form(&format!("{WWW}.s3-website-us-east-1.amazonaws.com"));
    form.aliases = names(&[WWW]);
    let viewer = ViewerCertificate::builder().acm_certificate_arn(certificate);
    let viewer = viewer.ssl_support_method(SslSupportMethod::SniOnly);
    form.viewer_certificate = Some(viewer.minimum_protocol_version(MinimumProtocolVersion::TlSv122021).build());
    let (second, target) = create(&world, form).await;
    let zone = world.route53().list_hosted_zones().send().await.unwrap().hosted_zones.remove(0).id;
    point(&world, &zone, WWW, &target).await;
    finds(&world, &["name-leads-elsewhere", "other-name-fails"]).await;
    let error = world.try_bootstrap(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains(&second) && error.next().contains("--no-www"), "{error:?}");
    world.edit_of(&second, |config| config.aliases = names(&[])).await;
    world.bootstrap().await;
    is_sound(&world).await;
}

/// A second distribution for `www` that never got a certificate, so that it could not have the name either.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_distribution_without_a_certificate() {
    let world = World::sound().await;
    world.edit(|config| config.aliases = names(&[DOMAIN])).await;
    let (_, target) = create(&world, form(&format!("{WWW}.s3-website-us-east-1.amazonaws.com"))).await;
    let zone = world.route53().list_hosted_zones().send().await.unwrap().hosted_zones.remove(0).id;
    point(&world, &zone, WWW, &target).await;
    finds(&world, &["name-leads-elsewhere", "other-name-fails"]).await;
    world.bootstrap().await;
    is_sound(&world).await;
}
