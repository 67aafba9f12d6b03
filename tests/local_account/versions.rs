//! Versions, delete markers, and what comes back when they go.

use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier, VersioningConfiguration};

use crate::{Rehearsal, code};

impl Rehearsal {
    async fn set_versioning(&self, status: BucketVersioningStatus) {
        let configuration = VersioningConfiguration::builder().status(status).build();
        let put = self.s3.put_bucket_versioning().bucket("bucket").versioning_configuration(configuration);
        put.send().await.unwrap();
    }

    /// Key, version id, whether latest, whether a delete marker; as listed.
    async fn listed(&self, page_size: i32) -> Vec<(String, String, bool, bool)> {
        let (mut key, mut id, mut found) = (None, None, Vec::new());
        loop {
            let list = self.s3.list_object_versions().bucket("bucket").max_keys(page_size);
            let page = list.set_key_marker(key).set_version_id_marker(id).send().await.unwrap();
            for version in page.versions() {
                let (key, id) = (version.key().unwrap(), version.version_id().unwrap());
                found.push((key.to_owned(), id.to_owned(), version.is_latest().unwrap(), false));
            }
            for marker in page.delete_markers() {
                let (key, id) = (marker.key().unwrap(), marker.version_id().unwrap());
                found.push((key.to_owned(), id.to_owned(), marker.is_latest().unwrap(), true));
            }
            if page.is_truncated() != Some(true) {
                return found;
            }
            (key, id) = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

#[tokio::test]
async fn a_versioned_bucket_forgets_nothing() {
    let rehearsal = Rehearsal::with_bucket().await;
    rehearsal.put("a", "before versioning").await;
    rehearsal.set_versioning(BucketVersioningStatus::Enabled).await;
    let status = rehearsal.s3.get_bucket_versioning().bucket("bucket").send().await.unwrap();
    assert_eq!(status.status(), Some(&BucketVersioningStatus::Enabled));

    let first = rehearsal.put("a", "first").await.version_id.unwrap();
    let second = rehearsal.put("a", "second").await.version_id.unwrap();
    rehearsal.put("b", "other").await;
    let read = async |id: &str| {
        let got = rehearsal.s3.get_object().bucket("bucket").key("a").version_id(id).send().await.unwrap();
        String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap()
    };
    assert_eq!([read("null").await, read(&first).await, read(&second).await], ["before versioning", "first", "second"]);

    let deleted = rehearsal.s3.delete_object().bucket("bucket").key("a").send().await.unwrap();
    let marker = deleted.version_id.unwrap();
    assert_eq!(deleted.delete_marker, Some(true));
    assert_eq!(rehearsal.keys().await, ["b"]);
    assert_eq!(rehearsal.account.object("bucket", "a").unwrap(), None);
    let get = || rehearsal.s3.get_object().bucket("bucket").key("a");
    let gone = get().send().await.unwrap_err();
    assert_eq!(gone.raw_response().unwrap().headers().get("x-amz-delete-marker"), Some("true"));
    assert_eq!(code(get().version_id(&marker).send().await), "MethodNotAllowed");
    assert_eq!(code(get().version_id("unknown").send().await), "NoSuchVersion");

    let all = rehearsal.listed(1000).await;
    let ids: Vec<_> =
        all.iter().filter(|(key, ..)| key == "a").map(|(_, id, latest, _)| (id.as_str(), *latest)).collect();
    assert_eq!(ids, [(second.as_str(), false), (first.as_str(), false), ("null", false), (marker.as_str(), true)]);
    for page_size in [1, 2, 3] {
        let mut paged = rehearsal.listed(page_size).await;
        let mut expected = all.clone();
        paged.sort();
        expected.sort();
        assert_eq!(paged, expected, "pages of {page_size}");
    }

    rehearsal.s3.delete_object().bucket("bucket").key("a").version_id(&marker).send().await.unwrap();
    assert_eq!(rehearsal.get("a").await, b"second");
    rehearsal.s3.delete_object().bucket("bucket").key("a").version_id(&second).send().await.unwrap();
    assert_eq!(rehearsal.get("a").await, b"first");
    let source = "bucket/a?versionId=null";
    rehearsal.s3.copy_object().bucket("bucket").key("a").copy_source(source).send().await.unwrap();
    assert_eq!(rehearsal.get("a").await, b"before versioning");
}

#[tokio::test]
async fn suspended_versioning_replaces_the_null_version_only() {
    let rehearsal = Rehearsal::with_bucket().await;
    rehearsal.set_versioning(BucketVersioningStatus::Enabled).await;
    let kept = rehearsal.put("a", "kept").await.version_id.unwrap();
    rehearsal.set_versioning(BucketVersioningStatus::Suspended).await;
    rehearsal.put("a", "null one").await;
    rehearsal.put("a", "null two").await;
    let ids: Vec<_> = rehearsal.listed(1000).await.into_iter().map(|(_, id, latest, _)| (id, latest)).collect();
    assert_eq!(ids, [("null".to_owned(), true), (kept.clone(), false)]);
    rehearsal.s3.delete_object().bucket("bucket").key("a").send().await.unwrap();
    let markers: Vec<_> = rehearsal.listed(1000).await.into_iter().map(|(_, id, _, marker)| (id, marker)).collect();
    assert_eq!(markers, [(kept, false), ("null".to_owned(), true)]);
}

#[tokio::test]
async fn many_objects_are_deleted_at_once_each_by_itself() {
    let rehearsal = Rehearsal::with_bucket().await;
    let etag = rehearsal.put("a", "1").await.e_tag.unwrap();
    rehearsal.put("b", "2").await;
    let object = |key: &str, etag: Option<&str>| {
        ObjectIdentifier::builder().key(key).set_e_tag(etag.map(str::to_owned)).build().unwrap()
    };
    let objects = vec![object("a", Some(&etag)), object("b", Some("\"0\"")), object("missing", None)];
    let delete = Delete::builder().set_objects(Some(objects)).build().unwrap();
    let outcome = rehearsal.s3.delete_objects().bucket("bucket").delete(delete).send().await.unwrap();
    let deleted: Vec<_> = outcome.deleted().iter().map(|deleted| deleted.key().unwrap()).collect();
    assert_eq!(deleted, ["a", "missing"]);
    assert_eq!(outcome.errors()[0].code(), Some("PreconditionFailed"));
    assert_eq!(rehearsal.keys().await, ["b"]);

    let quiet = Delete::builder().objects(object("b", None)).quiet(true).build().unwrap();
    let outcome = rehearsal.s3.delete_objects().bucket("bucket").delete(quiet).send().await.unwrap();
    assert_eq!((outcome.deleted().len(), outcome.errors().len()), (0, 0));

    let objects = (0..1001).map(|number| object(&number.to_string(), None)).collect();
    let delete = Delete::builder().set_objects(Some(objects)).build().unwrap();
    assert_eq!(code(rehearsal.s3.delete_objects().bucket("bucket").delete(delete).send().await), "MalformedXML");
}
