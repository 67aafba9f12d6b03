//! The regions of AWS, to tell a mistyped one. One that is not in the list is tried all the same: AWS opens new ones.

/// Every region of the three partitions ("AWS Regions", AWS General Reference, 2026-11), with whether an account has it from
/// the start.
const REGIONS: [(&str, bool); 38] = [
    ("af-south-1", false),
    ("ap-east-1", false),
    ("ap-east-2", false),
    ("ap-northeast-1", true),
    ("ap-northeast-2", true),
    ("ap-northeast-3", true),
    ("ap-south-1", true),
    ("ap-south-2", false),
    ("ap-southeast-1", true),
    ("ap-southeast-2", true),
    ("ap-southeast-3", false),
    ("ap-southeast-4", false),
    ("ap-southeast-5", false),
    ("ap-southeast-6", false),
    ("ap-southeast-7", false),
    ("ca-central-1", true),
    ("ca-west-1", false),
    ("cn-north-1", true),
    ("cn-northwest-1", true),
    ("eu-central-1", true),
    ("eu-central-2", false),
    ("eu-north-1", true),
    ("eu-south-1", false),
    ("eu-south-2", false),
    ("eu-west-1", true),
    ("eu-west-2", true),
    ("eu-west-3", true),
    ("il-central-1", false),
    ("me-central-1", false),
    ("me-south-1", false),
    ("mx-central-1", false),
    ("sa-east-1", true),
    ("us-east-1", true),
    ("us-east-2", true),
    ("us-gov-east-1", true),
    ("us-gov-west-1", true),
    ("us-west-1", true),
    ("us-west-2", true),
];

/// Whether there is such a region, as far as is known.
pub(super) fn is_known(region: &str) -> bool {
    REGIONS.iter().any(|(name, _)| *name == region)
}

/// Whether an account has to enable the region before it can use it.
pub(super) fn is_opt_in(region: &str) -> bool {
    REGIONS.iter().any(|(name, from_the_start)| *name == region && !from_the_start)
}

/// The region that was probably meant.
pub(super) fn near(region: &str) -> &'static str {
    // Fewer slips win; among as many, the name that shares the longer beginning.
    let slips = |name: &str| strsim::damerau_levenshtein(name, region);
    let start = |name: &str| name.bytes().zip(region.bytes()).take_while(|(a, b)| a == b).count();
    let nearest = REGIONS.iter().map(|(name, _)| *name);
    nearest.min_by_key(|name| (slips(name), usize::MAX - start(name))).unwrap_or("us-east-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_region_is_recognised() {
        let table = [
            ("us-est-1", "us-east-1"),
            ("us-east1", "us-east-1"),
            ("eu-wset-2", "eu-west-2"),
            ("eu-central", "eu-central-1"),
            ("ap-southest-2", "ap-southeast-2"),
            ("eu-west-1a", "eu-west-1"),
        ];
        for (typed, meant) in table {
            assert!(!is_known(typed));
            assert_eq!(near(typed), meant, "{typed}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_every_region_is_nearest_to_itself() {
        assert!(REGIONS.is_sorted());
        assert!(REGIONS.iter().all(|(name, _)| near(name) == *name && is_known(name)));
        assert!(is_opt_in("il-central-1") && !is_opt_in("eu-west-1") && !is_opt_in("eu-wset-1"));
    }
}
