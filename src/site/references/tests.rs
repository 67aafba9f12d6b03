use proptest::prelude::*;

use super::*;

fn key(key: &str) -> ObjectKey {
    ObjectKey::new(key).unwrap()
}

fn targets(page: &str, html: &str) -> Vec<String> {
    let own = ["cruddur.com".to_owned()];
    references(&key(page), html.as_bytes(), &own).into_iter().map(|found| found.target.to_string()).collect()
}

#[test]
fn what_browsers_fetch_is_found() {
    let table: &[(&str, &[&str])] = &[
        ("<script src=/a.js></script>", &["a.js"]),
        ("<SCRIPT TYPE=module SRC='./a.js'></SCRIPT>", &["a.js"]),
        ("<script type=text/template src=a.js></script>", &[]),
        ("<link rel=stylesheet href=a.css>", &["a.css"]),
        ("<link rel='SHORTCUT ICON' href=a.ico>", &["a.ico"]),
        ("<link rel='alternate stylesheet' href=a.css>", &["a.css"]),
        ("<link rel=manifest href=m.json><link rel=modulepreload href=m.js>", &["m.json", "m.js"]),
        ("<link rel=preload as=image imagesrcset='a.png 1x, b.png 2x'>", &["a.png", "b.png"]),
        ("<link rel=canonical href=/x><link rel=alternate href=/f.xml><link rel=next href=/2><link href=y>", &[]),
        ("<link rel=preconnect href=/x><link rel=dns-prefetch href=/y>", &[]),
        (
            "<img src=a.png srcset='b.png 1x,c.png 2x, data:image/png;base64,AA== 3x, d,e.png,'>",
            &["a.png", "b.png", "c.png", "d,e.png"],
        ),
        ("<picture><source srcset='a.avif'></picture><video src=v.mp4 poster=p.jpg>", &["a.avif", "v.mp4", "p.jpg"]),
        ("<audio src=a.mp3><track src=t.vtt></audio>", &["a.mp3", "t.vtt"]),
        ("<iframe src=/demo></iframe><object data=o.svg></object><embed src=e.pdf>", &["demo", "o.svg", "e.pdf"]),
        ("<svg><use href='s.svg#i'/><use xlink:href='t.svg#i'/><use href='#local'/></svg>", &["s.svg", "t.svg"]),
        ("<input type=IMAGE src=b.png><input src=no.png>", &["b.png"]),
        ("<a href=/page><form action=/go><img src=''><img src='  '><img>", &[]),
        ("<img src=a.png><img src='a.png?2'><img src='./a.png#x'>", &["a.png"]),
        ("<script>'<img src=no.png>'</script><style><img src=no.png></style><!-- <img src=no.png> -->", &[]),
    ];
    for (html, expected) in table {
        assert_eq!(targets("index.html", html), *expected, "{html}");
    }
}

#[test]
fn urls_become_keys() {
    let table = [
        ("index.html", "a.png", Some("a.png")),
        ("x/index.html", "a.png", Some("x/a.png")),
        ("x.html", "a.png", Some("a.png")),
        ("x/y/z.html", "../a.png", Some("x/a.png")),
        ("x/index.html", "../../../a.png", Some("a.png")),
        ("x/index.html", "/", Some("index.html")),
        ("x/index.html", "/docs/", Some("docs/index.html")),
        ("x/index.html", ".", Some("x/index.html")),
        ("x#y? %/p.html", "a.png", Some("x#y? %/a.png")),
        ("index.html", "/a%20b%C3%BC.png?v=1#f", Some("a bü.png")),
        ("index.html", "/ü +.png", Some("ü +.png")),
        ("index.html", "a%23b%3Fc%25.png", Some("a#b?c%.png")),
        ("index.html", "\n a.png\t", Some("a.png")),
        ("index.html", "img\\a.png", Some("img/a.png")),
        ("index.html", "/a&amp;b.png", Some("a&b.png")),
        ("index.html", "https://cruddur.com/a.png", Some("a.png")),
        ("index.html", "//CRUDDUR.com:443/a.png", Some("a.png")),
        ("index.html", "https://cdn.example/a.png", None),
        ("index.html", "//cdn.example/a.png", None),
        ("index.html", "data:image/png;base64,AA==", None),
        ("index.html", "blob:https://cruddur.com/x", None),
        ("index.html", "about:blank", None),
        ("index.html", "javascript:void 0", None),
        ("index.html", "https://[bad/a.png", None),
    ];
    for (page, url, expected) in table {
        let html = format!("<img src=\"{url}\">");
        assert_eq!(targets(page, &html), Vec::from_iter(expected), "{page} {url}");
    }
    assert_eq!(targets("index.html", &format!("<img src=/{}>", "k".repeat(1025))), [""; 0]);
}

#[test]
fn the_first_base_counts() {
    let table: [(&str, &[&str]); 5] = [
        ("<base href=/app/><base href=/no/><img src=a.png>", &["app/a.png"]),
        ("<base target=_blank><base href=sub/><img src=a.png><img src=/b.png>", &["x/sub/a.png", "b.png"]),
        ("<base href=https://cdn.example/><img src=a.png>", &[]),
        ("<base href=https://cruddur.com/app/><img src=a.png>", &["app/a.png"]),
        ("<base href=data:,x><img src=a.png>", &["x/a.png"]),
    ];
    for (html, expected) in table {
        assert_eq!(targets("x/index.html", html), expected, "{html}");
    }
}

#[test]
fn a_reference_knows_its_place() {
    let html = "<!doctype html>\r\n<p>ü 🦀 &amp;\n\n<script\n src=a.js></script>\n<img src=b.png>";
    let found = references(&key("index.html"), html.as_bytes(), &[]);
    let places: Vec<_> = found.iter().map(|one| (one.element, one.attribute, one.line)).collect();
    assert_eq!(places, [("script", "src", 4), ("img", "src", 6)]);
}

#[test]
fn what_is_not_in_the_build_is_missing() {
    let keys: BTreeSet<ObjectKey> =
        ["index.html", "a.js", "docs/index.html", "about.html", "img/Logo.PNG"].map(key).into();
    let page = key("index.html");
    let html = "<script src=a.js></script><iframe src=/docs/></iframe><iframe src=/docs></iframe>
        <iframe src=/about></iframe><iframe src=/about/></iframe>
        <img src=/img/logo.png><img src=gone.png>";
    let found = references(&page, html.as_bytes(), &[]);
    let missing = missing([(&page, found.as_slice())], &keys);
    assert_eq!(
        missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "index.html line 3: <img src> names img/logo.png, which is not in the build (img/Logo.PNG is, but keys are case-sensitive)",
            "index.html line 3: <img src> names gone.png, which is not in the build",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn garbage_is_read_without_panic(html in prop::collection::vec(any::<u8>(), 0..400)) {
        references(&key("a/b.html"), &html, &[]);
    }

    #[test]
    fn nearly_html_is_read_without_panic(
        html in "(<(img|script|base|link|p|/script|!--|svg)( (src|href|srcset|rel)=[\"']?[a-z,/.:%()#ü \r\n]{0,9}[\"']?){0,2}/?>?[a-z\n&;\0]{0,5}){0,8}",
    ) {
        references(&key("a/b.html"), html.as_bytes(), &[]);
    }

    #[test]
    fn any_key_is_found_again_from_its_escaped_url(name in "[^/\\p{C}]{1,40}", page in "[^/\\p{C}]{1,20}/p[.]html") {
        prop_assume!(name != "." && name != "..");
        prop_assume!(!page.starts_with("./") && !page.starts_with("../"));
        let escaped = utf8_percent_encode(&name, NON_ALPHANUMERIC);
        let folder = page.strip_suffix("p.html").unwrap();
        prop_assert_eq!(targets(&page, &format!("<img src='{escaped}'>")), [format!("{folder}{name}")]);
    }

    #[test]
    fn srcsets_are_split_without_panic(text in "[a-c,() \t1x]{0,30}") {
        for url in srcset::urls(&text) {
            prop_assert!(!url.is_empty() && !url.ends_with(',') && !url.contains(' '));
        }
    }
}
