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

/// Makes tests of stories in local accounts, one for each story.
macro_rules! on_local_accounts {
    ($($story:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::world::World::local().await).await;
            })+
        }
    };
}
use on_local_accounts;

/// Makes tests of stories in moto's account, which they share.
macro_rules! on_moto {
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
use on_moto;

/// Makes tests of stories in both.
macro_rules! on_every_account {
    ($($story:ident),+ $(,)?) => {
        $crate::on_local_accounts!($($story),+);
        $crate::on_moto!($($story),+);
    };
}
use on_every_account;
