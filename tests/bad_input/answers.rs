//! What AWS answers on bad days, in the words of its API references, and networks that break.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use crate::{
    program::Program,
    rehearsal::Rehearsal,
    support::{Folder, faults::Fault},
};

/// A build that changes a page, adds a file and drops one.
fn next_build() -> Folder {
    let build = Folder::site().file("index.html", "<!doctype html><p>second").file("new.css", "p{}");
    build.remove("favicon.svg");
    build
}

const FIRST_READS: [&str; 2] = ["GetObject", "ListObjectsV2"];

#[tokio::test]
async fn refusals_before_anything_is_changed() {
    let redirect = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send \
                    all future requests to this endpoint.";
    let malformed = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
    let s3 = |status, code, message| FIRST_READS.map(|operation| Fault::s3(operation, status, code, message)).to_vec();
    let table: Vec<(&str, Vec<Fault>, &str)> = vec![
        ("expired-credentials", s3(400, "ExpiredToken", "The provided token has expired."), "credentials"),
        (
            "an-unknown-access-key",
            s3(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
            "credentials",
        ),
        (
            "a-wrong-secret",
            s3(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ),
            "credentials",
        ),
        (
            "expired-credentials-at-cloudfront",
            vec![Fault::cloudfront(
                "ListDistributions",
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            )],
            "credentials",
        ),
        (
            "a-wrong-clock",
            s3(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            "credentials",
        ),
        (
            "another-region-by-redirect",
            FIRST_READS
                .map(|o| Fault::s3(o, 301, "PermanentRedirect", redirect).header("x-amz-bucket-region", "eu-west-1"))
                .to_vec(),
            "config",
        ),
        (
            "another-region-by-signature",
            FIRST_READS
                .map(|o| {
                    Fault::s3_with(o, 400, "AuthorizationHeaderMalformed", malformed, "<Region>eu-west-1</Region>")
                })
                .to_vec(),
            "config",
        ),
        ("no-such-bucket", s3(404, "NoSuchBucket", "The specified bucket does not exist"), "not-found"),
    ];
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    for (name, faults, kind) in table {
        rehearsal.proxy.clear();
        faults.into_iter().for_each(|fault| rehearsal.proxy.inject(fault));
        rehearsal.publish(&next_build(), &[]).await.is_error(kind).reads(name, &[]);
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_with_its_resource() {
    let denied = |operation| Fault::s3(operation, 403, "AccessDenied", "Access Denied");
    let cloudfront = |operation, iam: &str, on: &str| {
        let who = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform:";
        let why = format!("because no identity-based policy allows the {iam} action");
        Fault::cloudfront(operation, 403, "AccessDenied", &format!("{who} {iam} on resource: {on} {why}"))
    };
    let distribution = "arn:aws:cloudfront::123456789012:distribution/E1";
    let table = [
        ("may-not-list", denied("ListObjectsV2"), "s3:ListBucket on arn:aws:s3:::cruddur.com "),
        (
            "may-not-read",
            denied("GetObject").of("manifest.json.gz"),
            "s3:GetObject on arn:aws:s3:::cruddur.com/.cruddur-site/live/manifest.json.gz ",
        ),
        (
            "may-not-list-and-the-object-is-not-there",
            Fault::s3(
                "GetObject",
                403,
                "AccessDenied",
                "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:ListBucket on resource: \
                 \"arn:aws:s3:::cruddur.com\" because no identity-based policy allows the s3:ListBucket action",
            )
            .of("lock.json"),
            "s3:ListBucket on arn:aws:s3:::cruddur.com ",
        ),
        (
            "denied-by-a-policy",
            Fault::s3(
                "ListObjectsV2",
                403,
                "AccessDenied",
                "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:ListBucket on resource: \
                 \"arn:aws:s3:::cruddur.com\" with an explicit deny in a resource-based policy",
            ),
            "s3:ListBucket on arn:aws:s3:::cruddur.com out of the Deny",
        ),
        (
            "may-not-write",
            denied("PutObject"),
            "s3:PutObject on arn:aws:s3:::cruddur.com/.cruddur-site/live/lock.json ",
        ),
        (
            "may-not-list-distributions",
            cloudfront("ListDistributions", "cloudfront:ListDistributions", "*"),
            "cloudfront:ListDistributions on * ",
        ),
        (
            "may-not-read-the-distribution",
            cloudfront("GetDistribution", "cloudfront:GetDistribution", distribution),
            "cloudfront:GetDistribution on arn:aws:cloudfront::123456789012:distribution/E1 ",
        ),
    ];
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    for (name, fault, permission) in table {
        rehearsal.proxy.clear();
        rehearsal.proxy.inject(fault);
        let told = rehearsal.publish(&next_build(), &[]).await;
        told.is_error("access-denied").says(permission).reads(name, &[]);
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
}

/// An answer to HEAD has no body: only its status tells.
#[tokio::test]
async fn a_refusal_without_a_body_is_understood() {
    let rehearsal = Rehearsal::start().await;
    // Somebody else has put the page there, so that it has to be looked at.
    let put = rehearsal.s3.put_object().bucket("cruddur.com").key("live/favicon.svg");
    put.body(br#"<svg xmlns="http://www.w3.org/2000/svg"/>"#.to_vec().into()).send().await.unwrap();
    let before = rehearsal.state().await;
    let table = [
        ("may-not-look", Fault::answer("HeadObject", 403, ""), "access-denied"),
        (
            "another-region-by-head",
            Fault::answer("HeadObject", 400, "").header("x-amz-bucket-region", "eu-west-1"),
            "config",
        ),
    ];
    for (name, fault, kind) in table {
        rehearsal.proxy.clear();
        rehearsal.proxy.inject(fault);
        rehearsal.publish(&Folder::site(), &[]).await.is_error(kind).reads(name, &[]);
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
}

/// Later refusals leave what visitors see whole, and the next publish ends what was begun.
#[tokio::test]
async fn refusals_in_the_middle_leave_the_site_whole_and_are_made_good() {
    let table = [
        (
            "credentials-expire-on-the-way",
            Fault::s3("PutObject", 400, "ExpiredToken", "The provided token has expired.").of("live/index.html"),
            "credentials",
        ),
        (
            "may-not-upload",
            Fault::s3("PutObject", 403, "AccessDenied", "Access Denied").of("cruddur.com/live/"),
            "access-denied",
        ),
        (
            "may-not-delete",
            Fault::answer(
                "DeleteObjects",
                200,
                "<DeleteResult><Error><Key>live/favicon.svg</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>",
            ),
            "access-denied",
        ),
        (
            "deletion-fails",
            Fault::answer(
                "DeleteObjects",
                200,
                "<DeleteResult><Error><Key>live/favicon.svg</Key><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error></DeleteResult>",
            ),
            "service",
        ),
        (
            "may-not-invalidate",
            Fault::cloudfront(
                "CreateInvalidation",
                403,
                "AccessDenied",
                "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: cloudfront:CreateInvalidation on \
                 resource: arn:aws:cloudfront::123456789012:distribution/E1 because no identity-based policy allows the \
                 cloudfront:CreateInvalidation action",
            ),
            "access-denied",
        ),
        (
            "too-many-invalidations",
            Fault::cloudfront(
                "CreateInvalidation",
                400,
                "TooManyInvalidationsInProgress",
                "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.",
            ),
            "service",
        ),
    ];
    let undisturbed = Rehearsal::published().await;
    undisturbed.publish(&next_build(), &[]).await.is_success();
    let expected = undisturbed.site().await;
    for (name, fault, kind) in table {
        let rehearsal = Rehearsal::published().await;
        rehearsal.proxy.inject(fault);
        rehearsal.publish(&next_build(), &[]).await.is_error(kind).reads(name, &[]);
        let lock = rehearsal.read_state("lock.json").await.expect("the lock stays as a journal");
        assert!(String::from_utf8(lock).unwrap().contains("/index.html"), "{name}: it tells what is owed");

        rehearsal.proxy.clear();
        rehearsal.publish(&next_build(), &["--lock-wait", "0"]).await.is_success();
        assert_eq!(rehearsal.site().await, expected, "{name}");
        assert!(rehearsal.lock_has_ended().await, "{name}");
        assert!(!rehearsal.proxy.seen("CreateInvalidation", "").is_empty(), "{name}: what was owed is made");
    }
}

#[tokio::test]
async fn a_distribution_that_is_not_backed_by_s3() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let body = r#"<?xml version="1.0"?><Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>E1</Id>
        <ARN>arn:aws:cloudfront::123456789012:distribution/E1</ARN><Status>Deployed</Status>
        <LastModifiedTime>2026-11-21T06:30:00Z</LastModifiedTime>
        <InProgressInvalidationBatches>0</InProgressInvalidationBatches><DomainName>d1.cloudfront.net</DomainName>
        <DistributionConfig><CallerReference>1</CallerReference><Comment></Comment><Enabled>true</Enabled>
        <Origins><Quantity>1</Quantity><Items><Origin><Id>app</Id>
        <DomainName>app-1234.us-east-1.elb.amazonaws.com</DomainName><OriginPath></OriginPath></Origin></Items></Origins>
        <DefaultCacheBehavior><TargetOriginId>app</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>
        </DefaultCacheBehavior></DistributionConfig></Distribution>"#;
    rehearsal.proxy.inject(Fault::answer("GetDistribution", 200, body));
    rehearsal.publish(&next_build(), &[]).await.is_error("config").reads("not-backed-by-s3", &[]);
    assert_eq!(rehearsal.state().await, before);
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn a_manifest_of_a_newer_version_stops_and_a_damaged_one_does_not() {
    let rehearsal = Rehearsal::published().await;
    rehearsal.write_state("manifest.json.gz", gzipped(r#"{"format": 2}"#)).await;
    let before = rehearsal.state().await;
    rehearsal.publish(&Folder::site(), &[]).await.is_error("config").reads("a-newer-manifest", &[]);
    assert_eq!(rehearsal.state().await, before);

    rehearsal.write_state("manifest.json.gz", b"no manifest".to_vec()).await;
    let site = rehearsal.site().await;
    let told = rehearsal.publish(&Folder::site(), &[]).await;
    told.is_success().says("the stored manifest is damaged");
    assert_eq!(rehearsal.proxy.seen("PutObject", "cruddur.com/live/"), [], "what is there is recognised");
    assert_eq!(rehearsal.site().await, site);
    assert!(!rehearsal.publish(&Folder::site(), &[]).await.is_success().err.contains("damaged"), "it was replaced");
}

#[tokio::test]
async fn bytes_damaged_on_their_way_are_refused() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.site().await;
    rehearsal.proxy.inject(Fault::corrupt("PutObject").of("live/new.css"));
    rehearsal.publish(&next_build(), &[]).await.is_error("input").reads("damaged-on-the-way", &[]);
    assert_eq!(rehearsal.site().await, before);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let slow_down =
        || Fault::s3("PutObject", 503, "SlowDown", "Please reduce your request rate.").of("cruddur.com/live/new.css");
    let table = [
        ("slow down", slow_down().times(2)),
        ("a reset upload", Fault::reset("PutObject").of("/live/new.css").times(2)),
        ("a reset listing", Fault::reset("ListObjectsV2").times(1)),
        ("an internal error", Fault::s3("CreateInvalidation", 500, "InternalError", "Try again.").times(1)),
        ("a manifest that breaks off", Fault::cut_answer("GetObject").of("manifest.json.gz").times(1)),
    ];
    for (name, fault) in table {
        let rehearsal = Rehearsal::published().await;
        rehearsal.proxy.inject(fault);
        rehearsal.publish(&next_build(), &[]).await.is_success();
        let site = rehearsal.site().await;
        let keys: Vec<&str> = site.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(keys, ["live/assets/app-BkXq7RzT.js", "live/index.html", "live/new.css"], "{name}");
    }
}

const QUICK: Duration = Duration::from_secs(8);

#[tokio::test]
async fn without_credentials_the_ways_to_get_some_are_named() {
    let build = Folder::site();
    let build = build.path().to_str().unwrap();
    let arguments = ["publish", build, "--json", "--bucket", "cruddur", "--region", "eu-west-1"];
    let since = Instant::now();
    let told = Program::new().run(&arguments).await;
    assert!(since.elapsed() < QUICK, "{:?}", since.elapsed());
    told.is_error("credentials").says("AWS_PROFILE").says("aws sso login").reads("no-credentials", &[]);

    let told = Program::new().run(&[&arguments[..], &["--profile", "shpo"]].concat()).await;
    told.is_error("credentials").reads("no-such-profile", &[]);

    let program = Program::new().with("AWS_PROFILE", "shpo");
    std::fs::create_dir(program.home().join(".aws")).unwrap();
    std::fs::write(program.home().join(".aws/config"), "[profile shop]\nregion = eu-west-1\n").unwrap();
    program.run(&arguments).await.is_error("credentials").reads("no-such-profile-but-another", &[]);
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_told_soon() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let build = Folder::site();
    let program = Program::new().with("AWS_ACCESS_KEY_ID", "a").with("AWS_SECRET_ACCESS_KEY", "b");
    let arguments =
        ["publish", build.path().to_str().unwrap(), "--json", "--bucket", "cruddur", "--endpoint-url", &url];
    let since = Instant::now();
    let told = program.run(&arguments).await;
    assert!(since.elapsed() < QUICK, "{:?}", since.elapsed());
    told.is_error("service").reads("nobody-listens", &[]);
}
