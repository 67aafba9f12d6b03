//! What a publish promises, told as stories: the program itself, over HTTP, against two accounts that owe nothing to
//! each other, the embedded local one and moto's.

#[path = "../support/mod.rs"]
mod support;

mod world;

mod changes;
mod drafts;
mod drift;
mod edited;
mod expiring;
mod first;
mod foreign;
mod guards;
mod inside;
mod interleaved;
mod interrupted;
mod listed;
mod lost;
mod many;
mod names;
mod parts;
mod patience;
mod removals;
mod resumed;
mod rivals;
mod skewed;
mod state;
mod stores;
mod targets;
mod throttled;
mod turns;
mod unchanged;

/// Makes tests of stories, one for each account.
macro_rules! on_every_account {
    ($($story:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::world::World::local(stringify!($story)).await).await;
            })+
        }
        mod moto {
            $(#[tokio::test]
            async fn $story() {
                if let Some(world) = $crate::world::World::moto(stringify!($story)).await {
                    super::$story(world).await;
                }
            })+
        }
    };
}
use on_every_account;
