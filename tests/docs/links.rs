//! Links lead somewhere.

use std::path::{Component, Path, PathBuf};

use crate::markdown::{Page, ROOT, pages};

/// Every link to a file of the repository names one that is there, and every link to a part of a page a heading.
#[test]
fn every_link_of_the_repository_leads_somewhere() {
    let (mut lost, mut followed) = (Vec::new(), 0);
    for page in pages() {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            if let Err(why) = follow(&page, &link) {
                lost.push(format!("{}: {link}: {why}", page.name));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(followed > 40, "only {followed} links were found");
}

fn follow(page: &Page, link: &str) -> Result<(), String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => PathBuf::from(&page.name),
        path => normal(&Path::new(&page.name).parent().expect("a folder").join(path)),
    };
    if !Path::new(ROOT).join(&target).exists() {
        return Err("no such file".into());
    }
    if anchor.is_empty() {
        return Ok(());
    }
    let anchors = Page::read(&target).anchors();
    if anchors.iter().any(|known| known == anchor) {
        return Ok(());
    }
    Err(format!("no such heading among {}", anchors.join(", ")))
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let page = Page::read(Path::new("docs/FAQ.md"));
    for link in ["CLASSES.md#what-stops-a-publish", "../README.md", "#questions"] {
        assert_eq!(follow(&page, link), Ok(()), "{link}");
    }
    for link in ["CLASSES.md#what-starts-a-publish", "README.md", "#answers"] {
        assert!(follow(&page, link).is_err(), "{link}");
    }
}

/// A path without `..`, which GitHub resolves before it looks.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// No page of `docs/` is forgotten: the README, or a page that it leads to, has a link to each.
#[test]
fn every_page_is_reached_from_the_readme() {
    let mut reached = vec!["README.md".to_owned()];
    let mut next = 0;
    while next < reached.len() {
        let page = Page::read(Path::new(&reached[next]));
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let path = link.split('#').next().expect("a path");
            let folder = Path::new(&page.name).parent().expect("a folder");
            let target = normal(&folder.join(path)).to_str().expect("a name in UTF-8").to_owned();
            if target.ends_with(".md") && !reached.contains(&target) {
                reached.push(target);
            }
        }
        next += 1;
    }
    for page in pages().iter().filter(|page| page.name.starts_with("docs/") || !page.name.contains('/')) {
        assert!(reached.contains(&page.name), "no link leads to {}", page.name);
    }
}
