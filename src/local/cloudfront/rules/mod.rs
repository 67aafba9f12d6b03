//! What CloudFront refuses of a configuration that is well-formed: the rules across its members and across the account.

mod behaviors;
mod names;
mod origins;

use rusqlite::Transaction;

use super::Refusal;
use crate::local::{Fault, xml::Element};

/// The longest comment, in characters (API reference, "DistributionConfig").
const LONGEST_COMMENT: usize = 128;

/// The longest default root object, in characters (same page).
const LONGEST_ROOT: usize = 255;

/// The statuses that can have a page of one's own (API reference, "CustomErrorResponse").
const ERROR_CODES: [&str; 11] = ["400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504"];

/// Checks a complete configuration.
///
/// # Errors
/// The first rule that it breaks, in CloudFront's code for it.
pub(super) fn check(tx: &Transaction<'_>, config: &Element) -> Result<(), Fault> {
    check_own(config)?;
    origins::check(tx, config)?;
    behaviors::check(tx, config)?;
    names::check(tx, config)
}

fn check_own(config: &Element) -> Result<(), Refusal> {
    if config.text_at("CallerReference").is_empty() {
        return Err(Refusal::invalid_argument("The parameter CallerReference is required."));
    }
    if config.text_at("Comment").chars().count() > LONGEST_COMMENT {
        return Err(Refusal::invalid_argument("The parameter Comment is too long."));
    }
    let root = config.text_at("DefaultRootObject");
    if root.starts_with('/') || root.chars().count() > LONGEST_ROOT {
        return Err(Refusal::bad(
            "InvalidDefaultRootObject",
            "The default root object file name is too big or contains an invalid character.",
        ));
    }
    let acl = config.text_at("WebACLId");
    let is_classic = acl.len() == 36 && acl.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !acl.is_empty() && !is_classic && !acl.starts_with("arn:aws:wafv2:us-east-1:") {
        return Err(Refusal::bad(
            "InvalidWebACLId",
            "A web ACL ID specified is not valid. To specify a web ACL created using the latest version of AWS WAF, use \
             the ACL ARN.",
        ));
    }
    check_error_responses(config.items_at("CustomErrorResponses"))?;
    check_geography(config.at("Restrictions/GeoRestriction"))
}

fn check_error_responses(responses: &[Element]) -> Result<(), Refusal> {
    for (index, response) in responses.iter().enumerate() {
        let (error, page, code) =
            (response.text_at("ErrorCode"), response.text_at("ResponsePagePath"), response.text_at("ResponseCode"));
        let again = responses[..index].iter().any(|earlier| earlier.text_at("ErrorCode") == error);
        if !ERROR_CODES.contains(&error) || again {
            return Err(Refusal::bad("InvalidErrorCode", format!("An invalid error code was specified: {error}")));
        }
        if !code.is_empty() && code != "200" && !ERROR_CODES.contains(&code) {
            return Err(Refusal::bad("InvalidResponseCode", format!("A response code is not valid: {code}")));
        }
        if page.is_empty() != code.is_empty() {
            return Err(Refusal::invalid_argument(
                "A custom error response has both ResponsePagePath and ResponseCode, or neither.",
            ));
        }
        if !page.is_empty() && !page.starts_with('/') {
            return Err(Refusal::bad(
                "InvalidRelativePath",
                "The relative path is too big, is not URL-encoded, or does not begin with a slash (/).",
            ));
        }
        if number(response, "ErrorCachingMinTTL").is_some_and(i64::is_negative) {
            return Err(Refusal::invalid_argument("The parameter ErrorCachingMinTTL must not be negative."));
        }
    }
    Ok(())
}

fn check_geography(restriction: Option<&Element>) -> Result<(), Refusal> {
    let Some(restriction) = restriction else { return Ok(()) };
    let locations = restriction.at("Items").map(Element::children).unwrap_or_default();
    if (restriction.text_at("RestrictionType") == "none") != locations.is_empty() {
        return Err(Refusal::bad(
            "InvalidGeoRestrictionParameter",
            "The specified geo restriction parameter is not valid.",
        ));
    }
    let is_country = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if !locations.iter().all(|location| is_country(location.content())) {
        return Err(Refusal::bad("InvalidLocationCode", "The location code specified is not valid."));
    }
    Ok(())
}

fn number(element: &Element, name: &str) -> Option<i64> {
    element.text_at(name).parse().ok()
}
