//! Packages of npm's registry, and example applications built by their own tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use walkdir::{DirEntry, WalkDir};

use super::{once, skip};

/// The output folder of `examples/NAME`, built by `npm ci` and `npm run build` in a copy of its sources.
///
/// The copy is kept under `target/tmp` and reused until a source file changes. `None` where npm is missing or cannot reach
/// its registry: the test is then skipped.
///
/// # Panics
/// When the application does not build.
pub fn build_example(name: &str) -> Option<PathBuf> {
    let installed = match installed(&format!("examples/{name}")) {
        Ok(folder) => folder,
        Err(reason) => {
            skip(format!("examples/{name} could not fetch its packages: {reason}"));
            return None;
        }
    };
    let prepared = installed.file_name().expect("a folder of its own").display().to_string();
    let built = once::prepared(&format!("{prepared}-dist"), |folder| {
        let build = ["run", "build", "--", "--emptyOutDir", "--outDir"];
        once::run(Command::new("npm").args(build).arg(folder).current_dir(&installed))
    });
    Some(built.unwrap_or_else(|reason| panic!("examples/{name} does not build: {reason}")))
}

/// A copy of a folder of this repository, with the packages that its lock file names.
///
/// The copy is kept under `target/tmp` and reused until a source file changes.
///
/// # Errors
/// Why there is none, in words for a test that is skipped.
pub fn installed(folder: &str) -> Result<PathBuf, String> {
    if !runs("npm") {
        return Err("npm is not installed".into());
    }
    let files = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let print =
        once::fingerprint(files.iter().flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content]));
    once::prepared(&format!("{}-{print}", folder.replace('/', "-")), |copy| {
        for (path, content) in &files {
            let to = copy.join(path);
            fs::create_dir_all(to.parent().unwrap_or(copy)).map_err(|e| e.to_string())?;
            fs::write(to, content).map_err(|e| e.to_string())?;
        }
        once::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(copy))
    })
}

/// The sources in order of their names, without what npm and the build tool make.
fn read_all(sources: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let made = |entry: &DirEntry| entry.file_name() == "node_modules" || entry.file_name() == "dist";
    WalkDir::new(sources)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !made(entry))
        .map(|entry| entry.expect("a readable folder"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(sources).expect("a path inside the sources").to_owned();
            (path, fs::read(entry.path()).expect("a readable source file"))
        })
        .collect()
}

/// Whether a program is there and answers `--version`.
pub fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
