//! S3's operations on objects, as far as tools that publish need them: the protocol is the `s3s` crate's.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use md5::{Digest as _, Md5};
use s3s::{
    Body, S3, S3Error, S3Request, S3Response, S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    dto::*,
    s3_error,
    service::{S3Service, S3ServiceBuilder},
};

use super::store::{Entry, Headers, Multipart, Object, Store, is_kept};

/// The one access key.
pub const ACCESS_KEY_ID: &str = "BENCHMARK";
/// Its secret, which is none: the server is reached over loopback only.
pub const SECRET_ACCESS_KEY: &str = "benchmark-secret-access-key";

/// Up to this size an object's entity tag is its MD5, which some tools compare. Of more it is any name, as it is where objects are
/// encrypted with keys of KMS, so that the server is not the slower side.
const MD5_UP_TO: i64 = 8 << 20;

/// How many requests came, by operation.
pub type Requests = Arc<Mutex<BTreeMap<String, u64>>>;

/// The service on a store, which counts what it is asked.
pub fn service(store: Arc<Mutex<Store>>, requests: Requests) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Memory { store });
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    builder.set_access(Counting(requests));
    builder.build()
}

/// Lets everything pass.
struct Counting(Requests);

#[async_trait::async_trait]
impl S3Access for Counting {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let mut counts = self.0.lock().unwrap();
        let name = request.s3_op().name();
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(counts.insert(name.to_owned(), 1)),
        }
        Ok(())
    }
}

struct Memory {
    store: Arc<Mutex<Store>>,
}

/// The headers of a request; the same fields stand in three inputs.
macro_rules! headers {
    ($input:expr) => {
        Headers {
            cache_control: $input.cache_control.take(),
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take().filter(|encoding| encoding != "aws-chunked"),
            content_language: $input.content_language.take(),
            content_disposition: $input.content_disposition.take(),
            metadata: $input.metadata.take().unwrap_or_default(),
        }
    };
}

/// The answer to a GET or HEAD but for the body; both outputs have the same fields.
macro_rules! described {
    ($object:expr, $output:ident) => {
        $output {
            content_length: Some($object.size.cast_signed()),
            e_tag: Some(tag(&$object.etag)),
            last_modified: Some($object.modified.into()),
            checksum_type: $object.sha256.as_ref().map(|_| ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
            checksum_sha256: $object.sha256,
            cache_control: $object.headers.cache_control,
            content_type: $object.headers.content_type,
            content_encoding: $object.headers.content_encoding,
            content_language: $object.headers.content_language,
            content_disposition: $object.headers.content_disposition,
            metadata: Some($object.headers.metadata),
            ..Default::default()
        }
    };
}

fn tag(etag: &str) -> ETag {
    ETag::Strong(etag.to_owned())
}

/// What has come of a body.
struct Received {
    size: u64,
    /// Of a small one.
    md5: Option<String>,
    bytes: Bytes,
}

/// Takes a body in, and keeps its bytes if they are wanted.
async fn receive(body: Option<StreamingBlob>, length: Option<i64>, keep: bool) -> S3Result<Received> {
    let mut md5 = length.is_some_and(|length| length <= MD5_UP_TO).then(Md5::new);
    let (mut size, mut bytes) = (0, BytesMut::new());
    if let Some(mut body) = body {
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| s3_error!(IncompleteBody, "{error}"))?;
            size += piece.len() as u64;
            if let Some(md5) = &mut md5 {
                md5.update(&piece);
            }
            if keep {
                bytes.extend_from_slice(&piece);
            }
        }
    }
    Ok(Received { size, md5: md5.map(|md5| hex::encode(md5.finalize())), bytes: bytes.freeze() })
}

/// Whether a condition holds for what is there.
fn check(condition: Option<&ETagCondition>, there: Option<&Object>, wanted: bool) -> S3Result<()> {
    let matches = |condition: &ETagCondition| match (condition, there) {
        (_, None) => false,
        (ETagCondition::Any, Some(_)) => true,
        (ETagCondition::ETag(tag), Some(object)) => tag.value() == object.etag,
    };
    match condition.is_none_or(|condition| matches(condition) == wanted) {
        true => Ok(()),
        false => Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")),
    }
}

fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn head_bucket(&self, _: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        let headers = headers!(input);
        let received = receive(input.body, input.content_length, is_kept(&input.key)).await?;
        let mut store = self.store.lock().unwrap();
        let etag = received.md5.unwrap_or_else(|| store.new_name());
        let bucket = store.bucket(&input.bucket);
        check(input.if_none_match.as_ref(), bucket.get(&input.key), false)?;
        check(input.if_match.as_ref(), bucket.get(&input.key), true)?;
        let output = PutObjectOutput {
            e_tag: Some(tag(&etag)),
            checksum_sha256: input.checksum_sha256.clone(),
            ..Default::default()
        };
        let bytes = is_kept(&input.key).then_some(received.bytes);
        let (modified, sha256) = (SystemTime::now(), input.checksum_sha256);
        bucket.insert(input.key, Object { size: received.size, etag, modified, headers, sha256, bytes });
        Ok(S3Response::new(output))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let object = self.object(&request.input.bucket, &request.input.key)?;
        let Some(bytes) = object.bytes.clone() else {
            return Err(s3_error!(NotImplemented, "the bytes of the site are not kept here"));
        };
        let output = described!(object, GetObjectOutput);
        Ok(S3Response::new(GetObjectOutput { body: Some(Body::from(bytes).into()), ..output }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let object = self.object(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(described!(object, HeadObjectOutput)))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let mut input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else { return Err(no_such_key()) };
        let mut object = self.object(bucket, key)?;
        check(input.copy_source_if_match.as_ref(), Some(&object), true)?;
        let replaces = input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
        if replaces {
            object.headers = headers!(input);
        }
        object.modified = SystemTime::now();
        let result = CopyObjectResult {
            e_tag: Some(tag(&object.etag)),
            last_modified: Some(object.modified.into()),
            ..Default::default()
        };
        self.store.lock().unwrap().bucket(&input.bucket).insert(input.key, object);
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let mut store = self.store.lock().unwrap();
        let bucket = store.bucket(&input.bucket);
        check(input.if_match.as_ref(), bucket.get(&input.key), true)?;
        bucket.remove(&input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete: Delete { objects, quiet }, .. } = request.input;
        let mut store = self.store.lock().unwrap();
        let bucket = store.bucket(&bucket);
        for object in &objects {
            bucket.remove(&object.key);
        }
        let told = objects.into_iter().filter(|_| quiet != Some(true));
        let deleted = told.map(|object| DeletedObject { key: Some(object.key), ..Default::default() });
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted.collect()), ..Default::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let limit = usize::try_from(input.max_keys.unwrap_or(1000)).unwrap_or(0).clamp(1, 1000);
        // A token is the last line of the page before. Keys of our sites need no encoding.
        let after = input.continuation_token.clone().or(input.start_after.clone()).unwrap_or_default();
        let prefix = input.prefix.clone().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let mut store = self.store.lock().unwrap();
        let (entries, more) = store.list(&input.bucket, &prefix, delimiter, &after, limit);
        let last = entries.last().map(|entry| match entry {
            Entry::Object(key, _) => (*key).to_owned(),
            Entry::CommonPrefix(prefix) => prefix.clone(),
        });
        let count = i32::try_from(entries.len()).ok();
        let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::CommonPrefix(prefix) => common_prefixes.push(CommonPrefix { prefix: Some(prefix) }),
                Entry::Object(key, object) => contents.push(s3s::dto::Object {
                    key: Some(key.to_owned()),
                    e_tag: Some(tag(&object.etag)),
                    size: Some(object.size.cast_signed()),
                    last_modified: Some(object.modified.into()),
                    storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                    ..Default::default()
                }),
            }
        }
        drop(store);
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(prefix),
            delimiter: input.delimiter,
            start_after: input.start_after,
            encoding_type: input.encoding_type,
            max_keys: i32::try_from(limit).ok(),
            key_count: count,
            is_truncated: Some(more),
            continuation_token: input.continuation_token,
            next_continuation_token: last.filter(|_| more),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let mut input = request.input;
        let upload = Multipart { headers: headers!(input), ..Default::default() };
        let mut store = self.store.lock().unwrap();
        let id = store.new_name();
        store.multiparts.insert(id.clone(), upload);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let received = receive(input.body, None, false).await?;
        let mut store = self.store.lock().unwrap();
        let etag = store.new_name();
        let upload = store.multiparts.get_mut(&input.upload_id).ok_or_else(no_such_upload)?;
        upload.parts.insert(input.part_number, received.size);
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(tag(&etag)),
            checksum_sha256: input.checksum_sha256,
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let mut store = self.store.lock().unwrap();
        let upload = store.multiparts.remove(&input.upload_id).ok_or_else(no_such_upload)?;
        let etag = format!("{}-{}", store.new_name(), upload.parts.len());
        let object = Object {
            size: upload.parts.values().sum(),
            etag: etag.clone(),
            modified: SystemTime::now(),
            headers: upload.headers,
            sha256: None,
            bytes: None,
        };
        store.bucket(&input.bucket).insert(input.key.clone(), object);
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(tag(&etag)),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.store.lock().unwrap().multiparts.remove(&request.input.upload_id).ok_or_else(no_such_upload)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

impl Memory {
    fn object(&self, bucket: &str, key: &str) -> S3Result<Object> {
        self.store.lock().unwrap().bucket(bucket).get(key).cloned().ok_or_else(no_such_key)
    }
}

fn no_such_upload() -> S3Error {
    s3_error!(NoSuchUpload, "The specified upload does not exist.")
}
