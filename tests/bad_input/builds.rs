//! Build folders that must not go live as they are.

use std::{
    fs,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use cruddur_site::{
    ErrorKind,
    local::{Account, ApiServer},
    publish::observe,
};

use crate::{
    program::{Program, Told},
    rehearsal::{DOMAIN, Rehearsal, files_of, session},
    support::Folder,
};

async fn publish(rehearsal: &Rehearsal, build: &Path, more: &[&str]) -> Told {
    let (build, account) = (build.display().to_string(), rehearsal.account.path().display().to_string());
    let mut arguments = vec!["publish", &build, "--json", "--local", &account, "--domain", DOMAIN];
    arguments.extend(more);
    Program::new().run(&arguments).await
}

/// A path of `bytes` bytes in folders of names that every file system takes.
fn long_name(bytes: usize) -> String {
    let mut name = "a".repeat(bytes);
    for at in (200..bytes - 5).step_by(200) {
        name.replace_range(at..=at, "/");
    }
    name.replace_range(bytes - 5.., ".html");
    name
}

#[tokio::test]
async fn every_bad_build_is_refused_with_its_cure_and_nothing_changes() {
    let key = format!("{}{}", "AKIA", "Q3EGRT7UVKLM2XYZ");
    let pem = format!(
        "-----BEGIN {} KEY-----\n{}\n",
        "PRIVATE", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    );
    let page = "<!doctype html><title>Cruddur</title>";
    let table: Vec<(&str, Folder, &str, &[&str], &str)> = vec![
        ("no-such-folder", Folder::new(), "dist", &[], "input"),
        ("no-such-folder-but-a-build", Folder::new().file("build/index.html", page), "dist", &[], "input"),
        ("a-file-for-a-folder", Folder::site(), "index.html", &[], "input"),
        ("empty-folder", Folder::new(), "", &[], "refused"),
        ("no-index-page", Folder::new().file("about.html", page), "", &[], "refused"),
        (
            "no-index-page-but-a-build",
            Folder::new().file("package.json", "{}").file("dist/index.html", page),
            "",
            &[],
            "refused",
        ),
        ("a-key-too-long", Folder::site().file(long_name(1025), page), "", &[], "input"),
        ("a-key-too-long-with-its-prefix", Folder::site().file(long_name(1020), page), "", &[], "input"),
        (
            "two-names-that-look-the-same",
            Folder::site().file("caf\u{e9}.html", page).file("cafe\u{301}.html", page),
            "",
            &[],
            "input",
        ),
        ("an-environment-file", Folder::site().file("config/.env.production", "KEY=1"), "", &[], "refused"),
        ("an-access-key", Folder::site().file("app.js", format!("let a;\nlet id = \"{key}\"")), "", &[], "refused"),
        ("a-private-key", Folder::site().file("notes.txt", &pem), "", &[], "refused"),
        ("a-private-key-by-its-name", Folder::site().file("id_ed25519", "x"), "", &[], "refused"),
        ("a-repository", Folder::site().file(".git/HEAD", "ref: refs/heads/main\n"), "", &[], "refused"),
        (
            "a-page-with-a-missing-script",
            Folder::site().file("about.html", r#"<script src="/gone.js"></script>"#),
            "",
            &["--strict"],
            "refused",
        ),
    ];
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    for (name, build, sub, more, kind) in table {
        let folder = if sub.is_empty() { build.path().to_owned() } else { build.join(sub) };
        let told = publish(&rehearsal, &folder, more).await;
        told.is_error(kind).reads(name, &[(build.path(), "BUILD")]);
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_lead_astray_are_refused() {
    use std::os::unix::fs::symlink;
    let outside = Folder::new().file("secret.txt", "secret");
    let build = || Folder::site().file("docs/a.html", "<p>");
    let table = [
        ("a-link-out", outside.join("secret.txt"), "leak.txt", "refused"),
        ("a-link-in-a-circle", "..".into(), "docs/again", "input"),
        ("a-link-to-nothing", "gone.html".into(), "old.html", "input"),
    ];
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    for (name, target, link, kind) in table {
        let build = build();
        symlink(target, build.join(link)).unwrap();
        let places = [(build.path(), "BUILD"), (outside.path(), "ELSEWHERE")];
        publish(&rehearsal, build.path(), &[]).await.is_error(kind).reads(name, &places);
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
}

/// Root reads everything, so there the program runs as nobody, from a folder that nobody may enter.
#[cfg(unix)]
#[tokio::test]
async fn an_unreadable_file_is_named() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = Folder::site();
    let program = &rehearsal.program;
    allow(build.path(), 0o755);
    allow(&build.join("favicon.svg"), 0o000);
    let arguments = Rehearsal::arguments(&build, &[]);
    let told = if fs::metadata(build.path()).unwrap().uid() == 0 {
        const NOBODY: u32 = 65534;
        allow(program.home(), 0o755);
        let copy = program.home().join("cruddur-site");
        fs::copy(env!("CARGO_BIN_EXE_cruddur-site"), &copy).unwrap();
        let mut command = tokio::process::Command::new(copy);
        let variables = program.command(&arguments);
        let variables = variables.as_std().get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(variables).current_dir(program.home()).args(&arguments).uid(NOBODY).gid(NOBODY);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        Told::by(command.spawn().unwrap()).await
    } else {
        program.run(&arguments).await
    };
    told.is_error("io").reads("an-unreadable-file", &[]);
    assert_eq!(rehearsal.state().await, before);
}

#[tokio::test]
async fn what_looks_like_a_secret_can_be_allowed() {
    let rehearsal = Rehearsal::published().await;
    let build = Folder::site().file("config/.env.example", "KEY=");
    publish(&rehearsal, build.path(), &["--allow", ".env.example"]).await.is_success();
    assert!(rehearsal.site().await.iter().any(|(key, ..)| key == "live/config/.env.example"));
}

#[tokio::test]
async fn deleting_most_of_the_site_needs_consent() {
    let rehearsal = Rehearsal::start().await;
    let whole = (0..9).fold(Folder::site(), |build, n| build.file(format!("page-{n}.html"), "<p>"));
    publish(&rehearsal, whole.path(), &[]).await.is_success();
    let before = rehearsal.state().await;
    let rest = Folder::site();
    publish(&rehearsal, rest.path(), &[]).await.is_error("refused").reads("most-of-the-site-gone", &[]);
    assert_eq!(rehearsal.state().await, before);
    publish(&rehearsal, rest.path(), &["--max-delete", "100"]).await.is_success();
    assert_eq!(rehearsal.site().await.len(), 3);
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_an_error() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = Folder::site().file("film.mp4", "");
    let mut film = fs::OpenOptions::new().append(true).open(build.join("film.mp4")).unwrap();
    film.set_len(300 << 20).unwrap();
    // From before the walk until after the program's end: whenever it looks, the file is another one.
    let (ended, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writer = std::thread::spawn({
        let (ended, written) = (ended.clone(), written.clone());
        move || {
            while !ended.load(Relaxed) {
                film.write_all(b"more").unwrap();
                written.fetch_add(1, Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    while written.load(Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let told = publish(&rehearsal, build.path(), &[]).await;
    ended.store(true, Relaxed);
    writer.join().unwrap();
    told.is_error("io").says("film.mp4").says("let the build finish");
    assert_eq!(rehearsal.state().await, before);
}

/// Between hashing and uploading, a person may take an hour to say yes.
#[tokio::test]
async fn a_file_that_changed_after_it_was_hashed_is_not_published() {
    for (changed, content) in [("favicon.svg", "<svg/>"), ("assets/app-BkXq7RzT.js", "console.log('another')")] {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::open(folder.path()).unwrap();
        account.ensure_bucket("bucket").unwrap();
        let server = ApiServer::start(account).await.unwrap();
        let session = session(server.url(), "bucket").await;
        let build = Folder::site();
        let prepared = session.prepare(files_of(&build), observe(&session).await.unwrap()).await.unwrap();
        build.write(changed, content);

        let error = session.carry_out(&prepared).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(error.what().contains(changed), "{error}");
        let listed = session.bucket.list(None).await.unwrap().objects;
        assert!(listed.iter().all(|object| object.key.as_str() != "index.html" && object.key.as_str() != changed));
        assert_eq!(session.bucket.read_state("manifest.json.gz", 1 << 20).await.unwrap(), None);
    }
}
