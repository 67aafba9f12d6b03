//! What is near and could be taken for one's own: other sites of the bucket, other credentials, the account itself.

use std::{
    fs,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
};

use cruddur_site::{
    ErrorKind,
    local::{ACCESS_KEY_ID, SECRET_ACCESS_KEY},
    plan::Stage,
    publish::{Event, Progress, observe},
    release::lock::LEASE,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    program::Program,
    rehearsal::{DOMAIN, Rehearsal, files_of, session},
    support::Folder,
};

/// Given a bucket with a site below `live/`, when another is published to its root and told to delete what is not
/// its own, then the first is left alone.
#[tokio::test]
async fn sites_of_one_bucket_leave_each_other_alone() {
    let rehearsal = Rehearsal::published().await;
    let stray = rehearsal.s3.put_object().bucket(DOMAIN).key("stray.txt").body(b"?".to_vec().into());
    stray.send().await.unwrap();
    let before = rehearsal.site().await;
    let build = Folder::site();
    let folder = build.path().display().to_string();
    let arguments = ["publish", &folder, "--json", "--bucket", DOMAIN, "--delete-foreign", "--max-delete", "100"];
    let told = rehearsal.program.run(&arguments).await;
    let document: serde_json::Value = serde_json::from_str(&told.is_success().out).unwrap();
    assert_eq!(document["plan"]["removals"][0]["key"], "stray.txt");
    assert_eq!(document["plan"]["removals"].as_array().unwrap().len(), 1);
    assert_eq!(rehearsal.site().await, before);
}

#[tokio::test]
async fn the_state_is_no_place_for_a_site() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = Folder::site();
    let folder = build.path().display().to_string();
    let arguments = ["publish", &folder, "--json", "--bucket", DOMAIN, "--prefix", ".cruddur-site/live"];
    rehearsal.program.run(&arguments).await.is_error("input").reads("a-prefix-that-holds-the-state", &[]);
    assert_eq!(rehearsal.state().await, before);
}

/// Looking changes nothing, so it has to wait for nobody.
#[tokio::test]
async fn a_dry_run_does_not_wait_for_a_lock() {
    let rehearsal = Rehearsal::published().await;
    let expires = Timestamp::now() + SignedDuration::from_hours(1);
    let lock = serde_json::json!({
        "release": "20261121T063000Z-00000001", "owner": "ann", "host": "laptop", "process": 1,
        "started": Timestamp::now(), "expires": expires, "owes": [],
    });
    rehearsal.write_state("lock.json", lock.to_string().into_bytes()).await;
    let before = rehearsal.state().await;
    rehearsal.publish(&Folder::site(), &["--dry-run", "--lock-wait", "0"]).await.is_success();
    rehearsal.publish(&Folder::site(), &["--lock-wait", "0"]).await.is_error("rival");
    assert_eq!(rehearsal.state().await, before);
}

/// A laptop that sleeps in the middle of a publish wakes up after its lock has run out: by then another may hold it.
#[tokio::test]
async fn a_publish_that_slept_past_its_lease_changes_nothing_more() {
    let rehearsal = Rehearsal::start().await;
    let slept = Arc::new(AtomicI64::new(0));
    let mut session = session(rehearsal.proxy.url(), DOMAIN).await;
    session.progress = Arc::new(SleepsBeforePages(slept.clone()));
    session.world.now = Arc::new(move || Timestamp::now() + SignedDuration::from_secs(slept.load(SeqCst)));
    let build = Folder::site();
    let prepared = session.prepare(files_of(&build), observe(&session).await.unwrap()).await.unwrap();

    let error = session.carry_out(&prepared).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rival, "{error}");
    let keys: Vec<_> = rehearsal.site().await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["live/assets/app-BkXq7RzT.js", "live/favicon.svg"]);
    assert_eq!(rehearsal.read_state("manifest.json.gz").await, None);
}

struct SleepsBeforePages(Arc<AtomicI64>);

impl Progress for SleepsBeforePages {
    fn event(&self, event: Event<'_>) {
        if matches!(event, Event::StageStarts(Stage::Pages | Stage::Root, ..)) {
            self.0.store(2 * LEASE.as_secs(), SeqCst);
        }
    }
}

/// As with the aws command: whoever names a profile means it, whatever keys the environment has.
#[tokio::test]
async fn a_profile_that_is_named_wins_over_keys_in_the_environment() {
    let rehearsal = Rehearsal::published().await;
    let program = Program::new()
        .with("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")
        .with("AWS_SECRET_ACCESS_KEY", "wrong")
        .with("AWS_REGION", "us-east-1")
        .with("AWS_ENDPOINT_URL", rehearsal.proxy.url());
    fs::create_dir(program.home().join(".aws")).unwrap();
    let credentials =
        format!("[site]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n");
    fs::write(program.home().join(".aws/credentials"), credentials).unwrap();
    let build = Folder::site();
    program.run(&Rehearsal::arguments(&build, &[])).await.is_error("credentials");
    program.run(&Rehearsal::arguments(&build, &["--profile", "site"])).await.is_success();
    program.run(&Rehearsal::arguments(&build, &["--profile", "nobody"])).await.is_error("credentials");
}

#[tokio::test]
async fn a_local_account_is_not_published_with_the_build_it_is_in() {
    let build = Folder::site();
    let folder = build.path().display().to_string();
    let account = build.join("account").display().to_string();
    let told = Program::new().run(&["publish", &folder, "--json", "--local", &account]).await;
    told.is_error("input").reads("an-account-inside-the-build", &[(build.path(), "BUILD")]);
    assert!(!build.join("account").exists());
}

/// A result that nobody can have read is no success.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn json_that_cannot_be_written_is_an_error() {
    let rehearsal = Rehearsal::published().await;
    let arguments = Rehearsal::arguments(&Folder::site(), &["--dry-run"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = rehearsal.program.command(&arguments).stdout(full).stderr(Stdio::null()).status().await.unwrap();
    assert_eq!(status.code(), Some(1));
}

/// Words that nobody can have read stop nothing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn words_that_cannot_be_written_do_not_cut_a_publish_off() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (rehearsal, build) = (Rehearsal::start().await, Folder::site());
    let arguments = ["publish", &build.path().display().to_string(), "--domain", DOMAIN].map(str::to_owned);
    let status = rehearsal.program.command(&arguments).stdout(full()).stderr(full()).status().await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(!rehearsal.site().await.is_empty());
}

/// A publish takes no more connections and files than it may have.
#[cfg(unix)]
#[tokio::test]
async fn few_descriptors_make_a_publish_slower_and_nothing_else() {
    let rehearsal = Rehearsal::start().await;
    let build = (0..300).fold(Folder::site(), |build, n| build.file(format!("{n}.txt"), format!("{n}")));
    let build = build.path().display().to_string();
    let command = rehearsal.program.command(&["publish", &build, "--domain", DOMAIN]);
    let mut limited = tokio::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"]).arg(command.as_std().get_program());
    limited.args(command.as_std().get_args()).env_clear().current_dir(rehearsal.program.home());
    limited.envs(command.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = limited.output().await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(rehearsal.site().await.len() > 300);
}
