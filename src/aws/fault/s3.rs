//! What S3 refuses.

use super::{Action, Answer, Cure};
use crate::error::ErrorKind;

/// What a code of S3 means, and what to do about it (S3 API reference, "Error responses").
pub(super) fn cure(code: &str, asked: &Action<'_>, answer: &Answer) -> Option<Cure> {
    let (kind, why, next): (ErrorKind, &str, String) = match code {
        "NoSuchBucket" => (
            ErrorKind::NotFound,
            "there is no such bucket",
            "check the bucket's name, --profile and --endpoint-url (`aws s3 ls` shows the account's buckets), or make it \
             with `cruddur-site bootstrap DOMAIN`"
                .into(),
        ),
        "BadDigest" | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => (
            ErrorKind::Input,
            "the bytes that arrived are not those that were hashed",
            "publish again, once the build has ended: the file changed meanwhile, or its bytes were damaged on the way"
                .into(),
        ),
        // The names of buckets are one space for all accounts of a partition (User Guide, "Bucket naming rules").
        "BucketAlreadyExists" => (
            ErrorKind::Config,
            "somebody else has a bucket of this name",
            "choose another name with --bucket NAME: the site's domain need not be the bucket's name".into(),
        ),
        "InvalidBucketName" => (
            ErrorKind::Config,
            "a bucket cannot have this name",
            "choose one with --bucket NAME: 3 to 63 small letters, digits and hyphens, a letter or digit at both ends".into(),
        ),
        "TooManyBuckets" => (
            ErrorKind::Service,
            "the account has as many buckets as it may",
            "delete a bucket that is not needed, or ask for more under Service Quotas, Amazon S3".into(),
        ),
        "BucketNotEmpty" => (
            ErrorKind::Refused,
            "there are still objects or old versions in it",
            "look what they are (`aws s3api list-object-versions --bucket NAME`); `cruddur-site destroy --delete-content` \
             deletes everything in the bucket"
                .into(),
        ),
        "OperationAborted" => (
            ErrorKind::Service,
            "S3 is still busy with an earlier change of the bucket",
            "run the same command again in a minute; where a bucket of that name was deleted, it can take an hour until \
             the name is free: then, or with another one, given with --bucket NAME"
                .into(),
        ),
        "MalformedPolicy" => (
            ErrorKind::Config,
            "S3 does not take the bucket policy",
            "look whether a statement of the policy names a user, role or distribution that was deleted (`aws s3api \
             get-bucket-policy --bucket NAME`), take that statement out, and run the command again"
                .into(),
        ),
        "AccessDenied" if is_block_public_policy(answer) => (
            ErrorKind::Refused,
            "the policy would make the bucket public, and its public access block forbids that",
            "take the statements with \"Principal\": \"*\" out of the bucket policy (the console: the bucket, Permissions, \
             Bucket policy), then run the command again: CloudFront needs none of them"
                .into(),
        ),
        "InvalidBucketAclWithObjectOwnership" | "AccessControlListNotSupported" => (
            ErrorKind::Config,
            "the bucket's access control list and its object ownership exclude each other",
            "set the bucket's ACL to private (`aws s3api put-bucket-acl --acl private --bucket NAME`), then run the \
             command again"
                .into(),
        ),
        "InvalidTag" => (
            ErrorKind::Config,
            "S3 does not take the tags",
            "look at the bucket's tags (`aws s3api get-bucket-tagging --bucket NAME`): at most 50, each once, and none \
             that begins with aws: may be changed"
                .into(),
        ),
        "KMS.NotFoundException" | "KMS.DisabledException" | "KMS.KMSInvalidStateException" => (
            ErrorKind::Config,
            "the key of the bucket's encryption cannot be used",
            "check the ARN given with --kms-key: the key must be enabled, and in the bucket's region".into(),
        ),
        "IllegalLocationConstraintException" | "InvalidLocationConstraint" if asked.iam == "s3:CreateBucket" => (
            ErrorKind::Config,
            "a bucket cannot be made in this region from here",
            "name the region with --region: one that exists, and is enabled for the account".into(),
        ),
        _ if answer.is_of_another_region() => (
            ErrorKind::Config,
            "the bucket is in another region",
            match &answer.region {
                Some(region) => format!("use --region {region}, or `region = \"{region}\"` in cruddur-site.toml"),
                None => "name the bucket's region with --region".into(),
            },
        ),
        _ => return None,
    };
    Some((kind, why.into(), next))
}

/// S3 names the setting in words only, in one form or another.
fn is_block_public_policy(answer: &Answer) -> bool {
    answer.message.as_deref().is_some_and(|message| message.contains("BlockPublicPolicy"))
}
