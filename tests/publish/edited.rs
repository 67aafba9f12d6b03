//! Files that somebody changes while they are being published.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use cruddur_site::{
    error::ErrorKind,
    publish::{Event, Progress, Session, observe},
};
use filetime::{FileTime, set_file_mtime};

use crate::{
    inside::{files_of, session},
    support::{Folder, faults::Fault},
    world::World,
};

type Edit = fn(&Path);

/// What is done to a file.
const EDITS: [(&str, Edit); 6] = [
    ("other bytes", |path| fs::write(path, "xx").unwrap()),
    ("truncated", |path| fs::write(path, "").unwrap()),
    ("grown", |path| fs::write(path, [fs::read(path).unwrap(), vec![b' '; 9]].concat()).unwrap()),
    ("removed", |path| fs::remove_file(path).unwrap()),
    ("replaced by a folder", |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    }),
    // As no clock and no listing can tell.
    ("other bytes of the same length and time", |path| {
        let time = FileTime::from_last_modification_time(&fs::metadata(path).unwrap());
        let bytes: Vec<u8> = fs::read(path).unwrap().iter().map(|byte| byte ^ 1).collect();
        fs::write(path, bytes).unwrap();
        set_file_mtime(path, time).unwrap();
    }),
];

/// Edits once the first file of the release is stored.
struct EditsInTheMiddle(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Progress for EditsInTheMiddle {
    fn event(&self, event: Event<'_>) {
        if let Event::Stored(..) = event
            && let Some(edit) = self.0.lock().unwrap().take()
        {
            edit();
        }
    }
}

/// Given a published site and a new build, when one of its files is changed after it was hashed, before the first upload or
/// after it, then the publish fails before it changes any page, and says which file it was.
#[tokio::test]
async fn a_file_that_changes_after_it_was_hashed_stops_the_publish_before_a_page() {
    let world = World::local("a_file_that_changes").await;
    let old = Folder::site().file("a.html", "<title>old a</title>");
    let session = session(world.endpoint(), &world.bucket, "live", "ann").await;
    let publish = async |session: &Session, build: &Folder, edit: &dyn Fn()| {
        let prepared = session.prepare(files_of(build), observe(session).await.unwrap()).await.unwrap();
        edit();
        session.carry_out(&prepared).await
    };
    publish(&session, &old, &|| ()).await.unwrap();
    let pages = async || [world.object("index.html").await, world.object("a.html").await];
    let before = pages().await;
    for (name, edit) in EDITS {
        for file in ["index.html", "a.html", "favicon.svg"] {
            for in_the_middle in [false, true] {
                // An asset that S3 has is what was hashed, whatever becomes of the file when its look stays the same.
                if in_the_middle && file == "favicon.svg" && name.contains("the same length and time") {
                    continue;
                }
                let salt = format!("{name} {file} {in_the_middle}");
                let build = Folder::new().file("index.html", format!("<title>{salt}</title>"));
                let build =
                    build.file("a.html", format!("a {salt}")).file("favicon.svg", format!("<svg id='{salt}'/>"));
                let path = build.join(file);
                let mut session = session.clone();
                let result = if in_the_middle {
                    let edit = Box::new(move || edit(&path)) as Box<dyn FnOnce() + Send>;
                    session.progress = Arc::new(EditsInTheMiddle(Mutex::new(Some(edit))));
                    publish(&session, &build, &|| ()).await
                } else {
                    publish(&session, &build, &|| edit(&path)).await
                };
                let error = result.expect_err(&salt);
                assert_eq!(error.kind(), ErrorKind::Input, "{salt}: {error}");
                assert!(error.what().contains(file), "{salt}: {error}");
                assert_eq!(pages().await, before, "{salt}");
            }
        }
    }
}

/// Given a published site, when a bit of a file, a page or a part is another one when it reaches S3, then S3 refuses it by its
/// SHA-256, and no page has changed.
///
/// Only in the local account: moto verifies no checksum.
#[tokio::test]
async fn a_bit_that_flips_on_its_way_is_refused() {
    let world = World::local("a_bit_that_flips").await;
    let build = Folder::site();
    world.publish(&build).succeeds().await;
    let before = world.object("index.html").await;
    build.write("index.html", "<title>New</title><script src=/assets/app-BkXq7RzT.js></script>");
    let page = std::fs::read(build.join("index.html")).unwrap();
    // Each is written when its turn comes, for what is under way beside an upload that is refused may arrive.
    for (operation, part, file, content) in [
        ("PutObject", "live/new.svg", "new.svg", b"<svg/>".to_vec()),
        ("UploadPart", "partNumber=2", "video.mp4", vec![7; 20 << 20]),
        ("PutObject", "live/index.html", "index.html", page),
    ] {
        build.write(file, content);
        world.proxy.clear();
        world.proxy.inject(Fault::corrupt(operation).of(part));
        let error = world.publish(&build).fails().await;
        assert_eq!(error["kind"], "input", "{part}: {error}");
        assert!(error["what"].as_str().unwrap().contains("not those that were hashed"), "{part}: {error}");
        assert_eq!(world.object("index.html").await, before, "{part}");
    }
    world.proxy.clear();
    world.publish(&build).succeeds().await;
}
