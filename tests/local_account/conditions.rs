//! Conditional writes and deletes, and what a race between them does.

use aws_sdk_s3::primitives::ByteStream;
use futures::future::join_all;

use crate::{Rehearsal, code, s3_client};

#[tokio::test]
async fn writes_go_ahead_only_as_their_conditions_say() {
    let rehearsal = Rehearsal::with_bucket().await;
    let put = || rehearsal.s3.put_object().bucket("bucket").key("lock").body(ByteStream::from_static(b"mine"));
    assert_eq!(code(put().if_match("\"0\"").send().await), "NoSuchKey");
    let etag = put().if_none_match("*").send().await.unwrap().e_tag.unwrap();
    assert_eq!(code(put().if_none_match("*").send().await), "PreconditionFailed");
    assert_eq!(code(put().if_match("\"0\"").send().await), "PreconditionFailed");
    assert!(put().if_match(&etag).send().await.is_ok());
}

#[tokio::test]
async fn deletes_go_ahead_only_as_their_conditions_say() {
    let rehearsal = Rehearsal::with_bucket().await;
    let etag = rehearsal.put("lock", "mine").await.e_tag.unwrap();
    let delete = || rehearsal.s3.delete_object().bucket("bucket").key("lock");
    assert_eq!(code(delete().if_match("\"0\"").send().await), "PreconditionFailed");
    assert!(delete().if_match(&etag).send().await.is_ok());
    assert_eq!(code(delete().if_match(&etag).send().await), "NoSuchKey");
    assert!(rehearsal.keys().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_writers_at_once_one_wins() {
    let rehearsal = Rehearsal::with_bucket().await;
    // A second server on the same folder is what another process is.
    let other = cruddur_site::local::Account::open(rehearsal.account.folder()).unwrap();
    let other = cruddur_site::local::ApiServer::start(other).await.unwrap();
    let clients = [rehearsal.server.url(), other.url()]
        .map(|url| s3_client(url, cruddur_site::local::REGION, cruddur_site::local::SECRET_ACCESS_KEY));
    let writers = (0..20).map(|number| {
        let put = clients[number % 2].put_object().bucket("bucket").key("lock").if_none_match("*");
        put.body(ByteStream::from(number.to_string().into_bytes())).send()
    });
    let outcomes: Vec<_> = join_all(writers).await.into_iter().map(code).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "succeeded").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "PreconditionFailed").count(), 19, "{outcomes:?}");
    let winner = outcomes.iter().position(|outcome| outcome == "succeeded").unwrap();
    assert_eq!(rehearsal.get("lock").await, winner.to_string().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_writes_at_once_all_arrive() {
    let rehearsal = Rehearsal::with_bucket().await;
    let writers = (0..300).map(|number| {
        let put = rehearsal.s3.put_object().bucket("bucket").key(format!("{number:03}"));
        put.body(ByteStream::from(vec![b'x'; number * 10])).send()
    });
    let outcomes: Vec<_> = join_all(writers).await.into_iter().map(code).collect();
    assert!(outcomes.iter().all(|outcome| outcome == "succeeded"), "{outcomes:?}");
    assert_eq!(rehearsal.keys().await.len(), 300);
}
