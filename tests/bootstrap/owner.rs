//! What the person who runs `bootstrap`, `doctor` and `destroy` must be allowed: docs/PERMISSIONS.md, held to the record of every
//! call of runs that do everything there is to do.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::{primitives::Blob, types::FunctionConfig, types::FunctionRuntime};
use aws_sdk_s3::types::{BucketCannedAcl, ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use serde_json::{Value, json};

use crate::{
    least_privilege::actions,
    permissions::{Asked, asked},
    remote::{Remote, changes},
    support::Folder,
};

const DOMAIN: &str = "cruddur.com";
const BUCKET: &str = "cruddur-com-000000000000";
const ROLE: &str = "cruddur-site-publish-cruddur-com";
const FUNCTION: &str = "cruddur-site-spa-cruddur-com";
const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// The kinds of runs, as the ids of the documented statements begin.
const LOOK: &str = "Look";
const MAKE: &str = "Make";
const DESTROY: &str = "Destroy";

/// What is asked by looking alone, by making, by destroying.
#[derive(Default)]
struct Record(BTreeMap<&'static str, BTreeSet<Asked>>);

impl Record {
    /// Runs the program, and takes down what it asked.
    async fn run(&mut self, remote: &Remote, kind: &'static str, arguments: &[&str]) -> Value {
        remote.calls();
        let told = remote.run(arguments).await;
        // `doctor` has an exit status of its own for problems.
        let document = if arguments[0] == "doctor" { Value::Null } else { told.succeeds() };
        let asked = remote.calls().iter().flat_map(|call| asked(call, "000000000000")).collect::<Vec<_>>();
        self.0.entry(kind).or_default().extend(asked);
        document
    }

    fn actions(&self, kind: &str) -> BTreeSet<String> {
        self.0[kind].iter().map(|asked| asked.action.clone()).collect()
    }
}

/// A site with everything that can be asked for; then what somebody else has changed is mended, and wishes are added.
async fn made_and_mended(record: &mut Record) {
    let remote = Remote::local().await;
    let all = ["--create-zone", "--github", "ann/cruddur", "--kms-key", KEY, "--api", "/api/*=api.cruddur.com"];
    record.run(&remote, LOOK, &[&["bootstrap", DOMAIN, "--dry-run"], &all[..]].concat()).await;
    record.run(&remote, MAKE, &[&["bootstrap", DOMAIN, "--yes"], &all[..]].concat()).await;
    record.run(&remote, LOOK, &["doctor", DOMAIN, "--no-visit"]).await;
    remote.publish(&Folder::site(), DOMAIN, &[]).await.succeeds();
    record.run(&remote, LOOK, &["doctor", DOMAIN, "--no-visit"]).await;

    somebody_else(&remote).await;
    record.run(&remote, LOOK, &["doctor", DOMAIN, "--no-visit"]).await;
    record.run(&remote, MAKE, &["bootstrap", DOMAIN, "--github", "ann/cruddur", "--yes"]).await;
    record.run(&remote, MAKE, &["bootstrap", DOMAIN, "--alias", "club.cruddur.com", "--yes"]).await;
    let again = ["bootstrap", DOMAIN, "--alias", "club.cruddur.com", "--github", "ann/cruddur", "--dry-run"];
    let again = record.run(&remote, LOOK, &again).await;
    assert_eq!(changes(&again), [], "{again:#}");
}

/// A site that was published to, with an upload under way, and its end.
async fn made_and_destroyed(record: &mut Record) {
    let remote = Remote::local().await;
    record.run(&remote, MAKE, &["bootstrap", DOMAIN, "--create-zone", "--github", "ann/cruddur", "--yes"]).await;
    remote.publish(&Folder::site(), DOMAIN, &[]).await.succeeds();
    let upload = remote.s3().create_multipart_upload().bucket(BUCKET).key("live/video.mp4");
    upload.send().await.unwrap();
    attach_a_policy(&remote).await;
    record.run(&remote, LOOK, &["destroy", DOMAIN, "--dry-run"]).await;
    // First the files stay, and with them the bucket.
    record.run(&remote, DESTROY, &["destroy", DOMAIN, "--yes"]).await;
    record.run(&remote, DESTROY, &["destroy", DOMAIN, "--delete-content", "--yes"]).await;
    let again = record.run(&remote, LOOK, &["destroy", DOMAIN, "--dry-run"]).await;
    assert_eq!(again["plan"]["empty"], true, "{again:#}");
}

/// What a colleague with the console can do to a site.
async fn somebody_else(remote: &Remote) {
    let (s3, config) = (remote.s3(), remote.config());
    let cloudfront = aws_sdk_cloudfront::Client::new(&config);
    let iam = aws_sdk_iam::Client::new(&config);
    // The bucket has ACLs again.
    let writer = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter).build().unwrap();
    let controls = OwnershipControls::builder().rules(writer).build().unwrap();
    s3.put_bucket_ownership_controls().bucket(BUCKET).ownership_controls(controls).send().await.unwrap();
    s3.delete_public_access_block().bucket(BUCKET).send().await.unwrap();
    s3.put_bucket_acl().bucket(BUCKET).acl(BucketCannedAcl::PublicRead).send().await.unwrap();
    s3.delete_bucket_lifecycle().bucket(BUCKET).send().await.unwrap();
    s3.delete_bucket_tagging().bucket(BUCKET).send().await.unwrap();
    // The function does something else, in its development stage.
    let described = cloudfront.describe_function().name(FUNCTION).send().await.unwrap();
    let config = FunctionConfig::builder().comment("").runtime(FunctionRuntime::CloudfrontJs20).build().unwrap();
    let update = cloudfront.update_function().name(FUNCTION).if_match(described.e_tag.unwrap()).function_config(config);
    let code = "function handler(event) { return event.request; }";
    update.function_code(Blob::new(code)).send().await.unwrap();
    // The access control signs nothing.
    let list = cloudfront.list_origin_access_controls().send().await.unwrap().origin_access_control_list.unwrap();
    let id = list.items.unwrap()[0].id.clone();
    let control = cloudfront.get_origin_access_control().id(&id).send().await.unwrap();
    let mut config = control.origin_access_control.unwrap().origin_access_control_config.unwrap();
    config.signing_behavior = aws_sdk_cloudfront::types::OriginAccessControlSigningBehaviors::Never;
    let update = cloudfront.update_origin_access_control().id(&id).if_match(control.e_tag.unwrap());
    update.origin_access_control_config(config).send().await.unwrap();
    // The distribution has lost its tag.
    let summary = cloudfront.list_distributions().send().await.unwrap().distribution_list.unwrap().items.unwrap();
    let keys = aws_sdk_cloudfront::types::TagKeys::builder().items("cruddur-site").build();
    cloudfront.untag_resource().resource(&summary[0].arn).tag_keys(keys).send().await.unwrap();
    // The provider knows no AWS, and the role trusts another branch, has a policy of its own and lost its tag.
    let provider = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com";
    iam.delete_open_id_connect_provider().open_id_connect_provider_arn(provider).send().await.unwrap();
    iam.create_open_id_connect_provider().url(GITHUB).client_id_list("someone").send().await.unwrap();
    let role = iam.get_role().role_name(ROLE).send().await.unwrap().role.unwrap();
    let trust =
        percent_encoding::percent_decode_str(role.assume_role_policy_document().unwrap()).decode_utf8().unwrap();
    let trust = trust.replace("refs/heads/main", "refs/heads/old");
    iam.update_assume_role_policy().role_name(ROLE).policy_document(trust).send().await.unwrap();
    iam.untag_role().role_name(ROLE).tag_keys("cruddur-site").send().await.unwrap();
    attach_a_policy(remote).await;
}

/// The role has a policy of the owner's beside ours.
async fn attach_a_policy(remote: &Remote) {
    let iam = aws_sdk_iam::Client::new(&remote.config());
    let statement = json!({ "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let made = iam.create_policy().policy_name("more").policy_document(policy).send().await.unwrap();
    let arn = made.policy.unwrap().arn.unwrap();
    iam.attach_role_policy().role_name(ROLE).policy_arn(arn).send().await.unwrap();
}

/// The policy in docs/PERMISSIONS.md, for the account of the record.
fn documented() -> Value {
    let text = include_str!("../../docs/PERMISSIONS.md");
    let json = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a policy in a fence");
    serde_json::from_str(&json.replace("123456789012", "000000000000")).expect("a policy")
}

/// The statements whose ids begin with any of these words.
fn statements(policy: &Value, words: &[&str]) -> Value {
    let all = policy["Statement"].as_array().unwrap().iter();
    let is_one = |statement: &&Value| words.iter().any(|word| statement["Sid"].as_str().unwrap().starts_with(word));
    json!({ "Version": "2012-10-17", "Statement": all.filter(is_one).collect::<Vec<_>>() })
}

/// Given the documented policy, its statements for looking allow all that looking asks, with those for making all that
/// making asks, and with those for destroying the rest; and no statement allows an action that is never asked.
#[tokio::test]
async fn the_documented_policy_is_what_the_runs_ask() {
    let mut record = Record::default();
    made_and_mended(&mut record).await;
    made_and_destroyed(&mut record).await;
    let policy = documented();
    let mut words = Vec::new();
    let mut known = BTreeSet::new();
    for kind in [LOOK, MAKE, DESTROY] {
        words.push(kind);
        let so_far = statements(&policy, &words);
        for asked in &record.0[kind] {
            assert!(asked.is_allowed(&so_far), "{kind}: {asked:?}");
        }
        let asked: BTreeSet<String> = record.actions(kind).difference(&known).cloned().collect();
        assert_eq!(actions(&statements(&policy, &[kind])), asked, "{kind}");
        known.extend(asked);
    }
    assert_eq!(statements(&policy, &words), policy, "every statement is of one of the three kinds");
}
