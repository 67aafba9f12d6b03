//! Tags of distributions.

use aws_sdk_cloudfront::types;

use super::{CloudFront, bug};
use crate::{aws::Action, error::Result, setup::observed::Tags};

impl CloudFront {
    /// Adds tags to what has the ARN, replacing the values of those it has already.
    ///
    /// # Errors
    /// As AWS answers.
    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<()> {
        let what = format!("tag {arn}");
        let action = Action { iam: "cloudfront:TagResource", on: arn, what: &what };
        let sent = self.client.tag_resource().resource(arn).tags(written(tags, &what)?).send().await;
        sent.map(drop).map_err(|error| action.failed(error))
    }

    /// The tags of what has the ARN.
    ///
    /// # Errors
    /// As AWS answers.
    pub(super) async fn tags(&self, arn: &str) -> Result<Tags> {
        let what = format!("read the tags of {arn}");
        let action = Action { iam: "cloudfront:ListTagsForResource", on: arn, what: &what };
        let sent = self.client.list_tags_for_resource().resource(arn).send().await;
        let answer = sent.map_err(|error| action.failed(error))?;
        let items = answer.tags().map(|tags| tags.items()).unwrap_or_default().iter();
        Ok(items.map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned())).collect())
    }
}

/// Tags as the SDK takes them.
pub(super) fn written(tags: &Tags, what: &str) -> Result<types::Tags> {
    let items = tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build());
    let items = items.collect::<Result<Vec<_>, _>>().map_err(|error| bug(what, error))?;
    Ok(types::Tags::builder().set_items(Some(items)).build())
}
