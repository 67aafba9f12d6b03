//! A release, made by the project's scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::support::{node::runs, skip};

/// What the program is built for.
pub const TARGETS: [&str; 5] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-musl",
];
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the checkout is.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `Cargo.toml`'s `[package]`.
pub fn package() -> toml::Table {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    manifest["package"].as_table().expect("a table").clone()
}

/// What an archive is called before its dot.
pub fn name(target: &str) -> String {
    format!("cruddur-site-v{VERSION}-{target}")
}

/// What the archive of a target is called.
pub fn asset(target: &str) -> String {
    let ending = if target.contains("windows") { "zip" } else { "tar.gz" };
    format!("{}.{ending}", name(target))
}

/// A release's assets in a temporary folder.
pub struct Release(TempDir);

impl Release {
    /// All of them, made once for the tests that want them at the same time. `None` where a tool is missing: the test is then
    /// skipped.
    pub fn make() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Release>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(release) = shared.upgrade() {
            return Some(release);
        }
        let release = Arc::new(Self::make_anew()?);
        *shared = Arc::downgrade(&release);
        Some(release)
    }

    fn make_anew() -> Option<Self> {
        if !can_pack() {
            return None;
        }
        let release = Self(tempfile::tempdir().unwrap());
        let programs = release.0.path().join("programs");
        for target in TARGETS {
            let folder = programs.join(target);
            fs::create_dir_all(&folder).unwrap();
            let file = if target.contains("windows") { "cruddur-site.exe" } else { "cruddur-site" };
            launcher(&folder.join(file), target);
        }
        let mut make = script("packaging/release.sh");
        make.arg(&programs).arg(release.assets()).arg(env!("CARGO_BIN_EXE_cruddur-site"));
        output(&mut make);
        Some(release)
    }

    /// The folder that is uploaded.
    pub fn assets(&self) -> PathBuf {
        self.0.path().join("assets")
    }

    /// The archive of a target, unpacked by what people unpack it with.
    pub fn unpack(&self, target: &str) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        let archive = self.assets().join(asset(target));
        let mut unpack = Command::new(if target.contains("windows") { "unzip" } else { "tar" });
        if target.contains("windows") {
            unpack.arg("-q").arg(archive).arg("-d").arg(to.path());
        } else {
            unpack.arg("-xzf").arg(archive).arg("-C").arg(to.path());
        }
        output(&mut unpack);
        to
    }
}

/// Whether the packing scripts have what they need.
pub fn can_pack() -> bool {
    // `unzip` answers to no `--version`, but is satisfied with `-v`.
    let missing: Vec<&str> = ["bash", "git", "sha256sum", "zip"].into_iter().filter(|tool| !runs(tool)).collect();
    let gnu_tar =
        Command::new("tar").arg("--version").output().is_ok_and(|out| out.stdout.starts_with(b"tar (GNU tar)"));
    let unzip = Command::new("unzip").arg("-v").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    let ready = missing.is_empty() && gnu_tar && unzip;
    if !ready {
        skip(format!("releases are packed by bash, git, GNU tar, zip, unzip and sha256sum; missing: {missing:?}"));
    }
    ready
}

/// Writes a program that becomes the one under test; no two targets have the same bytes.
pub fn launcher(path: &Path, target: &str) {
    let program = env!("CARGO_BIN_EXE_cruddur-site");
    fs::write(path, format!("#!/bin/sh\n# For {target}.\nexec '{program}' \"$@\"\n")).unwrap();
    // As artifacts arrive: what is executable is for the script to know.
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

/// A script of this repository, far from the configuration of whoever runs the tests.
pub fn script(path: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(root().join(path)).env_remove("SOURCE_DATE_EPOCH").stdin(Stdio::null());
    command
}

/// What a command prints.
///
/// # Panics
/// When it does not succeed.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ended with {}:\n{printed}{said}", output.status);
    printed.into_owned()
}
