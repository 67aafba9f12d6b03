//! Origins that are a bucket's website endpoint, as people set them up by hand.

use cruddur_site::{
    local::edge::{BucketAccess, Website},
    site::Headers,
};
use serde_json::{Value, json};

use crate::support::{Site, header};

fn public() -> Option<Value> {
    Some(json!({ "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"
    } }))
}

async fn website(policy: Option<Value>, restricts_public: bool, website: Option<Website>) -> Site {
    let site = Site::with(|only| {
        only.origin.domain = "bucket.s3-website.eu-central-1.amazonaws.com".into();
        only.origin.is_s3 = false;
        only.origin.access_control = String::new();
        only.origin.protocol_policy = "http-only".into();
        only.default_root_object = String::new();
    })
    .await;
    let access = BucketAccess { region: "eu-central-1".into(), policy, restricts_public, website };
    site.account.buckets.lock().unwrap().insert("bucket".into(), access);
    for key in ["index.html", "about/index.html", "404.html"] {
        site.put_with("bucket", key, key.as_bytes(), Headers::default());
    }
    site
}

fn hosting(error_document: Option<&str>) -> Option<Website> {
    Some(Website { index_document: Some("index.html".into()), error_document: error_document.map(Into::into) })
}

#[tokio::test]
async fn folders_have_index_documents() {
    let site = website(public(), false, hosting(None)).await;
    assert_eq!(site.seen("/").await.2, "index.html");
    assert_eq!(site.seen("/about/").await.2, "about/index.html");
    let response = site.get("/about").await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (302, "/live/about/".into()));
    let (status, _, page) = site.seen("/gone").await;
    assert_eq!(status, 404);
    assert!(page.contains("<li>Code: NoSuchKey</li>"), "{page}");
}

#[tokio::test]
async fn errors_have_the_website_s_document() {
    let site = website(public(), false, hosting(Some("live/404.html"))).await;
    assert_eq!(site.seen("/gone").await, (404, "Error".into(), "404.html".into()));
    let site = website(public(), false, hosting(Some("nowhere.html"))).await;
    assert!(site.seen("/gone").await.2.contains("NoSuchKey"));
}

#[tokio::test]
async fn a_private_bucket_is_no_website() {
    for (policy, restricts) in [(None, false), (public(), true)] {
        let site = website(policy, restricts, hosting(Some("live/404.html"))).await;
        let (status, _, page) = site.seen("/").await;
        assert_eq!(status, 403);
        assert!(page.contains("<li>Code: AccessDenied</li>") && page.contains("public"), "{page}");
    }
}

#[tokio::test]
async fn a_bucket_without_hosting_says_so() {
    let site = website(public(), false, None).await;
    let (status, _, page) = site.seen("/").await;
    assert_eq!(status, 404);
    assert!(page.contains("NoSuchWebsiteConfiguration"), "{page}");
}
