//! The policy that bootstrap gives to the role for GitHub is enough to publish, and not more.
//!
//! In moto's account the role itself publishes, and moto refuses what its policy does not allow. What moto does not look
//! at, the local account's record of every call shows, judged by [`policy::allows`](cruddur_site::setup::policy::allows).

use std::collections::BTreeSet;

use aws_credential_types::Credentials;
use aws_sdk_s3::types::ChecksumAlgorithm;
use cruddur_site::setup::site::role_name;
use serde_json::{Value, json};

use crate::{
    moto::let_the_owner_see_the_state,
    permissions::{Asked, asked},
    remote::Remote,
    support::{Folder, moto::MotoServer},
    world::Told,
};

const DOMAIN: &str = "cruddur.com";

/// Actions that no publish asks for, and why they are in the policy.
const KEPT_BACK: [(&str, &str); 2] = [
    ("s3:ListBucketVersions", "a rollback finds the objects of an earlier release by it"),
    ("s3:GetObjectVersion", "a rollback copies earlier versions of objects by it"),
];

/// What the program does when it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    /// It fails, and names the action.
    Fails,
    /// It goes on, and names the action in a warning.
    Warns,
}

/// A step of the story, and what becomes of it when an action alone is left out of the policy.
struct Step {
    name: &'static str,
    /// What is done before, by the owner of account and build.
    before: fn(&Story),
    /// Actions that the step cannot do without.
    needs: &'static [(&'static str, Without)],
    /// The member of the plan or result that shows that the step was what its name says.
    shows: fn(&Value) -> bool,
}

use Without::{Fails, Warns};

/// Everything a publish can be.
const STORY: [Step; 7] = [
    Step {
        name: "the first",
        before: |_| {},
        needs: &[
            ("cloudfront:ListDistributions", Fails),
            ("cloudfront:GetDistribution", Fails),
            ("s3:ListBucket", Fails),
            ("s3:GetObject", Fails),
            ("s3:PutObject", Fails),
        ],
        shows: |told| told["result"]["uploaded"]["files"] == 6,
    },
    Step { name: "nothing new", before: |_| {}, needs: &[], shows: |told| told["plan"]["empty"] == true },
    Step {
        name: "another page",
        before: |story| story.build.edit("index.html", "Cruddur", "Cruddur 2"),
        needs: &[("cloudfront:CreateInvalidation", Fails), ("cloudfront:GetInvalidation", Fails)],
        shows: |told| told["result"]["invalidations"].as_array().is_some_and(|all| !all.is_empty()),
    },
    Step {
        name: "other headers alone",
        before: |story| {
            story.remote.configure("[[rules]]\nmatch = '*.svg'\ncache-control = 'public, max-age=60'");
        },
        needs: &[],
        shows: |told| told["plan"]["uploads"][0]["reason"] == "headers",
    },
    Step {
        name: "a page gone",
        before: |story| story.build.remove("old.html"),
        needs: &[("s3:DeleteObject", Fails)],
        shows: |told| told["plan"]["removals"][0]["key"] == "old.html",
    },
    Step {
        name: "a file in parts",
        before: |story| story.build.write("video.mp4", story.video(1)),
        needs: &[],
        shows: |told| told["plan"]["uploads"][0]["key"] == "video.mp4",
    },
    Step {
        name: "after one that was cut off",
        before: |story| story.build.write("video.mp4", story.video(2)),
        needs: &[
            ("s3:ListBucketMultipartUploads", Warns),
            ("s3:ListMultipartUploadParts", Warns),
            ("s3:AbortMultipartUpload", Warns),
        ],
        shows: |told| told["plan"]["uploads"][0]["key"] == "video.mp4",
    },
];

/// A bootstrapped site, and a build that changes.
struct Story {
    remote: Remote,
    build: Folder,
    bucket: String,
    distribution: String,
    policy: Value,
}

impl Story {
    /// Bootstraps `DOMAIN` with a role for GitHub.
    async fn bootstrapped(remote: Remote, flags: &[&str]) -> Self {
        let flags = [&["--create-zone", "--github", "ann/cruddur", "--yes"], flags].concat();
        let made = remote.bootstrap(DOMAIN, &flags).await.succeeds();
        let policy = role_policy(&remote).await;
        let build = Folder::site().file("old.html", "<!doctype html>old").file("about.html", "<!doctype html>about");
        let build = build.file("robots.txt", "User-agent: *");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (bucket, distribution) = (text(&made["site"]["bucket"]), text(&made["result"]["distribution"]));
        Self { remote, build, bucket, distribution, policy }
    }

    /// 17 MiB, which are two parts.
    fn video(&self, edition: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(edition);
        std::iter::repeat_with(|| random.u8(..)).take(17 << 20).collect()
    }

    async fn publish(&self) -> Told {
        self.remote.publish(&self.build, DOMAIN, &[]).await
    }

    /// What a publish leaves behind that is killed between two parts.
    async fn cut_off(&self) {
        let s3 = self.remote.s3();
        for key in ["live/gone.mp4", "live/video.mp4"] {
            let create = s3.create_multipart_upload().bucket(&self.bucket).key(key);
            create.checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.unwrap();
        }
        let lock = s3.put_object().bucket(&self.bucket).key(".cruddur-site/live/lock.json");
        lock.body(b"what is no lock holds nobody back".to_vec().into()).send().await.unwrap();
    }
}

/// The policy of the role, as it is in the account.
async fn role_policy(remote: &Remote) -> Value {
    let iam = aws_sdk_iam::Client::new(&remote.config());
    let get = iam.get_role_policy().role_name(role_name(DOMAIN)).policy_name("publish").send().await.unwrap();
    let document = percent_encoding::percent_decode_str(get.policy_document()).decode_utf8().unwrap();
    serde_json::from_str(&document).unwrap()
}

/// Every action of a policy.
pub fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let of = |statement: &Value| match &statement["Action"] {
        Value::Array(list) => list.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    };
    statements.flat_map(of).collect()
}

/// The policy without an action.
fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        let left: Vec<Value> = match statement["Action"].take() {
            Value::Array(list) => list.into_iter().filter(|one| one != action).collect(),
            one => [one].into_iter().filter(|one| one != action).collect(),
        };
        statement["Action"] = left.into();
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

/// The table is about the policy as it is: nothing is in it that nobody speaks of here.
#[tokio::test]
async fn every_action_has_its_reason() {
    let story = Story::bootstrapped(Remote::local().await, &[]).await;
    let needed = STORY.iter().flat_map(|step| step.needs).map(|(action, _)| *action);
    let reasoned: BTreeSet<String> = needed.chain(KEPT_BACK.map(|(action, _)| action)).map(str::to_owned).collect();
    assert_eq!(actions(&story.policy), reasoned);
}

/// Every call of every kind of publish is allowed by the policy, resource and conditions included; and every action of it is
/// called, and every call is needed by a step or by none.
#[tokio::test]
async fn the_policy_allows_what_is_called_and_nothing_is_left_over() {
    let story = Story::bootstrapped(Remote::local().await, &[]).await;
    story.remote.calls();
    let mut called = BTreeSet::new();
    for step in &STORY {
        (step.before)(&story);
        if step.name.contains("cut off") {
            story.cut_off().await;
        }
        let told = story.publish().await.succeeds();
        assert!((step.shows)(&told), "{}: {told:#}", step.name);
        for call in story.remote.calls() {
            for asked in asked(&call, "000000000000") {
                assert!(asked.is_allowed(&story.policy), "{}: {asked:?}", step.name);
                let lacking = without(&story.policy, &asked.action);
                assert!(!asked.is_allowed(&lacking), "{}: {asked:?} is allowed twice", step.name);
                called.insert(asked.action);
            }
        }
    }
    called.extend(KEPT_BACK.map(|(action, _)| action.to_owned()));
    assert_eq!(called, actions(&story.policy));
}

/// What is none of a publish's business is not allowed.
#[tokio::test]
async fn the_policy_allows_nothing_else() {
    let story = Story::bootstrapped(Remote::local().await, &[]).await;
    let bucket = format!("arn:aws:s3:::{}", story.bucket);
    let distribution = format!("arn:aws:cloudfront::000000000000:distribution/{}", story.distribution);
    let listing =
        |prefix: &str| Asked { context: vec![("s3:prefix", prefix.to_owned())], ..Asked::on("s3:ListBucket", &bucket) };
    let on = |action: &str, resource: String| Asked::on(action, resource);
    let allowed = [
        listing("live/"),
        on("s3:PutObject", format!("{bucket}/live/index.html")),
        on("s3:PutObject", format!("{bucket}/.cruddur-site/live/manifest.json.gz")),
        on("cloudfront:CreateInvalidation", distribution.clone()),
    ];
    for asked in allowed {
        assert!(asked.is_allowed(&story.policy), "{asked:?}");
    }
    let mut refused = vec![
        listing(""),
        listing("backup/"),
        listing("live-not/"),
        on("s3:GetObject", format!("{bucket}/backup/customers.csv")),
        on("s3:GetObject", format!("{bucket}/livestock.html")),
        on("s3:PutObject", format!("{bucket}/index.html")),
        on("s3:PutObject", format!("{bucket}-other/live/index.html")),
        on("s3:DeleteObjectVersion", format!("{bucket}/live/index.html")),
        on("s3:PutObjectAcl", format!("{bucket}/live/index.html")),
        on("cloudfront:CreateInvalidation", format!("{distribution}X")),
        on("cloudfront:GetDistribution", "arn:aws:cloudfront::000000000000:distribution/E2OTHER".into()),
        on("cloudfront:UpdateDistribution", distribution.clone()),
        on("cloudfront:DeleteDistribution", distribution.clone()),
        on(
            "cloudfront:UpdateFunction",
            "arn:aws:cloudfront::000000000000:function/cruddur-site-spa-cruddur-com".into(),
        ),
        on("iam:PutRolePolicy", format!("arn:aws:iam::000000000000:role/{}", role_name(DOMAIN))),
        on("sts:AssumeRole", "arn:aws:iam::000000000000:role/admin".into()),
        on("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1".into()),
    ];
    let of_the_bucket = [
        "DeleteBucket",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketVersioning",
        "PutLifecycleConfiguration",
        "PutBucketAcl",
        "PutBucketOwnershipControls",
        "PutEncryptionConfiguration",
    ];
    refused.extend(of_the_bucket.map(|action| on(&format!("s3:{action}"), bucket.clone())));
    for asked in refused {
        assert!(!asked.is_allowed(&story.policy), "{asked:?}");
    }
}

/// moto with its enforcement, and the role's own credentials.
struct Enforced {
    story: Story,
    owner: Credentials,
    role: Credentials,
}

impl Enforced {
    async fn new(server: &MotoServer) -> Self {
        let remote = Remote::moto(server).await;
        remote.dns.says(DOMAIN, "NS", ["ns-2048.awsdns-64.com"]);
        let story = Story::bootstrapped(remote, &["--routing", "error-pages"]).await;
        let_the_owner_see_the_state(&story.remote, &story.bucket).await;
        let sts = aws_sdk_sts::Client::new(&story.remote.config());
        // As a workflow run does; moto takes any token.
        let assume =
            sts.assume_role_with_web_identity().role_session_name("run").web_identity_token("a token of GitHub's");
        let role = format!("arn:aws:iam::123456789012:role/{}", role_name(DOMAIN));
        let given = assume.role_arn(role).send().await.unwrap().credentials.unwrap();
        let (id, secret) = (given.access_key_id, given.secret_access_key);
        let role = Credentials::new(id, secret, Some(given.session_token), None, "role");
        Self { owner: story.remote.credentials(), role, story }
    }

    /// Enforcement ends, and the owner is at work.
    async fn as_owner(&mut self) {
        self.enforce("inf").await;
        self.story.remote.becomes(self.owner.clone());
    }

    /// The role is at work, and has this policy alone.
    async fn as_role(&mut self, policy: &Value) {
        self.as_owner().await;
        let iam = aws_sdk_iam::Client::new(&self.story.remote.config());
        let put = iam.put_role_policy().role_name(role_name(DOMAIN)).policy_name("publish");
        put.policy_document(as_moto_asks(policy, &self.story.bucket).to_string()).send().await.unwrap();
        self.story.remote.becomes(self.role.clone());
        self.enforce("0").await;
    }

    /// After so many requests more, everything needs a permission.
    async fn enforce(&self, after: &'static str) {
        let url = format!("{}/moto-api/reset-auth", self.story.remote.proxy.endpoint());
        let post = reqwest::Client::new().post(url).header("content-type", "text/plain").body(after);
        assert!(post.send().await.unwrap().status().is_success());
    }
}

/// The policy with the one thing that moto 5.2.5 asks otherwise than AWS: the deletion of several objects on the bucket, and
/// not on each of them. (That those are the right ones is shown by the record.)
fn as_moto_asks(policy: &Value, bucket: &str) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        if statement["Sid"] == "CruddurSiteObjects" {
            let resources = statement["Resource"].as_array_mut().unwrap();
            resources.push(format!("arn:aws:s3:::{bucket}").into());
        }
    }
    policy
}

/// Given the role with its policy alone, when moto enforces it, then every kind of publish succeeds; and with any one action
/// left out that a kind of publish needs, that publish fails or warns, and names the action.
#[tokio::test]
async fn the_role_publishes_with_it_and_not_without_any_of_it() {
    let Some(server) = MotoServer::start_issuing() else { return };
    let mut enforced = Enforced::new(&server).await;
    let policy = enforced.story.policy.clone();
    for step in &STORY {
        (step.before)(&enforced.story);
        let is_cut_off = step.name.contains("cut off");
        for (edition, (action, becomes)) in (3..).zip(step.needs) {
            enforced.as_owner().await;
            if is_cut_off {
                enforced.story.cut_off().await;
                enforced.story.build.write("video.mp4", enforced.story.video(edition));
            }
            enforced.as_role(&without(&policy, action)).await;
            let told = enforced.story.publish().await;
            let said = told.said();
            match becomes {
                Fails => assert!(told.fails()["next"].as_str().unwrap().contains(action), "{}: {said}", step.name),
                Warns => drop(told.succeeds()),
            }
            assert!(said.contains(action), "{} without {action}: {said}", step.name);
        }
        enforced.as_owner().await;
        if is_cut_off {
            enforced.story.cut_off().await;
            enforced.story.build.write("video.mp4", enforced.story.video(2));
        }
        enforced.as_role(&policy).await;
        let told = enforced.story.publish().await;
        let said = told.said();
        let told = told.succeeds();
        assert!((step.shows)(&told), "{}: {told:#}", step.name);
        assert!(!said.contains("permission"), "{}: {said}", step.name);
    }
    refuses_everything_else(&enforced).await;
}

/// What moto refuses to the role with its whole policy.
async fn refuses_everything_else(enforced: &Enforced) {
    let Story { remote, bucket, distribution, .. } = &enforced.story;
    let s3 = remote.s3();
    let (iam, cloudfront) =
        (aws_sdk_iam::Client::new(&remote.config()), aws_sdk_cloudfront::Client::new(&remote.config()));
    macro_rules! refused {
        ($($call:expr),+ $(,)?) => {
            $({
                let refused = $call.send().await.expect_err(stringify!($call));
                let status = refused.raw_response().expect("an answer").status().as_u16();
                assert_eq!(status, 403, "{}: {refused:?}", stringify!($call));
            })+
        };
    }
    refused![
        s3.get_object().bucket(bucket).key("backup/customers.csv"),
        s3.put_object().bucket(bucket).key("index.html"),
        s3.put_object().bucket(format!("{bucket}-other")).key("live/index.html"),
        s3.list_objects_v2().bucket(format!("{bucket}-other")),
        s3.delete_bucket().bucket(bucket),
        s3.put_bucket_policy().bucket(bucket).policy("{}"),
        s3.delete_bucket_policy().bucket(bucket),
        cloudfront.get_distribution().id(format!("{distribution}X")),
        cloudfront.delete_distribution().id(distribution).if_match("*"),
        iam.list_roles(),
    ];
    // The same client may do what the policy allows: it is not refused for any other reason.
    s3.get_object().bucket(bucket).key("live/index.html").send().await.unwrap();
    cloudfront.get_distribution().id(distribution).send().await.unwrap();
}
