//! What a site needs on AWS, pure: what the owner asks for, what is there, and the steps from one to the other.
//!
//! `request` + `observed` -> [`Site`] (desired) -> [`Plan`] of typed [`Step`]s. No AWS type, no clock, no network: the
//! looking and the doing are in [`crate::bootstrap`], AWS's side of them in [`crate::aws`].

pub mod cost;
pub mod desired;
pub mod distribution;
pub mod observed;
pub mod origin;
pub mod plan;
pub mod policy;
pub mod records;
pub mod region;
pub mod removal;
pub mod request;
pub mod site;
pub mod step;
pub mod template;
pub mod wildcard;

pub use observed::Observed;
pub use origin::S3Origin;
pub use request::Request;
pub use site::Site;
pub use step::{Change, Ids, Part, Plan, RecordChange, Resource, Step, Verdict};
