//! Python programs that tests run, each in a virtual environment of its own under `target/tmp`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{node::runs, once};

/// The Python of a virtual environment that has `requirements` (the output of `pip freeze`).
///
/// # Errors
/// Why there is none, in words for a test that is skipped.
pub fn python(name: &str, requirements: &str) -> Result<PathBuf, String> {
    if !runs("python3") {
        return Err("Python 3.11 or newer is not installed".into());
    }
    // An environment belongs to the interpreter that made it.
    let version = Command::new("python3").args(["-c", "import sys; print(sys.prefix, sys.version)"]).output();
    let version = version.map_err(|e| format!("python3: {e}"))?.stdout;
    let name = format!("{name}-{}", once::fingerprint([requirements.as_bytes(), &version]));
    let environment = once::prepared(&name, |folder| {
        once::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let list = folder.join("requirements.txt");
        std::fs::write(&list, requirements).map_err(|e| e.to_string())?;
        // Every dependency is pinned, so nothing is left to resolve.
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        once::run(Command::new(interpreter(folder)).args(install).arg(list))
    })?;
    Ok(interpreter(&environment))
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}
