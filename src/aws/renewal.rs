//! Credentials that expire while a publish is at work.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};

use super::fault::element;

/// How long before they expire new ones are taken, as the SDK does.
const AHEAD: Duration = Duration::from_secs(10);

/// How long a source may take, a person that it asks for a code included. Without an end to it every request would wait, and
/// with them the renewal of the lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps credentials until they expire, or until AWS says that they have. The SDK's own cache believes only the time that
/// came with them.
#[derive(Debug, Clone)]
pub(super) struct Renewing {
    source: SharedCredentialsProvider,
    kept: Arc<Mutex<Option<Credentials>>>,
    /// Held by the one that asks the source: requests come by the dozen.
    asking: Arc<tokio::sync::Mutex<()>>,
}

impl Renewing {
    pub fn new(source: SharedCredentialsProvider) -> Self {
        Self { source, kept: Arc::default(), asking: Arc::default() }
    }

    fn kept(&self, at: SystemTime) -> Option<Credentials> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone().filter(|kept| kept.expiry().is_none_or(|expiry| at < expiry))
    }

    async fn provide(&self) -> provider::Result {
        let _asking = self.asking.lock().await;
        if let Some(kept) = self.kept(SystemTime::now() + AHEAD) {
            return Ok(kept);
        }
        let asked = tokio::time::timeout(PATIENCE, self.source.provide_credentials()).await;
        match asked.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(PATIENCE))) {
            Ok(new) => {
                *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
                Ok(new)
            }
            // The old ones may be good for some seconds yet.
            Err(error) => self.kept(SystemTime::now()).ok_or(error),
        }
    }

    /// Lets go of credentials that AWS does not take any more; false where the source has no others: keys without a time
    /// of expiry are somebody's word.
    fn forget(&self) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fixed = kept.as_ref().is_some_and(|kept| kept.expiry().is_none());
        if !fixed {
            *kept = None;
        }
        !fixed
    }
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

/// Tries again with new credentials when AWS says that the old ones have expired.
#[derive(Debug, Clone)]
pub(super) struct ExpiredTokens(pub Renewing);

impl ClassifyRetry for ExpiredTokens {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes());
        let code = body.and_then(|body| element(body, "Code")).unwrap_or_default();
        let expired = matches!(code.as_str(), "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired");
        if expired && self.0.forget() { RetryAction::client_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "expired tokens"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;

    /// Gives credentials for so long, or never answers.
    #[derive(Debug, Clone, Default)]
    struct Source {
        hangs: Arc<AtomicBool>,
        lasting: Duration,
    }

    impl Source {
        async fn provide(&self) -> provider::Result {
            if self.hangs.load(Relaxed) {
                return std::future::pending().await;
            }
            Ok(Credentials::new("id", "secret", None, Some(SystemTime::now() + self.lasting), "test"))
        }
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(self.provide())
        }
    }

    /// Time leaps as soon as all wait.
    #[tokio::test(start_paused = true)]
    async fn a_source_that_hangs_is_given_up() {
        let source = Source { lasting: AHEAD / 2, ..Source::default() };
        let renewing = Renewing::new(SharedCredentialsProvider::new(source.clone()));
        let first = renewing.provide().await.unwrap();
        source.hangs.store(true, Relaxed);
        let since = tokio::time::Instant::now();
        assert_eq!(renewing.provide().await.unwrap(), first, "good for some seconds yet");
        assert!(renewing.forget());
        // All that wait come to an end, one after the other.
        let (one, other) = tokio::join!(renewing.provide(), renewing.provide());
        for refused in [one, other] {
            assert!(matches!(refused, Err(CredentialsError::ProviderTimedOut(_))), "{refused:?}");
        }
        assert!(since.elapsed() <= 3 * PATIENCE + Duration::from_secs(1), "{:?}", since.elapsed());

        source.hangs.store(false, Relaxed);
        assert_eq!(renewing.provide().await.unwrap().access_key_id(), "id");
    }
}
