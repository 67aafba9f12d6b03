//! What goes wrong, as annotations.

use std::fs;

use crate::runner::Command;
use crate::step::{Job, Told};
use crate::support::{Folder, gfm};

fn one_error(told: &Told) -> Command {
    let [error] = &told.commands_of("error")[..] else { panic!("one error: {}", told.err) };
    error.clone()
}

/// Given a mistake in the configuration, the annotation is beside its line, wherever below the workspace the file is; the log has
/// the error as everywhere, and the summary what to do next.
#[tokio::test]
async fn a_mistake_in_the_configuration_is_shown_in_its_line() {
    let job = Job::new().await;
    let site = job.workspace().join("front end");
    fs::create_dir(&site).unwrap();
    fs::write(site.join("cruddur-site.toml"), "domain = \"cruddur.example\"\n  [[rules]]\nmatsch = \"*\"\n").unwrap();
    let build = Folder::site();
    for (folder, flags) in [(site, vec![]), (job.workspace(), vec!["--config", "front end/cruddur-site.toml"])] {
        let told = job.run_in(&folder, &[&["publish", build.path().to_str().unwrap()][..], &flags].concat()).await;
        let told = told.ends_with(1);
        let error = one_error(&told);
        let place = ["file", "line", "col"].map(|name| error.property(name).to_owned());
        assert_eq!(place, ["front end/cruddur-site.toml", "3", "1"], "{}", told.err);
        assert_eq!(error.property("title"), "cruddur-site publish failed");
        assert!(error.data.contains("matsch") && error.data.contains("\nnext: "), "{error:?}");
        assert!(told.err.starts_with("error: ") && told.err.contains("cruddur-site.toml:3:1: "), "{}", told.err);
        assert_eq!(told.outputs.len(), 0);
        if let Some(page) = gfm::page(&told.summary) {
            assert_eq!(page.texts("h3"), ["❌ cruddur-site publish failed"]);
            let text = page.texts("pre")[0];
            assert!(text.contains("matsch") && text.contains("next: "), "{text}");
        }
    }
}

/// Given a file outside of the workspace, GitHub has nothing to show it beside: the annotation tells where it is.
#[tokio::test]
async fn a_file_of_somewhere_else_is_told_in_words() {
    let job = Job::new().await;
    let file = job.file("cruddur-site.toml");
    fs::write(&file, "domain = 7\n").unwrap();
    let told = job.run(&["publish", "--config", file.to_str().unwrap()]).await.ends_with(1);
    let error = one_error(&told);
    assert_eq!(error.property("file"), "");
    assert!(error.data.starts_with(&format!("{}:1:10: ", file.display())), "{error:?}");
}

/// Every command annotates what it ends with.
#[tokio::test]
async fn every_command_annotates_its_error() {
    let job = Job::new().await;
    for command in ["publish", "bootstrap", "doctor", "destroy", "serve"] {
        let told = job.run(&[command, "--local", "no/such/folder"]).await.ends_with(1);
        let error = one_error(&told);
        assert_eq!(error.property("title"), format!("cruddur-site {command} failed"));
        assert!(error.data.contains("\nnext: ") && told.err.contains("\n  next: "), "{}", told.err);
        assert!(told.summary.starts_with(&format!("### ❌ cruddur-site {command} failed\n")), "{}", told.summary);
    }
}

/// Given a wrong flag, the annotation is the first thing that is told of it; the usage is in the log.
#[tokio::test]
async fn wrong_arguments_are_annotated() {
    let job = Job::new().await;
    let told = job.run(&["publish", "--domian", "a\n::warning::b"]).await.ends_with(2);
    let error = one_error(&told);
    assert_eq!(error.property("title"), "cruddur-site: wrong arguments");
    assert!(error.data.contains("--domian") && error.data.contains("'--domain'"), "{error:?}");
    assert!(!error.data.contains("Usage") && told.err.contains("Usage: "), "{}", told.err);
    assert_eq!(told.commands().len(), 1, "{}", told.err);

    let told = job.run(&["publish", "--max-delete", "1\n::stop-commands::x"]).await.ends_with(2);
    assert_eq!(told.commands().len(), 1, "{}", told.err);
    for help in ["--help", "--version"] {
        let told = job.run(&[help]).await.ends_with(0);
        assert!(!told.out.is_empty() && told.err.is_empty());
    }
}

/// Given pages that name files which are not there, each is a warning, and the summary has them; with `--strict`, an error.
#[tokio::test]
async fn missing_references_are_warnings() {
    let job = Job::new().await;
    let scripts: String = (0..30).map(|number| format!("<script src=/gone-{number}.js></script>\n")).collect();
    let build = Folder::site().file("page.html", &scripts);
    let told = job.publish(&build, &["--dry-run"]).await.ends_with(0);
    let warnings = told.commands_of("warning");
    assert!(warnings[0].data.contains("page.html line 1: <script src> names gone-0.js"), "{warnings:?}");
    // The runner shows ten of a step.
    assert!(
        warnings[9].data.starts_with("… and ") && warnings[9].data.ends_with(" more: the log has them"),
        "{warnings:?}"
    );
    assert!(warnings.iter().any(|one| one.data.contains("20 more references")), "{warnings:?}");
    if let Some(page) = gfm::page(&told.summary) {
        assert!(page.texts("pre")[0].contains("<script src> names gone-9.js"), "{}", page.html);
    }
    let told = job.publish(&build, &["--strict"]).await.ends_with(1);
    assert!(one_error(&told).data.starts_with("30 references lead nowhere: "), "{}", told.err);
}
