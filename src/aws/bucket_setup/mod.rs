//! A bucket's configuration: looked at whole, and set piece by piece.

mod create;
mod empty;
mod lifecycle;
mod observe;
mod settings;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_s3::Client;

use super::{Aws, bug};

/// A bucket that there may be, or shall be.
///
/// It learns the bucket's region when it [observes](Self::observe) or [makes](Self::create) it; before that, it looks in
/// the region it was given.
#[derive(Debug, Clone)]
pub struct BucketSetup {
    aws: Aws,
    name: String,
    region: Arc<Mutex<String>>,
}

impl BucketSetup {
    pub(super) fn new(aws: Aws, name: &str, region: &str) -> Self {
        Self { aws, name: name.to_owned(), region: Arc::new(Mutex::new(region.to_owned())) }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The region the bucket is in, as far as is known.
    pub fn region(&self) -> String {
        self.region.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_in(&self, region: &str) {
        region.clone_into(&mut self.region.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn client(&self) -> Client {
        self.aws.s3(Some(&self.region()), None)
    }

    fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

/// How often S3 is asked again while it is busy with an earlier change of the bucket.
const ATTEMPTS: u32 = 6;

/// How long before the second attempt; twice as long before each one after that.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Whether it passes by itself: S3 is at work on an earlier change of the bucket (or has deleted one of that name a moment
/// ago), or not every part of it knows yet that the bucket exists (User Guide, "Amazon S3 data consistency model": bucket
/// configurations are eventually consistent).
fn passes(code: Option<&str>) -> bool {
    matches!(code, Some("OperationAborted" | "NoSuchBucket"))
}

/// Sends a request, again and again while the answer is one that [`passes`]; then the error is told as that of `action`.
macro_rules! sent {
    ($action:expr, $request:expr) => {{
        let mut pause = $crate::aws::bucket_setup::FIRST_PAUSE;
        let mut attempts = $crate::aws::bucket_setup::ATTEMPTS;
        loop {
            attempts -= 1;
            match $request.send().await {
                Err(error) if attempts > 0 && $crate::aws::bucket_setup::passes(error.code()) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                answer => break answer.map_err(|error| $action.failed(error)),
            }
        }
    }};
}
use sent;
