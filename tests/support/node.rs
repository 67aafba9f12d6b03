//! Example applications, built by their own tools.

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
    if !runs("npm") {
        skip(format!("examples/{name} is built by npm, which is not installed"));
        return None;
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let files = read_all(&sources);
    let print =
        once::fingerprint(files.iter().flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content]));

    let installed = once::prepared(&format!("{name}-{print}-installed"), |folder| {
        for (path, content) in &files {
            let to = folder.join(path);
            fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(|e| e.to_string())?;
            fs::write(to, content).map_err(|e| e.to_string())?;
        }
        once::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
    });
    let installed = match installed {
        Ok(folder) => folder,
        Err(reason) => {
            skip(format!("examples/{name} could not fetch its packages: {reason}"));
            return None;
        }
    };
    let built = once::prepared(&format!("{name}-{print}-dist"), |folder| {
        let build = ["run", "build", "--", "--emptyOutDir", "--outDir"];
        once::run(Command::new("npm").args(build).arg(folder).current_dir(&installed))
    });
    Some(built.unwrap_or_else(|reason| panic!("examples/{name} does not build: {reason}")))
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
