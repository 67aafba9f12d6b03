//! What a publish does only when told so.

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(a_mass_deletion_needs_consent);

/// Given a site of ten pages, when a build without most of them is published, then nothing happens until the flag is
/// there that the error names.
async fn a_mass_deletion_needs_consent(world: World) {
    let build = (1..10).fold(Folder::site(), |build, n| build.file(format!("{n}.html"), format!("<title>{n}</title>")));
    world.publish(&build).succeeds().await;
    let before = world.versions().await;
    for n in 1..8 {
        build.remove(format!("{n}.html"));
    }

    for guarded in [&[][..], &["--max-delete", "63"], &["--dry-run"]] {
        let refused = world.publish(&build).flags(guarded.iter().copied()).fails().await;
        assert_eq!(refused["kind"], "refused");
        assert_eq!(world.versions().await, before);
        assert!(refused["next"].as_str().unwrap().contains("--max-delete 100"), "{refused}");
        // Nine pages, the root page and the icon; the chunk does not count.
        assert!(refused["what"].as_str().unwrap().contains("7 of 11 pages and assets"), "{refused}");
    }

    let allowed = world.publish(&build).flags(["--max-delete", "100"]).succeeds().await;
    assert_eq!(each(&allowed["plan"]["removals"], "key").len(), 7);
    let left = ["8.html", "9.html", "assets/app-BkXq7RzT.js", "favicon.svg", "index.html"];
    assert_eq!(world.keys("live/").await, left);
}
