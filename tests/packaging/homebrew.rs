//! The Homebrew formula names the archives of its release, and installs what is in them.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;

use crate::release::{Release, VERSION, asset, name, output, package, root};
use crate::support::{node::runs, skip};

/// Systems as Homebrew names them, and the target that runs there.
pub const SYSTEMS: [(&str, &str, &str); 4] = [
    ("macos", "arm", "aarch64-apple-darwin"),
    ("macos", "intel", "x86_64-apple-darwin"),
    ("linux", "arm", "aarch64-unknown-linux-musl"),
    ("linux", "intel", "x86_64-unknown-linux-musl"),
];

/// A release whose formula can be read.
fn release() -> Option<Arc<Release>> {
    if !runs("ruby") {
        skip("the Homebrew formula is Ruby, which is not installed");
        return None;
    }
    Release::make()
}

/// The formula as Homebrew reads it; with a prefix, installed from `folder` too.
fn formula(release: &Release, (os, cpu): (&str, &str), install: Option<(&Path, &Path)>) -> Value {
    let mut ruby = Command::new("ruby");
    ruby.arg(root().join("tests/packaging/homebrew.rb")).arg(release.assets().join("cruddur-site.rb")).args([os, cpu]);
    if let Some((folder, prefix)) = install {
        ruby.arg(prefix).current_dir(folder);
    }
    serde_json::from_str(&output(&mut ruby)).unwrap()
}

#[test]
fn it_is_ruby() {
    let Some(release) = release() else { return };
    let said = output(Command::new("ruby").args(["-w", "-c"]).arg(release.assets().join("cruddur-site.rb")));
    assert_eq!(said.trim(), "Syntax OK");
}

#[test]
fn each_system_gets_its_archive() {
    let Some(release) = release() else { return };
    let repository = package()["repository"].as_str().unwrap().to_owned();
    for (os, cpu, target) in SYSTEMS {
        let read = formula(&release, (os, cpu), None);
        assert_eq!(read["version"], VERSION);
        assert_eq!(read["url"], format!("{repository}/releases/download/v{VERSION}/{}", asset(target)));
        let checksum = output(Command::new("sha256sum").arg(release.assets().join(asset(target))));
        assert_eq!(read["sha256"], checksum.split(' ').next().unwrap(), "{target}");
        // Homebrew's own limits, by `brew audit`.
        let description = read["desc"].as_str().unwrap();
        assert!(description.len() <= 80 && !description.ends_with('.'), "{description}");
    }
}

#[test]
fn program_completions_and_manual_are_installed() {
    let Some(release) = release() else { return };
    let target = "x86_64-unknown-linux-musl";
    let (unpacked, prefix) = (release.unpack(target), tempfile::tempdir().unwrap());
    // Homebrew enters the one folder of an archive.
    formula(&release, ("linux", "intel"), Some((&unpacked.path().join(name(target)), prefix.path())));
    let version = output(Command::new(prefix.path().join("bin/cruddur-site")).arg("--version"));
    assert_eq!(version.trim(), format!("cruddur-site {VERSION}"));
    for file in [
        "etc/bash_completion.d/cruddur-site",
        "share/zsh/site-functions/_cruddur-site",
        "share/fish/vendor_completions.d/cruddur-site.fish",
        "share/pwsh/completions/_cruddur-site.ps1",
        "share/man/man1/cruddur-site.1",
        "share/man/man1/cruddur-site-publish.1",
    ] {
        assert!(prefix.path().join(file).is_file(), "{file} is not installed");
    }
}
