//! The way back.

use crate::{
    support::Folder,
    world::{DOMAIN, World, verdicts},
};

fn destroy(world: &World, more: &[&str]) -> crate::world::Told {
    let arguments: Vec<&str> = ["destroy", DOMAIN, "--json"].into_iter().chain(more.iter().copied()).collect();
    world.run(&arguments)
}

/// Given a site without files, everything that was made goes, and can be made again.
#[test]
fn what_was_made_goes() {
    let world = World::bootstrapped();
    let planned = destroy(&world, &["--dry-run"]).succeeds();
    assert_eq!(world.bootstrap(&[]).succeeds()["plan"]["empty"], true, "a dry run deletes nothing");
    assert!(planned["plan"]["deletes"].as_array().unwrap().len() > 5, "{planned:#}");
    destroy(&world, &["--yes"]).succeeds();
    assert_eq!(destroy(&world, &["--yes"]).succeeds()["plan"]["empty"], true, "it can be repeated");
    let planned = world.bootstrap(&["--dry-run"]).succeeds();
    assert!(verdicts(&planned).iter().all(|(_, verdict)| verdict == "create"), "{planned:#}");
    world.bootstrap(&["--yes"]).succeeds();
}

/// Given a site with files, the bucket stays unless its content is given up by name.
#[test]
fn files_are_deleted_only_when_told_so() {
    let world = World::bootstrapped();
    world.publish(&Folder::site());
    let kept = destroy(&world, &["--yes"]).succeeds();
    let keeps = kept["plan"]["keeps"].to_string();
    assert!(keeps.contains("bucket") && keeps.contains("--delete-content"), "{keeps}");
    let gone = destroy(&world, &["--yes", "--delete-content"]).succeeds();
    assert!(gone["plan"]["deletes"].to_string().contains("delete everything in bucket"), "{gone:#}");
    assert_eq!(destroy(&world, &["--yes", "--delete-content"]).succeeds()["plan"]["empty"], true);
}

/// Given nobody who could be asked twice, nothing is deleted without `--yes`.
#[test]
fn nothing_goes_unasked() {
    let world = World::bootstrapped();
    let error = destroy(&world, &[]).fails();
    assert!(error["next"].as_str().unwrap().contains("--yes"), "{error}");
    assert_eq!(world.bootstrap(&[]).succeeds()["plan"]["empty"], true);
}
