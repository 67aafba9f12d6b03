//! The edge of the local account: it answers viewers as the account's CloudFront distributions would.
//!
//! A request passes the stations it passes in CloudFront: host, default root object, behavior, method, viewer-request
//! function (its LIVE JavaScript), invalidations, cache, origin, custom error responses, compression, conditions and
//! ranges, response headers policy. Where CloudFront is strict this is strict too, so that what works here works there:
//! - only names of a distribution that is enabled are answered;
//! - a bucket is read as its policy lets this distribution, and as a website only where the world may;
//! - only `/` has a default root object, no folder has;
//! - with `no-cache` an object is still reused for the policy's minimum of one second;
//! - an object is held until its time is over or an invalidation names it, whatever happened to it in the bucket;
//! - a stale object is confirmed by its entity tag alone, so that a change of nothing but headers needs an invalidation.
//!
//! It departs from CloudFront where a person at a terminal is better served: the page for an unknown host lists the
//! sites there are, and an origin that fails or forbids says why. Several ranges at once get the whole object. It speaks
//! HTTP only, so viewer protocol policies are not enforced, and redirects to the account's own sites stay on this machine.
//! Of origins that are no buckets it reaches those on the loopback interface, over HTTP, and keeps nothing of them.

mod behavior;
mod bucket;
mod cache;
mod compress;
mod conditional;
mod fetch;
mod forward;
pub mod freshness;
mod function;
mod host;
mod origin;
mod page;
pub mod range;
mod respond;
mod server;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    Result,
    local::model::StoredObject,
    setup::observed::{AccessControl, Distribution},
};

pub use bucket::{BucketAccess, Website};
pub use server::{DEFAULT_PORT, EdgeServer};

use cache::Cache;

/// What the edge reads: distributions, objects and invalidations of an account.
///
/// Methods are called for every request from threads that may block, so they should answer in milliseconds.
pub trait Origin: Send + Sync + 'static {
    /// All distributions as they are configured now.
    ///
    /// # Errors
    /// The account cannot be read.
    fn distributions(&self) -> Result<Vec<Distribution>>;

    /// The current version of an object, or `None` when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) becomes S3's 403, a missing bucket
    /// ([`ErrorKind::NotFound`](crate::ErrorKind::NotFound)) its 404, and anything else its 500.
    fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>>;

    /// Who may read a bucket, or `None` when the account has none of this name.
    ///
    /// # Errors
    /// The account cannot be read.
    fn bucket(&self, name: &str) -> Result<Option<BucketAccess>>;

    /// An origin access control by its id.
    ///
    /// # Errors
    /// The account cannot be read.
    fn access_control(&self, id: &str) -> Result<Option<AccessControl>>;

    /// The code of a function's LIVE stage by the function's ARN; `None` where there is none.
    ///
    /// # Errors
    /// The account cannot be read.
    fn function_code(&self, arn: &str) -> Result<Option<String>>;

    /// The distribution's invalidations whose sequence is above `sequence`, oldest first. Sequences start at 1.
    ///
    /// # Errors
    /// The account cannot be read.
    fn invalidations_after(&self, distribution_id: &str, sequence: u64) -> Result<Vec<InvalidationSeen>>;
}

impl<O: Origin + ?Sized> Origin for Arc<O> {
    fn distributions(&self) -> Result<Vec<Distribution>> {
        (**self).distributions()
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>> {
        (**self).object(bucket, key)
    }

    fn bucket(&self, name: &str) -> Result<Option<BucketAccess>> {
        (**self).bucket(name)
    }

    fn access_control(&self, id: &str) -> Result<Option<AccessControl>> {
        (**self).access_control(id)
    }

    fn function_code(&self, arn: &str) -> Result<Option<String>> {
        (**self).function_code(arn)
    }

    fn invalidations_after(&self, distribution_id: &str, sequence: u64) -> Result<Vec<InvalidationSeen>> {
        (**self).invalidations_after(distribution_id, sequence)
    }
}

/// An invalidation as the edge learns of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidationSeen {
    /// Its place in the order of the distribution's invalidations.
    pub sequence: u64,
    /// Its paths as they were given: percent-encoded, perhaps with `*` at the end.
    pub paths: Vec<String>,
}

/// One answered request, as a line of a log; `Display` gives the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The host asked for, without port.
    pub host: String,
    /// The path and query as sent.
    pub path: String,
    /// The status answered.
    pub status: u16,
    /// The `X-Cache` answered.
    pub x_cache: String,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, host, path, status, x_cache } = self;
        write!(f, "{status} {method} {host}{path} ({x_cache})")
    }
}

/// Bytes of answers the edge holds in memory unless told otherwise (128 MiB).
pub const DEFAULT_CACHE_BYTES: usize = 128 << 20;

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type RequestLog = Box<dyn Fn(&RequestLine) + Send + Sync>;

/// An edge location in this process: one cache in front of an [`Origin`].
pub struct Edge {
    origin: Arc<dyn Origin>,
    cache: Mutex<Cache>,
    functions: function::Engine,
    forwarder: forward::Forwarder,
    clock: Clock,
    log: Option<RequestLog>,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge").finish_non_exhaustive()
    }
}

impl Edge {
    /// An edge with an empty cache and the system's clock.
    pub fn new(origin: impl Origin) -> Self {
        Self {
            origin: Arc::new(origin),
            cache: Mutex::new(Cache::new(DEFAULT_CACHE_BYTES)),
            functions: function::Engine::start(),
            forwarder: forward::Forwarder::default(),
            clock: Box::new(Timestamp::now),
            log: None,
        }
    }

    /// Tells the time from `clock`: tests let hours pass without waiting.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Holds at most `bytes` of answers in memory.
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: usize) -> Self {
        self.cache = Mutex::new(Cache::new(bytes));
        self
    }

    /// Calls `log` after every answer, from the thread that made it.
    #[must_use]
    pub fn with_log(mut self, log: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Serves `origin` with everything else as by default; see [`Edge::listen`].
    ///
    /// # Errors
    /// As [`Edge::listen`].
    pub async fn bind(origin: impl Origin, port: Option<u16>) -> Result<EdgeServer> {
        Self::new(origin).listen(port).await
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // A panic elsewhere leaves at worst an entry less, so the cache is usable.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
