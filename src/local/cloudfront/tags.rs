//! Tags of distributions and functions (Developer Guide, "Tag a distribution").

use rusqlite::Transaction;

use super::{
    Answer, Call, Refusal, distributions, functions,
    schema::{
        self,
        Kind::{Structure, Text},
        Member, may, must,
    },
};
use crate::{
    local::{Fault, xml::Element},
    setup::observed::Tags,
};

/// The most tags of one resource.
const MOST: usize = 50;

/// The longest key and value, in characters (API reference, "Tag").
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

const TAG: &[Member] = &[must("Key", Text), may("Value", Text)];

/// Reads a `Tags` document.
///
/// # Errors
/// `InvalidTagging` for a tag that is not allowed.
pub(super) fn read(document: &Element) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in document.at("Items").map(Element::children).unwrap_or_default() {
        let tag = schema::conform(tag, Structure(TAG))?;
        let (key, value) = (tag.text_at("Key"), tag.text_at("Value"));
        let allowed = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || " _.:/=+-@".contains(letter));
        let lengths = (1..=LONGEST_KEY).contains(&key.chars().count()) && value.chars().count() <= LONGEST_VALUE;
        if !lengths || !allowed(key) || !allowed(value) || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(format!("The tag {key} is not allowed.")));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("The tag {key} is there twice.")));
        }
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST { Err(invalid(format!("A resource has at most {MOST} tags."))) } else { Ok(()) }
}

fn invalid(message: String) -> Refusal {
    Refusal::bad("InvalidTagging", message)
}

/// ListTagsForResource.
pub(super) fn list(tx: &Transaction<'_>, call: &Call<'_>) -> Result<Answer, Fault> {
    let tags = Resource::find(tx, &call.required("Resource")?)?.tags().clone();
    let tag = |(key, value)| Element::new("Tag").text("Key", key).text("Value", value);
    let items = tags.iter().map(tag).fold(Element::new("Items"), Element::child);
    Ok(Answer::ok(Element::new("Tags").child(items)))
}

/// TagResource and UntagResource.
pub(super) fn change(tx: &Transaction<'_>, call: &Call<'_>) -> Result<Answer, Fault> {
    let mut resource = Resource::find(tx, &call.required("Resource")?)?;
    match call.required("Operation")?.as_str() {
        "Tag" => resource.tags_mut().extend(read(&call.document("Tags")?)?),
        "Untag" => {
            for key in call.document("TagKeys")?.at("Items").map(Element::children).unwrap_or_default() {
                resource.tags_mut().remove(key.content());
            }
        }
        _ => return Err(Refusal::invalid_argument("Operation must be Tag or Untag.").into()),
    }
    check_count(resource.tags())?;
    resource.keep(tx)?;
    Ok(Answer::nothing())
}

/// What can have tags.
enum Resource {
    Distribution(distributions::Stored),
    Function(functions::Function),
}

impl Resource {
    fn find(tx: &Transaction<'_>, arn: &str) -> Result<Self, Fault> {
        let own = format!("arn:aws:cloudfront::{}:", crate::local::ACCOUNT_NUMBER);
        let Some((kind, id)) = arn.strip_prefix(&own).and_then(|rest| rest.split_once('/')) else {
            return Err(Refusal::invalid_argument("The parameter Resource is no ARN of this account.").into());
        };
        let found = match kind {
            "distribution" => distributions::find(tx, id)?.map(Self::Distribution),
            "function" => functions::find(tx, id)?.map(Self::Function),
            _ => None,
        };
        Ok(found.ok_or_else(|| Refusal::missing("NoSuchResource", "A resource that was specified is not valid."))?)
    }

    fn tags(&self) -> &Tags {
        match self {
            Self::Distribution(distribution) => &distribution.tags,
            Self::Function(function) => &function.tags,
        }
    }

    fn tags_mut(&mut self) -> &mut Tags {
        match self {
            Self::Distribution(distribution) => &mut distribution.tags,
            Self::Function(function) => &mut function.tags,
        }
    }

    fn keep(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        match self {
            Self::Distribution(distribution) => distributions::retag(tx, distribution),
            Self::Function(function) => functions::keep(tx, function),
        }
    }
}
