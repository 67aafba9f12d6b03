//! The program, in an environment that holds nothing of the machine's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use regex::Regex;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A home folder, and the variables the program shall see.
pub struct Program {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where it runs, and its home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.home());
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(self.variables.iter().cloned());
        command.current_dir(self.home()).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub async fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Told {
        Told::by(self.command(arguments).spawn().unwrap()).await
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Told {
    /// Its exit status; none where a signal ended it.
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Told {
    pub async fn by(child: Child) -> Self {
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn is_success(&self) -> &Self {
        assert_eq!(self.status, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// An error of a kind, as `--json` tells it.
    pub fn is_error(&self, kind: &str) -> &Self {
        let document: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}{}", self.out, self.err));
        let error = &document["error"];
        assert_eq!(error["kind"], kind, "{}", self.err);
        assert_eq!(self.status, Some(if kind == "interrupted" { 130 } else { 1 }), "{}", self.err);
        assert!(!error["next"].as_str().unwrap().is_empty() && self.err.contains("  next: "), "{}", self.err);
        self
    }

    pub fn says(&self, part: &str) -> &Self {
        assert!(self.err.contains(part), "{part:?} is not in\n{}", self.err);
        self
    }

    /// The words, from the error on, are those in `messages/NAME.txt`. Run with `REVIEW=1` to write them there, and read them.
    pub fn reads(&self, name: &str, places: &[(&Path, &str)]) {
        let begin = self.err.find("error: ").unwrap_or_else(|| panic!("no error in {}", self.err));
        let mut text = self.err[begin..].to_owned();
        for (path, called) in places {
            for path in [fs::canonicalize(path).unwrap_or_default(), path.to_path_buf()] {
                if path != PathBuf::new() {
                    text = text.replace(&path.display().to_string(), called);
                }
            }
        }
        for (pattern, called) in [
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r"process \d+", "process N"),
            (r"\bE[0-9A-Z]{13}\b", "DISTRIBUTION"),
            (r"\bZ[0-9A-Z]{12,31}\b", "ZONE"),
            (r"\bns-\d+\.awsdns-\d\d\.(com|net|org|co\.uk)", "NAME-SERVER.$1"),
            (r"certificate/[0-9a-f-]{36}", "certificate/ID"),
            (r"\b_[0-9a-f]{32}\.", "_PROOF."),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, called).into_owned();
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bad_input/messages/{name}.txt"));
        if std::env::var_os("REVIEW").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, expected, "{} is not what the program says", file.display());
    }
}
