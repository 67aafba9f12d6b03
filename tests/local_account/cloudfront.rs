//! CloudFront's answers, read by the SDK that a publish reads them with.

use std::time::Duration;

use aws_sdk_cloudfront::{
    operation::create_invalidation::builders::CreateInvalidationFluentBuilder,
    types::{EventType, InvalidationBatch, Paths},
};
use cruddur_site::{
    local::{Account, model::InvalidationStatus},
    routing::Routing,
};

use crate::{Rehearsal, cloudfront_client, code};

/// Longer than any test runs: what is asked for stays in progress.
const NEVER: Duration = Duration::from_secs(3600);

impl Rehearsal {
    async fn with_site(delay: Duration) -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::open_with_delay(folder.path(), delay).unwrap();
        let site = account.ensure_site("cruddur.com", Some(Routing::Folders)).unwrap();
        (Self::of(account, folder).await, site.id)
    }

    pub fn invalidate(&self, id: &str, reference: &str, paths: &[&str]) -> CreateInvalidationFluentBuilder {
        let paths = Paths::builder().quantity(paths.len() as i32).set_items(Some(owned(paths))).build().unwrap();
        let batch = InvalidationBatch::builder().caller_reference(reference).paths(paths).build().unwrap();
        self.cloudfront.create_invalidation().distribution_id(id).invalidation_batch(batch)
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn a_distribution_is_told_whole() {
    let (rehearsal, id) = Rehearsal::with_site(NEVER).await;
    let got = rehearsal.cloudfront.get_distribution().id(&id).send().await.unwrap();
    let distribution = got.distribution().unwrap();
    assert_eq!((distribution.id(), distribution.status()), (id.as_str(), "InProgress"));
    assert!(distribution.domain_name().ends_with(".cloudfront.net"));
    let config = distribution.distribution_config().unwrap();
    assert_eq!(config.aliases().unwrap().items(), ["cruddur.com"]);
    assert_eq!((config.default_root_object(), config.enabled()), (Some("index.html"), true));
    let origin = &config.origins().unwrap().items()[0];
    assert_eq!((origin.domain_name(), origin.origin_path()), ("cruddur.com.s3.us-east-1.amazonaws.com", Some("/live")));
    assert!(origin.s3_origin_config().is_some() && origin.origin_access_control_id().is_some());
    let behavior = config.default_cache_behavior().unwrap();
    assert_eq!(behavior.target_origin_id(), origin.id());
    assert_eq!(behavior.cache_policy_id(), Some("658327ea-f89d-4fab-a63d-7e88639e58f6"));
    assert_eq!(behavior.compress(), Some(true));
    let router = &behavior.function_associations().unwrap().items()[0];
    assert_eq!(router.function_arn(), "arn:aws:cloudfront::000000000000:function/cruddur-site-folders-cruddur-com");
    assert_eq!(router.event_type(), &EventType::ViewerRequest);
    let errors = config.custom_error_responses().unwrap().items();
    assert_eq!((errors[1].error_code(), errors[1].response_code()), (404, Some("404")));
    assert_eq!(errors[1].response_page_path(), Some("/404.html"));

    let alone = rehearsal.cloudfront.get_distribution_config().id(&id).send().await.unwrap();
    assert_eq!(alone.distribution_config(), Some(config));
    assert!(got.e_tag().is_some());
    assert_eq!(alone.e_tag(), got.e_tag());
    let missing = rehearsal.cloudfront.get_distribution().id("EMISSING").send().await;
    assert_eq!(code(missing), "NoSuchDistribution");
}

#[tokio::test]
async fn distributions_are_listed_in_pages() {
    let (rehearsal, first) = Rehearsal::with_site(NEVER).await;
    let mut ids = vec![first];
    for number in 0..4 {
        ids.push(rehearsal.account.ensure_site(&format!("site{number}.example"), None).unwrap().id);
    }
    ids.sort();
    let (mut marker, mut found, mut pages) = (None, Vec::new(), 0);
    loop {
        let list = rehearsal.cloudfront.list_distributions().max_items(2).set_marker(marker).send().await.unwrap();
        let list = list.distribution_list.unwrap();
        assert_eq!(list.quantity() as usize, list.items().len());
        found.extend(list.items().iter().map(|summary| summary.id().to_owned()));
        pages += 1;
        if !list.is_truncated() {
            break;
        }
        marker = list.next_marker;
    }
    assert_eq!((found, pages), (ids, 3));
    let all = rehearsal.cloudfront.list_distributions().send().await.unwrap().distribution_list.unwrap();
    assert_eq!((all.items().len(), all.is_truncated()), (5, false));
}

#[tokio::test]
async fn an_invalidation_is_in_progress_and_then_completed() {
    let (waiting, id) = Rehearsal::with_site(NEVER).await;
    let created = waiting.invalidate(&id, "ref", &["/", "/about/*"]).send().await.unwrap();
    assert!(created.location().is_some());
    let created = created.invalidation.unwrap();
    assert_eq!(created.status(), "InProgress");
    assert_eq!(created.invalidation_batch().unwrap().paths().unwrap().items(), ["/", "/about/*"]);
    assert_eq!(waiting.account.latest_invalidation().unwrap(), 1);

    // The same folder, read with the patience of no time at all.
    let done = Account::open_with_delay(waiting.account.folder(), Duration::ZERO).unwrap();
    let seen = done.invalidations_after(&id, 0).unwrap();
    assert_eq!((seen.len(), seen[0].paths.as_slice()), (1, owned(&["/", "/about/*"]).as_slice()));
    assert_eq!((&seen[0].id, seen[0].status), (&created.id, InvalidationStatus::Completed));
    assert!(done.invalidations_after(&id, seen[0].sequence).unwrap().is_empty());
    let server = cruddur_site::local::ApiServer::start(done).await.unwrap();
    let client = cloudfront_client(server.url(), cruddur_site::local::ACCESS_KEY_ID);
    let got = client.get_invalidation().distribution_id(&id).id(created.id()).send().await.unwrap();
    assert_eq!(got.invalidation().unwrap().status(), "Completed");
}

#[tokio::test]
async fn a_reference_used_again_is_the_same_invalidation_or_an_error() {
    let (rehearsal, id) = Rehearsal::with_site(NEVER).await;
    let first = rehearsal.invalidate(&id, "ref", &["/a"]).send().await.unwrap().invalidation.unwrap();
    let again = rehearsal.invalidate(&id, "ref", &["/a"]).send().await.unwrap().invalidation.unwrap();
    assert_eq!(first.id(), again.id());
    assert_eq!(code(rehearsal.invalidate(&id, "ref", &["/b"]).send().await), "InvalidationBatchAlreadyExists");
    let second = rehearsal.invalidate(&id, "ref 2", &["/b"]).send().await.unwrap().invalidation.unwrap();

    let list = rehearsal.cloudfront.list_invalidations().distribution_id(&id);
    let page = list.clone().max_items(1).send().await.unwrap().invalidation_list.unwrap();
    assert_eq!((page.items()[0].id(), page.is_truncated()), (second.id(), true));
    let page = list.set_marker(page.next_marker).send().await.unwrap().invalidation_list.unwrap();
    assert_eq!((page.items()[0].id(), page.is_truncated()), (first.id(), false));
    let missing = rehearsal.cloudfront.get_invalidation().distribution_id(&id).id("IMISSING");
    assert_eq!(code(missing.send().await), "NoSuchInvalidation");
}

#[tokio::test]
async fn what_cloudfront_would_not_invalidate_is_refused() {
    let (rehearsal, id) = Rehearsal::with_site(NEVER).await;
    for path in ["about", "/ü", "/a b", "/a*b", "/100%", "/<b>"] {
        assert_eq!(code(rehearsal.invalidate(&id, "ref", &["/", path]).send().await), "InvalidArgument", "{path}");
    }
    assert_eq!(code(rehearsal.invalidate("EMISSING", "ref", &["/"]).send().await), "NoSuchDistribution");
    let paths = Paths::builder().quantity(3).items("/a").build().unwrap();
    let batch = InvalidationBatch::builder().caller_reference("ref").paths(paths).build().unwrap();
    let create = rehearsal.cloudfront.create_invalidation().distribution_id(&id).invalidation_batch(batch);
    assert_eq!(code(create.send().await), "InconsistentQuantities");
    assert_eq!(rehearsal.account.latest_invalidation().unwrap(), 0);
}

#[tokio::test]
async fn only_so_many_paths_are_in_progress_at_once() {
    let (rehearsal, id) = Rehearsal::with_site(NEVER).await;
    let singles: Vec<_> = (0..3000).map(|number| format!("/{number}")).collect();
    let wildcards: Vec<_> = (0..15).map(|number| format!("/{number}/*")).collect();
    let send = async |reference: &str, paths: &[String]| {
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        code(rehearsal.invalidate(&id, reference, &paths).send().await)
    };
    assert_eq!(send("singles", &singles).await, "succeeded");
    assert_eq!(send("wildcards", &wildcards).await, "succeeded");
    assert_eq!(send("one more", &["/a".to_owned()]).await, "TooManyInvalidationsInProgress");
    assert_eq!(send("one wildcard more", &["/a/*".to_owned()]).await, "TooManyInvalidationsInProgress");
}

#[tokio::test]
async fn strangers_and_other_services_are_turned_away() {
    let (rehearsal, _) = Rehearsal::with_site(NEVER).await;
    let stranger = cloudfront_client(rehearsal.server.url(), "SOMEBODY");
    assert_eq!(code(stranger.list_distributions().send().await), "InvalidClientTokenId");
    let scope = "AWS4-HMAC-SHA256 Credential=LOCALACCOUNT/20261121/us-east-1/kms/aws4_request, Signature=0";
    let request = reqwest::Client::new().get(rehearsal.server.url()).header("authorization", scope);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 501);
    assert!(response.text().await.unwrap().contains("<Code>NotImplemented</Code>"));
}
