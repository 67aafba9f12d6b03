use std::fs;

use tempfile::TempDir;

use super::*;
use crate::ErrorKind;

/// A folder with these files, each with its name as content.
fn folder(files: &[&str]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    root
}

fn keys(walked: &Walked) -> Vec<&str> {
    walked.files.iter().map(|file| file.key.as_str()).collect()
}

fn skipped(walked: &Walked) -> Vec<&str> {
    walked.skipped.iter().map(|skipped| skipped.path.as_str()).collect()
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn refused(root: &Path, kind: ErrorKind, words: &[&str]) {
    let error = walk(root, &WalkOptions::default()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} not in {error}");
    }
}

#[test]
fn files_are_found_in_the_order_of_their_keys_with_size_and_time() {
    let root = folder(&["index.html", "b/c.js", "b.js", "B.js", ".well-known/acme/x", "b/é.txt"]);
    let walked = walk(root.path(), &WalkOptions::default()).unwrap();
    assert_eq!(keys(&walked), [".well-known/acme/x", "B.js", "b.js", "b/c.js", "b/é.txt", "index.html"]);
    assert_eq!(walked.skipped, []);
    let page = &walked.files[5];
    let stat = fs::metadata(root.path().join("index.html")).unwrap();
    assert_eq!((page.size, page.modified), (10, stat.modified().unwrap()));
    assert_eq!(page.path(), root.path().join("index.html"));
}

#[test]
fn what_is_not_for_viewers_is_skipped_with_its_reason() {
    let table = [
        (".hidden", SkipReason::DotFile),
        (".cache/x.js", SkipReason::DotFile),
        (".well-known/.hidden", SkipReason::DotFile),
        (".DS_Store", SkipReason::Litter),
        ("a/.DS_Store", SkipReason::Litter),
        (".well-known/.DS_Store", SkipReason::Litter),
        ("img/Thumbs.db", SkipReason::Litter),
        ("desktop.ini", SkipReason::Litter),
        ("page.html~", SkipReason::Litter),
        ("#page.html#", SkipReason::Litter),
        ("a/b.swp", SkipReason::Litter),
        ("__MACOSX/x", SkipReason::Litter),
        ("js/app.js.map", SkipReason::SourceMap),
        ("cruddur-site.toml", SkipReason::Configuration),
    ];
    for (file, reason) in table {
        let root = folder(&["index.html", file]);
        let walked = walk(root.path(), &WalkOptions::default()).unwrap();
        assert_eq!(keys(&walked), ["index.html"], "{file}");
        assert_eq!(walked.skipped.len(), 1, "{file}: {:?}", walked.skipped);
        assert_eq!(walked.skipped[0].reason, reason, "{file}");
    }
}

#[test]
fn names_that_only_look_like_litter_are_published() {
    let files =
        ["#1.html", "a.map/tile.png", "examples/cruddur-site.toml", "index.html", "nomap", "thumbs.dbx", "x~y.js"];
    let root = folder(&files);
    assert_eq!(keys(&walk(root.path(), &WalkOptions::default()).unwrap()), files);
}

#[test]
fn source_maps_are_published_when_asked_for() {
    let root = folder(&["index.html", "a.js.map"]);
    let options = WalkOptions { source_maps: true, ..Default::default() };
    assert_eq!(keys(&walk(root.path(), &options).unwrap()), ["a.js.map", "index.html"]);
}

#[test]
fn later_patterns_win_and_take_back_defaults() {
    let root = folder(&["index.html", "a.txt", "b.txt", "c.txt", ".nojekyll", "drafts/x.html", "sub/drafts/y.html"]);
    let beside = tempfile::tempdir().unwrap();
    let ignore_file = beside.path().join(IGNORE_FILE);
    fs::write(&ignore_file, "\u{feff}# comment\n!b.txt\r\n!c.txt\n").unwrap();
    fs::write(root.path().join(IGNORE_FILE), "c.txt\n").unwrap();
    let options = WalkOptions {
        exclude: lines(&["*.txt", "!.nojekyll", "/drafts/"]),
        ignore_file: Some(ignore_file),
        ..Default::default()
    };
    let walked = walk(root.path(), &options).unwrap();
    assert_eq!(keys(&walked), [".nojekyll", "b.txt", "index.html", "sub/drafts/y.html"]);
    assert_eq!(skipped(&walked), [IGNORE_FILE, "a.txt", "c.txt", "drafts/"]);
    let reason = |pattern: &str, file| SkipReason::Pattern { pattern: pattern.into(), file };
    assert_eq!(walked.skipped[1].reason, reason("*.txt", None));
    assert_eq!(walked.skipped[2].reason, reason("c.txt", Some(root.path().join(IGNORE_FILE))));
}

#[test]
fn a_broken_pattern_is_named_with_its_file() {
    let root = folder(&["index.html"]);
    fs::write(root.path().join(IGNORE_FILE), "ok\n[z-a]\n").unwrap();
    refused(root.path(), ErrorKind::Config, &["[z-a]", IGNORE_FILE]);
}

#[test]
fn patterns_name_files_and_what_is_in_folders() {
    let patterns = Patterns::new(&["**/", "!a/b/", "*.pem"]).unwrap();
    for (path, named) in
        [("a/x", true), ("x", false), ("a/b/x", false), ("x.pem", true), ("a/b/x.pem", true), ("/a/x", false)]
    {
        assert_eq!(patterns.matches(Path::new(path), false), named, "{path}");
    }
}

#[test]
fn a_pattern_that_names_nothing_brings_no_dot_files_back() {
    let root = folder(&["index.html", "x/.env.local"]);
    for line in ["!", "! ", "!/"] {
        fs::write(root.path().join(IGNORE_FILE), format!("\n  \n{line}\n")).unwrap();
        refused(root.path(), ErrorKind::Config, &[line, IGNORE_FILE, "names no file"]);
    }
}

#[test]
fn secrets_are_refused_by_name_unless_excluded_or_allowed() {
    let table = [
        (".env", "environment file"),
        (".env.production", "environment file"),
        ("a/.envrc", "environment file"),
        ("id_rsa", "private key"),
        ("certs/site.key", "private key"),
        ("site.PFX", "private key"),
        (".git/config", "repository"),
        ("a/.svn/entries", "repository"),
        (".git", "repository"),
    ];
    for (file, word) in table {
        let root = folder(&["index.html", file]);
        refused(root.path(), ErrorKind::Refused, &[word, "; "]);
        let excluding = WalkOptions { exclude: lines(&[&format!("/{file}")]), ..Default::default() };
        let parent = Path::new(file).parent().unwrap();
        if !parent.ends_with(".git") && !parent.ends_with(".svn") {
            assert_eq!(keys(&walk(root.path(), &excluding).unwrap()), ["index.html"], "{file}");
        }
        let top = file.split_inclusive('/').take_while(|part| part.ends_with('/')).collect::<String>();
        let allow = Patterns::new(&[format!("/{top}"), format!("/{file}")]).unwrap();
        let allowing = WalkOptions { allow, ..Default::default() };
        assert!(keys(&walk(root.path(), &allowing).unwrap()).contains(&file), "{file}");
    }
}

#[test]
fn public_halves_and_presentations_are_no_secrets() {
    let root = folder(&["id_rsa.pub", "index.html", "key.html", "talk.key"]);
    fs::write(root.path().join("talk.key"), b"PK\x03\x04rest of the archive").unwrap();
    let walked = walk(root.path(), &WalkOptions::default()).unwrap();
    assert_eq!(keys(&walked), ["id_rsa.pub", "index.html", "key.html", "talk.key"]);
}

#[test]
fn all_refusals_of_a_kind_are_told_the_first_ten_by_name() {
    let files: Vec<String> = (10..23).map(|n| format!(".env.{n}")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).chain(["index.html"]).collect();
    let root = folder(&files);
    refused(root.path(), ErrorKind::Refused, &["13 environment files", ".env.10, .env.11", ".env.19 and 3 more"]);
}

#[test]
fn folders_that_are_no_site_are_errors_with_the_nearest_thing() {
    let root = folder(&["dist/index.html", "a.txt"]);
    refused(&root.path().join("build"), ErrorKind::Input, &["there is no folder", "build the site first", "dist"]);
    refused(&root.path().join("a.txt"), ErrorKind::Input, &["not a folder"]);
    refused(root.path(), ErrorKind::Refused, &["has no index.html", "dist instead", "--allow-no-index"]);
    let table: [(&[&str], &str); 5] = [
        (&["Index.html"], "rename Index.html"),
        (&["a/b/c/index.html", "web/index.html", "x.js"], "web instead"),
        (&["x.js"], "build the site first"),
        (&["dist/app/browser/index.html"], "browser instead"),
        (&[".output/public/index.html", "package.json"], "public instead"),
    ];
    for (files, words) in table {
        refused(folder(files).path(), ErrorKind::Refused, &["has no index.html", words]);
    }
    refused(folder(&[]).path(), ErrorKind::Refused, &["is empty"]);
    refused(folder(&[".hidden"]).path(), ErrorKind::Refused, &["nothing to publish, only .hidden"]);
    let excluding = WalkOptions { exclude: lines(&["*.html"]), ..Default::default() };
    let error = walk(folder(&["index.html", "x.js"]).path(), &excluding).unwrap_err();
    assert!(error.next().contains("take back the pattern \"*.html\""), "{error}");
    let allowing = WalkOptions { allow_no_index: true, ..Default::default() };
    assert_eq!(keys(&walk(folder(&["x.js"]).path(), &allowing).unwrap()), ["x.js"]);
}

#[test]
fn a_project_with_its_repository_points_to_its_build() {
    let root = folder(&[".git/HEAD", "build/index.html", ".env"]);
    refused(root.path(), ErrorKind::Refused, &["a repository: .git", "publish the build instead", "build"]);
}

#[test]
fn difficult_names_are_keys_as_they_are() {
    let mut files = vec!["a b.html", "a#b.html", "a%20b.html", "a+b.html", "index.html", "ü/🦀 crab.html"];
    if cfg!(unix) {
        files.extend(["a?b.html", "a\\b.html", "a\"b'.html", "a*b|<c>.html"]);
    }
    files.sort_unstable();
    let root = folder(&files);
    assert_eq!(keys(&walk(root.path(), &WalkOptions::default()).unwrap()), files);
}

#[test]
fn names_that_differ_in_normalisation_only_are_refused() {
    let root = folder(&["index.html", "caf\u{e9}.html", "cafe\u{301}.html", "\u{212a}.txt", "K.txt"]);
    if fs::read_dir(root.path()).unwrap().count() < 5 {
        return; // This file system normalises: there are no such pairs on it.
    }
    let words = ["2 groups", "cafe\\u{301}.html and caf\\u{e9}.html", "\\u{212a}.txt and K.txt"];
    refused(root.path(), ErrorKind::Input, &words);
}

#[test]
fn keys_may_have_1024_bytes() {
    let long = ["d".repeat(200).as_str(); 5].join("/");
    let fits = format!("{long}/{}", "f".repeat(1024 - long.len() - 1));
    assert_eq!(fits.len(), 1024);
    let root = folder(&["index.html", &fits]);
    assert_eq!(keys(&walk(root.path(), &WalkOptions::default()).unwrap()).len(), 2);
    let root = folder(&["index.html", &format!("{fits}f")]);
    let error = walk(root.path(), &WalkOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("1025 bytes") && error.next().contains("shorter prefix"), "{error}");
}

#[test]
fn what_the_operating_system_says_becomes_a_cure() {
    // The tests may run as root, whom no permission stops: the translation is tested by itself.
    let table = [
        (io::ErrorKind::PermissionDenied, "no permission to read a/b", "chmod"),
        (io::ErrorKind::NotFound, "a/b vanished", "let the build finish"),
        (io::ErrorKind::InvalidData, "cannot read a/b", "check the disk"),
    ];
    for (kind, what, next) in table {
        let error = unreadable("a/b", &kind.into());
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.what().contains(what) && error.next().contains(next), "{error}");
    }
    let mut refusals = Refusals::default();
    refusals.add_io("x", &io::ErrorKind::PermissionDenied.into());
    refusals.add_io("y", &io::ErrorKind::PermissionDenied.into());
    let error = refusals.into_error(Path::new("build")).unwrap();
    assert!(error.to_string().contains("x, y"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt as _, fs::symlink, net::UnixListener},
    };

    use super::*;

    #[test]
    fn links_inside_the_folder_are_followed() {
        let root = folder(&["index.html", "a/x.js"]);
        symlink("index.html", root.path().join("404.html")).unwrap();
        symlink(root.path().join("a"), root.path().join("b")).unwrap();
        let walked = walk(root.path(), &WalkOptions::default()).unwrap();
        assert_eq!(keys(&walked), ["404.html", "a/x.js", "b/x.js", "index.html"]);
        assert_eq!(walked.files[0].size, 10);
    }

    #[test]
    fn the_folder_itself_may_be_a_link() {
        let root = folder(&["real/index.html", "real/a.js"]);
        symlink("a.js", root.path().join("real/b.js")).unwrap();
        symlink("real", root.path().join("build")).unwrap();
        let walked = walk(&root.path().join("build"), &WalkOptions::default()).unwrap();
        assert_eq!(keys(&walked), ["a.js", "b.js", "index.html"]);
    }

    #[test]
    fn links_that_leave_the_folder_are_refused_unless_allowed() {
        let outside = folder(&["shared/logo.svg", "passwd"]);
        let root = folder(&["index.html"]);
        symlink(outside.path().join("shared"), root.path().join("shared")).unwrap();
        symlink(outside.path().join("passwd"), root.path().join("p")).unwrap();
        refused(root.path(), ErrorKind::Refused, &["2 symbolic links that leave it", "p -> ", "shared -> "]);
        let allow = Patterns::new(&["/shared/", "/p"]).unwrap();
        let walked = walk(root.path(), &WalkOptions { allow, ..Default::default() }).unwrap();
        assert_eq!(keys(&walked), ["index.html", "p", "shared/logo.svg"]);
        let options = WalkOptions { exclude: lines(&["shared", "p"]), ..Default::default() };
        assert_eq!(keys(&walk(root.path(), &options).unwrap()), ["index.html"]);
    }

    #[test]
    fn a_link_does_not_hide_what_it_leads_to() {
        let root = folder(&["index.html", ".env"]);
        symlink(".env", root.path().join("settings.txt")).unwrap();
        let options = WalkOptions { exclude: lines(&[".env"]), ..Default::default() };
        let error = walk(root.path(), &options).unwrap_err();
        assert!(error.to_string().contains("settings.txt -> .env"), "{error}");
    }

    #[test]
    fn circles_and_links_to_nothing_are_named() {
        let table: [(&[(&str, &str)], &str); 4] = [
            (&[(".", "a/up")], "a/up -> "),
            (&[("self", "self")], "leads in a circle: self"),
            (&[("y", "x"), ("x", "y")], "2 symbolic links that lead in a circle: x, y"),
            (&[("gone", "a/broken")], "to nothing: a/broken -> gone"),
        ];
        for (links, words) in table {
            let root = folder(&["index.html", "a/x.js"]);
            for (target, link) in links {
                let target = if *target == "." { root.path().to_owned() } else { PathBuf::from(target) };
                symlink(target, root.path().join(link)).unwrap();
            }
            refused(root.path(), ErrorKind::Input, &[words]);
            let exclude = links.iter().map(|(_, link)| format!("/{link}")).collect();
            let walked = walk(root.path(), &WalkOptions { exclude, ..Default::default() }).unwrap();
            assert_eq!(keys(&walked), ["a/x.js", "index.html"]);
        }
    }

    #[test]
    fn names_s3_cannot_hold_and_sockets_are_refused() {
        let root = folder(&["index.html"]);
        fs::write(root.path().join(OsStr::from_bytes(b"caf\xe9.html")), "").unwrap();
        refused(root.path(), ErrorKind::Input, &["not UTF-8", "caf\\xE9.html"]);
        refused(folder(&["index.html", "a\nb.html"]).path(), ErrorKind::Input, &["control character", "a\\nb.html"]);
        let root = folder(&["index.html"]);
        let _socket = UnixListener::bind(root.path().join("s")).unwrap();
        refused(root.path(), ErrorKind::Input, &["neither file nor folder: s", "socket"]);
    }
}
