//! Every code that AWS is known to answer has words of its own.

use super::*;

fn told(iam: &str, code: &str, message: &str, status: u16) -> Error {
    let answer = Answer { code: Some(code.to_owned()), message: Some(message.to_owned()), status, region: None };
    Action { iam, on: "arn:aws:thing", what: "do it" }.refused(&answer)
}

#[test]
fn codes_of_setting_up_have_a_cure_of_their_own() {
    let cloudfront = [
        ("InvalidViewerCertificate", "us-east-1"),
        ("CNAMEAlreadyExists", "--distribution ID"),
        ("TooManyDistributionCNAMEs", "wildcard"),
        ("TooManyDistributions", "Service Quotas"),
        ("DistributionNotDisabled", "Deployed"),
        ("InvalidIfMatchVersion", "run the command again"),
        ("PreconditionFailed", "run the command again"),
        ("OriginAccessControlInUse", "delete the distribution first"),
        ("TooManyOriginAccessControls", "Service Quotas"),
        ("FunctionInUse", "delete the distribution first"),
        ("FunctionSizeLimitExceeded", "--routing error-pages"),
        ("TooManyFunctions", "--routing error-pages"),
        ("TooManyInvalidationsInProgress", "wait a few minutes"),
    ];
    let s3 = [
        ("NoSuchBucket", "cruddur-site bootstrap DOMAIN"),
        ("BucketAlreadyExists", "--bucket NAME"),
        ("BucketNotEmpty", "--delete-content"),
        ("MalformedPolicy", "get-bucket-policy"),
        ("OperationAborted", "in a minute"),
    ];
    let cases = cloudfront.map(|case| ("cloudfront:X", case)).into_iter().chain(s3.map(|case| ("s3:X", case)));
    for (iam, (code, cure)) in cases {
        let error = told(iam, code, "words of AWS", 409);
        assert!(error.next().contains(cure), "{code}: {error}");
        assert!(!error.what().contains("AWS refused"), "{code}: {error}");
        assert_eq!(error.cause(), Some(format!("AWS: {code}: words of AWS").as_str()));
    }
}

#[test]
fn a_denial_is_told_by_its_reason() {
    let unverified = "Your account must be verified before you can add new CloudFront resources. To verify your account, \
                      please contact AWS Support and include this error message.";
    let error = told("cloudfront:CreateDistribution", "AccessDenied", unverified, 403);
    assert!(error.next().contains("AWS Support") && error.what().contains("not verified"), "{error}");

    for words in [
        "are blocked by the BlockPublicPolicy block public access setting.",
        "are prevented by the BlockPublicPolicy setting",
    ] {
        let message = format!(
            "User: arn:aws:iam::1:user/a is not authorized to perform: s3:PutBucketPolicy because public policies {words}"
        );
        let error = told("s3:PutBucketPolicy", "AccessDenied", &message, 403);
        assert!(error.next().contains("\"Principal\": \"*\""), "{error}");
    }

    let missing = told("cloudfront:CreateFunction", "AccessDenied", "Access Denied", 403);
    assert_eq!(missing.kind(), ErrorKind::AccessDenied);
    assert!(missing.next().contains("allow cloudfront:CreateFunction on arn:aws:thing"), "{missing}");
}

#[test]
fn a_code_means_what_the_service_means_by_it() {
    assert!(told("s3:PutObject", "PreconditionFailed", "", 412).what().contains("somebody else changed it"));
    assert!(told("cloudfront:UpdateDistribution", "PreconditionFailed", "", 412).what().contains("keeps changing"));
    assert!(told("s3:GetObject", "ExpiredToken", "", 400).kind() == ErrorKind::Credentials);
}
