//! GitHub's releases of cruddur-site, on loopback.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::support::once;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const LINUX: &str = "x86_64-unknown-linux-musl";

#[derive(Default)]
struct State {
    /// By their paths.
    files: BTreeMap<String, Bytes>,
    asked: Vec<String>,
}

/// A server that has the files of releases.
pub struct Releases {
    url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Releases {
    /// A server without a release.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let answer = service_fn(move |request: Request<Incoming>| {
                    let response = answer(&state, request.uri().path());
                    async move { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { url, state, server }
    }

    /// Where it is: what `GITHUB_SERVER_URL` says.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Releases this program for a target, as the release workflow does: the archive and its checksum.
    pub fn release(&self, repository: &str, version: &str, target: &str) {
        let name = format!("cruddur-site-v{version}-{target}");
        let file = format!("{name}.{}", if target.contains("windows") { "zip" } else { "tar.gz" });
        let archive = fs::read(archive(&name, &file)).unwrap();
        let sum = format!("{}  {file}\n", hex::encode(Sha256::digest(&archive)));
        self.add(repository, version, &format!("{file}.sha256"), sum);
        self.add(repository, version, &file, archive);
    }

    /// Adds a file to a release, or replaces it.
    pub fn add(&self, repository: &str, version: &str, name: &str, content: impl Into<Bytes>) {
        let path = format!("/{repository}/releases/download/v{version}/{name}");
        self.state.lock().unwrap().files.insert(path, content.into());
    }

    /// The paths that were asked for since this was last called.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn answer(state: &Mutex<State>, path: &str) -> Response<Full<Bytes>> {
    let mut state = state.lock().unwrap();
    state.asked.push(path.to_owned());
    let found = state.files.get(path).cloned();
    let status = if found.is_some() { 200 } else { 404 };
    Response::builder().status(status).body(Full::new(found.unwrap_or_default())).unwrap()
}

/// A folder with the program under test, without what only a debugger reads, as releases have it.
fn prepared() -> &'static Path {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_cruddur-site"));
        let made = fs::metadata(built).unwrap().modified().unwrap();
        let name = format!("released-{}", once::fingerprint([format!("{made:?}").as_bytes()]));
        // What was prepared of an older build is large, and of no more use.
        for entry in fs::read_dir(env!("CARGO_TARGET_TMPDIR")).into_iter().flatten().flatten() {
            let other = entry.file_name().display().to_string();
            if other.starts_with("released-") && !other.starts_with(&name) {
                let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
            }
        }
        let strip =
            |folder: &Path| once::run(Command::new("strip").arg("-o").arg(folder.join("cruddur-site")).arg(built));
        once::prepared(&name, strip).unwrap_or_else(|reason| panic!("{reason}"))
    })
}

/// The program under test.
pub fn program() -> PathBuf {
    prepared().join("cruddur-site")
}

/// A release's archive: one folder of its name, with the program.
fn archive(name: &str, file: &str) -> PathBuf {
    static PACKING: Mutex<()> = Mutex::new(());
    let _alone = PACKING.lock().unwrap_or_else(PoisonError::into_inner);
    let archive = prepared().join(file);
    if archive.exists() {
        return archive;
    }
    let folder = tempfile::tempdir_in(prepared()).unwrap();
    fs::create_dir(folder.path().join(name)).unwrap();
    let windows = file.ends_with(".zip");
    let inside = if windows { "cruddur-site.exe" } else { "cruddur-site" };
    fs::hard_link(program(), folder.path().join(name).join(inside)).unwrap();
    let mut pack = if windows { Command::new("zip") } else { Command::new("tar") };
    if windows {
        pack.args(["-q", "-1", "-r", file, name]);
    } else {
        pack.args(["--use-compress-program", "gzip -1", "-cf", file, name]);
    }
    once::run(pack.current_dir(folder.path())).unwrap_or_else(|reason| panic!("{reason}"));
    // Whoever finds it, finds it whole.
    fs::rename(folder.path().join(file), &archive).unwrap();
    archive
}
