//! AWS's errors in the words of the user's site: what it refused, and what to do next.

mod cloudfront;
mod names;
mod s3;
#[cfg(test)]
mod tests;

use std::{error::Error as StdError, fmt};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

pub use names::why_failed;

use crate::error::{Error, ErrorKind};

/// What an error of AWS comes to: what a caller may act on, why it was refused, and what to do next.
type Cure = (ErrorKind, String, String);

/// What was asked of AWS: the IAM action and the resource it needs, for the error that names both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Action<'a> {
    /// For example `s3:PutObject`.
    pub iam: &'a str,
    /// For example `arn:aws:s3:::cruddur.com/live/index.html`.
    pub on: &'a str,
    /// The phrase that says what could not be done: `upload index.html`.
    pub what: &'a str,
}

impl Action<'_> {
    /// Turns what the SDK says into what the user reads.
    pub fn failed<E>(&self, error: SdkError<E, Response>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let answer = Answer::of(&error);
        if let SdkError::ServiceError(_) = error {
            return self.refused(&answer);
        }
        let text = chain(&error);
        if let Some(cause) = find::<CredentialsError>(&error) {
            return self.without_credentials(cause);
        }
        Error::new(
            ErrorKind::Service,
            format!("cannot {}: AWS could not be reached or did not answer", self.what),
            "check the network, the region and --endpoint-url, then run the same command again: it goes on where it \
             stopped",
        )
        .because(text)
    }

    /// What S3 says of one of many objects: an error inside of an answer that is none.
    pub fn partly_failed(&self, code: Option<&str>, message: Option<&str>) -> Error {
        // The statuses that matter are told by the codes here.
        let status = if code == Some("AccessDenied") { 403 } else { 200 };
        let (code, message) = (code.map(str::to_owned), message.map(str::to_owned));
        self.refused(&Answer { code, message, status, region: None })
    }

    fn without_credentials(&self, cause: &CredentialsError) -> Error {
        let (why, next, cause) = match cause {
            CredentialsError::CredentialsNotLoaded(_) => (
                "no AWS credentials were found",
                "set AWS_PROFILE or use --profile, run `aws sso login`, or set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY; in GitHub Actions add aws-actions/configure-aws-credentials before this step; \
                 or rehearse without an account: add --local",
                // The SDK lists each of them in a line of its own.
                "looked in the environment, the profile, web identity, and the roles of containers and instances"
                    .into(),
            ),
            _ => (
                "the AWS credentials could not be loaded",
                "check AWS_PROFILE or --profile against ~/.aws/config, run `aws sso login` where the profile signs in \
                 that way, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                chain(cause),
            ),
        };
        Error::new(ErrorKind::Credentials, format!("cannot {}: {why}", self.what), next).because(cause)
    }

    fn refused(&self, answer: &Answer) -> Error {
        let code = answer.code.as_deref().unwrap_or_default();
        let (kind, why, next) = self.cure(code, answer).unwrap_or_else(|| self.general_cure(code, answer));
        Error::new(kind, format!("cannot {}: {why}", self.what), next).because(answer)
    }

    /// What the service that was asked means by a code of its own.
    fn cure(&self, code: &str, answer: &Answer) -> Option<Cure> {
        match self.iam.split(':').next()? {
            "s3" => s3::cure(code, self, answer),
            "cloudfront" => cloudfront::cure(code, self, answer),
            _ => names::cure(code, self, answer),
        }
    }

    /// What every service means by the codes that they have in common.
    fn general_cure(&self, code: &str, answer: &Answer) -> Cure {
        match code {
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => (
                ErrorKind::Credentials,
                "the AWS credentials have expired".into(),
                "sign in again (`aws sso login`, or take new temporary keys), then run the same command again: it goes on \
                 where it stopped"
                    .into(),
            ),
            "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException"
            | "InvalidToken"
            | "AuthFailure" => (
                ErrorKind::Credentials,
                "AWS does not accept these credentials".into(),
                "`aws configure list` shows which ones are used and where they come from; AWS_ACCESS_KEY_ID in the \
                 environment wins over profiles"
                    .into(),
            ),
            "RequestTimeTooSkewed" => (
                ErrorKind::Credentials,
                "this machine's clock is more than 15 minutes off".into(),
                "set the clock (for example `timedatectl set-ntp true`), then run the command again".into(),
            ),
            "SlowDown" | "ThrottlingException" | "Throttling" | "TooManyRequestsException" => (
                ErrorKind::Service,
                "AWS asked to slow down, even after retries".into(),
                "run the same command again: it goes on where it stopped".into(),
            ),
            "PreconditionFailed" | "ConditionalRequestConflict" => (
                ErrorKind::Rival,
                "somebody else changed it meanwhile".into(),
                "run the command again: it starts from what is there now".into(),
            ),
            _ if matches!(answer.status, 401 | 403) => self.denied(answer),
            _ => (
                ErrorKind::Service,
                "AWS refused".into(),
                "run the same command again: it goes on where it stopped; if it fails again, the code above is the \
                 thing to look up"
                    .into(),
            ),
        }
    }

    /// The words for a refusal. Where AWS itself names the action and the resource, it knows better than we do: for
    /// an object that is not there it is s3:ListBucket that is missing, not s3:GetObject (S3 API reference,
    /// GetObject, "Permissions").
    fn denied(&self, answer: &Answer) -> (ErrorKind, String, String) {
        let message = answer.message.as_deref().unwrap_or_default();
        let named = message.split_once("not authorized to perform: ").map(|(_, named)| named);
        let iam = named.and_then(|named| named.split_whitespace().next()).unwrap_or(self.iam);
        let on = named.and_then(|named| named.split_once("on resource: "));
        let on = on.and_then(|(_, on)| on.split_whitespace().next()).map(|on| on.trim_matches(['"', '.']));
        let on = on.unwrap_or(self.on);
        if message.contains("explicit deny") {
            return (
                ErrorKind::AccessDenied,
                format!("a policy denies {iam} to these credentials"),
                format!("take {iam} on {on} out of the Deny statement of the policy that AWS names"),
            );
        }
        (
            ErrorKind::AccessDenied,
            format!("these credentials lack the permission {iam}"),
            format!("allow {iam} on {on} in the policy of the user or role of these credentials"),
        )
    }
}

/// What AWS answered, as far as it said.
struct Answer {
    code: Option<String>,
    message: Option<String>,
    status: u16,
    region: Option<String>,
}

impl Answer {
    fn of<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> Self {
        let response = error.raw_response();
        let header = |name| response.and_then(|response| response.headers().get(name)).map(str::to_owned);
        let body = response.and_then(|response| response.body().bytes());
        Self {
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
            status: response.map_or(0, |response| response.status().as_u16()),
            // S3 names the region in a header, and for a signature of the wrong one in the body.
            region: header("x-amz-bucket-region").or_else(|| element(body?, "Region")),
        }
    }

    /// Whether AWS's own words have `words` in them: some codes stand for many things.
    fn says(&self, words: &str) -> bool {
        self.message.as_ref().is_some_and(|message| message.to_lowercase().contains(words))
    }

    /// Answers to HEAD have no body, and so no code: there the status and the header have to tell.
    fn is_of_another_region(&self) -> bool {
        match self.code.as_deref() {
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => true,
            _ => matches!(self.status, 301 | 307) || self.status == 400 && self.code.is_none() && self.region.is_some(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "AWS: {code}: {message}"),
            (Some(code), None) => write!(f, "AWS: {code}"),
            (None, _) => write!(f, "AWS: HTTP status {}", self.status),
        }
    }
}

/// The text of the first XML element `name`.
pub(super) fn element(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let after = text.split_once(&format!("<{name}>"))?.1;
    Some(after.split_once('<')?.0.to_owned())
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

/// The first cause of a type; the error itself counts.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The causes of an error in one line, without saying anything twice.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in causes(error).map(ToString::to_string) {
        if !parts.iter().any(|earlier| earlier.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}
