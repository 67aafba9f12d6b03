//! The site as a template: AWS's own linter has nothing to say, and every value is bootstrap's.

#[path = "../support/mod.rs"]
mod support;

use cruddur_site::routing::Routing;
use cruddur_site::setup::observed::{Certificate, OidcProvider, Tags, Zone};
use cruddur_site::setup::request::{Api, Deployer, DeployerScope, Dns, PriceClass, SiteRouting};
use cruddur_site::setup::site::Account;
use cruddur_site::setup::{Observed, Site, plan, template};

const ROUTE53: Dns = Dns::Route53 { create_zone: false };

fn account() -> Account {
    Account { id: "123456789012".into(), partition: "aws".into() }
}

fn site(domain: &str) -> Site {
    Site {
        account: account(),
        domain: domain.parse().unwrap(),
        redirect: Some(format!("www.{domain}").parse().unwrap()),
        aliases: Vec::new(),
        kept_aliases: Vec::new(),
        wildcard: false,
        bucket: domain.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        prefix: "live".parse().unwrap(),
        kms_key: None,
        retention_days: 30,
        routing: SiteRouting::Function(Routing::Spa),
        price_class: PriceClass::All,
        dns: ROUTE53,
        apis: Vec::new(),
        deployer: None,
    }
}

fn nothing() -> Observed {
    Observed {
        account: account(),
        bucket: None,
        certificates: Vec::new(),
        access_controls: Vec::new(),
        function: None,
        distribution: None,
        taken: Vec::new(),
        zones: Vec::new(),
        zone_names: Vec::new(),
        records: Vec::new(),
        provider: None,
        resolved: Default::default(),
        role: None,
    }
}

fn zone(name: &str, id: &str) -> Zone {
    let name_servers = vec!["ns-1.awsdns-00.com".into()];
    Zone {
        id: id.into(),
        name: name.into(),
        name_servers,
        delegated: Some(true),
        records: 2,
        is_ours: false,
        tags: Tags::new(),
    }
}

fn deployer() -> Option<Deployer> {
    let scope = DeployerScope::Branch("main".into());
    Some(Deployer { owner: "octo".into(), repository: "cruddur".into(), scope })
}

fn key() -> Option<String> {
    Some("arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab".into())
}

/// Every kind of site, by a name for it.
fn sites() -> Vec<(&'static str, Site)> {
    let api = |path: &str, origin: &str| Api { path: path.into(), origin: origin.parse().unwrap() };
    let base = || site("cruddur.com");
    vec![
        ("spa", base()),
        ("bare", Site { redirect: None, ..base() }),
        ("error-pages", Site { routing: SiteRouting::ErrorPages, price_class: PriceClass::Class100, ..base() }),
        ("folders", Site { routing: SiteRouting::Function(Routing::Folders), wildcard: true, ..base() }),
        ("files", Site { routing: SiteRouting::Function(Routing::Files), prefix: "".parse().unwrap(), ..base() }),
        (
            "api",
            Site {
                apis: vec![api("/api/*", "api.internal.cruddur.com"), api("/auth/*", "auth.example.net")],
                ..base()
            },
        ),
        ("kms", Site { kms_key: key(), region: "eu-central-1".parse().unwrap(), deployer: deployer(), ..base() }),
        ("github", Site { deployer: deployer(), ..base() }),
        ("manual", Site { dns: Dns::Manual, wildcard: true, ..base() }),
        ("manual-elsewhere", Site { dns: Dns::Manual, region: "eu-west-1".parse().unwrap(), ..base() }),
        (
            "many-names",
            Site {
                aliases: vec!["app.cruddur.com".parse().unwrap(), "cruddur.example.co.uk".parse().unwrap()],
                kept_aliases: vec!["*.preview.cruddur.com".into()],
                ..base()
            },
        ),
        (
            "long",
            Site {
                bucket: "long-bucket".parse().unwrap(),
                ..site("a-rather-long-name-of-a-shop-for-cruddur-and-more.of-a-long-domain.example.com")
            },
        ),
    ]
}

fn emitted(site: &Site, observed: &Observed) -> String {
    template::cloudformation(site, observed).unwrap()
}

#[test]
fn the_linter_has_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut found = nothing();
    found.zones = vec![zone("cruddur.com", "Z0123456789ABCDEFGHIJ")];
    let files: Vec<_> = sites()
        .iter()
        .flat_map(|(name, site)| {
            [("", &nothing()), ("-found", &found)].map(|(suffix, observed)| {
                let region = site.region.as_str();
                let file = folder.path().join(format!("{name}{suffix}.{region}.yaml"));
                std::fs::write(&file, emitted(site, observed)).unwrap();
                (region.to_owned(), file)
            })
        })
        .collect();
    for region in ["us-east-1", "eu-central-1", "eu-west-1"] {
        let files: Vec<_> = files.iter().filter(|(of, _)| of == region).map(|(_, file)| file.as_path()).collect();
        let Some(complaints) = support::cfn_lint::complaints(region, &files) else { return };
        assert_eq!(complaints, "", "{region}");
    }
}

#[test]
fn the_linter_would_say_something() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.yaml");
    let wrong = emitted(&site("cruddur.com"), &nothing()).replace("BucketOwnerEnforced", "BucketOwnerEnforcd");
    std::fs::write(&file, wrong).unwrap();
    let Some(complaints) = support::cfn_lint::complaints("us-east-1", &[&file]) else { return };
    assert!(complaints.contains("BucketOwnerEnforcd"), "{complaints}");
}

#[test]
fn what_was_found_is_the_default_of_the_parameters() {
    let mut observed = nothing();
    observed.zones = vec![zone("cruddur.com", "Z1"), zone("example.co.uk", "Z2")];
    observed.provider =
        Some(OidcProvider { arn: "arn:aws:iam::123456789012:oidc-provider/x".into(), audiences: Vec::new() });
    let alias = vec!["cruddur.example.co.uk".parse().unwrap()];
    let text = emitted(&Site { deployer: deployer(), aliases: alias, ..site("cruddur.com") }, &observed);
    for expected in ["Default: Z1", "Default: Z2", "HostedZoneId: !Ref HostedZoneIdExampleCoUk", "Default: \"no\""] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("--parameter-overrides"), "{text}");
    let text = emitted(&Site { deployer: deployer(), ..site("cruddur.com") }, &nothing());
    assert!(text.contains("--capabilities CAPABILITY_NAMED_IAM --parameter-overrides HostedZoneId=..."), "{text}");
    assert!(text.contains("Default: \"yes\""), "{text}");
}

#[test]
fn the_certificate_is_made_where_cloudfront_takes_it_or_asked_for() {
    let here = emitted(&site("cruddur.com"), &nothing());
    assert!(here.contains("Type: AWS::CertificateManager::Certificate"), "{here}");
    assert!(here.contains("AcmCertificateArn: !Ref Certificate\n"), "{here}");

    let elsewhere = Site { region: "eu-central-1".parse().unwrap(), ..site("cruddur.com") };
    let text = emitted(&elsewhere, &nothing());
    assert!(!text.contains("AWS::CertificateManager::Certificate"), "{text}");
    assert!(text.contains("AcmCertificateArn: !Ref CertificateArn"), "{text}");
    assert!(text.contains("its certificate is made apart, in us-east-1"), "{text}");

    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let certificate = Certificate {
        arn: arn.into(),
        region: "us-east-1".into(),
        status: "ISSUED".into(),
        failure: None,
        names: vec!["cruddur.com".into(), "*.cruddur.com".into()],
        kind: "AMAZON_ISSUED".into(),
        key_algorithm: "RSA_2048".into(),
        requested: None,
        expires: None,
        validations: Vec::new(),
        used_by: Vec::new(),
        tags: Tags::new(),
    };
    let text = emitted(&elsewhere, &Observed { certificates: vec![certificate], ..nothing() });
    assert!(text.contains(&format!("Default: {arn}")), "{text}");
}

#[test]
fn a_manual_dns_has_no_zones_and_no_records() {
    let text = emitted(&Site { dns: Dns::Manual, ..site("cruddur.com") }, &nothing());
    assert!(!text.contains("Route53"), "{text}");
    assert!(!text.contains("HostedZoneId"), "{text}");
    assert!(text.contains("# The records are kept elsewhere"), "{text}");
}

#[test]
fn the_function_is_bootstraps_to_the_letter() {
    for routing in Routing::ALL {
        let site = Site { routing: SiteRouting::Function(routing), ..site("cruddur.com") };
        let text = emitted(&site, &nothing());
        let (_, code) = text.split_once("FunctionCode: |2\n").expect("a literal");
        let lines = code.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
        let code: Vec<&str> = lines.map(|line| line.get(8..).unwrap_or_default()).collect();
        let expected = plan::function_code(&site).unwrap();
        assert_eq!(code.join("\n").trim_end(), expected.trim_end());
    }
    let pages = emitted(&Site { routing: SiteRouting::ErrorPages, ..site("cruddur.com") }, &nothing());
    assert!(!pages.contains("AWS::CloudFront::Function"), "{pages}");
    assert!(pages.contains("ResponsePagePath: \"/index.html\""), "{pages}");
}
