//! The npm packages, installed from a registry by npm and run as npm runs them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::release::{Release, TARGETS, VERSION, output, package, root};
use crate::support::{node::runs, skip};

/// A registry of our packages, and folders to install from it.
struct Npm {
    folder: TempDir,
    registry: Child,
    url: String,
}

impl Drop for Npm {
    fn drop(&mut self) {
        let _ = self.registry.kill();
        let _ = self.registry.wait();
    }
}

impl Npm {
    /// Started once for the tests that want it at the same time.
    fn start() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Npm>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(npm) = shared.upgrade() {
            return Some(npm);
        }
        let npm = Arc::new(Self::start_anew()?);
        *shared = Arc::downgrade(&npm);
        Some(npm)
    }

    fn start_anew() -> Option<Self> {
        if !runs("npm") {
            skip("the npm packages are tried with npm, which is not installed");
            return None;
        }
        let release = Release::make()?;
        let folder = tempfile::tempdir().unwrap();
        let mut pack = Command::new("node");
        pack.arg(root().join("packaging/npm/pack.mjs")).arg(release.assets()).arg(folder.path().join("packages"));
        let made = output(&mut pack);
        assert!(
            made.trim().ends_with("packages/cruddur-site"),
            "the package that names the others is not the last: {made}"
        );

        let mut serve = npm("node", folder.path());
        serve.arg(root().join("tests/packaging/registry.mjs")).arg(folder.path().join("packages"));
        let mut registry = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(registry.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "the registry did not start: {url}");
        Some(Self { folder, registry, url: url.trim().to_owned() })
    }

    /// The `package.json` of a package that was made.
    fn manifest(&self, package: &str) -> Value {
        let path = self.folder.path().join("packages").join(package).join("package.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Installs the package in a fresh folder of that name.
    fn install(&self, name: &str, flags: &[&str]) -> PathBuf {
        let project = self.folder.path().join(name);
        fs::create_dir(&project).unwrap();
        let mut install = npm("npm", &project);
        install.args(["install", "cruddur-site", "--no-audit", "--no-fund", "--registry", &self.url]).args(flags);
        output(&mut install);
        project
    }
}

/// A command in `folder`, without settings of the user or of an npm that runs the tests.
fn npm(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.to_lowercase().starts_with("npm_config_") || name.ends_with("_proxy"))
        {
            command.env_remove(name);
        }
    }
    command
        .env("HOME", folder)
        .env("npm_config_cache", folder.join(".npm-cache"))
        .env("npm_config_update_notifier", "false");
    command.stdin(Stdio::null()).current_dir(folder);
    command
}

/// This machine as Node.js names it.
fn platform() -> String {
    output(Command::new("node").args(["--print", "`${process.platform}-${process.arch}`"])).trim().to_owned()
}

/// The command that npm has installed, in its project.
fn installed(project: &Path) -> Command {
    npm("node_modules/.bin/cruddur-site", project)
}

#[test]
fn only_the_program_of_this_machine_is_installed_and_runs() {
    let Some(registry) = Npm::start() else { return };
    let project = registry.install("run", &[]);
    let installed_packages: Vec<_> = fs::read_dir(project.join("node_modules/@cruddur")).unwrap().collect();
    assert_eq!(installed_packages.len(), 1, "{installed_packages:?}");
    assert!(project.join(format!("node_modules/@cruddur/cruddur-site-{}", platform())).is_dir());

    let version = output(npm("npx", &project).args(["--no-install", "cruddur-site", "--version"]));
    assert_eq!(version.trim(), format!("cruddur-site {VERSION}"));

    let account = project.join("account");
    output(installed(&project).arg("publish").arg(root().join("examples/site")).arg("--local").arg(&account));
    assert!(account.is_dir());
}

#[test]
fn arguments_and_exit_statuses_pass_through() {
    let Some(registry) = Npm::start() else { return };
    let project = registry.install("statuses", &[]);
    let missing = "no such \"folder\" $(id) ü";
    for (arguments, status, said) in [
        (vec!["publish", missing, "--local"], 1, missing),
        (vec!["publish", "--no-such-flag"], 2, "--no-such-flag"),
        (vec!["--help"], 0, ""),
    ] {
        let output = installed(&project).args(&arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
    }
}

/// Waits for a process that was told to end.
fn ended(process: &mut Child) -> ExitStatus {
    let limit = Instant::now() + Duration::from_secs(30);
    while Instant::now() < limit {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    panic!("the command did not end");
}

/// What only the wrapper is sent reaches the program, and how the program ends is how the wrapper ends.
#[test]
fn signals_pass_through() {
    let Some(registry) = Npm::start() else { return };
    let project = registry.install("signals", &[]);
    let account = project.join("account");
    output(installed(&project).arg("publish").arg(root().join("examples/site")).arg("--local").arg(&account));
    // The program stops cleanly at the first two, and leaves the third to the system.
    for (signal, status, killed_by) in [("INT", Some(0), None), ("TERM", Some(0), None), ("HUP", None, Some(1))] {
        let mut serve = installed(&project);
        serve.arg("serve").arg("--local").arg(&account).args(["--port", "0"]);
        let mut wrapper = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut printed = BufReader::new(wrapper.stdout.take().unwrap());
        printed.read_line(&mut String::new()).unwrap();

        output(Command::new("kill").args(["-s", signal, &wrapper.id().to_string()]));
        let ended = ended(&mut wrapper);
        assert_eq!((ended.code(), ended.signal()), (status, killed_by), "after SIG{signal}");
        // Nobody has its output open any more: the program has ended too.
        printed.read_to_end(&mut Vec::new()).unwrap();
    }
}

#[test]
fn a_program_that_npm_left_out_is_asked_for() {
    let Some(registry) = Npm::start() else { return };
    let project = registry.install("without", &["--omit=optional"]);
    let output = installed(&project).arg("--version").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["--omit=optional".to_owned(), format!("npm install @cruddur/cruddur-site-{}@{VERSION}", platform())] {
        assert!(said.contains(&words), "{said}");
    }

    let elsewhere =
        "Object.defineProperty(process, 'arch', { value: 'riscv64' }); require('cruddur-site/bin/cruddur-site.js')";
    let output = npm("node", &project).args(["--eval", elsewhere]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("riscv64") && said.contains("cargo install cruddur-site"), "{said}");
}

/// One version, one licence, one repository; and a package for everything that is built.
#[test]
fn the_packages_say_what_cargo_toml_says() {
    let Some(registry) = Npm::start() else { return };
    let package = package();
    let targets = BTreeMap::from([
        ("linux-x64", "x86_64-unknown-linux-musl"),
        ("linux-arm64", "aarch64-unknown-linux-musl"),
        ("darwin-x64", "x86_64-apple-darwin"),
        ("darwin-arm64", "aarch64-apple-darwin"),
        ("win32-x64", "x86_64-pc-windows-msvc"),
    ]);
    let mut all: Vec<_> = targets.values().copied().collect();
    all.sort_unstable();
    assert_eq!(all, TARGETS);

    let wrapper = registry.manifest("cruddur-site");
    let optional: BTreeMap<String, String> = serde_json::from_value(wrapper["optionalDependencies"].clone()).unwrap();
    let expected: BTreeMap<String, String> =
        targets.keys().map(|platform| (format!("@cruddur/cruddur-site-{platform}"), VERSION.to_owned())).collect();
    assert_eq!(optional, expected);
    assert_eq!(wrapper["description"], package["description"].as_str().unwrap());

    for (platform, target) in targets {
        let manifest = registry.manifest(&format!("cruddur-site-{platform}"));
        assert_eq!(
            format!("{}-{}", manifest["os"][0].as_str().unwrap(), manifest["cpu"][0].as_str().unwrap()),
            platform
        );
        assert_eq!(manifest["version"], VERSION);
        assert_eq!(manifest["repository"]["url"], format!("git+{}.git", package["repository"].as_str().unwrap()));
        let program = if platform.starts_with("win32") { "cruddur-site.exe" } else { "cruddur-site" };
        let folder = registry.folder.path().join(format!("packages/cruddur-site-{platform}"));
        let launcher = fs::read_to_string(folder.join("bin").join(program)).unwrap();
        assert!(launcher.contains(target), "{platform} has the program of another target: {launcher}");
        assert!(folder.join("LICENSE-MIT").is_file() && folder.join("LICENSE-APACHE").is_file());
    }
}
