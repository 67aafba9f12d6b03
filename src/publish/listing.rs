//! Listing the bucket: a page for every thousand objects, and the pages asked for at once, for a listing in sequence takes a round trip
//! for each of them.

use std::{ops::Bound, pin::pin};

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

use super::Session;
use crate::{
    aws::{Bucket, ListPage},
    error::{Error, Result},
    plan::Listed,
    release::Manifest,
    site::ObjectKey,
};

/// A listing page holds at most this many objects (S3 API reference, ListObjectsV2).
const PAGE: usize = 1000;

/// Of a build's files so many go into a page: what older releases have left beside them finds room.
const FILES: usize = PAGE - 50;

/// Pages under way at once: each takes some 2 MB while it is read.
const PAGES_AT_ONCE: usize = 16;

/// Where the listing of a bucket that may hold a build can be cut into pages, before anything is known of the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Borders(Vec<ObjectKey>);

impl Borders {
    /// The borders for a build that has those keys.
    pub fn of<'k>(keys: impl IntoIterator<Item = &'k ObjectKey>) -> Self {
        Self::every(FILES, keys)
    }

    /// A border after every so many of the `keys`, as far as pages are asked for at once.
    pub fn every<'k>(files: usize, keys: impl IntoIterator<Item = &'k ObjectKey>) -> Self {
        let mut keys: Vec<&ObjectKey> = keys.into_iter().collect();
        keys.sort_unstable();
        let last_of_each = keys.into_iter().skip(files - 1).step_by(files);
        Self(last_of_each.take(PAGES_AT_ONCE - 1).cloned().collect())
    }
}

/// The beginning of the listing: its first page, or all pages up to the last of the `borders` and one more, where those are told before
/// the first page is there.
pub(super) async fn beginning(session: &Session, borders: impl Future<Output = Borders>) -> Result<ListPage> {
    let bucket = &session.bucket;
    let mut first = pin!(bucket.list(None));
    let Borders(borders) = tokio::select! {
        first = &mut first => return first,
        borders = borders => borders,
    };
    let (Some(begin), Some(end)) = (borders.first(), borders.last()) else { return first.await };
    let ranges = borders.windows(2).map(|pair| (pair[0].to_string(), Some(pair[1].clone())));
    let first = async { up_to(bucket, first.await?, Some(begin)).await };
    let (first, between, end) = tokio::join!(first, list_ranges(session, ranges), bucket.list(Some(end.as_str())));
    let (mut objects, between, end) = (first?, between?, end?);
    objects.extend(between.into_iter().flatten().chain(end.objects));
    Ok(ListPage { objects, next: end.next })
}

/// Lists what comes after the beginning: between every thousandth key of the manifest, so that a site of N objects that nobody else has
/// touched takes one request per 1,000 of them.
pub(super) async fn rest(session: &Session, beginning: ListPage, manifest: Option<&Manifest>) -> Result<Vec<Listed>> {
    let ListPage { mut objects, next } = beginning;
    let Some(next) = next else { return Ok(objects) };
    let after = (Bound::Excluded(next.as_str()), Bound::Unbounded);
    let published = manifest.into_iter().flat_map(|manifest| manifest.objects.range::<str, _>(after));
    let borders: Vec<ObjectKey> = published.map(|(key, _)| key.clone()).skip(PAGE - 1).step_by(PAGE).collect();
    let starts = [next.clone()].into_iter().chain(borders.iter().map(ToString::to_string));
    let ends = borders.iter().cloned().map(Some).chain([None]);
    objects.extend(list_ranges(session, starts.zip(ends)).await?.into_iter().flatten());
    Ok(objects)
}

/// Lists the objects of ranges, each after one key up to and including another, or to the end.
async fn list_ranges(
    session: &Session,
    ranges: impl Iterator<Item = (String, Option<ObjectKey>)>,
) -> Result<Vec<Vec<Listed>>> {
    let ranges = ranges.map(async |(after, end)| {
        let bucket = session.bucket.clone();
        // A task for each: to read a page takes longer than to send what asks for it.
        let listing = tokio::spawn(async move { up_to(&bucket, bucket.list(Some(&after)).await?, end.as_ref()).await });
        let listed = AbortOnDropHandle::new(listing).await;
        listed.unwrap_or_else(|gone| Err(Error::bug("listing the bucket failed", gone)))
    });
    stream::iter(ranges).buffered(session.concurrency.min(PAGES_AT_ONCE)).try_collect().await
}

/// The objects of a page, and of those after it, up to and including a key, or to the end.
async fn up_to(bucket: &Bucket, mut page: ListPage, end: Option<&ObjectKey>) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    loop {
        found.extend(page.objects.into_iter().filter(|object| end.is_none_or(|end| object.key <= *end)));
        match page.next {
            Some(next) if end.is_none_or(|end| next.as_str() < end.as_str()) => page = bucket.list(Some(&next)).await?,
            _ => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site that is as its build takes no more pages than one for every thousand objects and one more.
    #[test]
    fn a_listing_is_cut_into_few_pages() {
        for files in (0..40_000).step_by(125).chain([1, 949, 951, 999, 1001, 15_249, 15_251, 99_999, 100_000]) {
            let keys: Vec<ObjectKey> =
                (0..files).rev().map(|n| ObjectKey::new(format!("{n:06}.html")).unwrap()).collect();
            let Borders(borders) = Borders::of(&keys);
            assert!(borders.is_sorted() && borders.len() < PAGES_AT_ONCE);
            let after_borders = files - borders.len() * FILES;
            let left = after_borders.saturating_sub(PAGE);
            let rest = if left > 0 { left / PAGE + 1 } else { 0 };
            let pages = borders.len() + 1 + rest;
            assert!(pages <= files.div_ceil(PAGE) + 1, "{pages} pages for {files} files");
        }
    }
}
