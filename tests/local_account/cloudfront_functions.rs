//! Functions and origin access controls: made, changed, used, deleted.

use aws_sdk_cloudfront::{
    primitives::Blob,
    types::{
        EventType, FunctionAssociation, FunctionAssociations, FunctionConfig, FunctionRuntime, FunctionStage,
        OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    },
};

use crate::{
    Rehearsal,
    cloudfront_world::{NEVER, access_control_config, config},
    code,
};

const CODE: &str = "function handler(event) { return event.request; } // <é>";

fn function_config(comment: &str) -> FunctionConfig {
    FunctionConfig::builder().comment(comment).runtime(FunctionRuntime::CloudfrontJs20).build().unwrap()
}

impl Rehearsal {
    async fn make_function(&self, name: &str, code: &str) -> Result<String, String> {
        let create = self.cloudfront.create_function().name(name).function_config(function_config("router"));
        let created = create.function_code(Blob::new(code)).send().await;
        created.map(|created| created.e_tag.unwrap()).map_err(|error| crate::code::<(), _>(Err(error)))
    }

    async fn function_code(&self, name: &str, stage: FunctionStage) -> Result<String, String> {
        let got = self.cloudfront.get_function().name(name).stage(stage).send().await;
        let got = got.map_err(|error| crate::code::<(), _>(Err(error)))?;
        Ok(String::from_utf8(got.function_code.unwrap().into_inner()).unwrap())
    }
}

#[tokio::test]
async fn a_function_is_written_and_then_published() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let first = rehearsal.make_function("router", CODE).await.unwrap();
    assert_eq!(rehearsal.make_function("router", CODE).await, Err("FunctionAlreadyExists".to_owned()));
    let described = rehearsal.cloudfront.describe_function().name("router").send().await.unwrap();
    assert_eq!(described.e_tag(), Some(first.as_str()));
    let summary = described.function_summary.unwrap();
    let metadata = summary.function_metadata().unwrap();
    let arn = metadata.function_arn().to_owned();
    assert_eq!(arn, "arn:aws:cloudfront::000000000000:function/router");
    assert_eq!((summary.status(), metadata.stage()), (Some("UNPUBLISHED"), Some(&FunctionStage::Development)));
    assert_eq!(rehearsal.function_code("router", FunctionStage::Development).await.unwrap(), CODE);
    assert_eq!(rehearsal.function_code("router", FunctionStage::Live).await, Err("NoSuchFunctionExists".to_owned()));
    assert_eq!(rehearsal.account.function_code(&arn).unwrap(), None);

    let publish = |etag: &str| rehearsal.cloudfront.publish_function().name("router").if_match(etag).send();
    assert_eq!(code(publish("ESTALE").await), "PreconditionFailed");
    let published = publish(&first).await.unwrap().function_summary.unwrap();
    assert_eq!(published.function_metadata().unwrap().stage(), Some(&FunctionStage::Live));
    assert_eq!(rehearsal.account.function_code(&arn).unwrap().as_deref(), Some(CODE));

    let update = |etag: &str, code: &str| {
        let update = rehearsal.cloudfront.update_function().name("router").if_match(etag);
        update.function_config(function_config("new")).function_code(Blob::new(code)).send()
    };
    assert_eq!(code(update("ESTALE", "new").await), "PreconditionFailed");
    let second = update(&first, "new").await.unwrap().e_tag.unwrap();
    assert_ne!(second, first);
    assert_eq!(rehearsal.function_code("router", FunctionStage::Development).await.unwrap(), "new");
    assert_eq!(rehearsal.function_code("router", FunctionStage::Live).await.unwrap(), CODE);
    assert_eq!(code(publish(&first).await), "PreconditionFailed");
    publish(&second).await.unwrap();
    assert_eq!(rehearsal.function_code("router", FunctionStage::Live).await.unwrap(), "new");

    let listed = rehearsal.cloudfront.list_functions().stage(FunctionStage::Live).send().await.unwrap();
    let listed = listed.function_list.unwrap();
    assert_eq!((listed.quantity(), listed.items()[0].name()), (1, "router"));
    assert_eq!(code(rehearsal.cloudfront.get_function().name("none").send().await), "NoSuchFunctionExists");
}

#[tokio::test]
async fn functions_have_names_and_ten_kilobytes() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let long = "n".repeat(64);
    for (name, size, expected) in [
        ("a.b", 10, Err("InvalidArgument")),
        ("a b", 10, Err("InvalidArgument")),
        (&format!("{long}n"), 10, Err("InvalidArgument")),
        (&long, 10_240, Ok(())),
        ("large", 10_241, Err("FunctionSizeLimitExceeded")),
    ] {
        let made = rehearsal.make_function(name, &"x".repeat(size)).await.map(drop);
        assert_eq!(made, expected.map_err(str::to_owned), "{name}");
    }
}

#[tokio::test]
async fn only_a_published_function_is_associated_and_then_stays() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let etag = rehearsal.make_function("router", CODE).await.unwrap();
    let association = FunctionAssociation::builder()
        .function_arn("arn:aws:cloudfront::000000000000:function/router")
        .event_type(EventType::ViewerRequest)
        .build()
        .unwrap();
    let mut routed = config("routed");
    let behavior = routed.default_cache_behavior.as_mut().unwrap();
    behavior.function_associations =
        Some(FunctionAssociations::builder().quantity(1).items(association).build().unwrap());
    let create = || rehearsal.cloudfront.create_distribution().distribution_config(routed.clone()).send();
    assert_eq!(code(create().await), "InvalidFunctionAssociation");
    rehearsal.cloudfront.publish_function().name("router").if_match(&etag).send().await.unwrap();
    let created = create().await.unwrap();
    let delete = || rehearsal.cloudfront.delete_function().name("router").if_match(&etag).send();
    assert_eq!(code(delete().await), "FunctionInUse");
    let update = rehearsal.cloudfront.update_distribution().id(created.distribution().unwrap().id());
    let update = update.if_match(created.e_tag().unwrap()).distribution_config(config("routed"));
    update.send().await.unwrap();
    assert_eq!(
        code(rehearsal.cloudfront.delete_function().name("router").if_match("E").send().await),
        "PreconditionFailed"
    );
    delete().await.unwrap();
    assert_eq!(code(delete().await), "NoSuchFunctionExists");
}

#[tokio::test]
async fn access_controls_have_names_of_their_own_and_stay_while_they_are_used() {
    let rehearsal = Rehearsal::with_delay(NEVER).await;
    let s3 = OriginAccessControlOriginTypes::S3;
    let id = rehearsal.access_control("one", s3.clone()).await;
    let cloudfront = &rehearsal.cloudfront;
    let again = cloudfront
        .create_origin_access_control()
        .origin_access_control_config(access_control_config("one", s3.clone()));
    assert_eq!(code(again.send().await), "OriginAccessControlAlreadyExists");
    rehearsal.access_control("two", s3.clone()).await;
    let long = access_control_config(&"n".repeat(65), s3.clone());
    let long = cloudfront.create_origin_access_control().origin_access_control_config(long);
    assert_eq!(code(long.send().await), "InvalidArgument");
    let got = cloudfront.get_origin_access_control_config().id(&id).send().await.unwrap();
    let first = got.e_tag.unwrap();
    assert_eq!(got.origin_access_control_config.unwrap().name(), "one");
    let listed = cloudfront.list_origin_access_controls().send().await.unwrap().origin_access_control_list.unwrap();
    assert_eq!(listed.items().len(), 2);

    let update = |etag: Option<&str>, name: &str| {
        let mut changed = access_control_config(name, s3.clone());
        changed.signing_behavior = OriginAccessControlSigningBehaviors::NoOverride;
        let update = cloudfront.update_origin_access_control().id(&id).origin_access_control_config(changed);
        update.set_if_match(etag.map(str::to_owned)).send()
    };
    assert_eq!(code(update(None, "one").await), "InvalidIfMatchVersion");
    assert_eq!(code(update(Some("ESTALE"), "one").await), "PreconditionFailed");
    assert_eq!(code(update(Some(&first), "two").await), "OriginAccessControlAlreadyExists");
    let second = update(Some(&first), "one").await.unwrap().e_tag.unwrap();
    let got = cloudfront.get_origin_access_control().id(&id).send().await.unwrap().origin_access_control.unwrap();
    let behavior = got.origin_access_control_config.unwrap().signing_behavior;
    assert_eq!(behavior, OriginAccessControlSigningBehaviors::NoOverride);

    let mut signed = config("signed");
    signed.origins.as_mut().unwrap().items[0].origin_access_control_id = Some(id.clone());
    let (distribution, etag) = rehearsal.create(signed).await;
    let delete = |etag: &str| cloudfront.delete_origin_access_control().id(&id).if_match(etag).send();
    assert_eq!(code(delete(&second).await), "OriginAccessControlInUse");
    let update =
        cloudfront.update_distribution().id(&distribution).if_match(etag).distribution_config(config("signed"));
    update.send().await.unwrap();
    assert_eq!(code(delete(&first).await), "PreconditionFailed");
    delete(&second).await.unwrap();
    assert_eq!(code(delete(&second).await), "NoSuchOriginAccessControl");
}
