//! What a request becomes, by what is there.

use super::*;
use crate::setup::{
    observed::{Bucket, Encryption, Origin},
    plan::messes::{DOMAIN, OWN_BUCKET, account, bucket, distribution, empty, fallback, origin, request},
    request::Api,
};

fn desired(request: &Request, observed: &Observed) -> Result<Site> {
    site(request, observed, Routing::Folders, &"us-west-2".parse().unwrap())
}

#[test]
fn the_other_name_redirects_where_people_type_it() {
    let table = [
        ("cruddur.com", None, Some("www.cruddur.com")),
        ("example.co.uk", None, Some("www.example.co.uk")),
        ("www.cruddur.com", None, Some("cruddur.com")),
        ("app.cruddur.com", None, None),
        ("www.app.cruddur.com", None, None),
        ("app.cruddur.com", Some(true), Some("www.app.cruddur.com")),
        ("www.app.cruddur.com", Some(true), Some("app.cruddur.com")),
        ("cruddur.com", Some(false), None),
        ("cruddur.localhost", None, Some("www.cruddur.localhost")),
    ];
    for (domain, www, expected) in table {
        let names = names(&Request { www, ..request(domain) }).unwrap();
        assert_eq!(names.redirect.as_ref().map(|name| name.as_str()), expected, "{domain} {www:?}");
    }
    let served = Request { aliases: vec!["www.cruddur.com".parse().unwrap()], ..request(DOMAIN) };
    assert_eq!(names(&served).unwrap().redirect, None);
}

#[test]
fn the_other_name_stays_as_the_site_has_it() {
    const WWW: &str = "www.cruddur.com";
    let ours = |domain: &str| [(TAG.to_owned(), domain.to_owned())].into();
    type Row = (observed::Tags, &'static [&'static str], Option<bool>, Option<&'static str>);
    let table: [Row; 7] = [
        (ours(DOMAIN), &[DOMAIN], None, None),
        (ours(DOMAIN), &[DOMAIN], Some(true), Some(WWW)),
        (ours(DOMAIN), &[DOMAIN, "WWW.cruddur.com"], None, Some(WWW)),
        (ours(DOMAIN), &[DOMAIN, WWW], Some(false), None),
        (ours(DOMAIN), &[], None, Some(WWW)),
        (ours(WWW), &[DOMAIN], None, Some(WWW)),
        (observed::Tags::new(), &[DOMAIN], None, Some(WWW)),
    ];
    for (tags, aliases, wish, expected) in table {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        let made = Distribution { tags, aliases, ..distribution(origin("b.s3.eu-west-1.amazonaws.com", "")) };
        let names = names_of(&Request { www: wish, ..request(DOMAIN) }, Some(&made), None).unwrap();
        assert_eq!(names.redirect.as_ref().map(|name| name.as_str()), expected, "{made:?} {wish:?}");
    }
}

#[test]
fn with_error_pages_the_other_name_serves_the_site() {
    let site = desired(&Request { routing: Some(SiteRouting::ErrorPages), ..request(DOMAIN) }, &empty()).unwrap();
    assert_eq!((site.redirect, site.aliases[0].as_str()), (None, "www.cruddur.com"));
}

#[test]
fn the_bucket_and_its_folder_come_from_the_distribution() {
    let hand = |path: &str| Some(distribution(origin("hand.s3-website.eu-central-1.amazonaws.com", path)));
    let kept = Some(bucket("hand"));
    let unpublished = Some(Bucket { has_site: false, ..bucket("hand") });
    type Row = (Option<Distribution>, Option<Bucket>, &'static str, &'static str, &'static str);
    let table: [Row; 5] = [
        (None, None, OWN_BUCKET, "live", "us-west-2"),
        (hand(""), kept.clone(), "hand", "", "eu-central-1"),
        (hand("/site"), kept, "hand", "site", "eu-central-1"),
        (hand("/site"), unpublished, "hand", "live", "eu-central-1"),
        (Some(distribution(origin("alb.eu-west-1.elb.amazonaws.com", "/x"))), None, OWN_BUCKET, "live", "us-west-2"),
    ];
    for (distribution, bucket, name, prefix, region) in table {
        let site = desired(&request(DOMAIN), &Observed { distribution, bucket, ..empty() }).unwrap();
        assert_eq!((site.bucket.as_str(), site.prefix.as_str(), site.region.as_str()), (name, prefix, region));
    }
}

#[test]
fn a_long_domain_still_makes_a_bucket_s_name() {
    let long = format!("{}.{}.com", "a".repeat(60), "b".repeat(60));
    let (name, _) = place(&request(&long), &account(), None).unwrap();
    assert!(name.as_str().len() <= 63 && name.as_str().ends_with("-123456789012"), "{name}");
    assert!(check::new_bucket(&name).is_ok());
}

#[test]
fn what_exists_is_kept_without_a_wish() {
    let mut made =
        distribution(Origin { access_control: "OAC1".into(), ..origin("hand.s3.eu-central-1.amazonaws.com", "") });
    made.aliases = vec!["Old.cruddur.com".into(), DOMAIN.into(), "*.cruddur.com".into()];
    let key = "arn:aws:kms:eu-central-1:123456789012:key/k1".to_owned();
    let encryption = Encryption { algorithm: "aws:kms".into(), kms_key: Some(key.clone()), bucket_key: true };
    let bucket = Bucket { encryption: Some(encryption), ..bucket("hand") };
    let site =
        desired(&request(DOMAIN), &Observed { distribution: Some(made), bucket: Some(bucket), ..empty() }).unwrap();
    assert_eq!(site.kept_aliases, ["old.cruddur.com", "*.cruddur.com"]);
    assert_eq!(site.price_class, PriceClass::All);
    assert_eq!(site.kms_key, Some(key));
    assert_eq!(site.certificate_names(), ["cruddur.com", "www.cruddur.com", "old.cruddur.com", "*.cruddur.com"]);
}

#[test]
fn the_routing_is_the_one_that_is_there() {
    let spa = SiteRouting::Function(Routing::Spa);
    let falls_back = || vec![fallback(404, "/index.html", 200)];
    let ours = || [(TAG.to_owned(), DOMAIN.to_owned())].into();
    let base = || distribution(origin("hand.s3.eu-central-1.amazonaws.com", ""));
    let mut functional = base();
    functional.behavior.viewer_request_function =
        "arn:aws:cloudfront::1:function/cruddur-site-files-cruddur-com".into();
    let table = [
        (base(), SiteRouting::Function(Routing::Folders)),
        (functional, SiteRouting::Function(Routing::Files)),
        (Distribution { error_responses: falls_back(), ..base() }, spa),
        (Distribution { error_responses: falls_back(), tags: ours(), ..base() }, SiteRouting::ErrorPages),
    ];
    for (existing, expected) in table {
        assert_eq!(routing(&request(DOMAIN), Some(&existing), Routing::Folders), expected);
    }
}

#[test]
fn contradictions_are_told() {
    let api = |path: &str, origin: &str| Api { path: path.into(), origin: origin.parse().unwrap() };
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = request(DOMAIN);
        change(&mut request);
        request
    };
    let shop = || "shop.cruddur.com".parse().unwrap();
    let table: [(Request, &str); 17] = [
        (request("co.uk"), "public suffix"),
        (with(&|r| r.aliases = vec![shop(), shop()]), "shop.cruddur.com is given twice"),
        (with(&|r| r.aliases = vec![DOMAIN.parse().unwrap()]), "is the site's domain itself"),
        (
            with(&|r| (r.www, r.aliases) = (Some(true), vec!["www.cruddur.com".parse().unwrap()])),
            "either --www or --alias",
        ),
        (with(&|r| r.kms_key = Some("my-key".into())), "no ARN of a KMS key"),
        (with(&|r| r.kms_key = Some("arn:aws:kms:us-west-2:1:alias/x".into())), "ARN of an alias"),
        (
            with(&|r| r.kms_key = Some("arn:aws:kms:eu-west-1:1:key/x".into())),
            "key is in eu-west-1, and the bucket in us-west-2",
        ),
        (with(&|r| r.region = Some("eu-centrall".parse().unwrap())), "did you mean eu-central-1 (Frankfurt)?"),
        (with(&|r| r.bucket = Some("My_Bucket".parse().unwrap())), "no bucket can be made"),
        (with(&|r| r.apis = vec![api("api/*", "a.example.com")]), "write --api '/api/*=a.example.com'"),
        (with(&|r| r.apis = vec![api("*", "a.example.com")]), "does not begin with /"),
        (with(&|r| r.apis = vec![api("/", "a.example.com")]), "would take the whole site"),
        (with(&|r| r.apis = vec![api("/*", "a.example.com")]), "would take the whole site"),
        (with(&|r| r.apis = vec![api("/ä", "a.example.com")]), "no path pattern"),
        (with(&|r| r.apis = vec![api("/a", "a.example.com"), api("/a", "b.example.com")]), "given twice"),
        (with(&|r| r.apis = vec![api("/a", "www.cruddur.com")]), "to the site again"),
        (with(&|r| r.apis = vec![api("/a", "b.s3.eu-west-1.amazonaws.com")]), "names a bucket"),
    ];
    for (request, part) in table {
        let refusal = desired(&request, &empty()).unwrap_err().to_string();
        assert!(refusal.contains(part), "{refusal}: {part}");
    }
    let moved = Request {
        region: Some("eu-west-1".parse().unwrap()),
        bucket: Some("hand".parse().unwrap()),
        ..request(DOMAIN)
    };
    let refusal = desired(&moved, &Observed { bucket: Some(bucket("hand")), ..empty() }).unwrap_err().to_string();
    assert!(refusal.contains("cannot move to eu-west-1"), "{refusal}");
}
