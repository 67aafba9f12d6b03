//! IAM and STS: who the caller is, and what a deploy role is made of.

use aws_credential_types::Credentials;
use aws_sdk_iam::{config::Region, error::ProvideErrorMetadata, types::Tag};
use cruddur_site::local::{ACCESS_KEY_ID, ACCOUNT_NUMBER, REGION, SECRET_ACCESS_KEY};
use serde_json::{Value, json};

use crate::{Rehearsal, code};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const PROVIDER: &str = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com";
const AUDIENCE: &str = "sts.amazonaws.com";

fn iam_client(url: &str, region: &str, access_key_id: &str) -> aws_sdk_iam::Client {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version_latest()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(access_key_id, SECRET_ACCESS_KEY, None, None, "test"))
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .build();
    aws_sdk_iam::Client::from_conf(config)
}

impl Rehearsal {
    fn iam(&self) -> aws_sdk_iam::Client {
        iam_client(self.server.url(), REGION, ACCESS_KEY_ID)
    }

    fn sts(&self, region: &str) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "test"))
            .region(aws_sdk_sts::config::Region::new(region.to_owned()))
            .endpoint_url(self.server.url())
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }

    async fn with_role() -> (Self, aws_sdk_iam::Client) {
        let rehearsal = Self::start().await;
        let iam = rehearsal.iam();
        let create = iam.create_role().role_name("deploy").assume_role_policy_document(document(&trust()));
        create.send().await.unwrap();
        (rehearsal, iam)
    }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

fn pairs(tags: &[Tag]) -> Vec<(&str, &str)> {
    tags.iter().map(|tag| (tag.key(), tag.value())).collect()
}

/// A statement that lets one repository's main branch take the role on.
fn trust() -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            "token.actions.githubusercontent.com:aud": AUDIENCE,
            "token.actions.githubusercontent.com:sub": "repo:omenking/cruddur:ref:refs/heads/main",
        } },
    })
}

fn permission() -> Value {
    json!({ "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*" })
}

fn document(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn with(mut statement: Value, member: &str, value: Value) -> Value {
    statement[member] = value;
    statement
}

fn without(mut statement: Value, member: &str) -> Value {
    statement.as_object_mut().unwrap().remove(member).unwrap();
    statement
}

/// What an answer tells percent-encoded.
fn decoded(document: &str) -> String {
    percent_encoding::percent_decode_str(document).decode_utf8().unwrap().into_owned()
}

fn code_and_message<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> (String, String) {
    let message = outcome.as_ref().err().and_then(|error| error.message()).unwrap_or("no message").to_owned();
    (code(outcome), message)
}

#[tokio::test]
async fn the_caller_is_a_user_of_the_account() {
    let rehearsal = Rehearsal::start().await;
    for region in ["us-east-1", "eu-west-1"] {
        let caller = rehearsal.sts(region).get_caller_identity().send().await.unwrap();
        assert_eq!(caller.account(), Some(ACCOUNT_NUMBER));
        assert_eq!(caller.arn(), Some("arn:aws:iam::000000000000:user/local"));
        assert!(caller.user_id().is_some_and(|id| id.starts_with("AIDA")));
    }
}

#[tokio::test]
async fn iam_is_global_and_knows_one_key() {
    let rehearsal = Rehearsal::start().await;
    let ireland = iam_client(rehearsal.server.url(), "eu-west-1", ACCESS_KEY_ID);
    assert_eq!(code(ireland.list_roles().send().await), "SignatureDoesNotMatch");
    let stranger = iam_client(rehearsal.server.url(), REGION, "STRANGER");
    assert_eq!(code(stranger.list_roles().send().await), "InvalidClientTokenId");
    assert_eq!(code(rehearsal.iam().list_users().send().await), "InvalidAction");
}

#[tokio::test]
async fn a_provider_is_made_once_and_takes_more_audiences() {
    let rehearsal = Rehearsal::start().await;
    let iam = rehearsal.iam();
    let create = || iam.create_open_id_connect_provider().url(GITHUB).client_id_list(AUDIENCE);
    let made = create().tags(tag("site", "cruddur.com")).send().await.unwrap();
    assert_eq!(made.open_id_connect_provider_arn(), Some(PROVIDER));
    assert_eq!(code(create().send().await), "EntityAlreadyExists");
    let listed = iam.list_open_id_connect_providers().send().await.unwrap();
    let arns: Vec<_> = listed.open_id_connect_provider_list().iter().map(|one| one.arn().unwrap()).collect();
    assert_eq!(arns, [PROVIDER]);

    let add = |audience: &str| {
        iam.add_client_id_to_open_id_connect_provider()
            .open_id_connect_provider_arn(PROVIDER)
            .client_id(audience)
            .send()
    };
    for audience in ["other", "other", AUDIENCE] {
        add(audience).await.unwrap();
    }
    let tagged = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(PROVIDER);
    tagged.tags(tag("Site", "www.cruddur.com")).send().await.unwrap();
    let got = iam.get_open_id_connect_provider().open_id_connect_provider_arn(PROVIDER).send().await.unwrap();
    assert_eq!(got.url(), Some("token.actions.githubusercontent.com"));
    assert_eq!(got.client_id_list(), [AUDIENCE, "other"]);
    assert!(got.create_date().is_some() && got.thumbprint_list()[0].len() == 40);
    assert_eq!(pairs(got.tags()), [("Site", "www.cruddur.com")]);

    let delete = || iam.delete_open_id_connect_provider().open_id_connect_provider_arn(PROVIDER).send();
    delete().await.unwrap();
    delete().await.unwrap();
    let get = iam.get_open_id_connect_provider().open_id_connect_provider_arn(PROVIDER).send().await;
    assert_eq!(code(get), "NoSuchEntity");
    assert_eq!(code(add("other").await), "NoSuchEntity");
}

#[tokio::test]
async fn a_provider_is_an_https_address_with_few_audiences() {
    let rehearsal = Rehearsal::start().await;
    let iam = rehearsal.iam();
    let long = format!("https://{}.example", "a".repeat(255));
    for url in ["http://example.com", "example.com", "https://example.com:8443", "https://example.com?q=1", "", &long] {
        assert_eq!(code(iam.create_open_id_connect_provider().url(url).send().await), "ValidationError", "{url}");
    }
    let create = || iam.create_open_id_connect_provider().url("https://example.com/tenant/");
    let many = (0..101).map(|number| number.to_string()).collect();
    assert_eq!(code(create().set_client_id_list(Some(many)).send().await), "LimitExceeded");
    assert_eq!(code(create().client_id_list("a".repeat(256)).send().await), "ValidationError");
    assert_eq!(code(create().thumbprint_list("abc").send().await), "ValidationError");
    let made = create().send().await.unwrap();
    assert_eq!(made.open_id_connect_provider_arn(), Some("arn:aws:iam::000000000000:oidc-provider/example.com/tenant"));
}

#[tokio::test]
async fn a_role_is_told_with_its_trust_encoded() {
    let rehearsal = Rehearsal::start().await;
    let iam = rehearsal.iam();
    let trusted = document(&trust());
    let create = || iam.create_role().role_name("Deploy").assume_role_policy_document(&trusted);
    let made = create().path("/sites/").description("Publishes <cruddur>").tags(tag("site", "cruddur.com"));
    let made = made.send().await.unwrap().role.unwrap();
    assert_eq!(made.arn(), "arn:aws:iam::000000000000:role/sites/Deploy");
    let got = iam.get_role().role_name("Deploy").send().await.unwrap().role.unwrap();
    assert_eq!(got, made);
    assert_eq!((got.path(), got.description()), ("/sites/", Some("Publishes <cruddur>")));
    assert_eq!((got.max_session_duration(), pairs(got.tags())), (Some(3600), vec![("site", "cruddur.com")]));
    assert!(got.role_id().starts_with("AROA"));
    let told = got.assume_role_policy_document().unwrap();
    assert!(told.starts_with("%7B%22"), "{told}");
    assert_eq!(decoded(told), trusted);
    assert_eq!(code(create().send().await), "EntityAlreadyExists");
    let shouted = iam.create_role().role_name("DEPLOY").assume_role_policy_document(&trusted);
    assert_eq!(code(shouted.send().await), "EntityAlreadyExists");

    let narrower = document(&with(trust(), "Sid", json!("Main")));
    iam.update_assume_role_policy().role_name("Deploy").policy_document(&narrower).send().await.unwrap();
    let got = iam.get_role().role_name("Deploy").send().await.unwrap().role.unwrap();
    assert_eq!(decoded(got.assume_role_policy_document().unwrap()), narrower);

    let tags = iam.tag_role().role_name("Deploy").tags(tag("site", "other")).tags(tag("by", "hand"));
    tags.send().await.unwrap();
    let got = iam.list_role_tags().role_name("Deploy").send().await.unwrap();
    assert_eq!(pairs(got.tags()), [("by", "hand"), ("site", "other")]);
    iam.untag_role().role_name("Deploy").tag_keys("by").send().await.unwrap();
    let got = iam.list_role_tags().role_name("Deploy").send().await.unwrap();
    assert_eq!(pairs(got.tags()), [("site", "other")]);
}

#[tokio::test]
async fn roles_are_listed_in_pages() {
    let rehearsal = Rehearsal::start().await;
    let iam = rehearsal.iam();
    for number in [3, 1, 2] {
        let create =
            iam.create_role().role_name(format!("role{number}")).assume_role_policy_document(document(&trust()));
        create.path(if number == 3 { "/other/" } else { "/" }).send().await.unwrap();
    }
    let (mut names, mut pages, mut marker) = (Vec::new(), 0, None);
    loop {
        let page = iam.list_roles().max_items(2).set_marker(marker).send().await.unwrap();
        names.extend(page.roles().iter().map(|role| role.role_name().to_owned()));
        pages += 1;
        if !page.is_truncated() {
            break;
        }
        marker = page.marker;
    }
    assert_eq!((names, pages), (["role1", "role2", "role3"].map(str::to_owned).to_vec(), 2));
    let other = iam.list_roles().path_prefix("/other/").send().await.unwrap();
    assert_eq!((other.roles().len(), other.is_truncated()), (1, false));
    assert_eq!(code(iam.list_roles().max_items(1001).send().await), "ValidationError");
}

#[tokio::test]
async fn names_and_sizes_are_as_iam_wants_them() {
    let rehearsal = Rehearsal::start().await;
    let iam = rehearsal.iam();
    let create = |name: &str| iam.create_role().role_name(name).assume_role_policy_document(document(&trust()));
    for name in ["", "a b", "a/b", "rôle", &"a".repeat(65)] {
        assert_eq!(code(create(name).send().await), "ValidationError", "{name}");
    }
    assert_eq!(code(iam.create_role().role_name("role").send().await), "ValidationError");
    assert_eq!(code(create("role").path("sites").send().await), "ValidationError");
    assert_eq!(code(create("role").max_session_duration(60).send().await), "ValidationError");
    assert_eq!(code(create("role").description("d".repeat(1001)).send().await), "ValidationError");
    assert_eq!(code(create("role").tags(tag("a", "1")).tags(tag("A", "2")).send().await), "InvalidInput");
    assert_eq!(code(create("role").tags(tag("aws:a", "1")).send().await), "InvalidInput");
    let many = (0..51).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(code(create("role").set_tags(Some(many)).send().await), "LimitExceeded");
    assert_eq!(code(create(&"a".repeat(64)).send().await), "succeeded");
    let subjects: Vec<_> = (0..200).map(|number| format!("repo:cruddur/{number}")).collect();
    let long = with(trust(), "Condition", json!({ "StringEquals": { "token:sub": subjects } }));
    let update = iam.create_role().role_name("long").assume_role_policy_document(document(&long));
    assert_eq!(code(update.send().await), "LimitExceeded");
}

#[tokio::test]
async fn a_trust_that_iam_does_not_take_is_malformed() {
    let (_rehearsal, iam) = Rehearsal::with_role().await;
    let statements = [
        (without(trust(), "Effect"), "Syntax errors in policy."),
        (without(trust(), "Principal"), "Missing required field Principal"),
        (with(trust(), "Resource", json!("*")), "Has prohibited field Resource"),
        (with(trust(), "Action", json!("s3:GetObject")), "AssumeRole policy may only specify STS AssumeRole actions."),
        (without(trust(), "Action"), "Policy statement must contain actions."),
        (
            with(trust(), "Principal", json!({ "Federated": GITHUB })),
            "Federated principals must be valid domain names or SAML metadata ARNs",
        ),
        (with(trust(), "Principal", json!({ "AWS": "somebody" })), "Invalid principal in policy: \"AWS\":\"somebody\""),
        (with(trust(), "Conditions", json!({})), "Syntax errors in policy."),
    ];
    let mut table: Vec<_> = statements.iter().map(|(statement, told)| (document(statement), *told)).collect();
    table.push(("{".to_owned(), "This policy contains invalid Json"));
    table.push((json!({ "Version": "2012-10-17" }).to_string(), "Syntax errors in policy."));
    let wrong_version = json!({ "Version": "2012-10-18", "Statement": [trust()] }).to_string();
    table.push((wrong_version, "The policy must contain a valid version string"));
    for (text, told) in table {
        let update = iam.update_assume_role_policy().role_name("deploy").policy_document(&text).send().await;
        assert_eq!(code_and_message(update), ("MalformedPolicyDocument".to_owned(), told.to_owned()), "{text}");
        let create = iam.create_role().role_name("other").assume_role_policy_document(&text).send().await;
        assert_eq!(code(create), "MalformedPolicyDocument", "{text}");
    }
    let got = iam.get_role().role_name("deploy").send().await.unwrap().role.unwrap();
    assert_eq!(decoded(got.assume_role_policy_document().unwrap()), document(&trust()));
}

#[tokio::test]
async fn inline_policies_come_and_go_and_hold_their_role() {
    let (_rehearsal, iam) = Rehearsal::with_role().await;
    let put = |name: &str, text: String| {
        iam.put_role_policy().role_name("deploy").policy_name(name).policy_document(text).send()
    };
    let get = |name: &str| iam.get_role_policy().role_name("deploy").policy_name(name).send();
    put("publish", document(&permission())).await.unwrap();
    let wider = document(&with(permission(), "Action", json!(["s3:GetObject", "s3:PutObject"])));
    put("publish", wider.clone()).await.unwrap();
    put("more", document(&permission())).await.unwrap();
    let got = get("publish").await.unwrap();
    assert_eq!((got.role_name(), got.policy_name()), ("deploy", "publish"));
    assert_eq!(decoded(got.policy_document()), wider);
    let names = iam.list_role_policies().role_name("deploy").send().await.unwrap();
    assert_eq!(
        (names.policy_names(), names.is_truncated()),
        (["more", "publish"].map(str::to_owned).as_slice(), false)
    );

    let table = [
        (with(permission(), "Principal", json!("*")), "Policy document should not specify a principal."),
        (without(permission(), "Resource"), "Policy statement must contain resources."),
        (without(permission(), "Action"), "Policy statement must contain actions."),
        (
            with(permission(), "Action", json!("GetObject")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (with(permission(), "Resource", json!("bucket/*")), "Resource bucket/* must be in ARN format or \"*\"."),
        (
            with(permission(), "Sid", json!("two words")),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ),
    ];
    for (statement, told) in table {
        let refused = put("publish", document(&statement)).await;
        assert_eq!(code_and_message(refused), ("MalformedPolicyDocument".to_owned(), told.to_owned()), "{statement}");
    }
    let resources: Vec<_> = (0..500).map(|number| format!("arn:aws:s3:::bucket/{number}/*")).collect();
    let long = document(&with(permission(), "Resource", json!(resources)));
    assert_eq!(code(put("long", long).await), "LimitExceeded");
    assert_eq!(code(get("long").await), "NoSuchEntity");

    assert_eq!(code(iam.delete_role().role_name("deploy").send().await), "DeleteConflict");
    for name in ["publish", "more"] {
        iam.delete_role_policy().role_name("deploy").policy_name(name).send().await.unwrap();
    }
    let again = iam.delete_role_policy().role_name("deploy").policy_name("more").send().await;
    assert_eq!(code(again), "NoSuchEntity");
    iam.delete_role().role_name("deploy").send().await.unwrap();
    assert_eq!(code(iam.get_role().role_name("deploy").send().await), "NoSuchEntity");
    assert_eq!(code(iam.delete_role().role_name("deploy").send().await), "NoSuchEntity");
}

#[tokio::test]
async fn managed_policies_are_attached_and_read() {
    let (_rehearsal, iam) = Rehearsal::with_role().await;
    let text = document(&permission());
    let create = || iam.create_policy().policy_name("Publish").policy_document(&text);
    let made = create().send().await.unwrap().policy.unwrap();
    let arn = made.arn().unwrap();
    assert_eq!((arn, made.attachment_count()), ("arn:aws:iam::000000000000:policy/Publish", Some(0)));
    assert_eq!(code(create().send().await), "EntityAlreadyExists");
    let attach = |arn: &str| iam.attach_role_policy().role_name("deploy").policy_arn(arn).send();
    attach(arn).await.unwrap();
    attach(arn).await.unwrap();
    attach("arn:aws:iam::aws:policy/AdministratorAccess").await.unwrap();
    assert_eq!(code(attach("arn:aws:iam::000000000000:policy/Missing").await), "NoSuchEntity");
    assert_eq!(code(attach("Publish").await), "InvalidInput");
    let listed = iam.list_attached_role_policies().role_name("deploy").send().await.unwrap();
    let attached: Vec<_> = listed.attached_policies().iter().map(|one| one.policy_name().unwrap()).collect();
    assert_eq!(attached, ["Publish", "AdministratorAccess"]);

    for (arn, expected) in [(arn, text.as_str()), (listed.attached_policies()[1].policy_arn().unwrap(), "*")] {
        let policy = iam.get_policy().policy_arn(arn).send().await.unwrap().policy.unwrap();
        assert_eq!(policy.attachment_count(), Some(1), "{arn}");
        let version = policy.default_version_id().unwrap();
        let got = iam.get_policy_version().policy_arn(arn).version_id(version).send().await.unwrap();
        let got = decoded(got.policy_version().unwrap().document().unwrap());
        assert!(got.contains(expected), "{got}");
    }
    let version = iam.get_policy_version().policy_arn(arn).version_id("v9").send().await;
    assert_eq!(code(version), "NoSuchEntity");

    assert_eq!(code(iam.delete_role().role_name("deploy").send().await), "DeleteConflict");
    assert_eq!(code(iam.delete_policy().policy_arn(arn).send().await), "DeleteConflict");
    let detach = |arn: &str| iam.detach_role_policy().role_name("deploy").policy_arn(arn).send();
    detach(arn).await.unwrap();
    assert_eq!(code(detach(arn).await), "NoSuchEntity");
    detach("arn:aws:iam::aws:policy/AdministratorAccess").await.unwrap();
    iam.delete_role().role_name("deploy").send().await.unwrap();
    iam.delete_policy().policy_arn(arn).send().await.unwrap();
    assert_eq!(code(iam.get_policy().policy_arn(arn).send().await), "NoSuchEntity");
}
