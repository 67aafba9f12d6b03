//! AWS's regions, and what a mistyped one could have meant.

use crate::{
    config::Region,
    error::{Error, ErrorKind, Result},
};

/// The commercial regions, the places they are called by, and whether an account has them from the start (AWS Regions and
/// Availability Zones User Guide, "AWS Regions", 2026-11). A region that is newer than this list is taken, too: see
/// [`has_form`].
const REGIONS: [(&str, &str, bool); 34] = [
    ("us-east-1", "Virginia", true),
    ("us-east-2", "Ohio", true),
    ("us-west-1", "California", true),
    ("us-west-2", "Oregon", true),
    ("af-south-1", "Cape Town", false),
    ("ap-east-1", "Hong Kong", false),
    ("ap-east-2", "Taipei", false),
    ("ap-south-1", "Mumbai", true),
    ("ap-south-2", "Hyderabad", false),
    ("ap-southeast-1", "Singapore", true),
    ("ap-southeast-2", "Sydney", true),
    ("ap-southeast-3", "Jakarta", false),
    ("ap-southeast-4", "Melbourne", false),
    ("ap-southeast-5", "Malaysia", false),
    ("ap-southeast-6", "New Zealand", false),
    ("ap-southeast-7", "Thailand", false),
    ("ap-northeast-1", "Tokyo", true),
    ("ap-northeast-2", "Seoul", true),
    ("ap-northeast-3", "Osaka", true),
    ("ca-central-1", "Canada", true),
    ("ca-west-1", "Calgary", false),
    ("eu-central-1", "Frankfurt", true),
    ("eu-central-2", "Zurich", false),
    ("eu-west-1", "Ireland", true),
    ("eu-west-2", "London", true),
    ("eu-west-3", "Paris", true),
    ("eu-north-1", "Stockholm", true),
    ("eu-south-1", "Milan", false),
    ("eu-south-2", "Spain", false),
    ("il-central-1", "Tel Aviv", false),
    ("me-central-1", "UAE", false),
    ("me-south-1", "Bahrain", false),
    ("mx-central-1", "Mexico", false),
    ("sa-east-1", "São Paulo", true),
];

/// The words of which names of regions are made.
const AREAS: [&str; 9] = ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"];
const DIRECTIONS: [&str; 9] =
    ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "central"];
/// Partitions whose regions exist, and are refused by what is asked later, with their own words.
const ELSEWHERE: [&str; 4] = ["cn-", "us-gov-", "us-iso", "eusc-"];

/// Refuses what cannot be a region, before anything is sent to an endpoint that does not exist.
///
/// # Errors
/// [`ErrorKind::Input`] with the region that was probably meant.
pub fn check(region: &Region) -> Result<()> {
    let text = region.as_str();
    if has_form(text) || ELSEWHERE.iter().any(|prefix| text.starts_with(prefix)) {
        return Ok(());
    }
    let next = match meant(text) {
        Some((near, place)) => format!("did you mean {near} ({place})? --region, AWS_REGION or the profile sets it"),
        None => "write a region such as eu-central-1, with --region, AWS_REGION or in the profile; \
                 https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html lists them"
            .to_owned(),
    };
    Err(Error::new(ErrorKind::Input, format!("{text} is no region of AWS"), next))
}

/// Whether it is made as names of regions are, `AREA-DIRECTION-NUMBER`: which numbers there are only AWS knows.
fn has_form(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [area, direction, number] = parts[..] else { return false };
    AREAS.contains(&area) && DIRECTIONS.contains(&direction) && matches!(number.as_bytes(), [b'1'..=b'9'])
}

/// Whether the list has it.
pub fn is_known(region: &str) -> bool {
    REGIONS.iter().any(|(name, ..)| *name == region)
}

/// Whether an account has to enable it before it can use it.
pub fn is_opt_in(region: &str) -> bool {
    REGIONS.iter().any(|(name, _, from_the_start)| *name == region && !from_the_start)
}

/// The region that is the nearest to a mistyped one.
pub fn near(region: &str) -> &'static str {
    nearest(region).0
}

/// Fewer slips win; among as many, the name that shares the longer beginning.
fn nearest(text: &str) -> (&'static str, &'static str) {
    let slips = |name: &str| strsim::damerau_levenshtein(name, text);
    let start = |name: &str| name.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    let nearest = REGIONS.iter().min_by_key(|(name, ..)| (slips(name), usize::MAX - start(name)));
    nearest.map_or(("us-east-1", "Virginia"), |(name, place, _)| (name, place))
}

fn meant(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.to_lowercase();
    // An availability zone: eu-central-1a.
    let zone = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let is_place = |place: &str| place.to_lowercase().replace(' ', "-") == text || place.to_lowercase() == text;
    if let Some((name, place, _)) = REGIONS.iter().find(|(name, place, _)| *name == zone || is_place(place)) {
        return Some((name, place));
    }
    let found = nearest(&text);
    (strsim::normalized_damerau_levenshtein(found.0, &text) >= 0.6).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<()> {
        check(&text.parse().unwrap())
    }

    #[test]
    fn every_region_is_one_and_newer_ones_too() {
        for (region, ..) in REGIONS {
            assert!(checked(region).is_ok() && near(region) == region, "{region}");
        }
        for region in ["eu-north-2", "mx-west-1", "cn-north-1", "us-gov-west-1"] {
            assert!(checked(region).is_ok(), "{region}");
        }
    }

    #[test]
    fn some_regions_must_be_enabled() {
        assert!(is_opt_in("il-central-1") && !is_opt_in("eu-west-1") && !is_opt_in("eu-wset-1"));
    }

    #[test]
    fn what_is_none_gets_the_one_that_was_meant() {
        let table = [
            ("eu-centrall-1", "mean eu-central-1 (Frankfurt)"),
            ("Frankfurt", "mean eu-central-1 (Frankfurt)"),
            ("eu-central-1a", "mean eu-central-1 (Frankfurt)"),
            ("EU-West-1", "mean eu-west-1 (Ireland)"),
            ("us-est-1", "mean us-east-1 (Virginia)"),
            ("us-east1", "mean us-east-1 (Virginia)"),
            ("eu-wset-2", "mean eu-west-2 (London)"),
            ("ap-southest-2", "mean ap-southeast-2 (Sydney)"),
            ("eu-central", "mean eu-central-1 (Frankfurt)"),
            ("local", "such as eu-central-1"),
        ];
        for (text, next) in table {
            let error = checked(text).unwrap_err();
            assert!(error.next().contains(next), "{text}: {error}");
        }
    }
}
