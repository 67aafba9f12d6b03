//! The account by itself: sites made without a protocol, folders that are no account.

use cruddur_site::{
    ErrorKind,
    local::{
        Account,
        model::{NewDistribution, Origin},
    },
    routing::Routing,
};

use crate::Rehearsal;

#[tokio::test]
async fn a_site_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let account = Account::open(folder.path()).unwrap();
    let site = account.ensure_site("cruddur.com", None).unwrap();
    assert_eq!(
        (site.aliases.as_slice(), site.origin.bucket.as_str()),
        (&["cruddur.com".to_owned()][..], "cruddur.com")
    );
    assert_eq!((site.origin.path.as_str(), site.default_root_object.as_deref()), ("/live", Some("index.html")));
    assert_eq!(account.ensure_site("cruddur.com", None).unwrap(), site);

    let routed = account.ensure_site("cruddur.com", Some(Routing::Folders)).unwrap();
    assert_eq!((&routed.id, routed.router), (&site.id, Some(Routing::Folders)));
    assert_eq!(routed.error_responses.iter().map(|response| response.error_code).collect::<Vec<_>>(), [403, 404]);
    assert_eq!(account.ensure_site("cruddur.com", None).unwrap(), routed);

    let again = Account::open(folder.path()).unwrap();
    assert_eq!(again.distributions().unwrap(), [routed]);
    let rehearsal = Rehearsal::of(again, folder).await;
    let status = rehearsal.s3.get_bucket_versioning().bucket("cruddur.com").send().await.unwrap();
    assert_eq!(status.status().map(|status| status.as_str()), Some("Enabled"));
}

#[test]
fn no_two_distributions_share_an_alias() {
    let folder = tempfile::tempdir().unwrap();
    let account = Account::open(folder.path()).unwrap();
    account.ensure_site("cruddur.com", None).unwrap();
    let origin = Origin { bucket: "other".to_owned(), region: "eu-west-1".to_owned(), path: String::new() };
    let new = |alias: &str| NewDistribution {
        aliases: vec![alias.to_owned()],
        default_root_object: None,
        origin: origin.clone(),
        error_responses: Vec::new(),
        router: None,
        compress: false,
    };
    let taken = account.create_distribution(new("cruddur.com")).unwrap_err();
    assert!(taken.cause().unwrap().contains("CNAMEAlreadyExists"), "{taken}");
    assert!(account.create_distribution(new("www.cruddur.com")).is_ok());
    assert_eq!(account.distributions().unwrap().len(), 2);
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
