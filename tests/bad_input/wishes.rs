//! Sites that nobody can have: what `bootstrap` and `destroy` are asked, before AWS is.

use std::fs;

use crate::{program::Program, support::Folder};

/// Runs `bootstrap` with arguments whose mistake is told without an account, without credentials, without a network.
async fn refused(name: &str, arguments: &[&str]) {
    let arguments: Vec<&str> = ["bootstrap", "--json"].iter().chain(arguments).copied().collect();
    Program::new().run(&arguments).await.is_error("input").reads(name, &[]);
}

#[tokio::test]
async fn a_name_that_is_no_domain() {
    let long = format!("{}.com", ["a"; 150].join("."));
    let label = format!("{}.com", "a".repeat(64));
    let table = [
        ("domain-url", "https://www.cruddur.com/pricing?from=mail"),
        ("domain-with-a-path", "cruddur.com/blog"),
        ("domain-with-a-port", "cruddur.com:8080"),
        ("domain-address", "192.0.2.7"),
        ("domain-address-v6", "2001:db8::7"),
        ("domain-one-label", "cruddur"),
        ("domain-umlaut", "bücher.de"),
        ("domain-underscore", "my_app.cruddur.com"),
        ("domain-empty", ""),
        ("domain-spaces", "cruddur com"),
        ("domain-too-long", &long),
        ("domain-long-label", &label),
        ("domain-wildcard", "*.cruddur.com"),
        ("domain-hyphen", "-cruddur.com"),
        ("domain-mail", "ann@cruddur.com"),
        ("domain-of-aws", "d111111abcdef8.cloudfront.net"),
    ];
    for (name, domain) in table {
        refused(name, &["--", domain]).await;
    }
    let told = Program::new().run(&["destroy", "--json", "https://cruddur.com/"]).await;
    told.is_error("input").reads("destroy-url", &[]);
}

#[tokio::test]
async fn a_site_without_a_name() {
    refused("bootstrap-without-domain", &[]).await;
    Program::new().run(&["destroy", "--json"]).await.is_error("input").reads("destroy-without-domain", &[]);
}

#[tokio::test]
async fn an_api_that_cannot_be_reached() {
    let table = [
        ("api-without-origin", "/api/*"),
        ("api-url", "/api/*=https://api.cruddur.com"),
        ("api-url-with-a-path", "/api/*=https://api.cruddur.com/v1"),
        ("api-host-with-a-path", "/api/*=api.cruddur.com/v1"),
        ("api-by-http", "/api/*=http://api.cruddur.com"),
        ("api-by-websocket", "/api/*=wss://api.cruddur.com"),
        ("api-port", "/api/*=api.cruddur.com:4567"),
        ("api-address", "/api/*=10.0.0.7"),
        ("api-one-label", "/api/*=backend"),
        ("api-whole-site", "/=api.cruddur.com"),
        ("api-everything", "*=api.cruddur.com"),
        ("api-space", "/my api/*=api.cruddur.com"),
        ("api-query", "/api/*=api.cruddur.com?stage=prod"),
        ("api-user", "/api/*=ann:secret@api.cruddur.com"),
    ];
    for (name, api) in table {
        refused(name, &["cruddur.com", "--api", api]).await;
    }
    let twice = ["cruddur.com", "--api", "/api/*=api.cruddur.com", "--api", "api/*=other.cruddur.com"];
    refused("api-twice", &twice).await;
}

#[tokio::test]
async fn a_repository_that_is_none() {
    let table = [
        ("github-url", "https://github.com/ann/cruddur.git"),
        ("github-url-of-a-file", "https://github.com/ann/cruddur/tree/main"),
        ("github-owner-alone", "ann"),
        ("github-no-repository", "ann/"),
        ("github-wildcard", "ann/*"),
        ("github-space", "ann/crud dur"),
        ("github-empty-branch", "ann/cruddur@"),
        ("github-wildcard-branch", "ann/cruddur@release/*"),
        ("github-branch-and-environment", "ann/cruddur@main:production"),
        ("github-environment-and-branch", "ann/cruddur:production@main"),
        ("github-whole-reference", "ann/cruddur@refs/heads/main"),
        ("github-branch-with-a-space", "ann/cruddur@my branch"),
        ("github-empty", ""),
    ];
    for (name, repository) in table {
        refused(name, &["cruddur.com", "--github", repository]).await;
    }
}

#[tokio::test]
async fn a_key_that_is_none() {
    let table = [
        ("kms-alias", "alias/site"),
        ("kms-id", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("kms-alias-arn", "arn:aws:kms:eu-central-1:123456789012:alias/site"),
        ("kms-other-arn", "arn:aws:s3:::cruddur.com"),
        ("kms-no-account", "arn:aws:kms:eu-central-1::key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ];
    for (name, key) in table {
        refused(name, &["cruddur.com", "--kms-key", key]).await;
    }
}

#[tokio::test]
async fn other_values_that_cannot_be_meant() {
    let table: [(&str, &[&str]); 10] = [
        ("bucket-url", &["--bucket", "s3://cruddur/live"]),
        ("bucket-spaces", &["--bucket", "my bucket"]),
        ("distribution-domain", &["--distribution", "d111111abcdef8.cloudfront.net"]),
        ("prefix-state", &["--prefix", ".cruddur-site"]),
        ("resolver-name", &["--resolver", "dns.google"]),
        ("alias-url", &["--alias", "http://cruddur.org"]),
        ("region-place", &["--region", "Frankfurt"]),
        ("region-nonsense", &["--region", "here"]),
        ("region-typo", &["--region", "eu-centrall-1"]),
        ("manual-and-create-zone", &["--dns", "manual", "--create-zone"]),
    ];
    for (name, more) in table {
        let arguments: Vec<&str> = ["cruddur.com"].iter().chain(more).copied().collect();
        refused(name, &arguments).await;
    }
}

#[tokio::test]
async fn flags_that_contradict_each_other() {
    let table: [(&str, &[&str]); 7] = [
        ("www-and-no-www", &["--www", "--no-www"]),
        ("emit-and-json", &["--emit", "cloudformation", "--json"]),
        ("emit-and-dry-run", &["--emit", "cloudformation", "--dry-run"]),
        ("no-wait-and-wait", &["--no-wait", "--dns-wait", "5"]),
        ("routing-with-a-typo", &["--routing", "sap"]),
        ("price-class-of-none", &["--price-class", "300"]),
        ("no-days", &["--old-versions", "0"]),
    ];
    for (name, more) in table {
        let arguments: Vec<&str> = ["bootstrap", "cruddur.com"].iter().chain(more).copied().collect();
        let told = Program::new().run(&arguments).await;
        assert_eq!(told.status, Some(2), "{name}: {}{}", told.out, told.err);
        told.reads(name, &[]);
    }
}

#[tokio::test]
async fn names_that_contradict_each_other() {
    let table: [(&str, &[&str]); 5] = [
        ("alias-twice", &["cruddur.com", "--alias", "cruddur.org", "--alias", "cruddur.org"]),
        ("alias-of-itself", &["cruddur.com", "--alias", "cruddur.com"]),
        ("www-and-alias", &["cruddur.com", "--www", "--alias", "www.cruddur.com"]),
        ("a-public-suffix", &["co.uk"]),
        ("another-public-suffix", &["github.io"]),
    ];
    for (name, arguments) in table {
        refused(name, arguments).await;
    }
}

#[tokio::test]
async fn a_build_is_no_account_to_bootstrap_in() {
    let build = Folder::site();
    let folder = build.path().to_str().unwrap();
    let before = fs::read_dir(folder).unwrap().count();
    for (command, name) in [("bootstrap", "bootstrap-in-a-build"), ("destroy", "destroy-in-a-build")] {
        let told = Program::new().run(&[command, "cruddur.localhost", "--json", "--yes", "--local", folder]).await;
        told.is_error("input").reads(name, &[(build.path(), "BUILD")]);
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), before);

    let program = Program::new();
    let told = program.run(&["destroy", "cruddur.localhost", "--json", "--local"]).await;
    told.is_error("not-found").reads("destroy-without-account", &[]);
    assert_eq!(fs::read_dir(program.home()).unwrap().count(), 0);
}
