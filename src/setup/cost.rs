//! What the site costs a month.
//!
//! Prices are AWS's public ones in US dollars, as listed in November 2026: "Amazon CloudFront pricing" (always free: 1 TB
//! out, 10 million requests, 2 million function invocations a month), "Amazon Route 53 pricing" ($0.50 a zone for the
//! first 25; alias queries to CloudFront are free), "Amazon S3 pricing" ($0.023 a GB in us-east-1) and "AWS Key Management
//! Service pricing" ($1 a key).

use super::{Plan, Resource, Verdict, request::SiteRouting};

/// What a month costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// What is paid whatever the traffic, in US cents: zones that are used.
    pub fixed_cents: u32,
    /// The part of it that begins with this plan: zones that are made.
    pub new_cents: u32,
    /// The same and the free tiers, in one line.
    pub line: String,
}

/// A public hosted zone a month, in US cents.
const ZONE_CENTS: u32 = 50;

/// What `plan`'s site costs a month, once the plan is carried out.
pub fn monthly(plan: &Plan) -> Cost {
    let zones = || plan.parts.iter().filter(|part| part.resource == Resource::Zone);
    let cents = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(ZONE_CENTS);
    let fixed_cents = cents(zones().count());
    let new_cents = cents(zones().filter(|part| part.verdict == Verdict::Create).count());
    let zone = match (fixed_cents, new_cents) {
        (0, _) => "nothing fixed".to_owned(),
        (fixed, 0) => {
            format!("about {} a month: the hosted {}, which you pay already", dollars(fixed), zones_word(fixed))
        }
        (fixed, new) if fixed == new => {
            format!("about {} a month: the new hosted {}", dollars(fixed), zones_word(fixed))
        }
        (fixed, new) => format!("about {} a month: the hosted zones, {} of it new", dollars(fixed), dollars(new)),
    };
    let function = match plan.site.routing {
        SiteRouting::Function(_) => ", 2 million function calls",
        SiteRouting::ErrorPages => "",
    };
    let line = format!(
        "{zone}; 10 million requests, 1 TB of transfer{function} and 1,000 invalidated paths a month are free, \
         the storage costs about $0.02 a GB"
    );
    Cost { fixed_cents, new_cents, line }
}

fn zones_word(cents: u32) -> &'static str {
    if cents == ZONE_CENTS { "zone" } else { "zones" }
}

fn dollars(cents: u32) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}
