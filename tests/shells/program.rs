//! The program, and shells, in a home of their own.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A home folder with the program on the path, and a folder, a file and a name with a space in it to complete.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["build", "my drafts", "other"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        for file in ["cruddur-site.toml", "budget.txt"] {
            fs::write(home.path().join(file), "").unwrap();
        }
        Self(home)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// `program`, which sees nothing of the machine's configuration.
    pub fn command(&self, program: &str) -> Command {
        let ours = Path::new(env!("CARGO_BIN_EXE_cruddur-site")).parent().unwrap();
        let theirs = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(ours.to_owned()).chain(std::env::split_paths(&theirs))).unwrap();
        let mut command = Command::new(program);
        command.env_clear().env("PATH", path).env("HOME", self.path()).env("LC_ALL", "C.UTF-8").env("TERM", "dumb");
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// What the program prints on standard output for `arguments`, which it must take.
    pub fn told(&self, arguments: &[&str]) -> String {
        succeeded(self.command("cruddur-site").args(arguments).output().unwrap())
    }
}

/// Standard output of what must have succeeded.
pub fn succeeded(output: Output) -> String {
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out
}

/// Whether `program` is there; where not, the test is skipped aloud.
pub fn has(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|p| p.join(program).is_file());
    if !found {
        crate::support::skip(format!("{program} is not installed"));
    }
    found
}
