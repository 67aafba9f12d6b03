//! Signing uploads without reading them again.

use aws_runtime::auth::PayloadSigningOverride;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Takes the SHA-256 that an upload is sent with for its signature, too: the SDK would hash the body for it once more.
#[derive(Debug)]
pub(super) struct SignByChecksum;

impl Intercept for SignByChecksum {
    fn name(&self) -> &'static str {
        "sign by checksum"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        // To complete an object in parts the header tells of another body than the request's.
        let checksum = request.headers().get("x-amz-checksum-sha256").filter(|_| request.method() == "PUT");
        if let Some(digest) = checksum.and_then(|checksum| STANDARD.decode(checksum).ok()) {
            config.interceptor_state().store_put(PayloadSigningOverride::Precomputed(hex::encode(digest)));
        }
        Ok(())
    }
}
