//! A store that asks to slow down.

use std::time::Duration;

use crate::support::{Folder, faults::Fault};
use crate::world::{World, each};

const FILES: usize = 1000;

/// The most uploads under way at once, from the hundredth that has arrived on, for as long as there are enough left.
async fn crowd(world: &World, refused: usize) -> usize {
    let mut most = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let seen = world.proxy.seen("PutObject", &format!("/{}/live/", world.bucket));
        let arrived = seen.iter().filter(|call| call.answered).count();
        if (100..FILES - 350).contains(&arrived) {
            // What was refused has never reached the store.
            most = most.max(seen.len() - arrived - refused);
        } else if arrived >= FILES - 350 {
            return most;
        }
    }
}

/// Given a build of many files, when the store answers some of the first uploads with `503 SlowDown`, then from then on
/// fewer go up at once; and all of them arrive.
#[tokio::test]
async fn fewer_uploads_are_under_way_after_slow_down() {
    let build = (3..FILES).fold(Folder::site(), |build, n| build.file(format!("{n}.svg"), format!("<svg id='{n}'/>")));
    let mut crowds = Vec::new();
    for refused in [0, 20] {
        let world = World::local(&format!("slowed_{refused}")).await;
        let site = format!("/{}/live/", world.bucket);
        let fault = Fault::s3("PutObject", 503, "SlowDown", "Please reduce your request rate.");
        world.proxy.inject(fault.of(&site).times(refused));
        world.proxy.inject(Fault::delay("PutObject", Duration::from_millis(500)).of(&site));
        let publishing = tokio::spawn(world.publish(&build).succeeds());
        crowds.push(crowd(&world, refused).await);
        let published = publishing.await.unwrap();
        assert_eq!(each(&published["plan"]["uploads"], "key").len(), FILES);
        assert_eq!(world.keys("live/").await.len(), FILES);
    }
    // 320, and half of it with what was won back meanwhile.
    assert!(crowds[0] > 250 && (32..=240).contains(&crowds[1]), "{crowds:?}");
}
