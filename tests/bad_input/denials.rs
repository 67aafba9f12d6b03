//! Credentials that lack one permission, for every call that a bootstrap makes: the error names the action and the resource.

use std::collections::BTreeSet;

use crate::{
    account::{DOMAIN, Owner},
    support::{faults::Fault, operations::Service, proxy::Call},
};

const GITHUB: [&str; 4] = ["--yes", "--create-zone", "--github", "ann/cruddur"];

/// The IAM action of a call (Service Authorization Reference); mostly it is called like the call.
fn action(call: &Call) -> String {
    let (service, name) = match call.service {
        Service::S3 => ("s3", s3(call.operation)),
        Service::CloudFront if call.operation == "CreateDistributionWithTags" => ("cloudfront", "CreateDistribution"),
        Service::CloudFront => ("cloudfront", call.operation),
        Service::Route53 => ("route53", call.operation),
        Service::Acm => ("acm", call.operation),
        Service::Iam => ("iam", call.operation),
        Service::Sts => ("sts", call.operation),
    };
    format!("{service}:{name}")
}

fn s3(operation: &'static str) -> &'static str {
    match operation {
        "HeadBucket" | "ListObjectsV2" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" => "PutBucketPublicAccessBlock",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" => "PutLifecycleConfiguration",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" => "PutEncryptionConfiguration",
        other => other,
    }
}

/// What AWS answers, each service in its protocol. S3 names nothing to those who are of another account, or ask by HEAD.
fn denial(call: &Call, on: &str) -> Fault {
    let (action, kind) = (action(call), call.operation);
    let message = format!(
        "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action} on resource: {on} because no \
         identity-based policy allows the {action} action"
    );
    let xml = |namespace: &str| {
        format!(
            "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}\
             </Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
    };
    match call.service {
        Service::S3 => Fault::s3(kind, 403, "AccessDenied", "Access Denied"),
        Service::CloudFront => Fault::cloudfront(kind, 403, "AccessDenied", &message),
        Service::Route53 => Fault::answer(kind, 403, xml("https://route53.amazonaws.com/doc/2013-04-01/")),
        Service::Acm => {
            let body = serde_json::json!({ "__type": "AccessDeniedException", "Message": message });
            Fault::answer(kind, 400, body.to_string()).header("content-type", "application/x-amz-json-1.1")
        }
        Service::Iam => Fault::answer(kind, 403, xml("https://iam.amazonaws.com/doc/2010-05-08/")),
        Service::Sts => Fault::answer(kind, 403, xml("https://sts.amazonaws.com/doc/2011-06-15/")),
    }
}

/// Every call that a run makes, in order, once.
async fn calls() -> Vec<Call> {
    let owner = Owner::new().await;
    owner.bootstrap(DOMAIN, &GITHUB).await.is_success();
    let mut seen = BTreeSet::new();
    let calls = owner.proxy.take_calls().into_iter();
    calls.filter(|call| seen.insert(call.operation)).collect()
}

/// Given one account after another in which one thing may not be done, the run says which, and on what.
#[tokio::test]
async fn every_permission_that_is_missing_is_named() {
    let calls = calls().await;
    assert!(calls.len() > 35, "{calls:#?}");
    assert!(calls.iter().all(|call| !call.operation.starts_with("another")), "{calls:#?}");
    for call in &calls {
        // Nobody needs a permission to learn who they are (STS API reference, GetCallerIdentity).
        if call.service == Service::Sts {
            continue;
        }
        let owner = Owner::new().await;
        if !call.writes() && call.service == Service::S3 {
            // Of a bucket that is not there nothing is read.
            owner.bootstrap(DOMAIN, &GITHUB).await.is_success();
        }
        let on = "arn:aws:of:the::resource/that-aws-names";
        owner.proxy.inject(denial(call, on));
        let told = owner.bootstrap(DOMAIN, &GITHUB).await;
        assert_ne!(told.status, Some(0), "{} is refused without a word", call.operation);
        told.is_error("access-denied");
        let (action, next) = (action(call), told.err.split("  next: ").nth(1).unwrap());
        assert!(next.contains(&action), "{}: {}", call.operation, told.err);
        let named = if call.service == Service::S3 { "arn:aws:s3:::cruddur-com-000000000000" } else { on };
        assert!(next.contains(named), "{}: {}", call.operation, told.err);
    }
}

#[tokio::test]
async fn one_of_every_service() {
    let table = [
        ("denied-bucket", "CreateBucket", ""),
        ("denied-policy", "PutBucketPolicy", ""),
        ("denied-certificate", "RequestCertificate", "arn:aws:acm:us-east-1:123456789012:certificate/*"),
        ("denied-distribution", "CreateDistributionWithTags", "arn:aws:cloudfront::123456789012:distribution/*"),
        ("denied-function", "CreateFunction", "arn:aws:cloudfront::123456789012:function/cruddur-site-spa-cruddur-com"),
        ("denied-zones", "ListHostedZones", "*"),
        ("denied-records", "ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z0123456789ABC"),
        (
            "denied-provider",
            "CreateOpenIDConnectProvider",
            "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
        ),
        ("denied-role", "CreateRole", "arn:aws:iam::123456789012:role/cruddur-site-cruddur-com"),
    ];
    let calls = calls().await;
    for (name, operation, on) in table {
        let owner = Owner::new().await;
        let call = calls.iter().find(|call| call.operation == operation).unwrap_or_else(|| panic!("{operation}"));
        owner.proxy.inject(denial(call, on));
        owner.bootstrap(DOMAIN, &GITHUB).await.is_error("access-denied").reads(name, &[]);
    }
}
