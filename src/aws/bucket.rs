//! A bucket below one prefix: the few verbs a publish needs.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use aws_sdk_s3::{
    Client,
    error::ProvideErrorMetadata as _,
    primitives::ByteStream,
    types::{ChecksumMode, Delete, MetadataDirective, ObjectIdentifier},
};
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Action, bug, http::Http, watch::Watch};
use crate::{
    error::{Error, ErrorKind, Result},
    plan::{Listed, Stored},
    release::{
        ETag,
        place::{STATE, served_prefix},
    },
    site::{Headers, ObjectKey, Sha256},
};

/// Sets every header on a request: put, copy and multipart requests have the same setters, but no trait in common.
macro_rules! with_headers {
    ($request:expr, $headers:expr) => {{
        let headers = $headers.clone();
        $request
            .set_cache_control(headers.cache_control)
            .set_content_type(headers.content_type)
            .set_content_encoding(headers.content_encoding)
            .set_content_language(headers.content_language)
            .set_content_disposition(headers.content_disposition)
            .set_metadata(Some(headers.metadata.into_iter().collect()))
    }};
}
pub(super) use with_headers;

/// What a copy source may contain unescaped: S3 wants it URL-encoded (API reference, CopyObject).
const COPY_SOURCE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/');

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage {
    /// At most 1,000 objects, in byte order of their keys.
    pub objects: Vec<Listed>,
    /// The key after which there is more, where there is: not always one of an object of the site's.
    pub next: Option<String>,
}

/// What S3 says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its entity tag.
    pub etag: ETag,
    /// The SHA-256 it was uploaded with, where S3 has one: base64, of several parts with `-N` behind it.
    pub sha256: Option<String>,
    /// The headers it is served with.
    pub headers: Headers,
    /// Its version, in a bucket with versioning.
    pub version: Option<String>,
}

/// A bucket, seen from one served prefix.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(super) client: Client,
    http: Http,
    pub(super) name: String,
    prefix: String,
    pub(super) watch: Watch,
    /// Whether the store refused a condition as something that it does not know, or took no notice of one.
    pub(super) without_conditions: Arc<AtomicBool>,
    /// Whether this is S3 itself, which keeps what its documentation promises.
    pub(super) is_aws: bool,
}

impl Bucket {
    pub(super) fn new(client: Client, http: Http, name: &str, prefix: &str, watch: Watch, is_aws: bool) -> Self {
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { client, http, name: name.to_owned(), prefix, watch, without_conditions: Arc::default(), is_aws }
    }

    /// How many answers so far said that the requests come too fast, those included that were tried again.
    pub fn slowed(&self) -> u64 {
        self.watch.slowed()
    }

    /// Whether an object that S3 dates `modified`, in seconds since 1970, was surely there before `moment`; not where the
    /// store's clock is unknown.
    pub fn was_before(&self, modified: i64, moment: Instant) -> bool {
        // Dates are whole seconds, rounded down or up.
        let date = Timestamp::from_second(modified.saturating_add(2)).ok();
        date.zip(self.watch.store_time_at(moment)).is_some_and(|(modified, moment)| modified < moment)
    }

    /// Opens connections for that many requests at once, beforehand; to no avail before the first one is on its way.
    pub fn warm(&self, requests: usize) {
        self.http.warm(requests);
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The served prefix: empty, or with a final `/`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn full_key(&self, key: &ObjectKey) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(super) fn arn(&self, key: &str) -> String {
        format!("arn:aws:s3:::{}/{key}", self.name)
    }

    /// The served prefixes, each with a final `/`, of other sites of this bucket below this one's: whose state is there.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn sites_below(&self) -> Result<Vec<String>> {
        let (on, what) = (format!("arn:aws:s3:::{}", self.name), format!("read bucket {}", self.name));
        let action = Action { iam: "s3:ListBucket", on: &on, what: &what };
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let list = self.client.list_objects_v2().bucket(&self.name).prefix(STATE).delimiter("/");
            let sent = list.set_continuation_token(token).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            let names = page.common_prefixes().iter().filter_map(|common| common.prefix()?.strip_prefix(STATE));
            found.extend(names.map(served_prefix).filter(|prefix| prefix.starts_with(&self.prefix)));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                found.retain(|prefix| *prefix != self.prefix);
                return Ok(found);
            }
        }
    }

    /// Lists up to 1,000 objects of the site after the key `after`, or from the first where that is empty or none.
    ///
    /// # Errors
    /// As AWS answers; [`ErrorKind::Service`] where the store does not go on from `after`.
    pub async fn list(&self, after: Option<&str>) -> Result<ListPage> {
        let (on, what) = (format!("arn:aws:s3:::{}", self.name), format!("read bucket {}", self.name));
        let action = Action { iam: "s3:ListBucket", on: &on, what: &what };
        let mut token = None;
        let page = loop {
            let list = self.client.list_objects_v2().bucket(&self.name).prefix(&self.prefix);
            let after = after.filter(|key| !key.is_empty());
            let list = list.set_start_after(after.map(|key| format!("{}{key}", self.prefix)));
            let page = list.set_continuation_token(token).send().await.map_err(|error| action.failed(error))?;
            // Where many objects were deleted, a page may be empty and yet not the last.
            token = page.next_continuation_token().filter(|_| page.contents().is_empty()).map(str::to_owned);
            if token.is_none() {
                break page;
            }
        };
        let objects = page.contents().iter().filter_map(|object| self.listed(object)).collect();
        let last = page.contents().last().filter(|_| page.is_truncated() == Some(true));
        let next = last.and_then(|last| last.key()?.strip_prefix(&self.prefix)).map(str::to_owned);
        if next.is_some() && next.as_deref() <= after {
            let next = "publish to a store that takes `start-after`, as S3 does";
            return Err(Error::new(ErrorKind::Service, format!("bucket {} is listed in a circle", self.name), next));
        }
        Ok(ListPage { objects, next })
    }

    /// The object as the site sees it; our own state, and a folder marker of the console's, are none of it.
    fn listed(&self, object: &aws_sdk_s3::types::Object) -> Option<Listed> {
        let key = object.key()?.strip_prefix(&self.prefix)?;
        if key.starts_with(STATE) && self.prefix.is_empty() {
            return None;
        }
        Some(Listed {
            key: ObjectKey::new(key).ok()?,
            size: object.size().and_then(|size| u64::try_from(size).ok())?,
            etag: bare(object.e_tag()).into(),
            modified: object.last_modified().map(|time| time.secs()),
        })
    }

    /// Asks for an object's headers and, where S3 has it, the SHA-256 it was uploaded with.
    ///
    /// # Errors
    /// As AWS answers; that there is no such object is not an error.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<Head>> {
        let full = self.full_key(key);
        let (on, what) = (self.arn(&full), format!("read the headers of {key}"));
        let action = Action { iam: "s3:GetObject", on: &on, what: &what };
        let head = self.client.head_object().checksum_mode(ChecksumMode::Enabled);
        let Some(answer) = self.look(&full, head, &action).await? else { return Ok(None) };
        let own = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        let headers = Headers {
            cache_control: own(answer.cache_control()),
            content_type: own(answer.content_type()),
            content_encoding: own(answer.content_encoding()),
            content_language: own(answer.content_language()),
            content_disposition: own(answer.content_disposition()),
            metadata: answer.metadata().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        };
        let version = own(answer.version_id());
        let etag = bare(answer.e_tag()).into();
        Ok(Some(Head { etag, sha256: own(answer.checksum_sha256()), headers, version }))
    }

    /// Uploads an object in one request; S3 refuses it unless its bytes have the SHA-256.
    ///
    /// # Errors
    /// As AWS answers; `BadDigest` when the bytes are not those that were hashed.
    pub async fn put(&self, key: &ObjectKey, body: Bytes, sha256: &Sha256, headers: &Headers) -> Result<Stored> {
        let full = self.full_key(key);
        let put = self.client.put_object().bucket(&self.name).key(&full);
        let put = with_headers!(put, headers).checksum_sha256(sha256.base64()).body(ByteStream::from(body));
        match put.send().await {
            Ok(answer) => {
                Ok(Stored { etag: bare(answer.e_tag()).into(), version: answer.version_id().map(str::to_owned) })
            }
            Err(error) => {
                let (on, what) = (self.arn(&full), format!("upload {key}"));
                Err(Action { iam: "s3:PutObject", on: &on, what: &what }.failed(error))
            }
        }
    }

    /// Gives an object other headers by a copy onto itself: no byte is sent. `None` where it has not the entity tag `etag`
    /// any more: somebody changed it, or it is our own copy whose answer was lost and that was tried again, for an object
    /// in parts, or encrypted with a key of KMS, gets another one by a copy.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn set_headers(&self, key: &ObjectKey, etag: &ETag, headers: &Headers) -> Result<Option<Stored>> {
        let full = self.full_key(key);
        let source = utf8_percent_encode(&format!("{}/{full}", self.name), COPY_SOURCE).to_string();
        let copy = self.client.copy_object().bucket(&self.name).key(&full).copy_source(source);
        let copy = copy.copy_source_if_match(format!("\"{etag}\"")).metadata_directive(MetadataDirective::Replace);
        match with_headers!(copy, headers).send().await {
            Ok(answer) => {
                let etag = bare(answer.copy_object_result().and_then(|result| result.e_tag())).into();
                Ok(Some(Stored { etag, version: answer.version_id().map(str::to_owned) }))
            }
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(None),
            Err(error) => {
                let (on, what) = (self.arn(&full), format!("change the headers of {key}"));
                Err(Action { iam: "s3:PutObject", on: &on, what: &what }.failed(error))
            }
        }
    }

    /// Deletes up to 1,000 objects of the site.
    ///
    /// # Errors
    /// As AWS answers, for the first object that could not be deleted.
    pub async fn delete(&self, keys: &[ObjectKey]) -> Result<()> {
        let identifiers = keys.iter().map(|key| ObjectIdentifier::builder().key(self.full_key(key)).build());
        let identifiers = identifiers
            .collect::<std::result::Result<Vec<_>, _>>()
            .and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let delete = identifiers.map_err(|error| bug("delete objects", error))?;
        let (on, what) = (self.arn(&format!("{}*", self.prefix)), "delete what the build no longer has");
        let action = Action { iam: "s3:DeleteObject", on: &on, what };
        let sent = self.client.delete_objects().bucket(&self.name).delete(delete).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let key = error.key().unwrap_or("an object");
                let (on, what) = (self.arn(key), format!("delete {key}"));
                let action = Action { iam: "s3:DeleteObject", on: &on, what: &what };
                Err(action.partly_failed(error.code(), error.message()))
            }
        }
    }
}

/// An entity tag without its quotes.
pub(super) fn bare(etag: Option<&str>) -> &str {
    etag.unwrap_or_default().trim_matches('"')
}
