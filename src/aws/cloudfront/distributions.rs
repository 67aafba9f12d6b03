//! A distribution as bootstrap sees it: read whole, made, changed, disabled, deleted.

use aws_sdk_cloudfront::{
    error::ProvideErrorMetadata as _,
    types::{DistributionConfig, DistributionConfigWithTags},
};

use super::{ATTEMPTS, CloudFront, bug, config, incomplete, is_stale, tags};
use crate::{
    aws::Action,
    error::Result,
    setup::observed::{Distribution, Tags},
};

impl CloudFront {
    /// Reads a distribution with its tags, if there is one of that id.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn distribution(&self, id: &str) -> Result<Option<Distribution>> {
        let (on, what) = (arn(id), format!("read distribution {id}"));
        let action = Action { iam: "cloudfront:GetDistribution", on: &on, what: &what };
        let answer = match self.client.get_distribution().id(id).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchDistribution") => return Ok(None),
            Err(error) => return Err(action.failed(error)),
        };
        let distribution = answer.distribution().ok_or_else(|| incomplete(&what))?;
        let tags = self.tags(distribution.arn()).await?;
        read(distribution, answer.e_tag(), tags, &what).map(Some)
    }

    /// Makes a distribution, tagged. `reference` makes the call safe to repeat: where it has made one before (as when
    /// the answer to a first attempt was lost), that one gets what is wanted.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn create_distribution(
        &self,
        wanted: &Distribution,
        reference: &str,
        tags: &Tags,
    ) -> Result<Distribution> {
        let what = match wanted.aliases.first() {
            Some(alias) => format!("make the distribution of {alias}"),
            None => "make the distribution".to_owned(),
        };
        let action = Action { iam: "cloudfront:CreateDistribution", on: "*", what: &what };
        let config = config::create(wanted, reference).map_err(|error| bug(&what, error))?;
        let config =
            DistributionConfigWithTags::builder().distribution_config(config).tags(tags::written(tags, &what)?).build();
        let create = self.client.create_distribution_with_tags().distribution_config_with_tags(config);
        let answer = match create.send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("DistributionAlreadyExists") => {
                return match made_before(error.message()) {
                    Some(id) => {
                        let made = self.update_distribution(&id, wanted).await?;
                        self.tag(&made.arn, tags).await?;
                        Ok(Distribution { tags: tags.clone(), ..made })
                    }
                    None => Err(action.failed(error)),
                };
            }
            Err(error) => return Err(action.failed(error)),
        };
        let made = answer.distribution().ok_or_else(|| incomplete(&what))?;
        read(made, answer.e_tag(), tags.clone(), &what)
    }

    /// Writes what is wanted into the configuration as it is now. Where that is no longer the one that `wanted` was made
    /// from (by its ETag), behaviors that were added meanwhile stay; otherwise those that are not wanted go.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn update_distribution(&self, id: &str, wanted: &Distribution) -> Result<Distribution> {
        let what = format!("change distribution {id}");
        let changed = self.change(id, &what, |etag, there| {
            if etag == wanted.etag {
                return config::write(wanted, there);
            }
            let wanted = config::with_strangers(wanted, &there);
            config::write(&wanted, there)
        });
        let changed = changed.await?;
        Ok(Distribution { tags: wanted.tags.clone(), ..changed })
    }

    /// Stops a distribution from answering, as must be before it can be deleted.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn disable(&self, id: &str) -> Result<()> {
        let what = format!("disable distribution {id}");
        let disable = |_: &str, there: DistributionConfig| {
            let mut config = there;
            config.enabled = false;
            Ok(config)
        };
        self.change(id, &what, disable).await.map(drop)
    }

    /// Reads the configuration, changes it, and writes it on the condition that nobody else has meanwhile: else again
    /// from the start. Nothing is written where nothing changes.
    async fn change<F>(&self, id: &str, what: &str, change: F) -> Result<Distribution>
    where
        F: Fn(
            &str,
            DistributionConfig,
        ) -> std::result::Result<DistributionConfig, aws_sdk_cloudfront::error::BuildError>,
    {
        let on = arn(id);
        let reading = Action { iam: "cloudfront:GetDistribution", on: &on, what };
        let writing = Action { iam: "cloudfront:UpdateDistribution", on: &on, what };
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            let got = self.client.get_distribution().id(id).send().await.map_err(|error| reading.failed(error))?;
            let there = got.distribution().ok_or_else(|| incomplete(what))?;
            let old = there.distribution_config().ok_or_else(|| incomplete(what))?;
            let etag = got.e_tag().unwrap_or_default();
            let new = change(etag, old.clone()).map_err(|error| bug(what, error))?;
            if new == *old {
                return read(there, got.e_tag(), Tags::new(), what);
            }
            let update = self.client.update_distribution().id(id).if_match(etag).distribution_config(new);
            match update.send().await {
                Ok(answer) => {
                    let changed = answer.distribution().ok_or_else(|| incomplete(what))?;
                    return read(changed, answer.e_tag(), Tags::new(), what);
                }
                Err(error) if attempts > 0 && is_stale(error.code()) => {}
                Err(error) => return Err(writing.failed(error)),
            }
        }
    }

    /// Deletes a distribution that is disabled everywhere; that there is none is no error.
    ///
    /// # Errors
    /// As AWS answers: `DistributionNotDisabled` while any edge still answers for it.
    pub async fn delete_distribution(&self, id: &str) -> Result<()> {
        let (on, what) = (arn(id), format!("delete distribution {id}"));
        let reading = Action { iam: "cloudfront:GetDistribution", on: &on, what: &what };
        let action = Action { iam: "cloudfront:DeleteDistribution", on: &on, what: &what };
        let there = match self.client.get_distribution().id(id).send().await {
            Ok(there) => there,
            Err(error) if error.code() == Some("NoSuchDistribution") => return Ok(()),
            Err(error) => return Err(reading.failed(error)),
        };
        match self.client.delete_distribution().id(id).set_if_match(there.e_tag).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchDistribution") => Ok(()),
            Err(error) => Err(action.failed(error)),
        }
    }

    /// Whether every edge has the last change of a distribution.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn is_deployed(&self, id: &str) -> Result<bool> {
        let (on, what) = (arn(id), format!("read distribution {id}"));
        let action = Action { iam: "cloudfront:GetDistribution", on: &on, what: &what };
        let answer = self.client.get_distribution().id(id).send().await.map_err(|error| action.failed(error))?;
        Ok(answer.distribution().is_some_and(|distribution| distribution.status() == DEPLOYED))
    }

    /// Aliases of other distributions, in whatever account, that are `alias` or overlap with it: the alias, and the
    /// distribution and account as far as CloudFront shows them.
    ///
    /// CloudFront answers only who has a distribution with a certificate that covers the alias (API reference,
    /// ListConflictingAliases). Where it cannot be asked or does not answer, none are known.
    ///
    /// # Errors
    /// Where AWS cannot be reached.
    pub async fn conflicts(&self, distribution: Option<&str>, alias: &str) -> Result<Vec<(String, String)>> {
        let Some(id) = distribution else { return Ok(Vec::new()) };
        let (on, what) = (arn(id), format!("ask who else has {alias}"));
        let action = Action { iam: "cloudfront:ListConflictingAliases", on: &on, what: &what };
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let list = self.client.list_conflicting_aliases().distribution_id(id).alias(alias);
            let page = match list.set_marker(marker).send().await {
                Ok(page) => page,
                Err(error) if error.as_service_error().is_some() => return Ok(Vec::new()),
                Err(error) => return Err(action.failed(error)),
            };
            let Some(list) = page.conflicting_aliases_list() else { return Ok(found) };
            found.extend(list.items().iter().filter_map(|conflict| {
                let (other, account) = (conflict.distribution_id()?, conflict.account_id().unwrap_or_default());
                let seen = other.trim_start_matches('*');
                let is_own = !seen.is_empty() && id.ends_with(seen);
                (!is_own).then(|| (conflict.alias().unwrap_or(alias).to_owned(), shown(other, account)))
            }));
            marker = list.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The status of a distribution that every edge has.
const DEPLOYED: &str = "Deployed";

fn arn(id: &str) -> String {
    format!("arn:aws:cloudfront::*:distribution/{id}")
}

fn shown(distribution: &str, account: &str) -> String {
    if account.is_empty() { distribution.to_owned() } else { format!("{distribution} of account {account}") }
}

/// The distribution that a caller reference has made before. CloudFront names it in words only, and answers so even where
/// the configuration is the same, whatever an older API reference says (aws/aws-sdk-go#2213).
fn made_before(message: Option<&str>) -> Option<String> {
    let id = message?.rsplit_once("lready exists: ")?.1.trim().trim_end_matches('.');
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then(|| id.to_owned())
}

fn read(
    distribution: &aws_sdk_cloudfront::types::Distribution,
    etag: Option<&str>,
    tags: Tags,
    what: &str,
) -> Result<Distribution> {
    let config = distribution.distribution_config().ok_or_else(|| incomplete(what))?;
    let about = config::About {
        id: distribution.id().to_owned(),
        arn: distribution.arn().to_owned(),
        domain_name: distribution.domain_name().to_owned(),
        etag: etag.unwrap_or_default().to_owned(),
        deployed: distribution.status() == DEPLOYED,
        tags,
    };
    Ok(config::read(config, about))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_a_reference_made_is_in_the_words() {
        let told = "The caller reference that you are using to create a distribution is associated with another distribution. \
                    Already exists: E1A2B3C4D5E6F7";
        assert_eq!(made_before(Some(told)).as_deref(), Some("E1A2B3C4D5E6F7"));
        assert_eq!(made_before(Some("Already exists: a distribution")), None);
        assert_eq!(made_before(Some("The caller reference is taken")), None);
        assert_eq!(made_before(None), None);
    }
}
