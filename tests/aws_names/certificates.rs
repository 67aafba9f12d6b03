//! Certificates.

use aws_sdk_acm::primitives::Blob;
use cruddur_site::ErrorKind;

use crate::on_every_account;
use crate::world::{REGION, World, names, tags};

on_every_account!(a_certificate_is_requested_found_and_deleted, wildcards_are_found_and_others_are_not);

async fn a_certificate_is_requested_found_and_deleted(world: World) {
    let certificates = world.aws.certificates(REGION);
    let site = names(&["life.example", "www.life.example", "*.life.example"]);
    let tags = tags(&[("cruddur-site", "life.example")]);
    let arn = certificates.request(&site, &tags).await.unwrap();
    assert_eq!(certificates.request(&site, &tags).await.unwrap(), arn, "the same request is the same certificate");

    let described = certificates.describe(&arn).await.unwrap();
    assert_eq!(described.arn, arn);
    assert_eq!(described.region, REGION);
    assert_eq!(described.status, "PENDING_VALIDATION");
    assert_eq!(described.failure, None);
    assert_eq!(described.kind, "AMAZON_ISSUED");
    assert_eq!(described.key_algorithm, "RSA_2048");
    assert_eq!(described.tags, tags);
    assert_eq!(described.used_by, Vec::<String>::new());
    let mut covered = described.names.clone();
    covered.sort();
    assert_eq!(covered, names(&["*.life.example", "life.example", "www.life.example"]));
    let mut proved: Vec<&str> = described.validations.iter().map(|validation| validation.domain.as_str()).collect();
    proved.sort_unstable();
    assert_eq!(proved, ["*.life.example", "life.example", "www.life.example"]);
    for validation in &described.validations {
        assert_eq!((validation.method.as_str(), validation.status.as_str()), ("DNS", "PENDING_VALIDATION"));
        // It may take ACM some seconds to make it up.
        if let Some((name, value)) = &validation.record {
            assert!(name.starts_with('_') && name.ends_with("life.example"), "{name}");
            assert!(value.ends_with(".acm-validations.aws"), "{value}");
        }
    }

    assert_eq!(certificates.naming(&site[..1]).await.unwrap(), [described]);
    certificates.delete(&arn).await.unwrap();
    assert_eq!(certificates.naming(&site).await.unwrap(), []);
    let gone = certificates.describe(&arn).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
    certificates.delete(&arn).await.expect("what is gone needs no deletion");
}

async fn wildcards_are_found_and_others_are_not(world: World) {
    let certificates = world.aws.certificates(REGION);
    let no_tags = tags(&[]);
    let wild = certificates.request(&names(&["*.wild.example"]), &no_tags).await.unwrap();
    certificates.request(&names(&["deep.www.wild.example"]), &no_tags).await.unwrap();
    let found = certificates.naming(&names(&["www.wild.example"])).await.unwrap();
    assert_eq!(found.iter().map(|found| found.arn.as_str()).collect::<Vec<_>>(), [wild.as_str()]);
    assert_eq!(certificates.naming(&names(&["wild.example", "mild.example"])).await.unwrap(), []);
}

/// Only moto imports.
#[tokio::test]
async fn an_imported_certificate_with_an_elliptic_key_is_found() {
    let Some(world) = World::moto().await else { return };
    // Made for this test by `openssl req -x509 -newkey ec`; it names curve.example and www.curve.example.
    let (certificate, key) = (include_bytes!("curve.crt"), include_bytes!("curve.key"));
    let import = world.acm().import_certificate().certificate(Blob::new(*certificate)).private_key(Blob::new(*key));
    let arn = import.send().await.unwrap().certificate_arn.unwrap();
    let found = world.aws.certificates(REGION).naming(&names(&["www.curve.example"])).await.unwrap();
    let [found] = found.as_slice() else { panic!("one certificate, not {found:?}") };
    assert_eq!((found.arn.as_str(), found.kind.as_str()), (arn.as_str(), "IMPORTED"));
    assert_eq!(found.key_algorithm, "EC_prime256v1");
    assert!(found.expires.is_some_and(|expires| expires > 4_000_000_000), "{found:?}");
    assert_eq!(found.validations, []);
}
