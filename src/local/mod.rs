//! An AWS account in a folder: S3 and CloudFront over loopback HTTP, and an edge that serves.

pub mod edge;
pub mod model;
