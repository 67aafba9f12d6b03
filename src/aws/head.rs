//! Looking at an object by HEAD, whose answers have no body.

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    operation::head_object::{HeadObjectOutput, builders::HeadObjectFluentBuilder},
};
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};

use super::{Action, bucket::Bucket};
use crate::error::Result;

impl Bucket {
    /// Looks at the object `key`; `None` where there is none.
    ///
    /// S3 answers 400 to a token that has expired, to a wrong region and to much else, and which it is stands in the body that an
    /// answer to HEAD does not have (boto/botocore#1400, aws/aws-sdk-js#2219; snowflake-connector-python takes each such 400 for an
    /// expired token). So the same is asked by a GET of one byte: its answer has a code, by which credentials are renewed like
    /// everywhere else.
    pub(super) async fn look(
        &self,
        key: &str,
        head: HeadObjectFluentBuilder,
        action: &Action<'_>,
    ) -> Result<Option<HeadObjectOutput>> {
        let head = head.bucket(&self.name).key(key);
        let mut answer = head.clone().send().await;
        if answer.as_ref().is_err_and(|error| status(error) == 400 && error.code().is_none()) {
            let byte = self.client.get_object().bucket(&self.name).key(key).range("bytes=0-0");
            match byte.send().await {
                // Whoever is told that nothing is there, or that it is empty, may ask.
                Err(error) if !matches!(status(&error), 404 | 416) => return Err(action.failed(error)),
                _ => answer = head.send().await,
            }
        }
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if status(&error) == 404 => Ok(None),
            Err(error) => Err(action.failed(error)),
        }
    }
}

fn status<E>(error: &SdkError<E, Response>) -> u16 {
    error.raw_response().map_or(0, |response| response.status().as_u16())
}
