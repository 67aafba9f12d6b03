//! AWS's regions, and what a mistyped one could have meant.

use crate::{
    config::Region,
    error::{Error, ErrorKind, Result},
};

/// The commercial regions and the places they are called by (AWS Regions and Availability Zones User Guide, "AWS
/// Regions"). A region that is newer than this list is taken, too: see [`has_form`].
const REGIONS: [(&str, &str); 34] = [
    ("us-east-1", "Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "California"),
    ("us-west-2", "Oregon"),
    ("af-south-1", "Cape Town"),
    ("ap-east-1", "Hong Kong"),
    ("ap-east-2", "Taipei"),
    ("ap-south-1", "Mumbai"),
    ("ap-south-2", "Hyderabad"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-southeast-3", "Jakarta"),
    ("ap-southeast-4", "Melbourne"),
    ("ap-southeast-5", "Malaysia"),
    ("ap-southeast-6", "New Zealand"),
    ("ap-southeast-7", "Thailand"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
    ("ca-central-1", "Canada"),
    ("ca-west-1", "Calgary"),
    ("eu-central-1", "Frankfurt"),
    ("eu-central-2", "Zurich"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("eu-south-2", "Spain"),
    ("il-central-1", "Tel Aviv"),
    ("me-central-1", "UAE"),
    ("me-south-1", "Bahrain"),
    ("mx-central-1", "Mexico"),
    ("sa-east-1", "São Paulo"),
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

fn meant(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.to_lowercase();
    // An availability zone: eu-central-1a.
    let zone = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let is_place = |place: &str| place.to_lowercase().replace(' ', "-") == text || place.to_lowercase() == text;
    if let Some(found) = REGIONS.iter().find(|(name, place)| *name == zone || is_place(place)) {
        return Some(*found);
    }
    let nearness = |name: &str| strsim::normalized_damerau_levenshtein(name, &text);
    let nearest = REGIONS.iter().max_by(|a, b| nearness(a.0).total_cmp(&nearness(b.0)))?;
    (nearness(nearest.0) >= 0.6).then_some(*nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<()> {
        check(&text.parse().unwrap())
    }

    #[test]
    fn every_region_is_one_and_newer_ones_too() {
        for (region, _) in REGIONS {
            assert!(checked(region).is_ok(), "{region}");
        }
        for region in ["eu-north-2", "mx-west-1", "cn-north-1", "us-gov-west-1"] {
            assert!(checked(region).is_ok(), "{region}");
        }
    }

    #[test]
    fn what_is_none_gets_the_one_that_was_meant() {
        let table = [
            ("eu-centrall-1", "mean eu-central-1 (Frankfurt)"),
            ("Frankfurt", "mean eu-central-1 (Frankfurt)"),
            ("eu-central-1a", "mean eu-central-1 (Frankfurt)"),
            ("EU-West-1", "mean eu-west-1 (Ireland)"),
            ("us-est-1", "mean us-east-1 (Virginia)"),
            ("eu-central", "mean eu-central-1 (Frankfurt)"),
            ("local", "such as eu-central-1"),
        ];
        for (text, next) in table {
            let error = checked(text).unwrap_err();
            assert!(error.next().contains(next), "{text}: {error}");
        }
    }
}
