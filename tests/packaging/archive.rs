//! An archive can be trusted: it holds what was promised, it is what was uploaded, and whoever builds the commit again gets the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::release::{Release, TARGETS, VERSION, asset, can_pack, launcher, name, output, script};

/// What is in an archive: mode and path of each entry, in its order.
fn entries(archive: &Path) -> Vec<(String, String)> {
    let zip = archive.extension().is_some_and(|extension| extension == "zip");
    let mut list = Command::new(if zip { "unzip" } else { "tar" });
    list.args(if zip { &["-Z"][..] } else { &["--list", "--verbose", "--numeric-owner", "--file"] });
    let listing = output(list.arg(archive));
    let entry = |line: &str| {
        let mode = line.split(' ').next().filter(|mode| mode.len() == 10)?;
        let path = &line[line.find("cruddur-site-v")?..];
        assert!(zip || line.split(' ').nth(1) == Some("0/0"), "whoever unpacks {line} as root gives it to somebody");
        Some((mode.to_owned(), path.to_owned()))
    };
    listing.lines().filter_map(entry).collect()
}

#[test]
fn it_holds_one_folder_with_what_was_promised() {
    let Some(release) = Release::make() else { return };
    for target in TARGETS {
        let program = if target.contains("windows") { "cruddur-site.exe" } else { "cruddur-site" };
        let entries = entries(&release.assets().join(asset(target)));
        let folder = format!("{}/", name(target));
        let (pages, others): (Vec<_>, Vec<_>) = entries
            .iter()
            .map(|(mode, path)| (mode.as_str(), path.strip_prefix(&folder).expect("one folder")))
            .partition(|(_, path)| path.starts_with("man/") && path.len() > 4);
        let mut expected = vec![
            ("drwxr-xr-x", ""),
            ("-rw-r--r--", "LICENSE-APACHE"),
            ("-rw-r--r--", "LICENSE-MIT"),
            ("-rw-r--r--", "README.md"),
            ("drwxr-xr-x", "completions/"),
            ("-rw-r--r--", "completions/_cruddur-site"),
            ("-rw-r--r--", "completions/_cruddur-site.ps1"),
            ("-rw-r--r--", "completions/cruddur-site.bash"),
            ("-rw-r--r--", "completions/cruddur-site.fish"),
            ("-rwxr-xr-x", program),
            ("drwxr-xr-x", "man/"),
        ];
        expected.sort_by_key(|(_, path)| *path);
        let mut sorted = others.clone();
        sorted.sort_by_key(|(_, path)| *path);
        assert_eq!(sorted, expected, "{target}");

        let pages: BTreeSet<_> = pages.into_iter().collect();
        for page in ["man/cruddur-site.1", "man/cruddur-site-publish.1", "man/cruddur-site-bootstrap.1"] {
            assert!(pages.contains(&("-rw-r--r--", page)), "{target} has no {page}: {pages:?}");
        }
        assert!(pages.iter().all(|(mode, path)| *mode == "-rw-r--r--" && path.ends_with(".1")), "{pages:?}");
    }
}

#[test]
fn what_is_in_it_works() {
    let Some(release) = Release::make() else { return };
    for target in TARGETS.into_iter().filter(|target| !target.contains("windows")) {
        let unpacked = release.unpack(target);
        let folder = unpacked.path().join(name(target));
        let version = output(Command::new(folder.join("cruddur-site")).arg("--version"));
        assert_eq!(version.trim(), format!("cruddur-site {VERSION}"));
        for (shell, file) in [
            ("bash", "cruddur-site.bash"),
            ("zsh", "_cruddur-site"),
            ("fish", "cruddur-site.fish"),
            ("powershell", "_cruddur-site.ps1"),
        ] {
            let printed = output(Command::new(env!("CARGO_BIN_EXE_cruddur-site")).args(["completions", shell]));
            assert!(printed.contains("bootstrap"), "{shell}: {printed}");
            assert_eq!(fs::read_to_string(folder.join("completions").join(file)).unwrap(), printed, "{shell}");
        }
    }
}

/// Whoever packs it, wherever and whenever.
#[test]
fn the_same_commit_makes_the_same_bytes() {
    if !can_pack() {
        return;
    }
    let targets = ["x86_64-unknown-linux-musl", "x86_64-pc-windows-msvc"];
    let archives = [("UTC", "022"), ("Asia/Kolkata", "077")].map(|(zone, umask)| {
        // Zip counts in steps of two seconds, and the second packing must not fall into the first one's.
        std::thread::sleep(Duration::from_millis(2100));
        let folder = tempfile::tempdir().unwrap();
        targets.map(|target| {
            let binary = folder.path().join("built");
            launcher(&binary, target);
            let pack = script("packaging/archive/pack.sh");
            let mut shell = Command::new("sh");
            shell.args(["-c", "umask $0; exec \"$@\"", umask]).arg(pack.get_program()).args(pack.get_args());
            shell.arg(&binary).arg(target).arg(folder.path()).arg(env!("CARGO_BIN_EXE_cruddur-site"));
            output(shell.current_dir(folder.path()).env("TZ", zone).env_remove("SOURCE_DATE_EPOCH"));
            fs::read(folder.path().join(asset(target))).unwrap()
        })
    });
    assert!(archives[0] == archives[1], "two archives of one commit differ");
}

#[test]
fn its_checksum_is_beside_it_and_in_the_list_of_all() {
    let Some(release) = Release::make() else { return };
    let assets = release.assets();
    for target in TARGETS {
        let checksum = format!("{}.sha256", asset(target));
        let said = output(Command::new("sha256sum").args(["--check", "--strict", &checksum]).current_dir(&assets));
        assert_eq!(said.trim(), format!("{}: OK", asset(target)));
    }
    let said = output(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&assets));
    let checked: BTreeSet<&str> =
        said.lines().map(|line| line.strip_suffix(": OK").expect("a good checksum")).collect();
    let uploaded: BTreeSet<String> =
        fs::read_dir(&assets).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let expected: BTreeSet<&str> = uploaded
        .iter()
        .map(String::as_str)
        .filter(|name| !name.ends_with(".sha256") && *name != "SHA256SUMS")
        .collect();
    assert_eq!(checked, expected);
    assert_eq!(checked.len(), TARGETS.len() + ["COMMIT", "cruddur-site.rb"].len());
}

#[test]
fn the_release_names_its_commit() {
    let Some(release) = Release::make() else { return };
    let head = output(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(crate::release::root()));
    assert_eq!(fs::read_to_string(release.assets().join("COMMIT")).unwrap(), head);
    assert_eq!(head.len(), 41);
}

#[test]
fn a_program_of_another_version_is_not_packed() {
    if !can_pack() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    fs::write(&old, "#!/bin/sh\necho cruddur-site 0.0.1\n").unwrap();
    fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut pack = script("packaging/archive/pack.sh");
    let packed = pack.arg(&old).arg(TARGETS[0]).arg(folder.path().join("out")).output().unwrap();
    assert!(!packed.status.success());
    assert!(String::from_utf8_lossy(&packed.stderr).contains("is not version"));
    assert!(!folder.path().join("out").exists());
}
