//! What is kept in the bucket beside the site, where anybody with the right may have changed it.

use std::io::Write as _;

use cruddur_site::release::{Lock, Manifest, ReleaseId};
use flate2::{Compression, write::GzEncoder};

use super::is_plain;

/// A manifest, gzipped or the JSON in it, is refused with a reason or means the same when it is written again.
pub fn manifest(data: &[u8]) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(data).expect("memory");
    for bytes in [data, &gzip.finish().expect("memory")] {
        match Manifest::decode(bytes) {
            Ok(manifest) => {
                let written = manifest.encode();
                assert_eq!(Manifest::decode(&written).as_ref(), Ok(&manifest));
                let marks = manifest.releases.iter().map(|mark| &mark.id);
                let superseded = manifest.objects.values().filter_map(|object| object.superseded.as_ref());
                let all = marks.chain(superseded.map(|superseded| &superseded.by)).chain([&manifest.release]);
                all.for_each(is_name_of_a_release);
            }
            Err(error) => assert!(!error.to_string().is_empty() && is_plain(&error.to_string()), "{error:?}"),
        }
    }
}

/// A lock is none, or means the same when it is written again; and what it says can be shown, and asked of CloudFront.
pub fn lock(data: &[u8]) {
    let Some(lock) = Lock::decode(data) else { return };
    assert_eq!(Lock::decode(&lock.encode()).as_ref(), Some(&lock));
    is_name_of_a_release(&lock.release);
    assert!(is_plain(&lock.owner) && is_plain(&lock.host), "{lock:?}");
    for path in &lock.owes {
        assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()), "{path:?}");
    }
    let renewed = lock.renewed(lock.started);
    assert!(renewed.expires >= lock.started && !lock.given_up(lock.started).holds(lock.started));
}

/// It is part of a key and of a reference that CloudFront is given.
fn is_name_of_a_release(id: &ReleaseId) {
    let form: String = id.as_str().chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect();
    assert_eq!(form, "00000000T000000Z-00000000", "{id}");
}
