//! Build folders for tests.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A build folder that is gone when the value is.
pub struct Folder(TempDir);

impl Folder {
    /// An empty build folder.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("build-").tempdir().expect("a temporary folder"))
    }

    /// The smallest site that looks like a real build: a page, its hashed script, and an icon.
    pub fn site() -> Self {
        Self::new()
            .file(
                "index.html",
                r#"<!doctype html><title>Cruddur</title><script src="/assets/app-BkXq7RzT.js"></script>"#,
            )
            .file("assets/app-BkXq7RzT.js", "console.log('cruddur')")
            .file("favicon.svg", r#"<svg xmlns="http://www.w3.org/2000/svg"/>"#)
    }

    /// A copy of a folder: one of this repository, such as `examples/site`, or any by its absolute path.
    pub fn copy_of(folder: impl AsRef<Path>) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let copy = Self::new();
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.expect("a readable folder");
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&from).expect("a path inside the folder");
                copy.write(path, fs::read(entry.path()).expect("a readable file"));
            }
        }
        copy
    }

    /// Adds a file, and the folders above it.
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// Writes a file, new or not, and the folders above it.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.join(path);
        fs::create_dir_all(path.parent().expect("a folder above every file")).expect("a folder");
        fs::write(path, content).expect("a written file");
    }

    /// The keys of its files, in their order.
    pub fn keys(&self) -> Vec<String> {
        let files = walkdir::WalkDir::new(self.path()).sort_by_file_name().into_iter();
        let files = files.map(|entry| entry.expect("a readable folder")).filter(|entry| entry.file_type().is_file());
        let key = |path: &Path| path.to_str().expect("a name in UTF-8").replace('\\', "/");
        files.map(|entry| key(entry.path().strip_prefix(self.path()).expect("a path inside the folder"))).collect()
    }

    /// A file's content.
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.join(path)).expect("a readable file")
    }

    /// Changes a text file: each `from` becomes `to`, and there must be one.
    pub fn edit(&self, path: impl AsRef<Path>, from: &str, to: &str) {
        let text = String::from_utf8(self.read(&path)).expect("a text");
        assert!(text.contains(from), "no {from} in {}", path.as_ref().display());
        self.write(path, text.replace(from, to));
    }

    /// Removes a file.
    pub fn remove(&self, path: impl AsRef<Path>) {
        fs::remove_file(self.join(path)).expect("a removed file");
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where a file of it is.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }
}
