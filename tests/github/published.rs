//! Publishing in a step.

use std::fs;

use crate::runner::read_outputs;
use crate::step::{DOMAIN, Job};
use crate::support::{Folder, gfm};

/// Given a new site, the step sets every output, folds the list of its changes in the log, and sums up in Markdown; and nothing of
/// it is on standard output, which `--json` has for itself.
#[tokio::test]
async fn a_first_publish_is_told() {
    let job = Job::new().await;
    let told = job.publish(&Folder::site(), &[]).await.ends_with(0);

    let names: Vec<_> = told.outputs.keys().map(String::as_str).collect();
    let expected = ["bytes", "deleted", "invalidation-id", "paths", "plan", "release", "unchanged", "uploaded", "url"];
    assert_eq!(names, expected);
    assert_eq!(told.output("url"), format!("https://{DOMAIN}"));
    let counted = ["uploaded", "deleted", "unchanged", "paths"].map(|name| told.output(name));
    assert_eq!(counted, ["3", "0", "0", "0"]);
    let plan = told.plan();
    assert_eq!(plan["result"]["release"], told.output("release"));
    assert_eq!(plan["result"]["uploaded"]["bytes"].to_string(), told.output("bytes"));
    assert_eq!(plan["plan"]["uploads"].as_array().unwrap().len(), 3);
    assert_eq!(told.output("plan").lines().count(), 1);

    let (title, lines) = told.group();
    assert!(title.starts_with("3 to upload ("), "{title}");
    assert_eq!(lines.len(), 3);
    assert!(lines[2].starts_with("  + index.html "), "{lines:?}");
    assert!(told.err.contains("✓ published https://cruddur.example in "), "{}", told.err);
    assert_eq!(told.out, "");

    let Some(page) = gfm::page(&told.summary) else { return };
    assert_eq!(page.texts("h3"), ["✅ Published cruddur.example"]);
    assert_eq!(page.texts("td")[..5], ["+", "assets/app-BkXq7RzT.js", "new", "22 B", "immutable"]);
    let facts = page.texts("sub")[0];
    for fact in ["Vite in ", ": 3 files, ", "release 20", " s · costs ", " requests"] {
        assert!(facts.contains(fact), "no {fact:?} in {facts}");
    }
    assert_eq!(page.texts("details").len(), 0, "a short list is not folded: {}", page.html);
}

/// Given a page that changes and one that goes, the outputs count them, and the summary has them and the paths that the edges forget.
#[tokio::test]
async fn changes_and_removals_are_told() {
    let job = Job::new().await;
    let build = Folder::site().file("old.html", "<title>Old</title><img src=old.svg>").file("old.svg", "<svg/>");
    job.publish(&build, &[]).await.ends_with(0);
    build.remove("old.html");
    build.remove("old.svg");
    build.edit("index.html", "Cruddur", "Cruddur 2");
    let told = job.publish(&build, &["--max-delete", "100"]).await.ends_with(0);

    let counted = ["uploaded", "deleted", "unchanged", "paths"].map(|name| told.output(name));
    assert_eq!(counted[..3], ["1", "2", "2"]);
    let plan = told.plan();
    assert_eq!(plan["result"]["paths"].to_string(), counted[3]);
    let ids = plan["result"]["invalidations"].as_array().unwrap();
    assert!(ids.len() == 2, "one for the pages, one for what they loaded");
    assert_eq!(told.output("invalidation-id"), format!("{} {}", ids[0].as_str().unwrap(), ids[1].as_str().unwrap()));

    let Some(page) = gfm::page(&told.summary) else { return };
    let cells = page.texts("td");
    assert_eq!([cells[0], cells[1], cells[2], cells[4]], ["~", "index.html", "content", "page"]);
    assert_eq!([cells[5], cells[6], cells[7], cells[9]], ["-", "old.html", "removed", ""]);
    assert_eq!(page.texts("summary"), [format!("{} invalidated paths", counted[3])]);
    assert!(page.texts("pre")[0].lines().any(|path| path == "/old.html"), "{}", page.html);
    assert!(page.html.contains("no edge holds an old copy"), "{}", page.html);
    assert!(page.texts("sub")[0].contains("within 1,000 a month"), "{}", page.html);
}

/// Given a build that is published already, the summary is one line, and the outputs say that nothing was done.
#[tokio::test]
async fn nothing_to_do_is_one_line() {
    let job = Job::new().await;
    let build = Folder::site();
    job.publish(&build, &[]).await.ends_with(0);
    let told = job.publish(&build, &[]).await.ends_with(0);
    assert_eq!(told.summary, "### ✅ [cruddur.example](https://cruddur.example) is up to date: 3 files\n");
    let counted = ["release", "uploaded", "deleted", "unchanged", "bytes", "invalidation-id", "paths"];
    assert_eq!(counted.map(|name| told.output(name)), ["", "0", "0", "3", "0", "", "0"]);
    assert_eq!(told.output("url"), format!("https://{DOMAIN}"));
    assert_eq!(told.commands(), []);
}

/// Given `--json`, standard output is the document and nothing else, and the log has its group; given `--quiet`, it is the URL.
#[tokio::test]
async fn standard_output_is_for_machines() {
    let job = Job::new().await;
    let build = Folder::site();
    let told = job.publish(&build, &["--json"]).await.ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(document, told.plan());
    assert_eq!(told.group().1.len(), 3);

    build.edit("index.html", "Cruddur", "Cruddur 2");
    let told = job.publish(&build, &["--quiet"]).await.ends_with(0);
    assert_eq!((&*told.out, &*told.err), ("https://cruddur.example\n", ""));
    assert_eq!(told.output("uploaded"), "1");
    assert!(told.summary.starts_with("### ✅ Published "), "{}", told.summary);
}

/// Given files that cannot be written, or a summary that is full already, the site is published, and a warning says what is missing.
#[tokio::test]
async fn a_runner_that_takes_nothing_does_not_fail_a_publish() {
    let job = Job::new().await;
    let build = Folder::site();
    for name in ["output", "summary"] {
        fs::create_dir(job.file(name)).unwrap();
    }
    let told = job.publish(&build, &[]).await.ends_with(0);
    let warnings: Vec<_> = told.commands_of("warning").into_iter().map(|one| one.data).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("the outputs of this step could not be written: "), "{warnings:?}");
    assert!(warnings[1].starts_with("the summary of this step could not be written: "), "{warnings:?}");
    assert!(told.err.contains("✓ published "), "{}", told.err);

    let full = job.file("full");
    fs::write(&full, vec![b'x'; 1024 * 1024]).unwrap();
    let job = job.with("GITHUB_STEP_SUMMARY", full.to_str().unwrap());
    let told = job.publish(&build, &[]).await.ends_with(0);
    assert!(told.commands_of("warning")[1].data.contains("more than the 1024 KiB that GitHub takes"), "{}", told.err);
    assert_eq!(fs::metadata(&full).unwrap().len(), 1024 * 1024, "what is in it stays readable");

    // A runner sets no variable for a file that it does not have.
    let bare = Job::new().await.with("GITHUB_OUTPUT", "").with("GITHUB_STEP_SUMMARY", "");
    let told = bare.publish(&build, &[]).await.ends_with(0);
    assert_eq!((told.outputs.len(), &*told.summary, told.commands_of("warning").len()), (0, "", 0));
}

/// Given other steps' lines in the files, the last of them not ended, ours are read beside them.
#[tokio::test]
async fn what_others_wrote_stays() {
    let job = Job::new().await;
    let told = job.publish(&Folder::site(), &[]).await.ends_with(0);
    let (output, summary) = (job.file("of-others"), job.file("summary-of-others"));
    fs::write(&output, "theirs=1").unwrap();
    fs::write(&summary, "Theirs").unwrap();
    let job = job.with("GITHUB_OUTPUT", output.to_str().unwrap());
    let job = job.with("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    job.publish(&Folder::site(), &[]).await.ends_with(0);
    let outputs = read_outputs(&fs::read_to_string(&output).unwrap());
    assert_eq!((&*outputs["theirs"], &*outputs["unchanged"]), ("1", "3"));
    assert_eq!(outputs.len(), told.outputs.len() + 1);
    assert!(fs::read_to_string(&summary).unwrap().starts_with("Theirs\n### ✅ "));
}

/// Outside of GitHub Actions, nothing of it is there.
#[tokio::test]
async fn elsewhere_nothing_is_written() {
    let job = Job::new().await.with("GITHUB_ACTIONS", "false");
    let told = job.publish(&Folder::site(), &[]).await.ends_with(0);
    assert_eq!((told.outputs.len(), &*told.summary), (0, ""));
    assert_eq!(told.commands(), []);
    assert!(told.out.contains("✓ published "), "{}", told.out);
}
