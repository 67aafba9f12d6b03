//! Publishes that are stopped, killed, or not alone.

use cruddur_site::release::{Lock, ReleaseId};
use jiff::{SignedDuration, Timestamp};
use tokio::process::Child;

use crate::{
    program::Told,
    rehearsal::{DOMAIN, Rehearsal},
    support::{
        Folder,
        faults::{Fault, Held},
    },
};

const MIB: usize = 1 << 20;

/// Three parts, each of other bytes.
fn film() -> Vec<u8> {
    (0..40 * MIB).map(|at| u8::try_from(at / MIB).unwrap() ^ u8::try_from(at % 251).unwrap()).collect()
}

fn build() -> Folder {
    Folder::site().file("index.html", "<!doctype html><p>second").file("a.css", "a{}").file("b.css", "b{}")
}

fn signal(child: &Child, name: &str) {
    let process = child.id().expect("a running program").to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
}

async fn killed(mut child: Child) {
    child.kill().await.unwrap();
}

/// The lock of a publish that was killed runs out: the test moves the clock for it.
async fn let_the_lock_expire(rehearsal: &Rehearsal) {
    let lock = Lock::decode(&rehearsal.read_state("lock.json").await.expect("a lock")).unwrap();
    assert!(lock.holds(Timestamp::now()), "a publish that was killed could not give its lock up");
    rehearsal.write_state("lock.json", lock.given_up(Timestamp::now()).encode()).await;
}

/// Starts to publish, and waits until the uploads of `hold` wait at the proxy and `arrived` others have arrived.
async fn half_published(rehearsal: &Rehearsal, build: &Folder, hold: &str, arrived: &str) -> (Child, Held) {
    let (fault, held) = Fault::hold("PutObject");
    rehearsal.proxy.inject(fault.of(hold));
    let child = rehearsal.program.command(&Rehearsal::arguments(build, &[])).spawn().unwrap();
    rehearsal.proxy.wait_for("PutObject", hold, 1, false).await;
    rehearsal.proxy.wait_for("PutObject", arrived, 1, true).await;
    (child, held)
}

async fn expected_of(build: &Folder) -> Vec<(String, String, Option<String>)> {
    let undisturbed = Rehearsal::published().await;
    undisturbed.publish(build, &[]).await.is_success();
    undisturbed.site().await
}

#[tokio::test]
async fn ctrl_c_lets_uploads_end_and_the_next_run_goes_on() {
    let rehearsal = Rehearsal::published().await;
    let build = build();
    let (child, held) = half_published(&rehearsal, &build, "live/a.css", "live/b.css").await;
    signal(&child, "INT");
    held.release();
    let told = Told::by(child).await;
    told.is_error("interrupted").says("stopping").reads("stopped", &[]);
    assert_eq!(rehearsal.proxy.seen("PutObject", "live/index.html"), [], "no page goes up any more");
    let lock = Lock::decode(&rehearsal.read_state("lock.json").await.unwrap()).unwrap();
    assert!(!lock.holds(Timestamp::now()), "it is given up");
    assert!(lock.owes.iter().any(|path| path == "/index.html"), "{:?}", lock.owes);

    rehearsal.proxy.clear();
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_success();
    for arrived in ["live/a.css", "live/b.css"] {
        assert_eq!(rehearsal.proxy.seen("PutObject", arrived), [], "it had arrived");
    }
    assert_eq!(rehearsal.proxy.seen("PutObject", "live/index.html").len(), 1);
    assert_eq!(rehearsal.site().await, expected_of(&build).await);
    assert!(rehearsal.lock_has_ended().await);
}

#[tokio::test]
async fn ctrl_c_before_anything_changed_is_obeyed_at_once() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = build();
    for operation in ["ListDistributions", "ListObjectsV2"] {
        rehearsal.proxy.clear();
        // Never released: only a program that does not wait for the answer can end.
        let (fault, _held) = Fault::hold(operation);
        rehearsal.proxy.inject(fault);
        let child = rehearsal.program.command(&Rehearsal::arguments(&build, &[])).spawn().unwrap();
        rehearsal.proxy.wait_for(operation, "", 1, false).await;
        signal(&child, "TERM");
        Told::by(child).await.is_error("interrupted").reads("stopped-before", &[]);
        assert_eq!(rehearsal.state().await, before, "{operation}");
    }
}

#[tokio::test]
async fn ctrl_c_aborts_an_upload_in_parts() {
    let rehearsal = Rehearsal::published().await;
    let build = build().file("film.mp4", film());
    let (fault, held) = Fault::hold("UploadPart");
    rehearsal.proxy.inject(fault.of("partNumber=2"));
    let child = rehearsal.program.command(&Rehearsal::arguments(&build, &[])).spawn().unwrap();
    rehearsal.proxy.wait_for("UploadPart", "partNumber=2", 1, false).await;
    rehearsal.proxy.wait_for("UploadPart", "partNumber=3", 1, true).await;
    signal(&child, "INT");
    held.release();
    Told::by(child).await.is_error("interrupted");
    assert_eq!(rehearsal.uploads().await, [] as [String; 0], "no part remains");

    rehearsal.proxy.clear();
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_success();
    assert_eq!(rehearsal.site().await, expected_of(&build).await);
}

#[tokio::test]
async fn what_a_killed_publish_had_sent_is_not_sent_again() {
    let rehearsal = Rehearsal::published().await;
    let build = build();
    let (child, _held) = half_published(&rehearsal, &build, "live/a.css", "live/b.css").await;
    killed(child).await;
    let_the_lock_expire(&rehearsal).await;

    rehearsal.proxy.clear();
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_success();
    assert_eq!(rehearsal.proxy.seen("PutObject", "live/a.css").len(), 1);
    assert_eq!(rehearsal.proxy.seen("PutObject", "live/b.css"), [], "it had arrived");
    assert_eq!(rehearsal.site().await, expected_of(&build).await);
    assert!(rehearsal.lock_has_ended().await);
}

/// Given a publish that was killed on this machine, when it is run again, then it need not wait for its own lock: no such process
/// runs any more. That of another machine holds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_lock_of_a_process_that_is_no_more_holds_nobody_back() {
    let rehearsal = Rehearsal::published().await;
    let build = build();
    let (child, _held) = half_published(&rehearsal, &build, "live/a.css", "live/b.css").await;
    let lock = Lock::decode(&rehearsal.read_state("lock.json").await.expect("a lock")).unwrap();
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_error("rival");
    killed(child).await;
    assert!(lock.holds(Timestamp::now()));
    let elsewhere = Lock { instance: lock.instance.as_ref().map(|here| format!("elsewhere {here}")), ..lock.clone() };
    rehearsal.write_state("lock.json", elsewhere.encode()).await;
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_error("rival");

    rehearsal.proxy.clear();
    rehearsal.write_state("lock.json", lock.encode()).await;
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_success();
    assert_eq!(rehearsal.proxy.seen("PutObject", "live/b.css"), [], "it had arrived");
    assert_eq!(rehearsal.site().await, expected_of(&build).await);
}

#[tokio::test]
async fn an_upload_in_parts_is_taken_up_where_it_was_killed() {
    let rehearsal = Rehearsal::published().await;
    let build = build().file("film.mp4", film());
    let (fault, _held) = Fault::hold("UploadPart");
    rehearsal.proxy.inject(fault.of("partNumber=3"));
    let child = rehearsal.program.command(&Rehearsal::arguments(&build, &[])).spawn().unwrap();
    rehearsal.proxy.wait_for("UploadPart", "partNumber=3", 1, false).await;
    for part in ["partNumber=1", "partNumber=2"] {
        rehearsal.proxy.wait_for("UploadPart", part, 1, true).await;
    }
    killed(child).await;
    let_the_lock_expire(&rehearsal).await;
    assert_eq!(rehearsal.uploads().await, ["live/film.mp4"]);

    rehearsal.proxy.clear();
    rehearsal.publish(&build, &["--lock-wait", "0"]).await.is_success();
    let parts = rehearsal.proxy.seen("UploadPart", "");
    assert!(parts.len() == 1 && parts[0].path.contains("partNumber=3"), "{parts:?}");
    assert_eq!(rehearsal.uploads().await, [] as [String; 0]);
    assert_eq!(rehearsal.site().await, expected_of(&build).await);
}

#[tokio::test]
async fn parts_that_nobody_needs_any_more_are_aborted() {
    let rehearsal = Rehearsal::published().await;
    let with_film = build().file("film.mp4", film());
    let (fault, _held) = Fault::hold("UploadPart");
    rehearsal.proxy.inject(fault.of("partNumber=3"));
    let child = rehearsal.program.command(&Rehearsal::arguments(&with_film, &[])).spawn().unwrap();
    rehearsal.proxy.wait_for("UploadPart", "partNumber=1", 1, true).await;
    killed(child).await;
    let_the_lock_expire(&rehearsal).await;

    rehearsal.proxy.clear();
    rehearsal.publish(&build(), &["--lock-wait", "0"]).await.is_success();
    assert_eq!(rehearsal.uploads().await, [] as [String; 0]);
    assert_eq!(rehearsal.site().await, expected_of(&build()).await);
}

#[tokio::test]
async fn a_publish_that_may_not_wait_names_the_one_at_work() {
    let rehearsal = Rehearsal::published().await;
    let now = Timestamp::now();
    let lock = Lock {
        ended: false,
        release: ReleaseId::new(now, 7),
        owner: "ann".into(),
        host: "laptop".into(),
        process: 4711,
        instance: None,
        started: now - SignedDuration::from_secs(90),
        expires: now,
        owes: Vec::new(),
    };
    rehearsal.write_state("lock.json", lock.renewed(now).encode()).await;
    let before = rehearsal.state().await;
    let told = rehearsal.publish(&build(), &["--lock-wait", "0"]).await;
    told.is_error("rival").says("ann on laptop (process 4711)").reads("somebody-else-publishes", &[]);
    assert_eq!(rehearsal.state().await, before);
    assert!(rehearsal.proxy.seen("PutObject", DOMAIN).is_empty());
}
