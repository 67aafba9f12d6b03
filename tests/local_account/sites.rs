//! The account by itself: sites made without a protocol, folders that are no account.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use cruddur_site::{
    ErrorKind,
    local::{Account, edge::Edge},
    routing::Routing,
};

use crate::Rehearsal;

#[tokio::test]
async fn a_site_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let account = Account::open_with_delay(folder.path(), Duration::ZERO).unwrap();
    let site = account.ensure_site("cruddur.com", None).unwrap();
    assert_eq!(site.aliases, ["cruddur.com"]);
    assert_eq!(
        (site.origin.domain.as_str(), site.origin.path.as_str()),
        ("cruddur.com.s3.us-east-1.amazonaws.com", "/live")
    );
    assert_eq!((site.default_root_object.as_str(), site.behavior.viewer_request_function.as_str()), ("index.html", ""));
    assert!(site.origin.is_s3 && !site.origin.access_control.is_empty() && site.certificate.is_some());
    assert_eq!(account.ensure_site("cruddur.com", None).unwrap(), site);

    let routed = account.ensure_site("cruddur.com", Some(Routing::Folders)).unwrap();
    assert_eq!(routed.id, site.id);
    assert!(routed.behavior.viewer_request_function.ends_with(":function/cruddur-site-folders-cruddur-com"));
    assert_eq!(routed.error_responses.iter().map(|response| response.error_code).collect::<Vec<_>>(), [403, 404]);
    assert_eq!(account.ensure_site("cruddur.com", None).unwrap(), routed);

    let again = Account::open_with_delay(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(again.distributions().unwrap(), [routed]);
    let rehearsal = Rehearsal::of(again, folder).await;
    let status = rehearsal.s3.get_bucket_versioning().bucket("cruddur.com").send().await.unwrap();
    assert_eq!(status.status().map(|status| status.as_str()), Some("Enabled"));
}

#[tokio::test]
async fn a_site_is_served_as_its_policy_and_function_say() {
    let rehearsal = Rehearsal::start().await;
    let account = &rehearsal.account;
    account.ensure_site("cruddur.com", Some(Routing::Spa)).unwrap();
    let put = |key: &'static str| {
        let body = ByteStream::from_static(key.as_bytes());
        rehearsal.s3.put_object().bucket("cruddur.com").key(key).body(body).send()
    };
    put("live/index.html").await.unwrap();
    put(".cruddur-site/live/manifest.json").await.unwrap();
    let edge = Edge::bind(account.clone(), Some(0)).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let url = format!("http://127.0.0.1:{}{path}", edge.port());
        let response = client.get(url).header("host", "cruddur.com.localhost").send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(get("/profile/7").await, (200, "live/index.html".into()));
    assert_eq!(get("/gone.js").await.0, 404);
    let bucket = account.bucket_access("cruddur.com").unwrap().unwrap();
    assert!(bucket.policy.unwrap().to_string().contains(&account.distributions().unwrap()[0].arn));
    assert_eq!(account.bucket_access("other").unwrap(), None);

    // Another routing is in force at once.
    account.ensure_site("cruddur.com", Some(Routing::Files)).unwrap();
    put("live/about.html").await.unwrap();
    assert_eq!(get("/about").await, (200, "live/about.html".into()));
}

#[test]
fn a_build_folder_is_not_mistaken_for_an_account() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<h1>hello</h1>").unwrap();
    let error = Account::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.next().contains("--local`"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(Account::open(&folder.path().join("new/folder")).is_ok());
}

#[test]
fn an_older_account_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    drop(Account::open(folder.path()).unwrap());
    let index = rusqlite::Connection::open(folder.path().join("account.db")).unwrap();
    index.pragma_update(None, "user_version", 1).unwrap();
    drop(index);
    let error = Account::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.what().contains("made by an older cruddur-site"), "{error}");
    assert!(error.next().contains("delete the folder and publish again"), "{error}");
}
