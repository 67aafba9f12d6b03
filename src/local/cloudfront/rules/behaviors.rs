//! Cache behaviors: their origins, policies, methods and functions (API reference, "CacheBehavior").

use rusqlite::Transaction;

use super::{
    super::{Refusal, functions},
    number,
};
use crate::local::{Fault, xml::Element};

/// The most behaviors besides the default one (Developer Guide, "Quotas").
const MOST: usize = 75;

/// The longest path pattern (API reference, "CacheBehavior").
const LONGEST_PATTERN: usize = 255;

/// Developer Guide, "Use managed cache policies".
const CACHE_POLICIES: [&str; 7] = [
    "2e54312d-136d-493c-8eb9-b001f22f67d2",
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    "658327ea-f89d-4fab-a63d-7e88639e58f6",
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
    "08627262-05a9-4f76-9ded-b50ca2e3a84f",
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
];

/// Developer Guide, "Use managed origin request policies".
const ORIGIN_REQUEST_POLICIES: [&str; 7] = [
    "216adef6-5c7f-47e4-b989-5492eafa07d3",
    "33f36d7e-f396-46d9-90e0-52428a34d9dc",
    "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    "59781a5b-3903-41f3-afcb-af62929ccde1",
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
    "775133bc-15f2-49f9-abea-afb2e0bf67d2",
    "acba4595-bd28-49b8-b9fe-13317c0390fa",
];

/// Developer Guide, "Use managed response headers policies".
const RESPONSE_HEADERS_POLICIES: [&str; 5] = [
    "60669652-455b-4ae9-85a4-c4c02393f86c",
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
    "67f7725c-6f97-4210-82d7-5512b31e9d03",
    "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
];

/// The three sets of methods that are allowed (API reference, "AllowedMethods"), sorted; the first two may be cached.
const METHODS: [&[&str]; 3] =
    [&["GET", "HEAD"], &["GET", "HEAD", "OPTIONS"], &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]];

/// Checks every behavior.
///
/// # Errors
/// `NoSuchOrigin`, `NoSuchCachePolicy` and its like, `InvalidFunctionAssociation`, `InvalidTTLOrder`, `InvalidArgument`.
pub(super) fn check(tx: &Transaction<'_>, config: &Element) -> Result<(), Fault> {
    let behaviors = config.items_at("CacheBehaviors");
    if behaviors.len() > MOST {
        let message = "You cannot create more cache behaviors for the distribution.";
        return Err(Refusal::bad("TooManyCacheBehaviors", message).into());
    }
    for (index, behavior) in behaviors.iter().enumerate() {
        let pattern = behavior.text_at("PathPattern");
        let again = behaviors[..index].iter().any(|earlier| earlier.text_at("PathPattern") == pattern);
        if again || !is_pattern(pattern) {
            return Err(Refusal::invalid_argument(format!("The parameter PathPattern is not valid: {pattern}")).into());
        }
    }
    let targets = || config.items_at("Origins").iter().chain(config.items_at("OriginGroups"));
    for behavior in config.at("DefaultCacheBehavior").into_iter().chain(behaviors) {
        let target = behavior.text_at("TargetOriginId");
        if !targets().any(|origin| origin.text_at("Id") == target) {
            return Err(Refusal::missing(
                "NoSuchOrigin",
                format!("No origin exists with the specified Origin Id: {target}"),
            )
            .into());
        }
        check_methods(behavior)?;
        check_policies(behavior)?;
        check_lambdas(behavior)?;
        check_functions(tx, behavior)?;
    }
    Ok(())
}

/// Letters, digits and a few signs (API reference and Developer Guide, "Path pattern").
fn is_pattern(pattern: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*$/~\"'@:+&?".contains(&byte);
    (1..=LONGEST_PATTERN).contains(&pattern.len()) && pattern.bytes().all(allowed)
}

fn check_methods(behavior: &Element) -> Result<(), Refusal> {
    let sorted = |path: &str| {
        let mut methods = behavior.texts_at(path);
        methods.sort();
        methods
    };
    let (allowed, cached) = (sorted("AllowedMethods"), sorted("AllowedMethods/CachedMethods"));
    if !METHODS.iter().any(|set| allowed == *set) {
        return Err(Refusal::invalid_argument("The parameter AllowedMethods is none of the sets that are allowed."));
    }
    if !METHODS[..2].iter().any(|set| cached == *set) || !cached.iter().all(|method| allowed.contains(method)) {
        return Err(Refusal::invalid_argument("The parameter CachedMethods is none of the sets that are allowed."));
    }
    Ok(())
}

fn check_policies(behavior: &Element) -> Result<(), Refusal> {
    let id = |name: &str| behavior.text_at(name);
    let unknown = |name: &str, known: &[&str]| !id(name).is_empty() && !known.contains(&id(name));
    if unknown("CachePolicyId", &CACHE_POLICIES) {
        return Err(Refusal::missing("NoSuchCachePolicy", "The cache policy does not exist."));
    }
    if unknown("OriginRequestPolicyId", &ORIGIN_REQUEST_POLICIES) {
        return Err(Refusal::missing("NoSuchOriginRequestPolicy", "The origin request policy does not exist."));
    }
    if unknown("ResponseHeadersPolicyId", &RESPONSE_HEADERS_POLICIES) {
        return Err(Refusal::missing("NoSuchResponseHeadersPolicy", "The response headers policy does not exist."));
    }
    let legacy = behavior.at("ForwardedValues").is_some();
    match (id("CachePolicyId").is_empty(), legacy) {
        (true, false) => return Err(Refusal::invalid_argument("The parameter ForwardedValues is required.")),
        (false, true) => {
            return Err(Refusal::invalid_argument(
                "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior.",
            ));
        }
        _ => {}
    }
    if legacy && behavior.at("MinTTL").is_none() {
        return Err(Refusal::invalid_argument("The parameter MinTTL is required."));
    }
    let lifetimes = [number(behavior, "MinTTL"), number(behavior, "DefaultTTL"), number(behavior, "MaxTTL")];
    if !lifetimes.into_iter().flatten().is_sorted() {
        return Err(Refusal::bad("InvalidTTLOrder", "The TTL order specified is not valid."));
    }
    Ok(())
}

fn check_lambdas(behavior: &Element) -> Result<(), Refusal> {
    for association in behavior.items_at("LambdaFunctionAssociations") {
        let arn = association.text_at("LambdaFunctionARN");
        let version = arn.strip_prefix("arn:aws:lambda:us-east-1:").and_then(|rest| rest.rsplit_once(':'));
        if version.is_none_or(|(_, version)| version.parse::<u64>().is_err()) {
            return Err(Refusal::bad(
                "InvalidLambdaFunctionAssociation",
                format!("The function ARN must reference a specific function version in us-east-1. ARN: {arn}"),
            ));
        }
    }
    Ok(())
}

/// One function for each event, published, and none where Lambda@Edge has a viewer's event (Developer Guide,
/// "Restrictions on CloudFront Functions").
fn check_functions(tx: &Transaction<'_>, behavior: &Element) -> Result<(), Fault> {
    let invalid = |why: String| Refusal::bad("InvalidFunctionAssociation", why);
    let associations = behavior.items_at("FunctionAssociations");
    for (index, association) in associations.iter().enumerate() {
        let (arn, event) = (association.text_at("FunctionARN"), association.text_at("EventType"));
        if associations[..index].iter().any(|earlier| earlier.text_at("EventType") == event) {
            return Err(invalid(format!("More than one function is associated with {event}.")).into());
        }
        let mut lambdas = behavior.items_at("LambdaFunctionAssociations").iter();
        if lambdas.any(|lambda| lambda.text_at("EventType").starts_with("viewer-")) {
            return Err(invalid(format!(
                "A Lambda@Edge function of a viewer event excludes the function for {event}."
            ))
            .into());
        }
        if functions::by_arn(tx, arn)?.is_none_or(|function| function.live.is_none()) {
            let message = format!("The function does not exist or is not published to the LIVE stage. ARN: {arn}");
            return Err(invalid(message).into());
        }
    }
    Ok(())
}
