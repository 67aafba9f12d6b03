//! File names that a URL cannot hold as they are.

use cruddur_site::local::edge::Edge;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::support::Folder;
use crate::world::{World, each};

crate::on_every_account!(any_name_is_published_invalidated_and_deleted);

/// Names, and the paths that are invalidated for them.
const NAMES: [(&str, &[&str]); 11] = [
    ("50%.txt", &["/50%25.txt"]),
    ("a b.txt", &["/a%20b.txt"]),
    ("a#b.txt", &["/a%23b.txt"]),
    // Decoded once too often, it is a name above.
    ("a%20b.txt", &["/a%2520b.txt"]),
    ("a+b.txt", &["/a%2Bb.txt", "/a+b.txt"]),
    ("a~b.txt", &["/a*"]),
    ("it's \"it\".txt", &["/it's%20%22it%22.txt"]),
    ("naïve/é.txt", &["/na%C3%AFve/%C3%A9.txt"]),
    ("what?.txt", &["/what%3F.txt"]),
    ("x\\y.txt", &["/x%5Cy.txt"]),
    ("😀.txt", &["/%F0%9F%98%80.txt"]),
];

/// Given files with such names, they are published under them; when they change, the edges forget exactly their copies;
/// and when they are gone, so are the objects. (Windows has no such names.)
async fn any_name_is_published_invalidated_and_deleted(world: World) {
    if cfg!(windows) {
        return;
    }
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    let mut paths: Vec<&str> = NAMES.iter().flat_map(|(_, paths)| paths.iter().copied()).collect();
    paths.sort_unstable();
    let mut edge = Viewer::of(&world).await;

    let build = names.iter().fold(Folder::site(), |build, name| build.file(name, format!("first {name}")));
    world.publish(&build).succeeds().await;
    edge.sees(&names, "first").await;

    for name in &names {
        build.write(name, format!("second {name}"));
    }
    let changed = world.publish(&build).succeeds().await;
    assert_eq!(each(&changed["plan"]["uploads"], "key"), names);
    assert_eq!(world.invalidated(&changed).await, [paths.clone()]);
    for name in &names {
        assert_eq!(String::from_utf8_lossy(&world.object(name).await.body), format!("second {name}"));
    }
    edge.sees(&names, "second").await;

    // A copy inside S3 names its source in a header.
    world.configure("[[rules]]\nmatch = '*.txt'\ncontent-language = 'de'");
    let relabelled = world.publish(&build).succeeds().await;
    assert_eq!(relabelled["result"]["headersChanged"], names.len());
    for name in &names {
        let object = world.object(name).await;
        assert_eq!(object.headers.content_language.as_deref(), Some("de"), "{name}");
        assert_eq!(String::from_utf8_lossy(&object.body), format!("second {name}"));
    }

    for name in &names {
        build.remove(name);
    }
    let removed = world.publish(&build).flags(["--max-delete", "100"]).succeeds().await;
    assert_eq!(each(&removed["plan"]["removals"], "key"), names);
    assert_eq!(world.invalidated(&removed).await, [paths]);
    assert_eq!(world.keys("live/").await, ["assets/app-BkXq7RzT.js", "favicon.svg", "index.html"]);
    edge.sees_none(&names).await;
}

/// Somebody who looks at the site through the local account's edge. moto has none.
struct Viewer(Option<(cruddur_site::local::edge::EdgeServer, reqwest::Client)>);

impl Viewer {
    async fn of(world: &World) -> Self {
        let Some(account) = &world.account else { return Self(None) };
        let edge = Edge::bind(account.clone(), Some(0)).await.unwrap();
        Self(Some((edge, reqwest::Client::builder().no_proxy().build().unwrap())))
    }

    async fn sees(&mut self, names: &[&str], version: &str) {
        for name in names {
            if let Some((status, text)) = self.get(name).await {
                assert_eq!((status, text), (200, format!("{version} {name}")));
            }
        }
    }

    async fn sees_none(&mut self, names: &[&str]) {
        for name in names {
            if let Some((status, _)) = self.get(name).await {
                assert_eq!(status, 404, "{name}");
            }
        }
    }

    async fn get(&self, name: &str) -> Option<(u16, String)> {
        let (edge, client) = self.0.as_ref()?;
        let path: Vec<_> =
            name.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string()).collect();
        let answer = client.get(format!("http://127.0.0.1:{}/{}", edge.port(), path.join("/"))).send().await.unwrap();
        Some((answer.status().as_u16(), answer.text().await.unwrap()))
    }
}
