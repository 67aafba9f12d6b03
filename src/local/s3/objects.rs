//! Objects put, got and looked at.

use std::ops;

use http::{HeaderMap, HeaderValue};
use s3s::{S3Error, S3Request, S3Result, dto::*, s3_error};

use rusqlite::Transaction;

use crate::{
    local::{Fault, blobs::Blob},
    site::Headers,
};

use super::{
    LocalS3, body,
    checksum::{Checksum, Declared, declared_checksum, set_checksum},
    conditions::{Outcome, ReadConditions, WriteConditions, precondition_failed},
    encryption::{Encryption, asked_encryption, set_encryption},
    versions::{self, Content, Version, etag},
};

/// The most user-defined metadata may take, names and values together (S3 User Guide, "Working with object metadata").
const MAX_METADATA_BYTES: usize = 2048;

/// What S3 serves an object as that was uploaded without a type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// The headers a request stores with an object; the same fields stand in three inputs.
macro_rules! stored_headers {
    ($input:expr) => {
        $crate::local::s3::objects::StoredHeaders::new(
            $crate::site::Headers {
                cache_control: $input.cache_control.take(),
                content_type: $input.content_type.take(),
                content_encoding: $input.content_encoding.take(),
                content_language: $input.content_language.take(),
                content_disposition: $input.content_disposition.take(),
                metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
            },
            $input.expires.as_ref(),
        )
    };
}
pub(crate) use stored_headers;

/// An object's headers as a request gave them.
pub(crate) struct StoredHeaders {
    /// All but `Expires`.
    pub(crate) headers: Headers,
    /// `Expires`.
    pub(crate) expires: Option<String>,
}

impl StoredHeaders {
    /// Checks and completes them as S3 does.
    pub(crate) fn new(mut headers: Headers, expires: Option<&Timestamp>) -> S3Result<Self> {
        let metadata: usize = headers.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if metadata > MAX_METADATA_BYTES {
            return Err(s3_error!(MetadataTooLarge, "Your metadata headers exceed the maximum allowed metadata size"));
        }
        headers.content_encoding = headers.content_encoding.as_deref().and_then(without_aws_chunked);
        headers.content_type.get_or_insert_with(|| DEFAULT_CONTENT_TYPE.to_owned());
        Ok(Self { headers, expires: expires.map(http_date).transpose()? })
    }
}

/// `aws-chunked` describes the request's body, not the object (API reference, PutObject).
fn without_aws_chunked(encoding: &str) -> Option<String> {
    let kept: Vec<_> = encoding.split(',').map(str::trim).filter(|token| *token != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn http_date(time: &Timestamp) -> S3Result<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).map_err(S3Error::internal_error)?;
    String::from_utf8(text).map_err(S3Error::internal_error)
}

fn expires(content: &Content) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, content.expires.as_deref()?).ok()
}

/// What a GET or HEAD asks for; both inputs have the same fields.
macro_rules! wanted {
    ($input:expr) => {
        Wanted {
            bucket: $input.bucket,
            key: $input.key,
            version_id: $input.version_id,
            with_checksum: $input.checksum_mode.is_some() && $input.range.is_none(),
            range: $input.range,
            conditions: ReadConditions {
                if_match: $input.if_match,
                if_none_match: $input.if_none_match,
                if_modified_since: $input.if_modified_since,
                if_unmodified_since: $input.if_unmodified_since,
            },
        }
    };
}

/// The answer to a GET or HEAD but for the body; both outputs have the same fields.
macro_rules! described {
    ($found:expr, $output:ident) => {{
        let Found { version, content, shown_id, part, with_checksum } = $found;
        let mut output = $output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(part.length()),
            content_range: part.header(),
            e_tag: Some(etag(&content.etag)),
            expires: expires(&content),
            last_modified: Some(version.last_modified()),
            version_id: shown_id,
            cache_control: content.headers.cache_control,
            content_type: content.headers.content_type,
            content_encoding: content.headers.content_encoding,
            content_language: content.headers.content_language,
            content_disposition: content.headers.content_disposition,
            metadata: Some(content.headers.metadata.into_iter().collect()),
            ..Default::default()
        };
        set_encryption!(output, &content.encryption);
        if with_checksum {
            output.checksum_type = Some(content.checksum.kind());
            set_checksum!(output, &content.checksum);
        }
        output
    }};
}

impl LocalS3 {
    pub(crate) async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let S3Request { mut input, trailing_headers, .. } = request;
        let stored = stored_headers!(input)?;
        let conditions = WriteConditions { if_match: input.if_match, if_none_match: input.if_none_match };
        let declared = Declared::new(
            declared_checksum!(input)?,
            input.checksum_algorithm.as_ref(),
            input.content_md5.as_deref(),
            trailing_headers,
        )?;
        let algorithm = declared.algorithm;
        let asked = asked_encryption!(input)?;
        let (bucket, key) = (input.bucket, input.key);
        let upload = self.receive(input.body, declared).await?;
        self.finish(upload, move |tx, blob| {
            let bucket = versions::Bucket::get(tx, &bucket)?;
            let encryption = Encryption::of(tx, &bucket, asked.as_ref())?;
            let content = Content {
                size: blob.size,
                etag: encryption.entity_tag(&blob.md5),
                blob: blob.sha256,
                checksum: Checksum::whole(algorithm, blob.checksum.clone()),
                headers: stored.headers,
                expires: stored.expires,
                encryption,
            };
            let version = versions::write(tx, &bucket, &key, &content, &conditions)?;
            let mut output = PutObjectOutput {
                e_tag: Some(etag(&content.etag)),
                version_id: bucket.shown(&version.version_id),
                checksum_type: Some(content.checksum.kind()),
                ..Default::default()
            };
            set_checksum!(output, &content.checksum);
            set_encryption!(output, &content.encryption);
            Ok(output)
        })
        .await
    }

    pub(crate) async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let found = self.find(wanted!(request.input)).await?;
        let path = self.account.blobs().path(&found.content.blob);
        let body = body::send(path, found.part.bytes.clone()).await?;
        let mut output: GetObjectOutput = described!(found, GetObjectOutput);
        output.body = Some(body);
        Ok(output)
    }

    pub(crate) async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<HeadObjectOutput> {
        let found = self.find(wanted!(request.input)).await?;
        Ok(described!(found, HeadObjectOutput))
    }

    /// Ends an upload: the blob goes to its place in the transaction that names it, so it is never swept between.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        upload: body::Upload,
        record: impl FnOnce(&Transaction<'_>, &Blob) -> Result<T, Fault> + Send + 'static,
    ) -> S3Result<T> {
        let account = self.account.clone();
        let task = tokio::task::spawn_blocking(move || {
            let blob = upload.finish(account.blobs())?;
            account.db().write(|tx| {
                let output = record(tx, &blob)?;
                account.blobs().keep(blob)?;
                Ok(output)
            })
        });
        task.await.map_err(Fault::from).flatten().map_err(S3Error::from)
    }

    async fn find(&self, wanted: Wanted) -> S3Result<Found> {
        let Wanted { bucket, key, version_id, with_checksum, range, conditions } = wanted;
        let (version, content, shown_id) = self
            .read(move |tx, _| {
                let bucket = versions::Bucket::get(tx, &bucket)?;
                let (version, content) = versions::readable(tx, &bucket, &key, version_id.as_deref())?;
                let shown_id = bucket.shown(&version.version_id);
                Ok((version, content, shown_id))
            })
            .await?;
        match conditions.check(&content.etag, &version.last_modified()) {
            Outcome::Holds => {}
            Outcome::Failed => return Err(precondition_failed()),
            Outcome::NotModified => return Err(not_modified(&content)?),
        }
        let part = Part::of(range, content.size)?;
        Ok(Found { version, content, shown_id, part, with_checksum })
    }
}

/// What a GET or HEAD asks for.
struct Wanted {
    bucket: String,
    key: String,
    version_id: Option<String>,
    with_checksum: bool,
    range: Option<Range>,
    conditions: ReadConditions,
}

/// What there is for it.
struct Found {
    version: Version,
    content: Content,
    shown_id: Option<String>,
    part: Part,
    with_checksum: bool,
}

fn not_modified(content: &Content) -> S3Result<S3Error> {
    let mut error = s3_error!(NotModified);
    let mut headers = HeaderMap::new();
    let tag = HeaderValue::from_str(&format!("\"{}\"", content.etag)).map_err(S3Error::internal_error)?;
    headers.insert(http::header::ETAG, tag);
    error.set_headers(headers);
    Ok(error)
}

/// The part of an object that is asked for.
struct Part {
    bytes: ops::Range<u64>,
    whole: u64,
    partial: bool,
}

impl Part {
    fn of(range: Option<Range>, size: u64) -> S3Result<Self> {
        let Some(range) = range else { return Ok(Self { bytes: 0..size, whole: size, partial: false }) };
        let bytes = range.check(size).map_err(|_| s3_error!(InvalidRange, "The requested range is not satisfiable"))?;
        Ok(Self { bytes, whole: size, partial: true })
    }

    /// A body cannot be longer than S3's 5 TB, so this does not overflow.
    fn length(&self) -> i64 {
        (self.bytes.end - self.bytes.start).cast_signed()
    }

    fn header(&self) -> Option<String> {
        let ops::Range { start, end } = self.bytes;
        self.partial.then(|| format!("bytes {start}-{}/{}", end.saturating_sub(1), self.whole))
    }
}
