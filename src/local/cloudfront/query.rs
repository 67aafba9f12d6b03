//! The parameters of a request's query, and lists in pages.

use super::Refusal;
use crate::local::xml::Element;

/// The parameters.
pub(super) struct Query {
    text: String,
    pub(super) marker: String,
    max_items: Option<String>,
}

impl Query {
    /// The most items of one page, and how many there are when nobody says (API reference, ListDistributions).
    const MAX_ITEMS: usize = 100;

    pub(super) fn parse(text: &str) -> Self {
        let mut query = Self { text: text.to_owned(), marker: String::new(), max_items: None };
        query.marker = query.value("Marker").unwrap_or_default();
        query.max_items = query.value("MaxItems");
        query
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let pair = self.text.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?;
        Some(percent_encoding::percent_decode_str(pair.1).decode_utf8_lossy().into_owned())
    }

    /// Whether a parameter is there, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.text.split('&').any(|pair| pair.split('=').next() == Some(name))
    }

    /// How many to look up: one more than a page, to see whether there is another.
    pub(super) fn fetched(&self) -> Result<i64, Refusal> {
        Ok(self.max_items()? as i64 + 1)
    }

    pub(super) fn max_items(&self) -> Result<usize, Refusal> {
        match self.max_items.as_deref().map(str::parse::<usize>) {
            None => Ok(Self::MAX_ITEMS),
            Some(Ok(count @ 1..=Self::MAX_ITEMS)) => Ok(count),
            Some(_) => Err(Refusal::invalid_argument(format!("MaxItems must be between 1 and {}", Self::MAX_ITEMS))),
        }
    }
}

/// A list with its paging, as most of CloudFront's lists look. `items` holds one more than a page when there are more.
pub(super) fn paged<T>(
    name: &'static str,
    query: &Query,
    mut items: Vec<T>,
    id: impl Fn(&T) -> &str,
    render: impl Fn(&T) -> Element,
) -> Result<Element, Refusal> {
    let max_items = query.max_items()?;
    let more = items.len() > max_items;
    items.truncate(max_items);
    let next = items.last().filter(|_| more).map(|item| id(item).to_owned());
    let mut list = Element::new(name).text("Marker", &query.marker);
    if let Some(next) = next {
        list = list.text("NextMarker", next);
    }
    list = list.text("MaxItems", max_items).text("IsTruncated", more);
    Ok(list.items(items.iter().map(render).collect()))
}
