//! Publishing by the library itself, in this process: many times, and cut off in the middle.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use cruddur_site::{
    aws::{Aws, Connection},
    error::Result,
    local,
    plan::Policy,
    publish::{Identity, Outcome, Session, World as Circumstances, observe, progress::Silent},
    site::{Rules, SiteFile, read::read, walk::WalkOptions},
};

use crate::support::Folder;

/// How to reach a local account.
pub fn connection(url: &str) -> Connection {
    Connection {
        profile: None,
        region: Some(local::REGION.into()),
        endpoint_url: Some(url.into()),
        credentials: Some((local::ACCESS_KEY_ID.into(), local::SECRET_ACCESS_KEY.into())),
    }
}

/// A session of `who` with a bucket of a local account, below a prefix; nothing stands before it.
pub async fn session(url: &str, bucket: &str, prefix: &str, who: &str) -> Session {
    Session {
        bucket: Aws::connect(&connection(url)).await.bucket(bucket, prefix, None),
        distribution: None,
        policy: Policy { max_delete_percent: 100, ..Policy::default() },
        identity: Identity { owner: who.into(), host: "laptop".into(), process: 1 },
        only_look: false,
        lock_patience: Duration::ZERO,
        invalidation_patience: Duration::ZERO,
        concurrency: 4,
        world: Circumstances::default(),
        progress: Arc::new(Silent),
        stop: Default::default(),
    }
}

/// A build as the library reads it.
pub fn files_of(build: &Folder) -> Vec<Arc<SiteFile>> {
    let options = (WalkOptions::default(), Rules::default());
    read(build.path(), &options.0, &options.1, &Silent, &AtomicBool::new(false)).unwrap().files
}

/// Publishes as the command does: anew where another publish came in between.
pub async fn publish(session: &Session, files: &[Arc<SiteFile>]) -> Result<Outcome> {
    loop {
        let prepared = session.prepare(files.to_vec(), observe(session).await?).await?;
        if let Some(outcome) = session.carry_out(&prepared).await? {
            return Ok(outcome);
        }
    }
}
