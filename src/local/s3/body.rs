//! Request bodies on their way into blobs, and blobs on their way into answers.

use std::{io::SeekFrom, ops::Range, path::PathBuf};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use s3s::{Body, S3Error, S3ErrorCode, S3Result, StdError, dto::StreamingBlob, s3_error};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::local::{
    Fault,
    blobs::{Blob, Blobs, Draft},
};

use super::{
    LocalS3,
    checksum::{Algorithm, Declared},
};

/// How much of a body is gathered before a thread hashes and writes it: most files of a site fit, and cost one trip.
const GATHERED: usize = 256 << 10;

/// A body that has arrived but for its last bytes, which [`Upload::finish`] writes: of a small one, all.
pub(crate) struct Upload {
    draft: Option<Draft>,
    rest: Bytes,
    declared: Declared,
}

impl Upload {
    /// Writes what is left and compares the whole with what was declared. Blocks.
    pub(crate) fn finish(self, blobs: &Blobs) -> Result<Blob, Fault> {
        let blob = append(blobs, self.draft, self.declared.algorithm, &self.rest)?.finish();
        self.declared.verify(&blob.md5, &blob.checksum)?;
        Ok(blob)
    }
}

/// Writes on, in a new draft when there is none yet.
fn append(blobs: &Blobs, draft: Option<Draft>, algorithm: Algorithm, bytes: &[u8]) -> std::io::Result<Draft> {
    let mut draft = draft.map_or_else(|| blobs.draft(algorithm), Ok)?;
    draft.write(bytes)?;
    Ok(draft)
}

impl LocalS3 {
    /// Streams `body` to disk, hashing it on the way.
    pub(crate) async fn receive(&self, body: Option<StreamingBlob>, declared: Declared) -> S3Result<Upload> {
        let algorithm = declared.algorithm;
        let mut upload = Upload { draft: None, rest: Bytes::new(), declared };
        let Some(mut body) = body else { return Ok(upload) };
        let mut gathered = BytesMut::new();
        while let Some(chunk) = body.next().await {
            gathered.extend_from_slice(&chunk.map_err(|error| broken_body(&error))?);
            if gathered.len() >= GATHERED {
                let (account, draft, bytes) = (self.account.clone(), upload.draft.take(), gathered.split());
                let task = tokio::task::spawn_blocking(move || append(account.blobs(), draft, algorithm, &bytes));
                upload.draft = Some(task.await.map_err(Fault::from)?.map_err(Fault::from)?);
            }
        }
        upload.rest = gathered.freeze();
        Ok(upload)
    }
}

/// `s3s` keeps its stream errors to itself, so they are told apart by their text.
fn broken_body(error: &StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let mut error = S3Error::with_message(
            S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        error
    } else if text.contains("SignatureMismatch") {
        s3_error!(SignatureDoesNotMatch)
    } else {
        s3_error!(IncompleteBody, "The request body terminated unexpectedly ({text})")
    }
}

/// The bytes `range` of the blob at `path`.
pub(crate) async fn send(path: PathBuf, range: Range<u64>) -> S3Result<StreamingBlob> {
    let length = range.end - range.start;
    let mut file = tokio::fs::File::open(path).await.map_err(Fault::from)?;
    if range.start > 0 {
        file.seek(SeekFrom::Start(range.start)).await.map_err(Fault::from)?;
    }
    if length <= GATHERED as u64 {
        let mut bytes = Vec::with_capacity(GATHERED.min(length as usize));
        file.take(length).read_to_end(&mut bytes).await.map_err(Fault::from)?;
        return Ok(StreamingBlob::from(Body::from(bytes)));
    }
    Ok(StreamingBlob::wrap(ReaderStream::with_capacity(file.take(length), GATHERED)))
}
