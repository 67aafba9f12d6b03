//! What the origin answers, made ready to be kept and sent.

use std::{fs, io, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Edge,
    behavior::Target,
    cache::CacheKey,
    compress::{self, Encoding},
    freshness,
    origin::Answer,
    page,
};
use crate::{ErrorKind, Result, local::model::StoredObject, setup::observed::Distribution};

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
    pub(super) fn of_object(object: &StoredObject, accepted: Encoding, compresses: bool) -> io::Result<Self> {
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
    /// Makes the origin's answer ready to send, with the distribution's own page where it is an error.
    pub(super) fn prepare(&self, target: Target<'_>, key: &CacheKey, answer: Result<Answer>) -> Fetched {
        let object = match answer {
            Ok(Answer::Object(object)) => object,
            Ok(Answer::Other(representation)) if representation.status.as_u16() < 400 => {
                return Fetched { representation, ttl: None };
            }
            Ok(Answer::Other(error)) => return self.failed(target, key, error),
            Err(error) => {
                let (status, code) = match error.kind() {
                    ErrorKind::AccessDenied => (StatusCode::FORBIDDEN, "AccessDenied"),
                    ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NoSuchBucket"),
                    _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
                };
                let error = page::s3_error(status, code, &error.to_string(), &key.object);
                return self.failed(target, key, error);
            }
        };
        match Representation::of_object(&object, key.encoding, target.behavior.compress) {
            Ok(representation) => {
                let ttl = target.keeps().then(|| freshness::ttl(object.headers.cache_control.as_deref()));
                Fetched { representation, ttl }
            }
            Err(error) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let error = page::s3_error(status, "InternalError", &error.to_string(), &key.object);
                self.failed(target, key, error)
            }
        }
    }

    /// The distribution's custom error response for `error`, or `error` itself where it has none, or where the page of
    /// it is missing too (CloudFront Developer Guide, "How CloudFront processes errors when you have configured custom
    /// error pages"). The page comes from the origin of the behavior that its path has.
    fn failed(&self, target: Target<'_>, key: &CacheKey, error: Representation) -> Fetched {
        let code = error.status.as_u16();
        let custom = target.distribution.error_responses.iter().find(|response| response.error_code == code);
        let ttl = error_ttl(target.distribution, code);
        let page = custom.filter(|response| !response.page.is_empty()).and_then(|response| {
            let of_page = Target::of(target.distribution, &response.page);
            let object = format!("{}{}", of_page.origin.path, response.page);
            let Ok(Answer::Object(object)) = self.ask(of_page, object.trim_start_matches('/')) else { return None };
            let mut page = Representation::of_object(&object, key.encoding, of_page.behavior.compress).ok()?;
            page.status =
                response.response_code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(error.status);
            page.origin_etag = None;
            Some(page)
        });
        let keeps = target.keeps() && freshness::keeps_error(code);
        Fetched { representation: page.unwrap_or(error), ttl: keeps.then_some(ttl) }
    }
}

/// Seconds this distribution keeps the error `code`.
pub(super) fn error_ttl(distribution: &Distribution, code: u16) -> u64 {
    let custom = distribution.error_responses.iter().find(|response| response.error_code == code);
    custom.map_or(freshness::DEFAULT_ERROR_TTL, |response| response.minimum_ttl)
}
