//! Mistakes with the role that publishes from GitHub Actions.

use cruddur_site::setup::site::role_name;
use serde_json::{Value, json};

use crate::world::{BUCKET, DOMAIN, World, finds, is_sound, repository};

const PROVIDER: &str = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com";
const KEYS: &str = "token.actions.githubusercontent.com";
const MAIN: &str = "repo:ann/cruddur:ref:refs/heads/main";

/// What lets tokens with these conditions take a role on.
fn trust(conditions: Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    });
    statement["Sid"] = "GitHub".into();
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn of_main() -> Value {
    trust(json!({ "StringEquals": { format!("{KEYS}:aud"): "sts.amazonaws.com", format!("{KEYS}:sub"): MAIN } }))
}

/// What a publish needs, as somebody wrote it by hand.
fn enough(world: &World) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
          "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")] },
        { "Effect": "Allow",
          "Action": ["cloudfront:GetDistribution", "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
          "Resource": world.distribution().arn },
    ] })
}

/// Makes the provider and the role, under the name that bootstrap gives it.
async fn make_role(world: &World, trust: &Value, policy: Option<&Value>) -> String {
    let iam = world.iam();
    let provider = iam.create_open_id_connect_provider().url(format!("https://{KEYS}"));
    provider.client_id_list("sts.amazonaws.com").send().await.unwrap();
    let name = role_name(DOMAIN);
    iam.create_role().role_name(&name).assume_role_policy_document(trust.to_string()).send().await.unwrap();
    if let Some(policy) = policy {
        let put = iam.put_role_policy().role_name(&name).policy_name("publish");
        put.policy_document(policy.to_string()).send().await.unwrap();
    }
    name
}

async fn mended_by_github(world: &World, expected: &[&str]) {
    finds(world, expected).await;
    world.try_bootstrap(|request| request.deployer = Some(repository("ann", "cruddur"))).await.unwrap();
    is_sound(world).await;
}

/// "A deploy role with no policy attached."
#[tokio::test(flavor = "multi_thread")]
async fn the_role_has_no_policy() {
    let world = World::sound().await;
    make_role(&world, &of_main(), None).await;
    mended_by_github(&world, &["role-without-policy"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_trusts_all_of_github() {
    let world = World::sound().await;
    let open = trust(json!({ "StringEquals": { format!("{KEYS}:aud"): "sts.amazonaws.com" } }));
    make_role(&world, &open, Some(&enough(&world))).await;
    mended_by_github(&world, &["trusts-all-of-github"]).await;
}

/// The trust is as wide as its widest subject.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_trusts_more_than_a_repository() {
    for (subjects, expected) in [
        (json!("repo:ann/*"), "trust-too-wide"),
        (json!([MAIN, "repo:ann/*:ref:refs/heads/main"]), "trust-too-wide"),
        (json!("*"), "trust-too-wide"),
        (json!("repo:ann/cruddur:*"), "trusts-every-branch"),
    ] {
        let world = World::sound().await;
        let wide = trust(json!({
            "StringEquals": { format!("{KEYS}:aud"): "sts.amazonaws.com" },
            "StringLike": { format!("{KEYS}:sub"): subjects },
        }));
        make_role(&world, &wide, Some(&enough(&world))).await;
        mended_by_github(&world, &[expected]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trust_asks_for_no_audience() {
    let world = World::sound().await;
    let trust = trust(json!({ "StringEquals": { format!("{KEYS}:sub"): MAIN } }));
    make_role(&world, &trust, Some(&enough(&world))).await;
    mended_by_github(&world, &["no-audience"]).await;
}

/// The role may write to the bucket, and nobody thought of invalidations.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_may_not_invalidate() {
    let world = World::sound().await;
    let mut policy = enough(&world);
    policy["Statement"].as_array_mut().unwrap().pop();
    make_role(&world, &of_main(), Some(&policy)).await;
    let report = finds(&world, &["permissions-missing"]).await;
    assert!(report.findings[0].seen.contains("cloudfront:CreateInvalidation"), "{report:#?}");
    mended_by_github(&world, &["permissions-missing"]).await;
}

/// "AdministratorAccess, until it works." What it may beyond a publish is the owner's to take away.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_may_everything() {
    let world = World::sound().await;
    let everything =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    let name = make_role(&world, &of_main(), None).await;
    let put = |document: String| {
        world.iam().put_role_policy().role_name(&name).policy_name("admin").policy_document(document).send()
    };
    put(everything.to_string()).await.unwrap();
    finds(&world, &["role-too-strong"]).await;
    world.try_bootstrap(|request| request.deployer = Some(repository("ann", "cruddur"))).await.unwrap();
    finds(&world, &["role-too-strong"]).await;
    world.iam().delete_role_policy().role_name(&name).policy_name("admin").send().await.unwrap();
    is_sound(&world).await;
}
