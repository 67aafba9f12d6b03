//! ACM's answers, read by the SDK that bootstrap reads them with.

use std::time::Duration;

use aws_sdk_acm::{
    Client,
    operation::request_certificate::builders::RequestCertificateFluentBuilder,
    types::{
        CertificateDetail, CertificateStatus, DomainStatus, DomainValidationOption, FailureReason, Filters,
        KeyAlgorithm, Tag, ValidationMethod,
    },
};
use aws_sdk_route53::types::{ChangeAction, RrType};
use cruddur_site::local::{Certificate, REGION};

use crate::{
    Rehearsal, acm_client, code,
    route53::{Zone, change, set},
};

const NEVER: Duration = Duration::from_secs(3600);

struct Acm(Client);

impl Acm {
    fn of(rehearsal: &Rehearsal) -> Self {
        Self(acm_client(rehearsal.server.url(), REGION))
    }

    fn asking(&self, names: &[&str]) -> RequestCertificateFluentBuilder {
        let others = names[1..].iter().map(|name| (*name).to_owned()).collect();
        let request = self.0.request_certificate().domain_name(names[0]).validation_method(ValidationMethod::Dns);
        request.set_subject_alternative_names(Some(others))
    }

    async fn request(&self, names: &[&str]) -> String {
        self.asking(names).send().await.unwrap().certificate_arn.unwrap()
    }

    async fn describe(&self, arn: &str) -> CertificateDetail {
        self.0.describe_certificate().certificate_arn(arn).send().await.unwrap().certificate.unwrap()
    }

    async fn status(&self, arn: &str) -> CertificateStatus {
        self.describe(arn).await.status.unwrap()
    }

    /// The validation records, as far as ACM tells them: name and value.
    async fn records(&self, arn: &str) -> Vec<(String, String)> {
        let detail = self.describe(arn).await;
        let told = detail.domain_validation_options().iter().filter_map(|option| option.resource_record());
        told.map(|record| (record.name().to_owned(), record.value().to_owned())).collect()
    }

    async fn prove(&self, arn: &str, zone: &Zone) {
        for (name, value) in self.records(arn).await {
            zone.upsert(&name, RrType::Cname, &[&value]).await;
        }
    }
}

#[tokio::test]
async fn validation_records_appear_after_a_while() {
    let slow = Rehearsal::with_delay(NEVER).await;
    let acm = Acm::of(&slow);
    let arn = acm.request(&["example.com"]).await;
    let detail = acm.describe(&arn).await;
    assert_eq!(detail.status(), Some(&CertificateStatus::PendingValidation));
    let [option] = detail.domain_validation_options() else { panic!("one option") };
    assert_eq!((option.domain_name(), option.resource_record()), ("example.com", None));

    let rehearsal = Rehearsal::with_delay(Duration::ZERO).await;
    let acm = Acm::of(&rehearsal);
    let arn = acm.request(&["Example.com", "*.example.com", "www.example.com", "example.com"]).await;
    let detail = acm.describe(&arn).await;
    assert_eq!(detail.subject_alternative_names(), ["example.com", "*.example.com", "www.example.com"]);
    let records = acm.records(&arn).await;
    assert_eq!(records[0], records[1], "the apex and its wildcard share a record");
    assert_ne!(records[0], records[2]);
    assert!(records[0].0.starts_with('_') && records[0].0.ends_with(".example.com."));
    assert!(records[0].1.ends_with(".acm-validations.aws."));
    let other = acm.request(&["example.com"]).await;
    assert_eq!(acm.records(&other).await[0], records[0], "a name has one record in an account");
}

#[tokio::test]
async fn a_certificate_is_issued_when_every_name_is_proved_and_stays_so() {
    let rehearsal = Rehearsal::with_delay(Duration::ZERO).await;
    let (acm, zone) = (Acm::of(&rehearsal), Zone::create(&rehearsal, "example.com").await);
    let arn = acm.request(&["example.com", "www.example.com"]).await;
    let records = acm.records(&arn).await;
    let write = |index: usize| set(&records[index].0, RrType::Cname, &[&records[index].1]);
    zone.change(vec![change(ChangeAction::Create, write(0))]).await.unwrap();
    let detail = acm.describe(&arn).await;
    assert_eq!(detail.status(), Some(&CertificateStatus::PendingValidation));
    let states: Vec<_> = detail.domain_validation_options().iter().map(|option| option.validation_status()).collect();
    assert_eq!(states, [Some(&DomainStatus::Success), Some(&DomainStatus::PendingValidation)]);

    zone.change(vec![change(ChangeAction::Create, write(1))]).await.unwrap();
    // Nobody looks before the record is gone again.
    zone.change(vec![change(ChangeAction::Delete, write(1))]).await.unwrap();
    let detail = acm.describe(&arn).await;
    assert_eq!(detail.status(), Some(&CertificateStatus::Issued));
    assert!(detail.issued_at().is_some() && detail.not_after() > detail.not_before());
    assert_eq!(rehearsal.account.certificate(&arn).unwrap().unwrap().status, "ISSUED");
}

#[tokio::test]
async fn records_that_public_dns_does_not_have_prove_nothing() {
    let rehearsal = Rehearsal::with_delay(Duration::ZERO).await;
    let acm = Acm::of(&rehearsal);
    let (first, second) =
        (Zone::create(&rehearsal, "example.com").await, Zone::create(&rehearsal, "example.com").await);
    let arn = acm.request(&["example.com"]).await;
    acm.prove(&arn, &second).await;
    assert_eq!(acm.status(&arn).await, CertificateStatus::PendingValidation);
    rehearsal.account.delegate("example.com", &second.name_servers).unwrap();
    assert_eq!(acm.status(&arn).await, CertificateStatus::Issued);

    rehearsal.account.delegate("example.com", &["ns.example.net"]).unwrap();
    let other = acm.request(&["www.example.com"]).await;
    acm.prove(&other, &first).await;
    acm.prove(&other, &second).await;
    assert_eq!(acm.status(&other).await, CertificateStatus::PendingValidation);
}

#[tokio::test]
async fn a_record_is_seen_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let account = cruddur_site::local::Account::open(folder.path()).unwrap();
    let rehearsal = Rehearsal::of(account, folder).await;
    let (acm, zone) = (Acm::of(&rehearsal), Zone::create(&rehearsal, "example.com").await);
    let mut pending = Certificate::pending(&["example.com"]);
    let proof = Certificate::pending(&["example.com"]);
    rehearsal.account.keep_certificate(&proof).unwrap();
    pending.delay = 3_600_000;
    rehearsal.account.keep_certificate(&pending).unwrap();
    acm.prove(&proof.arn, &zone).await;
    assert_eq!(acm.status(&proof.arn).await, CertificateStatus::Issued);
    assert_eq!(acm.status(&pending.arn).await, CertificateStatus::PendingValidation);
}

#[tokio::test]
async fn a_caa_record_without_amazon_fails_the_certificate() {
    let rehearsal = Rehearsal::with_delay(Duration::ZERO).await;
    let (acm, zone) = (Acm::of(&rehearsal), Zone::create(&rehearsal, "example.com").await);
    zone.upsert("example.com", RrType::Caa, &["0 issue \"letsencrypt.org\""]).await;
    let refused = acm.request(&["www.example.com"]).await;
    acm.prove(&refused, &zone).await;
    let detail = acm.describe(&refused).await;
    assert_eq!(detail.status(), Some(&CertificateStatus::Failed));
    assert_eq!(detail.failure_reason(), Some(&FailureReason::CaaError));
    zone.upsert("example.com", RrType::Caa, &["0 issue \"letsencrypt.org\"", "0 issue \"amazon.com\""]).await;
    assert_eq!(acm.status(&refused).await, CertificateStatus::Failed, "a failed certificate stays so");
    let allowed = acm.request(&["www.example.com"]).await;
    assert_eq!(acm.status(&allowed).await, CertificateStatus::Issued);
}

#[tokio::test]
async fn a_token_names_one_certificate_for_an_hour() {
    let rehearsal = Rehearsal::start().await;
    let acm = Acm::of(&rehearsal);
    let ask = async |token: &str| acm.asking(&["example.com"]).idempotency_token(token).send().await;
    let arn = ask("once").await.unwrap().certificate_arn.unwrap();
    assert_eq!(ask("once").await.unwrap().certificate_arn(), Some(&*arn));
    assert_ne!(ask("twice").await.unwrap().certificate_arn(), Some(&*arn));
    assert_ne!(acm.request(&["example.com"]).await, arn);
    let mut earlier = rehearsal.account.certificate(&arn).unwrap().unwrap();
    earlier.requested -= 3_600_000;
    rehearsal.account.keep_certificate(&earlier).unwrap();
    assert_ne!(ask("once").await.unwrap().certificate_arn(), Some(&*arn));
    assert_eq!(code(ask("a-b").await), "ValidationException");
    assert_eq!(code(ask(&"a".repeat(33)).await), "ValidationException");
}

#[tokio::test]
async fn what_acm_would_not_ask_for_is_refused() {
    let rehearsal = Rehearsal::start().await;
    let acm = Acm::of(&rehearsal);
    let many: Vec<_> = (0..11).map(|number| format!("n{number}.example.com")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let long = format!("{}.example.com", "a".repeat(60));
    let option = |name: &str, base: &str| {
        DomainValidationOption::builder().domain_name(name).validation_domain(base).build().unwrap()
    };
    let tag = |key: &str| Tag::builder().key(key).value("").build().unwrap();
    let tags = Some((0..51).map(|number| tag(&number.to_string())).collect());
    let ask = || acm.asking(&["www.example.com"]);
    let table = [
        (acm.asking(&["no_name.example.com"]), "ValidationException"),
        (acm.asking(&["example.com", "com"]), "ValidationException"),
        (acm.asking(&many), "LimitExceededException"),
        (acm.asking(&[&long]), "InvalidDomainValidationOptionsException"),
        (ask().domain_validation_options(option("www.example.com", "example.com")), "succeeded"),
        (
            ask().domain_validation_options(option("www.example.com", "example.net")),
            "InvalidDomainValidationOptionsException",
        ),
        (ask().domain_validation_options(option("example.com", "com")), "InvalidDomainValidationOptionsException"),
        (ask().key_algorithm(KeyAlgorithm::EcPrime256v1), "succeeded"),
        (ask().key_algorithm(KeyAlgorithm::Rsa4096), "InvalidParameterException"),
        (ask().validation_method("HTTP".into()), "InvalidParameterException"),
        (ask().tags(tag("aws:mine")), "InvalidTagException"),
        (ask().set_tags(tags), "TooManyTagsException"),
        (acm.asking(&many[..10]), "succeeded"),
    ];
    for (number, (request, expected)) in table.into_iter().enumerate() {
        assert_eq!(code(request.send().await), expected, "row {number}");
    }
}

#[tokio::test]
async fn a_list_without_a_filter_shows_short_rsa_keys_only() {
    let rehearsal = Rehearsal::start().await;
    let (acm, keep) = (Acm::of(&rehearsal), |certificate: &Certificate| {
        rehearsal.account.keep_certificate(certificate).unwrap();
        certificate.arn.clone()
    });
    let mut rsa = vec![keep(&Certificate::issued(&["a.example.com"])), keep(&Certificate::pending(&["b.example.com"]))];
    let mut elliptic = Certificate::issued(&["c.example.com"]);
    elliptic.key_algorithm = "EC_prime256v1".to_owned();
    keep(&elliptic);
    rsa.push(keep(&Certificate::issued(&["d.example.com", "*.d.example.com"])));
    let elsewhere = keep(&Certificate::issued(&["a.example.com"]).in_region("eu-west-1"));
    rsa.sort();

    let (mut token, mut found, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = acm.0.list_certificates().max_items(2).set_next_token(token).send().await.unwrap();
        found.extend(page.certificate_summary_list().iter().map(|one| one.certificate_arn().unwrap().to_owned()));
        pages += 1;
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!((&found, pages), (&rsa, 2));
    let filter = Filters::builder().key_types(KeyAlgorithm::EcPrime256v1).build();
    let page = acm.0.list_certificates().includes(filter).send().await.unwrap();
    let [summary] = page.certificate_summary_list() else { panic!("one certificate") };
    assert_eq!(summary.certificate_arn(), Some(&*elliptic.arn));
    let page =
        acm.0.list_certificates().certificate_statuses(CertificateStatus::PendingValidation).send().await.unwrap();
    assert_eq!(page.certificate_summary_list()[0].domain_name(), Some("b.example.com"));
    assert_eq!(page.certificate_summary_list().len(), 1);
    assert_eq!(code(acm.0.list_certificates().max_items(0).send().await), "ValidationException");
    assert_eq!(code(acm.0.list_certificates().next_token("!").send().await), "InvalidArgsException");

    let ireland = acm_client(rehearsal.server.url(), "eu-west-1");
    let page = ireland.list_certificates().send().await.unwrap();
    assert_eq!(page.certificate_summary_list()[0].certificate_arn(), Some(&*elsewhere));
    let foreign = acm.0.describe_certificate().certificate_arn(&elsewhere).send().await;
    assert_eq!(code(foreign), "InvalidArnException");
}

#[tokio::test]
async fn time_ends_certificates() {
    let rehearsal = Rehearsal::start().await;
    let acm = Acm::of(&rehearsal);
    let mut expired = Certificate::issued(&["example.com"]);
    expired.expires = Some(expired.requested - 1);
    let mut late = Certificate::pending(&["example.com"]);
    late.requested -= 72 * 3_600_000;
    let mut failed = Certificate::pending(&["example.com"]);
    (failed.status, failed.failure) = ("FAILED".to_owned(), Some("DOMAIN_NOT_ALLOWED".to_owned()));
    let table = [
        (&expired, CertificateStatus::Expired, None),
        (&late, CertificateStatus::ValidationTimedOut, None),
        (&failed, CertificateStatus::Failed, Some(FailureReason::DomainNotAllowed)),
    ];
    for (certificate, status, reason) in table {
        rehearsal.account.keep_certificate(certificate).unwrap();
        let detail = acm.describe(&certificate.arn).await;
        assert_eq!((detail.status(), detail.failure_reason()), (Some(&status), reason.as_ref()));
    }
}

#[tokio::test]
async fn certificates_are_tagged_and_deleted() {
    let rehearsal = Rehearsal::start().await;
    let acm = Acm::of(&rehearsal);
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let asked = acm.asking(&["example.com"]).tags(tag("cruddur-site", "example.com")).send().await.unwrap();
    let arn = asked.certificate_arn().unwrap();
    acm.0.add_tags_to_certificate().certificate_arn(arn).tags(tag("owner", "me")).send().await.unwrap();
    let tags = || acm.0.list_tags_for_certificate().certificate_arn(arn).send();
    let got = tags().await.unwrap();
    let told: Vec<_> = got.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(told, [("cruddur-site", Some("example.com")), ("owner", Some("me"))]);

    let delete = async |arn: &str| code(acm.0.delete_certificate().certificate_arn(arn).send().await);
    assert_eq!(delete("nonsense").await, "ValidationException");
    assert_eq!(delete(&arn.replace("us-east-1", "us-east-2")).await, "InvalidArnException");
    assert_eq!(delete(arn).await, "succeeded");
    assert_eq!(delete(arn).await, "ResourceNotFoundException");
    assert_eq!(code(tags().await), "ResourceNotFoundException");
}
