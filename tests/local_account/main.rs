//! The local account, driven by the AWS SDK over loopback HTTP as a publish drives it.

mod acm;
mod bucket_configuration;
mod cloudfront;
mod cloudfront_distributions;
mod cloudfront_functions;
mod cloudfront_refusals;
mod cloudfront_world;
mod conditions;
mod dns;
mod iam;
mod listing;
mod multipart;
mod objects;
mod regions;
mod route53;
mod sites;
mod versions;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::{config::Region, error::ProvideErrorMetadata, primitives::ByteStream};
use cruddur_site::local::{ACCESS_KEY_ID, Account, ApiServer, REGION, SECRET_ACCESS_KEY};

/// An account of one test, its server, and clients for it.
struct Rehearsal {
    account: Account,
    server: ApiServer,
    s3: aws_sdk_s3::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    _folder: tempfile::TempDir,
}

impl Rehearsal {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::open(folder.path()).unwrap();
        Self::of(account, folder).await
    }

    /// Where what takes a while on AWS takes `delay`.
    async fn with_delay(delay: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::open_with_delay(folder.path(), delay).unwrap();
        Self::of(account, folder).await
    }

    async fn of(account: Account, folder: tempfile::TempDir) -> Self {
        let server = ApiServer::start(account.clone()).await.unwrap();
        let s3 = s3_client(server.url(), REGION, SECRET_ACCESS_KEY);
        let cloudfront = cloudfront_client(server.url(), ACCESS_KEY_ID);
        Self { account, server, s3, cloudfront, _folder: folder }
    }

    /// With a bucket named "bucket".
    async fn with_bucket() -> Self {
        let rehearsal = Self::start().await;
        rehearsal.s3.create_bucket().bucket("bucket").send().await.unwrap();
        rehearsal
    }

    async fn put(&self, key: &str, body: &str) -> aws_sdk_s3::operation::put_object::PutObjectOutput {
        let body = ByteStream::from(body.as_bytes().to_vec());
        self.s3.put_object().bucket("bucket").key(key).body(body).send().await.unwrap()
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.s3.get_object().bucket("bucket").key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    async fn keys(&self) -> Vec<String> {
        let page = self.s3.list_objects_v2().bucket("bucket").send().await.unwrap();
        page.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }
}

fn s3_client(url: &str, region: &str, secret: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, secret, None, None, "test"))
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn cloudfront_client(url: &str, access_key_id: &str) -> aws_sdk_cloudfront::Client {
    let config = aws_sdk_cloudfront::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(access_key_id, SECRET_ACCESS_KEY, None, None, "test"))
        .region(Region::new(REGION))
        .endpoint_url(url)
        .build();
    aws_sdk_cloudfront::Client::from_conf(config)
}

fn route53_client(url: &str) -> aws_sdk_route53::Client {
    let config = aws_sdk_route53::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test"))
        .region(Region::new(REGION))
        .endpoint_url(url)
        .build();
    aws_sdk_route53::Client::from_conf(config)
}

fn acm_client(url: &str, region: &str) -> aws_sdk_acm::Client {
    let config = aws_sdk_acm::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test"))
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .build();
    aws_sdk_acm::Client::from_conf(config)
}

/// AWS's code of a failure.
fn code<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> String {
    outcome.err().map_or_else(|| "succeeded".to_owned(), |error| error.code().unwrap_or("no code").to_owned())
}
