//! The way of a request through the edge.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, uri::Authority};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{
    Edge, RequestLine,
    behavior::Target,
    cache::{CacheKey, Entry},
    compress::Encoding,
    conditional,
    fetch::{Body, Representation, error_ttl},
    forward::Forward,
    function::Outcome,
    host,
    origin::Answer,
    page,
    range::{self, Part},
};
use crate::{
    ErrorKind, Result,
    setup::{S3Origin, observed::Distribution, site::SECURITY_HEADERS as SECURITY_HEADERS_POLICY},
};

/// Where an answer came from (CloudFront Developer Guide, "Standard logging reference", `x-edge-result-type`).
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
/// The `X-Cache` of errors.
pub(super) const ERROR: &str = "Error from cloudfront";

/// Managed response headers policy SecurityHeadersPolicy (CloudFront Developer Guide, "Use managed response headers
/// policies"). Browsers ignore `Strict-Transport-Security` over plain HTTP, so it does no harm here.
const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
];

/// What a key's characters need to stand in a path.
pub(super) const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'+').add(b'\\');

/// The body of an answer, before it is given to the connection.
#[derive(Debug)]
pub(super) enum Content {
    Memory(Bytes),
    /// The next so many bytes of a file.
    File(File, u64),
}

/// What a viewer-request function did.
enum Routed {
    /// Go on with this path and query.
    Serve(String, Option<String>),
    /// Answer this.
    Answer(Response<Content>),
}

/// Whether the cache knew the answer.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// Fresh in the cache, for so many seconds.
    Hit(u64),
    /// In the cache, and the origin confirmed it.
    Refreshed,
    /// From the origin.
    Miss,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// It is answered.
    Ready(Response<Content>),
    /// A server on this machine answers it.
    Forward(Box<Forward>),
}

impl From<Response<Content>> for Reply {
    fn from(response: Response<Content>) -> Self {
        Self::Ready(response)
    }
}

impl Edge {
    /// The answer to `request`. Reads files and compresses, so it belongs on a thread that may block.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Reply {
        let host = host::requested(request.uri(), request.headers());
        match self.decide(request, &host) {
            Reply::Ready(mut response) => {
                self.finish(request, &mut response);
                if !response.headers().contains_key(header::CONTENT_LENGTH)
                    && response.status() != StatusCode::NOT_MODIFIED
                {
                    let length = response.body().length();
                    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
                }
                if request.method() == Method::HEAD {
                    *response.body_mut() = Content::empty();
                }
                response.into()
            }
            forward => forward,
        }
    }

    /// What every answer gets, and its line in the log.
    pub(super) fn finish<B, R>(&self, request: &Request<B>, response: &mut Response<R>) {
        let headers = response.headers_mut();
        headers.insert(header::VIA, HeaderValue::from_static("1.1 localhost.cloudfront.net (CloudFront)"));
        headers.insert("x-amz-cf-pop", HeaderValue::from_static("LOCAL1-P1"));
        let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(54).collect();
        headers.extend(HeaderValue::try_from(id + "==").ok().map(|id| (HeaderName::from_static("x-amz-cf-id"), id)));
        if let Some(log) = &self.log {
            log(&line(request, host::requested(request.uri(), request.headers()), response));
        }
    }

    fn decide<B>(&self, request: &Request<B>, host: &str) -> Reply {
        let distributions = match self.origin.distributions() {
            Ok(distributions) => distributions,
            Err(error) => return page::account_unreadable(&error).into(),
        };
        let Some((distribution, name)) = host::pick(&distributions, host) else {
            return page::no_such_site(&distributions, host, port(request)).into();
        };
        if !distribution.enabled {
            return page::disabled(distribution).into();
        }
        let uri = with_default_root(distribution, request.uri().path());
        let target = Target::of(distribution, &uri);
        if !target.behavior.methods.iter().any(|method| method == request.method().as_str()) {
            return page::method_not_allowed(target.behavior).into();
        }
        let mut reply = match self.run_function(target, request, &uri, &name) {
            Ok(Routed::Serve(uri, query)) => self.serve(target, request, &uri, query.as_deref()),
            Ok(Routed::Answer(mut response)) => {
                stay_here(&distributions, port(request), response.headers_mut());
                Ok(response.into())
            }
            Err(error) => Err(error),
        }
        .unwrap_or_else(|error| page::account_unreadable(&error).into());
        if target.behavior.response_headers_policy == SECURITY_HEADERS_POLICY {
            let headers = match &mut reply {
                Reply::Ready(response) => response.headers_mut(),
                Reply::Forward(forward) => &mut forward.answer_headers,
            };
            for (name, value) in SECURITY_HEADERS {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        reply
    }

    /// Runs the behavior's viewer-request function, if it has one.
    fn run_function<B>(&self, target: Target<'_>, request: &Request<B>, uri: &str, name: &str) -> Result<Routed> {
        let arn = target.behavior.viewer_request_function.as_str();
        if arn.is_empty() {
            return Ok(Routed::Serve(uri.to_owned(), request.uri().query().map(str::to_owned)));
        }
        let Some(code) = self.origin.function_code(arn)? else {
            return Ok(Routed::Answer(page::function_failed(arn, "it is not published, or not there")));
        };
        Ok(match self.functions.run(&code, request, uri, target.distribution, name) {
            Outcome::Request { uri, query } => Routed::Serve(uri, query),
            Outcome::Response { status, headers, body } => Routed::Answer(generated(arn, status, headers, body)),
            Outcome::Failed(reason) => Routed::Answer(page::function_failed(arn, &reason)),
            Outcome::Invalid(reason) => Routed::Answer(page::function_invalid(arn, &reason)),
        })
    }

    /// Hands the request to the target's origin, or to the cache before it.
    fn serve<B>(&self, target: Target<'_>, request: &Request<B>, uri: &str, query: Option<&str>) -> Result<Reply> {
        if S3Origin::of(target.origin).is_none() {
            let forward = Forward::new(target, request, uri, query, HeaderMap::new());
            return Ok(
                forward.map_or_else(|refusal| Reply::Ready(*refusal), |forward| Reply::Forward(Box::new(forward)))
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(page::bucket_only_reads().into());
        }
        self.serve_object(target, request, uri).map(Reply::Ready)
    }

    fn serve_object<B>(&self, target: Target<'_>, request: &Request<B>, uri: &str) -> Result<Response<Content>> {
        let encoding = Encoding::accepted(request.headers(), request.version());
        let Some(key) = cache_key(target, uri, encoding) else { return Ok(page::bad_request()) };
        let (representation, source) = self.obtain(target, &key)?;
        match render(request, &representation, source) {
            Ok(response) => Ok(response),
            // The file behind a cached answer is gone, so the object was replaced: the cache must not stand in the way.
            Err(_) => {
                self.cache().forget(&key);
                let (representation, source) = self.obtain(target, &key)?;
                render(request, &representation, source).map_err(|error| {
                    let next = "publish again, so that the local account has its files";
                    crate::Error::new(ErrorKind::Io, format!("the object of {uri} cannot be read"), next).because(error)
                })
            }
        }
    }

    /// The answer for `key` from cache or origin, after the cache has forgotten what it was told to.
    fn obtain(&self, target: Target<'_>, key: &CacheKey) -> Result<(Arc<Representation>, Source)> {
        let distribution = target.distribution;
        let now = (self.clock)();
        let (held, epoch) = {
            let mut cache = self.cache();
            let last = cache.last_invalidation(&distribution.id);
            for invalidation in self.origin.invalidations_after(&distribution.id, last)? {
                cache.invalidate(&distribution.id, invalidation.sequence, &invalidation.paths);
            }
            (cache.get(key).filter(|_| target.keeps()), cache.epoch())
        };
        if let Some(entry) = held.as_ref().filter(|entry| entry.is_fresh(now)) {
            return Ok((entry.representation.clone(), Source::Hit(entry.age(now))));
        }
        let answer = self.ask(target, &key.object);
        if let Some(stale) = held.filter(|entry| entry.representation.origin_etag.is_some()) {
            match &answer {
                Ok(Answer::Object(object)) if stale.representation.origin_etag.as_ref() == Some(&object.etag) => {
                    let entry = Entry::new(stale.representation.clone(), now, stale.ttl);
                    self.cache().put(key.clone(), entry, epoch);
                    return Ok((stale.representation, Source::Refreshed));
                }
                // An origin that fails does not take down what the edge still has (Developer Guide, "How CloudFront
                // processes errors", the requested object is in the edge cache).
                Err(error) if !matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NotFound) => {
                    let age = stale.age(now);
                    let ttl = age.saturating_add(error_ttl(distribution, 500));
                    let entry = Entry::new(stale.representation.clone(), stale.fetched, ttl);
                    self.cache().put(key.clone(), entry, epoch);
                    return Ok((stale.representation, Source::Hit(age)));
                }
                _ => {}
            }
        }
        let fetched = self.prepare(target, key, answer);
        let representation = Arc::new(fetched.representation);
        let mut cache = self.cache();
        match fetched.ttl {
            Some(ttl) => cache.put(key.clone(), Entry::new(representation.clone(), now, ttl), epoch),
            None => cache.forget(key),
        }
        Ok((representation, Source::Miss))
    }
}

impl Content {
    fn empty() -> Self {
        Self::Memory(Bytes::new())
    }

    /// Its bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// The part of `representation`'s body from `first` on, `length` bytes long.
    fn part(representation: &Representation, first: u64, length: u64) -> io::Result<Self> {
        match &representation.body {
            Body::Memory(bytes) => {
                let slice = usize::try_from(first).ok().zip(usize::try_from(first + length).ok());
                let slice = slice.filter(|(_, end)| *end <= bytes.len());
                let (start, end) = slice.ok_or(io::ErrorKind::UnexpectedEof)?;
                Ok(Self::Memory(bytes.slice(start..end)))
            }
            Body::File(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(first))?;
                Ok(Self::File(file, length))
            }
        }
    }
}

/// Default root object: for `/` and nothing else (CloudFront Developer Guide, "Specify a default root object").
fn with_default_root(distribution: &Distribution, path: &str) -> String {
    let root = &distribution.default_root_object;
    if path == "/" && !root.is_empty() { format!("/{}", utf8_percent_encode(root, PATH)) } else { path.to_owned() }
}

/// `None` for a path that is not percent-encoded UTF-8.
fn cache_key(target: Target<'_>, uri: &str, encoding: Encoding) -> Option<CacheKey> {
    let well_formed = uri.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    });
    if !well_formed {
        return None;
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|decoded| decoded.into_owned());
    let path = decode(uri)?;
    // S3 reads a raw `+` in a path as a space; the viewer-request function escapes it for that reason.
    let object = format!("{}{}", target.origin.path, decode(&uri.replace('+', " "))?);
    let object = object.strip_prefix('/').unwrap_or(&object).to_owned();
    Some(CacheKey { distribution: target.distribution.id.clone(), path, object, encoding })
}

/// What a function answered itself.
fn generated(arn: &str, status: u16, headers: Vec<(String, String)>, body: String) -> Response<Content> {
    let mut response = Response::new(Content::Memory(body.into()));
    let Ok(status) = StatusCode::from_u16(status) else {
        return page::function_invalid(arn, &format!("the status {status} is none"));
    };
    *response.status_mut() = status;
    for (name, value) in headers {
        match (HeaderName::try_from(&name), HeaderValue::try_from(&value)) {
            (Ok(name), Ok(value)) => response.headers_mut().append(name, value),
            _ => return page::function_invalid(arn, &format!("HTTP cannot carry the header {name}: {value}")),
        };
    }
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("CloudFront"));
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static("FunctionGeneratedResponse from cloudfront"));
    response
}

/// Turns a redirect to one of the account's sites into one that stays on this machine.
fn stay_here(distributions: &[Distribution], port: Option<&str>, headers: &mut HeaderMap) {
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(rest) = location.and_then(|location| location.strip_prefix("https://")) else { return };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let here = host::here(distributions, host, port.unwrap_or("80")).map(|here| format!("http://{here}{path}"));
    if let Some(here) = here.and_then(|here| HeaderValue::try_from(here).ok()) {
        headers.insert(header::LOCATION, here);
    }
}

/// The response for this one viewer: whole, in part, or only that nothing changed.
fn render<B>(request: &Request<B>, representation: &Representation, source: Source) -> io::Result<Response<Content>> {
    let is_object = representation.origin_etag.is_some();
    let is_error = !is_object && !representation.status.is_redirection();
    let mut response = if is_object && conditional::not_modified(request.headers(), &representation.headers) {
        not_modified(&representation.headers)
    } else {
        match requested_part(request, representation) {
            Part::Whole => whole(representation)?,
            Part::Bytes(first, last) => partial(representation, first, last)?,
            Part::Unsatisfiable => unsatisfiable(representation.length),
        }
    };
    let x_cache = match source {
        _ if is_error || response.status() == StatusCode::RANGE_NOT_SATISFIABLE => ERROR,
        Source::Hit(_) => "Hit from cloudfront",
        Source::Refreshed => "RefreshHit from cloudfront",
        Source::Miss => "Miss from cloudfront",
    };
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static(x_cache));
    if let Source::Hit(age) = source {
        response.headers_mut().insert(header::AGE, age.into());
    }
    Ok(response)
}

fn requested_part<B>(request: &Request<B>, representation: &Representation) -> Part {
    let header = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    let applies = representation.origin_etag.is_some()
        && request.method() == Method::GET
        && conditional::range_applies(request.headers(), &representation.headers);
    header.filter(|_| applies).map_or(Part::Whole, |header| range::resolve(header, representation.length))
}

fn whole(representation: &Representation) -> io::Result<Response<Content>> {
    let mut response = Response::new(Content::part(representation, 0, representation.length)?);
    *response.status_mut() = representation.status;
    *response.headers_mut() = representation.headers.clone();
    Ok(response)
}

fn partial(representation: &Representation, first: u64, last: u64) -> io::Result<Response<Content>> {
    let mut response = Response::new(Content::part(representation, first, last - first + 1)?);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    *response.headers_mut() = representation.headers.clone();
    content_range(response.headers_mut(), &format!("bytes {first}-{last}/{}", representation.length));
    Ok(response)
}

fn unsatisfiable(length: u64) -> Response<Content> {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let error = page::s3_error(status, "InvalidRange", "The requested range is not satisfiable", "");
    let Body::Memory(text) = error.body else { return Response::new(Content::empty()) };
    let mut response = Response::new(Content::Memory(text));
    *response.status_mut() = status;
    *response.headers_mut() = error.headers;
    content_range(response.headers_mut(), &format!("bytes */{length}"));
    response
}

fn content_range(headers: &mut HeaderMap, value: &str) {
    headers.extend(HeaderValue::from_str(value).ok().map(|value| (header::CONTENT_RANGE, value)));
}

/// 304 with the headers that a 200 would have had, but for those that describe a body (RFC 9110, section 15.4.5).
fn not_modified(entity: &HeaderMap) -> Response<Content> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    for name in [header::ETAG, header::LAST_MODIFIED, header::CACHE_CONTROL, header::VARY, header::SERVER] {
        response.headers_mut().extend(entity.get(&name).map(|value| (name, value.clone())));
    }
    response
}

fn port<B>(request: &Request<B>) -> Option<&str> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let start = host.rfind(':')? + 1;
    host.parse::<Authority>().ok()?.port().map(|_| &host[start..])
}

fn line<B, R>(request: &Request<B>, host: String, response: &Response<R>) -> RequestLine {
    let x_cache = response.headers().get(X_CACHE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    RequestLine {
        method: request.method().to_string(),
        host,
        path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        status: response.status().as_u16(),
        x_cache: x_cache.to_owned(),
    }
}
