//! Making the edges forget, and waiting until they have.

use tokio::time::{Duration, Instant, sleep};

use super::{Event, Outcome, Session, apply::interrupted};
use crate::{
    error::{Error, ErrorKind, Result},
    plan::Plan,
};

/// The rounds of invalidation of one publish, made by its plan.
pub(super) struct Edges<'a> {
    pub session: &'a Session,
    pub plan: &'a Plan,
}

/// What became of a round.
enum Round {
    /// No edge holds any of the paths any more.
    Forgotten,
    /// We were told not to wait.
    NotWaitedFor,
    /// We have waited as long as we do.
    Unfinished,
    /// The user stopped meanwhile.
    Stopped,
}

impl Edges<'_> {
    /// Before the first page changes: once this is done, no edge holds an old copy of what pages load, unless we were told
    /// not to wait.
    ///
    /// # Errors
    /// When an edge still may: a page that came now could be given with it.
    pub async fn forget_assets(&self, outcome: &mut Outcome) -> Result<()> {
        match self.forget(&self.plan.invalidation().assets, "assets", outcome).await? {
            Round::Forgotten | Round::NotWaitedFor => Ok(()),
            Round::Stopped => Err(interrupted()),
            Round::Unfinished => Err(Error::new(
                ErrorKind::Service,
                "the edges take too long to forget old copies of what pages load; no page was changed",
                "run the same command again: only the pages are left to do; --no-wait changes them at once, and for as long as \
                 the invalidation takes some visitors may get a new page with an old file",
            )),
        }
    }

    /// Once everything is uploaded: true when no edge holds any of the paths any more.
    pub async fn forget_changed(&self, outcome: &mut Outcome) -> Result<bool> {
        self.forget_or_warn(&self.plan.invalidation().changed, "changed", outcome).await
    }

    /// Once the removals are done.
    pub async fn forget_removed(&self, outcome: &mut Outcome) -> Result<()> {
        self.forget_or_warn(&self.plan.invalidation().removed, "removed", outcome).await.map(drop)
    }

    async fn forget_or_warn(&self, paths: &[String], round: &str, outcome: &mut Outcome) -> Result<bool> {
        match self.forget(paths, round, outcome).await? {
            Round::Forgotten => return Ok(true),
            Round::NotWaitedFor => {}
            Round::Unfinished | Round::Stopped => self.session.progress.event(Event::Warning(
                "the release is live, but some edges may still give out old copies: the invalidation has not ended yet",
            )),
        }
        Ok(false)
    }

    /// Makes an invalidation and waits for it where that is wanted.
    async fn forget(&self, paths: &[String], round: &str, outcome: &mut Outcome) -> Result<Round> {
        let Self { session, plan } = self;
        let (Some((cloudfront, distribution)), false) = (&session.distribution, paths.is_empty()) else {
            return Ok(Round::Forgotten);
        };
        session.progress.event(Event::Invalidating(paths.len()));
        let reference = format!("{}-{round}", plan.release());
        let id = cloudfront.invalidate(&distribution.id, paths, &reference).await?;
        outcome.invalidations.push(id.clone());
        outcome.paths += paths.len();
        if !session.policy.wait {
            outcome.edges_current = false;
            return Ok(Round::NotWaitedFor);
        }
        let since = Instant::now();
        let mut pause = Duration::from_millis(50);
        while !cloudfront.is_completed(&distribution.id, &id).await? {
            let stopped = session.stop.is_cancelled();
            if stopped || since.elapsed() >= session.invalidation_patience {
                outcome.edges_current = false;
                return Ok(if stopped { Round::Stopped } else { Round::Unfinished });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
        }
        session.progress.event(Event::Invalidated);
        Ok(Round::Forgotten)
    }
}
