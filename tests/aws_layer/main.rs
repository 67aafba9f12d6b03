//! CloudFront and the configuration of buckets, as this program sets them up: told to the local account and to moto's
//! server, which owe nothing to each other, through a proxy that makes them refuse as AWS does on its bad days.

#[path = "../support/mod.rs"]
mod support;

mod world;

mod buckets;
mod distributions;
mod functions;

/// Makes tests of stories in a local account, one for each story.
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
