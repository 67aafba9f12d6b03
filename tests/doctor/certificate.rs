//! Mistakes with certificates, and what time does to them.

use aws_sdk_route53::types::{ChangeAction, RrType};
use cruddur_site::local::Certificate;

use crate::{
    dns::{change, record},
    world::{DOMAIN, World, finds, is_sound},
};

const DAY: i64 = 86_400_000;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The certificate that the distribution uses, as the account keeps it.
fn attached(world: &World) -> Certificate {
    let arn = world.distribution().certificate.expect("a certificate");
    world.account.certificate(&arn).unwrap().expect("the certificate")
}

/// Deletes the certificates of a status.
pub async fn delete_certificate(world: &World, status: &str) {
    let acm = aws_sdk_acm::Client::new(&world.console("us-east-1"));
    let listed = acm.list_certificates().certificate_statuses(status.into()).send().await.unwrap();
    for one in listed.certificate_summary_list() {
        acm.delete_certificate().certificate_arn(one.certificate_arn().unwrap()).send().await.unwrap();
    }
}

/// The renewal fails because somebody tidied the validation records away.
#[tokio::test(flavor = "multi_thread")]
async fn the_validation_records_were_tidied_away() {
    let world = World::sound().await;
    let sound = attached(&world);
    let acm = aws_sdk_acm::Client::new(&world.console("us-east-1"));
    let told = acm.describe_certificate().certificate_arn(&sound.arn).send().await.unwrap().certificate.unwrap();
    let zone = world.route53().list_hosted_zones().send().await.unwrap().hosted_zones.remove(0).id;
    let records = world.route53().list_resource_record_sets().hosted_zone_id(&zone).send().await.unwrap();
    let proofs: Vec<_> = records.resource_record_sets.into_iter().filter(|one| one.r#type == RrType::Cname).collect();
    assert_eq!(proofs.len(), told.domain_validation_options().len());
    for proof in &proofs {
        change(&world, &zone, ChangeAction::Delete, proof.clone()).await;
    }
    world.account.keep_certificate(&Certificate { expires: Some(now() + 20 * DAY), ..sound.clone() }).unwrap();
    finds(&world, &["certificate-expires-soon"]).await;
    world.bootstrap().await;
    let records = world.route53().list_resource_record_sets().hosted_zone_id(&zone).send().await.unwrap();
    let there = records.resource_record_sets.iter().filter(|one| one.r#type == RrType::Cname).count();
    assert_eq!(there, proofs.len(), "the records are there again");
    // ACM then renews it.
    world.account.keep_certificate(&sound).unwrap();
    is_sound(&world).await;
}

/// It has ended: browsers refuse the site. A new one takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_has_ended() {
    let world = World::sound().await;
    let ended = Certificate { expires: Some(now() - DAY), ..attached(&world) };
    world.account.keep_certificate(&ended).unwrap();
    finds(&world, &["certificate-expired", "certificate-failed"]).await;
    world.bootstrap().await;
    world.answers(&crate::support::Folder::site()).await;
    assert_ne!(world.distribution().certificate, Some(ended.arn));
    let report = finds(&world, &["certificate-failed"]).await;
    assert!(!report.has_problems(), "what is left of it is no problem");
    delete_certificate(&world, "EXPIRED").await;
    is_sound(&world).await;
}

/// It was revoked, and the distribution still has it.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_was_revoked() {
    let world = World::sound().await;
    let revoked = Certificate { status: "REVOKED".to_owned(), ..attached(&world) };
    world.account.keep_certificate(&revoked).unwrap();
    finds(&world, &["certificate-failed"]).await;
    world.bootstrap().await;
    delete_certificate(&world, "REVOKED").await;
    is_sound(&world).await;
}

/// The certificate was imported for the bare domain alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_lacks_a_name() {
    let world = World::sound().await;
    let narrow = Certificate { names: vec![DOMAIN.to_owned()], token: None, ..attached(&world) };
    world.account.keep_certificate(&narrow).unwrap();
    finds(&world, &["certificate-lacks-name"]).await;
    world.bootstrap().await;
    is_sound(&world).await;
}

/// The distribution was given another site's certificate.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_of_another_site() {
    let world = World::sound().await;
    let other = Certificate { names: vec!["other.localhost".to_owned()], token: None, ..attached(&world) };
    world.account.keep_certificate(&other).unwrap();
    finds(&world, &["certificate-of-another-site"]).await;
    world.bootstrap().await;
    is_sound(&world).await;
}

/// A request that was left behind waits beside the one that is used, its record never entered.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_certificate_waits() {
    let world = World::sound().await;
    let waiting = Certificate::pending(&["blog.cruddur.localhost", DOMAIN]);
    world.account.keep_certificate(&waiting).unwrap();
    let report = finds(&world, &["certificate-pending"]).await;
    assert!(report.findings[0].seen.contains("blog.cruddur.localhost"), "{report:#?}");
    let acm = aws_sdk_acm::Client::new(&world.console("us-east-1"));
    acm.delete_certificate().certificate_arn(&waiting.arn).send().await.unwrap();
    is_sound(&world).await;
}

/// A record that is like the validation record and is not it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_below_the_domain_is_nobodys_business() {
    let world = World::sound().await;
    let zone = world.route53().list_hosted_zones().send().await.unwrap().hosted_zones.remove(0).id;
    let other = record("_dmarc.cruddur.localhost", RrType::Txt, "\"v=DMARC1\"");
    change(&world, &zone, ChangeAction::Upsert, other).await;
    is_sound(&world).await;
}
