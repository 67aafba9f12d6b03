//! A distribution's life, as bootstrap and destroy lead it.

use std::time::Duration;

use aws_sdk_cloudfront::types::{CacheTagConfig, DistributionConfigWithTags, PriceClass, Tag, TagKeys, Tags};

use cruddur_site::routing::Routing;

use crate::{
    Rehearsal,
    cloudfront_world::{NEVER, aliases, config, viewer_certificate},
    code,
};

fn tags(pairs: &[(&str, &str)]) -> Tags {
    let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build().unwrap();
    Tags::builder().set_items(Some(pairs.iter().map(tag).collect())).build()
}

#[tokio::test]
async fn what_was_sent_comes_back_with_what_cloudfront_puts_in() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let mut sent = config("one");
    sent.cache_tag_config = Some(CacheTagConfig::builder().header_name("x-amz-meta-cache-tag").build().unwrap());
    sent.comment = "a <comment> & \"more\"".to_owned();
    let (id, etag) = rehearsal.create(sent.clone()).await;
    let got = rehearsal.cloudfront.get_distribution_config().id(&id).send().await.unwrap();
    assert_eq!(got.e_tag(), Some(etag.as_str()));
    let got = got.distribution_config.unwrap();
    assert_eq!((&got.cache_tag_config, &got.comment), (&sent.cache_tag_config, &sent.comment));
    assert_eq!(got.caller_reference, "one");
    assert_eq!((got.aliases().unwrap().quantity(), got.default_root_object()), (0, Some("")));
    assert_eq!((got.price_class(), got.is_ipv6_enabled()), (Some(&PriceClass::PriceClassAll), Some(false)));
    let certificate = got.viewer_certificate().unwrap();
    assert_eq!(certificate.cloud_front_default_certificate(), Some(true));
    let behavior = got.default_cache_behavior().unwrap();
    assert_eq!(behavior.allowed_methods().unwrap().items().len(), 2);
    assert_eq!((behavior.compress(), behavior.smooth_streaming()), (Some(false), Some(false)));
    assert_eq!(got.origins().unwrap().items()[0].connection_attempts(), Some(3));

    // What was read can be written back, and is then no change.
    let update = rehearsal.cloudfront.update_distribution().id(&id).if_match(&etag).distribution_config(got);
    assert_eq!(update.send().await.unwrap().e_tag(), Some(etag.as_str()));
}

#[tokio::test]
async fn an_update_needs_the_current_version_and_keeps_the_reference() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let (id, first) = rehearsal.create(config("one")).await;
    let update = |etag: Option<&str>, reference: &str, root: &str| {
        let mut changed = config(reference);
        changed.default_root_object = Some(root.to_owned());
        let update = rehearsal.cloudfront.update_distribution().id(&id).distribution_config(changed);
        update.set_if_match(etag.map(str::to_owned)).send()
    };
    assert_eq!(code(update(None, "one", "index.html").await), "InvalidIfMatchVersion");
    assert_eq!(code(update(Some("no version"), "one", "index.html").await), "InvalidIfMatchVersion");
    assert_eq!(code(update(Some("ESTALE"), "one", "index.html").await), "PreconditionFailed");
    assert_eq!(code(update(Some(&first), "two", "index.html").await), "IllegalUpdate");
    let second = update(Some(&first), "one", "index.html").await.unwrap();
    let second_etag = second.e_tag().unwrap().to_owned();
    assert_ne!(second_etag, first);
    let config = second.distribution().unwrap().distribution_config().unwrap();
    assert_eq!(config.default_root_object(), Some("index.html"));
    assert_eq!(code(update(Some(&first), "one", "other.html").await), "PreconditionFailed");
    let nowhere = rehearsal.cloudfront.update_distribution().id("EMISSING").if_match(&first);
    let nowhere = nowhere.distribution_config(crate::cloudfront_world::config("one"));
    assert_eq!(code(nowhere.send().await), "NoSuchDistribution");
}

#[tokio::test]
async fn only_a_disabled_and_deployed_distribution_is_deleted() {
    let rehearsal = Rehearsal::with_delay(Duration::from_millis(400)).await;
    let (id, etag) = rehearsal.create(config("one")).await;
    let status = async || {
        let got = rehearsal.cloudfront.get_distribution().id(&id).send().await.unwrap();
        got.distribution.unwrap().status
    };
    let delete = |etag: &str| rehearsal.cloudfront.delete_distribution().id(&id).if_match(etag).send();
    assert_eq!(status().await, "InProgress");
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(status().await, "Deployed");
    assert_eq!(code(delete(&etag).await), "DistributionNotDisabled");
    let mut disabled = config("one");
    disabled.enabled = false;
    let update = rehearsal.cloudfront.update_distribution().id(&id).if_match(&etag).distribution_config(disabled);
    let etag = update.send().await.unwrap().e_tag.unwrap();
    assert_eq!(code(delete(&etag).await), "DistributionNotDisabled");
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(code(rehearsal.cloudfront.delete_distribution().id(&id).send().await), "InvalidIfMatchVersion");
    assert_eq!(code(delete("ESTALE").await), "PreconditionFailed");
    let invalidation = rehearsal.invalidate(&id, "ref", &["/"]).send().await;
    assert!(invalidation.is_ok());
    delete(&etag).await.unwrap();
    assert_eq!(code(rehearsal.cloudfront.get_distribution().id(&id).send().await), "NoSuchDistribution");
    assert!(rehearsal.account.distributions().unwrap().is_empty());
    rehearsal.create(config("one")).await;
}

#[tokio::test]
async fn a_reference_is_used_once() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    rehearsal.create(config("one")).await;
    let mut other = config("one");
    other.comment = "other".to_owned();
    let again = rehearsal.cloudfront.create_distribution().distribution_config(other).send().await;
    assert_eq!(code(again), "DistributionAlreadyExists");
    rehearsal.create(config("two")).await;
    assert_eq!(rehearsal.account.distributions().unwrap().len(), 2);
}

#[tokio::test]
async fn tags_come_with_a_distribution_and_change_without_it() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let both = DistributionConfigWithTags::builder()
        .distribution_config(config("one"))
        .tags(tags(&[("cruddur-site", "cruddur.com"), ("a", "1")]))
        .build();
    let created = rehearsal.cloudfront.create_distribution_with_tags().distribution_config_with_tags(both);
    let created = created.send().await.unwrap();
    assert!(created.location().unwrap().ends_with(created.distribution().unwrap().id()));
    let (etag, arn) = (created.e_tag.unwrap(), created.distribution.unwrap().arn);
    let cloudfront = &rehearsal.cloudfront;
    let told = async || {
        let listed = cloudfront.list_tags_for_resource().resource(&arn).send().await.unwrap().tags.unwrap();
        let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
        listed.items().iter().map(pair).collect::<Vec<_>>()
    };
    let owned = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(told().await, owned(&[("a", "1"), ("cruddur-site", "cruddur.com")]));
    cloudfront.tag_resource().resource(&arn).tags(tags(&[("a", "2"), ("b", "")])).send().await.unwrap();
    let keys = TagKeys::builder().items("cruddur-site").items("gone").build();
    cloudfront.untag_resource().resource(&arn).tag_keys(keys).send().await.unwrap();
    assert_eq!(told().await, owned(&[("a", "2"), ("b", "")]));
    let same = cloudfront.get_distribution().id(arn.rsplit('/').next().unwrap()).send().await.unwrap();
    assert_eq!(same.e_tag(), Some(etag.as_str()));

    let refused = |tags: Tags| cloudfront.tag_resource().resource(&arn).tags(tags).send();
    assert_eq!(code(refused(tags(&[("aws:x", "1")])).await), "InvalidTagging");
    assert_eq!(code(refused(tags(&[("semi;colon", "1")])).await), "InvalidTagging");
    assert_eq!(code(refused(tags(&[("x", &"y".repeat(257))])).await), "InvalidTagging");
    let many: Vec<_> = (0..49).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(|key| (key.as_str(), "")).collect();
    assert_eq!(code(refused(tags(&many)).await), "InvalidTagging");
    let missing = "arn:aws:cloudfront::000000000000:distribution/EMISSING";
    assert_eq!(code(cloudfront.list_tags_for_resource().resource(missing).send().await), "NoSuchResource");
    let foreign = "arn:aws:s3:::bucket";
    assert_eq!(code(cloudfront.list_tags_for_resource().resource(foreign).send().await), "InvalidArgument");
}

#[tokio::test]
async fn an_alias_is_on_one_distribution_but_a_wildcard_may_overlap_it() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let certificate = rehearsal.certificate("us-east-1", "ISSUED", &["cruddur.com", "*.cruddur.com"]);
    let named = |reference: &str, names: &[&str]| {
        let mut config = config(reference);
        config.aliases = aliases(names);
        config.viewer_certificate = viewer_certificate(&certificate);
        config
    };
    let (id, etag) = rehearsal.create(named("one", &["cruddur.com", "www.cruddur.com"])).await;
    let taken = rehearsal.cloudfront.create_distribution().distribution_config(named("two", &["WWW.cruddur.com"]));
    assert_eq!(code(taken.send().await), "CNAMEAlreadyExists");
    assert_eq!(rehearsal.account.distributions().unwrap().len(), 1);
    let (wildcard, _) = rehearsal.create(named("two", &["*.cruddur.com"])).await;
    let again = rehearsal.cloudfront.create_distribution().distribution_config(named("three", &["*.cruddur.com"]));
    assert_eq!(code(again.send().await), "CNAMEAlreadyExists");

    let conflicting =
        |alias: &str| rehearsal.cloudfront.list_conflicting_aliases().distribution_id(&id).alias(alias).send();
    let found = conflicting("www.cruddur.com").await.unwrap().conflicting_aliases_list.unwrap();
    let found: Vec<_> =
        found.items().iter().map(|one| (one.alias().unwrap(), one.distribution_id().unwrap())).collect();
    let hidden = format!("*******{}", &wildcard[7..]);
    assert_eq!(found, [("*.cruddur.com", hidden.as_str())]);
    assert!(conflicting("cruddur.com").await.unwrap().conflicting_aliases_list.unwrap().items().is_empty());
    assert_eq!(code(conflicting("other.example").await), "InvalidArgument");

    // A name that is given up is free.
    let fewer = named("one", &["cruddur.com"]);
    rehearsal.cloudfront.update_distribution().id(&id).if_match(etag).distribution_config(fewer).send().await.unwrap();
    rehearsal.create(named("four", &["www.cruddur.com"])).await;
}

#[tokio::test]
async fn a_site_made_without_the_protocol_is_one_that_the_protocol_takes() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let site = rehearsal.account.ensure_site("cruddur.com", Some(Routing::Folders)).unwrap();
    let got = rehearsal.cloudfront.get_distribution_config().id(&site.id).send().await.unwrap();
    let mut config = got.distribution_config.unwrap();
    let certificate = config.viewer_certificate().unwrap().acm_certificate_arn().unwrap();
    assert_eq!(Some(certificate), site.certificate.as_deref());
    config.comment = "mine".to_owned();
    let update = rehearsal.cloudfront.update_distribution().id(&site.id).if_match(got.e_tag.unwrap());
    update.distribution_config(config).send().await.unwrap();
    let code = rehearsal.account.function_code(&site.behavior.viewer_request_function).unwrap().unwrap();
    assert!(code.contains("function handler(event)"), "{code}");
    // A publish that rehearses another routing changes that, and keeps what was set by hand.
    let again = rehearsal.account.ensure_site("cruddur.com", Some(Routing::Spa)).unwrap();
    assert_eq!((again.comment.as_str(), again.error_responses.len()), ("mine", 0));
    assert_ne!(again.behavior.viewer_request_function, site.behavior.viewer_request_function);
}

#[tokio::test]
async fn a_publish_leaves_a_configured_distribution_alone() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let mut configured = config("by hand");
    let certificate = rehearsal.certificate("us-east-1", "ISSUED", &["cruddur.com"]);
    configured.aliases = aliases(&["cruddur.com"]);
    configured.viewer_certificate = viewer_certificate(&certificate);
    let (id, etag) = rehearsal.create(configured).await;
    let found = rehearsal.account.ensure_site("cruddur.com", Some(Routing::Spa)).unwrap();
    assert_eq!((found.id, found.etag), (id, etag));
    assert_eq!(found.behavior.viewer_request_function, "");
    let functions = rehearsal.cloudfront.list_functions().send().await.unwrap().function_list.unwrap();
    assert_eq!(functions.quantity(), 0);
}
