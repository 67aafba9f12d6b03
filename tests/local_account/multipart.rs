//! Large objects in parts.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart},
};
use cruddur_site::site::Sha256;
use md5::Digest as _;

use crate::{Rehearsal, code};

const MIB: usize = 1 << 20;

struct Upload<'a> {
    rehearsal: &'a Rehearsal,
    id: String,
}

impl<'a> Upload<'a> {
    async fn begin(rehearsal: &'a Rehearsal, algorithm: Option<ChecksumAlgorithm>) -> Self {
        let begin = rehearsal.s3.create_multipart_upload().bucket("bucket").key("video");
        let begin = begin.cache_control("no-cache").set_checksum_algorithm(algorithm).send().await.unwrap();
        Self { rehearsal, id: begin.upload_id.unwrap() }
    }

    async fn put(&self, number: i32, body: &[u8]) -> CompletedPart {
        let put = self.rehearsal.s3.upload_part().bucket("bucket").key("video").upload_id(&self.id).part_number(number);
        let put = put.checksum_sha256(Sha256::of(body).base64()).body(ByteStream::from(body.to_vec()));
        let put = put.send().await.unwrap();
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(put.e_tag)
            .set_checksum_sha256(put.checksum_sha256)
            .build()
    }

    fn complete(
        &self,
        parts: &[CompletedPart],
    ) -> aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder {
        let list = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        let complete = self.rehearsal.s3.complete_multipart_upload().bucket("bucket").key("video");
        complete.upload_id(&self.id).multipart_upload(list)
    }
}

#[tokio::test]
async fn parts_become_one_object() {
    let rehearsal = Rehearsal::with_bucket().await;
    let upload = Upload::begin(&rehearsal, Some(ChecksumAlgorithm::Sha256)).await;
    let bodies = [vec![1; 5 * MIB], vec![2; 5 * MIB + 1], vec![3; 10]];
    upload.put(2, b"replaced by the next one").await;
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        parts.push(upload.put(number, body).await);
    }

    let list = || rehearsal.s3.list_parts().bucket("bucket").key("video").upload_id(&upload.id);
    let first = list().max_parts(2).send().await.unwrap();
    assert_eq!((first.is_truncated(), first.next_part_number_marker()), (Some(true), Some("2")));
    assert_eq!(first.parts()[1].size(), Some(5 * MIB as i64 + 1));
    assert_eq!(first.parts()[0].checksum_sha256(), Some(Sha256::of(&bodies[0]).base64().as_str()));
    let second = list().part_number_marker("2").send().await.unwrap();
    assert_eq!((second.parts().len(), second.is_truncated()), (1, Some(false)));

    let digests: Vec<u8> = bodies.iter().flat_map(md5::Md5::digest).collect();
    let etag = format!("\"{}-3\"", hex::encode(md5::Md5::digest(&digests)));
    let checksums: Vec<u8> = bodies.iter().flat_map(|body| Sha256::of(body).0).collect();
    let checksum = format!("{}-3", Sha256::of(&checksums).base64());
    let completed = upload.complete(&parts).if_none_match("*").send().await.unwrap();
    assert_eq!((completed.e_tag(), completed.checksum_sha256()), (Some(etag.as_str()), Some(checksum.as_str())));

    assert_eq!(rehearsal.get("video").await, bodies.concat());
    let head = rehearsal.s3.head_object().bucket("bucket").key("video").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!((head.e_tag(), head.checksum_sha256()), (Some(etag.as_str()), Some(checksum.as_str())));
    assert_eq!((head.cache_control(), head.content_type()), (Some("no-cache"), Some("binary/octet-stream")));
    assert_eq!(code(list().send().await), "NoSuchUpload");

    let copy =
        rehearsal.s3.copy_object().bucket("bucket").key("copy").copy_source("bucket/video").send().await.unwrap();
    let plain = format!("\"{}\"", hex::encode(md5::Md5::digest(bodies.concat())));
    assert_eq!(copy.copy_object_result().unwrap().e_tag(), Some(plain.as_str()));
}

#[tokio::test]
async fn a_wrong_list_of_parts_is_refused() {
    let rehearsal = Rehearsal::with_bucket().await;
    rehearsal.put("video", "there already").await;
    let upload = Upload::begin(&rehearsal, Some(ChecksumAlgorithm::Sha256)).await;
    let (large, small) = (upload.put(1, &vec![1; 5 * MIB]).await, upload.put(2, b"small").await);
    let third = upload.put(3, b"third").await;
    let of = |part: &CompletedPart| {
        CompletedPart::builder()
            .set_part_number(part.part_number)
            .set_e_tag(part.e_tag.clone())
            .set_checksum_sha256(part.checksum_sha256.clone())
    };
    let mut wrong_order = [small.clone(), large.clone()];
    let table = [
        (vec![], "MalformedXML"),
        (wrong_order.to_vec(), "InvalidPartOrder"),
        (vec![large.clone(), large.clone()], "InvalidPartOrder"),
        (vec![of(&large).e_tag("\"0\"").build()], "InvalidPart"),
        (vec![of(&large).part_number(9).build()], "InvalidPart"),
        (vec![of(&large).set_checksum_sha256(None).build()], "InvalidRequest"),
        (vec![of(&large).checksum_sha256(Sha256::of(b"other").base64()).build()], "InvalidPart"),
        (vec![large.clone(), small.clone(), third], "EntityTooSmall"),
    ];
    for (parts, expected) in table {
        assert_eq!(code(upload.complete(&parts).send().await), expected);
    }
    wrong_order.reverse();
    assert_eq!(code(upload.complete(&wrong_order).if_none_match("*").send().await), "PreconditionFailed");
    assert_eq!(code(upload.complete(&wrong_order).if_match("\"0\"").send().await), "PreconditionFailed");
    assert!(upload.complete(&wrong_order).send().await.is_ok());
}

#[tokio::test]
async fn parts_are_checked_as_they_arrive() {
    let rehearsal = Rehearsal::with_bucket().await;
    let upload = Upload::begin(&rehearsal, Some(ChecksumAlgorithm::Sha256)).await;
    let put = || {
        let put = rehearsal.s3.upload_part().bucket("bucket").key("video").upload_id(&upload.id);
        put.part_number(1).body(ByteStream::from_static(b"bytes"))
    };
    assert_eq!(code(put().checksum_sha256(Sha256::of(b"other").base64()).send().await), "BadDigest");
    assert_eq!(code(put().checksum_algorithm(ChecksumAlgorithm::Crc32).send().await), "InvalidRequest");
    assert_eq!(code(put().part_number(0).send().await), "InvalidArgument");
    assert_eq!(code(put().part_number(10_001).send().await), "InvalidArgument");
    assert_eq!(code(put().upload_id("unknown").send().await), "NoSuchUpload");
    assert_eq!(code(put().key("another").send().await), "NoSuchUpload");
}

#[tokio::test]
async fn uploads_are_listed_until_they_end() {
    let rehearsal = Rehearsal::with_bucket().await;
    let begin = async |key: &str| {
        let begin = rehearsal.s3.create_multipart_upload().bucket("bucket").key(key).send().await.unwrap();
        (key.to_owned(), begin.upload_id.unwrap())
    };
    let mut begun = vec![begin("live/a").await, begin("live/a").await, begin("live/b").await, begin("other").await];
    begun.sort();
    for page_size in [1, 2, 1000] {
        let (mut key, mut id, mut found) = (None, None, Vec::new());
        loop {
            let list = rehearsal.s3.list_multipart_uploads().bucket("bucket").prefix("live/").max_uploads(page_size);
            let page = list.set_key_marker(key).set_upload_id_marker(id).send().await.unwrap();
            let uploads = page.uploads().iter();
            found.extend(
                uploads.map(|upload| (upload.key().unwrap().to_owned(), upload.upload_id().unwrap().to_owned())),
            );
            if page.is_truncated() != Some(true) {
                break;
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
        assert_eq!(found, begun[..3], "pages of {page_size}");
    }
    for (key, id) in &begun {
        let abort = || rehearsal.s3.abort_multipart_upload().bucket("bucket").key(key).upload_id(id).send();
        assert!(abort().await.is_ok());
        assert_eq!(code(abort().await), "NoSuchUpload");
    }
    let left = rehearsal.s3.list_multipart_uploads().bucket("bucket").send().await.unwrap();
    assert!(left.uploads().is_empty());
}
