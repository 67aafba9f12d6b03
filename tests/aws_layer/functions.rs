//! Functions and origin access controls. moto has no functions.

use cruddur_site::error::ErrorKind;
use cruddur_site::setup::observed::AccessControl;

use crate::support::faults::Fault;
use crate::world::World;

crate::on_local_accounts!(
    a_function_is_written_published_and_deleted,
    an_access_control_is_made_changed_and_deleted,
    a_rival_of_a_function_is_outlasted,
);
crate::on_moto!(an_access_control_is_made_changed_and_deleted);

fn code(status: u16) -> String {
    format!("function handler(event) {{ return {{ statusCode: {status} }}; }}")
}

/// Given no function, when one is made, changed and published, then both stages are seen; and twice is as once.
async fn a_function_is_written_published_and_deleted(world: World) {
    let cloudfront = world.aws.cloudfront();
    assert_eq!(cloudfront.function("router").await.unwrap(), None);
    let made = cloudfront.create_function("router", "example.com", &code(301)).await.unwrap();
    assert_eq!(cloudfront.function("router").await.unwrap(), Some(made.clone()));
    assert_eq!((made.runtime.as_str(), &made.live_code), ("cloudfront-js-2.0", &None));

    // As when the first answer was lost.
    let again = cloudfront.create_function("router", "example.com", &code(302)).await.unwrap();
    assert_eq!((again.arn.as_str(), again.code.as_str()), (made.arn.as_str(), code(302).as_str()));
    cloudfront.publish_function("router", &again.etag).await.unwrap();
    let changed = cloudfront.update_function(&again, &code(308)).await.unwrap();
    let seen = cloudfront.function("router").await.unwrap().unwrap();
    assert_eq!((seen.code.as_str(), seen.live_code.as_deref()), (code(308).as_str(), Some(code(302).as_str())));
    assert_eq!(seen.etag, changed.etag);

    let stale = cloudfront.publish_function("router", &made.etag).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Rival, "{stale}");
    cloudfront.delete_function("router").await.unwrap();
    cloudfront.delete_function("router").await.unwrap();
    assert_eq!(cloudfront.function("router").await.unwrap(), None);
}

/// Given that somebody else writes the function at the same moment, when ours is written, then it is, from the start.
async fn a_rival_of_a_function_is_outlasted(world: World) {
    let cloudfront = world.aws.cloudfront();
    let made = cloudfront.create_function("router", "example.com", &code(301)).await.unwrap();
    world.proxy.inject(Fault::cloudfront("UpdateFunction", 412, "PreconditionFailed", "no").times(2));
    cloudfront.update_function(&made, &code(302)).await.unwrap();
    assert_eq!(world.count("UpdateFunction"), 3);
    assert_eq!(cloudfront.function("router").await.unwrap().unwrap().code, code(302));
}

async fn an_access_control_is_made_changed_and_deleted(world: World) {
    let cloudfront = world.aws.cloudfront();
    let made = cloudfront.create_access_control("cruddur-site-controls").await.unwrap();
    let AccessControl { origin_type, signing_behavior, signing_protocol, .. } = &made;
    assert_eq!([origin_type, signing_behavior, signing_protocol], ["s3", "always", "sigv4"]);
    assert_eq!(cloudfront.access_control(&made.id).await.unwrap(), Some(made.clone()));

    let never = AccessControl { signing_behavior: "never".into(), ..made.clone() };
    let changed = cloudfront.update_access_control(&never).await.unwrap();
    let seen = cloudfront.access_control(&made.id).await.unwrap().unwrap();
    assert_eq!(seen.signing_behavior, "never");
    assert_eq!(seen, changed);
    let listed = cloudfront.access_controls().await.unwrap();
    let listed: Vec<_> = listed.iter().filter(|control| control.name == made.name).collect();
    assert_eq!(listed, [&AccessControl { etag: String::new(), ..seen }]);

    cloudfront.delete_access_control(&made.id).await.unwrap();
    cloudfront.delete_access_control(&made.id).await.unwrap();
    assert_eq!(cloudfront.access_control(&made.id).await.unwrap(), None);
}
