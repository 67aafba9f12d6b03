//! Listing the bucket: a page for every thousand objects, and the pages asked for at once, for a listing in sequence takes a round trip
//! for each of them.

use std::{ops::Bound, pin::pin};

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

use super::Session;
use crate::{
    aws::{Bucket, ListPage},
    error::{Error, Result},
    plan::{Listed, looks_hashed},
    release::Manifest,
    site::{FileClass, Framework, ObjectKey, class::classify},
};

/// A listing page holds at most this many objects (S3 API reference, ListObjectsV2).
const PAGE: usize = 1000;

/// Of a build's files so many go into a page: what lies between them in the bucket finds room.
const FILES: usize = PAGE - 50;

/// Where more than one file in so many looks content-hashed, what is kept of older releases may find none. Pages are never kept.
const HASHED_IN: usize = 20;

/// Pages under way at once: each takes some 2 MB while it is read.
const PAGES_AT_ONCE: usize = 16;

/// Where the listing of a bucket that may hold a build can be cut into pages, before anything is known of the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Borders(Vec<ObjectKey>);

impl Borders {
    /// The borders for a build that has those keys; none where the bucket may have much that the build has not.
    pub fn of(keys: &[&ObjectKey]) -> Self {
        let may_be_kept = |key: &&ObjectKey| looks_hashed(key) && classify(key, Framework::Plain) != FileClass::Page;
        let hashed = keys.iter().copied().filter(may_be_kept).count();
        if hashed * HASHED_IN > keys.len() { Self::default() } else { Self::every(FILES, keys) }
    }

    /// A border after every so many of the `keys`, as far as pages are asked for at once.
    ///
    /// # Panics
    /// When that is after every 0.
    pub fn every(files: usize, keys: &[&ObjectKey]) -> Self {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        let last_of_each = keys.chunks_exact(files).filter_map(|chunk| chunk.last());
        Self(last_of_each.take(PAGES_AT_ONCE - 1).copied().cloned().collect())
    }
}

/// What is listed so far.
#[derive(Default)]
pub(super) struct Beginning {
    objects: Vec<Listed>,
    /// Where something is missing.
    gaps: Vec<Range>,
}

/// The objects after one key, or after nothing, up to and including another where there is one.
struct Range {
    after: String,
    end: Option<ObjectKey>,
}

impl Beginning {
    /// Nothing is listed yet.
    pub fn nothing() -> Self {
        Self { objects: Vec::new(), gaps: vec![Range { after: String::new(), end: None }] }
    }

    /// Adds the first page of the objects up to `end`.
    fn add(&mut self, page: ListPage, end: Option<ObjectKey>) {
        let ListPage { objects, next } = page;
        self.objects.extend(objects.into_iter().filter(|object| end.as_ref().is_none_or(|end| object.key <= *end)));
        let gap = next.filter(|next| end.as_ref().is_none_or(|end| next.as_str() < end.as_str()));
        self.gaps.extend(gap.map(|after| Range { after, end }));
    }
}

impl From<ListPage> for Beginning {
    /// The first page alone.
    fn from(page: ListPage) -> Self {
        let mut beginning = Self::default();
        beginning.add(page, None);
        beginning
    }
}

/// Begins to list: one page, or one for each range between `borders` that are told before the first page is there.
pub(super) async fn begin(session: &Session, borders: impl Future<Output = Borders>) -> Result<Beginning> {
    let mut first = pin!(session.bucket.list(None));
    let Borders(borders) = tokio::select! {
        first = &mut first => return Ok(first?.into()),
        borders = borders => borders,
    };
    let pages = in_tasks(
        session,
        borders.iter().map(|after| {
            let (bucket, after) = (session.bucket.clone(), after.clone());
            async move { bucket.list(Some(after.as_str())).await }
        }),
    );
    let (first, pages) = tokio::join!(first, pages);
    let ends = borders.into_iter().map(Some).chain([None]);
    let mut beginning = Beginning::default();
    [first?].into_iter().chain(pages?).zip(ends).for_each(|(page, end)| beginning.add(page, end));
    Ok(beginning)
}

/// Lists what the beginning left out: in ranges of a thousand keys of the manifest, so that a site of N objects that nobody else has
/// touched takes one request per 1,000 of them.
pub(super) async fn complete(
    session: &Session,
    beginning: Beginning,
    manifest: Option<&Manifest>,
) -> Result<Vec<Listed>> {
    let Beginning { mut objects, gaps } = beginning;
    if gaps.is_empty() {
        return Ok(objects);
    }
    let ranges = gaps.into_iter().flat_map(|gap| cut(gap, manifest));
    let listed = in_tasks(session, ranges.map(|range| list(session.bucket.clone(), range))).await?;
    objects.extend(listed.into_iter().flatten());
    objects.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(objects)
}

/// Cuts a range after every thousandth key of the manifest.
fn cut(Range { after, end }: Range, manifest: Option<&Manifest>) -> impl Iterator<Item = Range> {
    let published = manifest.into_iter().flat_map(|manifest| {
        let after = (Bound::Excluded(after.as_str()), Bound::Unbounded);
        manifest.objects.range::<str, _>(after).map(|(key, _)| key)
    });
    let is_inside = |key: &&ObjectKey| end.as_ref().is_none_or(|end| *key < end);
    let borders: Vec<_> = published.take_while(is_inside).skip(PAGE - 1).step_by(PAGE).cloned().collect();
    let starts: Vec<_> = [after.clone()].into_iter().chain(borders.iter().map(ToString::to_string)).collect();
    let ends = borders.into_iter().map(Some).chain([end]);
    starts.into_iter().zip(ends).map(|(after, end)| Range { after, end })
}

/// Lists a range, page after page.
async fn list(bucket: Bucket, Range { mut after, end }: Range) -> Result<Vec<Listed>> {
    let mut found = Beginning::default();
    loop {
        found.add(bucket.list(Some(&after)).await?, end.clone());
        match found.gaps.pop() {
            Some(gap) => after = gap.after,
            None => return Ok(found.objects),
        }
    }
}

/// Lists in a task for each, as many as may be under way at once: to read a page takes longer than to send what asks for it.
async fn in_tasks<T: Send + 'static>(
    session: &Session,
    listings: impl Iterator<Item = impl Future<Output = Result<T>> + Send + 'static>,
) -> Result<Vec<T>> {
    let tasks = listings.map(async |listing| {
        let listed = AbortOnDropHandle::new(tokio::spawn(listing)).await;
        listed.unwrap_or_else(|gone| Err(Error::bug("listing the bucket failed", gone)))
    });
    stream::iter(tasks).buffered(session.concurrency.min(PAGES_AT_ONCE)).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: impl Iterator<Item = String>) -> Vec<ObjectKey> {
        names.map(|name| ObjectKey::new(name).unwrap()).collect()
    }

    #[test]
    fn a_build_is_cut_where_the_bucket_is_likely_to_be_like_it() {
        let pages = |files: usize| keys((0..files).rev().map(|n| format!("a-long-title/{n:06}.html")));
        let ends = |files: usize| {
            let pages = pages(files);
            let Borders(borders) = Borders::of(&pages.iter().collect::<Vec<_>>());
            borders.iter().map(|key| key.file_name()[..6].parse::<usize>().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(ends(0), [] as [usize; 0]);
        assert_eq!(ends(949), [] as [usize; 0]);
        assert_eq!(ends(3000), [949, 1899, 2849]);
        assert_eq!(ends(100_000).len(), PAGES_AT_ONCE - 1);

        let with_hashed = |hashed: usize| {
            let hashed = keys((0..hashed).map(|n| format!("assets/chunk-{n:08x}.js")));
            let pages = pages(10_000);
            Borders::of(&pages.iter().chain(&hashed).collect::<Vec<_>>()) != Borders::default()
        };
        assert_eq!([0, 500, 600, 10_000].map(with_hashed), [true, true, false, false]);
    }
}
