//! Cache behaviors. The default one and the others have the same members, but no type in common: hence macros.

use aws_sdk_cloudfront::{
    error::BuildError,
    types::{
        AllowedMethods, CachedMethods, EventType, FunctionAssociation, FunctionAssociations,
        LambdaFunctionAssociations, Method,
    },
};

use super::count;
use crate::setup::observed::Behavior;

/// Reads either kind of behavior.
macro_rules! read_behavior {
    ($behavior:expr) => {
        $crate::setup::observed::Behavior {
            origin: $behavior.target_origin_id().to_owned(),
            viewer_protocol: $behavior.viewer_protocol_policy().as_str().to_owned(),
            methods: $crate::aws::cloudfront::config::behavior::methods($behavior.allowed_methods()),
            cache_policy: $behavior.cache_policy_id().unwrap_or_default().to_owned(),
            origin_request_policy: $behavior.origin_request_policy_id().unwrap_or_default().to_owned(),
            response_headers_policy: $behavior.response_headers_policy_id().unwrap_or_default().to_owned(),
            compress: $behavior.compress().unwrap_or(false),
            viewer_request_function: $crate::aws::cloudfront::config::behavior::viewer_request_function(
                $behavior.function_associations(),
            ),
            viewer_request_lambda: $crate::aws::cloudfront::config::behavior::viewer_request_lambda(
                $behavior.lambda_function_associations(),
            ),
        }
    };
}
pub(super) use read_behavior;

/// Writes what is wanted into either kind of behavior.
macro_rules! write_behavior {
    ($behavior:ident, $wanted:expr) => {{
        use aws_sdk_cloudfront::types::ViewerProtocolPolicy;
        let wanted: &$crate::setup::observed::Behavior = $wanted;
        $behavior.target_origin_id.clone_from(&wanted.origin);
        $behavior.viewer_protocol_policy = ViewerProtocolPolicy::from(wanted.viewer_protocol.as_str());
        behavior::write_methods(&wanted.methods, &mut $behavior.allowed_methods)?;
        behavior::set_policy(&mut $behavior.cache_policy_id, &wanted.cache_policy);
        behavior::set_policy(&mut $behavior.origin_request_policy_id, &wanted.origin_request_policy);
        behavior::set_policy(&mut $behavior.response_headers_policy_id, &wanted.response_headers_policy);
        #[expect(deprecated, reason = "owners still have them")]
        if !wanted.cache_policy.is_empty() {
            // CloudFront refuses a cache policy beside what it replaces (API reference, CacheBehavior).
            $behavior.forwarded_values = None;
            $behavior.min_ttl = None;
            $behavior.default_ttl = None;
            $behavior.max_ttl = None;
        }
        if $behavior.compress.unwrap_or(false) != wanted.compress {
            $behavior.compress = Some(wanted.compress);
        }
        behavior::write_function(&wanted.viewer_request_function, &mut $behavior.function_associations)?;
    }};
}
pub(super) use write_behavior;

/// What stands for a default behavior that the answer does not have.
pub(super) fn nothing() -> Behavior {
    Behavior {
        origin: String::new(),
        viewer_protocol: String::new(),
        methods: methods(None),
        cache_policy: String::new(),
        origin_request_policy: String::new(),
        response_headers_policy: String::new(),
        compress: false,
        viewer_request_function: String::new(),
        viewer_request_lambda: false,
    }
}

/// The methods let through, sorted; GET and HEAD where nothing is said (API reference, AllowedMethods).
pub(super) fn methods(allowed: Option<&AllowedMethods>) -> Vec<String> {
    let Some(allowed) = allowed else { return vec!["GET".to_owned(), "HEAD".to_owned()] };
    let mut methods: Vec<String> = allowed.items().iter().map(|method| method.as_str().to_owned()).collect();
    methods.sort();
    methods
}

pub(super) fn viewer_request_function(associations: Option<&FunctionAssociations>) -> String {
    let mut items = associations.map(|associations| associations.items()).unwrap_or_default().iter();
    let found = items.find(|association| *association.event_type() == EventType::ViewerRequest);
    found.map(|association| association.function_arn().to_owned()).unwrap_or_default()
}

pub(super) fn viewer_request_lambda(associations: Option<&LambdaFunctionAssociations>) -> bool {
    let mut items = associations.map(|associations| associations.items()).unwrap_or_default().iter();
    items.any(|association| *association.event_type() == EventType::ViewerRequest)
}

/// Sets a policy's id, or takes it away.
pub(super) fn set_policy(member: &mut Option<String>, id: &str) {
    if member.as_deref().unwrap_or_default() != id {
        *member = super::some(id);
    }
}

/// Sets the methods. The cached ones stay, as far as they are let through.
pub(super) fn write_methods(wanted: &[String], allowed: &mut Option<AllowedMethods>) -> Result<(), BuildError> {
    if methods(allowed.as_ref()) == wanted {
        return Ok(());
    }
    let items: Vec<Method> = wanted.iter().map(|method| Method::from(method.as_str())).collect();
    let cached = allowed.as_ref().and_then(|allowed| allowed.cached_methods());
    let cached = cached.map_or_else(|| vec![Method::Get, Method::Head], |cached| cached.items().to_vec());
    let cached: Vec<Method> = cached.into_iter().filter(|method| items.contains(method)).collect();
    let cached = CachedMethods::builder().quantity(count(&cached)).set_items(Some(cached)).build()?;
    let methods = AllowedMethods::builder().quantity(count(&items)).set_items(Some(items)).cached_methods(cached);
    *allowed = Some(methods.build()?);
    Ok(())
}

/// Associates the function with viewer-request in place of another one, or none; what is at viewer-response stays.
pub(super) fn write_function(arn: &str, associations: &mut Option<FunctionAssociations>) -> Result<(), BuildError> {
    if viewer_request_function(associations.as_ref()) == arn {
        return Ok(());
    }
    let there = associations.as_ref().map(|associations| associations.items()).unwrap_or_default().iter();
    let mut items: Vec<_> =
        there.filter(|association| *association.event_type() != EventType::ViewerRequest).cloned().collect();
    if !arn.is_empty() {
        let ours = FunctionAssociation::builder().event_type(EventType::ViewerRequest).function_arn(arn);
        items.push(ours.build()?);
    }
    *associations = Some(FunctionAssociations::builder().quantity(count(&items)).set_items(Some(items)).build()?);
    Ok(())
}
