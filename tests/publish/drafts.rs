//! What a publish that was cut off had sent, and no later build has.

use cruddur_site::release::Superseded;

use crate::support::{Folder, faults::Fault};
use crate::world::{PREFIX, World, each};

crate::on_every_account!(
    what_a_cut_off_publish_had_sent_goes,
    it_goes_after_a_second_one_was_cut_off,
    the_first_publish_of_all_may_be_cut_off,
);

const SITE: [&str; 3] = ["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"];
const CHUNK: &str = "assets/new-CvWx2LqM.js";

/// The site with a page more, and what that loads.
fn with_a_page(name: &str) -> Folder {
    let page = format!("<script src=/{CHUNK}></script><img src=/{name}.png>");
    let build = Folder::site().file(format!("{name}.html"), page).file(CHUNK, "console.log('new')");
    build.file(format!("{name}.png"), name).file("index.html", format!("<title>{name}</title>"))
}

impl World {
    /// Publishes, and is refused at the object with this key.
    async fn is_cut_off_at(&self, build: &Folder, key: &str) {
        self.proxy.inject(Fault::s3("PutObject", 403, "AccessDenied", "Access Denied").of(key));
        let failed = self.publish(build).fails().await;
        assert_eq!(failed["kind"], "access-denied", "{failed}");
        self.proxy.clear();
    }

    /// The releases of which there is a record or a draft.
    async fn recorded(&self) -> Vec<String> {
        let names = self.keys(".cruddur-site/live/releases/").await;
        names.iter().map(|name| name.trim_end_matches(".json.gz").to_owned()).collect()
    }

    /// The releases that the manifest remembers, by name: two of one second have names in any order.
    async fn remembered(&self) -> Vec<String> {
        let mut names: Vec<String> = self.manifest().await.releases.iter().map(|mark| mark.id.to_string()).collect();
        names.sort();
        names
    }
}

/// Given a release that was cut off after its first page, when a build without that page is published, then page and image go,
/// the edges forget them, and the chunk stays for open tabs until retention is over; nothing is taken for foreign.
async fn what_a_cut_off_publish_had_sent_goes(world: World) {
    world.publish(&Folder::site()).succeeds().await;
    world.is_cut_off_at(&with_a_page("new"), "live/index.html").await;
    assert_eq!(world.keys(PREFIX).await.len(), 6);

    let build = Folder::site().file("favicon.svg", "<svg/>");
    let plan = world.publish(&build).flags(["--dry-run"]).succeeds().await;
    assert_eq!(each(&plan["plan"]["removals"], "key"), ["new.html", "new.png"]);
    let published = world.publish(&build).succeeds().await;
    assert_eq!(each(&published["plan"]["notes"], "kind"), ["resumed"]);
    assert_eq!(each(&published["plan"]["removals"], "key"), ["new.html", "new.png"]);
    let forgotten = world.invalidated(&published).await.concat();
    assert!(["/new.html", "/new.png"].iter().all(|path| forgotten.iter().any(|one| one == path)), "{forgotten:?}");
    assert_eq!(world.keys(PREFIX).await, [&["assets/app-BkXq7RzT.js", CHUNK][..], &SITE[1..]].concat());
    assert_eq!(world.recorded().await, world.remembered().await);
    let manifest = world.manifest().await;
    let chunk = manifest.objects.iter().find(|(key, _)| key.as_str() == CHUNK).expect("it is ours").1;
    assert!(
        matches!(chunk.superseded.as_deref(), Some(Superseded { by, hashed: true, .. }) if *by != manifest.release)
    );

    world.configure("[retention]\ndays = 0\nreleases = 1");
    let published = world.publish(&build).succeeds().await;
    assert_eq!(each(&published["plan"]["removals"], "key"), [CHUNK]);
    assert_eq!(world.keys(PREFIX).await, SITE);
    assert_eq!(world.publish(&build).succeeds().await["plan"]["empty"], true);
}

/// Given a release that was cut off, and others after it that were as well (before the lock, in the middle, and at the very end),
/// when the site is published, then what all of them had sent goes.
async fn it_goes_after_a_second_one_was_cut_off(world: World) {
    world.configure("[retention]\ndays = 0\nreleases = 1");
    world.publish(&Folder::site()).succeeds().await;
    world.is_cut_off_at(&with_a_page("new"), "live/index.html").await;
    world.is_cut_off_at(&with_a_page("second"), "/releases/").await;
    world.is_cut_off_at(&with_a_page("third"), "live/index.html").await;
    world.is_cut_off_at(&with_a_page("fourth"), "/manifest.json.gz").await;
    assert_eq!(world.keys(PREFIX).await.len(), SITE.len() + 7);

    let published = world.publish(&Folder::site()).succeeds().await;
    assert_eq!(each(&published["plan"]["notes"], "kind"), ["resumed"]);
    assert_eq!(world.keys(PREFIX).await, SITE);
    assert_eq!(world.recorded().await, world.remembered().await);
    assert_eq!(world.publish(&Folder::site()).succeeds().await["plan"]["empty"], true);
}

/// Given a bucket with an object of somebody else, when the first publish of all is cut off and another build is published, then
/// what that does not have goes, and the other object stays.
async fn the_first_publish_of_all_may_be_cut_off(world: World) {
    world.configure("[retention]\ndays = 0\nreleases = 1");
    world.put("theirs.txt", b"theirs", &Default::default()).await;
    world.is_cut_off_at(&with_a_page("new"), "live/index.html").await;

    let published = world.publish(&Folder::site()).succeeds().await;
    assert_eq!(each(&published["plan"]["notes"], "kind"), ["foreign", "resumed"]);
    assert_eq!(each(&published["plan"]["removals"], "key"), [CHUNK, "new.html", "new.png"]);
    assert_eq!(world.keys(PREFIX).await, [&SITE[..], &["theirs.txt"]].concat());
    assert_eq!(world.recorded().await, world.remembered().await);
}
