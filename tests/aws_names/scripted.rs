//! What AWS does and no other account can be brought to do.

use cruddur_site::ErrorKind;
use cruddur_site::setup::observed::{Record, RecordData};
use serde_json::{Value, json};

use crate::script::{Asked, Script, refused, refused_xml, said};
use crate::world::{REGION, names, tags};

fn described(arn: &str, status: &str) -> (u16, String) {
    said(json!({"Certificate": {"CertificateArn": arn, "DomainName": "a.example", "Status": status}}))
}

fn no_tags() -> (u16, String) {
    said(json!({"Tags": []}))
}

fn actions(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.action.as_str()).collect()
}

#[tokio::test]
async fn a_request_says_all_that_acm_needs() {
    let script =
        Script::of([said(json!({"CertificateArn": "arn:1"})), described("arn:1", "PENDING_VALIDATION"), no_tags()])
            .await;
    let site = names(&["a.example", "www.a.example"]);
    let arn = script.world.aws.certificates(REGION).request(&site, &tags(&[("cruddur-site", "a.example")])).await;
    assert_eq!(arn.unwrap(), "arn:1");
    let asked = script.asked();
    let body = &asked[0].body;
    let token = body["IdempotencyToken"].as_str().expect("a token");
    assert!(token.len() <= 32 && token.chars().all(|letter| letter.is_ascii_alphanumeric()), "{token}");
    let expected = json!({
        "DomainName": "a.example",
        "SubjectAlternativeNames": ["www.a.example"],
        "ValidationMethod": "DNS",
        "KeyAlgorithm": "RSA_2048",
        "IdempotencyToken": token,
        "Tags": [{"Key": "cruddur-site", "Value": "a.example"}],
    });
    assert_eq!(*body, expected);
}

#[tokio::test]
async fn a_certificate_that_is_of_no_use_any_more_is_requested_anew() {
    let missing = || refused("ResourceNotFoundException", "Could not find certificate arn:2.");
    let answers = [
        // The token of an hour ago: a certificate that has failed since.
        said(json!({"CertificateArn": "arn:1"})),
        described("arn:1", "FAILED"),
        no_tags(),
        // The second one is new, and not to be read yet.
        said(json!({"CertificateArn": "arn:2"})),
        missing(),
        described("arn:2", "PENDING_VALIDATION"),
        no_tags(),
    ];
    let script = Script::of(answers).await;
    let arn = script.world.aws.certificates(REGION).request(&names(&["a.example"]), &tags(&[])).await;
    assert_eq!(arn.unwrap(), "arn:2");
    let asked = script.asked();
    let requests = asked.iter().filter(|asked| asked.action == "RequestCertificate");
    let tokens: Vec<&Value> = requests.map(|asked| &asked.body["IdempotencyToken"]).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_quota_of_acm_is_not_asked_twice() {
    let script =
        Script::of([refused("LimitExceededException", "you have reached your limit of 20 certificates")]).await;
    let error = script.world.aws.certificates(REGION).request(&names(&["a.example"]), &tags(&[])).await.unwrap_err();
    assert!(error.next().contains("Service Quotas"), "{error}");
    assert_eq!(actions(&script.asked()), ["RequestCertificate"]);
}

#[tokio::test]
async fn every_page_and_key_type_of_the_list_is_read() {
    let listed = |arn: &str, domain: &str| json!({"CertificateArn": arn, "DomainName": domain, "SubjectAlternativeNameSummaries": [domain]});
    let answers = [
        said(json!({"CertificateSummaryList": [listed("arn:other", "other.example")], "NextToken": "2"})),
        said(json!({"CertificateSummaryList": [listed("arn:1", "a.example"), listed("arn:gone", "a.example")]})),
    ];
    let found = |arn: &str| {
        said(json!({"Certificate": {
            "CertificateArn": arn, "DomainName": "a.example", "Status": "FAILED", "FailureReason": "CAA_ERROR",
            "CreatedAt": 1_700_000_000.5, "DomainValidationOptions": [{"DomainName": "a.example"}],
        }}))
    };
    // The two are described side by side: the order is not known, so one answer fits both.
    let script = Script::of(answers.into_iter().chain([found("arn:1"), found("arn:1"), no_tags(), no_tags()])).await;
    let certificates = script.world.aws.certificates(REGION).naming(&names(&["a.example"])).await;
    let asked = script.asked();
    let certificates = certificates.unwrap_or_else(|error| panic!("{error}: {:?}", actions(&asked)));
    assert_eq!(certificates.len(), 2);
    assert_eq!(certificates[0].failure.as_deref(), Some("CAA_ERROR"));
    assert_eq!(certificates[0].requested, Some(1_700_000_000));
    assert_eq!(certificates[0].validations[0].record, None);
    let types = asked[0].body["Includes"]["keyTypes"].as_array().expect("key types").len();
    assert_eq!(types, 7);
    assert_eq!(asked[1].body["NextToken"], "2");
    assert!(!asked.iter().any(|asked| asked.body["CertificateArn"] == "arn:other"), "described in vain");
}

#[tokio::test]
async fn route_53_is_asked_again_while_it_is_busy() {
    let done = r#"<?xml version="1.0"?><ChangeResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-21T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"#;
    let pending = done.replace("ChangeResourceRecordSetsResponse", "GetChangeResponse");
    let answers = [
        refused_xml("Throttling", "Rate exceeded"),
        refused_xml(
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
        ),
        (200, done.to_owned()),
        (200, pending.clone()),
        (200, pending.replace("PENDING", "INSYNC")),
    ];
    let script = Script::of(answers).await;
    let zones = script.world.aws.zones();
    let data = RecordData::Values { values: names(&["\"a\" \"b\""]), ttl: 60 };
    let record = Record { name: "*.a.example".into(), kind: "TXT".into(), data };
    let change = zones.change("Z1", &[], &[record]).await.unwrap();
    assert_eq!(change, "C1");
    assert!(!zones.is_in_sync(&change).await.unwrap());
    assert!(zones.is_in_sync(&change).await.unwrap());
    let asked = script.asked();
    let sent = asked[2].body.as_str().expect("XML");
    assert!(sent.contains("<Comment>made by cruddur-site</Comment>"), "{sent}");
    assert!(
        sent.contains("<Value>&quot;a&quot; &quot;b&quot;</Value>") || sent.contains("<Value>\"a\" \"b\"</Value>"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_change_that_is_refused_says_what_is_in_the_way() {
    let message = "[Tried to create resource record set [name='a.example.', type='CNAME'] but it conflicts with other records of that name]";
    let script = Script::of([refused_xml("InvalidChangeBatch", message)]).await;
    let data = RecordData::Values { values: names(&["b.example"]), ttl: 60 };
    let record = Record { name: "a.example".into(), kind: "CNAME".into(), data };
    let error = script.world.aws.zones().change("Z1", &[], &[record]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rival, "{error}");
    assert!(
        error.cause().is_some_and(|cause| cause.contains("InvalidChangeBatch") && cause.contains("a.example")),
        "{error}"
    );
}

#[tokio::test]
async fn escaped_names_are_read_page_by_page() {
    let set = |name: &str, identifier: &str| {
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>A</Type>{identifier}<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    };
    let page = |sets: &str, next: &str, truncated: bool| {
        (
            200,
            format!(
                r#"<?xml version="1.0"?><ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>{sets}</ResourceRecordSets><IsTruncated>{truncated}</IsTruncated>{next}<MaxItems>100</MaxItems></ListResourceRecordSetsResponse>"#
            ),
        )
    };
    let wild = "\\052.a.example.";
    let next = format!(
        "<NextRecordName>{wild}</NextRecordName><NextRecordType>A</NextRecordType><NextRecordIdentifier>b</NextRecordIdentifier>"
    );
    let answers = [
        page(&set(wild, "<SetIdentifier>a</SetIdentifier><Weight>1</Weight>"), &next, true),
        page(
            &(set(wild, "<SetIdentifier>b</SetIdentifier><Weight>1</Weight>") + &set("z.a.example.", "")),
            "<NextRecordName>zz.a.example.</NextRecordName><NextRecordType>A</NextRecordType>",
            true,
        ),
    ];
    let script = Script::of(answers).await;
    let found = script.world.aws.zones().records("Z1", &names(&["*.a.example"])).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|found| found.record.name == "*.a.example" && found.record.data == RecordData::Routed));
    let asked = script.asked();
    assert!(asked[1].action.contains("identifier=b"), "{}", asked[1].action);
}

#[tokio::test]
async fn a_zone_made_by_a_run_that_was_cut_off_is_taken_up() {
    let zone = "<HostedZone><Id>/hostedzone/Z1</Id><Name>a.example.</Name><CallerReference>r</CallerReference><ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone>";
    let xml = |name: &str, content: &str| {
        (
            200,
            format!(
                r#"<?xml version="1.0"?><{name} xmlns="https://route53.amazonaws.com/doc/2013-04-01/">{content}</{name}>"#
            ),
        )
    };
    let answers = [
        refused_xml(
            "HostedZoneAlreadyExists",
            "A hosted zone has already been created with the specified caller reference.",
        ),
        xml(
            "ListHostedZonesResponse",
            &format!(
                "<HostedZones>{zone}</HostedZones><Marker></Marker><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
            ),
        ),
        xml("ChangeTagsForResourceResponse", ""),
        xml(
            "GetHostedZoneResponse",
            &format!(
                "{zone}<DelegationSet><NameServers><NameServer>ns-1.awsdns-00.com</NameServer></NameServers></DelegationSet>"
            ),
        ),
        xml(
            "ListTagsForResourceResponse",
            "<ResourceTagSet><ResourceType>hostedzone</ResourceType><ResourceId>Z1</ResourceId><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags></ResourceTagSet>",
        ),
    ];
    let script = Script::of(answers).await;
    let made = script.world.aws.zones().create("a.example", "r", &tags(&[("a", "1")])).await.unwrap();
    assert_eq!((made.id.as_str(), made.name.as_str()), ("Z1", "a.example"));
    assert_eq!((made.name_servers, made.tags), (names(&["ns-1.awsdns-00.com"]), tags(&[("a", "1")])));
    assert_eq!(script.asked().len(), 5);
}

/// moto does not know the call.
#[tokio::test]
async fn an_audience_is_added_to_a_provider_that_is_there() {
    let done = r#"<AddClientIDToOpenIDConnectProviderResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AddClientIDToOpenIDConnectProviderResponse>"#;
    let script = Script::of([(200, done.to_owned())]).await;
    let arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
    script.world.aws.identities().add_audience(arn).await.unwrap();
    let asked = script.asked();
    let form = asked[0].body.as_str().expect("a form");
    let asks = |pair: &str| form.split('&').any(|asked| asked == pair);
    assert!(asks("Action=AddClientIDToOpenIDConnectProvider") && asks("ClientID=sts.amazonaws.com"), "{form}");
}
