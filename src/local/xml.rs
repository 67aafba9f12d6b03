//! CloudFront's documents as trees of elements.

use std::fmt::{Display, Write as _};

use quick_xml::escape::escape;

/// An element with either text or children.
#[derive(Debug)]
pub(crate) struct Element {
    name: &'static str,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    /// An empty element.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, content: Content::Children(Vec::new()) }
    }

    /// An element with text.
    pub(crate) fn leaf(name: &'static str, text: impl Display) -> Self {
        Self { name, content: Content::Text(text.to_string()) }
    }

    /// Adds a child.
    #[must_use]
    pub(crate) fn child(mut self, child: Element) -> Self {
        match &mut self.content {
            Content::Children(children) => children.push(child),
            Content::Text(_) => self.content = Content::Children(vec![child]),
        }
        self
    }

    /// Adds a child with text.
    #[must_use]
    pub(crate) fn text(self, name: &'static str, text: impl Display) -> Self {
        self.child(Self::leaf(name, text))
    }

    /// Adds a list as CloudFront writes them: the quantity, then the items if there are any.
    #[must_use]
    pub(crate) fn list(self, name: &'static str, items: Vec<Element>) -> Self {
        self.child(Self::new(name).items(items))
    }

    /// Adds quantity and items to a list that has more to say.
    #[must_use]
    pub(crate) fn items(self, items: Vec<Element>) -> Self {
        let list = self.text("Quantity", items.len());
        if items.is_empty() { list } else { list.child(items.into_iter().fold(Self::new("Items"), Self::child)) }
    }

    /// Adds a list of texts.
    #[must_use]
    pub(crate) fn texts(self, name: &'static str, item: &'static str, texts: &[impl Display]) -> Self {
        self.list(name, texts.iter().map(|text| Self::leaf(item, text)).collect())
    }

    /// The same element under another name.
    #[must_use]
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The document with this root in `namespace`.
    pub(crate) fn render(&self, namespace: &str) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut text, &format!(" xmlns=\"{namespace}\""));
        text
    }

    /// Writing into a `String` cannot fail.
    fn write(&self, text: &mut String, attributes: &str) {
        let name = self.name;
        let _ = write!(text, "<{name}{attributes}>");
        match &self.content {
            Content::Text(content) => text.push_str(&escape(content)),
            Content::Children(children) => children.iter().for_each(|child| child.write(text, "")),
        }
        let _ = write!(text, "</{name}>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_render_nested_and_escaped() {
        let document = Element::new("Root").text("Name", "a<b>&\"c\"").texts("Paths", "Path", &["/x"]).texts(
            "None",
            "Path",
            &[] as &[&str],
        );
        assert_eq!(
            document.render("urn:n").lines().last().unwrap(),
            "<Root xmlns=\"urn:n\"><Name>a&lt;b&gt;&amp;&quot;c&quot;</Name>\
             <Paths><Quantity>1</Quantity><Items><Path>/x</Path></Items></Paths><None><Quantity>0</Quantity></None></Root>"
        );
    }
}
