use proptest::prelude::*;

use super::*;

fn key(key: &str) -> ObjectKey {
    ObjectKey::new(key).unwrap()
}

fn rule(pattern: &str) -> Rule {
    Rule { pattern: pattern.to_owned(), ..Rule::default() }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn patterns_match_like_those_of_gitignore() {
    let table = [
        ("*.pdf", &["a.pdf", "x/y/b.pdf"][..], &["a.pdf.txt", "pdf"][..]),
        ("robots.txt", &["robots.txt", "x/robots.txt"], &["robots.txt.bak"]),
        ("/robots.txt", &["robots.txt"], &["x/robots.txt"]),
        ("docs/*", &["docs/a.html"], &["docs/x/a.html", "x/docs/a.html"]),
        ("docs/**", &["docs/a.html", "docs/x/a.html"], &["docs", "doc/a.html"]),
        ("docs/", &["docs/a.html", "docs/x/a.html"], &["docs"]),
        ("**/img/*.{png,jpg}", &["img/a.png", "x/y/img/a.jpg"], &["img/x/a.png", "img/a.gif"]),
        ("[ab].js", &["a.js", "x/b.js"], &["c.js", "A.js"]),
        ("a\\*.js", &["a*.js"], &["ab.js"]),
        (".well-known/*", &[".well-known/x"], &["x/.well-known/x"]),
    ];
    for (pattern, matched, unmatched) in table {
        let rules = Rules::compile(vec![Rule { class: Some(FileClass::Page), ..rule(pattern) }]).unwrap();
        for name in matched {
            assert_eq!(rules.class(&key(name)), Some(FileClass::Page), "{pattern} and {name}");
        }
        for name in unmatched {
            assert_eq!(rules.class(&key(name)), None, "{pattern} and {name}");
        }
    }
}

#[test]
fn the_last_matching_rule_wins_for_each_header() {
    let metadata = |value: &str| BTreeMap::from([("Cache-Tag".to_owned(), value.to_owned())]);
    let rules = Rules::compile(vec![
        Rule {
            cache_control: text(" no-store "),
            content_language: text("en"),
            metadata: metadata("docs"),
            class: Some(FileClass::Asset),
            ..rule("*.pdf")
        },
        Rule { cache_control: text("max-age=60"), ..rule("docs/**") },
        Rule { class: Some(FileClass::Immutable), metadata: metadata(""), ..rule("docs/final.pdf") },
        Rule { content_language: text(""), cache_control: text(""), ..rule("bare.pdf") },
    ])
    .unwrap();
    let start = Headers { cache_control: text("public"), content_type: text("application/pdf"), ..Headers::default() };
    let apply = |name: &str| rules.apply(&key(name), start.clone()).unwrap();

    let a = apply("a.pdf");
    assert_eq!(
        (a.cache_control, a.content_language, a.content_type),
        (text("no-store"), text("en"), text("application/pdf"))
    );
    assert_eq!(a.metadata, BTreeMap::from([("cache-tag".to_owned(), "docs".to_owned())]));
    let docs = apply("docs/a.pdf");
    assert_eq!((docs.cache_control, docs.content_language), (text("max-age=60"), text("en")));
    assert!(apply("docs/final.pdf").metadata.is_empty());
    assert_eq!(rules.class(&key("docs/final.pdf")), Some(FileClass::Immutable));
    let bare = apply("bare.pdf");
    assert_eq!((bare.cache_control, bare.content_language, bare.content_type), (None, None, text("application/pdf")));
    assert_eq!(apply("index.html"), start);
}

#[test]
fn what_s3_would_refuse_is_refused_first() {
    let metadata =
        |name: &str, value: &str| Rule { metadata: BTreeMap::from([(name.to_owned(), value.to_owned())]), ..rule("*") };
    let twice = BTreeMap::from([("Owner".to_owned(), "a".to_owned()), ("owner".to_owned(), "b".to_owned())]);
    let table = [
        (rule(""), "match", "empty"),
        (rule("/"), "match", "empty"),
        (rule("a[b"), "match", "not a glob"),
        (rule("{a,b"), "match", "not a glob"),
        (Rule { cache_control: text("no-store\r\nx: y"), ..rule("*") }, "cache-control", "control character"),
        (Rule { content_disposition: text("attachment; filename=Ü"), ..rule("*") }, "content-disposition", "ASCII"),
        (Rule { content_language: text(&"e".repeat(2049)), ..rule("*") }, "content-language", "2049 bytes"),
        (Rule { content_type: text("html"), ..rule("*") }, "content-type", "not a media type"),
        (Rule { content_type: text(""), ..rule("*") }, "content-type", "empty"),
        (metadata("a b", "x"), "metadata.a b", "not a header name"),
        (metadata("", "x"), "metadata.", "not a header name"),
        (metadata("X-Amz-Meta-Owner", "x"), "metadata.X-Amz-Meta-Owner", "prefix"),
        (metadata("owner", "naïve"), "metadata.owner", "ASCII"),
        (metadata("owner", &"x".repeat(2044)), "metadata", "2049 bytes"),
        (Rule { metadata: twice, ..rule("*") }, "metadata.owner", "twice"),
    ];
    for (wrong, field, problem) in table {
        let invalid = Rules::compile(vec![rule("*"), wrong.clone()]).unwrap_err();
        assert_eq!((invalid.index, invalid.field.join(".").as_str()), (1, field), "{wrong:?}");
        assert!(invalid.problem.contains(problem), "{invalid}");
        assert_eq!(Error::from(invalid).kind(), ErrorKind::Config);
    }
}

#[test]
fn rules_that_are_too_much_together_name_the_file() {
    let half = |name: &str| Rule {
        metadata: BTreeMap::from([(name.to_owned(), "x".repeat(1200))]),
        cache_control: text(&"c".repeat(1200)),
        ..rule("*.js")
    };
    let rules = Rules::compile(vec![half("a"), half("b")]).unwrap();
    let error = rules.apply(&key("x/app.js"), Headers::default()).unwrap_err();
    assert!(error.what().contains("x/app.js") && error.what().contains("metadata"), "{error}");
    assert!(rules.apply(&key("x/app.css"), Headers::default()).is_ok());

    let long =
        Rule { content_disposition: text(&"d".repeat(1200)), cache_control: text(&"c".repeat(1200)), ..rule("*") };
    let error = Rules::compile(vec![long]).unwrap().apply(&key("a"), Headers::default()).unwrap_err();
    assert!(error.what().contains("headers"), "{error}");
}

proptest! {
    #[test]
    fn what_compiles_is_a_header_value(pattern in ".{0,12}", value in ".{0,40}", name in ".{0,10}", file in "[^/].{0,30}") {
        let rule = Rule {
            pattern,
            cache_control: Some(value.clone()),
            metadata: BTreeMap::from([(name, value)]),
            ..Rule::default()
        };
        if let Ok(rules) = Rules::compile(vec![rule]) {
            let headers = rules.apply(&key(&file), Headers::default()).unwrap();
            for value in headers.cache_control.iter().chain(headers.metadata.values()) {
                prop_assert!(http::HeaderValue::from_str(value).is_ok());
            }
            for name in headers.metadata.keys() {
                prop_assert!(http::HeaderName::from_bytes(name.as_bytes()).is_ok());
            }
        }
    }
}
