//! Listings in the order of bytes, page by page.

use std::collections::BTreeSet;

use aws_sdk_s3::{primitives::ByteStream, types::EncodingType};
use futures::{StreamExt as _, stream};

use crate::{Rehearsal, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_large_bucket_is_listed_in_pages() {
    let rehearsal = Rehearsal::with_bucket().await;
    let expected: BTreeSet<String> =
        (0..2500).map(|number| format!("site/{:04}.html", number * 7919 % 10_000)).collect();
    stream::iter(&expected)
        .for_each_concurrent(64, async |key| {
            let put = rehearsal.s3.put_object().bucket("bucket").key(key).body(ByteStream::from_static(b"x"));
            put.send().await.unwrap();
        })
        .await;
    rehearsal.put("elsewhere", "x").await;

    let mut pages = rehearsal.s3.list_objects_v2().bucket("bucket").prefix("site/").into_paginator().send();
    let (mut sizes, mut keys) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.key_count().unwrap());
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(sizes, [1000, 1000, 500]);
    assert_eq!(keys, Vec::from_iter(expected));
}

/// Prefix, delimiter and start; keys and common prefixes.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[tokio::test]
async fn a_window_is_cut_by_prefix_delimiter_and_start() {
    let rehearsal = Rehearsal::with_bucket().await;
    for key in ["a/1", "a/2/x", "a/2/y", "a/3", "a0", "b", "é", "z", "🦀"] {
        rehearsal.put(key, "x").await;
    }
    let table: [Row; 7] = [
        ("", "", "", &["a/1", "a/2/x", "a/2/y", "a/3", "a0", "b", "z", "é", "🦀"], &[]),
        ("", "/", "", &["a0", "b", "z", "é", "🦀"], &["a/"]),
        ("a/", "/", "", &["a/1", "a/3"], &["a/2/"]),
        ("a/", "", "a/2/x", &["a/2/y", "a/3"], &[]),
        ("a", "", "a/3", &["a0"], &[]),
        ("", "", "z", &["é", "🦀"], &[]),
        ("c", "", "", &[], &[]),
    ];
    for (prefix, delimiter, start_after, keys, prefixes) in table {
        for max_keys in [1, 2, 1000] {
            let list = rehearsal.s3.list_objects_v2().bucket("bucket").prefix(prefix).max_keys(max_keys);
            let mut pages = list.delimiter(delimiter).start_after(start_after).into_paginator().send();
            let (mut found_keys, mut found_prefixes) = (Vec::new(), Vec::new());
            while let Some(page) = pages.next().await {
                let page = page.unwrap();
                assert!(page.key_count().unwrap() <= max_keys);
                found_keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
                found_prefixes.extend(page.common_prefixes().iter().map(|common| common.prefix().unwrap().to_owned()));
            }
            assert_eq!((found_keys, found_prefixes), (owned(keys), owned(prefixes)), "{prefix:?} {delimiter:?}");
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn names_are_encoded_and_owners_told_when_asked() {
    let rehearsal = Rehearsal::with_bucket().await;
    rehearsal.put("a b/ü+\r.txt", "x").await;
    let list = || rehearsal.s3.list_objects_v2().bucket("bucket");
    let page = list().encoding_type(EncodingType::Url).fetch_owner(true).send().await.unwrap();
    assert_eq!(page.contents()[0].key(), Some("a+b/%C3%BC%2B%0D.txt"));
    assert!(page.contents()[0].owner().is_some());
    assert!(list().send().await.unwrap().contents()[0].owner().is_none());
    assert_eq!(code(list().continuation_token("not a token").send().await), "InvalidArgument");
    assert_eq!(code(list().max_keys(-1).send().await), "InvalidArgument");
    let none = list().max_keys(0).send().await.unwrap();
    assert_eq!((none.key_count(), none.is_truncated()), (Some(0), Some(false)));
    assert_eq!(list().max_keys(5000).send().await.unwrap().max_keys(), Some(1000));
}
