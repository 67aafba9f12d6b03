use std::{
    path::PathBuf,
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime},
};

use super::*;
use crate::site::ObjectKey;

fn found(folder: &Path, name: &str, content: &[u8]) -> FoundFile {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    find(name, path)
}

fn find(name: &str, path: PathBuf) -> FoundFile {
    let folder = path.parent().unwrap().into();
    FoundFile::new(ObjectKey::new(name).unwrap(), folder, &fs::metadata(&path).unwrap()).unwrap()
}

fn hash_with(
    files: Vec<FoundFile>,
    on_progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<Vec<HashedFile>> {
    hash_all(&files, on_progress, cancelled, || (), |(), hashed| Ok(hashed))
}

fn hash(files: Vec<FoundFile>) -> Result<Vec<HashedFile>> {
    hash_with(files, &|_| {}, &AtomicBool::new(false))
}

#[test]
fn files_are_hashed_in_the_order_they_came_and_progress_adds_up() {
    let root = tempfile::tempdir().unwrap();
    let contents: Vec<Vec<u8>> = (0..40).map(|n: usize| vec![b'a' + (n % 26) as u8; n * n * 600]).collect();
    let files: Vec<_> =
        contents.iter().enumerate().map(|(n, content)| found(root.path(), &format!("{n}.txt"), content)).collect();
    let read = AtomicU64::new(0);
    let progress = |bytes| {
        read.fetch_add(bytes, Relaxed);
    };
    let hashed = hash_with(files.clone(), &progress, &AtomicBool::new(false)).unwrap();
    assert_eq!(read.into_inner(), contents.iter().map(|content| content.len() as u64).sum::<u64>());
    assert_eq!(hashed.len(), files.len());
    for ((hashed, file), content) in hashed.iter().zip(&files).zip(&contents) {
        assert_eq!((&hashed.file, hashed.sha256), (file, Sha256::of(content)));
        assert_eq!((hashed.parts.as_slice(), hashed.secrets.as_slice()), ([].as_slice(), [].as_slice()));
    }
    assert_eq!(hash(Vec::new()).unwrap(), []);
}

#[test]
fn large_files_have_the_digest_of_each_part() {
    let root = tempfile::tempdir().unwrap();
    let part = PART_THRESHOLD as usize;
    let content: Vec<u8> = (0..2 * part + 5).map(|n| (n % 251) as u8).collect();
    let table = [(part, 0), (part + 1, 2), (2 * part, 2), (2 * part + 5, 3)];
    for (size, parts) in table {
        let hashed = hash(vec![found(root.path(), "large.bin", &content[..size])]).unwrap().remove(0);
        let digests: Vec<_> = content[..size].chunks(part).map(Sha256::of).collect();
        let (whole, digests) = match parts {
            0 => (digests[0], Vec::new()),
            _ => (Sha256::of_parts(&digests), digests),
        };
        assert_eq!((hashed.sha256, &hashed.parts), (whole, &digests), "{size}");
        assert_eq!((digest(&content[..size]), digests.len()), (whole, parts), "{size}");
    }
}

#[test]
fn secrets_are_found_in_the_same_reading() {
    let root = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}{}", "x".repeat(BUFFER - 10), "AKIA", "QYLPMN5HFIQR7XYA");
    let hashed = hash(vec![found(root.path(), "a.js", text.as_bytes())]).unwrap();
    assert_eq!((hashed[0].secrets.len(), hashed[0].secrets[0].line), (1, 2));
}

#[test]
fn files_that_are_not_as_they_were_found_are_errors() {
    let root = tempfile::tempdir().unwrap();
    type Change = fn(&Path);
    let table: [(Change, &str); 4] = [
        (|path| fs::write(path, "longer than before").unwrap(), "grew from 6 to 18 bytes"),
        (|path| fs::write(path, "").unwrap(), "shrank from 6 to 0 bytes"),
        (|path| fs::remove_file(path).unwrap(), "a.js vanished"),
        (
            |path| {
                let earlier = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
                filetime::set_file_mtime(path, earlier.into()).unwrap();
            },
            "modification time",
        ),
    ];
    for (change, words) in table {
        let other = found(root.path(), "b.js", b"other");
        let file = found(root.path(), "a.js", b"before");
        change(&file.path());
        let error = hash(vec![other, file]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains(words) && error.to_string().contains("a.js"), "{error}");
        assert!(error.next().contains("let the build finish"), "{error}");
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let size = 3 * BUFFER;
    let path = root.path().join("a.bin");
    let replacement = root.path().join("new");
    let append = || {
        use std::io::Write as _;
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    };
    let truncate = || fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(BUFFER as u64).unwrap();
    let remove = || fs::remove_file(&path).unwrap();
    let replace = || {
        // The same size and time, yet another file.
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&replacement, vec![1; size]).unwrap();
        filetime::set_file_mtime(&replacement, time.into()).unwrap();
        fs::rename(&replacement, &path).unwrap();
    };
    let table: [(&(dyn Fn() + Sync), &str); 4] =
        [(&append, "grew"), (&truncate, "shrank"), (&remove, "vanished"), (&replace, "replaced")];
    for (change, word) in table {
        if word == "replaced" && !cfg!(unix) {
            continue;
        }
        let file = found(root.path(), "a.bin", &vec![0; size]);
        let once = AtomicBool::new(false);
        let on_progress = |_| {
            if !once.swap(true, Relaxed) {
                change();
            }
        };
        let error = hash_with(vec![file], &on_progress, &AtomicBool::new(false)).unwrap_err();
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

#[test]
fn reading_stops_when_told_to() {
    let root = tempfile::tempdir().unwrap();
    let file = found(root.path(), "a.bin", &vec![0; 3 * BUFFER]);
    let (cancelled, read) = (AtomicBool::new(false), AtomicU64::new(0));
    let on_progress = |bytes| {
        read.fetch_add(bytes, Relaxed);
        cancelled.store(true, Relaxed);
    };
    let error = hash_with(vec![file], &on_progress, &cancelled).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(read.into_inner(), BUFFER as u64);
}

#[test]
fn etags_are_those_of_s3() {
    // Expected values by `md5sum`, and by `md5sum` of the parts' concatenated binary digests.
    let root = tempfile::tempdir().unwrap();
    let file = found(root.path(), "a", b"hello world");
    assert_eq!(md5_hex(&file.path()).unwrap(), "5eb63bbbe01eeed093cb22bb8f5acdc3");
    let table = [
        (5, "df349a9519959b17a605009540f4b31d-3"),
        (11, "241d8a27c836427bd7f04461b60e7359-1"),
        (12, "241d8a27c836427bd7f04461b60e7359-1"),
    ];
    for (part, expected) in table {
        assert_eq!(multipart_etag(&file.path(), part).unwrap(), expected, "{part}");
    }
    let empty = found(root.path(), "b", b"");
    assert_eq!(md5_hex(&empty.path()).unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(multipart_etag(&empty.path(), 5).unwrap(), "59adb24ef3cdbe0297f05b395827453f-1");
    assert_eq!(multipart_etag(&file.path(), 0).unwrap_err().kind(), ErrorKind::Input);
    assert_eq!(md5_hex(&root.path().join("none")).unwrap_err().kind(), ErrorKind::Io);
}
