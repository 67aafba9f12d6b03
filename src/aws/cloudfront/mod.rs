//! CloudFront: finding a site's distribution, and making its edges forget.

mod access_control;
mod config;
mod distributions;
mod function;
mod summaries;
mod tags;

use aws_sdk_cloudfront::{
    Client,
    types::{DistributionConfig, EventType, InvalidationBatch, Paths},
};

pub use self::summaries::Summary;
use super::{Action, bug};
pub use crate::setup::S3Origin;
use crate::{
    error::{Error, ErrorKind, Result},
    plan::Edge,
    routing::Routing,
    setup::wildcard::covers,
    site::{ObjectKey, walk::enumerate},
};

/// What a publish needs to know of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// `NAME.cloudfront.net`.
    pub domain_name: String,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// The bucket of its default behavior.
    pub origin: S3Origin,
    /// What planning needs.
    pub edge: Edge,
    /// The status of the last change: whether every edge has it.
    pub deployed: bool,
}

impl Distribution {
    /// The name people know the site by: its first alternate domain name, or else the distribution's own.
    pub fn site_name(&self) -> &str {
        self.aliases.iter().find(|alias| !alias.starts_with('*')).unwrap_or(&self.domain_name)
    }
}

/// CloudFront, as one account sees it.
#[derive(Debug, Clone)]
pub struct CloudFront {
    client: Client,
}

impl CloudFront {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Finds the distribution that has `domain` among its alternate domain names (or is named so itself).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with what there is instead, or as AWS answers.
    pub async fn find(&self, domain: &str) -> Result<Distribution> {
        let what = format!("find the distribution of {domain}");
        let action = Action { iam: "cloudfront:ListDistributions", on: "*", what: &what };
        let mut aliases = Vec::new();
        let mut marker = None;
        loop {
            let sent = self.client.list_distributions().set_marker(marker).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            let Some(list) = page.distribution_list() else { break };
            for distribution in list.items() {
                let own = distribution.aliases().map(|aliases| aliases.items()).unwrap_or_default();
                let named = own.iter().any(|alias| covers(alias, domain)) || distribution.domain_name() == domain;
                if named {
                    return self.get(distribution.id()).await;
                }
                aliases.extend(own.iter().cloned());
            }
            marker = list.next_marker().map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        Err(no_distribution(domain, &aliases))
    }

    /// Reads one distribution.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Config`] when its default origin is not S3, or as AWS answers.
    pub async fn get(&self, id: &str) -> Result<Distribution> {
        let (on, what) = (format!("arn:aws:cloudfront::*:distribution/{id}"), format!("read distribution {id}"));
        let action = Action { iam: "cloudfront:GetDistribution", on: &on, what: &what };
        let answer = self.client.get_distribution().id(id).send().await.map_err(|error| action.failed(error))?;
        let distribution = answer.distribution().ok_or_else(|| incomplete(&what))?;
        let config = distribution.distribution_config().ok_or_else(|| incomplete(&what))?;
        Ok(Distribution {
            id: distribution.id().to_owned(),
            domain_name: distribution.domain_name().to_owned(),
            aliases: config.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
            origin: origin(id, config)?,
            edge: edge(config),
            deployed: distribution.status() == "Deployed",
        })
    }

    /// Asks the edges to forget `paths` (encoded, at most 3,000) and returns the invalidation's id. `reference`
    /// makes the call safe to repeat.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn invalidate(&self, id: &str, paths: &[String], reference: &str) -> Result<String> {
        let number = match paths.len() {
            1 => "1 path".to_owned(),
            more => format!("{more} paths"),
        };
        let (on, what) =
            (format!("arn:aws:cloudfront::*:distribution/{id}"), format!("invalidate {number} of distribution {id}"));
        let action = Action { iam: "cloudfront:CreateInvalidation", on: &on, what: &what };
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let batch = Paths::builder()
            .quantity(quantity)
            .set_items(Some(paths.to_vec()))
            .build()
            .and_then(|paths| InvalidationBatch::builder().paths(paths).caller_reference(reference).build());
        let batch = batch.map_err(|error| bug(&what, error))?;
        let sent = self.client.create_invalidation().distribution_id(id).invalidation_batch(batch).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        Ok(answer.invalidation().map(|invalidation| invalidation.id().to_owned()).unwrap_or_default())
    }

    /// Whether every edge has forgotten the paths of an invalidation.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn is_completed(&self, id: &str, invalidation: &str) -> Result<bool> {
        let (on, what) =
            (format!("arn:aws:cloudfront::*:distribution/{id}"), format!("read invalidation {invalidation}"));
        let action = Action { iam: "cloudfront:GetInvalidation", on: &on, what: &what };
        let sent = self.client.get_invalidation().distribution_id(id).id(invalidation).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        Ok(answer.invalidation().is_some_and(|invalidation| invalidation.status().eq_ignore_ascii_case("Completed")))
    }
}

/// How often a change is tried while others change the same thing.
const ATTEMPTS: usize = 5;

/// Whether somebody else changed it since its ETag was read.
fn is_stale(code: Option<&str>) -> bool {
    matches!(code, Some("PreconditionFailed" | "InvalidIfMatchVersion"))
}

/// CloudFront left out what its API reference promises.
fn incomplete(what: &str) -> Error {
    let told = format!("cannot {what}: the answer is not complete");
    Error::new(ErrorKind::Service, told, "run the command again")
}

fn no_distribution(domain: &str, aliases: &[String]) -> Error {
    let near =
        aliases.iter().max_by(|a, b| strsim::jaro_winkler(a, domain).total_cmp(&strsim::jaro_winkler(b, domain)));
    let next = match near {
        Some(near) if strsim::jaro_winkler(near, domain) > 0.8 => format!("did you mean {near}?"),
        Some(_) => format!(
            "check the name, and --profile: this account has {}; or make everything with `cruddur-site bootstrap \
             {domain}`",
            enumerate(aliases)
        ),
        None => format!(
            "no distribution of this account has one: is this the right --profile? Else make everything with \
             `cruddur-site bootstrap {domain}`, or give --distribution ID"
        ),
    };
    Error::new(ErrorKind::NotFound, format!("no distribution has {domain} among its alternate domain names"), next)
}

fn origin(id: &str, config: &DistributionConfig) -> Result<S3Origin> {
    let target = config.default_cache_behavior().map(|behavior| behavior.target_origin_id()).unwrap_or_default();
    let origins = config.origins().map(|origins| origins.items()).unwrap_or_default();
    let origin = origins.iter().find(|origin| origin.id() == target);
    let domain = origin.map(|origin| origin.domain_name()).unwrap_or_default();
    let path = origin.and_then(|origin| origin.origin_path()).unwrap_or_default();
    S3Origin::parse(domain, path).ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("the default origin of distribution {id} is {domain}, which is not an S3 bucket"),
            "name the distribution of the static site with --distribution, or the bucket itself with --bucket and \
             --prefix",
        )
    })
}

fn edge(config: &DistributionConfig) -> Edge {
    let functions = config.default_cache_behavior().and_then(|behavior| behavior.function_associations());
    let viewer_request = functions.map(|functions| functions.items()).unwrap_or_default().iter();
    let mut viewer_request = viewer_request.filter(|function| *function.event_type() == EventType::ViewerRequest);
    let arn = viewer_request.next().map(|function| function.function_arn()).unwrap_or_default();
    let name = arn.rsplit('/').next().unwrap_or_default();
    let routing = Routing::of_function(name);
    let errors = config.custom_error_responses().map(|errors| errors.items()).unwrap_or_default();
    let page = |error: &aws_sdk_cloudfront::types::CustomErrorResponse| {
        let key = ObjectKey::new(error.response_page_path()?.trim_start_matches('/')).ok()?;
        Some((key, error.error_caching_min_ttl().and_then(|ttl| u64::try_from(ttl).ok()).unwrap_or(10)))
    };
    let root = config.default_root_object().filter(|root| !root.is_empty());
    Edge {
        routing,
        default_root_object: root.map(str::to_owned),
        error_pages: errors.iter().filter_map(page).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_may_be_a_wildcard() {
        assert!(covers("*.example.com", "www.example.com"));
        assert!(covers("Example.com", "example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("*.example.com", "a.b.example.com"));
    }
}
