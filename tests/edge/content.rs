//! What a viewer gets of an object: headers, encodings, conditions, parts.

use std::io::Read as _;

use cruddur_site::site::Headers;
use reqwest::{Method, StatusCode};

use crate::support::{MODIFIED, Site, header};

#[tokio::test]
async fn an_object_comes_with_its_headers_and_those_of_the_edge() {
    let site = Site::with(|_| {}).await;
    let headers = Headers {
        cache_control: Some("max-age=60".into()),
        content_type: Some("text/plain; charset=utf-8".into()),
        content_language: Some("de".into()),
        content_disposition: Some("inline".into()),
        metadata: [("release".to_owned(), "r1".to_owned())].into(),
        ..Headers::default()
    };
    site.put_with("bucket", "a.txt", b"hello", headers);
    let response = site.get("/a.txt").await;
    let table = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-language", "de"),
        ("content-disposition", "inline"),
        ("cache-control", "max-age=60"),
        ("content-length", "5"),
        ("x-amz-meta-release", "r1"),
        ("last-modified", MODIFIED),
        ("accept-ranges", "bytes"),
        ("server", "AmazonS3"),
        ("x-cache", "Miss from cloudfront"),
        ("age", ""),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-frame-options", "SAMEORIGIN"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-xss-protection", "1; mode=block"),
    ];
    for (name, value) in table {
        assert_eq!(header(&response, name), value, "{name}");
    }
    assert!(header(&response, "etag").starts_with('"') && header(&response, "via").ends_with("(CloudFront)"));
    assert!(!header(&response, "x-amz-cf-pop").is_empty() && !header(&response, "x-amz-cf-id").is_empty());
    assert_eq!(response.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn text_is_compressed_as_the_viewer_likes() {
    let site = Site::with(|_| {}).await;
    let text = "compress me ".repeat(200);
    site.put("a.css", &text, "text/css", None);
    site.put("small.css", "a{}", "text/css", None);
    site.put("a.png", &text, "image/png", None);
    let packed =
        Headers { content_type: Some("text/css".into()), content_encoding: Some("gzip".into()), ..Headers::default() };
    site.put_with("bucket", "packed.css", text.as_bytes(), packed);
    let table = [
        ("/a.css", "gzip, br", "br", "Accept-Encoding"),
        ("/a.css", "gzip", "gzip", "Accept-Encoding"),
        ("/a.css", "identity", "", "Accept-Encoding"),
        ("/small.css", "gzip, br", "", ""),
        ("/a.png", "gzip, br", "", ""),
        ("/packed.css", "br", "gzip", ""),
    ];
    for (path, accept, encoding, vary) in table {
        let response = site.ask(Method::GET, path, &[("accept-encoding", accept)]).await;
        assert_eq!((header(&response, "content-encoding"), header(&response, "vary")), (encoding.into(), vary.into()));
        let compressed = path == "/a.css" && !encoding.is_empty();
        assert_eq!(header(&response, "etag").starts_with("W/"), compressed, "{path} {accept}");
        assert_eq!(header(&response, "accept-ranges").is_empty(), compressed, "{path} {accept}");
        let length: usize = header(&response, "content-length").parse().unwrap();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes.len(), length);
        let mut read = String::new();
        match encoding {
            "br" => drop(brotli::Decompressor::new(&bytes[..], 4096).read_to_string(&mut read).unwrap()),
            "gzip" if compressed => drop(flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut read).unwrap()),
            _ => read = String::from_utf8(bytes.to_vec()).unwrap(),
        }
        assert!(read == text || read == "a{}", "{path} {accept}");
    }
    let site = Site::with(|only| only.behavior.compress = false).await;
    site.put("a.css", &text, "text/css", None);
    let response = site.ask(Method::GET, "/a.css", &[("accept-encoding", "br")]).await;
    assert_eq!(header(&response, "content-encoding"), "");
}

#[tokio::test]
async fn what_the_viewer_has_is_not_sent_again() {
    let site = Site::with(|_| {}).await;
    site.put("a.css", "text ".repeat(400), "text/css", Some("no-cache"));
    let first = site.ask(Method::GET, "/a.css", &[("accept-encoding", "br")]).await;
    let weak = header(&first, "etag");
    let table = [
        (vec![("if-none-match", weak.as_str()), ("accept-encoding", "br")], 304),
        (vec![("if-none-match", weak.trim_start_matches("W/"))], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", "\"other\"")], 200),
        (vec![("if-modified-since", MODIFIED)], 304),
        (vec![("if-none-match", "\"other\""), ("if-modified-since", MODIFIED)], 200),
    ];
    for (headers, status) in table {
        let response = site.ask(Method::GET, "/a.css", &headers).await;
        assert_eq!(response.status().as_u16(), status, "{headers:?}");
        if status == 304 {
            assert_eq!(header(&response, "cache-control"), "no-cache");
            assert_eq!(header(&response, "vary"), "Accept-Encoding");
            assert!(!header(&response, "etag").is_empty() && header(&response, "content-type").is_empty());
            assert!(response.bytes().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn ranges_are_given_from_memory_and_from_large_files() {
    let site = Site::with(|_| {}).await;
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    site.put("large.bin", &large, "application/octet-stream", None);
    site.put("small.bin", &large[..1000], "application/octet-stream", None);
    for (path, bytes) in [("/large.bin", &large[..]), ("/small.bin", &large[..1000])] {
        let whole = site.get(path).await;
        let etag = header(&whole, "etag");
        assert_eq!(header(&whole, "content-length"), bytes.len().to_string());
        assert_eq!(whole.bytes().await.unwrap(), bytes);
        let last = bytes.len() - 1;
        let table = [
            ("bytes=0-9".to_owned(), 0..10),
            ("bytes=100-".to_owned(), 100..bytes.len()),
            ("bytes=-100".to_owned(), bytes.len() - 100..bytes.len()),
            (format!("bytes={last}-{}", last + 500), last..last + 1),
        ];
        for (range, expected) in table {
            let response = site.ask(Method::GET, path, &[("range", &range), ("if-range", &etag)]).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            let content_range = format!("bytes {}-{}/{}", expected.start, expected.end - 1, bytes.len());
            assert_eq!(header(&response, "content-range"), content_range);
            assert_eq!(header(&response, "content-length"), expected.len().to_string());
            assert_eq!(response.bytes().await.unwrap(), bytes[expected]);
        }
        let beyond = site.ask(Method::GET, path, &[("range", &format!("bytes={}-", bytes.len()))]).await;
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&beyond, "content-range"), format!("bytes */{}", bytes.len()));
        for headers in [[("range", "bytes=0-1,3-4"), ("x", "")], [("range", "bytes=0-1"), ("if-range", "\"other\"")]] {
            let response = site.ask(Method::GET, path, &headers).await;
            assert_eq!((response.status(), response.bytes().await.unwrap().len()), (StatusCode::OK, bytes.len()));
        }
    }
}

#[tokio::test]
async fn only_get_and_head_are_answered() {
    let site = Site::with(|_| {}).await;
    site.put("a.txt", "hello", "text/plain", None);
    let head = site.ask(Method::HEAD, "/a.txt", &[]).await;
    assert_eq!((head.status(), header(&head, "content-length")), (StatusCode::OK, "5".into()));
    assert!(head.bytes().await.unwrap().is_empty());
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let response = site.ask(method, "/a.txt", &[]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
}
