//! The program itself, stopped while it waits: by Ctrl-C, by the machine, by its limit.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

use cruddur_site::local::Account;
use serde_json::Value;

use crate::{
    support::local::cruddur_site,
    world::{DOMAIN, World},
};

/// An account where the domain's registrar knows nothing of its zone yet.
fn undelegated() -> World {
    let world = World::new();
    Account::open(&world.account()).unwrap().delegate(DOMAIN, &["ns1.registrar.example"]).unwrap();
    world
}

/// The registrar is told the name servers of the account's zone.
fn delegate(world: &World) {
    let index = rusqlite::Connection::open(world.account().join("account.db")).unwrap();
    let select = "SELECT document FROM resources WHERE kind = 'route53/zone'";
    let zone: String = index.query_row(select, [], |row| row.get(0)).unwrap();
    let zone: Value = serde_json::from_str(&zone).unwrap();
    let servers: Vec<String> = serde_json::from_value(zone["name_servers"].clone()).unwrap();
    assert!(!servers.is_empty());
    Account::open(&world.account()).unwrap().delegate(DOMAIN, &servers).unwrap();
}

/// A bootstrap that waits for its certificate, and all it says from then on.
fn waiting(world: &World) -> (Child, JoinHandle<String>) {
    let mut command = cruddur_site();
    command
        .current_dir(world.path())
        .args(["bootstrap", DOMAIN, "--yes", "--certificate-wait", "2", "--local"])
        .arg(world.account());
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
    let before: Vec<String> =
        lines.by_ref().take_while(|line| !line.contains("waiting for the certificate: ")).collect();
    assert!(before.iter().any(|line| line.contains("name servers")), "it says whom to tell: {before:#?}");
    (process, thread::spawn(move || lines.collect::<Vec<_>>().join("\n")))
}

fn goes_on(world: &World) {
    delegate(world);
    let done = world.bootstrap(&["--yes"]).succeeds();
    let made: Vec<_> = crate::world::verdicts(&done);
    assert!(made.contains(&("zone".into(), "keep".into())), "{done:#}");
    assert!(
        !made.contains(&("certificate".into(), "create".into())),
        "the one that was asked for is waited for: {done:#}"
    );
    assert_eq!(done["result"]["unfinished"], serde_json::json!([]));
    assert_eq!(world.bootstrap(&["--dry-run"]).succeeds()["plan"]["empty"], true);
}

/// Given Ctrl-C while the certificate is waited for, the run ends as such, says that the next one goes on, and it does.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_wait_and_the_next_run_goes_on() {
    let world = undelegated();
    let (mut process, said) = waiting(&world);
    let signal = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let status = process.wait().unwrap();
    let said = said.join().unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    for words in ["what is made stays", "run the same command again: it goes on where it stopped"] {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
    goes_on(&world);
}

/// Given a machine that kills the run while it waits, the next one goes on.
#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let world = undelegated();
    let (mut process, said) = waiting(&world);
    process.kill().unwrap();
    process.wait().unwrap();
    said.join().unwrap();
    goes_on(&world);
}

/// Given a wait that takes too long, its end says what is missing and whom to tell what.
#[test]
fn a_wait_that_takes_too_long_says_what_is_missing() {
    let world = undelegated();
    let error = world.bootstrap(&["--yes", "--no-wait"]).fails();
    assert!(error["what"].as_str().unwrap().contains("the certificate is not issued yet"), "{error}");
    let next = error["next"].as_str().unwrap();
    for words in [DOMAIN, "registrar", "name servers", ".awsdns-", "run the same command again: it goes on from here"] {
        assert!(next.contains(words), "{words} is not in {next}");
    }
    goes_on(&world);
}
