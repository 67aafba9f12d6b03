//! The account's distributions, as far as the list of them tells.

use super::CloudFront;
use crate::{aws::Action, error::Result};

/// A distribution of the account, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `NAME.cloudfront.net`.
    pub domain_name: String,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// Whether it answers at all.
    pub enabled: bool,
    /// Its comment.
    pub comment: String,
    /// The domain names of its origins, and their paths.
    pub origins: Vec<(String, String)>,
}

impl CloudFront {
    /// Every distribution of the account, but for staging ones: they are copies of others, made to try out a change
    /// (Developer Guide, "Use CloudFront continuous deployment").
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn summaries(&self) -> Result<Vec<Summary>> {
        let what = "list the distributions of the account";
        let action = Action { iam: "cloudfront:ListDistributions", on: "*", what };
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let sent = self.client.list_distributions().set_marker(marker).send().await;
            let page = sent.map_err(|error| action.failed(error))?;
            let Some(list) = page.distribution_list() else { break };
            found.extend(list.items().iter().filter(|distribution| !distribution.staging()).map(|distribution| {
                let origins = distribution.origins().map(|origins| origins.items()).unwrap_or_default().iter();
                let path = |path: Option<&str>| path.unwrap_or_default().to_owned();
                Summary {
                    id: distribution.id().to_owned(),
                    arn: distribution.arn().to_owned(),
                    domain_name: distribution.domain_name().to_owned(),
                    aliases: distribution.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
                    enabled: distribution.enabled(),
                    comment: distribution.comment().to_owned(),
                    origins: origins
                        .map(|origin| (origin.domain_name().to_owned(), path(origin.origin_path())))
                        .collect(),
                }
            }));
            marker = list.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        Ok(found)
    }
}
