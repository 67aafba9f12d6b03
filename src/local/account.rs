//! The account: a folder with an index and blobs, and what its owner may do without a protocol.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    Error, ErrorKind, Result,
    routing::Routing,
    setup::observed::{AccessControl, Distribution},
};

use super::{
    Certificate, Fault, acm,
    blobs::Blobs,
    cloudfront::{access_controls, distributions, functions, invalidations, site},
    db::{Database, OpenError},
    edge::BucketAccess,
    from_seconds,
    model::{Invalidation, StoredObject},
    resources, route53,
    s3::{
        buckets,
        versions::{self, Versioning},
    },
    server::REGION,
};

/// The index's name in the account's folder.
const INDEX: &str = "account.db";

/// What a folder that just became an account may hold: another process may be making it at this moment.
const OWN_NAMES: [&str; 5] = [INDEX, "account.db-wal", "account.db-shm", "account.db-journal", "blobs"];

/// An AWS account kept in a folder. Clones share it; several processes may have it open.
#[derive(Clone)]
pub struct Account {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    db: Database,
    blobs: Blobs,
    delay: Duration,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

impl Account {
    /// How long a distribution's change or an invalidation stays in progress unless told otherwise: long enough to be
    /// seen, short to wait for.
    pub const DELAY: Duration = Duration::from_millis(150);

    /// Opens the account in `folder`, or makes one where there is no folder or an empty one.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when the folder holds something else or a newer account, [`ErrorKind::Io`] when it cannot
    /// be read or written.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_with_delay(folder, Self::DELAY)
    }

    /// Like [`Account::open`]; for `delay`, changes of distributions and of records and invalidations count as in progress,
    /// and ACM makes up validation records and, once more, sees them in public DNS.
    ///
    /// # Errors
    /// As [`Account::open`].
    pub fn open_with_delay(folder: &Path, delay: Duration) -> Result<Self> {
        let unusable = |error: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::Io,
                format!("the local account in {} cannot be used", folder.display()),
                "check that this user may read and write the folder and that the disk has room",
            )
            .because(error)
        };
        fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
        let index = folder.join(INDEX);
        if !index.exists() && !is_empty(folder).map_err(|error| unusable(&error))? {
            return Err(foreign(folder));
        }
        let db = Database::open(&index).map_err(|error| match error {
            OpenError::Sqlite(error) => unusable(&error),
            OpenError::Foreign => foreign(folder),
            OpenError::Older(_) => Error::new(
                ErrorKind::Input,
                format!("the local account in {} was made by an older cruddur-site", folder.display()),
                "it is a rehearsal: delete the folder and publish again",
            )
            .because(error),
            OpenError::Newer(_) => Error::new(
                ErrorKind::Input,
                format!("the local account in {} was made by a newer cruddur-site", folder.display()),
                "update cruddur-site, or name another folder",
            )
            .because(error),
        })?;
        let blobs = Blobs::open(folder).map_err(|error| unusable(&error))?;
        blobs.sweep(&db).map_err(|error| unusable(&error))?;
        Ok(Self { inner: Arc::new(Inner { folder: folder.to_owned(), db, blobs, delay }) })
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub(crate) fn db(&self) -> &Database {
        &self.inner.db
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    pub(crate) fn delay(&self) -> Duration {
        self.inner.delay
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when the name is taken or S3 would not take it.
    pub fn create_bucket(&self, name: &str, region: &str) -> Result<()> {
        self.told(self.db().write(|tx| buckets::create(tx, name, region)))
    }

    /// Makes a bucket with versioning in [`REGION`] when there is none of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when S3 would not take the name.
    pub fn ensure_bucket(&self, name: &str) -> Result<()> {
        self.told(self.db().write(|tx| ensure_bucket(tx, name)))
    }

    /// Lets another account have a bucket of this name in `region`: nobody here may look at it or make one.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when the name is taken or S3 would not take it.
    pub fn create_bucket_elsewhere(&self, name: &str, region: &str) -> Result<()> {
        self.told(self.db().write(|tx| buckets::create_elsewhere(tx, name, region)))
    }

    /// The distribution that serves `domain`; it and its bucket are made where they are missing.
    ///
    /// The bucket is named for the domain and keeps versions, as rollbacks need; the site is below `live/` in it. With a
    /// `routing` that differs from the distribution's, its router and error responses are changed, and nothing else; and
    /// those only of a distribution that was made here, not of one that somebody configured.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when the domain cannot be a bucket's name.
    pub fn ensure_site(&self, domain: &str, routing: Option<Routing>) -> Result<Distribution> {
        self.told(self.db().write(|tx| {
            if distributions::by_alias(tx, domain)?.is_none() {
                ensure_bucket(tx, domain)?;
            }
            let site = site::ensure(tx, domain, routing)?;
            Ok::<_, Fault>(site.view(distributions::is_deployed(&site, self.delay())))
        }))
    }

    /// All distributions, by id.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn distributions(&self) -> Result<Vec<Distribution>> {
        let all = self.told(self.db().read(|tx| distributions::from_id(tx, "", i64::MAX)))?;
        Ok(all.iter().map(|one| one.view(distributions::is_deployed(one, self.delay()))).collect())
    }

    /// The code that the edges run of the function with this ARN: its LIVE stage. `None` where the account has no such
    /// function, or it was never published.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn function_code(&self, arn: &str) -> Result<Option<String>> {
        let function = self.told(self.db().read(|tx| functions::by_arn(tx, arn)))?;
        let live = function.and_then(|function| function.live);
        Ok(live.map(|stage| String::from_utf8_lossy(&stage.source()).into_owned()))
    }

    /// Who may read a bucket; `None` where there is none of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn bucket_access(&self, name: &str) -> Result<Option<BucketAccess>> {
        self.told(self.db().read(|tx| bucket_access(tx, name)))
    }

    /// An origin access control by its id.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn access_control(&self, id: &str) -> Result<Option<AccessControl>> {
        let found = self.told(self.db().read(|tx| access_controls::find(tx, id)))?;
        Ok(found.map(|control| AccessControl {
            id: control.id,
            etag: control.etag,
            name: control.name,
            origin_type: control.origin_type,
            signing_behavior: control.signing_behavior,
            signing_protocol: control.signing_protocol,
        }))
    }

    /// The newest version of an object; `None` where there is no such bucket or key or it is deleted.
    ///
    /// The file it names stays for at least an hour after the object is overwritten or deleted.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>> {
        let version = self.told(self.db().read(|tx| versions::latest(tx, bucket, key)))?;
        Ok(version.and_then(|version| {
            let content = version.content?;
            Some(StoredObject {
                path: self.blobs().path(&content.blob),
                headers: content.headers,
                etag: format!("\"{}\"", content.etag),
                last_modified: from_seconds(version.modified),
                size: content.size,
            })
        }))
    }

    /// The invalidations of a distribution that were asked for after the one numbered `sequence`, in order.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn invalidations_after(&self, distribution_id: &str, sequence: u64) -> Result<Vec<Invalidation>> {
        let delay = self.delay();
        self.told(self.db().read(|tx| invalidations::after(tx, distribution_id, sequence, delay)))
    }

    /// The number of the last invalidation of any distribution, 0 when there is none: a look-up that reads one row.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn latest_invalidation(&self) -> Result<u64> {
        self.told(self.db().read(invalidations::latest))
    }

    /// Writes a certificate as it is, over the one of its ARN: one that ACM would not have made now, because it failed,
    /// is about to end, was imported or is of another time.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be written.
    pub fn keep_certificate(&self, certificate: &Certificate) -> Result<()> {
        self.told(self.db().write(|tx| certificate.keep(tx)))
    }

    /// The certificate with this ARN as it is at this moment.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the account cannot be read.
    pub fn certificate(&self, arn: &str) -> Result<Option<Certificate>> {
        self.told(self.db().read(|tx| acm::current(tx, arn)))
    }

    /// Delegates a name in public DNS, as its registrar would: to the name servers of one of the account's zones or to
    /// somebody else's. Of a name that was never delegated, the zone above it in the account decides by its NS records,
    /// or else the first zone of that name has it.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when `name` is no domain name, [`ErrorKind::Io`] when the account cannot be written.
    pub fn delegate<S: AsRef<str>>(&self, name: &str, name_servers: &[S]) -> Result<()> {
        let name = route53::names::canonical(name).map_err(|invalid| {
            let what = format!("{name} cannot be delegated");
            Error::new(ErrorKind::Input, what, "name a domain like example.com").because(invalid.0)
        })?;
        let servers = name_servers.iter().map(|server| server.as_ref().to_owned()).collect();
        self.told(self.db().write(|tx| route53::model::delegate(tx, &name, &servers)))
    }

    /// Tells a failure in the words of the account's owner.
    fn told<T>(&self, outcome: Result<T, impl Into<Fault>>) -> Result<T> {
        outcome.map_err(|failure| match failure.into() {
            fault @ (Fault::S3(_) | Fault::Refused(_)) => Error::new(
                ErrorKind::Input,
                "the local account refused",
                "name a bucket or domain that is free and that S3 would take",
            )
            .because(fault),
            fault => Error::new(
                ErrorKind::Io,
                format!("the local account in {} cannot be used", self.folder().display()),
                "check that this user may read and write the folder and that the disk has room",
            )
            .because(fault),
        })
    }
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !OWN_NAMES.iter().any(|own| name == *own) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn foreign(folder: &Path) -> Error {
    let name = folder.display();
    if folder.join("index.html").is_file() {
        return Error::new(
            ErrorKind::Input,
            format!("{name} is a build, not a local account"),
            format!(
                "give --local an empty or new folder, or none for .cruddur-local; the build itself is published by \
                 `cruddur-site publish {name} --local`"
            ),
        );
    }
    Error::new(
        ErrorKind::Input,
        format!("{name} holds something that is not a local account"),
        "name an empty or new folder, or leave the name out: the account is then kept in .cruddur-local",
    )
}

fn bucket_access(tx: &rusqlite::Transaction<'_>, name: &str) -> Result<Option<BucketAccess>, Fault> {
    let Some(bucket) = versions::Bucket::find(tx, name)? else { return Ok(None) };
    let policy: Option<String> = resources::get(tx, "s3/policy", name)?;
    let block: Option<serde_json::Value> = resources::get(tx, "s3/public-access-block", name)?;
    Ok(Some(BucketAccess {
        region: bucket.region,
        policy: policy.and_then(|text| serde_json::from_str(&text).ok()),
        restricts_public: block.is_some_and(|block| block["RestrictPublicBuckets"] == true),
        website: resources::get(tx, "s3/website", name)?,
    }))
}

fn ensure_bucket(tx: &rusqlite::Transaction<'_>, name: &str) -> Result<(), Fault> {
    if versions::Bucket::find(tx, name)?.is_none() {
        buckets::create(tx, name, REGION)?;
        Versioning::Enabled.set(tx, name)?;
    }
    Ok(())
}
