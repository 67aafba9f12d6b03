//! Who may read the bucket: the policy decides, and the answer says what it lacks.

use cruddur_site::{
    local::edge::BucketAccess,
    setup::{
        observed::{AccessControl, Distribution},
        policy::policy_of_bucket,
    },
    site::Headers,
};
use serde_json::{Value, json};

use crate::support::{Site, access, access_control, header};

const BUCKET: &str = "arn:aws:s3:::bucket";
const E1: &str = "arn:aws:cloudfront::000000000000:distribution/E1";

fn let_in(site: &Site, change: impl FnOnce(&mut BucketAccess)) {
    let mut one = access("bucket");
    change(&mut one);
    site.account.buckets.lock().unwrap().insert("bucket".into(), one);
}

fn statement(principal: Value, action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource })
}

fn policy(statements: &[Value]) -> Option<Value> {
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

async fn site(change: impl FnOnce(&mut Distribution)) -> Site {
    let site = Site::with(change).await;
    site.put("a.txt", "hello", "text/plain", None);
    site
}

/// Status, and the code in the body.
async fn told(site: &Site, path: &str) -> (u16, String) {
    let (status, _, body) = site.seen(path).await;
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    (status, code.map_or(body.clone(), |(code, _)| code.to_owned()))
}

fn denied() -> (u16, String) {
    (403, "AccessDenied".into())
}

fn missing() -> (u16, String) {
    (404, "NoSuchKey".into())
}

#[tokio::test]
async fn the_policy_is_for_this_distribution() {
    let site = site(|_| {}).await;
    assert_eq!(told(&site, "/a.txt").await, (200, "hello".into()));
    assert_eq!(told(&site, "/b.txt").await, missing());

    let other = format!("{E1}X");
    let_in(&site, |one| one.policy = Some(policy_of_bucket(BUCKET, "live", &other, None, false)));
    site.pass(100_000);
    let (status, _, body) = site.seen("/a.txt").await;
    assert_eq!(status, 403);
    assert!(body.contains("does not let distribution E1 read live/a.txt"), "{body}");

    let_in(&site, |one| one.policy = None);
    assert_eq!(told(&site, "/a.txt").await, denied());
    let_in(&site, |one| one.policy = access("bucket").policy);
    assert_eq!(told(&site, "/a.txt").await.0, 200, "a refusal is not kept");
}

#[tokio::test]
async fn without_the_permission_to_list_what_is_missing_is_forbidden() {
    let site = site(|_| {}).await;
    let mut read = statement(json!({ "Service": "cloudfront.amazonaws.com" }), "s3:GetObject", "arn:aws:s3:::bucket/*");
    read["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": E1 } });
    let_in(&site, |one| one.policy = policy(&[read]));
    assert_eq!(told(&site, "/a.txt").await.0, 200);
    let (status, _, body) = site.seen("/b.txt").await;
    assert_eq!(status, 403);
    assert!(body.contains("s3:ListBucket"), "{body}");
}

#[tokio::test]
async fn nothing_is_read_without_an_access_control_that_signs() {
    let unsigned = site(|only| only.origin.access_control = String::new()).await;
    assert_eq!(told(&unsigned, "/a.txt").await, denied());
    let unknown = site(|only| only.origin.access_control = "EGONE".into()).await;
    assert_eq!(told(&unknown, "/a.txt").await, denied());
    for (behavior, origin_type) in [("never", "s3"), ("always", "lambda")] {
        let site = site(|_| {}).await;
        let changed =
            AccessControl { signing_behavior: behavior.into(), origin_type: origin_type.into(), ..access_control() };
        *site.account.access_controls.lock().unwrap() = vec![changed];
        assert_eq!(told(&site, "/a.txt").await, denied());
    }
}

#[tokio::test]
async fn a_public_bucket_is_read_by_all_unless_that_is_restricted() {
    let site = site(|only| only.origin.access_control = String::new()).await;
    let public = policy(&[statement(json!("*"), "s3:GetObject", "arn:aws:s3:::bucket/*")]);
    let_in(&site, |one| (one.policy, one.restricts_public) = (public.clone(), true));
    assert_eq!(told(&site, "/a.txt").await, denied());
    let_in(&site, |one| (one.policy, one.restricts_public) = (public, false));
    assert_eq!(told(&site, "/a.txt").await.0, 200);
    assert_eq!(told(&site, "/b.txt").await, denied());
}

#[tokio::test]
async fn a_legacy_access_identity_reads_as_itself() {
    let site = site(|only| {
        only.origin.access_control = String::new();
        only.origin.access_identity = "origin-access-identity/cloudfront/E2OLD".into();
    })
    .await;
    let identity =
        |id| json!({ "AWS": format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id}") });
    let_in(&site, |one| {
        one.policy = policy(&[statement(identity("E2OTHER"), "s3:GetObject", "arn:aws:s3:::bucket/*")])
    });
    assert_eq!(told(&site, "/a.txt").await, denied());
    let_in(&site, |one| one.policy = policy(&[statement(identity("E2OLD"), "s3:GetObject", "arn:aws:s3:::bucket/*")]));
    assert_eq!(told(&site, "/a.txt").await.0, 200);
}

#[tokio::test]
async fn the_state_is_never_read() {
    let site = Site::with(|only| only.origin.path = String::new()).await;
    // `put_with` stores below `live/`, which is a folder like any other here.
    site.put_with("bucket", "page.html", b"page", Headers::default());
    let state = site.account.objects.lock().unwrap()[&("bucket".to_owned(), "live/page.html".to_owned())].clone();
    let key = ("bucket".to_owned(), ".cruddur-site/live/manifest.json".to_owned());
    site.account.objects.lock().unwrap().insert(key, state);
    let open = policy(&[statement(json!("*"), "s3:*", "*")]);
    for existing in [None, open] {
        let policy = policy_of_bucket(BUCKET, "", E1, existing.as_ref(), false);
        let_in(&site, |one| (one.policy, one.restricts_public) = (Some(policy), false));
        assert_eq!(told(&site, "/live/page.html").await.0, 200);
        for path in [
            "/.cruddur-site/live/manifest.json",
            "//.cruddur-site/live/manifest.json",
            "/%2Ecruddur-site%2Flive/manifest.json",
            "/x/%2e%2e/.cruddur-site/live/manifest.json",
        ] {
            let (status, _) = told(&site, path).await;
            assert!(status == 403 || status == 404, "{path} {status}");
        }
    }
    assert_eq!(told(&site, "/.cruddur-site/live/manifest.json").await, denied());
}

#[tokio::test]
async fn the_root_is_never_listed() {
    let site = site(|only| {
        only.origin.path = String::new();
        only.default_root_object = String::new();
    })
    .await;
    let_in(&site, |one| one.policy = Some(policy_of_bucket(BUCKET, "", E1, None, false)));
    let (status, _, body) = site.seen("/").await;
    assert_eq!(status, 403);
    assert!(body.contains("default root object"), "{body}");
    let list = statement(json!("*"), "s3:*", "*");
    let_in(&site, |one| (one.policy, one.restricts_public) = (policy(&[list]), false));
    assert_eq!(told(&site, "/").await, missing());
}

#[tokio::test]
async fn an_origin_that_names_another_region_is_refused() {
    let site = site(|only| only.origin.domain = "bucket.s3.eu-west-1.amazonaws.com".into()).await;
    assert_eq!(told(&site, "/a.txt").await, (301, "PermanentRedirect".into()));
}

#[tokio::test]
async fn error_pages_are_read_under_the_same_policy() {
    let response = |page: &str| cruddur_site::setup::observed::ErrorResponse {
        error_code: 403,
        page: page.into(),
        response_code: Some(404),
        minimum_ttl: 10,
    };
    let site = site(|only| only.error_responses.push(response("/404.html"))).await;
    site.put("404.html", "lost?", "text/html", None);
    let mut read =
        statement(json!({ "Service": "cloudfront.amazonaws.com" }), "s3:GetObject", "arn:aws:s3:::bucket/live/4*");
    read["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": E1 } });
    let_in(&site, |one| one.policy = policy(&[read]));
    assert_eq!(site.seen("/a.txt").await, (404, "Error".into(), "lost?".into()));
    let_in(&site, |one| one.policy = None);
    assert_eq!(told(&site, "/a.txt").await, denied());
}

#[tokio::test]
async fn a_policy_that_demands_https_is_kept_by_the_rest_endpoint() {
    let site = site(|_| {}).await;
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                       "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
    let_in(&site, |one| one.policy.as_mut().unwrap()["Statement"].as_array_mut().unwrap().push(deny));
    let response = site.get("/a.txt").await;
    assert_eq!((response.status().as_u16(), header(&response, "server")), (200, "AmazonS3".into()));
}
