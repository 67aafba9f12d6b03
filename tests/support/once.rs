//! Work done once for all test binaries, which `cargo test` and its rivals may run side by side.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A folder under `target/tmp` that holds the result of `make`, which runs only if no earlier test run got through it.
///
/// `name` must change with everything the result depends on; [`fingerprint`] helps. A lock file keeps other processes
/// waiting; a marker written last tells a finished folder from one whose maker was killed.
///
/// # Errors
/// What `make` says. The folder is then made anew next time.
pub fn prepared(name: &str, make: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = base.join(name);
    let marker = base.join(format!("{name}.ready"));
    fs::create_dir_all(base).map_err(|e| format!("cannot make {}: {e}", base.display()))?;

    // The lock is let go when `lock` is dropped, and by the kernel when this process dies.
    let lock = File::create(base.join(format!("{name}.lock"))).map_err(|e| format!("cannot make a lock file: {e}"))?;
    lock.lock().map_err(|e| format!("cannot lock {name}: {e}"))?;
    if marker.exists() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| format!("cannot clear {}: {e}", folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    make(&folder)?;
    File::create(&marker).map_err(|e| format!("cannot mark {name} as ready: {e}"))?;
    Ok(folder)
}

/// Twelve hexadecimal digits that change when any of `parts` does.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..6])
}

/// Runs a command to its end.
///
/// # Errors
/// The command and the end of what it printed, when it cannot start or does not succeed.
pub fn run(command: &mut std::process::Command) -> Result<(), String> {
    let output = command.stdin(std::process::Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let tail: Vec<&str> = said.lines().rev().take(15).collect();
    let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(format!("{command:?} ended with {}:\n{tail}", output.status))
}
