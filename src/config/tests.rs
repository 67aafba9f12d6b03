use proptest::prelude::*;

use super::*;
use crate::site::{FileClass, Headers, ObjectKey};

fn parse(text: &str) -> Result<Config> {
    Config::parse(Path::new("shop/cruddur-site.toml"), text)
}

#[test]
fn a_whole_file_is_read() {
    let config = parse(
        r#"
        domain = "Cruddur.com"
        distribution = "E1A2B3C4D5E6F7"
        bucket = "shop"
        prefix = "/live/"
        directory = "web/dist"
        region = "eu-central-1"
        profile = "shop"
        endpoint-url = "https://s3.example.com"
        routing = "folders"
        source-maps = true
        exclude = ["drafts/", "*.psd"]
        strict = true
        wait = false
        max-delete = 0

        [retention]
        days = 7
        releases = 1

        [invalidation]
        max-paths = 3000

        [[rules]]
        match = "*.pdf"
        class = "asset"
        cache-control = "no-store"
        metadata = { Owner = "docs" }
        "#,
    )
    .unwrap();
    assert_eq!(config.domain.as_ref().unwrap().as_str(), "cruddur.com");
    assert_eq!(config.prefix.as_ref().unwrap().as_str(), "live");
    assert_eq!(config.directory.as_deref(), Some(Path::new("shop/web/dist")));
    assert_eq!(
        (config.routing, config.wait, config.max_delete.unwrap().get()),
        (Some(Routing::Folders), Some(false), 0)
    );
    assert_eq!((config.retention.days.get(), config.retention.releases.get()), (7, 1));
    assert_eq!(config.invalidation.max_paths.get(), 3000);
    let key = ObjectKey::new("a/b.pdf").unwrap();
    assert_eq!(config.rules().class(&key), Some(FileClass::Asset));
    let headers = config.rules().apply(&key, Headers::default()).unwrap();
    assert_eq!((headers.cache_control.as_deref(), headers.metadata["owner"].as_str()), (Some("no-store"), "docs"));
}

#[test]
fn an_empty_file_is_the_defaults() {
    let config = parse("").unwrap();
    assert_eq!(config.layer(), Layer::default());
    assert_eq!((config.retention.days.get(), config.retention.releases.get()), (30, 3));
    assert_eq!(config.invalidation.max_paths.get(), 50);
    assert!(config.exclude.is_empty());
}

#[test]
fn every_mistake_is_named_with_its_place_and_its_cure() {
    let rule = "[[rules]]\nmatch = \"*\"\n";
    let deep = |inner: &str| format!("{}{inner}{}", "{".repeat(260), "}".repeat(260));
    let table = [
        ("doman = \"a.com\"".to_owned(), (1, 1), "unknown key \"doman\"", "did you mean \"domain\"?"),
        (
            format!("{rule}cache_contol = \"x\""),
            (3, 1),
            "unknown key \"cache_contol\" in [[rules]]",
            "\"cache-control\"",
        ),
        ("[retention]\nday = 3".into(), (2, 1), "unknown key \"day\" in [retention]", "\"days\""),
        ("[invalidation]\ncolour = 3".into(), (2, 1), "unknown key \"colour\" in [invalidation]", "max-paths"),
        ("[extra]\nx = 1".into(), (1, 2), "unknown key \"extra\"", "the keys there are domain"),
        ("x = ".into(), (1, 5), "not valid TOML", "correct it"),
        ("wait = true\nwait = false".into(), (2, 1), "not valid TOML", "correct it"),
        ("\nwait = \"yes\"".into(), (2, 8), "\"wait\" is string \"yes\"", "write true or false"),
        ("exclude = \"*.psd\"".into(), (1, 11), "\"exclude\" is string", "write a list"),
        ("exclude = [1]".into(), (1, 12), "\"exclude\" is integer 1", "write a text in quotes"),
        ("domain = 7".into(), (1, 10), "\"domain\" is integer 7", "write a text in quotes"),
        (
            "domain = \"ann; b@a.com, expected x\"".into(),
            (1, 10),
            "mail address \"ann; b@a.com, expected x\"",
            "alone: a.com",
        ),
        ("wait = \"a, expected b\"".into(), (1, 8), "\"wait\" is string \"a, expected b\"", "write true or false"),
        ("domain = \"https://a.com\"".into(), (1, 10), "\"domain\" is the URL", "write the domain alone"),
        ("bucket = \"s3://b-1/live\"".into(), (1, 10), "\"bucket\" is the URL", "as the prefix, \"live\""),
        ("routing = \"folder\"".into(), (1, 11), "\"routing\" is \"folder\"", "did you mean \"folders\"?"),
        ("max-delete = 101".into(), (1, 14), "\"max-delete\" is 101", "from 0 to 100"),
        ("max-delete = \"50%\"".into(), (1, 14), "\"max-delete\" is string \"50%\"", "whole number without quotes"),
        ("[retention]\ndays = -1".into(), (2, 8), "\"days\" in [retention] is -1", "from 0 to 3650"),
        ("[invalidation]\nmax-paths = 3001".into(), (2, 13), "\"max-paths\" in [invalidation] is 3001", "1 to 3000"),
        ("retention = 3".into(), (1, 13), "\"retention\" is integer 3", "write a table"),
        ("[[rules]]\ncache-control = \"x\"".into(), (1, 1), "[[rules]] has no \"match\"", "add match"),
        (format!("{rule}class = \"imutable\""), (3, 9), "\"class\" in [[rules]] is \"imutable\"", "\"immutable\""),
        (format!("{rule}\n[[rules]]\nmatch = \"a[\""), (5, 9), "\"match\" in rule 2 is not a glob", "correct it"),
        (
            format!("[[rules]]\nmatch = \"{}\"", deep("a")),
            (2, 9),
            "\"match\" in rule 1 is nested too deep",
            "correct it",
        ),
        (format!("{rule}cache-control = \"a\\nb\""), (3, 17), "control character", "remove it"),
        (format!("{rule}[rules.metadata]\n\"a b\" = \"x\""), (4, 9), "not a header name", "letters"),
        ("exclude = [\"ok\", \"a[z-a]\"]".into(), (1, 18), "in \"exclude\" is not a pattern", ".gitignore"),
        ("exclude = [\"!\"]".into(), (1, 12), "\"!\" in \"exclude\" is not a pattern", ".gitignore"),
        ("\"a\\u001b[m\" = 1".into(), (1, 1), r#"unknown key "a\u{1b}[m""#, "the keys there are"),
        ("prefix = \"live\"".into(), (1, 10), "prefix is given without bucket", "give bucket too"),
    ];
    for (text, (line, column), what, next) in table {
        let error = parse(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(error.what().contains(what), "{text}\n{error}");
        assert!(error.next().contains(next), "{text}\n{error}");
        let at = error.location().unwrap();
        assert_eq!((at.line, at.column), (line, column), "{text}\n{error}");
        assert!(error.to_string().starts_with(&format!("shop/cruddur-site.toml:{line}:{column}: ")), "{error}");
    }
}

#[test]
fn the_file_is_found_within_its_repository_only() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("repo/web/app");
    std::fs::create_dir_all(&deep).unwrap();
    let write = |folder: &str, domain: &str| {
        let path = root.path().join(folder).join(FILE_NAME);
        std::fs::write(&path, format!("domain = \"{domain}\"")).unwrap();
        path
    };
    let found = || Config::find(&deep).unwrap().map(|(path, config)| (path, config.domain.unwrap().to_string()));

    let _outside = write("", "outside.com");
    assert_eq!(found(), None, "no repository: only the folder itself counts");
    std::fs::create_dir(root.path().join("repo/.git")).unwrap();
    assert_eq!(found(), None, "the file is above the repository");
    let top = write("repo", "top.com");
    assert_eq!(found(), Some((top, "top.com".to_owned())));
    let near = write("repo/web/app", "near.com");
    assert_eq!(found(), Some((near, "near.com".to_owned())));
}

#[test]
fn unreadable_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    assert_eq!(Config::load(&path).unwrap_err().kind(), ErrorKind::Io);
    std::fs::write(&path, b"domain = \"\xff\"").unwrap();
    let error = Config::load(&path).unwrap_err();
    assert!(error.what().contains("not UTF-8"), "{error}");
}

#[test]
fn the_reference_names_every_key() {
    let reference = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md")).unwrap();
    let fields = [
        document::field_names::<Config>(),
        document::field_names::<Retention>(),
        document::field_names::<Invalidation>(),
        document::field_names::<Rule>(),
    ];
    assert_eq!(fields.map(<[_]>::len), [17, 2, 1, 8]);
    for field in fields.concat() {
        assert!(reference.contains(&format!("`{field}`")), "{field} is not in docs/CONFIGURATION.md");
    }
    let example = reference.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    parse(example).unwrap();
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn nothing_like_a_configuration_panics(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec!["domain", "wait", "rules", "retention.days", "[retention]", "[[rules]]", "match",
                    "metadata", "exclude", "max-delete", "metadata.x", "ü"]),
                prop::sample::select(vec!["", "= 1", "= -7", "= \"x\"", "= true", "= []", "= [[1], {a=1}]", "= {}",
                    "= {x = \"ü\"}", "= 1979-05-27", "= 9e99", "= \"\"\"\nü", "."]),
            ),
            0..8,
        )
    ) {
        let text: String = lines.iter().map(|(key, value)| format!("{key} {value}\n")).collect();
        if let Err(error) = parse(&text) {
            prop_assert!(error.location().is_some(), "{}", error);
        }
    }
}
