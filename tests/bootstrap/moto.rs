//! A whole bootstrap in moto's account, which owes nothing to the local one.

use serde_json::Value;

use crate::{
    remote::{Remote, changes},
    support::{Folder, moto::MotoServer, operations::Service},
};

const DOMAIN: &str = "cruddur.com";
/// Routed by error pages, for moto has no PublishFunction.
const FLAGS: [&str; 2] = ["--routing", "error-pages"];
/// The name servers of every zone in moto.
const NAME_SERVER: &str = "ns-2048.awsdns-64.com";

/// The fields of a distribution that moto does not give back, so that every run means to set them again; and what of the
/// request that makes the distribution shows that they were set.
const FORGOTTEN: [(&str, &str); 1] = [
    // An origin comes back without S3OriginConfig and without OriginAccessControlId.
    ("origin access", "<OriginAccessControlId>"),
];

/// The fields of the distribution that a run still means to set; no other part may change.
fn unsettled(document: &Value) -> Vec<String> {
    let mut changes = changes(document);
    let of_distribution = changes.iter().position(|(kind, _)| kind == "distribution").map(|at| changes.remove(at));
    assert_eq!(changes, [], "{document:#}");
    of_distribution.map(|(_, fields)| fields).unwrap_or_default()
}

/// moto holds everybody to a bucket policy that denies, whoever it is about, and so denies the state to its owner. What
/// tells that this is moto: IAM User Guide, "AWS JSON policy elements: Principal".
pub async fn let_the_owner_see_the_state(remote: &Remote, bucket: &str) {
    let policy = remote.s3().get_bucket_policy().bucket(bucket).send().await.unwrap().policy.unwrap();
    let mut policy: Value = serde_json::from_str(&policy).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    let of_cloudfront = statements.iter().all(|one| one["Principal"]["Service"] == "cloudfront.amazonaws.com");
    assert!(of_cloudfront, "{statements:#?}");
    statements.retain(|one| one["Effect"] == "Allow");
    remote.s3().put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await.unwrap();
}

/// Given an empty account, one run makes everything; another one plans nothing but what moto has forgotten, however often it
/// runs; and a publish finds bucket and folder by the domain alone.
#[tokio::test]
async fn a_site_is_made_kept_and_published() {
    let Some(server) = MotoServer::start_issuing() else { return };
    let remote = Remote::moto(&server).await;
    remote.dns.says(DOMAIN, "NS", [NAME_SERVER]);
    let wishes = ["--github", "ann/cruddur", "--api", "/api/*=api.cruddur.com"];
    let flags = [&FLAGS[..], &wishes, &["--create-zone", "--yes"]].concat();
    let made = remote.bootstrap(DOMAIN, &flags).await.succeeds();
    assert_eq!(made["result"]["unfinished"], serde_json::json!([]));
    let role = made["result"]["role"].as_str().unwrap();
    assert_eq!(role, "arn:aws:iam::123456789012:role/cruddur-site-publish-cruddur-com");
    let calls = remote.calls();
    let create = calls.iter().find(|call| call.operation == "CreateDistributionWithTags").unwrap();
    let asked = String::from_utf8_lossy(&create.body);
    for (field, element) in FORGOTTEN {
        assert!(asked.contains(element), "{field}: {asked}");
    }

    for again in [&["--dry-run"][..], &["--yes"], &["--dry-run", "--api", "/api/*=api.cruddur.com"]] {
        let again = remote.bootstrap(DOMAIN, &[&FLAGS[..], again].concat()).await.succeeds();
        assert_eq!(unsettled(&again), FORGOTTEN.map(|(field, _)| field));
    }

    let bucket = made["site"]["bucket"].as_str().unwrap();
    let_the_owner_see_the_state(&remote, bucket).await;
    let published = remote.publish(&Folder::site(), DOMAIN, &[]).await.succeeds();
    assert_eq!(published["target"]["bucket"], bucket);
    assert_eq!(published["target"]["prefix"], "live/");
    assert_eq!(published["target"]["distribution"], made["result"]["distribution"]);
    let page = remote.s3().get_object().bucket(bucket).key("live/index.html").send().await.unwrap();
    assert_eq!(page.cache_control(), Some("no-cache"));
    let again = remote.publish(&Folder::site(), DOMAIN, &[]).await.succeeds();
    assert_eq!(again["plan"]["empty"], true, "{again:#}");

    // What was taken away from the policy comes back, and nothing else changes.
    let mended = remote.bootstrap(DOMAIN, &FLAGS).await;
    assert!(mended.fails()["next"].as_str().unwrap().contains("--yes"));
    let mended = remote.bootstrap(DOMAIN, &[&FLAGS[..], &["--dry-run"]].concat()).await.succeeds();
    let kinds: Vec<String> = changes(&mended).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["bucket-policy", "distribution"]);
}

/// Given a domain whose DNS is kept elsewhere, the records are shown, first of the certificate, then of the site; once public
/// DNS has them, another run waits for nothing; and Route 53 is never asked.
#[tokio::test]
async fn a_domain_of_another_provider_is_proved_and_led_by_hand() {
    let Some(server) = MotoServer::start_issuing() else { return };
    let remote = Remote::moto(&server).await;
    let flags = [&FLAGS[..], &["--dns", "manual", "--no-www"]].concat();
    let error = remote.bootstrap(DOMAIN, &[&flags[..], &["--no-wait", "--yes"]].concat()).await.fails();
    let next = error["next"].as_str().unwrap();
    assert!(next.contains("CNAME"), "{error}");
    let name = next.split([' ', ',']).find(|word| word.starts_with('_')).unwrap();
    remote.dns.says(name, "CNAME", ["_proof.acm-validations.aws"]);

    let made = remote.bootstrap(DOMAIN, &[&flags[..], &["--dns-wait", "0", "--yes"]].concat()).await.succeeds();
    let target = made["result"]["distributionDomain"].as_str().unwrap();
    let records = made["result"]["records"].as_array().unwrap();
    assert!(records.iter().any(|one| one["name"] == DOMAIN && one["value"] == target), "{made:#}");
    assert_eq!(made["result"]["unfinished"].as_array().unwrap().len(), 1, "{made:#}");

    // A domain itself can have no CNAME: its provider copies the addresses.
    remote.dns.says(target, "A", ["192.0.2.7", "192.0.2.8"]);
    remote.dns.says(DOMAIN, "A", ["192.0.2.8"]);
    let again = remote.bootstrap(DOMAIN, &[&flags[..], &["--yes"]].concat()).await.succeeds();
    assert_eq!(again["result"]["unfinished"], serde_json::json!([]), "{again:#}");
    assert_eq!(unsettled(&again), FORGOTTEN.map(|(field, _)| field));
    let zones: Vec<_> = remote.calls().into_iter().filter(|call| call.service == Service::Route53).collect();
    assert_eq!(zones, []);
}
