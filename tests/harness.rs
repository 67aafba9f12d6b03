//! The test bed tested: what the stories take for granted.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective};
use regex::Regex;
use support::moto::{self, HostedSite, MotoServer, distribution_config};
use support::{Folder, browser, node, once};

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const NO_SUCH_MD5: &str = "\"00000000000000000000000000000000\"";

#[tokio::test]
async fn moto_keeps_objects_as_s3_does() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, .. } = moto.create_site("objects.example").await;
    let s3 = moto.s3();

    let put = s3.put_object().bucket(&bucket).key("live/naïve café #1.txt").body(b"hello".to_vec().into());
    let put = put.cache_control("no-cache").content_type("text/plain; charset=utf-8").send().await.unwrap();
    assert_eq!(put.e_tag(), Some(HELLO_MD5));

    let list = s3.list_objects_v2().bucket(&bucket).prefix("live/").send().await.unwrap();
    let [object] = list.contents() else { panic!("one object, not {:?}", list.contents()) };
    assert_eq!(object.key(), Some("live/naïve café #1.txt"));
    assert_eq!(object.e_tag(), Some(HELLO_MD5));
    assert_eq!(object.size(), Some(5));

    let head = s3.head_object().bucket(&bucket).key("live/naïve café #1.txt").send().await.unwrap();
    assert_eq!(head.cache_control(), Some("no-cache"));
    assert_eq!(head.content_type(), Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn moto_refuses_writes_whose_condition_fails() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, .. } = moto.create_site("conditions.example").await;
    let s3 = moto.s3();
    let put = |key: &str| s3.put_object().bucket(&bucket).key(key).body(b"hello".to_vec().into());

    put("a").if_none_match("*").send().await.unwrap();
    let again = put("a").if_none_match("*").send().await.unwrap_err();
    assert_eq!(again.code(), Some("PreconditionFailed"));
    put("a").if_match(HELLO_MD5).send().await.unwrap();
    let rival = put("a").if_match(NO_SUCH_MD5).send().await.unwrap_err();
    assert_eq!(rival.code(), Some("PreconditionFailed"));
    let missing = put("b").if_match(HELLO_MD5).send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchKey"));
    let delete = s3.delete_object().bucket(&bucket).key("a").if_match(NO_SUCH_MD5).send().await.unwrap_err();
    assert_eq!(delete.code(), Some("PreconditionFailed"));
}

#[tokio::test]
async fn moto_replaces_headers_by_a_copy() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, .. } = moto.create_site("copies.example").await;
    let s3 = moto.s3();
    let put = s3.put_object().bucket(&bucket).key("a").body(b"hello".to_vec().into()).cache_control("no-cache");
    put.content_type("text/css").metadata("x", "y").send().await.unwrap();

    let copy = || s3.copy_object().bucket(&bucket).key("a").copy_source(format!("{bucket}/a"));
    assert_eq!(copy().send().await.unwrap_err().code(), Some("InvalidRequest"));
    let replace = copy().metadata_directive(MetadataDirective::Replace).content_type("text/plain");
    replace.send().await.unwrap();

    let head = s3.head_object().bucket(&bucket).key("a").send().await.unwrap();
    assert_eq!((head.e_tag(), head.content_type(), head.cache_control()), (Some(HELLO_MD5), Some("text/plain"), None));
    assert!(head.metadata().is_none_or(std::collections::HashMap::is_empty));
}

#[tokio::test]
async fn moto_uploads_in_parts() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, .. } = moto.create_site("parts.example").await;
    let s3 = moto.s3();
    let begun = s3.create_multipart_upload().bucket(&bucket).key("live/film.mp4").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let part = s3.upload_part().bucket(&bucket).key("live/film.mp4").upload_id(id).part_number(1);
    assert_eq!(part.body(b"hello".to_vec().into()).send().await.unwrap().e_tag(), Some(HELLO_MD5));

    let under = async |prefix: &str| {
        let list = s3.list_multipart_uploads().bucket(&bucket).prefix(prefix).send().await.unwrap();
        list.uploads().iter().filter_map(|upload| upload.upload_id().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(under("live/").await, [id]);
    assert!(under("previews/").await.is_empty());
    s3.abort_multipart_upload().bucket(&bucket).key("live/film.mp4").upload_id(id).send().await.unwrap();
    assert!(under("live/").await.is_empty());
}

#[tokio::test]
async fn moto_knows_distributions_and_invalidations() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, distribution } = moto.create_site("edge.example").await;
    let cloudfront = moto.cloudfront();

    let list = cloudfront.list_distributions().send().await.unwrap().distribution_list.unwrap();
    let ours = list.items().iter().find(|d| d.aliases().is_some_and(|a| a.items() == ["edge.example"])).unwrap();
    assert_eq!(ours.id(), distribution);
    let origin = &ours.origins().unwrap().items()[0];
    assert_eq!(origin.domain_name(), format!("{bucket}.s3.us-east-1.amazonaws.com"));
    assert_eq!(origin.origin_path(), Some("/live"));

    let made = invalidate(moto, &distribution, "/caf%C3%A9/*").await;
    let got = cloudfront.get_invalidation().distribution_id(&distribution).id(&made).send().await.unwrap();
    let got = got.invalidation.unwrap();
    assert_eq!(got.invalidation_batch().unwrap().paths().unwrap().items(), ["/caf%C3%A9/*"]);
    let missing = cloudfront.get_invalidation().distribution_id(&distribution).id("I0").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchInvalidation"));
    let missing = cloudfront.get_distribution().id("E0").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchDistribution"));
}

/// Every difference told in `support::moto` that a story could stumble over: when one fails, moto has come nearer to AWS.
#[tokio::test]
async fn moto_still_differs_from_aws_where_we_say_so() {
    let Some(moto) = moto::server() else { return };
    let HostedSite { bucket, distribution } = moto.create_site("differences.example").await;
    let (s3, cloudfront) = (moto.s3(), moto.cloudfront());

    let wrong_sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let put = s3.put_object().bucket(&bucket).key("a").body(b"other".to_vec().into());
    let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256).checksum_sha256(wrong_sha256);
    assert!(put.send().await.is_ok(), "checksums are verified now");

    let copy = s3.copy_object().bucket(&bucket).key("b").copy_source(format!("{bucket}/a"));
    assert!(copy.copy_source_if_match(NO_SUCH_MD5).send().await.is_ok(), "copies have conditions now");

    let first = invalidate(moto, &distribution, "no slash").await;
    let second = invalidate(moto, &distribution, "no slash").await;
    assert_ne!(first, second, "caller references are idempotent now");
    let status = cloudfront.get_invalidation().distribution_id(&distribution).id(&first).send().await.unwrap();
    // CloudFront itself says "Completed".
    assert_eq!(status.invalidation.unwrap().status(), "COMPLETED");

    let mut config = distribution_config("differences.example", &bucket);
    config.caller_reference = "another".into();
    let rival = cloudfront.create_distribution().distribution_config(config).send().await;
    assert!(rival.is_ok(), "an alias belongs to one distribution now");

    let got = cloudfront.get_distribution().id(&distribution).send().await.unwrap().distribution.unwrap();
    let origins = got.distribution_config.unwrap().origins.unwrap();
    assert!(origins.items()[0].s3_origin_config().is_none(), "origins keep their kind now");
}

async fn invalidate(moto: &MotoServer, distribution: &str, path: &str) -> String {
    let paths = Paths::builder().quantity(1).items(path).build().unwrap();
    let batch = InvalidationBatch::builder().caller_reference("harness").paths(paths).build().unwrap();
    let create = moto.cloudfront().create_invalidation().distribution_id(distribution).invalidation_batch(batch);
    create.send().await.unwrap().invalidation.unwrap().id
}

#[test]
fn moto_ends_with_its_owner() {
    let Some(moto) = MotoServer::start() else { return };
    let address = moto.endpoint().trim_start_matches("http://").to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(moto);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[test]
fn the_react_example_builds() {
    let Some(dist) = node::build_example("react-app") else { return };
    let page = fs::read_to_string(dist.join("index.html")).unwrap();
    for (what, pattern) in [
        ("the script", r#"src="/(assets/index-[\w-]{8}\.js)""#),
        ("the style sheet", r#"href="/(assets/index-[\w-]{8}\.css)""#),
    ] {
        let found = Regex::new(pattern).unwrap().captures(&page).unwrap_or_else(|| panic!("{what} in {page}"));
        assert!(dist.join(&found[1]).is_file(), "{} is not there", &found[1]);
    }
    let assets: Vec<String> = files(&dist.join("assets"));
    for kind in [r"^Profile-[\w-]{8}\.js$", r"^harbour-[\w-]{8}\.svg$"] {
        let kind = Regex::new(kind).unwrap();
        assert!(assets.iter().any(|name| kind.is_match(name)), "no {kind} among {assets:?}");
    }
    for public in ["favicon.svg", "robots.txt", "site.webmanifest"] {
        assert!(dist.join(public).is_file(), "{public} is not copied from public/");
    }
}

/// Vite's way: the name carries the beginning of the content's digest, so a forgotten renaming is caught here.
#[test]
fn the_example_site_is_named_after_its_content() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site/assets");
    let names = files(&assets);
    assert!(!names.is_empty());
    let hashed = Regex::new(r"-([\w-]{8})\.\w+$").unwrap();
    for name in names {
        let content = fs::read(assets.join(&name)).unwrap();
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&content);
        let hash = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, digest);
        let found = hashed.captures(&name).unwrap_or_else(|| panic!("{name} has no hash"));
        assert_eq!(found[1], hash[..8], "{name}");
    }
}

#[tokio::test]
async fn a_browser_runs_scripts() {
    let page = r#"<!doctype html><p id="p">still</p><script>p.textContent = "moved"</script>"#;
    let folder = Folder::new().file("index.html", page);
    let url = format!("file://{}", folder.join("index.html").display());
    let Some(document) = browser::dump_dom(&url).await else { return };
    assert!(document.contains(r#"<p id="p">moved</p>"#), "{document}");
}

#[test]
fn work_done_once_is_not_done_again_unless_it_failed() {
    let name = format!("once-{}", std::process::id());
    let tries = std::cell::Cell::new(0);
    let attempt = |succeed: bool| {
        once::prepared(&name, |folder| {
            tries.set(tries.get() + 1);
            assert!(fs::read_dir(folder).unwrap().next().is_none(), "left over from a failure");
            fs::write(folder.join("half"), "done").unwrap();
            if succeed { Ok(()) } else { Err("broken".to_owned()) }
        })
    };
    assert_eq!(attempt(false).unwrap_err(), "broken");
    let folder = attempt(true).unwrap();
    assert_eq!(attempt(true).unwrap(), folder);
    assert_eq!(tries.get(), 2);

    fs::remove_dir_all(&folder).unwrap();
    fs::remove_file(folder.with_extension("ready")).unwrap();
    fs::remove_file(folder.with_extension("lock")).unwrap();
}

#[test]
fn a_failed_command_tells_what_it_said() {
    let said = once::run(Command::new("sh").args(["-c", "echo broken pipe >&2; exit 3"])).unwrap_err();
    assert!(said.contains("broken pipe") && said.contains('3'), "{said}");
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
