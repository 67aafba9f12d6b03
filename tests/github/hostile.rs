//! Names that would be something else: commands of the runner, Markdown, HTML, the end of an output. Windows knows few of
//! them.

use crate::step::{Job, Told};
use crate::support::{Folder, gfm};

/// Names that a build may have.
const NAMES: [&str; 22] = [
    "##[error]old.txt",
    "####[group]x",
    "$(id).txt",
    "%0A::error::x",
    "&lt;img&gt;.txt",
    "**bold** _it_ ~~x~~.txt",
    "::error::x",
    "::stop-commands::x",
    "<!-- x.txt",
    "<img src=x onerror=alert(1)>",
    "@octocat.txt",
    "[x](https:evil.example)",
    "\u{202e}txt.exe",
    "\u{2028}::error::y",
    "\u{3000}::warning::x",
    "``` ` ```.txt",
    "a|b\\|c.txt",
    "cruddur-site-0000000000000000",
    "icon@2x.png",
    "plan<<EOF",
    "www.evil.example",
    "x\\",
];

/// Asserts that the commands are our own, and that the summary has no elements but ours.
fn holds(told: &Told) {
    for command in told.commands() {
        let ours =
            ["group", "endgroup"].contains(&&*command.name) || command.property("title").starts_with("cruddur-site");
        assert!(ours, "{command:?}");
    }
    let Some(page) = gfm::page(&told.summary) else { return };
    for element in &page.elements {
        let plain =
            ["h3", "p", "sub", "details", "summary", "pre", "table", "thead", "tbody", "tr", "th", "td", "code"];
        let ours = match element.name.as_str() {
            "a" => element.attributes == [("href".to_owned(), Some("https://cruddur.example".to_owned()))],
            name => {
                plain.contains(&name)
                    && element.attributes.iter().all(|(name, _)| name == "align" || name == "lang" || name == "class")
            }
        };
        assert!(ours, "{element:?}");
        // GitHub looks for mentions, links, issues and emoji in all text that is not code.
        assert!(
            element.name == "code" || !element.own.contains(['@', '[', '\\']),
            "a name outside of code: {element:?}"
        );
        assert!(element.name == "code" || !element.own.contains("www."), "a name outside of code: {element:?}");
    }
}

/// Given a build of nothing but such names, each is published and told as what it is: a line of the log, a cell of the table, a
/// string of the JSON.
#[tokio::test]
async fn a_name_is_only_a_name() {
    let job = Job::new().await;
    let build = NAMES.iter().fold(Folder::site(), |build, name| build.file(name, *name));
    let page = NAMES
        .iter()
        .map(|name| format!("<script src='/{}.gone'></script>", name.replace('<', "%3C")))
        .collect::<String>();
    let build = build.file("page.html", page);
    for flags in [&["--dry-run", "--verbose"][..], &["--json", "--verbose"], &["--verbose"]] {
        let told = job.publish(&build, flags).await.ends_with(0);
        holds(&told);
        let planned = told.plan();
        let keys: Vec<_> =
            planned["plan"]["uploads"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
        for name in NAMES {
            assert!(keys.contains(&name) || flags == ["--verbose"], "{name:?} in {keys:?}");
        }
        for file in ["index.html", "page.html"] {
            build.write(file, format!("{}<!-- {} -->", String::from_utf8(build.read(file)).unwrap(), flags.len()));
        }
    }

    // Gone, they are told of once more, and so are their paths.
    for name in NAMES {
        build.remove(name);
    }
    let told = job.publish(&build, &["--max-delete", "100", "--verbose"]).await.ends_with(0);
    holds(&told);
    assert_eq!(told.output("deleted"), NAMES.len().to_string());
    if let Some(page) = gfm::page(&told.summary) {
        let cells = page.texts("td");
        let files: Vec<_> = cells.chunks(5).map(|row| row[1]).collect();
        assert_eq!(files.len(), NAMES.len() + 2);
        for name in ["##[error]old.txt", "<img src=x onerror=alert(1)>", "@octocat.txt", "x\\", r"a\u{7c}b\\u{7c}c.txt"]
        {
            assert!(files.contains(&name), "{name} in {files:?}");
        }
        assert!(files.contains(&r"\u{202e}txt.exe") && files.contains(&r"\u{2028}::error::y"), "{files:?}");
    }
}

/// Given a name that is refused, the error that quotes it is no more of a command.
#[tokio::test]
async fn an_error_about_a_name_is_only_an_error() {
    let job = Job::new().await;
    for name in ["a\n::error::x", "a\r::stop-commands::y", "##[add-mask]a\u{7}", "x\n```\n<img src=x>\n# @octocat"] {
        let build = Folder::site().file(name, "x");
        let told = job.publish(&build, &["--json"]).await.ends_with(1);
        holds(&told);
        assert_eq!(told.commands().len(), 1, "{}", told.err);
    }
    // And the folder's own name.
    let build = Folder::new().file("##[error]x/::error::y`|@octocat/index.html", "<title>x</title>");
    let folder = build.join("##[error]x/::error::y`|@octocat");
    let told = job.run(&[&["publish", folder.to_str().unwrap()][..], &job.target()].concat()).await.ends_with(0);
    holds(&told);
    assert_eq!(told.output("uploaded"), "1");
}
