//! An account with one site in it, and the program that publishes to it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::{Region, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use cruddur_site::release::{Lock, Manifest, ReleaseId};
use cruddur_site::site::Headers;
use cruddur_site::{
    local::{self, ApiServer},
    setup::S3Origin,
};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::proxy::{Call, Proxy};
use crate::support::{Folder, moto};

/// The served prefix of every world's site.
pub const PREFIX: &str = "live/";
/// Where a publish keeps its state.
pub const MANIFEST: &str = ".cruddur-site/live/manifest.json.gz";
pub const LOCK: &str = ".cruddur-site/live/lock.json";

/// An account, a bucket with versions in it, a distribution that serves the bucket's `live/` for a domain of this story
/// alone, and a place to run the program from.
pub struct World {
    pub bucket: String,
    pub distribution: String,
    pub domain: String,
    /// Everything the program asks of the account passes here.
    pub proxy: Proxy,
    /// Straight to the account: what a story does itself is not recorded.
    pub s3: aws_sdk_s3::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    access_key: (&'static str, &'static str),
    /// The program's current folder and home.
    pub desk: TempDir,
    /// The local account; `None` in moto.
    pub account: Option<local::Account>,
    _local: Option<(ApiServer, TempDir)>,
}

/// The lock of somebody on another machine.
pub fn lock_of_bob(expires: Timestamp, owes: Vec<String>) -> Lock {
    Lock {
        ended: false,
        release: ReleaseId::new(expires, 1),
        owner: "bob".into(),
        host: "laptop".into(),
        process: 1,
        instance: None,
        started: expires,
        expires,
        owes,
    }
}

/// An object as S3 answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub body: Vec<u8>,
    pub headers: Headers,
    pub etag: String,
}

impl World {
    /// In an account of its own, kept in a temporary folder.
    pub async fn local(story: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = local::Account::open(folder.path()).unwrap();
        let domain = domain_of(story);
        let site = account.ensure_site(&domain, None).unwrap();
        let server = ApiServer::start(account.clone()).await.unwrap();
        let access_key = (local::ACCESS_KEY_ID, local::SECRET_ACCESS_KEY);
        let bucket = S3Origin::of(&site.origin).unwrap().bucket;
        let endpoint = server.url().to_owned();
        let world = Self::at(&endpoint, access_key, bucket, site.id, domain).await;
        Self { account: Some(account), _local: Some((server, folder)), ..world }
    }

    /// Later than a publish that has just ended: what it wrote may be younger than a listing that is asked for beside it, by dates
    /// in whole seconds, and then the listing is asked for once more.
    pub async fn long_after(&self) {
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    }

    /// In the account of moto's server; `None` where that does not run.
    pub async fn moto(story: &str) -> Option<Self> {
        let server = moto::server()?;
        let domain = domain_of(story);
        let site = server.create_site(&domain).await;
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let enable = server.s3().put_bucket_versioning().bucket(&site.bucket).versioning_configuration(versioning);
        enable.send().await.unwrap();
        Some(Self::at(server.endpoint(), ("testing", "testing"), site.bucket, site.distribution, domain).await)
    }

    async fn at(
        endpoint: &str,
        access_key: (&'static str, &'static str),
        bucket: String,
        distribution: String,
        domain: String,
    ) -> Self {
        let credentials = Credentials::new(access_key.0, access_key.1, None, None, "story");
        let http = aws_smithy_http_client::Builder::new().build_http();
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(http.clone())
            .credentials_provider(credentials.clone())
            .region(Region::new(local::REGION))
            .endpoint_url(endpoint)
            .force_path_style(true)
            // Of an object in parts, moto gives the digest of the parts' digests for the digest of the whole.
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        let cloudfront = aws_sdk_cloudfront::Config::builder()
            .behavior_version_latest()
            .http_client(http)
            .credentials_provider(credentials)
            .region(Region::new(local::REGION))
            .endpoint_url(endpoint)
            .build();
        Self {
            bucket,
            distribution,
            domain,
            proxy: Proxy::to(endpoint).await,
            s3: aws_sdk_s3::Client::from_conf(s3),
            cloudfront: aws_sdk_cloudfront::Client::from_conf(cloudfront),
            access_key,
            desk: tempfile::tempdir().unwrap(),
            account: None,
            _local: None,
        }
    }

    /// Where the account itself answers.
    pub fn endpoint(&self) -> &str {
        self.proxy.endpoint()
    }

    /// `publish DIR --domain DOMAIN` to this world.
    pub fn publish(&self, build: &Folder) -> Publish {
        self.command(build).flags(["--domain", &self.domain])
    }

    /// `publish DIR --endpoint-url URL --json`, with a target still to be named.
    pub fn command(&self, build: &Folder) -> Publish {
        self.bare_command(build.path()).flags(["--endpoint-url", self.proxy.url()])
    }

    /// `publish DIR --json`, with nothing said of where to.
    pub fn bare_command(&self, build: &Path) -> Publish {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
        command.arg("publish").arg(build).arg("--json").current_dir(self.desk.path());
        // No configuration of this machine may leak in, and the program may not look for credentials elsewhere.
        command.env_clear().env("HOME", self.desk.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        let needed = ["PATH", "SystemRoot", "TMPDIR", "TEMP", "TMP"];
        let needed = needed.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command.envs(needed.collect::<Vec<(&str, OsString)>>());
        command.env("AWS_ACCESS_KEY_ID", self.access_key.0).env("AWS_SECRET_ACCESS_KEY", self.access_key.1);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Publish { command }
    }

    /// Writes `cruddur-site.toml` where the program runs.
    pub fn configure(&self, text: &str) {
        std::fs::write(self.desk.path().join("cruddur-site.toml"), text).unwrap();
    }

    /// What the program asked of the account since this was last called.
    pub fn calls(&self) -> Calls {
        Calls(self.proxy.take_calls())
    }

    /// Every key of the bucket that begins with `prefix`, without it.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut pages = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            keys.extend(page.contents().iter().map(|object| object.key().unwrap()[prefix.len()..].to_owned()));
        }
        keys
    }

    /// Whether the last publish has ended and owes nothing.
    pub async fn lock_has_ended(&self) -> bool {
        Lock::decode(&self.bytes(LOCK).await).is_some_and(|lock| lock.ended && lock.owes.is_empty())
    }

    /// The served objects by their key below the prefix.
    pub async fn site(&self) -> BTreeMap<String, Object> {
        let mut site = BTreeMap::new();
        for key in self.keys(PREFIX).await {
            let object = self.object(&key).await;
            site.insert(key, object);
        }
        site
    }

    /// The served object with this key below the prefix.
    pub async fn object(&self, key: &str) -> Object {
        let got = self.s3.get_object().bucket(&self.bucket).key(format!("{PREFIX}{key}")).send().await;
        let got = got.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        let own = |value: Option<&str>| value.map(str::to_owned);
        let headers = Headers {
            cache_control: own(got.cache_control()),
            content_type: own(got.content_type()),
            content_encoding: own(got.content_encoding()),
            content_language: own(got.content_language()),
            content_disposition: own(got.content_disposition()),
            metadata: got.metadata().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        };
        let etag = got.e_tag().unwrap().trim_matches('"').to_owned();
        Object { body: got.body.collect().await.unwrap().to_vec(), headers, etag }
    }

    /// Puts an object of the site as another tool would.
    pub async fn put(&self, key: &str, body: &[u8], headers: &Headers) {
        let Headers { cache_control, content_type, content_encoding, content_language, content_disposition, metadata } =
            headers.clone();
        let put = self.s3.put_object().bucket(&self.bucket).key(format!("{PREFIX}{key}"));
        let put = put.set_cache_control(cache_control).set_content_type(content_type);
        let put = put.set_content_encoding(content_encoding).set_content_language(content_language);
        let put = put.set_content_disposition(content_disposition).set_metadata(Some(metadata.into_iter().collect()));
        put.body(ByteStream::from(body.to_vec())).send().await.unwrap();
    }

    /// Deletes an object of the site by hand.
    pub async fn delete(&self, key: &str) {
        self.s3.delete_object().bucket(&self.bucket).key(format!("{PREFIX}{key}")).send().await.unwrap();
    }

    /// Writes an object of the state by its whole key.
    pub async fn put_state(&self, key: &str, body: impl Into<Vec<u8>>) {
        let body = ByteStream::from(body.into());
        self.s3.put_object().bucket(&self.bucket).key(key).body(body).send().await.unwrap();
    }

    /// The bytes of any object by its whole key.
    pub async fn bytes(&self, key: &str) -> Vec<u8> {
        let got = self.s3.get_object().bucket(&self.bucket).key(key).send().await;
        got.unwrap_or_else(|error| panic!("{key}: {error:?}")).body.collect().await.unwrap().to_vec()
    }

    /// The manifest, as it must be readable at the end of every publish.
    pub async fn manifest(&self) -> Manifest {
        Manifest::decode(&self.bytes(MANIFEST).await).unwrap()
    }

    /// Every version of every object: two equal answers mean that nothing was written or deleted in between.
    pub async fn versions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let (mut key, mut version) = (None, None);
        loop {
            let list = self.s3.list_object_versions().bucket(&self.bucket);
            let page = list.set_key_marker(key).set_version_id_marker(version).send().await.unwrap();
            let named = |key: Option<&str>, version: Option<&str>| (key.unwrap().into(), version.unwrap().into());
            found.extend(page.versions().iter().map(|one| named(one.key(), one.version_id())));
            found.extend(page.delete_markers().iter().map(|one| named(one.key(), one.version_id())));
            if page.is_truncated() != Some(true) {
                return found;
            }
            (key, version) = (page.next_key_marker.clone(), page.next_version_id_marker.clone());
        }
    }

    /// The paths of each invalidation a publish made, in the order they were made.
    pub async fn invalidated(&self, published: &Value) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for id in published["result"]["invalidations"].as_array().unwrap() {
            let get = self.cloudfront.get_invalidation().distribution_id(&self.distribution).id(id.as_str().unwrap());
            let invalidation = get.send().await.unwrap().invalidation.unwrap();
            let mut paths = invalidation.invalidation_batch.unwrap().paths.unwrap().items.unwrap();
            paths.sort();
            all.push(paths);
        }
        all
    }
}

/// A domain for one story: tests of one binary share moto's account.
fn domain_of(story: &str) -> String {
    format!("{}.example", story.replace('_', "-"))
}

/// A run of the program to come.
pub struct Publish {
    command: tokio::process::Command,
}

impl Publish {
    #[must_use]
    pub fn flags<'f>(mut self, flags: impl IntoIterator<Item = &'f str>) -> Self {
        self.command.args(flags);
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it, and hands out its exit status, what it printed as JSON, and what it told the person.
    pub async fn run(mut self) -> (Option<i32>, Value, String) {
        let output = self.command.spawn().unwrap().wait_with_output().await.unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{told}", String::from_utf8_lossy(&output.stdout)));
        (output.status.code(), json, told)
    }

    /// Runs it, and hands out the document of a publish that went well.
    pub async fn succeeds(self) -> Value {
        let (status, json, told) = self.run().await;
        assert_eq!(status, Some(0), "{json:#}\n{told}");
        json
    }

    /// Runs it, and hands out the error of one that did not.
    pub async fn fails(self) -> Value {
        let (status, json, told) = self.run().await;
        assert_eq!(status, Some(1), "{json:#}\n{told}");
        json["error"].clone()
    }
}

/// Calls in the order they arrived.
#[derive(Debug)]
pub struct Calls(pub Vec<Call>);

impl Calls {
    /// How often each operation was called.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.0 {
            *counts.entry(call.operation).or_default() += 1;
        }
        counts
    }

    /// How often `operation` was called.
    pub fn count(&self, operation: &str) -> usize {
        self.0.iter().filter(|call| call.operation == operation).count()
    }

    /// The served keys that `operation` was called for, in order.
    pub fn site_keys(&self, operation: &str) -> Vec<&str> {
        let calls = self.0.iter().filter(|call| call.operation == operation);
        calls.filter_map(|call| call.key.strip_prefix(PREFIX)).collect()
    }

    /// The calls that can change something.
    pub fn writes(&self) -> Vec<&Call> {
        self.0.iter().filter(|call| call.writes()).collect()
    }
}

/// The values of one field of a list's items, such as the keys of a plan's uploads.
pub fn each<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let items = list.as_array().unwrap_or_else(|| panic!("a list, not {list}"));
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}
