//! The desired state: everything about a site on AWS that this tool owns.

use crate::{
    config::{BucketName, DomainName, Prefix, Region},
    setup::{
        observed::Tags,
        request::{Api, Deployer, Dns, PriceClass, SiteRouting},
    },
};

/// A site as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The account it is in.
    pub account: Account,
    /// The name people know it by.
    pub domain: DomainName,
    /// The name that redirects to it.
    pub redirect: Option<DomainName>,
    /// More names that serve it as it is.
    pub aliases: Vec<DomainName>,
    /// Alternate domain names that an adopted distribution has besides, wildcards as `*.example.com`: they stay, and the
    /// certificate covers them, but their records are nobody's business here.
    pub kept_aliases: Vec<String>,
    /// Whether the certificate covers `*.DOMAIN`, too.
    pub wildcard: bool,
    /// Its bucket.
    pub bucket: BucketName,
    /// The bucket's region.
    pub region: Region,
    /// The folder of the bucket that is served: the origin path without slashes at its ends.
    pub prefix: Prefix,
    /// The ARN of the key of an encryption by KMS.
    pub kms_key: Option<String>,
    /// Days after which versions that were overwritten or deleted expire.
    pub retention_days: u32,
    /// How URLs become objects.
    pub routing: SiteRouting,
    /// The edges that serve it.
    pub price_class: PriceClass,
    /// Where the records are kept.
    pub dns: Dns,
    /// Paths that go to other servers.
    pub apis: Vec<Api>,
    /// Who may publish from GitHub Actions.
    pub deployer: Option<Deployer>,
}

/// An AWS account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// Its twelve digits.
    pub id: String,
    /// `aws`, `aws-cn` or `aws-us-gov`: the second part of every ARN.
    pub partition: String,
}

/// The tag that marks everything made for a site; its value is the domain.
pub const TAG: &str = "cruddur-site";

/// The tag that tells what was there before and has only been adopted: `destroy` leaves it standing.
pub const ADOPTED_TAG: &str = "cruddur-site-adopted";

/// What the caller references of everything that this tool makes begin with.
pub const REFERENCE: &str = "cruddur-site-";

/// The name of the role's inline policy.
pub const ROLE_POLICY: &str = "publish";

/// The days that old versions are kept when nobody says otherwise.
pub const RETENTION_DAYS: u32 = 30;

/// The folder that is served when nobody says otherwise.
pub const DEFAULT_PREFIX: &str = "live";

/// The object that answers `/`.
pub const ROOT_OBJECT: &str = "index.html";

/// The page for what is missing.
pub const NOT_FOUND_PAGE: &str = "/404.html";

/// The oldest TLS that viewers may speak (Developer Guide, "Supported protocols and ciphers").
pub const MINIMUM_TLS: &str = "TLSv1.2_2021";

/// The managed cache policy "CachingOptimized" (Developer Guide, "Use managed cache policies").
pub const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// The managed cache policy "CachingDisabled" (same page).
pub const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// The managed origin request policy "AllViewerExceptHostHeader" (Developer Guide, "Use managed origin request policies").
pub const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// The managed response headers policy "SecurityHeadersPolicy" (Developer Guide, "Use managed response headers policies").
pub const SECURITY_HEADERS: &str = "67f7725c-6f97-4210-82d7-5512b31e9d03";

/// The hosted zone of every distribution's own name, for alias records (Route 53 API reference, `AliasTarget`).
pub const DISTRIBUTION_ZONE: &str = "Z2FDTNDATAQYW2";

/// The only region whose certificates CloudFront takes (Developer Guide, "Requirements for using SSL/TLS certificates").
pub const CERTIFICATE_REGION: &str = "us-east-1";

impl Site {
    /// Every alternate domain name that is the site's, its own first. [`Site::kept_aliases`] are not among them.
    pub fn names(&self) -> impl Iterator<Item = &DomainName> {
        std::iter::once(&self.domain).chain(&self.redirect).chain(&self.aliases)
    }

    /// Every alternate domain name of the distribution: [`Site::names`], and those it had besides.
    pub fn distribution_names(&self) -> Vec<String> {
        self.names().map(ToString::to_string).chain(self.kept_aliases.iter().cloned()).collect()
    }

    /// Every name of the certificate: [`Site::distribution_names`], and `*.DOMAIN` where that was asked for.
    pub fn certificate_names(&self) -> Vec<String> {
        let mut names = self.distribution_names();
        let wildcard = format!("*.{}", self.domain);
        if self.wildcard && !names.contains(&wildcard) {
            names.push(wildcard);
        }
        names
    }

    /// The name of the viewer-request function; `None` where error pages do the routing.
    pub fn function_name(&self) -> Option<String> {
        match self.routing {
            SiteRouting::Function(routing) => Some(routing.function_name(&self.slug())),
            SiteRouting::ErrorPages => None,
        }
    }

    /// The name of the origin access control: at most 64 characters (API reference, `OriginAccessControlConfig`).
    pub fn access_control_name(&self) -> String {
        access_control_name(self.domain.as_str())
    }

    /// The name of the role that publishes from GitHub Actions: at most 64 characters (IAM User Guide, "IAM and AWS
    /// STS quotas").
    pub fn role_name(&self) -> String {
        role_name(self.domain.as_str())
    }

    /// The tags of what is made for the site, or, with `adopted`, of what was there before.
    pub fn tags(&self, adopted: bool) -> Tags {
        let own = (TAG.to_owned(), self.domain.to_string());
        let adopted = adopted.then(|| (ADOPTED_TAG.to_owned(), "yes".to_owned()));
        std::iter::once(own).chain(adopted).collect()
    }

    /// The bucket's ARN.
    pub fn bucket_arn(&self) -> String {
        format!("arn:{}:s3:::{}", self.account.partition, self.bucket)
    }

    /// The origin's domain name: the bucket's REST endpoint in its region (Developer Guide, "Use an S3 origin").
    pub fn origin_domain(&self) -> String {
        let suffix = if self.account.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("{}.s3.{}.{suffix}", self.bucket, self.region)
    }

    /// The origin path: empty, or with a leading and without a trailing `/`.
    pub fn origin_path(&self) -> String {
        if self.prefix.as_str().is_empty() { String::new() } else { format!("/{}", self.prefix) }
    }

    /// The ARN of the distribution `id`.
    pub fn distribution_arn(&self, id: &str) -> String {
        format!("arn:{}:cloudfront::{}:distribution/{id}", self.account.partition, self.account.id)
    }

    /// The domain in the letters that names of AWS resources may have: `cruddur-com`. At most 40 characters; longer ones
    /// are cut and told apart by a digest.
    pub fn slug(&self) -> String {
        slug(self.domain.as_str())
    }
}

/// See [`Site::access_control_name`].
pub fn access_control_name(domain: &str) -> String {
    format!("cruddur-site-{}", slug(domain))
}

/// See [`Site::role_name`].
pub fn role_name(domain: &str) -> String {
    format!("cruddur-site-publish-{}", slug(domain))
}

/// See [`Site::slug`].
pub fn slug(domain: &str) -> String {
    use sha2::{Digest as _, Sha256};
    const MOST: usize = 40;
    let plain = domain.replace('.', "-");
    if plain.len() <= MOST {
        return plain;
    }
    let digest = hex::encode(Sha256::digest(domain));
    format!("{}-{}", plain[..MOST - 9].trim_end_matches('-'), &digest[..8])
}
