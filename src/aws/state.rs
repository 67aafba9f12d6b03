//! The state objects of a site: read, and written on a condition.

use std::sync::atomic::Ordering::Relaxed;

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    operation::put_object::{PutObjectError, builders::PutObjectFluentBuilder},
    primitives::{ByteStream, ByteStreamError},
};
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use bytes::{Bytes, BytesMut};

use super::{
    Action,
    bucket::{Bucket, bare},
};
use crate::{
    error::{Error, ErrorKind, Result},
    release::{ETag, place},
    site::Sha256,
};

/// On what a write depends (S3 User Guide, "Conditional requests").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is no such object yet.
    Absent,
    /// The object has this entity tag.
    Matches(ETag),
}

/// A state object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its content; none where that is longer than any of ours, and was not read.
    pub bytes: Option<Bytes>,
    /// Its entity tag.
    pub etag: ETag,
    /// When it was written, in seconds since 1970 by S3's clock.
    pub modified: Option<i64>,
}

impl Bucket {
    /// Where the state object `name` is: outside the served prefix, one folder for each prefix of the bucket.
    pub fn state_key(&self, name: &str) -> String {
        place::state_key(self.prefix(), name)
    }

    /// Reads a state object, at most `most` bytes of it: whoever may write to the bucket shall not exhaust our memory.
    ///
    /// # Errors
    /// As AWS answers; that there is no such object, or a longer one, is not an error.
    pub async fn read_state(&self, name: &str, most: u64) -> Result<Option<State>> {
        let key = self.state_key(name);
        let (on, what) = (self.arn(&key), format!("read bucket {}", self.name));
        let action = Action { iam: "s3:GetObject", on: &on, what: &what };
        let answer = match self.client.get_object().bucket(&self.name).key(&key).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(action.failed(error)),
        };
        let etag = bare(answer.e_tag()).into();
        let modified = answer.last_modified().map(|time| time.secs());
        let told = answer.content_length.and_then(|length| u64::try_from(length).ok());
        let bytes = match told {
            Some(length) if length > most => None,
            _ => within(answer.body, most).await.map_err(|error| {
                Error::new(ErrorKind::Service, format!("cannot {what}: the answer broke off"), "run the command again")
                    .because(error)
            })?,
        };
        Ok(Some(State { bytes, etag, modified }))
    }

    /// The entity tag of a state object, if there is one.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn state_etag(&self, name: &str) -> Result<Option<ETag>> {
        let key = self.state_key(name);
        let (on, what) = (self.arn(&key), format!("read bucket {}", self.name));
        let action = Action { iam: "s3:GetObject", on: &on, what: &what };
        let answer = self.look(&key, self.client.head_object(), &action).await?;
        Ok(answer.map(|answer| bare(answer.e_tag()).into()))
    }

    /// Writes a state object and returns its entity tag; `None` where the condition did not hold.
    ///
    /// # Errors
    /// As AWS answers, but for the failed condition.
    pub async fn write_state(&self, name: &str, body: Bytes, condition: Option<&Condition>) -> Result<Option<ETag>> {
        if let Some(condition) = condition.filter(|_| !self.has_conditions()) {
            return self.write_after_looking(name, body, condition).await;
        }
        let put = self.state_put(name, &body);
        let put = match condition {
            None => put,
            Some(Condition::Absent) => put.if_none_match("*"),
            Some(Condition::Matches(etag)) => put.if_match(format!("\"{etag}\"")),
        };
        let error = match (put.send().await, condition) {
            (Ok(answer), _) => return Ok(Some(bare(answer.e_tag()).into())),
            (Err(error), None) => return Err(self.state_not_written(name, error)),
            (Err(error), Some(condition)) => (error, condition),
        };
        match (error.0.code(), error.1) {
            (Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey"), _) => {
                self.written_before(name, &body).await
            }
            (Some("NotImplemented"), condition) => {
                self.without_conditions.store(true, Relaxed);
                self.write_after_looking(name, body, condition).await
            }
            _ => Err(self.state_not_written(name, error.0)),
        }
    }

    /// Whether the store takes conditions, as far as it is known.
    pub fn has_conditions(&self) -> bool {
        !self.without_conditions.load(Relaxed)
    }

    /// Tries whether a store that is not AWS's heeds conditions, by writing the state object `name` once more in place of one that it is
    /// not: some stores take no notice of what they do not know. Returns the object's new entity tag where it was written.
    ///
    /// # Errors
    /// As the store answers, but for the failed condition.
    pub async fn try_conditions(&self, name: &str, body: &Bytes) -> Result<Option<ETag>> {
        if self.is_aws || !self.has_conditions() {
            return Ok(None);
        }
        // The tag of what is empty, as which nothing of ours is written.
        match self.state_put(name, body).if_match("\"d41d8cd98f00b204e9800998ecf8427e\"").send().await {
            Ok(answer) => {
                self.without_conditions.store(true, Relaxed);
                Ok(Some(bare(answer.e_tag()).into()))
            }
            Err(error) => match error.code() {
                Some("PreconditionFailed" | "ConditionalRequestConflict") => Ok(None),
                Some("NotImplemented") => {
                    self.without_conditions.store(true, Relaxed);
                    Ok(None)
                }
                _ => Err(self.state_not_written(name, error)),
            },
        }
    }

    /// A write whose answer was lost and that was tried again fails on its own success: what is there then is ours to the
    /// byte, for it has the name of a release that nobody else makes, or ends the lock of one as nobody else would.
    async fn written_before(&self, name: &str, body: &Bytes) -> Result<Option<ETag>> {
        let there = self.read_state(name, body.len() as u64).await?;
        Ok(there.filter(|state| state.bytes.as_ref() == Some(body)).map(|state| state.etag))
    }

    /// What comes nearest to a conditional write in a store that has none: look, write, look again.
    async fn write_after_looking(&self, name: &str, body: Bytes, condition: &Condition) -> Result<Option<ETag>> {
        let there = self.state_etag(name).await?;
        let holds = match condition {
            Condition::Absent => there.is_none(),
            Condition::Matches(etag) => there.as_ref() == Some(etag),
        };
        if holds && let Err(error) = self.state_put(name, &body).send().await {
            return Err(self.state_not_written(name, error));
        }
        self.written_before(name, &body).await
    }

    fn state_put(&self, name: &str, body: &Bytes) -> PutObjectFluentBuilder {
        let put = self.client.put_object().bucket(&self.name).key(self.state_key(name));
        let put = put.content_type("application/octet-stream").checksum_sha256(Sha256::of(body).base64());
        put.body(ByteStream::from(body.clone()))
    }

    fn state_not_written(&self, name: &str, error: SdkError<PutObjectError, Response>) -> Error {
        let (on, what) =
            (self.arn(&self.state_key(name)), format!("write the published state to bucket {}", self.name));
        Action { iam: "s3:PutObject", on: &on, what: &what }.failed(error)
    }

    /// Deletes a state object; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn delete_state(&self, name: &str) -> Result<()> {
        let key = self.state_key(name);
        let (on, what) = (self.arn(&key), format!("delete the published state in bucket {}", self.name));
        let action = Action { iam: "s3:DeleteObject", on: &on, what: &what };
        let sent = self.client.delete_object().bucket(&self.name).key(&key).send().await;
        sent.map(drop).map_err(|error| action.failed(error))
    }
}

/// A body, read whole where it is not longer than `most` bytes; and no further where it is.
async fn within(mut body: ByteStream, most: u64) -> std::result::Result<Option<Bytes>, ByteStreamError> {
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.try_next().await? {
        if (bytes.len() + piece.len()) as u64 > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes.freeze()))
}
