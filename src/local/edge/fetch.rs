//! What the origin answers, made ready to be kept and sent.

use std::{fs, io, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Edge,
    cache::CacheKey,
    compress::{self, Encoding},
    freshness, page,
};
use crate::{
    ErrorKind, Result,
    local::model::{BucketEndpoint, StoredObject},
    setup::observed::Distribution,
};

/// Objects above this many bytes (4 MiB) are sent from their file and never held in memory.
const LARGE: u64 = 4 << 20;

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Body {
    Memory(Bytes),
    File(PathBuf),
}

/// An answer of the origin in one encoding, as it is sent to viewers.
#[derive(Debug)]
pub(super) struct Representation {
    pub status: StatusCode,
    /// The headers that describe the entity; those of the single response come when it is sent.
    pub headers: HeaderMap,
    pub body: Body,
    /// Length of the body in bytes.
    pub length: u64,
    /// The origin's entity tag: present for objects, absent for errors.
    pub origin_etag: Option<String>,
}

impl Representation {
    /// An answer whose body is `text`.
    pub(super) fn of_text(status: StatusCode, text: String) -> Self {
        let length = text.len() as u64;
        Self { status, headers: HeaderMap::new(), body: Body::Memory(text.into()), length, origin_etag: None }
    }

    /// Bytes of memory the body takes.
    pub(super) fn memory(&self) -> usize {
        match &self.body {
            Body::Memory(bytes) => bytes.len(),
            Body::File(_) => 0,
        }
    }

    /// An object in the encoding that was asked for, or as it is where that is not to be compressed.
    ///
    /// # Errors
    /// Its file cannot be read, or has another length than the account says.
    fn of_object(object: &StoredObject, accepted: Encoding, compresses: bool) -> io::Result<Self> {
        let compressible = compresses
            && object.headers.content_encoding.is_none()
            && compress::is_compressible(object.headers.content_type.as_deref(), object.size);
        let encoding = if compressible { accepted } else { Encoding::Identity };
        let body = if encoding == Encoding::Identity && object.size > LARGE {
            Body::File(object.path.clone())
        } else {
            Body::Memory(encoding.encode(read(object)?)?.into())
        };
        let length = match &body {
            Body::Memory(bytes) => bytes.len() as u64,
            Body::File(_) => object.size,
        };
        let headers = entity_headers(object, encoding, compressible);
        Ok(Self { status: StatusCode::OK, headers, body, length, origin_etag: Some(object.etag.clone()) })
    }
}

fn read(object: &StoredObject) -> io::Result<Vec<u8>> {
    let bytes = fs::read(&object.path)?;
    if bytes.len() as u64 == object.size {
        Ok(bytes)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the stored file has another length than its object"))
    }
}

/// The headers S3 sends with an object, and what compression changes in them. Values that HTTP cannot carry are left
/// out.
fn entity_headers(object: &StoredObject, encoding: Encoding, compressible: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: Option<&str>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    };
    let stored = &object.headers;
    set(header::CONTENT_TYPE, Some(stored.content_type.as_deref().unwrap_or("binary/octet-stream")));
    set(header::CACHE_CONTROL, stored.cache_control.as_deref());
    set(header::CONTENT_ENCODING, stored.content_encoding.as_deref());
    set(header::CONTENT_LANGUAGE, stored.content_language.as_deref());
    set(header::CONTENT_DISPOSITION, stored.content_disposition.as_deref());
    set(header::LAST_MODIFIED, Some(&httpdate::fmt_http_date(object.last_modified.into())));
    set(header::SERVER, Some("AmazonS3"));
    for (name, value) in &stored.metadata {
        if let Ok(name) = HeaderName::try_from(format!("x-amz-meta-{name}")) {
            set(name, Some(value));
        }
    }
    if encoding == Encoding::Identity {
        set(header::ETAG, Some(&object.etag));
        set(header::ACCEPT_RANGES, Some("bytes"));
    } else {
        set(header::ETAG, Some(&compress::weakened(&object.etag)));
    }
    if compressible {
        set(header::VARY, Some("Accept-Encoding"));
    }
    if let Some(value) = encoding.header() {
        headers.insert(header::CONTENT_ENCODING, value);
    }
    headers
}

/// What came of asking the origin.
#[derive(Debug)]
pub(super) struct Fetched {
    pub representation: Representation,
    /// Seconds it may be kept, or `None` for what the edge does not keep.
    pub ttl: Option<u64>,
}

impl Edge {
    /// Asks the origin for `key`'s object.
    pub(super) fn origin_object(&self, distribution: &Distribution, object: &str) -> Result<Option<StoredObject>> {
        // An empty key would list the bucket; nothing here is listed.
        let Some(endpoint) = BucketEndpoint::parse(&distribution.origin.domain) else {
            return Err(crate::Error::new(
                ErrorKind::Service,
                format!(
                    "the origin {} is no bucket, and the local account has nothing else",
                    distribution.origin.domain
                ),
                "let the behavior's origin be a bucket of the account",
            ));
        };
        if object.is_empty() { Ok(None) } else { self.origin.object(&endpoint.bucket, object) }
    }

    /// Makes the origin's answer ready to send, with the distribution's own page where it is an error.
    pub(super) fn prepare(
        &self,
        distribution: &Distribution,
        key: &CacheKey,
        answer: Result<Option<StoredObject>>,
    ) -> Fetched {
        let object = match answer {
            Ok(Some(object)) => object,
            Ok(None) => {
                let message = "The specified key does not exist.";
                let error = page::s3_error(StatusCode::NOT_FOUND, "NoSuchKey", message, &key.object);
                return self.failed(distribution, key, error);
            }
            Err(error) => {
                let (status, code) = match error.kind() {
                    ErrorKind::AccessDenied => (StatusCode::FORBIDDEN, "AccessDenied"),
                    ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NoSuchBucket"),
                    _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
                };
                let error = page::s3_error(status, code, &error.to_string(), &key.object);
                return self.failed(distribution, key, error);
            }
        };
        match Representation::of_object(&object, key.encoding, distribution.behavior.compress) {
            Ok(representation) => {
                Fetched { representation, ttl: Some(freshness::ttl(object.headers.cache_control.as_deref())) }
            }
            Err(error) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let error = page::s3_error(status, "InternalError", &error.to_string(), &key.object);
                self.failed(distribution, key, error)
            }
        }
    }

    /// The distribution's custom error response for `error`, or `error` itself where it has none, or where the page of
    /// it is missing too (CloudFront Developer Guide, "How CloudFront processes errors when you have configured custom
    /// error pages").
    fn failed(&self, distribution: &Distribution, key: &CacheKey, error: Representation) -> Fetched {
        let code = error.status.as_u16();
        let custom = distribution.error_responses.iter().find(|response| response.error_code == code);
        let ttl = error_ttl(distribution, code);
        let page = custom.and_then(|response| {
            let path = Some(&response.page).filter(|page| !page.is_empty())?;
            let object = format!("{}{path}", distribution.origin.path);
            let object = self.origin_object(distribution, object.trim_start_matches('/')).ok()??;
            let mut page = Representation::of_object(&object, key.encoding, distribution.behavior.compress).ok()?;
            page.status =
                response.response_code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(error.status);
            page.origin_etag = None;
            Some(page)
        });
        Fetched { representation: page.unwrap_or(error), ttl: freshness::keeps_error(code).then_some(ttl) }
    }
}

/// Seconds this distribution keeps the error `code`.
pub(super) fn error_ttl(distribution: &Distribution, code: u16) -> u64 {
    let custom = distribution.error_responses.iter().find(|response| response.error_code == code);
    custom.map_or(freshness::DEFAULT_ERROR_TTL, |response| response.minimum_ttl)
}
