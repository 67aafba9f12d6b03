//! What a document must have, member by member, and what CloudFront puts where a client says nothing.
//!
//! Members, whether they are required and the values they take are those of the API reference; members that are not
//! here are kept as they were sent.

use http::StatusCode;

use super::Refusal;
use crate::local::xml::Element;

/// A member of a structure.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) when_absent: Absent,
    pub(super) kind: Kind,
}

/// What happens where a member is not there.
pub(super) enum Absent {
    /// The document is refused.
    Refuse,
    /// Nothing.
    Leave,
    /// The member is put in: a text, or a structure or list of nothing but its own defaults.
    Put(&'static str),
}

/// What a member may hold.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Members.
    Structure(&'static [Member]),
    /// `Quantity` and `Items`, the items all of one name and kind; and further members.
    List(&'static str, &'static Kind, &'static [Member]),
}

/// A member that must be there.
pub(super) const fn must(name: &'static str, kind: Kind) -> Member {
    Member { name, when_absent: Absent::Refuse, kind }
}

/// A member that may be there.
pub(super) const fn may(name: &'static str, kind: Kind) -> Member {
    Member { name, when_absent: Absent::Leave, kind }
}

/// A member that is `text`, or made of its own defaults, where a client says nothing.
pub(super) const fn else_put(name: &'static str, kind: Kind, text: &'static str) -> Member {
    Member { name, when_absent: Absent::Put(text), kind }
}

/// The document as CloudFront keeps it: complete, in the order of the schema, with what is unknown at the end.
///
/// # Errors
/// `MalformedXML` for a member that is missing or holds what it may not, `InconsistentQuantities` for a list of
/// another length than it says.
pub(super) fn conform(document: &Element, kind: Kind) -> Result<Element, Refusal> {
    conform_at(document, kind, &lower_first(document.name()))
}

fn conform_at(element: &Element, kind: Kind, path: &str) -> Result<Element, Refusal> {
    let text = element.content();
    match kind {
        Kind::Text if element.children().is_empty() => Ok(element.clone()),
        Kind::Flag if matches!(text, "true" | "false") => Ok(element.clone()),
        Kind::Number if text.parse::<i64>().is_ok() => Ok(element.clone()),
        Kind::OneOf(values) if values.contains(&text) => Ok(element.clone()),
        Kind::OneOf(values) => {
            Err(invalid(path, text, &format!("Member must satisfy enum value set: [{}]", values.join(", "))))
        }
        Kind::Text | Kind::Flag | Kind::Number => Err(malformed(format!("'{path}' has a value of the wrong type"))),
        Kind::Structure(members) => conform_members(element, members, path),
        Kind::List(item, of, members) => conform_list(element, item, *of, members, path),
    }
}

fn conform_members(element: &Element, members: &[Member], path: &str) -> Result<Element, Refusal> {
    let mut whole = Element::new(element.name().to_owned());
    for member in members {
        let path = format!("{path}.{}", lower_first(member.name));
        match (element.at(member.name), &member.when_absent) {
            (Some(given), _) => whole = whole.child(conform_at(given, member.kind, &path)?),
            (None, Absent::Refuse) => return Err(missing(&path)),
            (None, Absent::Leave) => {}
            (None, Absent::Put(text)) => whole = whole.child(absent(member, text, &path)?),
        }
    }
    let known = |child: &&Element| members.iter().any(|member| member.name == child.name());
    Ok(element.children().iter().filter(|child| !known(child)).cloned().fold(whole, Element::child))
}

fn absent(member: &Member, text: &str, path: &str) -> Result<Element, Refusal> {
    match member.kind {
        Kind::Structure(_) => conform_at(&Element::new(member.name), member.kind, path),
        Kind::List(..) => conform_at(&Element::new(member.name).text("Quantity", 0), member.kind, path),
        _ => Ok(Element::leaf(member.name, text)),
    }
}

fn conform_list(list: &Element, item: &str, of: Kind, members: &[Member], path: &str) -> Result<Element, Refusal> {
    let given = list.at("Items").map(Element::children).unwrap_or_default();
    let items = given.iter().enumerate().map(|(index, given)| {
        if given.name() != item {
            return Err(malformed(format!("{} is no {item}", given.name())));
        }
        conform_at(given, of, &format!("{path}.items.{}.member", index + 1))
    });
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let quantity = list.at("Quantity").ok_or_else(|| missing(&format!("{path}.quantity")))?.content();
    if quantity.parse() != Ok(items.len()) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InconsistentQuantities",
            "The value of Quantity and the size of Items don't match.",
        ));
    }
    let mut rest = Element::new(list.name().to_owned());
    rest.children_mut()
        .extend(list.children().iter().filter(|one| !matches!(one.name(), "Quantity" | "Items")).cloned());
    Ok(conform_members(&rest, members, path)?.items(items))
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// A document that is not what it must be.
pub(super) fn malformed(what: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "MalformedXML", what)
}

fn missing(path: &str) -> Refusal {
    malformed(format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    ))
}

fn invalid(path: &str, value: &str, constraint: &str) -> Refusal {
    malformed(format!(
        "1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    ))
}
