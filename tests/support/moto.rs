//! moto's server: an implementation of AWS's APIs that owes nothing to ours.
//!
//! # Where moto 5.2.5 is not AWS
//! `tests/harness.rs` holds moto to the first three lists, so that a newer moto which mends something is noticed.
//!
//! As AWS: ETags are quoted MD5s (`"MD5OFMD5S-N"` for parts); `If-None-Match: *` and `If-Match` on PutObject,
//! CompleteMultipartUpload and DeleteObject answer 412 `PreconditionFailed` (404 `NoSuchKey` for `If-Match` without object);
//! CopyObject onto itself wants `MetadataDirective: REPLACE` and replaces every header; any UTF-8 key works; listings page
//! and take `StartAfter`; an anonymous GET answers 403.
//!
//! More lenient than AWS:
//! - `x-amz-checksum-*` and `Content-MD5` are not verified: other bytes are taken where S3 answers 400 `BadDigest`.
//! - `x-amz-copy-source-if-match` is ignored.
//! - Any region, any access key, any signature will do: no 301, no 403, no expired token.
//! - Two distributions may have one alias (AWS: 409 `CNAMEAlreadyExists`).
//! - `If-Match` is not compared when a distribution is updated or deleted, and an enabled one can be deleted.
//! - Invalidation paths are not looked at (AWS: 400 `InvalidArgument` without leading slash), nor their quantity.
//!
//! Simpler than AWS:
//! - Invalidations are `Completed` at once, and in-progress limits do not exist; a repeated caller reference makes a
//!   second invalidation, where AWS returns the first.
//! - A distribution turns from `InProgress` to `Deployed` with the next call that reads it.
//! - An origin comes back without `S3OriginConfig` and without `OriginAccessControlId`: only its domain name tells that it
//!   is a bucket.
//! - ListParts tells no checksums, and in a form that the SDK does not read; GetObject gives the digest of the parts'
//!   digests, without the `-N` that would mark it, for the digest of the whole.
//! - ListMultipartUploads knows prefixes, but every upload was `Initiated` in 2010.
//! - Identifiers do not start with `E`; nothing is served: there is no edge to ask for a page.
//!
//! # What a bootstrap meets in moto 5.2.5
//! Seen by asking; nothing holds moto to these lists.
//!
//! As AWS: what a bucket does not have has AWS's code (`NoSuchBucketPolicy`, `NoSuchLifecycleConfiguration`, `NoSuchTagSet`,
//! ...); OriginAccessControls can be made, read, listed; CreateDistributionWithTags, TagResource and UpdateDistribution keep
//! aliases, root object, origin path, policies' ids, error responses, price class, HTTP version and behaviors; a caller
//! reference used again is `DistributionAlreadyExists`; zones, tags and alias records; a zone with records is
//! `HostedZoneNotEmpty`, a name outside of the zone `InvalidChangeBatch`; roles with inline policies and tags;
//! `EntityAlreadyExists`, `NoSuchEntity`, `DeleteConflict`; GetCallerIdentity (account 123456789012).
//!
//! More lenient than AWS:
//! - A new bucket has no public access block, no ownership controls (`OwnershipControlsNotFoundError`) and no default
//!   encryption (`ServerSideEncryptionConfigurationNotFoundError`), where S3 has all three.
//! - Any bucket policy is taken: public ones under `BlockPublicPolicy`, those of other buckets, text that is no JSON. ACLs
//!   are taken under `BucketOwnerEnforced`, expiry after 0 days, buckets in regions that do not exist.
//! - Any trust policy is taken; two OriginAccessControls, or two zones with one caller reference, may have one name; a CNAME may
//!   stand at an apex beside other records, and CREATE of a record that is there adds a second one.
//! - Certificates are taken whatever their status.
//!
//! Simpler than AWS:
//! - GetBucketVersioning answers a document `GetBucketVersioningResponse`, where S3's is a `VersioningConfiguration` (S3 API
//!   reference) and the SDK reads no other. [`Proxy`](super::proxy::Proxy) gives it the right name ([`mended`]).
//! - `NewerNoncurrentVersions` of a lifecycle rule is forgotten: the rule comes back without it.
//! - Under SSE-KMS by default PutObject answers `aws:kms`, and still the MD5 as its ETag.
//! - A certificate is PENDING_VALIDATION for a minute (or what `MOTO_ACM_VALIDATION_WAIT` says), its validation records are there at once, and an
//!   idempotency token used with the same names makes a second certificate. Pending ones have `NotAfter`.
//! - A distribution comes back without its FunctionAssociations, and with a viewer certificate of ACM that says
//!   `CloudFrontDefaultCertificate` true beside the ARN; an update answers the ETag that was there before.
//! - There is no PublishFunction and no ListConflictingAliases (404 without a code), no ListCachePolicies and no
//!   AddClientIDToOpenIDConnectProvider (500), and AWS's own managed policies do not exist.
//! - Changes of records are INSYNC at once; alias targets come back without a final dot, the SOA as nonsense.
//!
//! - A bucket policy's Deny holds for everybody, whoever its principal is: after a bootstrap, whose policy keeps CloudFront
//!   from the state, nobody reads the state.
//!
//! Permissions: nothing is enforced until `POST /moto-api/reset-auth` with the body `0` and `Content-Type: text/plain` (a form's
//! type is answered with 500); the body `inf` ends it. From then on keys must be those of CreateAccessKey or AssumeRole (with
//! web identity, any token will do), signatures right, and identity policies are obeyed for the object and listing calls of S3
//! and PutBucketPolicy, and for CloudFront, Route 53, ACM and IAM. Resources are looked at for S3, but DeleteObjects is asked
//! on the bucket instead of each object; CloudFront is asked on `*`, and no signature of a request without a body is right
//! there: `moto_server.py` mends both. Of conditions only `StringEquals` is understood, all others hold. Not enforced:
//! GetPublicAccessBlock. A refusal of CloudFront, Route 53 and ACM is a 403 with a document that has no code where the SDK
//! looks for it.

use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use aws_sdk_cloudfront::types::{
    Aliases, DefaultCacheBehavior, DistributionConfig, Origin, Origins, S3OriginConfig, ViewerProtocolPolicy,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{skip, venv};

const REQUIREMENTS: &str = include_str!("moto-requirements.txt");
const SERVER: &str = include_str!("moto_server.py");
const REGION: &str = "us-east-1";
/// The managed policy CachingOptimized ("Use managed cache policies", CloudFront Developer Guide).
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// Importing every service that moto knows takes seconds on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// The one server of this test binary, or `None` where it cannot run: the test is then skipped.
///
/// Tests share its account, so each makes its own bucket; one that must be alone takes [`MotoServer::start`].
pub fn server() -> Option<&'static MotoServer> {
    static SHARED: OnceLock<Result<MotoServer, String>> = OnceLock::new();
    SHARED.get_or_init(MotoServer::try_start).as_ref().map_err(|reason| skip(format!("moto: {reason}"))).ok()
}

/// A running server. It ends when the value is dropped, and when the test process ends in whatever way.
pub struct MotoServer {
    process: Child,
    endpoint: String,
}

/// What [`MotoServer::create_site`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedSite {
    /// The bucket's name.
    pub bucket: String,
    /// The distribution's identifier.
    pub distribution: String,
}

impl MotoServer {
    /// Starts a server with an empty account, or says why that is skipped.
    pub fn start() -> Option<Self> {
        Self::try_start().map_err(|reason| skip(format!("moto: {reason}"))).ok()
    }

    fn try_start() -> Result<Self, String> {
        Self::launch(&venv::python("moto", REQUIREMENTS)?, &[])
    }

    /// Starts a server with an empty account, whose certificates are issued a second after they were asked for.
    pub fn start_issuing() -> Option<Self> {
        let python = venv::python("moto", REQUIREMENTS);
        let server = python.and_then(|python| Self::launch(&python, &[("MOTO_ACM_VALIDATION_WAIT", "1")]));
        server.map_err(|reason| skip(format!("moto: {reason}"))).ok()
    }

    fn launch(python: &Path, environment: &[(&str, &str)]) -> Result<Self, String> {
        let mut errors = tempfile::tempfile().map_err(|e| e.to_string())?;
        let mut process = Command::new(python)
            .args(["-c", SERVER])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().map_err(|e| e.to_string())?)
            .spawn()
            .map_err(|e| format!("{}: {e}", python.display()))?;

        let stdout = process.stdout.take().ok_or("no standard output")?;
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody listens any more when the limit has passed.
            let _ = send.send(read.map(|_| line));
        });
        let port =
            receive.recv_timeout(START_LIMIT).ok().and_then(Result::ok).and_then(|line| line.trim().parse().ok());
        // Made before the check, so that dropping it ends a process that never answered.
        let server = Self { process, endpoint: format!("http://127.0.0.1:{}", port.unwrap_or(0u16)) };
        if port.is_some() {
            return Ok(server);
        }
        drop(server);
        let mut said = String::new();
        errors.rewind().and_then(|()| errors.read_to_string(&mut said)).map_err(|e| e.to_string())?;
        Err(format!("the server did not start: {said}"))
    }

    /// Where every service answers.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The environment that sends any AWS tool here, for commands under test.
    pub fn env(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
    }

    /// A client for S3, with the bucket in the path: `BUCKET.127.0.0.1` is no name.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_s3::config::Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .credentials_provider(credentials())
            .http_client(http_client())
            .force_path_style(true)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// A client for CloudFront.
    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        let config = aws_sdk_cloudfront::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_cloudfront::config::Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .credentials_provider(credentials())
            .http_client(http_client())
            .build();
        aws_sdk_cloudfront::Client::from_conf(config)
    }

    /// A private bucket, and a distribution that serves its `live/` as `domain`, as `bootstrap` lays them out.
    ///
    /// `domain` is the caller's own, in a server that other tests use too.
    pub async fn create_site(&self, domain: &str) -> HostedSite {
        let bucket = domain.replace('.', "-");
        self.s3().create_bucket().bucket(&bucket).send().await.expect("a bucket");
        let config = distribution_config(domain, &bucket);
        let created = self.cloudfront().create_distribution().distribution_config(config).send().await;
        let distribution = created.expect("a distribution").distribution.expect("the distribution made").id;
        HostedSite { bucket, distribution }
    }
}

impl Drop for MotoServer {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A distribution for `domain` whose origin is the `live/` of a bucket, reached at S3's REST endpoint.
pub fn distribution_config(domain: &str, bucket: &str) -> DistributionConfig {
    let origin = Origin::builder()
        .id("site")
        .domain_name(format!("{bucket}.s3.{REGION}.amazonaws.com"))
        .origin_path("/live")
        // Empty, as an origin access control demands it; moto drops it.
        .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
        .build()
        .expect("a whole origin");
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id("site")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
        .cache_policy_id(CACHING_OPTIMIZED)
        .compress(true)
        .build()
        .expect("a whole behavior");
    DistributionConfig::builder()
        .caller_reference(domain)
        .comment(domain)
        .enabled(true)
        .default_root_object("index.html")
        .aliases(Aliases::builder().quantity(1).items(domain).build().expect("whole aliases"))
        .origins(Origins::builder().quantity(1).items(origin).build().expect("whole origins"))
        .default_cache_behavior(behavior)
        .build()
        .expect("a whole distribution")
}

/// An answer of moto's that no SDK for Rust reads, as S3 would have written it; `None` for all others.
pub fn mended(body: &bytes::Bytes) -> Option<bytes::Bytes> {
    const WRONG: &str = "GetBucketVersioningResponse";
    // The document is a line with its declaration and one with everything else.
    let start = std::str::from_utf8(body.get(..100)?).ok()?;
    let is_it = start.contains(&format!("<{WRONG} "));
    let text = std::str::from_utf8(body).ok().filter(|_| is_it)?;
    Some(text.replace(WRONG, "VersioningConfiguration").into())
}

fn credentials() -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new("testing", "testing", None, None, "static")
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
