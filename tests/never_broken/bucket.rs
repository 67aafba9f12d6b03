//! What is in the bucket at this moment, how it came there, and the releases it came from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cruddur_site::{
    local::Account,
    release::{Lock, Manifest},
    site::{FileClass, Headers},
};
use jiff::Timestamp;
use regex::Regex;

use crate::{
    check,
    clock::Clock,
    edge::{self, Edges},
    site::Build,
    support::proxy::Call,
};

/// The served prefix and the folder of the state.
pub const PREFIX: &str = "live/";
pub const STATE: &str = ".cruddur-site/live/";

/// Who put an object in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The publish of the release with this number.
    Release(usize),
    /// Somebody else.
    Hand,
}

/// An object as the bucket gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The MD5 of its bytes.
    pub etag: String,
    /// What it is served with.
    pub headers: Headers,
    /// Who put these bytes there.
    pub by: By,
}

impl Object {
    /// An object of nobody.
    #[cfg(test)]
    pub fn with(etag: &str, cache_control: &str) -> Self {
        let headers = Headers { cache_control: Some(cache_control.into()), ..Headers::default() };
        Self { etag: etag.into(), headers, by: By::Hand }
    }
}

/// A release from the moment its publish took the lock.
pub struct Release {
    /// What is published.
    pub build: Arc<Build>,
    /// Who publishes it.
    pub publisher: usize,
    /// Whether its manifest was written.
    pub recorded: bool,
    /// Whether one of its pages was put in place.
    pub shown: bool,
    name: String,
}

/// The bucket, the edges, and what was told of them.
pub struct Model {
    account: Account,
    bucket: String,
    clock: Clock,
    step: u64,
    /// The served objects by key.
    pub objects: BTreeMap<String, Object>,
    /// What edges may hold beside them.
    pub edges: Edges,
    /// The releases in the order they began.
    pub releases: Vec<Release>,
    /// So many of the recorded releases were made before a manifest was lost: what a publish that was cut off left of them goes by
    /// days alone, for no history counts them any more.
    pub forgotten: usize,
    /// The builds of the recorded releases, oldest first; the same one twice in a row is one.
    pub recorded: Vec<(Arc<Build>, Timestamp)>,
    /// What each publisher publishes.
    pub builds: BTreeMap<usize, Arc<Build>>,
    /// The keys of the site by the last manifest, without those that it keeps for open tabs.
    published: BTreeSet<String>,
    /// What was there and not in the manifest when that was last written, and no build has brought back since, once one was
    /// lost: a limit. It stays, and what it loads may go.
    pub strays: BTreeSet<String>,
    /// The invalidation paths that the lock in the bucket says are owed.
    owed: Vec<String>,
    /// Objects of others.
    pub foreign: BTreeSet<String>,
    /// What somebody changed or deleted by hand since the last publish that went well.
    pub by_hand: BTreeSet<String>,
    /// Whether a manifest was ever lost: what it owned is nobody's.
    pub forgetful: bool,
    /// Whether the last publish did not wait for the edges: then pages may come before what they name.
    pub hasty: bool,
    /// How long superseded chunks stay: days and releases.
    pub retention: (u32, u32),
    /// Keys whose upload each publisher may not know to have arrived.
    pub unheard: BTreeSet<(usize, String)>,
    /// What happened, for people.
    pub story: Vec<String>,
    /// The first thing that was not as promised.
    pub broken: Option<String>,
    /// The uploads of site files, by how often.
    pub uploads: usize,
}

impl Model {
    /// An empty bucket.
    pub fn new(account: Account, bucket: &str, clock: Clock, retention: (u32, u32)) -> Self {
        Self {
            account,
            bucket: bucket.to_owned(),
            clock,
            step: 0,
            objects: BTreeMap::new(),
            edges: Edges::default(),
            releases: Vec::new(),
            forgotten: 0,
            recorded: Vec::new(),
            builds: BTreeMap::new(),
            published: BTreeSet::new(),
            strays: BTreeSet::new(),
            owed: Vec::new(),
            foreign: BTreeSet::new(),
            by_hand: BTreeSet::new(),
            forgetful: false,
            hasty: false,
            retention,
            unheard: BTreeSet::new(),
            story: Vec::new(),
            broken: None,
            uploads: 0,
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes a line of the story.
    pub fn tell(&mut self, line: impl std::fmt::Display) {
        self.story.push(format!("{:8.1}s  {line}", self.clock.seconds()));
    }

    /// Something is not as promised.
    pub fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.tell(format_args!("BROKEN: {what}"));
        self.broken.get_or_insert(what);
    }

    /// Everything some edge may give for a key: the object there is, and copies of what there was.
    pub fn given<'m>(&'m self, url: &str, key: &str) -> impl Iterator<Item = Option<&'m Object>> {
        std::iter::once(self.objects.get(key)).chain(self.edges.held(url, self.now()).map(Some))
    }

    /// Somebody begins to publish: an invalidation that the publish before did not wait for is done by now.
    pub fn begins(&mut self) {
        if self.hasty {
            self.edges.all_completed();
        }
    }

    /// A call of a publisher was carried out.
    pub fn passed(&mut self, publisher: usize, call: &Call, answer: &http::Response<bytes::Bytes>) {
        self.step += 1;
        if !answer.status().is_success() {
            return;
        }
        match call.operation {
            "PutObject" | "CopyObject" | "CompleteMultipartUpload" | "DeleteObject" => self.wrote(publisher, call),
            "DeleteObjects" => {
                for key in self.objects.keys().cloned().collect::<Vec<_>>() {
                    self.look(&key, None);
                }
            }
            "CreateInvalidation" => {
                let (asked, told) = (String::from_utf8_lossy(&call.body), String::from_utf8_lossy(answer.body()));
                let id = between(&told, "Id").pop().expect("the id of an invalidation");
                let paths = between(&asked, "Path");
                self.tell(format_args!("         {id}: {}", paths.join(" ")));
                self.edges.asked(&id, paths, self.step);
            }
            _ => return,
        }
        check::whole_pages(self);
        check::kept_promises(self);
    }

    fn wrote(&mut self, publisher: usize, call: &Call) {
        if let Some(key) = call.key.strip_prefix(PREFIX) {
            let of = self.releases.iter().rposition(|release| release.publisher == publisher);
            let Some(number) = of else {
                return self.fail(format!("{publisher} wrote {key} without the lock"));
            };
            if !self.releases.iter().any(|release| release.build.files.contains_key(key)) {
                return self.fail(format!("{key} was touched, which is nobody's file"));
            }
            if matches!(call.operation, "PutObject" | "CompleteMultipartUpload") {
                self.uploads += 1;
                let sent = self.releases[number].build.files.get(key);
                let arrived = self.objects.get(key).zip(sent).is_some_and(|(object, file)| file.is(&object.etag));
                if arrived && !self.unheard.contains(&(publisher, key.to_owned())) {
                    self.fail(format!("{key} was sent again though it had arrived"));
                }
            }
            let release = &mut self.releases[number];
            release.shown |= release.build.files.get(key).is_some_and(|file| file.class == FileClass::Page);
            self.look(key, Some(By::Release(number)));
            return;
        }
        match call.key.strip_prefix(STATE) {
            Some("lock.json") if call.operation == "PutObject" => {
                let lock = Lock::decode(&call.body).expect("a lock");
                let name = lock.release.to_string();
                self.owed = lock.owes;
                // Somebody goes on with a release that was cut off between its record and its manifest.
                if let Some(last) = self.releases.last_mut().filter(|last| !lock.ended && last.name == name) {
                    last.publisher = publisher;
                }
                if !lock.ended && self.releases.last().is_none_or(|last| last.name != name) {
                    let build = self.builds[&publisher].clone();
                    self.tell(format_args!("         release {} is build {}", self.releases.len(), build.number));
                    self.strays.retain(|key| !build.files.contains_key(key));
                    self.releases.push(Release { build, publisher, recorded: false, shown: false, name });
                }
            }
            Some("manifest.json.gz") if call.operation == "PutObject" => {
                let now = self.now();
                let owned = Manifest::decode(&call.body).expect("a manifest").objects;
                let is_owned = |key: &&String| owned.keys().any(|owned| owned.as_str() == key.as_str());
                let strays = self.objects.keys().filter(|key| self.forgetful && !is_owned(key));
                self.strays = strays.cloned().collect();
                let published = owned.into_iter().filter(|(_, object)| object.superseded.is_none());
                self.published = published.map(|(key, _)| key.to_string()).collect();
                let Some(release) = self.releases.iter_mut().rfind(|release| release.publisher == publisher) else {
                    return self.fail("a manifest was written without the lock");
                };
                release.recorded = true;
                let build = release.build.clone();
                if self.recorded.last().is_none_or(|(last, _)| last.number != build.number) {
                    self.recorded.push((build, now));
                }
            }
            Some("manifest.json.gz") => {}
            Some(name) if name.starts_with("releases/") => {}
            _ => self.fail(format!("{} was touched, which is outside the site", call.key)),
        }
    }

    /// Looks at what is now there under a key of the site, put there by somebody.
    pub fn look(&mut self, key: &str, by: Option<By>) {
        let stored = self.account.object(&self.bucket, &format!("{PREFIX}{key}")).expect("a readable account");
        let before = self.objects.get(key).cloned();
        let now = stored.map(|stored| {
            let etag = stored.etag.trim_matches('"').to_owned();
            // The same bytes with other headers are still of the release they came with.
            let same =
                before.as_ref().filter(|before| before.etag == etag && before.by != By::Hand).map(|before| before.by);
            let by = same.or(by).or(before.as_ref().map(|before| before.by)).unwrap_or(By::Hand);
            Object { etag, headers: stored.headers, by }
        });
        if before == now {
            return;
        }
        if self.foreign.contains(key) && by != Some(By::Hand) {
            self.fail(format!("{key} was touched, which is somebody else's"));
        }
        let moment = self.now();
        if let Some(before) = before {
            self.edges.replaced(key, before, self.step, moment);
        }
        match now {
            Some(object) => drop(self.objects.insert(key.to_owned(), object)),
            None => drop(self.objects.remove(key)),
        }
    }

    /// Something was changed by hand.
    pub fn changed_by_hand(&mut self, key: &str) {
        self.step += 1;
        self.by_hand.insert(key.to_owned());
        self.look(key, Some(By::Hand));
        self.give_up_copies(&[key.to_owned()]);
    }

    /// The manifest was edited or deleted by hand: what it owned is nobody's.
    pub fn lost_manifest(&mut self) {
        self.forgetful = true;
        self.forgotten = self.recorded.len();
        self.published.clear();
        let keys: Vec<String> = self.releases.iter().flat_map(|release| release.build.files.keys().cloned()).collect();
        self.give_up_copies(&keys);
    }

    /// A limit: of what was deleted by hand and is in no manifest nobody can tell that edges hold it.
    fn give_up_copies(&mut self, keys: &[String]) {
        for key in keys {
            if !self.objects.contains_key(key) && !self.published.contains(key) {
                self.edges.give_up(key, &self.owed);
            }
        }
    }

    /// Every key below the served prefix is known, with what is there.
    pub fn knows_all(&mut self, keys: &[String]) {
        let known: Vec<&String> = self.objects.keys().collect();
        if known.iter().map(|key| key.as_str()).ne(keys.iter().map(String::as_str)) {
            self.fail(format!("the bucket has {keys:?}, and known is {known:?}"));
        }
    }

    /// An invalidation is completed.
    pub fn completed(&mut self, id: &str) {
        if self.edges.completed(id) {
            self.tell(format_args!("         {id} is completed"));
        }
    }

    /// How a file of a release may be given: the release's own bytes or those of a later one.
    pub fn is_of(&self, key: &str, object: &Object, from: usize) -> Option<usize> {
        let later = self.releases.iter().enumerate().skip(from);
        let has = |build: &Build| build.files.get(key).is_some_and(|file| file.is(&object.etag));
        later.filter(|(_, release)| has(&release.build)).map(|(number, _)| number).next()
    }
}

/// The texts of the elements of a name.
fn between(document: &str, element: &str) -> Vec<String> {
    let texts = Regex::new(&format!("<{element}>([^<]*)</{element}>")).expect("a pattern");
    let unescaped = |text: &str| text.replace("&apos;", "'").replace("&quot;", "\"").replace("&amp;", "&");
    texts.captures_iter(document).map(|found| unescaped(&found[1])).collect()
}

/// The URL under which pages ask for a key.
pub fn url(key: &str) -> String {
    edge::urls(key).swap_remove(0)
}
