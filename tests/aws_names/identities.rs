//! The account, GitHub's identity provider, and roles.

use cruddur_site::ErrorKind;
use cruddur_site::setup::site::Account;
use serde_json::json;

use crate::on_every_account;
use crate::world::{World, tags};

on_every_account!(
    the_account_is_that_of_the_credentials,
    the_provider_is_made_once,
    a_role_is_made_read_and_deleted,
    roles_for_github_are_told_from_others,
);

async fn the_account_is_that_of_the_credentials(world: World) {
    let account = world.aws.account().await.unwrap();
    assert_eq!(account, Account { id: world.account.into(), partition: "aws".into() });
    assert_eq!(world.aws.region(), "us-east-1");
}

async fn the_provider_is_made_once(world: World) {
    let identities = world.aws.identities();
    let account = world.aws.account().await.unwrap();
    assert_eq!(identities.provider(&account).await.unwrap(), None);

    let arn = identities.create_provider(&account).await.unwrap();
    let provider = identities.provider(&account).await.unwrap().expect("a provider");
    assert_eq!((provider.arn, provider.audiences), (arn.clone(), vec!["sts.amazonaws.com".to_owned()]));
    assert_eq!(identities.create_provider(&account).await.unwrap(), arn, "as when the first answer was lost");
}

fn trust(repository: &str) -> serde_json::Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": format!("repo:{repository}:ref:refs/heads/main"),
            }},
        }],
    })
}

fn policy(action: &str) -> serde_json::Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

async fn a_role_is_made_read_and_deleted(world: World) {
    let identities = world.aws.identities();
    let name = "cruddur-site-role-example";
    assert_eq!(identities.role(name).await.unwrap(), None);

    let arn =
        identities.create_role(name, &trust("a/b"), "publishes role.example", &tags(&[("a", "1")])).await.unwrap();
    let role = identities.role(name).await.unwrap().expect("a role");
    assert_eq!((role.name.as_str(), role.arn.as_str()), (name, arn.as_str()));
    assert_eq!(role.trust, trust("a/b"));
    assert_eq!((role.inline.len(), role.attached.len()), (0, 0));
    assert_eq!(role.tags, tags(&[("a", "1")]));
    let again = identities.create_role(name, &trust("a/b"), "again", &tags(&[])).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Rival, "{again}");

    identities.set_trust(name, &trust("c/d")).await.unwrap();
    identities.put_policy(name, "publish", &policy("s3:PutObject")).await.unwrap();
    identities.put_policy(name, "publish", &policy("s3:GetObject")).await.unwrap();
    identities.tag_role(name, &tags(&[("b", "2")])).await.unwrap();
    let create =
        world.iam().create_policy().policy_name("role-example").policy_document(policy("s3:List*").to_string());
    let managed = create.send().await.unwrap().policy.unwrap().arn.unwrap();
    world.iam().attach_role_policy().role_name(name).policy_arn(&managed).send().await.unwrap();

    let role = identities.role(name).await.unwrap().expect("a role");
    assert_eq!(role.trust, trust("c/d"));
    assert_eq!(role.inline.into_iter().collect::<Vec<_>>(), [("publish".to_owned(), policy("s3:GetObject"))]);
    assert_eq!(role.attached, [(managed.clone(), policy("s3:List*"))]);
    assert_eq!(role.tags, tags(&[("a", "1"), ("b", "2")]));

    identities.delete_role(name).await.unwrap();
    assert_eq!(identities.role(name).await.unwrap(), None);
    identities.delete_role(name).await.expect("what is gone needs no deletion");
    let kept = world.iam().get_policy().policy_arn(&managed).send().await.unwrap();
    assert_eq!(kept.policy.and_then(|policy| policy.attachment_count), Some(0), "the managed policy itself stays");

    let absent = identities.set_trust(name, &trust("a/b")).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound, "{absent}");
}

async fn roles_for_github_are_told_from_others(world: World) {
    let identities = world.aws.identities();
    let service = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    // More than a page of them.
    for number in 0..105 {
        identities.create_role(&format!("a-service-{number}"), &service, "", &tags(&[])).await.unwrap();
    }
    identities.create_role("z-deploy", &trust("a/b"), "", &tags(&[])).await.unwrap();
    identities.put_policy("z-deploy", "all", &policy("*")).await.unwrap();
    let found = identities.roles_for_github().await.unwrap();
    assert!(!found.iter().any(|role| role.name.starts_with("a-service")));
    let deploy = found.iter().find(|role| role.name == "z-deploy").expect("the role on the last page");
    assert_eq!(deploy.inline["all"], policy("*"));
}
