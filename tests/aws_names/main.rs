//! The services of names and identities, as this program uses them: ACM, Route 53, IAM and STS. The same stories are told
//! to accounts that owe nothing to each other; what no such account can be brought to do is told by a script.

#[path = "../support/mod.rs"]
mod support;

mod script;
mod world;

mod certificates;
mod identities;
mod scripted;
mod zones;

/// Makes tests of stories, one for each account.
macro_rules! on_every_account {
    ($($story:ident),+ $(,)?) => {
        mod moto {
            $(#[tokio::test]
            async fn $story() {
                if let Some(world) = $crate::world::World::moto().await {
                    super::$story(world).await;
                }
            })+
        }
    };
}
use on_every_account;
