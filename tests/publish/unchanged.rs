//! Publishing what is there already.

use std::time::{Duration, SystemTime};

use filetime::FileTime;

use crate::support::Folder;
use crate::world::World;

crate::on_every_account!(nothing_changed_costs_nothing);

/// Given a published site, when the same build is published again, even from a fresh checkout whose files are all newer,
/// then five reads tell so and nothing is written.
async fn nothing_changed_costs_nothing(world: World) {
    let build = Folder::site().file("about/index.html", "<title>About</title>");
    world.publish(&build).succeeds().await;
    world.long_after().await;
    world.calls();
    let before = world.versions().await;

    for _ in ["as it was", "checked out again"] {
        let again = world.publish(&build).succeeds().await;
        assert_eq!(again["plan"]["empty"], true);
        assert_eq!(again["plan"]["unchanged"]["files"], 4);
        assert_eq!(again["result"]["release"], serde_json::Value::Null);

        let mut calls: Vec<_> = world.calls().0.iter().map(|call| call.operation).collect();
        calls.sort_unstable();
        // The manifest and the lock, a page of the listing, and the distribution that answers for the domain.
        assert_eq!(calls, ["GetDistribution", "GetObject", "GetObject", "ListDistributions", "ListObjectsV2"]);
        assert_eq!(world.versions().await, before);

        let tomorrow = FileTime::from_system_time(SystemTime::now() + Duration::from_secs(24 * 60 * 60));
        for file in walkdir::WalkDir::new(build.path()) {
            filetime::set_file_mtime(file.unwrap().path(), tomorrow).unwrap();
        }
    }
}
