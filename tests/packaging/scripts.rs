//! The scripts themselves, and what `cargo package` packs.

use std::fs;
use std::process::Command;

use crate::release::{output, root};
use crate::support::{node::runs, skip};

#[test]
fn shellcheck_finds_nothing() {
    if !runs("shellcheck") {
        return skip("shellcheck is not installed");
    }
    let mut scripts = vec![root().join(".ci/run")];
    for entry in walkdir::WalkDir::new(root().join("packaging")) {
        let path = entry.unwrap().into_path();
        scripts.extend(path.extension().is_some_and(|extension| extension == "sh").then_some(path));
    }
    assert!(scripts.len() > 5, "{scripts:?}");
    output(Command::new("shellcheck").arg("--external-sources").args(&scripts).current_dir(root()));
}

#[test]
fn what_a_release_says_is_the_changelogs_section_of_its_version() {
    if !runs("bash") {
        return skip("bash is not installed");
    }
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("packaging")).unwrap();
    for script in ["packaging/notes.sh", "packaging/common.sh"] {
        fs::copy(root().join(script), project.path().join(script)).unwrap();
    }
    let manifest = "[package]\nname = \"x\"\nversion = \"1.2.0\"\n\n[dependencies]\nversion = \"9.9.9\"\n";
    fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    let notes = |changelog: &str| {
        fs::write(project.path().join("CHANGELOG.md"), changelog).unwrap();
        Command::new("bash").arg(project.path().join("packaging/notes.sh")).output().unwrap()
    };

    let both = notes("# Changelog\n\n## 1.2.0\n\n- new\n\n### Fixed\n\n- that\n\n## 1.1.0\n\n- old\n");
    assert_eq!(String::from_utf8(both.stdout).unwrap().trim(), "- new\n\n### Fixed\n\n- that");
    for without in ["# Changelog\n\n## Unreleased\n\n- new\n", "# Changelog\n\n## 1.2.0\n\n## 1.1.0\n\n- old\n"] {
        let none = notes(without);
        assert!(!none.status.success(), "{without}");
        assert!(String::from_utf8_lossy(&none.stderr).contains("no section \"## 1.2.0\""));
    }
}

/// CI builds the package, which proves that nothing is missing; this is about what nobody needs.
#[test]
fn the_crate_holds_sources_and_documents_only() {
    let mut list = Command::new(env!("CARGO"));
    list.args(["package", "--list", "--allow-dirty", "--offline"]).current_dir(root());
    let listed = output(&mut list);
    for expected in
        ["src/main.rs", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.lock", "docs/DOCTOR.md"]
    {
        assert!(listed.lines().any(|file| file == expected), "{expected} is not in\n{listed}");
    }
    let inside = |file: &str| file.starts_with("src/") || file.starts_with("docs/") || !file.contains('/');
    let strangers: Vec<_> = listed.lines().filter(|file| !inside(file)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}
