//! Objects put, got, looked at, copied and deleted.

use aws_sdk_s3::{
    primitives::{ByteStream, DateTime},
    types::{ChecksumAlgorithm, ChecksumMode, Delete, MetadataDirective, ObjectIdentifier},
};
use cruddur_site::{local::REGION, site::Sha256};

use crate::{Rehearsal, code, s3_client};

/// The MD5 of `<h1>hello</h1>`.
const HELLO_ETAG: &str = "\"a01618fc9b714c0e530f525e1bd6b123\"";

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let rehearsal = Rehearsal::with_bucket().await;
    let put = rehearsal
        .s3
        .put_object()
        .bucket("bucket")
        .key("about/index.html")
        .body(ByteStream::from_static(b"<h1>hello</h1>"))
        .checksum_sha256(Sha256::of(b"<h1>hello</h1>").base64())
        .cache_control("no-cache")
        .content_type("text/html; charset=utf-8")
        .content_encoding("br")
        .content_language("de")
        .content_disposition("inline")
        .expires(DateTime::from_secs(1_900_000_000))
        .metadata("release", "42")
        .send()
        .await
        .unwrap();
    assert_eq!((put.e_tag(), put.version_id()), (Some(HELLO_ETAG), None));

    let head = rehearsal
        .s3
        .head_object()
        .bucket("bucket")
        .key("about/index.html")
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .unwrap();
    assert_eq!(head.e_tag(), Some(HELLO_ETAG));
    assert_eq!(head.content_length(), Some(14));
    assert_eq!(head.checksum_sha256(), Some(Sha256::of(b"<h1>hello</h1>").base64().as_str()));
    assert_eq!(head.cache_control(), Some("no-cache"));
    assert_eq!(head.content_type(), Some("text/html; charset=utf-8"));
    assert_eq!(head.content_encoding(), Some("br"));
    assert_eq!(head.content_language(), Some("de"));
    assert_eq!(head.content_disposition(), Some("inline"));
    assert_eq!(head.expires_string(), Some("Sun, 17 Mar 2030 17:46:40 GMT"));
    assert_eq!(head.metadata().unwrap()["release"], "42");
    assert_eq!(rehearsal.get("about/index.html").await, b"<h1>hello</h1>");

    let stored = rehearsal.account.object("bucket", "about/index.html").unwrap().unwrap();
    assert_eq!(std::fs::read(&stored.path).unwrap(), b"<h1>hello</h1>");
    assert_eq!((stored.size, stored.etag.as_str()), (14, HELLO_ETAG));
    assert_eq!(stored.headers.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(rehearsal.account.object("bucket", "missing").unwrap(), None);
    assert_eq!(rehearsal.account.object("missing", "index.html").unwrap(), None);
}

#[tokio::test]
async fn other_bytes_than_declared_are_refused_and_leave_nothing() {
    let rehearsal = Rehearsal::with_bucket().await;
    let put = || rehearsal.s3.put_object().bucket("bucket").key("a").body(ByteStream::from_static(b"true"));
    let wrong = Sha256::of(b"false").base64();
    assert_eq!(code(put().checksum_sha256(&wrong).send().await), "BadDigest");
    assert_eq!(code(put().content_md5("1B2M2Y8AsgTpgAmY7PhCfg==").send().await), "BadDigest");
    assert_eq!(code(put().content_md5("short").send().await), "InvalidDigest");
    assert_eq!(code(put().checksum_crc32_c("AAAAAA==").send().await), "BadDigest");
    assert_eq!(code(put().checksum_sha256("short").send().await), "InvalidRequest");
    let two = put().checksum_sha256(Sha256::of(b"true").base64()).checksum_crc32("AAAAAA==");
    assert_eq!(code(two.send().await), "InvalidRequest");
    assert!(rehearsal.keys().await.is_empty());
}

#[tokio::test]
async fn every_checksum_the_sdk_computes_is_taken_and_kept() {
    let rehearsal = Rehearsal::with_bucket().await;
    let algorithms = [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ];
    for algorithm in algorithms {
        let body = ByteStream::from(vec![7; 300_000]);
        let put = rehearsal.s3.put_object().bucket("bucket").key(algorithm.as_str()).body(body);
        put.checksum_algorithm(algorithm.clone()).send().await.unwrap();
        let got = rehearsal.s3.get_object().bucket("bucket").key(algorithm.as_str());
        let got = got.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        let kept = [
            got.checksum_crc32(),
            got.checksum_crc32_c(),
            got.checksum_crc64_nvme(),
            got.checksum_sha1(),
            got.checksum_sha256(),
        ];
        assert_eq!(kept.iter().flatten().count(), 1, "{algorithm}");
        // The SDK compares the body with that checksum while it reads.
        assert_eq!(got.body.collect().await.unwrap().to_vec(), vec![7; 300_000], "{algorithm}");
    }
}

#[tokio::test]
async fn bodies_stream_from_files_in_chunks_with_a_trailer() {
    let rehearsal = Rehearsal::with_bucket().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let body = ByteStream::from_path(file.path()).await.unwrap();
    rehearsal.s3.put_object().bucket("bucket").key("video.mp4").body(body).send().await.unwrap();
    assert_eq!(rehearsal.get("video.mp4").await, bytes);
    let head = rehearsal.s3.head_object().bucket("bucket").key("video.mp4").send().await.unwrap();
    assert_eq!(head.content_encoding(), None);
}

#[tokio::test]
async fn every_name_a_file_can_have_is_a_key() {
    let rehearsal = Rehearsal::with_bucket().await;
    let mut keys = vec![
        "a b.txt",
        "a+b.txt",
        "100%.txt",
        "100%25.txt",
        "a%2Fb",
        "back\\slash",
        "\"quotes\" 'single'",
        "🦀/ü.html",
        "e\u{301}.txt",
        "a//b",
        "//a",
        "a/./b/../c",
        "a&b<c>.txt",
        "?query=1",
        "#hash",
        "semi;colon",
        "new\nline",
        "tilde~!@$^*()[]{}|,:=",
        "folder/",
        "~",
    ];
    for key in &keys {
        rehearsal.put(key, key).await;
        assert_eq!(rehearsal.get(key).await, key.as_bytes(), "{key}");
        let copy = format!("copies/{key}");
        let source =
            format!("bucket/{}", percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC));
        rehearsal.s3.copy_object().bucket("bucket").key(&copy).copy_source(source).send().await.unwrap();
        assert_eq!(rehearsal.get(&copy).await, key.as_bytes(), "{copy}");
        rehearsal.s3.delete_object().bucket("bucket").key(&copy).send().await.unwrap();
    }
    keys.sort_unstable();
    assert_eq!(rehearsal.keys().await, keys);

    let identifiers = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(identifiers.collect())).build().unwrap();
    let deleted = rehearsal.s3.delete_objects().bucket("bucket").delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (keys.len(), 0));
    assert!(rehearsal.keys().await.is_empty());
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_the_headers() {
    let rehearsal = Rehearsal::with_bucket().await;
    let put = rehearsal.s3.put_object().bucket("bucket").key("a").body(ByteStream::from_static(b"body"));
    let put = put.cache_control("no-cache").metadata("a", "1").checksum_sha256(Sha256::of(b"body").base64());
    let etag = put.send().await.unwrap().e_tag.unwrap();
    let copy = |key: &str| rehearsal.s3.copy_object().bucket("bucket").key(key).copy_source("bucket/a");
    let head = async |key: &str| {
        let head = rehearsal.s3.head_object().bucket("bucket").key(key);
        head.checksum_mode(ChecksumMode::Enabled).send().await.unwrap()
    };

    let copied = copy("b").copy_source_if_match(&etag).send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), Some(etag.as_str()));
    let kept = head("b").await;
    assert_eq!((kept.cache_control(), kept.metadata().unwrap()["a"].as_str()), (Some("no-cache"), "1"));

    copy("a").metadata_directive(MetadataDirective::Replace).cache_control("max-age=1").send().await.unwrap();
    let replaced = head("a").await;
    assert_eq!((replaced.cache_control(), replaced.e_tag()), (Some("max-age=1"), Some(etag.as_str())));
    assert_eq!(replaced.metadata().unwrap().len(), 0);
    assert_eq!(replaced.checksum_sha256(), Some(Sha256::of(b"body").base64().as_str()));

    assert_eq!(code(copy("a").send().await), "InvalidRequest");
    assert_eq!(code(copy("c").copy_source_if_match("\"other\"").send().await), "PreconditionFailed");
    assert_eq!(code(copy("c").copy_source_if_none_match(&etag).send().await), "PreconditionFailed");
    assert_eq!(code(copy("c").copy_source("bucket/missing").send().await), "NoSuchKey");
    assert_eq!(code(copy("c").copy_source("missing/a").send().await), "NoSuchBucket");
}

#[tokio::test]
async fn ranges_and_conditions_of_reads_hold() {
    let rehearsal = Rehearsal::with_bucket().await;
    let etag = rehearsal.put("a", "0123456789").await.e_tag.unwrap();
    let get = || rehearsal.s3.get_object().bucket("bucket").key("a");
    for (range, expected) in [("bytes=2-4", "234"), ("bytes=7-", "789"), ("bytes=-2", "89"), ("bytes=8-99", "89")] {
        let got = get().range(range).send().await.unwrap();
        let length = got.content_length().unwrap();
        let body = got.body.collect().await.unwrap().to_vec();
        assert_eq!((body.as_slice(), length), (expected.as_bytes(), expected.len() as i64), "{range}");
    }
    let got = get().range("bytes=2-4").send().await.unwrap();
    assert_eq!(got.content_range(), Some("bytes 2-4/10"));
    assert_eq!(code(get().range("bytes=10-").send().await), "InvalidRange");

    let past = DateTime::from_secs(1_000_000_000);
    assert!(get().if_match(&etag).send().await.is_ok());
    assert!(get().if_none_match("\"other\"").if_modified_since(past).send().await.is_ok());
    assert_eq!(code(get().if_match("\"other\"").send().await), "PreconditionFailed");
    assert_eq!(code(get().if_unmodified_since(past).send().await), "PreconditionFailed");
    let unchanged = get().if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(unchanged.raw_response().unwrap().status().as_u16(), 304);
}

#[tokio::test]
async fn what_is_missing_or_wrong_has_its_error() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    assert_eq!(code(s3.get_object().bucket("bucket").key("a").send().await), "NoSuchKey");
    assert_eq!(code(s3.head_object().bucket("bucket").key("a").send().await), "NotFound");
    assert_eq!(code(s3.get_object().bucket("missing").key("a").send().await), "NoSuchBucket");
    assert_eq!(code(s3.list_objects_v2().bucket("missing").send().await), "NoSuchBucket");
    assert_eq!(code(s3.put_object().bucket("missing").key("a").send().await), "NoSuchBucket");
    assert_eq!(code(s3.put_object().bucket("bucket").key("k".repeat(1025)).send().await), "KeyTooLongError");
    assert!(s3.put_object().bucket("bucket").key("k".repeat(1024)).send().await.is_ok());
    let large = s3.put_object().bucket("bucket").key("a").metadata("m", "v".repeat(2048));
    assert_eq!(code(large.send().await), "MetadataTooLarge");
    assert!(s3.delete_object().bucket("bucket").key("never was").send().await.is_ok());
}

#[tokio::test]
async fn only_the_local_key_is_let_in() {
    let rehearsal = Rehearsal::with_bucket().await;
    let stranger = s3_client(rehearsal.server.url(), REGION, "another secret");
    assert_eq!(code(stranger.list_objects_v2().bucket("bucket").send().await), "SignatureDoesNotMatch");
    let unknown = s3_client_of("SOMEBODY", rehearsal.server.url());
    assert_eq!(code(unknown.list_objects_v2().bucket("bucket").send().await), "InvalidAccessKeyId");
    let unsigned = reqwest::get(format!("{}/bucket/a", rehearsal.server.url())).await.unwrap();
    assert_eq!(unsigned.status(), 403);
}

fn s3_client_of(access_key_id: &str, url: &str) -> aws_sdk_s3::Client {
    let credentials = aws_credential_types::Credentials::new(access_key_id, "secret", None, None, "test");
    let config = s3_client(url, REGION, "secret").config().to_builder().credentials_provider(credentials).build();
    aws_sdk_s3::Client::from_conf(config)
}
