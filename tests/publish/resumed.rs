//! A publish that is cut off at every point there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cruddur_site::{
    local::{Account, ApiServer},
    publish::Session,
    release::{
        Lock,
        lock::{LEASE, MAX_BYTES},
    },
    site::{SiteFile, hash::md5_hex},
};
use futures::StreamExt as _;
use http::Response;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::{
    inside::{files_of, publish, session},
    support::{
        Folder,
        faults::Effect,
        proxy::{Call, Proxy, Watch},
    },
};

const BUCKET: &str = "cut-off";

/// Takes a picture of an account whenever a request comes that writes, before it is carried out: what a publish leaves
/// that is killed just before it, or just after the one before it was carried out and before anybody heard so.
struct Pictures {
    account: PathBuf,
    taken: Mutex<Vec<Picture>>,
    turn: tokio::sync::Mutex<()>,
}

/// The index of an account at one moment. Its blobs only become more.
struct Picture {
    folder: TempDir,
    account: PathBuf,
}

impl Pictures {
    fn of(account: &Path) -> Arc<Self> {
        Arc::new(Self { account: account.to_owned(), taken: Mutex::default(), turn: Default::default() })
    }

    fn take(&self) {
        let folder = tempfile::tempdir().unwrap();
        let index = rusqlite::Connection::open(self.account.join("account.db")).unwrap();
        let picture = folder.path().join("account.db");
        index.execute("VACUUM INTO ?1", [picture.to_str().unwrap()]).unwrap();
        self.taken.lock().unwrap().push(Picture { folder, account: self.account.clone() });
    }
}

impl Watch for Pictures {
    fn meets(&self, call: &Call) -> Option<Effect> {
        if call.writes() {
            self.take();
        }
        None
    }

    fn passed(&self, _: &Call, _: &Response<Bytes>) {}

    fn turn(&self) -> &tokio::sync::Mutex<()> {
        &self.turn
    }
}

impl Picture {
    /// The account as it was then, to be written to.
    fn restored(&self) -> Account {
        for blob in walkdir::WalkDir::new(self.account.join("blobs")).into_iter().map(Result::unwrap) {
            let copy = self.folder.path().join(blob.path().strip_prefix(&self.account).unwrap());
            if blob.file_type().is_dir() {
                fs::create_dir_all(copy).unwrap();
            } else {
                // No blob is ever written to again.
                fs::hard_link(blob.path(), copy).unwrap();
            }
        }
        Account::open(self.folder.path()).unwrap()
    }
}

/// A session with a publish of one request after another, once the lock of whoever was killed has run out.
async fn a_minute_later(url: &str) -> Session {
    let mut session = session(url, BUCKET, "live", "ann").await;
    session.concurrency = 1;
    session.world.now = Arc::new(|| Timestamp::now() + LEASE);
    session
}

/// What is stored below `live/`: each key with the MD5 of its bytes.
///
/// # Panics
/// When anything was written twice or deleted.
fn stored(account: &Path) -> BTreeMap<String, String> {
    let index = rusqlite::Connection::open(account.join("account.db")).unwrap();
    let mut versions = index
        .prepare("SELECT substr(key, 6), etag, delete_marker FROM versions WHERE bucket = ?1 AND key LIKE 'live/%'")
        .unwrap();
    let rows = versions.query_map([BUCKET], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut stored = BTreeMap::new();
    for (key, etag, deleted) in rows.map(Result::<(String, String, bool), _>::unwrap) {
        assert!(!deleted, "{key} was deleted");
        assert_eq!(stored.insert(key.clone(), etag), None, "{key} was written twice");
    }
    stored
}

/// How many records and drafts of releases there are.
fn records(account: &Account) -> i64 {
    let index = rusqlite::Connection::open(account.folder().join("account.db")).unwrap();
    let count = "SELECT count(*) FROM versions WHERE key LIKE '.cruddur-site/live/releases/%' AND is_latest AND NOT delete_marker";
    index.query_row(count, [], |row| row.get(0)).unwrap()
}

/// Publishes to what a killed publish left, and hands out how many files that had been.
///
/// # Panics
/// When anything is sent that had arrived, or the bucket is not as if nobody had been killed.
async fn gone_on(
    number: usize,
    picture: Picture,
    files: &[Arc<SiteFile>],
    expected: &BTreeMap<String, String>,
) -> usize {
    let account = picture.restored();
    let arrived = stored(account.folder());
    let server = ApiServer::start(account.clone()).await.unwrap();
    let proxy = Proxy::keeping_connections(server.url()).await;

    let session = a_minute_later(proxy.url()).await;
    let again = publish(&session, files).await;
    let again = again.unwrap_or_else(|error| panic!("{number}: {error}"));
    let calls = proxy.take_calls();
    let puts = calls.iter().filter(|call| call.operation == "PutObject");
    let sent: Vec<_> = puts.filter_map(|call| call.key.strip_prefix("live/")).collect();
    assert_eq!(sent.len(), files.len() - arrived.len(), "{number}: {sent:?}");
    assert!(sent.iter().all(|key| !arrived.contains_key(*key)), "{number}: {sent:?} of {arrived:?}");
    assert_eq!(again.uploaded.files as usize, sent.len(), "{number}");
    assert_eq!(stored(account.folder()), *expected, "{number}");
    let lock = session.bucket.read_state("lock.json", MAX_BYTES).await.unwrap();
    let lock = lock.and_then(|state| Lock::decode(&state.bytes?));
    assert!(lock.is_some_and(|lock| lock.ended), "{number}");
    assert!(session.bucket.state_etag("manifest.json.gz").await.unwrap().is_some(), "{number}");
    assert_eq!(records(&account), 1, "{number}");
    arrived.len()
}

/// Given a build of so many files, when its publish is killed at its first, second, third ... request that writes, before that
/// request reaches S3 or after the one before it did, then the next publish sends nothing that had arrived, and the bucket is as
/// if the first had never been killed. Of all those points, numbered from 0, the `chosen` ones.
async fn cut_off(files: usize, chosen: impl Fn(usize) -> bool) {
    let page = |n: usize| format!("<title>{n}</title><img src=/{n}.svg>");
    let build = (1..files / 2).fold(Folder::new().file("index.html", page(0)).file("0.svg", "<svg/>"), |build, n| {
        build.file(format!("{n}.html"), page(n)).file(format!("{n}.svg"), format!("<svg id='{n}'/>"))
    });
    let files = files_of(&build);
    let expected: BTreeMap<_, _> =
        files.iter().map(|file| (file.key.to_string(), md5_hex(&file.path()).unwrap())).collect();

    let folder = tempfile::tempdir().unwrap();
    let account = Account::open(folder.path()).unwrap();
    account.ensure_bucket(BUCKET).unwrap();
    let pictures = Pictures::of(folder.path());
    let server = ApiServer::start(account.clone()).await.unwrap();
    let proxy = Proxy::watched(server.url(), pictures.clone()).await;
    let mut first = session(proxy.url(), BUCKET, "live", "ann").await;
    first.concurrency = 1;
    publish(&first, &files).await.unwrap();
    pictures.take();
    assert_eq!(stored(folder.path()), expected);
    let taken = std::mem::take(&mut *pictures.taken.lock().unwrap());
    // The lock, the draft, the lock once more to see whether the store heeds conditions, the files, the record, the manifest, the lock
    // again; and the end. A slow machine renews the lock meanwhile.
    assert!(taken.len() >= files.len() + 7, "{} pictures", taken.len());

    let points = taken.into_iter().enumerate().filter(|(number, _)| chosen(*number));
    let points = points.map(|(number, picture)| gone_on(number, picture, &files, &expected));
    let arrived: BTreeSet<_> = futures::stream::iter(points).buffer_unordered(2).collect().await;
    // One picture before the lock and one before the draft, one before the first file and one before the try, in either order.
    let expected: BTreeSet<_> =
        (0..files.len() + 7).filter(|number| chosen(*number)).map(|n| n.saturating_sub(3).min(files.len())).collect();
    assert_eq!(arrived, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_twice_wherever_a_publish_was_cut_off() {
    cut_off(20, |_| true).await;
}

/// As above, for 200 files: at every 40th point, around the first page, the root page and the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_twice_where_a_publish_of_200_files_was_cut_off() {
    cut_off(200, |point| point % 40 == 0 || matches!(point, 101..=102 | 199..)).await;
}

/// As above, at every point: minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn nothing_is_sent_twice_wherever_a_publish_of_200_files_was_cut_off() {
    cut_off(200, |_| true).await;
}
