//! What a person sees who opens the site in a browser.

use std::path::Path;

use crate::{
    support::{Folder, browser::dump_dom},
    world::World,
};

/// Given a bootstrapped and published site, a browser shows it at the domain, follows `www` there, and a link into the app
/// opens the app.
#[tokio::test]
async fn a_browser_shows_the_site_and_follows_www() {
    let world = World::bootstrapped();
    let example = Folder::copy_of(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site"));
    world.publish(&example);
    let site = world.serve();
    let www = site.url().replace("www.", "").replace("://", "://www.");
    for (url, text) in [
        (site.url().to_owned(), "Fog in the harbour until ten."),
        (www.clone(), "Fog in the harbour until ten."),
        (format!("{www}profile/maria"), "Sails on Sundays, ships on Mondays."),
    ] {
        let Some(document) = dump_dom(&url).await else { return };
        assert!(document.contains(text), "{url} shows {document}");
    }
}
