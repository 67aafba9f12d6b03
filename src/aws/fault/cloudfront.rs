//! What CloudFront refuses.

use super::{Action, Answer, Cure};
use crate::error::ErrorKind::{self, AccessDenied, Config, Input, NotFound, Refused, Rival, Service};

/// What a code of CloudFront means, and what to do about it (CloudFront API reference, "Errors" of each action; the numbers:
/// Developer Guide, "Quotas").
pub(super) fn cure(code: &str, _asked: &Action<'_>, answer: &Answer) -> Option<Cure> {
    let (kind, why, next): (ErrorKind, &str, &str) = match code {
        "NoSuchDistribution" => (
            NotFound,
            "there is no such distribution in this account",
            "check --distribution and --profile; `aws cloudfront list-distributions` shows those of the account",
        ),
        "TooManyInvalidationsInProgress" => (
            Service,
            "too many invalidations are in progress",
            "wait a few minutes and publish again: it goes on where it stopped",
        ),
        "AccessDenied" if is_unverified(answer) => (
            AccessDenied,
            "AWS has not verified this account for CloudFront yet, as happens with new accounts",
            "open a case with AWS Support (https://console.aws.amazon.com/support/home, \"Account and billing\", free of charge), \
             quote the message above and ask to have the account verified for CloudFront; then run the same command again: \
             it goes on from here",
        ),
        "InvalidViewerCertificate" => (
            Config,
            "CloudFront does not take the certificate for these names",
            "it must be in us-east-1, issued, not expired, and cover every alternate domain name: run the command again to \
             have one asked for that does, or leave out the names that it lacks (`cruddur-site doctor` tells which)",
        ),
        "CNAMEAlreadyExists" => (
            Config,
            "another distribution, of this account or somebody else's, has one of the alternate domain names",
            "if another run of this command may have made it just now, run it again; else take the name out of that \
             distribution first, or adopt it with --distribution ID where it is this site's; one in \
             an account you do not reach can be taken over with a TXT record: see \"Move an alternate domain name\" in \
             the CloudFront Developer Guide",
        ),
        "TooManyDistributionCNAMEs" => (
            Config,
            "these are more alternate domain names than a distribution may have",
            "leave some out, cover them with a wildcard such as *.example.com, or ask for more than 100 under Service \
             Quotas, Amazon CloudFront",
        ),
        "TooManyDistributions" => (
            Service,
            "the account has as many distributions as it may",
            "delete one that is not needed, adopt an existing one with --distribution ID, or ask for more under Service \
             Quotas, Amazon CloudFront",
        ),
        "DistributionAlreadyExists" => (
            Rival,
            "a run before this one has made it",
            "run the same command again: it finds that distribution and goes on with it",
        ),
        "DistributionNotDisabled" => (
            Service,
            "it is not yet disabled at every edge",
            "wait until `aws cloudfront get-distribution --id ID` says Deployed, which takes minutes, then run the same \
             command again",
        ),
        "PreconditionFailed" | "InvalidIfMatchVersion" => (
            Rival,
            "somebody else keeps changing it",
            "see who else is at work on it (the console, another pipeline), then run the command again: it starts from \
             what is there now",
        ),
        "OriginAccessControlInUse" => (
            Refused,
            "a distribution still has this origin access control",
            "take it off that distribution's origin, or delete the distribution first; a change of a distribution has to \
             be deployed before it counts",
        ),
        "TooManyOriginAccessControls" => (
            Service,
            "the account has as many origin access controls as it may",
            "delete one that no distribution has (`aws cloudfront list-origin-access-controls`), or ask for more than 100 \
             under Service Quotas, Amazon CloudFront",
        ),
        "OriginAccessControlAlreadyExists" => (
            Rival,
            "there is an origin access control of this name already",
            "run the same command again: it finds that one and goes on with it",
        ),
        "NoSuchOriginAccessControl" => (
            NotFound,
            "there is no such origin access control in this account",
            "run `cruddur-site bootstrap DOMAIN`: it makes one and attaches it",
        ),
        "InvalidDomainNameForOriginAccessControl" => (
            Config,
            "an origin access control works only with the bucket's own name, not with its website endpoint",
            "run `cruddur-site bootstrap DOMAIN`: it sets the origin to BUCKET.s3.REGION.amazonaws.com",
        ),
        "IllegalOriginAccessConfiguration" => (
            Config,
            "an origin cannot have both an origin access control and an origin access identity",
            "take the identity off the origin in the console, then run the command again",
        ),
        "FunctionInUse" => (
            Refused,
            "a distribution still has this function",
            "take it off that distribution's behaviors, or delete the distribution first; a change of a distribution has \
             to be deployed before it counts",
        ),
        "FunctionSizeLimitExceeded" => (
            Config,
            "the function is larger than the 10 KB that CloudFront takes",
            "give the site fewer names that redirect, or use --routing error-pages, which needs no function",
        ),
        "TooManyFunctions" => (
            Service,
            "the account has as many functions as it may",
            "delete one that no distribution has (`aws cloudfront list-functions`), ask for more than 100 under Service \
             Quotas, Amazon CloudFront, or use --routing error-pages, which needs no function",
        ),
        "FunctionAlreadyExists" => (
            Rival,
            "there is a function of this name already",
            "run the same command again: it finds that one and goes on with it",
        ),
        "NoSuchFunctionExists" => (
            NotFound,
            "there is no such function in this account",
            "run `cruddur-site bootstrap DOMAIN`: it makes the function and publishes it",
        ),
        "InvalidFunctionAssociation" | "TooManyFunctionAssociations" | "InvalidLambdaFunctionAssociation" => (
            Config,
            "the function cannot be attached to the distribution",
            "a function that was never published, or a Lambda@Edge function at viewer-request or viewer-response of the \
             same behavior, is in its way: take that off in the console (Behaviors, Function associations), or use \
             --routing error-pages, then run the command again",
        ),
        "TooManyOrigins" | "TooManyCacheBehaviors" => (
            Config,
            "the distribution has as many origins or behaviors as it may",
            "remove some of its origins or behaviors in the console, or leave out an --api",
        ),
        "NoSuchCachePolicy" | "NoSuchOriginRequestPolicy" | "NoSuchResponseHeadersPolicy" => (
            Config,
            "a policy that a behavior names does not exist",
            "choose an existing policy for the behavior in the console, then run the command again",
        ),
        "InvalidOrigin" | "NoSuchOrigin" => (
            Config,
            "CloudFront does not take the origin",
            "an origin is a host name that public DNS knows, without https:// and without a path: check --api and the \
             bucket's region",
        ),
        "InvalidDefaultRootObject"
        | "InvalidErrorCode"
        | "InvalidResponseCode"
        | "InvalidArgument"
        | "IllegalUpdate"
        | "InconsistentQuantities"
        | "MissingBody"
        | "MalformedXML" => (
            Input,
            "CloudFront does not take it in this form",
            "the message above names the member; where it is one that was set by hand, mend it in the console and run the \
             command again, else report it as a bug with this message",
        ),
        "ResourceInUse" | "StagingDistributionInUse" | "ContinuousDeploymentPolicyInUse" => (
            Refused,
            "something else still uses it",
            "look in the console what does (a staging distribution, a trust store), detach it, then run the command again",
        ),
        "UnsupportedOperation" => (
            Service,
            "CloudFront does not do this here",
            "in a region of China there are no CloudFront Functions: use --routing error-pages",
        ),
        _ => return None,
    };
    Some((kind, why.into(), next.into()))
}

/// New accounts: CloudFront names the reason in words only, under the code of a missing permission.
fn is_unverified(answer: &Answer) -> bool {
    answer.message.as_deref().is_some_and(|message| message.contains("must be verified"))
}
