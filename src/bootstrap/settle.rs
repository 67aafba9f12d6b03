//! What AWS refuses only because it has not heard yet of what it was told a moment ago.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Session, stopped};
use crate::{
    error::{Error, Result},
    setup::Resource,
};

/// Codes that go away on their own, and the part that must be young for that; `None` for those that always do.
///
/// Certificates, origin access controls and functions reach CloudFront some seconds after their own service has them;
/// IAM and bucket names are eventually consistent (IAM User Guide, "Changes that I make are not always immediately
/// visible"; S3 User Guide, "Amazon S3 data consistency model"); S3 answers `OperationAborted` while another change of
/// the bucket's configuration is under way, and CloudFront `IllegalUpdate` while one of a certificate is.
const PASSING: [(&str, Option<Resource>); 16] = [
    ("InvalidViewerCertificate", Some(Resource::Certificate)),
    ("InvalidOriginAccessControl", Some(Resource::AccessControl)),
    ("NoSuchOriginAccessControl", Some(Resource::AccessControl)),
    ("InvalidFunctionAssociation", Some(Resource::Function)),
    ("NoSuchFunctionExists", Some(Resource::Function)),
    ("NoSuchResource", Some(Resource::Distribution)),
    ("NoSuchDistribution", Some(Resource::Distribution)),
    ("NoSuchBucket", Some(Resource::Bucket)),
    ("MalformedPolicy", Some(Resource::Distribution)),
    ("NoSuchHostedZone", Some(Resource::Zone)),
    ("MalformedPolicyDocument", Some(Resource::OidcProvider)),
    ("InvalidInput", Some(Resource::OidcProvider)),
    ("NoSuchEntity", Some(Resource::Role)),
    ("OperationAborted", None),
    ("PriorRequestNotComplete", None),
    ("ConcurrentModification", None),
];

/// What this run has made, or seen come to be.
pub(super) type Young = BTreeSet<Resource>;

fn passes(error: &Error, young: &Young) -> bool {
    let code = error.aws_code();
    PASSING.iter().any(|(passing, of)| code == Some(*passing) && of.is_none_or(|resource| young.contains(&resource)))
}

impl Session {
    /// Calls, and calls again while the refusal is one that passes, as long as [`super::Limits::settling`] allows.
    pub(super) async fn settled<T>(&self, young: &Young, call: impl AsyncFn() -> Result<T>) -> Result<T> {
        let since = Instant::now();
        let mut pause = Duration::from_millis(500);
        loop {
            match call().await {
                Err(error) if passes(&error, young) && since.elapsed() + pause <= self.limits.settling => {
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = self.stop.cancelled() => return Err(stopped()),
                    }
                    pause = (pause * 2).min(Duration::from_secs(10));
                }
                outcome => return outcome,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_refusal_passes_only_where_its_cause_is_young() {
        let refusal = |code: &str| Error::new(ErrorKind::Service, "refused", "wait").because(format!("AWS: {code}: x"));
        let young = Young::from([Resource::Certificate]);
        assert!(passes(&refusal("InvalidViewerCertificate"), &young));
        assert!(!passes(&refusal("InvalidViewerCertificate"), &Young::new()));
        assert!(!passes(&refusal("NoSuchBucket"), &young));
        assert!(passes(&refusal("OperationAborted"), &Young::new()));
        assert!(!passes(&refusal("AccessDenied"), &young));
    }
}
