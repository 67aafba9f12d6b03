//! What the owner asks for: `bootstrap DOMAIN` with its flags. `None` is no opinion: what exists is kept, or else the
//! default is taken.

use crate::{
    config::{BucketName, DistributionId, DomainName, Prefix, Region},
    routing::Routing,
};

/// What one bootstrap is asked to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name the site is known by.
    pub domain: DomainName,
    /// Whether `www.DOMAIN` (or, where the domain begins with `www.`, the name without it) shall redirect to it. By
    /// default when the domain is a registrable one (`cruddur.com`, `example.co.uk`) or begins with `www.`.
    pub www: Option<bool>,
    /// More names that serve the site as it is.
    pub aliases: Vec<DomainName>,
    /// Whether the certificate shall also cover `*.DOMAIN`.
    pub wildcard: bool,
    /// The distribution to adopt, where it cannot be found by the domain.
    pub distribution: Option<DistributionId>,
    /// The bucket to make or adopt.
    pub bucket: Option<BucketName>,
    /// The folder of it that is served.
    pub prefix: Option<Prefix>,
    /// The bucket's region.
    pub region: Option<Region>,
    /// The key of an encryption by KMS: an ARN.
    pub kms_key: Option<String>,
    /// Days after which versions that were overwritten or deleted expire.
    pub retention_days: Option<u32>,
    /// How URLs become objects.
    pub routing: Option<SiteRouting>,
    /// The edges that serve.
    pub price_class: Option<PriceClass>,
    /// Where the domain's records are kept.
    pub dns: Dns,
    /// Paths that go to other servers.
    pub apis: Vec<Api>,
    /// Who may publish from GitHub Actions.
    pub deployer: Option<Deployer>,
}

impl Request {
    /// What is asked of a site that is only looked for: no opinion on anything.
    pub fn only_look(domain: DomainName) -> Self {
        Self {
            domain,
            www: None,
            aliases: Vec::new(),
            wildcard: true,
            distribution: None,
            bucket: None,
            prefix: None,
            region: None,
            kms_key: None,
            retention_days: None,
            routing: None,
            price_class: None,
            dns: Dns::Route53 { create_zone: false },
            apis: Vec::new(),
            deployer: None,
        }
    }
}

/// How URLs become objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SiteRouting {
    /// By a viewer-request function.
    Function(Routing),
    /// By custom error responses alone: what is missing is answered with `/index.html` and status 200.
    ErrorPages,
}

/// The edges that serve a distribution (CloudFront Developer Guide, "Choose the price class").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceClass {
    /// North America and Europe: `PriceClass_100`.
    Class100,
    /// All but the dearest: `PriceClass_200`.
    Class200,
    /// All of them: `PriceClass_All`.
    All,
}

impl PriceClass {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class100 => "PriceClass_100",
            Self::Class200 => "PriceClass_200",
            Self::All => "PriceClass_All",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Class100, Self::Class200, Self::All].into_iter().find(|class| class.name() == name)
    }
}

/// Where the domain's records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dns {
    /// In a public hosted zone of this account.
    Route53 {
        /// Whether the zone is made where it is missing.
        create_zone: bool,
    },
    /// Elsewhere: the records are printed, and waited for.
    Manual,
}

/// A path that goes to another server: `/api/*=api.internal.cruddur.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Api {
    /// The path pattern of the behavior: `/api/*`.
    pub path: String,
    /// The origin's host name.
    pub origin: DomainName,
}

/// Who may publish: a repository on GitHub, perhaps narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Deployer {
    /// The user or organisation.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// What of it.
    pub scope: DeployerScope,
}

/// What of a repository may publish.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DeployerScope {
    /// Runs on a branch.
    Branch(String),
    /// Runs in a deployment environment.
    Environment(String),
}

impl Deployer {
    /// The `sub` of the tokens that are trusted (GitHub docs, "OpenID Connect reference").
    pub fn subject(&self) -> String {
        let Self { owner, repository, scope } = self;
        match scope {
            DeployerScope::Branch(branch) => format!("repo:{owner}/{repository}:ref:refs/heads/{branch}"),
            DeployerScope::Environment(name) => format!("repo:{owner}/{repository}:environment:{name}"),
        }
    }
}
