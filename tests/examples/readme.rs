//! README's commands are commands.

use std::path::Path;

use crate::support::local::{LocalAccount, ServedSite, cruddur_site};

const README: &str = include_str!("../../README.md");
/// How README runs the command from a checkout.
const FROM_SOURCE: &str = "cargo run -- ";

/// The lines of README's shell blocks, without comments.
fn shell_lines() -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut in_shell = false;
    for line in README.lines() {
        match line.strip_prefix("```") {
            Some(language) => in_shell = language == "sh",
            None if in_shell => lines.push(line.split(" #").next().unwrap_or(line).trim_end()),
            None => {}
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The command line is read as documented; what README names elsewhere is not reached.
#[test]
fn every_command_line_is_understood() {
    let mut checked = 0;
    for line in shell_lines() {
        let arguments = line.strip_prefix(FROM_SOURCE).or_else(|| line.strip_prefix("cruddur-site "));
        let Some(arguments) = arguments else {
            assert!(["cargo test", "cargo install --path ."].contains(&line), "nobody has checked `{line}`");
            continue;
        };
        let nowhere = tempfile::tempdir().unwrap();
        let mut command = cruddur_site();
        command.current_dir(nowhere.path()).args(arguments.split(' '));
        // A configuration file that is not there is looked at after every flag, and before anything is done. A local
        // account that is not there is all that `serve` looks at.
        let expected = if arguments == "serve" { ".cruddur-local" } else { "no-such.toml" };
        if arguments != "serve" {
            command.arg("--config").arg(nowhere.path().join(expected));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{line}: {said}");
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        checked += 1;
    }
    assert!(checked >= 4, "only {checked} command lines were found");
}

/// The three commands of the whole rehearsal, run as they stand but for the port.
#[tokio::test]
async fn the_rehearsal_makes_publishes_and_serves_a_site() {
    let lines = shell_lines();
    let rehearsal: Vec<&str> = lines.iter().skip(1).take(3).filter_map(|line| line.strip_prefix(FROM_SOURCE)).collect();
    let [bootstrap, publish, serve] = rehearsal.as_slice() else { panic!("{lines:?}") };
    let project = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site");
    for words in [bootstrap, publish] {
        let words = words.replace("examples/site", &example.display().to_string());
        let output = cruddur_site().current_dir(project.path()).args(words.split(' ')).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let site = ServedSite::start({
        let mut command = cruddur_site();
        command.current_dir(project.path()).arg(serve).args(["--port", "0"]);
        command
    });
    assert!(site.url().contains("cruddur.localhost"), "{}", site.url());
    assert_eq!(site.get("/profile/maria").await.body, include_bytes!("../../examples/site/index.html"));
    assert_eq!(site.get_as("www.cruddur.localhost", "/").await.status, 301);
}

/// The first command, run as it stands but for where the account is kept and the port.
#[tokio::test]
async fn the_first_command_serves_the_example() {
    let first = shell_lines()[0];
    assert_eq!(first, "cargo run -- publish examples/site --local --serve");

    let account = LocalAccount::new();
    let mut command = cruddur_site();
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    for word in first.strip_prefix(FROM_SOURCE).unwrap().split(' ') {
        command.arg(word);
        if word == "--local" {
            command.arg(account.path());
        }
    }
    let site = ServedSite::start({
        command.args(["--port", "0"]);
        command
    });
    let page = site.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.body, include_bytes!("../../examples/site/index.html"));
}
