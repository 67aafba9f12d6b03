//! Tags of hosted zones.

use bytes::Bytes;
use rusqlite::Transaction;
use serde::Deserialize;

use crate::local::xml::Element;

use super::{Answer, Fault, Refusal, model::Zone, parse, zones::existing};

/// The most tags of a zone, and the most that one request adds or removes (API reference, ChangeTagsForResource).
const MAX_TAGS: usize = 10;

/// The most zones of one ListTagsForResources (its page of the API reference).
const MAX_RESOURCES: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeTagsRequest {
    #[serde(default)]
    add_tags: Tags,
    #[serde(default)]
    remove_tag_keys: Keys,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(default)]
    tag: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    #[serde(default)]
    key: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTagsRequest {
    resource_ids: ResourceIds,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceIds {
    #[serde(default)]
    resource_id: Vec<String>,
}

/// ChangeTagsForResource.
pub(super) fn change(tx: &Transaction<'_>, id: &str, body: &Bytes) -> Result<Answer, Fault> {
    let request: ChangeTagsRequest = parse(body)?;
    let mut zone = existing(tx, id)?;
    let (added, removed) = (request.add_tags.tag, request.remove_tag_keys.key);
    if added.is_empty() && removed.is_empty() {
        return Err(Refusal::invalid_input("AddTags or RemoveTagKeys must be given").into());
    }
    if added.len() > MAX_TAGS || removed.len() > MAX_TAGS {
        return Err(Refusal::invalid_input(format!("at most {MAX_TAGS} tags can be changed at once")).into());
    }
    let is_valid =
        |tag: &Tag| (1..=128).contains(&tag.key.len()) && tag.value.len() <= 256 && !tag.key.starts_with("aws:");
    if !added.iter().all(is_valid) {
        return Err(Refusal::invalid_input("a tag's key must have 1 to 128 characters, its value at most 256").into());
    }
    for key in removed {
        zone.tags.remove(&key);
    }
    zone.tags.extend(added.into_iter().map(|tag| (tag.key, tag.value)));
    if zone.tags.len() > MAX_TAGS {
        return Err(Refusal::invalid_input(format!("a hosted zone has at most {MAX_TAGS} tags")).into());
    }
    zone.keep(tx)?;
    Ok(Answer::ok(Element::new("ChangeTagsForResourceResponse")))
}

/// ListTagsForResource.
pub(super) fn list(tx: &Transaction<'_>, id: &str) -> Result<Answer, Fault> {
    Ok(Answer::ok(Element::new("ListTagsForResourceResponse").child(tag_set(&existing(tx, id)?))))
}

/// ListTagsForResources.
pub(super) fn list_many(tx: &Transaction<'_>, body: &Bytes) -> Result<Answer, Fault> {
    let request: ListTagsRequest = parse(body)?;
    let ids = request.resource_ids.resource_id;
    if !(1..=MAX_RESOURCES).contains(&ids.len()) {
        return Err(Refusal::invalid_input(format!("ResourceIds must be 1 to {MAX_RESOURCES}")).into());
    }
    let mut sets = Element::new("ResourceTagSets");
    for id in ids {
        sets = sets.child(tag_set(&existing(tx, &id)?));
    }
    Ok(Answer::ok(Element::new("ListTagsForResourcesResponse").child(sets)))
}

fn tag_set(zone: &Zone) -> Element {
    let tags = zone.tags.iter().map(|(key, value)| Element::new("Tag").text("Key", key).text("Value", value));
    Element::new("ResourceTagSet")
        .text("ResourceType", "hostedzone")
        .text("ResourceId", &zone.id)
        .child(tags.fold(Element::new("Tags"), Element::child))
}
