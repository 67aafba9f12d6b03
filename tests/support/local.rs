//! The command itself, publishing to a local account of its own and serving it: two processes, as people run them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HOST;
use serde_json::Value;
use tempfile::TempDir;

/// Browsers look for names below `.localhost` on this machine only.
pub const DOMAIN: &str = "cruddur.localhost";

const START_LIMIT: Duration = Duration::from_secs(60);
/// Everything in a key but `/` and what RFC 3986 leaves unreserved.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The command, far from the configuration and credentials of whoever runs the tests.
pub fn cruddur_site() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-site"));
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| ["CRUDDUR_SITE_", "AWS_", "GITHUB_"].iter().any(|own| name.starts_with(own)))
        {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A local account that is gone when the value is.
pub struct LocalAccount(TempDir);

impl LocalAccount {
    /// An account without a site.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("account-").tempdir().expect("a temporary folder"))
    }

    /// Where it is kept.
    pub fn path(&self) -> PathBuf {
        self.0.path().join("account")
    }

    /// Publishes a build folder as [`DOMAIN`], and returns what `--json` prints.
    ///
    /// # Panics
    /// When the command fails or prints anything else.
    pub fn publish(&self, build: &Path) -> Value {
        let mut publish = cruddur_site();
        // No configuration file is above a temporary folder.
        publish.current_dir(self.0.path());
        publish.arg("publish").arg(build).arg("--local").arg(self.path()).args(["--domain", DOMAIN, "--json"]);
        let output = publish.output().expect("the command");
        let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {printed}{said}", output.status);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error} in {printed}"))
    }

    /// Serves the account on a free port.
    ///
    /// # Panics
    /// When the command does not say within a minute where it serves.
    pub fn serve(&self) -> ServedSite {
        let mut serve = cruddur_site();
        serve.current_dir(self.0.path()).arg("serve").arg("--local").arg(self.path()).args(["--port", "0"]);
        ServedSite::start(serve)
    }
}

/// A command that serves [`DOMAIN`]; it ends when the value is dropped.
pub struct ServedSite {
    process: Child,
    url: String,
    client: reqwest::Client,
}

/// What a viewer is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`, empty when absent.
    pub content_type: String,
    /// `Cache-Control`, empty when absent.
    pub cache_control: String,
    /// `Location`, empty when absent.
    pub location: String,
    /// The first word of `X-Cache`: `Hit`, `Miss`, `RefreshHit`, `Error`.
    pub x_cache: String,
    /// The body.
    pub body: Vec<u8>,
}

impl ServedSite {
    /// Starts a command that prints `serving URL` for every site.
    ///
    /// # Panics
    /// When it does not print one within a minute.
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command");
        let stdout = process.stdout.take().expect("its output");
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the command never waits for a reader; nobody listens after the first URL.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("serving ") {
                    let _ = send.send(url.trim().to_owned());
                }
            }
        });
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.build().expect("an HTTP client");
        // Made before the check, so that dropping it ends a process that never said a word.
        let mut site = Self { process, url: String::new(), client };
        site.url = receive.recv_timeout(START_LIMIT).expect("a line that says where the site is served");
        site
    }

    /// The site's root, as printed: `http://DOMAIN:PORT/`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks for a path, given as a URL has it.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Answer {
        let url = url::Url::parse(&self.url).expect("the URL printed");
        self.get_as(url.host_str().expect("a host"), path).await
    }

    /// Asks for a path of a site by one of its names.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn get_as(&self, host: &str, path: &str) -> Answer {
        let url = url::Url::parse(&self.url).expect("the URL printed");
        let port = url.port().expect("a port");
        // Not every resolver knows names below .localhost.
        let request = self.client.get(format!("http://127.0.0.1:{port}{path}")).header(HOST, format!("{host}:{port}"));
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Answer {
            status: response.status().as_u16(),
            content_type: header("content-type").to_owned(),
            cache_control: header("cache-control").to_owned(),
            location: header("location").to_owned(),
            x_cache: header("x-cache").split(' ').next().unwrap_or_default().to_owned(),
            body: response.bytes().await.expect("a whole body").to_vec(),
        }
    }

    /// Asks for the file of that key.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn get_key(&self, key: &str) -> Answer {
        self.get(&format!("/{}", utf8_percent_encode(key, PATH))).await
    }
}

impl Drop for ServedSite {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
