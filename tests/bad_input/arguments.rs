//! Flags, configuration and environment that cannot be meant so.

use std::fs;

use crate::{program::Program, rehearsal::Rehearsal, support::Folder};

#[tokio::test]
async fn a_mistake_in_the_configuration_is_pointed_at() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = Folder::site();
    let table = [
        (
            "a-key-with-a-typo",
            "domain = \"cruddur.com\"\n\n[[rules]]\nmatch = \"*.pdf\"\ncache-contorl = \"no-store\"\n",
        ),
        ("a-value-of-the-wrong-type", "domain = \"cruddur.com\"\nwait = \"yes\"\n"),
        ("a-value-out-of-range", "max-delete = 150\n"),
        ("not-toml", "domain = cruddur.com\n"),
    ];
    for (name, text) in table {
        let file = rehearsal.program.home().join("cruddur-site.toml");
        fs::write(&file, text).unwrap();
        rehearsal.publish(&build, &[]).await.is_error("config").reads(name, &[(rehearsal.program.home(), "PROJECT")]);
        fs::remove_file(file).unwrap();
        assert_eq!(rehearsal.state().await, before, "{name}");
    }
    rehearsal.publish(&build, &["--config", "nowhere.toml"]).await.is_error("io").reads("no-such-configuration", &[]);
}

#[tokio::test]
async fn a_wrong_value_names_its_flag_or_variable() {
    let build = Folder::site();
    let build = build.path().to_str().unwrap();
    type Variable = Option<(&'static str, &'static str)>;
    let table: [(&str, &[&str], Variable, &str); 6] = [
        ("a-url-for-a-domain", &["--domain", "https://cruddur.com/"], None, "input"),
        ("a-url-for-a-bucket", &["--bucket", "s3://cruddur/live"], None, "input"),
        ("no-target", &[], None, "input"),
        ("a-variable-that-is-no-switch", &["--bucket", "cruddur"], Some(("CRUDDUR_SITE_WAIT", "maybe")), "config"),
        ("a-variable-out-of-range", &["--bucket", "cruddur"], Some(("CRUDDUR_SITE_MAX_DELETE", "most")), "config"),
        ("a-variable-that-is-no-domain", &[], Some(("CRUDDUR_SITE_DOMAIN", "cruddur")), "config"),
    ];
    for (name, more, variable, kind) in table {
        let mut program = Program::new();
        if let Some((variable, value)) = variable {
            program = program.with(variable, value);
        }
        let arguments: Vec<&str> = ["publish", build, "--json"].iter().chain(more).copied().collect();
        program.run(&arguments).await.is_error(kind).reads(name, &[]);
    }
}

#[tokio::test]
async fn wrong_arguments_exit_with_2_and_name_the_right_one() {
    let table: [(&str, &[&str]); 6] = [
        ("a-flag-with-a-typo", &["publish", "--domian", "cruddur.com"]),
        ("a-prefix-without-a-bucket", &["publish", "--prefix", "live"]),
        ("serving-without-a-local-account", &["publish", "--serve"]),
        ("too-much-to-delete", &["publish", "--max-delete", "101"]),
        ("a-command-with-a-typo", &["pubish", "build"]),
        ("no-port", &["serve", "--port", "99999"]),
    ];
    for (name, arguments) in table {
        let told = Program::new().run(arguments).await;
        assert_eq!(told.status, Some(2), "{}", told.err);
        told.reads(name, &[]);

        let told = Program::new().run(&[arguments, &["--json"]].concat()).await;
        let document: serde_json::Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!((told.status, &document["error"]["kind"]), (Some(2), &"input".into()), "{name}");
        let what = document["error"]["what"].as_str().unwrap();
        let said: Vec<&str> = told.err.split_whitespace().collect();
        assert!(said.join(" ").starts_with(&format!("error: {what}")), "{what}\n{}", told.err);
    }
}

#[tokio::test]
async fn a_domain_with_a_typo_gets_the_nearest_one() {
    let rehearsal = Rehearsal::published().await;
    let before = rehearsal.state().await;
    let build = Folder::site();
    let build = build.path().to_str().unwrap();
    for (name, domain) in [("a-domain-with-a-typo", "crudur.com"), ("a-domain-of-nobody", "example.org")] {
        let told = rehearsal.program.run(&["publish", build, "--json", "--domain", domain]).await;
        told.is_error("not-found").reads(name, &[]);
    }
    let told = rehearsal.program.run(&["publish", build, "--json", "--distribution", "E0000000000000"]).await;
    told.is_error("not-found").reads("no-such-distribution", &[]);
    assert_eq!(rehearsal.state().await, before);
}

#[tokio::test]
async fn a_folder_that_is_no_account_is_left_as_it_is() {
    let (build, other) = (Folder::site(), Folder::site());
    let places = [(build.path(), "BUILD"), (other.path(), "OTHER")];
    let [build, other] = [&build, &other].map(|folder| folder.path().to_str().unwrap().to_owned());
    let program = Program::new();
    let told = program.run(&["publish", &build, "--json", "--local", &other]).await;
    told.is_error("input").reads("not-an-account", &places);
    let told = program.run(&["publish", "--json", "--local", &build]).await;
    told.is_error("input").reads("a-build-for-an-account", &places);
    assert_eq!(fs::read_dir(&build).unwrap().count(), 3);
    assert_eq!(fs::read_dir(&other).unwrap().count(), 3);
}

#[tokio::test]
async fn serving_needs_an_account_and_a_free_port() {
    let program = Program::new();
    let told = program.run(&["serve"]).await;
    assert_eq!(told.status, Some(1));
    told.reads("serving-no-account", &[]);
    assert_eq!(fs::read_dir(program.home()).unwrap().count(), 0);

    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let rehearsal = Rehearsal::published().await;
    let account = rehearsal.account.path().to_str().unwrap();
    let told = program.run(&["serve", "--local", account, "--port", &port]).await;
    assert_eq!(told.status, Some(1), "{}", told.err);
    told.says("error: ").says(&port).says("next: ");
}
