//! What the services of names and identities refuse: ACM, Route 53, IAM and STS.

use super::{Action, Answer, Cure};
use crate::error::ErrorKind;

/// What a code of theirs means, and what to do about it.
pub(super) fn cure(code: &str, asked: &Action<'_>, answer: &Answer) -> Option<Cure> {
    match code {
        // ACM says it with status 400.
        "AccessDenied" | "AccessDeniedException" | "NotAuthorizedException" | "NotAuthorized" => {
            Some(asked.denied(answer))
        }
        _ => match asked.iam.split(':').next()? {
            "acm" => certificates(code, answer),
            "route53" => zones(code, answer),
            "iam" => identities(code, answer),
            _ => None,
        },
    }
}

/// ACM API reference, "Errors" of each action; ACM User Guide, "Quotas".
fn certificates(code: &str, answer: &Answer) -> Option<Cure> {
    let (kind, why, next) = match code {
        "LimitExceededException" | "ServiceQuotaExceededException" => (
            ErrorKind::Service,
            "a quota of ACM is used up: names per certificate (10 unless raised), certificates, or requests of the last \
             365 days",
            "AWS says above which one; ask for fewer names, delete certificates that nothing uses, or raise the quota \
             under Service Quotas, AWS Certificate Manager, in us-east-1",
        ),
        "InvalidDomainValidationOptionsException" => (
            ErrorKind::Input,
            "ACM does not take one of the names",
            "check the domain and --alias: each must be a public name, at most 253 characters long and no public suffix \
             such as co.uk",
        ),
        "InvalidParameterException" | "ValidationException" if answer.says("64") => (
            ErrorKind::Input,
            "the certificate's first name has more than 64 characters",
            "name the site by a shorter domain; longer ones can be added with --alias",
        ),
        "InvalidParameterException" | "ValidationException" | "InvalidArgsException" => (
            ErrorKind::Input,
            "ACM does not take the request",
            "AWS says above which value; check the domain and --alias",
        ),
        "InvalidArnException" => (
            ErrorKind::Input,
            "this is no certificate's ARN",
            "`aws acm list-certificates --region us-east-1` shows those of the account",
        ),
        "RequestInProgressException" => (
            ErrorKind::Service,
            "ACM still works on the certificate",
            "wait a minute, then run the command again: it goes on where it stopped",
        ),
        "ResourceInUseException" => (
            ErrorKind::Refused,
            "something still uses the certificate",
            "`aws acm describe-certificate` shows what under InUseBy; take the certificate off there, or wait some minutes \
             when that was just deleted, then run the command again",
        ),
        "ResourceNotFoundException" => (
            ErrorKind::NotFound,
            "there is no such certificate in this account and region",
            "run the command again: it looks for the certificates that are there now",
        ),
        "ConflictException" | "InvalidStateException" => (
            ErrorKind::Rival,
            "the certificate is being changed by somebody else, or is in a state that does not allow it",
            "wait a minute, then run the command again",
        ),
        "TooManyTagsException" | "InvalidTagException" | "TagPolicyException" => (
            ErrorKind::Refused,
            "ACM does not take the certificate's tags",
            "where your organization has a tag policy, let it allow the tag `cruddur-site`",
        ),
        _ => return None,
    };
    Some((kind, why.into(), next.into()))
}

/// Route 53 API reference, "Errors" of each action; Route 53 Developer Guide, "Quotas".
fn zones(code: &str, answer: &Answer) -> Option<Cure> {
    let (kind, why, next) = match code {
        "InvalidChangeBatch" if answer.says("already exists") || answer.says("conflicts with other records") => (
            ErrorKind::Rival,
            "another record of that name is in the way",
            "run the command again: it plans anew from the records that are there now; a CNAME beside other records of one \
             name must go first",
        ),
        "InvalidChangeBatch" if answer.says("not found") || answer.says("do not match") => (
            ErrorKind::Rival,
            "a record was changed or deleted by somebody else meanwhile",
            "run the command again: it plans anew from the records that are there now",
        ),
        "InvalidChangeBatch" if answer.says("not permitted in zone") => (
            ErrorKind::Input,
            "the record does not belong into this zone",
            "check which hosted zone the domain's name servers are those of (`dig NS DOMAIN`), and run the command again",
        ),
        "InvalidChangeBatch" | "InvalidInput" | "InvalidArgument" => (
            ErrorKind::Service,
            "Route 53 does not take the change, and nothing of it was made",
            "AWS says above which record it is; correct or delete it in the Route 53 console, then run the command again",
        ),
        "NoSuchHostedZone" => (
            ErrorKind::NotFound,
            "there is no such hosted zone in this account",
            "`aws route53 list-hosted-zones` shows those of the account; check --profile, or use --create-zone, or --dns \
             manual where the domain's DNS is kept elsewhere",
        ),
        "NoSuchChange" => (
            ErrorKind::NotFound,
            "Route 53 does not know this change any more",
            "run the command again: it looks at the records themselves",
        ),
        "InvalidDomainName" => (
            ErrorKind::Input,
            "this is no domain name that a hosted zone can have",
            "check the spelling: labels of letters, digits and hyphens, at most 63 characters each and 255 in all",
        ),
        "ConflictingDomainExists" => (
            ErrorKind::Refused,
            "Route 53 has as many hosted zones of this name as it allows",
            "use the hosted zone that the domain's registrar delegates to (`dig NS DOMAIN`); if the domain is yours and \
             none of them is, AWS Support can free the name",
        ),
        "DelegationSetNotAvailable" => (
            ErrorKind::Refused,
            "all of Route 53's sets of name servers have a hosted zone of this name already",
            "if the domain is yours, write to AWS Support; meanwhile --dns manual works with the DNS that the domain has",
        ),
        "TooManyHostedZones" | "LimitsExceeded" => (
            ErrorKind::Service,
            "the account has as many hosted zones as its quota allows (500 unless raised)",
            "delete one that is not needed, or raise the quota under Service Quotas, Amazon Route 53",
        ),
        "HostedZoneAlreadyExists" => (
            ErrorKind::Rival,
            "the same request has made a hosted zone before",
            "run the command again: it takes up the zone if it is there",
        ),
        "HostedZoneNotEmpty" => (
            ErrorKind::Refused,
            "the hosted zone still has records other than its own NS and SOA",
            "delete them in the Route 53 console if nothing needs them (mail?), or keep the zone: it costs $0.50 a month",
        ),
        "PriorRequestNotComplete" => (
            ErrorKind::Service,
            "Route 53 is still busy with another change of the zone, even after retries",
            "wait a minute, then run the same command again: it goes on where it stopped",
        ),
        "Throttling" | "ThrottlingException" => (
            ErrorKind::Service,
            "Route 53 asked to slow down, even after retries: it takes five requests a second from the whole account",
            "see what else in the account asks Route 53 all the time (external-dns, certbot?), then run the same command \
             again: it goes on where it stopped",
        ),
        _ => return None,
    };
    Some((kind, why.into(), next.into()))
}

/// IAM API reference, "Errors" of each action; IAM User Guide, "IAM and AWS STS quotas".
fn identities(code: &str, answer: &Answer) -> Option<Cure> {
    let (kind, why, next) = match code {
        "NoSuchEntity" => (
            ErrorKind::NotFound,
            "there is none in this account",
            "run the command again: it starts from what is there now; what was just made may need some seconds",
        ),
        "EntityAlreadyExists" => (
            ErrorKind::Rival,
            "somebody else has made it meanwhile",
            "run the command again: it takes up what is there now",
        ),
        "MalformedPolicyDocument" if answer.says("principal") || answer.says("federated") => (
            ErrorKind::Service,
            "IAM does not know whom the policy names",
            "an identity provider that was just made needs some seconds: run the command again",
        ),
        "MalformedPolicyDocument" => (
            ErrorKind::Service,
            "IAM does not take the policy",
            "AWS says above what is wrong with it; check the names given with --github, --bucket and --kms-key",
        ),
        "LimitExceeded" => (
            ErrorKind::Service,
            "a quota of IAM is used up: roles (1,000), identity providers (100), tags (50), or 10,240 characters of a \
             role's own policies",
            "AWS says above which one; delete what is not needed, or raise the quota under Service Quotas, IAM",
        ),
        "DeleteConflict" => (
            ErrorKind::Refused,
            "something is still tied to the role",
            "take it out of its instance profiles (`aws iam list-instance-profiles-for-role --role-name NAME`), then run the \
             command again",
        ),
        "UnmodifiableEntity" => (
            ErrorKind::Refused,
            "the role belongs to a service of AWS",
            "name another role: only the service itself changes this one",
        ),
        "ConcurrentModification" => (
            ErrorKind::Rival,
            "somebody else is changing it at this moment",
            "wait a minute, then run the command again: it starts from what is there then",
        ),
        "InvalidInput" | "ValidationError" => (
            ErrorKind::Input,
            "IAM does not take a value",
            "AWS says above which one; check --github, and that the domain's tag has no unusual characters",
        ),
        "OpenIdIdpCommunicationError" => (
            ErrorKind::Service,
            "IAM could not reach GitHub's issuer of tokens",
            "wait a minute, then run the command again (https://www.githubstatus.com tells whether GitHub is well)",
        ),
        _ => return None,
    };
    Some((kind, why.into(), next.into()))
}

/// Why a certificate came to nothing, and what to do about it: `reason` is ACM's `FailureReason`, or the status of a
/// certificate that was not refused but ended (`VALIDATION_TIMED_OUT`, `EXPIRED`, `REVOKED`, `INACTIVE`).
///
/// ACM User Guide, "Troubleshoot certificate requests", "Troubleshoot Certification Authority Authorization (CAA)
/// problems" and "Handling exceptions".
pub fn why_failed(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "CAA_ERROR" => (
            "a CAA record of the domain, or of one above it, lets other authorities issue its certificates, but not Amazon",
            "add the record `0 issue \"amazon.com\"` beside the CAA records that are there (`0 issuewild` for a wildcard), or \
             delete them all; then run bootstrap again, which requests the certificate anew",
        ),
        "NO_AVAILABLE_CONTACTS" => (
            "the certificate was to be proved by mail, and no address could be found for the domain",
            "delete the certificate and run bootstrap, which proves the domain by DNS",
        ),
        "ADDITIONAL_VERIFICATION_REQUIRED" => (
            "Amazon wants to check this domain by hand, as it does with names that are much visited or often faked",
            "write to AWS Support (Support Center, account and billing) naming the certificate's ARN; run bootstrap again when \
             they agree",
        ),
        "DOMAIN_NOT_ALLOWED" => (
            "a list of unsafe domains has one of the names (Google Safe Browsing reports malware or phishing)",
            "see https://transparencyreport.google.com/safe-browsing/search, clean the site, ask for a review there; then \
             write to AWS Support and run bootstrap again",
        ),
        "INVALID_PUBLIC_DOMAIN" => (
            "one of the names is no public domain: a typo, or a top-level domain that does not exist",
            "check the spelling of the domain and of --alias, delete the certificate, and run bootstrap again",
        ),
        "DOMAIN_VALIDATION_DENIED" => (
            "a person or a policy denied that the domain be proved for this certificate",
            "ask whoever keeps the domain and the organization's policies for ACM; then run bootstrap again",
        ),
        "PCA_LIMIT_EXCEEDED" => (
            "the private certificate authority has issued as many certificates as its quota allows",
            "CloudFront's viewers need a public certificate: run bootstrap, which requests one",
        ),
        _ if reason.starts_with("PCA_") || reason == "SLR_NOT_FOUND" => (
            "the private certificate authority that should have issued it refused",
            "browsers do not trust private authorities: run bootstrap, which requests a public certificate",
        ),
        "VALIDATION_TIMED_OUT" => (
            "the validation records were not found in public DNS within 72 hours",
            "see that the domain's registrar delegates to the zone that has them (`cruddur-site doctor` compares both), then \
             run bootstrap again, which requests the certificate anew",
        ),
        "EXPIRED" => (
            "it was not renewed in time: ACM renews its own while the validation records are in public DNS and the \
             certificate is in use, and imported ones never",
            "run bootstrap, which requests a certificate that renews itself",
        ),
        "REVOKED" => (
            "it was revoked, and browsers refuse it",
            "find out why before all else (was a key lost?), then run bootstrap, which requests another",
        ),
        "INACTIVE" => ("it is not active", "run bootstrap, which requests another"),
        _ => (
            "ACM gives no reason; most often a name is misspelt, or the domain's DNS did not answer",
            "check the names and that `dig DOMAIN` answers, delete the certificate, and run bootstrap again; if it fails \
             again, AWS Support can see why",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn refused(iam: &str, status: u16, code: &str, message: &str) -> Error {
        let answer = Answer { code: Some(code.to_owned()), message: Some(message.to_owned()), status, region: None };
        Action { iam, on: "*", what: "do it" }.refused(&answer)
    }

    #[test]
    fn every_code_of_these_services_has_a_cure_of_its_own() {
        use ErrorKind::{AccessDenied, Input, NotFound, Refused, Rival, Service};
        let table = [
            ("acm:RequestCertificate", "LimitExceededException", "", Service, "Service Quotas"),
            ("acm:RequestCertificate", "InvalidDomainValidationOptionsException", "", Input, "--alias"),
            (
                "acm:RequestCertificate",
                "InvalidParameterException",
                "length less than or equal to 64",
                Input,
                "shorter",
            ),
            ("acm:DescribeCertificate", "InvalidArnException", "", Input, "list-certificates"),
            ("acm:DeleteCertificate", "RequestInProgressException", "", Service, "wait"),
            ("acm:DeleteCertificate", "ResourceInUseException", "", Refused, "InUseBy"),
            ("acm:DeleteCertificate", "ResourceNotFoundException", "", NotFound, "again"),
            ("acm:RequestCertificate", "AccessDeniedException", "", AccessDenied, "allow acm:RequestCertificate"),
            ("acm:RequestCertificate", "ThrottlingException", "", Service, "goes on"),
            ("route53:ChangeResourceRecordSets", "InvalidChangeBatch", "but it already exists", Rival, "anew"),
            ("route53:ChangeResourceRecordSets", "InvalidChangeBatch", "but it was not found", Rival, "anew"),
            (
                "route53:ChangeResourceRecordSets",
                "InvalidChangeBatch",
                "is not permitted in zone a.com",
                Input,
                "dig NS",
            ),
            ("route53:ChangeResourceRecordSets", "InvalidChangeBatch", "", Service, "above"),
            ("route53:GetHostedZone", "NoSuchHostedZone", "", NotFound, "--create-zone"),
            ("route53:CreateHostedZone", "ConflictingDomainExists", "", Refused, "Support"),
            ("route53:CreateHostedZone", "DelegationSetNotAvailable", "", Refused, "--dns manual"),
            ("route53:CreateHostedZone", "TooManyHostedZones", "", Service, "Service Quotas"),
            ("route53:CreateHostedZone", "InvalidDomainName", "", Input, "spelling"),
            ("route53:DeleteHostedZone", "HostedZoneNotEmpty", "", Refused, "console"),
            ("route53:ListHostedZones", "Throttling", "Rate exceeded", Service, "external-dns"),
            ("route53:ChangeResourceRecordSets", "PriorRequestNotComplete", "", Service, "wait"),
            ("iam:CreateRole", "EntityAlreadyExists", "", Rival, "takes up"),
            ("iam:CreateRole", "MalformedPolicyDocument", "Invalid principal in policy", Service, "seconds"),
            ("iam:PutRolePolicy", "MalformedPolicyDocument", "Syntax errors in policy", Service, "--github"),
            ("iam:CreateRole", "LimitExceeded", "", Service, "Service Quotas"),
            ("iam:DeleteRole", "DeleteConflict", "", Refused, "instance profiles"),
            ("iam:UpdateAssumeRolePolicy", "NoSuchEntity", "", NotFound, "again"),
            ("iam:CreateOpenIDConnectProvider", "OpenIdIdpCommunicationError", "", Service, "githubstatus"),
        ];
        for (iam, code, message, kind, next) in table {
            let error = refused(iam, 400, code, message);
            assert_eq!(error.kind(), kind, "{code}: {error}");
            assert!(error.next().contains(next), "{code}: {error}");
            assert!(error.cause().is_some_and(|cause| cause.contains(code)), "{error}");
        }
    }

    #[test]
    fn a_refusal_names_the_action_and_resource_that_aws_names() {
        let message = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: acm:AddTagsToCertificate on \
                       resource: arn:aws:acm:us-east-1:123456789012:certificate/* because no identity-based policy allows \
                       the acm:AddTagsToCertificate action";
        let error = refused("acm:RequestCertificate", 400, "AccessDeniedException", message);
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert_eq!(error.what(), "cannot do it: these credentials lack the permission acm:AddTagsToCertificate");
        assert!(
            error.next().contains("acm:AddTagsToCertificate on arn:aws:acm:us-east-1:123456789012:certificate/*"),
            "{error}"
        );
    }

    #[test]
    fn other_codes_are_left_to_the_general_words() {
        let error = refused("iam:GetRole", 400, "ExpiredToken", "");
        assert_eq!(error.kind(), ErrorKind::Credentials);
        // One service's code says nothing about another's.
        let general = refused("route53:GetChange", 400, "DeleteConflict", "");
        assert!(general.what().ends_with("AWS refused"), "{general}");
    }

    #[test]
    fn every_reason_of_a_failure_has_words() {
        use aws_sdk_acm::types::{CertificateStatus, FailureReason};
        let other = why_failed("OTHER");
        assert_eq!(why_failed("SOMETHING_NEW"), other);
        let reasons = FailureReason::values().iter().filter(|reason| **reason != "OTHER");
        let alive = ["ISSUED", "PENDING_VALIDATION", "FAILED"];
        let statuses = CertificateStatus::values().iter().filter(|status| !alive.contains(status));
        for reason in reasons.chain(statuses) {
            let (why, cure) = why_failed(reason);
            assert_ne!((why, cure), other, "{reason}");
            assert!(!why.ends_with('.') && !cure.ends_with('.'), "{reason}: phrases, not sentences");
        }
        assert!(why_failed("CAA_ERROR").1.contains("0 issue \"amazon.com\""));
    }
}
