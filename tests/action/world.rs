//! A job of a repository that uses the action: its machine, GitHub's releases and cache, and the AWS account it publishes to.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cruddur_site::local::{self, Account, ApiServer};
use tempfile::TempDir;

use crate::{
    machine::{Machine, Ran},
    releases::{Releases, VERSION, program},
    support::local::cruddur_site,
    templates,
};

pub const DOMAIN: &str = "cruddur.localhost";
pub const REPOSITORY: &str = "cruddur/cruddur-site";

/// See above.
pub struct World {
    pub machine: Machine,
    pub releases: Releases,
    folder: TempDir,
    account: Option<ApiServer>,
}

impl World {
    /// A job on Linux that has checked out a site's repository with its build in `dist`. `None` where templates cannot be
    /// evaluated: the test is then skipped.
    pub async fn new() -> Option<Self> {
        templates::packages()?;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let releases = Releases::start().await;
        let mut machine = Machine {
            folder: folder.path().join("work"),
            environment: BTreeMap::new(),
            system: ("Linux".into(), "X64".into()),
            cache: folder.path().join("cache"),
        };
        for made in [&home, &machine.temporary(), &machine.tools(), &machine.workspace(), &machine.cache] {
            fs::create_dir_all(made).unwrap();
        }
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site"), &machine.workspace().join("dist"));

        let rust = |variable: &str, below: &str| {
            let home = std::env::var("HOME").unwrap();
            std::env::var(variable).unwrap_or_else(|_| format!("{home}/{below}"))
        };
        machine.environment = [
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", home.display().to_string()),
            ("LANG", "C.UTF-8".into()),
            ("CI", "true".into()),
            ("ImageOS", "ubuntu24".into()),
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_SERVER_URL", releases.url().into()),
            ("GITHUB_REPOSITORY", "ann/cruddur".into()),
            ("GITHUB_WORKSPACE", machine.workspace().display().to_string()),
            ("GITHUB_EVENT_NAME", "push".into()),
            ("GITHUB_REF", "refs/heads/main".into()),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567".into()),
            ("GITHUB_RUN_ID", "1".into()),
            ("RUNNER_OS", machine.system.0.clone()),
            ("RUNNER_ARCH", machine.system.1.clone()),
            ("RUNNER_TEMP", machine.temporary().display().to_string()),
            ("RUNNER_TOOL_CACHE", machine.tools().display().to_string()),
            ("CARGO_HOME", rust("CARGO_HOME", ".cargo")),
            ("RUSTUP_HOME", rust("RUSTUP_HOME", ".rustup")),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        Some(Self { machine, releases, folder, account: None })
    }

    /// Bootstraps a site in an account of its own, for which the job has credentials.
    pub async fn with_site(mut self) -> Self {
        let account = self.folder.path().join("account");
        let mut bootstrap = cruddur_site();
        bootstrap.args(["bootstrap", DOMAIN, "--yes", "--local"]).arg(&account).current_dir(self.folder.path());
        let made = bootstrap.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&[made.stdout, made.stderr].concat()));

        let server = ApiServer::start(Account::open(&account).unwrap()).await.unwrap();
        self.set("AWS_ENDPOINT_URL", server.url());
        self.set("AWS_ACCESS_KEY_ID", local::ACCESS_KEY_ID);
        self.set("AWS_SECRET_ACCESS_KEY", local::SECRET_ACCESS_KEY);
        self.account = Some(server);
        self
    }

    /// Sets a variable of the job's environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.machine.environment.insert(name.into(), value.into());
    }

    /// Says what the machine is.
    pub fn on(&mut self, system: &str, processor: &str) {
        self.set("RUNNER_OS", system);
        self.set("RUNNER_ARCH", processor);
        self.machine.system = (system.into(), processor.into());
    }

    /// Lets the job find these programs of this machine, and no others.
    pub fn only(&mut self, programs: &[(String, PathBuf)]) {
        let folder = self.machine.folder.join("programs");
        fs::create_dir_all(&folder).unwrap();
        for (name, program) in programs {
            // The first of a name is the one that a shell would find.
            let _ = std::os::unix::fs::symlink(program, folder.join(name));
        }
        self.set("PATH", &folder.display().to_string());
    }

    /// Where the runner unpacks the action for `uses: REPOSITORY@REFERENCE`.
    pub fn unpacked(&self, repository: &str, reference: &str) -> PathBuf {
        let path = self.machine.folder.join("_actions").join(repository).join(reference);
        if !path.exists() {
            self.check_out(&path);
        }
        path
    }

    /// A checkout of the action. Its crate has the name and version of ours and no dependencies: it hands over to the program
    /// under test, so that Cargo builds it within a second.
    pub fn check_out(&self, path: &Path) {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir_all(path.join("src")).unwrap();
        fs::copy(sources.join("action.yml"), path.join("action.yml")).unwrap();
        copy(&sources.join("packaging/action"), &path.join("packaging/action"));
        let manifest = fs::read_to_string(sources.join("Cargo.toml")).unwrap();
        let (package, _) = manifest.split_once("[dependencies]").expect("dependencies");
        let package = package.replace("readme = \"README.md\"\n", "");
        fs::write(path.join("Cargo.toml"), format!("{package}[workspace]\n")).unwrap();
        let lock = format!("version = 4\n\n[[package]]\nname = \"cruddur-site\"\nversion = \"{VERSION}\"\n");
        fs::write(path.join("Cargo.lock"), lock).unwrap();
        let main = format!(
            "use std::os::unix::process::CommandExt as _;\n\
             fn main() {{\n    let mut program = std::process::Command::new({:?});\n    \
             panic!(\"{{}}\", program.args(std::env::args_os().skip(1)).exec());\n}}\n",
            program()
        );
        fs::write(path.join("src/main.rs"), main).unwrap();
    }

    /// Puts a program where the action keeps the one of its version, as if an earlier run had.
    pub fn preinstall(&self, script: &str) {
        let folder = self.machine.tools().join("cruddur-site").join(VERSION).join("X64");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("cruddur-site");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs `uses: cruddur/cruddur-site@v1` with these inputs.
    pub async fn run(&self, inputs: &[(&str, &str)]) -> Ran {
        self.run_at(&self.unpacked(REPOSITORY, "v1"), inputs).await
    }

    /// Runs the action that is in a folder.
    pub async fn run_at(&self, action: &Path, inputs: &[(&str, &str)]) -> Ran {
        self.machine.run(action, inputs).await
    }

    /// The next job gets a machine on which nothing is installed.
    pub fn renew_machine(&self) {
        fs::remove_dir_all(self.machine.tools()).unwrap();
        fs::create_dir(self.machine.tools()).unwrap();
    }

    /// Every file of the job's, by its path: what a script might have left.
    pub fn files(&self) -> Vec<String> {
        let all = walkdir::WalkDir::new(self.folder.path()).into_iter().map(Result::unwrap);
        all.filter(|entry| entry.file_type().is_file()).map(|entry| entry.path().display().to_string()).collect()
    }
}

/// The programs of this machine, those that come first in `PATH` first.
pub fn programs() -> Vec<(String, PathBuf)> {
    let path = std::env::var_os("PATH").unwrap();
    let entries = std::env::split_paths(&path).flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
    entries.map(|entry| entry.unwrap()).map(|entry| (entry.file_name().display().to_string(), entry.path())).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}
