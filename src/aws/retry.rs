//! What is not tried again, beside what the SDK knows.

use std::io;

use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};

use super::fault::find;

/// Where nobody listens, trying again for ten seconds only hides that the address is wrong. AWS's own endpoints never
/// refuse a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefusedConnections;

impl ClassifyRetry for RefusedConnections {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err).and_then(|error| error.as_connector_error());
        let refused = error.and_then(|error| find::<io::Error>(error));
        if refused.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "refused connections"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
