//! Documents of AWS's XML protocols as trees of elements, written and read.

use std::{
    borrow::Cow,
    fmt::{Display, Write as _},
};

use quick_xml::{Reader, escape::escape, events::Event};

/// How deep a document may be: AWS's deepest has less than half of this.
const MAX_DEPTH: usize = 32;

/// An element with either text or children. Attributes and namespaces say nothing in these protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    name: Cow<'static, str>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    /// An empty element.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), content: Content::Children(Vec::new()) }
    }

    /// An element with text.
    pub(crate) fn leaf(name: impl Into<Cow<'static, str>>, text: impl Display) -> Self {
        Self { name: name.into(), content: Content::Text(text.to_string()) }
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
        self.name = name.into();
        self
    }

    /// The document with this root in `namespace`.
    pub(crate) fn render(&self, namespace: &str) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut text, &format!(" xmlns=\"{namespace}\""));
        text
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is not well-formed about it, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Draft> = Vec::new();
        let mut root = None;
        loop {
            let done = match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(_) if root.is_some() || open.len() == MAX_DEPTH => return Err(misplaced()),
                Event::Empty(_) if root.is_some() => return Err(misplaced()),
                Event::Start(start) => {
                    open.push(Draft::new(start.local_name().as_ref()));
                    None
                }
                Event::Empty(start) => Some(Draft::new(start.local_name().as_ref())),
                Event::End(_) => open.pop(),
                Event::Text(text) => {
                    push_text(&mut open, &text.xml10_content())?;
                    None
                }
                Event::CData(text) => {
                    push_text(&mut open, &text.xml10_content())?;
                    None
                }
                Event::GeneralRef(entity) => {
                    push_text(&mut open, &resolve(&entity)?)?;
                    None
                }
                Event::DocType(_) => return Err("a document type is not taken".to_owned()),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
                Event::Eof => break,
            };
            match (done, open.last_mut()) {
                (Some(done), Some(parent)) => parent.children.push(done.finish()),
                (Some(done), None) => root = Some(done.finish()),
                (None, _) => {}
            }
        }
        if !open.is_empty() {
            return Err("the document ends too early".to_owned());
        }
        root.ok_or_else(|| "the document is empty".to_owned())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its text; empty where it has children.
    pub(crate) fn content(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            Content::Children(_) => "",
        }
    }

    /// Its children.
    pub(crate) fn children(&self) -> &[Self] {
        match &self.content {
            Content::Text(_) => &[],
            Content::Children(children) => children,
        }
    }

    /// The element below this one at `path`: names with `/` between them.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children().iter().find(|child| child.name == name))
    }

    /// The text at `path`; empty where there is none.
    pub(crate) fn text_at(&self, path: &str) -> &str {
        self.at(path).map_or("", Self::content)
    }

    /// The items of the list at `path`.
    pub(crate) fn items_at(&self, path: &str) -> &[Self] {
        self.at(path).and_then(|list| list.at("Items")).map_or(&[], Self::children)
    }

    /// The texts of the list at `path`.
    pub(crate) fn texts_at(&self, path: &str) -> Vec<String> {
        self.items_at(path).iter().map(|item| item.content().to_owned()).collect()
    }

    /// Puts `child` in the place of the one of its name, or at the end where there is none.
    pub(crate) fn set(&mut self, child: Self) {
        let children = self.children_mut();
        match children.iter_mut().find(|old| old.name == child.name) {
            Some(old) => *old = child,
            None => children.push(child),
        }
    }

    /// Its children, to be changed; a text gives way to them.
    pub(crate) fn children_mut(&mut self) -> &mut Vec<Self> {
        if let Content::Text(_) = self.content {
            self.content = Content::Children(Vec::new());
        }
        match &mut self.content {
            Content::Children(children) => children,
            Content::Text(_) => unreachable!("a text has just given way"),
        }
    }

    /// The child of this name, to be changed.
    pub(crate) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        match &mut self.content {
            Content::Children(children) => children.iter_mut().find(|child| child.name == name),
            Content::Text(_) => None,
        }
    }

    /// The element alone, without declaration and namespace.
    pub(crate) fn fragment(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, "");
        text
    }

    /// Writing into a `String` cannot fail.
    fn write(&self, text: &mut String, attributes: &str) {
        let name = &self.name;
        let _ = write!(text, "<{name}{attributes}>");
        match &self.content {
            Content::Text(content) => text.push_str(&escape(content)),
            Content::Children(children) => children.iter().for_each(|child| child.write(text, "")),
        }
        let _ = write!(text, "</{name}>");
    }
}

/// An element whose end has not come yet.
struct Draft {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Draft {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), text: String::new(), children: Vec::new() }
    }

    /// Where there are children, text is only the white space between them.
    fn finish(self) -> Element {
        let name = Cow::Owned(self.name);
        let content =
            if self.children.is_empty() { Content::Text(self.text) } else { Content::Children(self.children) };
        Element { name, content }
    }
}

fn push_text(open: &mut [Draft], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(draft) => draft.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(misplaced()),
    }
    Ok(())
}

fn misplaced() -> String {
    "content is not allowed there".to_owned()
}

fn resolve(entity: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = entity.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let predefined = quick_xml::escape::resolve_predefined_entity(entity);
    predefined.map(ToOwned::to_owned).ok_or_else(|| format!("the entity {} is not known", &**entity))
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

    #[test]
    fn documents_are_read_as_they_were_written() {
        let text = "<?xml version=\"1.0\"?>\n<C xmlns=\"urn:n\">\n <Name>a&lt;b&gt;&amp;&quot;&#x63;&#10;</Name> <L><Quantity>2</Quantity>\
                    <Items><I>1</I><I><![CDATA[<2>]]></I></Items></L><E/></C>\n";
        let read = Element::parse(text).unwrap();
        assert_eq!((read.name(), read.text_at("Name")), ("C", "a<b>&\"c\n"));
        assert_eq!((read.texts_at("L"), read.text_at("L/Quantity")), (vec!["1".to_owned(), "<2>".to_owned()], "2"));
        assert!(read.at("E").is_some() && read.at("F").is_none() && read.items_at("E").is_empty());
        assert_eq!(Element::parse(&read.fragment()).unwrap(), read);
        for bad in ["", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a/>x", "<a>&nbsp;</a>", "<!DOCTYPE a><a/>"] {
            assert!(Element::parse(bad).is_err(), "{bad}");
        }
        assert!(Element::parse(&"<a>".repeat(100_000)).is_err());
    }

    #[test]
    fn children_are_put_in_place() {
        let mut list = Element::new("L").text("A", 1).text("B", 2);
        list.set(Element::leaf("A", 3));
        list.set(Element::leaf("C", 4));
        assert_eq!(list.fragment(), "<L><A>3</A><B>2</B><C>4</C></L>");
    }
}
