//! Where the program comes from.

use std::{fs, path::Path};

use crate::{
    files,
    machine::Ran,
    releases::{LINUX, VERSION},
    world::{REPOSITORY, World, programs},
};

const COMMIT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const PUBLISH: [(&str, &str); 3] = [("directory", "dist"), ("bucket", "nowhere"), ("dry-run", "true")];

/// Whether the program was installed; it then went on to publish, which no story here has an account for.
fn installed(ran: &Ran) -> bool {
    ran.did("Publish") && ran.log.contains(&format!("cruddur-site {VERSION}\n"))
}

fn built(ran: &Ran) -> bool {
    ran.log.contains(&format!("::group::Building cruddur-site {VERSION} from source\n"))
}

fn asset(target: &str, extension: &str) -> String {
    format!("/{REPOSITORY}/releases/download/v{VERSION}/cruddur-site-v{VERSION}-{target}.{extension}")
}

/// A tag gets the release of the version that the tag's checkout has, and the next job gets it from the cache.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_gets_the_release_once() {
    let Some(world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);

    for tag in ["v0", "v1", "v1.2", "v1.2.3", "v1.2.3-rc.1"] {
        world.renew_machine();
        let ran = world.run_at(&world.unpacked(REPOSITORY, tag), &PUBLISH).await;
        assert!(installed(&ran) && !built(&ran), "{tag}: {}", ran.log);
        if tag == "v0" {
            assert_eq!(world.releases.asked(), [asset(LINUX, "tar.gz.sha256"), asset(LINUX, "tar.gz")]);
            assert!(ran.did("Keep the program for the next run"));
        } else {
            // All of one version, and so of one key.
            assert_eq!(world.releases.asked(), Vec::<String>::new(), "{tag}");
            assert!(!ran.did("Keep the program for the next run"));
        }
    }
    // On a machine that keeps its tools, the cache is not even asked.
    let ran = world.run(&PUBLISH).await;
    assert!(installed(&ran) && ran.inputs_of("actions/cache/restore").is_none(), "{}", ran.log);
}

/// Later steps of the job find the program by its name.
#[tokio::test(flavor = "multi_thread")]
async fn later_steps_have_the_program() {
    let Some(world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);
    let ran = world.run(&PUBLISH).await;
    assert!(installed(&ran), "{}", ran.log);
    assert!(Path::new(&ran.path[0]).join("cruddur-site").is_file(), "{:?}", ran.path);
}

/// Every system gets the archive that is for it. (Whatever its name, the program in it is this machine's.)
#[tokio::test(flavor = "multi_thread")]
async fn every_system_has_its_archive() {
    for (system, processor, target, extension) in [
        ("Linux", "ARM64", "aarch64-unknown-linux-musl", "tar.gz"),
        ("macOS", "X64", "x86_64-apple-darwin", "tar.gz"),
        ("macOS", "ARM64", "aarch64-apple-darwin", "tar.gz"),
        ("Windows", "X64", "x86_64-pc-windows-msvc", "zip"),
        ("Windows", "ARM64", "x86_64-pc-windows-msvc", "zip"),
    ] {
        let Some(mut world) = World::new().await else { return };
        let zips = programs().iter().filter(|(name, _)| name == "zip" || name == "unzip").count();
        if extension == "zip" && zips < 2 {
            crate::support::skip("zip and unzip are not installed");
            return;
        }
        world.releases.release(REPOSITORY, VERSION, target);
        world.on(system, processor);
        let ran = world.run(&PUBLISH).await;
        assert!(installed(&ran), "{system} {processor}: {}", ran.log);
        assert_eq!(world.releases.asked()[1], asset(target, extension));
    }
}

/// macOS brings shasum, and need not have sha256sum.
#[tokio::test(flavor = "multi_thread")]
async fn shasum_will_do() {
    let Some(mut world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);
    let programs: Vec<_> = programs().into_iter().filter(|(name, _)| name != "sha256sum").collect();
    if !programs.iter().any(|(name, _)| name == "shasum") {
        crate::support::skip("shasum (a part of Perl) is not installed");
        return;
    }
    world.only(&programs);
    let ran = world.run(&PUBLISH).await;
    assert!(installed(&ran) && !built(&ran), "{}", ran.log);
}

/// What is not what the release says is never run, and nothing else takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_checksum_stops() {
    let zeros = format!("{}  cruddur-site-v{VERSION}-{LINUX}.tar.gz\n", "0".repeat(64));
    let other = format!("{}  another.tar.gz\n", "0".repeat(64));
    for sum in [zeros.as_str(), &other, "<!doctype html>", ""] {
        let Some(world) = World::new().await else { return };
        world.releases.release(REPOSITORY, VERSION, LINUX);
        world.releases.add(
            REPOSITORY,
            VERSION,
            &format!("cruddur-site-v{VERSION}-{LINUX}.tar.gz.sha256"),
            sum.to_owned(),
        );
        let ran = world.run(&PUBLISH).await;
        assert!(!ran.succeeded && !ran.did("Publish") && !built(&ran), "{sum}: {}", ran.log);
        let [error] = &ran.errors()[..] else { panic!("{sum}: {}", ran.log) };
        assert!(error.contains("has the SHA-256") && error.contains("Try again"), "{error}");
        assert_eq!(ran.path, Vec::<String>::new());
        assert!(!world.files().iter().any(|file| file.ends_with("/cruddur-site")), "it is not left anywhere");
        assert!(!ran.did("Keep the program for the next run"));
    }
}

/// Without a release's program there is the source.
#[tokio::test(flavor = "multi_thread")]
async fn builds_what_no_release_has() {
    // No release at all; one without a checksum; one that is for another machine; one that is no program.
    for (case, why) in [
        ("nothing", "404"),
        ("no checksum", "404"),
        ("no such machine", "releases have none for Linux on RISCV64"),
        ("no program", "does not run here"),
    ] {
        let Some(mut world) = World::new().await else { return };
        let archive = format!("cruddur-site-v{VERSION}-{LINUX}.tar.gz");
        match case {
            "no checksum" => world.releases.add(REPOSITORY, VERSION, &archive, "an archive"),
            "no such machine" => world.on("Linux", "RISCV64"),
            "no program" => {
                // Of the SHA-256 that is said, and no archive.
                let sum = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
                world.releases.add(REPOSITORY, VERSION, &archive, "hi");
                world.releases.add(REPOSITORY, VERSION, &format!("{archive}.sha256"), format!("{sum}  {archive}\n"));
            }
            _ => {}
        }
        let ran = world.run(&PUBLISH).await;
        assert!(installed(&ran) && built(&ran), "{case}: {}", ran.log);
        let line = ran.log.lines().find(|line| line.starts_with("no program of a release: ")).unwrap();
        assert!(line.contains(why), "{line}");

        // The next job does not build again.
        world.renew_machine();
        let ran = world.run(&PUBLISH).await;
        assert!(installed(&ran) && !built(&ran), "{case}: {}", ran.log);
    }
}

/// A pin to a commit gets the program of that commit: the release's where the release is of it, and else built from source.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_gets_its_own_program() {
    let other = COMMIT.replace('0', "f");
    for (released, from_source) in [(Some(COMMIT), false), (Some(other.as_str()), true), (None, true)] {
        let Some(world) = World::new().await else { return };
        world.releases.release(REPOSITORY, VERSION, LINUX);
        if let Some(released) = released {
            world.releases.add(REPOSITORY, VERSION, "COMMIT", format!("{released}\n"));
        }
        let ran = world.run_at(&world.unpacked(REPOSITORY, COMMIT), &PUBLISH).await;
        assert!(installed(&ran), "{released:?}: {}", ran.log);
        assert_eq!(built(&ran), from_source, "{released:?}: {}", ran.log);
        // Another commit of the same version has a program of its own.
        assert!(ran.inputs_of("actions/cache/save").unwrap()["key"].contains(COMMIT));
    }
}

/// A branch, and a checkout in the workspace, are not what any release is: they are built, and built again when they change.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_built() {
    let Some(world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);
    let local = world.machine.workspace().join(".");
    world.check_out(&local);
    for action in [world.unpacked(REPOSITORY, "v1-next"), world.unpacked(REPOSITORY, "feature/v1"), local] {
        world.renew_machine();
        fs::write(action.join("src/place.rs"), action.display().to_string()).unwrap();
        let ran = world.run_at(&action, &PUBLISH).await;
        assert!(installed(&ran) && built(&ran), "{}: {}", action.display(), ran.log);
        let ran = world.run_at(&action, &PUBLISH).await;
        assert!(installed(&ran) && !built(&ran), "{}: {}", action.display(), ran.log);
    }
    assert_eq!(world.releases.asked(), Vec::<String>::new());
}

/// A fork's tag is the fork's: its releases are asked, and its source is built, not those of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_not_ours() {
    let Some(world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);
    let ran = world.run_at(&world.unpacked("ann/cruddur-site", "v1"), &PUBLISH).await;
    assert!(installed(&ran) && built(&ran), "{}", ran.log);
    assert!(world.releases.asked().iter().all(|path| path.starts_with("/ann/cruddur-site/")));
}

/// `version` takes the release of that version, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_can_be_named() {
    let Some(world) = World::new().await else { return };
    world.releases.release(REPOSITORY, VERSION, LINUX);
    for version in [VERSION.to_owned(), format!("v{VERSION}")] {
        world.renew_machine();
        let ran =
            world.run_at(&world.unpacked(REPOSITORY, "main"), &[&PUBLISH[..], &[("version", &version)]].concat()).await;
        assert!(installed(&ran) && !built(&ran), "{version}: {}", ran.log);
    }
    let ran = world.run(&[&PUBLISH[..], &[("version", "9.9.9")]].concat()).await;
    assert!(!ran.succeeded && !ran.did("Publish"), "{}", ran.log);
    assert!(ran.errors()[0].contains("cruddur-site 9.9.9 cannot be had"), "{}", ran.log);

    for version in
        ["latest", "1", "v1.2", "1.2.3; rm -rf .", "../1.2.3", "1.2.3\n", "$(touch pwned)", "-1.2.3", "1.2.3/x"]
    {
        let ran = world.run(&[&PUBLISH[..], &[("version", version)]].concat()).await;
        assert_eq!(ran.steps.len(), 1, "{version}: {}", ran.log);
        assert_eq!(
            ran.errors(),
            [format!(
                "version is \"{version}\": give one such as 1.2.3, or leave it out for the version of the action"
            )]
        );
    }
}

/// Where Cargo is needed and missing, that is what is said.
#[tokio::test(flavor = "multi_thread")]
async fn without_cargo_it_says_so() {
    let Some(mut world) = World::new().await else { return };
    let programs: Vec<_> = programs().into_iter().filter(|(name, _)| name != "cargo").collect();
    world.only(&programs);
    let ran = world.run_at(&world.unpacked(REPOSITORY, "main"), &PUBLISH).await;
    assert!(!ran.succeeded && !ran.did("Publish"), "{}", ran.log);
    assert!(
        ran.errors()[0].contains("Rust is not installed") && ran.errors()[0].contains("this is no release of it"),
        "{}",
        ran.log
    );
    let ran = world.run(&PUBLISH).await;
    assert!(ran.errors()[0].contains("404"), "{}", ran.log);
}

/// A source that does not build ends the step with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_build_says_so() {
    let Some(world) = World::new().await else { return };
    let action = world.unpacked(REPOSITORY, "main");
    fs::write(action.join("src/main.rs"), "fn main() { not_there() }").unwrap();
    let ran = world.run_at(&action, &PUBLISH).await;
    assert!(!ran.succeeded && !ran.did("Publish") && ran.log.contains("not_there"), "{}", ran.log);
    assert!(ran.errors().iter().any(|error| error.contains("could not be built from source")), "{}", ran.log);
}

/// This very checkout is understood, too: its version is found, and its sources tell whether it has changed.
#[test]
fn this_checkout_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let resolved = || {
        let output = folder.path().join("output");
        fs::write(&output, "").unwrap();
        let mut bash = std::process::Command::new("bash");
        bash.arg("packaging/action/resolve.sh").current_dir(env!("CARGO_MANIFEST_DIR"));
        bash.env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"))
            .env("INPUT_VERSION", "")
            .env("GITHUB_OUTPUT", &output);
        bash.env("RUNNER_TEMP", folder.path()).env_remove("RUNNER_TOOL_CACHE");
        assert!(bash.status().unwrap().success());
        files::outputs(&fs::read_to_string(output).unwrap())
    };
    let outputs = resolved();
    assert_eq!([&outputs["version"], &outputs["source"], &outputs["installed"]], [VERSION, "checkout", "false"]);
    assert!(outputs["releases"].ends_with(&format!("/{REPOSITORY}/releases/download/v{VERSION}")));
    let (_, print) = outputs["key"].split_once(&format!("cruddur-site-{VERSION}-")).unwrap();
    assert!(print[..16].chars().all(|digit| digit.is_ascii_hexdigit()), "{print}");
    assert_eq!(resolved()["key"], outputs["key"]);
}
