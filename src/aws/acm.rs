//! ACM: the certificates of one region.

use std::time::Duration;

use aws_sdk_acm::{
    Client,
    operation::request_certificate::RequestCertificateError,
    types::{CertificateDetail, CertificateSummary, Filters, KeyAlgorithm, Tag, ValidationMethod},
};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};
use aws_smithy_types::{DateTime, error::metadata::ProvideErrorMetadata};
use futures::{StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};

use super::Action;
use crate::{
    error::{Error, ErrorKind, Result},
    setup::{
        observed::{Certificate, Tags, Validation},
        wildcard::covers,
    },
};

/// ACM lists RSA_1024 and RSA_2048 alone unless it is told otherwise (ACM API reference, `Filters`).
const KEY_TYPES: [KeyAlgorithm; 7] = [
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

/// How many certificates are described at once: ACM takes ten of these calls a second (ACM User Guide, "Quotas").
const AT_ONCE: usize = 4;

/// How often a request is made anew when ACM answers it with a certificate that is of no use any more.
const REQUESTS: usize = 4;

/// What a request is answered with may not be readable for some seconds (ACM API reference, RequestCertificate).
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The certificates of one region, as one account sees them.
#[derive(Debug, Clone)]
pub struct Certificates {
    client: Client,
    region: String,
}

impl Certificates {
    pub(super) fn new(client: Client, region: &str) -> Self {
        Self { client, region: region.to_owned() }
    }

    /// Every certificate, whatever its status, that names one of `names` or covers one by a wildcard.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn naming(&self, names: &[String]) -> Result<Vec<Certificate>> {
        let what = format!("list the certificates of {}", self.region);
        let action = Action { iam: "acm:ListCertificates", on: "*", what: &what };
        let mut arns = Vec::new();
        let mut token = None;
        loop {
            let filters = Filters::builder().set_key_types(Some(KEY_TYPES.to_vec())).build();
            let sent = self.client.list_certificates().includes(filters).set_next_token(token).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            let listed = page.certificate_summary_list().iter().filter(|summary| may_name(summary, names));
            arns.extend(listed.filter_map(|summary| summary.certificate_arn()).map(str::to_owned));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let described = futures::stream::iter(arns).map(|arn| async move { self.find(&arn).await });
        let described: Vec<Option<Certificate>> = described.buffered(AT_ONCE).try_collect().await?;
        Ok(described.into_iter().flatten().filter(|found| names_any(&found.names, names)).collect())
    }

    /// Reads one certificate.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none of this ARN, or as AWS answers.
    pub async fn describe(&self, arn: &str) -> Result<Certificate> {
        let gone = || {
            Error::new(
                ErrorKind::NotFound,
                format!("cannot read certificate {arn}: there is none"),
                "run the command again: it looks for the certificates that are there now",
            )
        };
        self.find(arn).await?.ok_or_else(gone)
    }

    /// Reads one certificate, if it is there.
    async fn find(&self, arn: &str) -> Result<Option<Certificate>> {
        let what = format!("read certificate {arn}");
        let action = Action { iam: "acm:DescribeCertificate", on: arn, what: &what };
        let detail = match self.client.describe_certificate().certificate_arn(arn).send().await {
            Ok(answer) => answer.certificate,
            Err(error) if error.code() == Some("ResourceNotFoundException") => None,
            Err(error) => return Err(action.failed(error)),
        };
        let Some(detail) = detail else { return Ok(None) };
        let action = Action { iam: "acm:ListTagsForCertificate", ..action };
        let tags = match self.client.list_tags_for_certificate().certificate_arn(arn).send().await {
            Ok(answer) => answer.tags.unwrap_or_default(),
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(action.failed(error)),
        };
        let tags = tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect();
        Ok(Some(certificate(arn, &self.region, &detail, tags)))
    }

    /// Asks for a certificate that covers `names`, the first of which is its domain name, to be proved by DNS; returns
    /// its ARN. Asking again within an hour gives the same certificate.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] without a name, or as AWS answers.
    pub async fn request(&self, names: &[String], tags: &Tags) -> Result<String> {
        let mut spent = Vec::new();
        loop {
            let arn = self.request_once(names, tags, &token(names, &spent)).await?;
            if spent.len() + 1 == REQUESTS || self.is_alive(&arn).await? {
                return Ok(arn);
            }
            spent.push(arn);
        }
    }

    async fn request_once(&self, names: &[String], tags: &Tags, token: &str) -> Result<String> {
        let what = format!("request the certificate for {}", names.join(", "));
        let action = Action { iam: "acm:RequestCertificate", on: "*", what: &what };
        let (domain, others) = names.split_first().ok_or_else(|| {
            Error::new(ErrorKind::Input, "cannot request a certificate for no name", "name the site's domain")
        })?;
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
        let tags = tags.iter().map(tag).collect::<std::result::Result<Vec<_>, _>>();
        let tags = tags.map_err(|error| super::incomplete(&what, error))?;
        let sent = self
            .client
            .request_certificate()
            .domain_name(domain)
            .set_subject_alternative_names((!others.is_empty()).then(|| others.to_vec()))
            .validation_method(ValidationMethod::Dns)
            .key_algorithm(KeyAlgorithm::Rsa2048)
            .idempotency_token(token)
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await;
        let answer = sent.map_err(|error| action.failed(error))?;
        answer.certificate_arn.ok_or_else(|| super::incomplete(&what, "no ARN"))
    }

    /// Whether a certificate that was just asked for can still become, or already is, one that serves. Within the hour
    /// of a token ACM repeats its answer, even where the certificate has failed or was deleted meanwhile.
    async fn is_alive(&self, arn: &str) -> Result<bool> {
        for patience in PATIENCE {
            if let Some(found) = self.find(arn).await? {
                return Ok(matches!(found.status.as_str(), "PENDING_VALIDATION" | "ISSUED"));
            }
            tokio::time::sleep(patience).await;
        }
        Ok(false)
    }

    /// Deletes a certificate that nothing uses; one that is not there is fine.
    ///
    /// # Errors
    /// As AWS answers, in particular when something uses it.
    pub async fn delete(&self, arn: &str) -> Result<()> {
        let what = format!("delete certificate {arn}");
        let action = Action { iam: "acm:DeleteCertificate", on: arn, what: &what };
        match self.client.delete_certificate().certificate_arn(arn).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(action.failed(error)),
        }
    }
}

/// The idempotency token of a request: at most 32 letters and digits (ACM API reference, RequestCertificate), the same
/// for the same names, and another one once the certificates `spent` have come of it and are of no use.
fn token(names: &[String], spent: &[String]) -> String {
    let mut digest = Sha256::new();
    for part in names.iter().chain(spent) {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..16])
}

/// Whether a certificate must be described to know that it names one of `names`: the list may have no alternative
/// names, and has at most 100 of them.
fn may_name(summary: &CertificateSummary, names: &[String]) -> bool {
    let listed = summary.subject_alternative_name_summaries();
    listed.is_empty()
        || summary.has_additional_subject_alternative_names() == Some(true)
        || names_any(listed, names)
        || summary.domain_name().is_some_and(|domain| names_any(&[domain.to_owned()], names))
}

fn names_any(listed: &[String], names: &[String]) -> bool {
    listed.iter().any(|listed| names.iter().any(|name| covers(listed, name)))
}

fn certificate(arn: &str, region: &str, detail: &CertificateDetail, tags: Tags) -> Certificate {
    let mut names = detail.subject_alternative_names().to_vec();
    // AWS repeats the domain name among the alternative ones; an imported certificate may not.
    if let Some(domain) = detail.domain_name().filter(|domain| !names.iter().any(|name| name == domain)) {
        names.insert(0, domain.to_owned());
    }
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let validations = detail.domain_validation_options().iter().map(|option| Validation {
        domain: option.domain_name().to_owned(),
        method: text(option.validation_method().map(ValidationMethod::as_str)),
        status: text(option.validation_status().map(|status| status.as_str())),
        record: option.resource_record().map(|record| (without_dot(record.name()), without_dot(record.value()))),
    });
    Certificate {
        arn: arn.to_owned(),
        region: region.to_owned(),
        status: text(detail.status().map(|status| status.as_str())),
        failure: detail.failure_reason().map(|reason| reason.as_str().to_owned()),
        names,
        kind: text(detail.r#type().map(|kind| kind.as_str())),
        key_algorithm: text(detail.key_algorithm().map(KeyAlgorithm::as_str)),
        requested: detail.created_at().or(detail.imported_at()).map(DateTime::secs),
        expires: detail.not_after().map(DateTime::secs),
        validations: validations.collect(),
        used_by: detail.in_use_by().to_vec(),
        tags,
    }
}

fn without_dot(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_owned()
}

/// A quota that is used up is not tried again. The SDK takes every `LimitExceededException` for throttling, but ACM's
/// throttling is `ThrottlingException` (ACM API reference, RequestCertificate, "Errors").
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotas;

impl ClassifyRetry for Quotas {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(std::result::Result::err);
        let error = error.and_then(|error| error.as_operation_error());
        match error.and_then(|error| error.downcast_ref::<RequestCertificateError>()) {
            Some(RequestCertificateError::LimitExceededException(_)) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "quotas of ACM"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{DomainStatus, DomainValidation, RecordType, ResourceRecord};

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_token_is_the_same_for_the_same_names_only() {
        let of = |of: &[&str], spent: &[&str]| token(&names(of), &names(spent));
        let first = of(&["a.com", "www.a.com"], &[]);
        assert_eq!(first, of(&["a.com", "www.a.com"], &[]));
        assert!(first.len() <= 32 && first.chars().all(|c| c.is_ascii_alphanumeric()), "{first}");
        let others = [of(&["www.a.com", "a.com"], &[]), of(&["a.com"], &[]), of(&["a.comwww.a.com"], &[])];
        assert!(!others.contains(&first));
        assert_ne!(first, of(&["a.com", "www.a.com"], &["arn:1"]));
    }

    #[test]
    fn every_key_type_that_acm_has_is_asked_for() {
        for name in KeyAlgorithm::values() {
            assert!(KEY_TYPES.iter().any(|asked| asked.as_str() == *name), "{name}");
        }
    }

    #[test]
    fn certificates_that_may_name_the_site_are_described() {
        let site = names(&["cruddur.com", "www.cruddur.com"]);
        let summary = |sans: &[&str], more: bool| {
            let summary = CertificateSummary::builder().domain_name(sans[0]);
            let summary = summary.set_subject_alternative_name_summaries(Some(names(sans)));
            may_name(&summary.has_additional_subject_alternative_names(more).build(), &site)
        };
        assert!(summary(&["cruddur.com"], false));
        assert!(summary(&["*.cruddur.com"], false));
        assert!(summary(&["other.com", "WWW.cruddur.com"], false));
        assert!(!summary(&["other.com", "api.cruddur.com"], false));
        assert!(!summary(&["*.www.cruddur.com"], false));
        assert!(summary(&["other.com"], true), "the hundred-and-first name is not in the list");
        assert!(may_name(&CertificateSummary::builder().domain_name("other.com").build(), &site));
        assert!(!names_any(&names(&["com"]), &site));
    }

    #[test]
    fn what_acm_tells_becomes_a_certificate() {
        let option = |domain: &str, record: Option<ResourceRecord>| {
            let option = DomainValidation::builder().domain_name(domain).set_resource_record(record);
            let option = option.validation_method(ValidationMethod::Dns);
            option.validation_status(DomainStatus::PendingValidation).build().unwrap()
        };
        let record = ResourceRecord::builder().name("_a.cruddur.com.").value("_b.acm-validations.aws.");
        let record = record.r#type(RecordType::Cname).build().unwrap();
        let detail = CertificateDetail::builder()
            .domain_name("cruddur.com")
            .subject_alternative_names("cruddur.com")
            .subject_alternative_names("*.cruddur.com")
            .status("PENDING_VALIDATION".into())
            .created_at(DateTime::from_secs_and_nanos(1_700_000_000, 5))
            .domain_validation_options(option("cruddur.com", Some(record)))
            .domain_validation_options(option("*.cruddur.com", None))
            .build();
        let found = certificate("arn:1", "us-east-1", &detail, Tags::new());
        assert_eq!(found.names, ["cruddur.com", "*.cruddur.com"]);
        assert_eq!((found.status.as_str(), found.failure), ("PENDING_VALIDATION", None));
        assert_eq!((found.requested, found.expires), (Some(1_700_000_000), None));
        let records: Vec<_> = found.validations.iter().map(|validation| validation.record.clone()).collect();
        assert_eq!(records, [Some(("_a.cruddur.com".into(), "_b.acm-validations.aws".into())), None]);
    }

    #[test]
    fn an_imported_certificate_counts_its_common_name() {
        let detail = CertificateDetail::builder().domain_name("a.com").subject_alternative_names("b.com");
        let detail = detail.imported_at(DateTime::from_secs(7)).build();
        let found = certificate("arn:1", "us-east-1", &detail, Tags::new());
        assert_eq!((found.names, found.requested), (names(&["a.com", "b.com"]), Some(7)));
    }
}
