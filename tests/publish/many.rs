//! A site of more objects than a listing page holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Folder;
use crate::world::World;

crate::on_every_account!(a_site_of_thousands_is_known_by_a_few_requests);

/// Given a published site of 2,500 objects, when one page changes, then three pages of the listing, the manifest and the lock
/// tell so, and one object goes up; when half of it is gone, the deletions and invalidations are few.
async fn a_site_of_thousands_is_known_by_a_few_requests(world: World) {
    let build = (1..2500).fold(Folder::new().file("index.html", "<title>Many</title>"), |build, number| {
        build.file(format!("{:02}/{number:04}.html", number % 50), format!("<title>{number}</title>"))
    });
    world.publish(&build).succeeds().await;
    // A slow machine has the server asked twice.
    let calls = world.calls();
    let sent = calls.site_keys("PutObject");
    assert!(sent.len() <= 2525, "{}", sent.len());
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>().len(), 2500);
    assert_eq!(world.keys("live/").await.len(), 2500);

    world.long_after().await;
    let again = world.publish(&build).succeeds().await;
    assert_eq!(again["plan"]["unchanged"]["files"], 2500);
    let expected = [("GetDistribution", 1), ("GetObject", 2), ("ListDistributions", 1), ("ListObjectsV2", 3)];
    assert_eq!(world.calls().counts(), BTreeMap::from(expected));

    build.write("49/2499.html", "<title>The last</title>");
    let changed = world.publish(&build).succeeds().await;
    let calls = world.calls();
    assert_eq!(calls.site_keys("PutObject"), ["49/2499.html"]);
    assert_eq!(calls.count("ListObjectsV2"), 3);
    assert_eq!(changed["plan"]["unchanged"]["files"], 2499);

    // Half of it goes: a thousand objects in one request, and no more paths than are asked for by default.
    for number in (1..2500).filter(|number| number % 50 < 25) {
        build.remove(format!("{:02}/{number:04}.html", number % 50));
    }
    let halved = world.publish(&build).flags(["--max-delete", "100"]).succeeds().await;
    assert_eq!(halved["result"]["deleted"], 1249);
    assert_eq!(world.calls().count("DeleteObjects"), 2);
    assert_eq!(world.keys("live/").await.len(), 1251);
    let paths = world.invalidated(&halved).await.concat();
    assert!(paths.len() <= 50, "{paths:?}");
    for number in (1..2500).filter(|number| number % 50 < 25) {
        let gone = format!("/{:02}/{number:04}.html", number % 50);
        let covers = |path: &String| *path == gone || path.strip_suffix('*').is_some_and(|path| gone.starts_with(path));
        assert!(paths.iter().any(covers), "{gone} by {paths:?}");
    }
}
