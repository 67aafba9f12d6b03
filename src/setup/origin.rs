//! The bucket behind an origin, read from the origin's domain name and path.

/// The bucket behind a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Origin {
    /// The bucket's name.
    pub bucket: String,
    /// Its region, where the origin's name tells.
    pub region: Option<String>,
    /// The served prefix: the origin path without slashes at its ends.
    pub prefix: String,
    /// Whether the origin is the bucket's website endpoint.
    pub website: bool,
}

impl S3Origin {
    /// The bucket behind an observed origin; `None` when it is not S3.
    pub fn of(origin: &super::observed::Origin) -> Option<Self> {
        Self::parse(&origin.domain, &origin.path)
    }

    /// Reads an origin's domain name and path; `None` when it is not S3.
    ///
    /// The forms are those of the S3 User Guide, "Methods for accessing a bucket" and "Website endpoints".
    ///
    /// ```
    /// # use cruddur_site::setup::S3Origin;
    /// let origin = S3Origin::parse("shop.s3.eu-west-1.amazonaws.com", "/live").unwrap();
    /// assert_eq!((origin.bucket.as_str(), origin.prefix.as_str()), ("shop", "live"));
    /// assert!(S3Origin::parse("example.com", "").is_none());
    /// ```
    pub fn parse(domain: &str, path: &str) -> Option<Self> {
        let host = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"))?;
        let prefix = path.trim_matches('/').to_owned();
        let origin = |bucket: &str, region: &str, website| {
            let region = (!region.is_empty()).then(|| region.to_owned());
            (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), region, prefix: prefix.clone(), website })
        };
        // A bucket's name may have dots and look like the rest of another form.
        let is_region = |name: &str| !name.is_empty() && !name.contains('.') && !name.starts_with("s3-");
        let split = |marker: &str| host.rsplit_once(marker).filter(|(_, region)| is_region(region));
        if let Some(bucket) = host.strip_suffix(".s3") {
            return origin(bucket, "", false);
        }
        for marker in [".s3-website-", ".s3-website."] {
            if let Some((bucket, region)) = split(marker) {
                return origin(bucket, region, true);
            }
        }
        for marker in [".s3.dualstack.", ".s3-fips.dualstack.", ".s3-fips.", ".s3.", ".s3-"] {
            if let Some((bucket, region)) = split(marker) {
                return origin(bucket, region, false);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_origins_are_told_from_others() {
        let rest = |bucket: &str, region: Option<&str>| Some((bucket.to_owned(), region.map(str::to_owned), false));
        let table = [
            ("cruddur.com.s3.eu-west-1.amazonaws.com", rest("cruddur.com", Some("eu-west-1"))),
            ("b.s3.amazonaws.com", rest("b", None)),
            ("b.s3-us-west-2.amazonaws.com", rest("b", Some("us-west-2"))),
            ("b.s3.dualstack.us-east-1.amazonaws.com", rest("b", Some("us-east-1"))),
            ("b.s3.cn-north-1.amazonaws.com.cn", rest("b", Some("cn-north-1"))),
            ("b.s3-website-us-east-1.amazonaws.com", Some(("b".into(), Some("us-east-1".into()), true))),
            ("b.s3-website.eu-central-1.amazonaws.com", Some(("b".into(), Some("eu-central-1".into()), true))),
            ("b.s3-fips.us-east-1.amazonaws.com", rest("b", Some("us-east-1"))),
            ("x.s3-website-y.s3.eu-west-1.amazonaws.com", rest("x.s3-website-y", Some("eu-west-1"))),
            ("x.s3-website.s3.amazonaws.com", rest("x.s3-website", None)),
            ("x.s3.y.s3-us-west-2.amazonaws.com", rest("x.s3.y", Some("us-west-2"))),
            ("alb-1.us-east-1.elb.amazonaws.com", None),
            ("example.com", None),
        ];
        for (domain, expected) in table {
            let parsed = S3Origin::parse(domain, "/live");
            assert_eq!(parsed.as_ref().map(|o| o.prefix.as_str()), expected.as_ref().map(|_| "live"), "{domain}");
            assert_eq!(parsed.map(|o| (o.bucket, o.region, o.website)), expected, "{domain}");
        }
    }
}
