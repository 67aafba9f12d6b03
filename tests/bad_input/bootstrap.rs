//! Sites that cannot be made as things are in the account, and sites that cannot be taken away.

use std::{fs, process::Stdio};

use serde_json::Value;

use crate::{
    account::{DOMAIN, Owner},
    program::{Program, Told},
    support::faults::Fault,
};

#[tokio::test]
async fn a_zone_that_is_not_there() {
    let owner = Owner::bootstrapped().await;
    let table = [
        ("zone-with-a-typo", "crudur.com"),
        ("zone-below-a-typo", "app.crudur.com"),
        ("zone-of-nobody", "example.org"),
    ];
    for (name, domain) in table {
        owner.bootstrap(domain, &["--yes"]).await.is_error("not-found").reads(name, &[]);
    }
}

#[tokio::test]
async fn a_zone_that_the_registrar_does_not_name() {
    let owner = Owner::bootstrapped().await;
    owner.bootstrap("cruddur.org", &["--yes", "--create-zone"]).await.is_success();
    owner.library.delegate("cruddur.org", &["ns1.registrar.example", "ns2.registrar.example"]).unwrap();
    let told = owner.bootstrap("app.cruddur.org", &["--yes", "--no-wait"]).await;
    told.is_error("service").reads("zone-not-delegated", &[]);

    // One that somebody else made may be a leftover.
    let other = owner.zone("cruddur.net").await;
    owner.library.delegate("cruddur.net", &["ns1.registrar.example", "ns2.registrar.example"]).unwrap();
    let told = owner.bootstrap("cruddur.net", &["--yes"]).await;
    told.is_error("refused").reads("zone-of-old-not-delegated", &[]);
    let another = owner.zone("cruddur.net").await;
    let told = owner.bootstrap("cruddur.net", &["--yes"]).await;
    assert!(told.err.contains(&other) && told.err.contains(&another), "{}", told.err);
    told.is_error("refused").says("enter these at the registrar");
    let told = owner.program.run(&["bootstrap", "cruddur.net", "--json", "--yes", "--resolver", "127.0.0.1:1"]).await;
    told.is_error("refused").says("could not be asked");
}

#[tokio::test]
async fn a_bucket_of_somebody_else() {
    let owner = Owner::new().await;
    owner.library.create_bucket_elsewhere("cruddur-assets", "eu-west-1").unwrap();
    let told = owner.bootstrap(DOMAIN, &["--yes", "--create-zone", "--bucket", "cruddur-assets"]).await;
    told.is_error("access-denied").reads("bucket-of-somebody-else", &[]);

    owner.proxy.inject(Fault::s3(
        "CreateBucket",
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please \
         select a different name and try again.",
    ));
    let told = owner.bootstrap(DOMAIN, &["--yes", "--create-zone", "--bucket", "cruddur-files"]).await;
    told.is_error("config").reads("bucket-taken-meanwhile", &[]);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_made() {
    let owner = Owner::bootstrapped().await;
    for (name, more) in [
        ("bucket-name-of-old", vec!["--bucket", "Cruddur_Files"]),
        ("bucket-of-another-site", vec!["--bucket", "cruddur-com-000000000000"]),
        ("bucket-in-another-region", vec!["--region", "eu-west-1"]),
        (
            "key-in-another-region",
            vec!["--kms-key", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        ),
    ] {
        let domain = if name.starts_with("bucket-in") || name.starts_with("key") { DOMAIN } else { "app.cruddur.com" };
        let more = [vec!["--yes"], more].concat();
        let told = owner.bootstrap(domain, &more).await;
        assert_eq!(told.status, Some(1), "{name}: {}{}", told.out, told.err);
        told.reads(name, &[]);
    }
}

#[tokio::test]
async fn a_name_that_another_distribution_has() {
    let owner = Owner::bootstrapped().await;
    let told = owner.bootstrap("app.cruddur.com", &["--yes", "--alias", "www.cruddur.com"]).await;
    told.is_error("refused").reads("alias-of-another-distribution", &[]);

    let owner = Owner::new().await;
    owner.proxy.inject(Fault::cloudfront(
        "CreateDistributionWithTags",
        409,
        "CNAMEAlreadyExists",
        "One or more of the CNAMEs you provided are already associated with a different resource.",
    ));
    let told = owner.bootstrap(DOMAIN, &["--yes", "--create-zone"]).await;
    told.is_error("config").reads("alias-of-somebody-else", &[]);
}

#[tokio::test]
async fn a_distribution_that_cannot_be_meant() {
    let owner = Owner::bootstrapped().await;
    let told = owner.bootstrap("app.cruddur.com", &["--yes", "--distribution", "E0000000000000"]).await;
    told.is_error("not-found").reads("bootstrap-no-such-distribution", &[]);
    let told = owner.destroy("app.cruddur.com", &["--yes", "--distribution", "E0000000000000"]).await;
    told.is_error("not-found").reads("destroy-no-such-distribution", &[]);
}

/// Given a certificate that ends while it is waited for, the run ends with why, and what to do.
#[tokio::test]
async fn a_certificate_that_is_refused() {
    for (name, status, reason) in [
        ("certificate-to-be-verified", "FAILED", Some("ADDITIONAL_VERIFICATION_REQUIRED")),
        ("certificate-unsafe-domain", "FAILED", Some("DOMAIN_NOT_ALLOWED")),
        ("certificate-invalid-domain", "FAILED", Some("INVALID_PUBLIC_DOMAIN")),
        ("certificate-without-reason", "FAILED", Some("OTHER")),
        ("certificate-timed-out", "VALIDATION_TIMED_OUT", None),
    ] {
        let owner = Owner::new().await;
        // It is pending until the test says otherwise: nobody's DNS has its records.
        owner.library.delegate(DOMAIN, &["ns1.registrar.example"]).unwrap();
        owner.bootstrap(DOMAIN, &["--yes", "--create-zone", "--no-wait"]).await.is_error("service");
        let planned = owner.bootstrap(DOMAIN, &["--dry-run"]).await;
        let planned: Value = serde_json::from_str(&planned.out).unwrap();
        let part = planned["plan"]["parts"].as_array().unwrap().iter().find(|part| part["kind"] == "certificate");
        let mut certificate = owner.library.certificate(part.unwrap()["name"].as_str().unwrap()).unwrap().unwrap();
        owner.proxy.clear();
        let run =
            owner.program.command(&["bootstrap", DOMAIN, "--json", "--yes", "--resolver", &owner.dns]).spawn().unwrap();
        let run = tokio::spawn(Told::by(run));
        // Before the wait it is described with all others, and for its records.
        owner.proxy.wait_for("DescribeCertificate", "", 6, true).await;
        status.clone_into(&mut certificate.status);
        certificate.failure = reason.map(str::to_owned);
        owner.library.keep_certificate(&certificate).unwrap();
        run.await.unwrap().is_error("refused").reads(name, &[]);
    }
}

/// Given a CAA record that names another authority, it is told with the record.
#[tokio::test]
async fn a_certificate_that_a_caa_record_forbids() {
    let owner = Owner::new().await;
    let zone = owner.zone(DOMAIN).await;
    owner.record(&zone, DOMAIN, "CAA", "0 issue \"letsencrypt.org\"").await;
    owner.bootstrap(DOMAIN, &["--yes"]).await.is_error("refused").reads("certificate-caa", &[]);
}

#[tokio::test]
async fn a_wait_that_reaches_its_limit() {
    let owner = Owner::new().await;
    owner.library.delegate(DOMAIN, &["ns1.registrar.example"]).unwrap();
    let told = owner.bootstrap(DOMAIN, &["--yes", "--create-zone", "--certificate-wait", "0"]).await;
    told.is_error("service").reads("certificate-wait-not-delegated", &[]);
    let told = owner.bootstrap(DOMAIN, &["--yes", "--dns", "manual", "--certificate-wait", "0"]).await;
    told.is_error("service").reads("certificate-wait-by-hand", &[]);
}

#[tokio::test]
async fn credentials_that_are_not_there() {
    let owner = Owner::new().await;
    let program = Program::new().with("AWS_REGION", "us-east-1").with("AWS_ENDPOINT_URL", owner.proxy.url());
    for (name, command) in [("bootstrap-no-credentials", "bootstrap"), ("destroy-no-credentials", "destroy")] {
        program.run(&[command, DOMAIN, "--json", "--yes"]).await.is_error("credentials").reads(name, &[]);
    }
    program
        .run(&["bootstrap", DOMAIN, "--json", "--profile", "nobody"])
        .await
        .is_error("credentials")
        .reads("bootstrap-no-such-profile", &[]);
    let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                <Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>\
                <RequestId>1</RequestId></ErrorResponse>";
    owner.proxy.inject(Fault::answer("GetCallerIdentity", 403, body));
    owner.bootstrap(DOMAIN, &["--yes"]).await.is_error("credentials").reads("bootstrap-expired-credentials", &[]);
    owner.destroy(DOMAIN, &["--yes"]).await.is_error("credentials").reads("destroy-expired-credentials", &[]);
}

#[tokio::test]
async fn a_network_that_is_not_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::new()
        .with("AWS_REGION", "us-east-1")
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "secret")
        .with("AWS_ENDPOINT_URL", &format!("http://{free}"));
    for (name, command) in [("bootstrap-no-network", "bootstrap"), ("destroy-no-network", "destroy")] {
        program.run(&[command, DOMAIN, "--json", "--yes"]).await.is_error("service").reads(name, &[]);
    }
}

#[tokio::test]
async fn nobody_who_could_agree() {
    let owner = Owner::bootstrapped().await;
    owner.bootstrap("app.cruddur.com", &[]).await.is_error("input").reads("bootstrap-nobody-to-ask", &[]);
    owner.destroy(DOMAIN, &[]).await.is_error("input").reads("destroy-nobody-to-ask", &[]);
}

#[tokio::test]
async fn a_configuration_of_another_site() {
    let owner = Owner::bootstrapped().await;
    let file = owner.program.home().join("cruddur-site.toml");
    fs::write(&file, "domain = \"cruddur.org\"\nbucket = \"cruddur-org\"\n").unwrap();
    let told = owner.bootstrap(DOMAIN, &["--yes"]).await;
    told.is_success();
    assert!(told.out.contains("\"bucket\": \"cruddur-com-000000000000\""), "{}", told.out);
    fs::write(&file, "domain = cruddur\n").unwrap();
    owner
        .bootstrap(DOMAIN, &["--yes"])
        .await
        .is_error("config")
        .reads("bootstrap-not-toml", &[(owner.program.home(), "PROJECT")]);
}

/// Given AWS that asks to slow down for ever, the run ends with who may be behind it.
#[tokio::test]
async fn throttled_for_ever() {
    let owner = Owner::new().await;
    let body = "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type><Code>Throttling\
                </Code><Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    owner.proxy.inject(Fault::answer("ListHostedZones", 400, body).header("x-amz-retry-after", "1"));
    owner.bootstrap(DOMAIN, &["--yes"]).await.is_error("service").reads("bootstrap-throttled", &[]);
    assert!(owner.proxy.seen("ListHostedZones", "").len() > 1);
}

/// Given a reader that goes away (`| head`), nothing is complained about.
#[tokio::test]
async fn a_pipe_that_breaks() {
    let owner = Owner::new().await;
    let program = env!("CARGO_BIN_EXE_cruddur-site");
    for arguments in ["--dry-run", "--dry-run --json", "--emit cloudformation"] {
        let line = format!("{program} bootstrap {DOMAIN} --create-zone --resolver {} {arguments} | true", owner.dns);
        let mut shell = owner.program.command(&[] as &[&str]);
        let mut through = tokio::process::Command::new("sh");
        through
            .args(["-c", &line])
            .env_clear()
            .envs(shell.as_std_mut().get_envs().filter_map(|(name, value)| Some((name, value?))));
        through.current_dir(owner.program.home()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let told = Told::by(through.spawn().unwrap()).await;
        assert_eq!(told.err, "", "{arguments}");
        let plain =
            owner.program.run(&["bootstrap", DOMAIN, "--create-zone", "--resolver", &owner.dns, "--dry-run"]).await;
        assert!(
            !plain.out.contains('\u{1b}') && plain.out.contains("create bucket"),
            "no colours in pipes: {}",
            plain.out
        );
    }
}

/// Given a project whose folder cannot be written, the site is made all the same, and what the file should say is told.
#[cfg(unix)]
#[tokio::test]
async fn a_configuration_that_cannot_be_written() {
    let owner = Owner::new().await;
    // Whoever runs the tests may write everywhere, but not through a link to nowhere.
    std::os::unix::fs::symlink("nowhere/file.toml", owner.program.home().join("cruddur-site.toml")).unwrap();
    let told = owner.bootstrap(DOMAIN, &["--yes", "--create-zone"]).await;
    assert_eq!(told.status, Some(1), "{}{}", told.out, told.err);
    told.reads("configuration-not-writable", &[(owner.program.home(), "PROJECT")]);
}
