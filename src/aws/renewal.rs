//! Credentials that expire while a publish is at work.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};

use super::fault::element;

/// How long before they expire new ones are taken, as the SDK does.
const AHEAD: Duration = Duration::from_secs(10);

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
        match self.source.provide_credentials().await {
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
