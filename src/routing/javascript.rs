//! The viewer-request function, as JavaScript for CloudFront.
