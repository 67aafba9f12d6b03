//! Buckets, where they are, and requests that go to the wrong region.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use cruddur_site::local::SECRET_ACCESS_KEY;

use crate::{Rehearsal, code, s3_client};

#[tokio::test]
async fn a_bucket_of_another_region_answers_where_it_is() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.account.create_bucket("ireland", "eu-west-1").unwrap();
    let list = rehearsal.s3.list_objects_v2().bucket("ireland").send().await.unwrap_err();
    let response = list.raw_response().unwrap();
    assert_eq!(response.status().as_u16(), 301);
    assert_eq!(response.headers().get("x-amz-bucket-region"), Some("eu-west-1"));
    assert_eq!(code(Err::<(), _>(list)), "PermanentRedirect");
    let head = rehearsal.s3.head_bucket().bucket("ireland").send().await.unwrap_err();
    assert_eq!(head.raw_response().unwrap().headers().get("x-amz-bucket-region"), Some("eu-west-1"));
    let location = rehearsal.s3.get_bucket_location().bucket("ireland").send().await.unwrap();
    assert_eq!(location.location_constraint(), Some(&BucketLocationConstraint::EuWest1));

    let there = s3_client(rehearsal.server.url(), "eu-west-1", SECRET_ACCESS_KEY);
    assert!(there.list_objects_v2().bucket("ireland").send().await.is_ok());
    assert_eq!(there.head_bucket().bucket("ireland").send().await.unwrap().bucket_region(), Some("eu-west-1"));
}

#[tokio::test]
async fn buckets_are_made_once_and_removed_when_empty() {
    let rehearsal = Rehearsal::with_bucket().await;
    let s3 = &rehearsal.s3;
    assert_eq!(code(s3.create_bucket().bucket("bucket").send().await), "BucketAlreadyOwnedByYou");
    assert_eq!(code(s3.create_bucket().bucket("Bucket").send().await), "InvalidBucketName");
    let in_region = |name: &str| {
        let constraint = BucketLocationConstraint::from(name);
        CreateBucketConfiguration::builder().location_constraint(constraint).build()
    };
    let ireland =
        || s3_client(rehearsal.server.url(), "eu-west-1", SECRET_ACCESS_KEY).create_bucket().bucket("ireland");
    assert_eq!(code(ireland().send().await), "IllegalLocationConstraintException");
    let frankfurt = ireland().create_bucket_configuration(in_region("eu-central-1"));
    assert_eq!(code(frankfurt.send().await), "IllegalLocationConstraintException");
    assert!(ireland().create_bucket_configuration(in_region("eu-west-1")).send().await.is_ok());

    let buckets = s3.list_buckets().send().await.unwrap();
    let names: Vec<_> = buckets.buckets().iter().map(|bucket| bucket.name().unwrap()).collect();
    assert_eq!(names, ["bucket", "ireland"]);

    rehearsal.put("a", "x").await;
    assert_eq!(code(s3.delete_bucket().bucket("bucket").send().await), "BucketNotEmpty");
    s3.delete_object().bucket("bucket").key("a").send().await.unwrap();
    assert!(s3.delete_bucket().bucket("bucket").send().await.is_ok());
    assert_eq!(code(s3.head_bucket().bucket("bucket").send().await), "NotFound");
}
