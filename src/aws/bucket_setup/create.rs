//! Making a bucket.

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};

use super::{ATTEMPTS, BucketSetup, FIRST_PAUSE};
use crate::{
    aws::Action,
    error::{Error, ErrorKind, Result},
    setup::region as regions,
};

impl BucketSetup {
    /// Makes the bucket in a region, private as S3 makes them, and waits until S3 knows it. That it is there and ours
    /// already is no error.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where the name is somebody else's or there is no such region; or as AWS answers.
    pub async fn create(&self, region: &str) -> Result<()> {
        self.is_in(region);
        let (on, what) = (self.arn(), format!("make bucket {} in {region}", self.name));
        let action = Action { iam: "s3:CreateBucket", on: &on, what: &what };
        let client = self.client();
        // us-east-1 is where buckets are without a constraint, and takes none (API reference, CreateBucket).
        let place = (region != "us-east-1").then(|| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let create = client.create_bucket().bucket(&self.name).set_create_bucket_configuration(place);
        let (mut attempts, mut pause) = (ATTEMPTS, FIRST_PAUSE);
        loop {
            attempts -= 1;
            let error = match create.clone().send().await {
                Ok(_) => break,
                Err(error) => error,
            };
            match error.code() {
                Some("BucketAlreadyOwnedByYou") => break,
                // S3 is still at work on a bucket of that name, as when one was deleted a moment ago.
                Some("OperationAborted") if attempts > 0 => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                code => {
                    let wrong_place = is_about_the_place(code) || error.as_service_error().is_none();
                    let told = action.failed(error);
                    return Err(if wrong_place { self.without_place(region, told) } else { told });
                }
            }
        }
        self.await_existence(&client, &action).await
    }

    /// A bucket is not known everywhere at once; what is set before that may be answered `NoSuchBucket`.
    async fn await_existence(&self, client: &aws_sdk_s3::Client, action: &Action<'_>) -> Result<()> {
        let (mut attempts, mut pause) = (ATTEMPTS, FIRST_PAUSE);
        loop {
            attempts -= 1;
            match client.head_bucket().bucket(&self.name).send().await {
                Ok(_) => return Ok(()),
                Err(error) if attempts > 0 && error.raw_response().is_some_and(|it| it.status().as_u16() == 404) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => return Err(Action { iam: "s3:ListBucket", ..*action }.failed(error)),
            }
        }
    }

    /// The error for a region that cannot be used, where that is why `told` came about.
    fn without_place(&self, region: &str, told: Error) -> Error {
        let Self { name, .. } = self;
        let why = told.cause().unwrap_or_default().to_owned();
        if !regions::is_known(region) {
            let near = regions::near(region);
            return Error::new(
                ErrorKind::Config,
                format!("cannot make bucket {name}: there is probably no region {region}"),
                format!("did you mean --region {near}? `aws account list-regions` shows those of your account"),
            )
            .because(why);
        }
        if regions::is_opt_in(region) && told.kind() != ErrorKind::Service {
            return Error::new(
                ErrorKind::Config,
                format!("cannot make bucket {name}: the region {region} is probably not enabled for this account"),
                format!(
                    "enable it with `aws account enable-region --region-name {region}`, which takes minutes, or choose \
                     another one with --region"
                ),
            )
            .because(why);
        }
        told
    }
}

/// Whether the region can be the reason. In one that an account has not enabled, S3 does not know its keys.
fn is_about_the_place(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "InvalidLocationConstraint"
                | "IllegalLocationConstraintException"
                | "InvalidRegionName"
                | "InvalidAccessKeyId"
                | "InvalidToken"
                | "AuthFailure"
        )
    )
}
