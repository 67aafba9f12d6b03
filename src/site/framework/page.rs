//! What a root page tells of its maker.

use std::collections::BTreeSet;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// The parts of a root page that frameworks leave their mark in.
#[derive(Debug, Default)]
pub(super) struct IndexPage {
    /// The content of `<meta name="generator">`, in lower case.
    generator: String,
    /// The text of all comments.
    comments: String,
    /// Names of elements.
    elements: BTreeSet<String>,
    /// Values of `id`.
    ids: BTreeSet<String>,
    /// Names of `<meta name>`.
    metas: BTreeSet<String>,
    /// File names of everything in `src` and `href`.
    files: BTreeSet<String>,
    /// File names of module scripts that are loaded with `crossorigin`, as Vite writes every entry.
    crossorigin_modules: BTreeSet<String>,
}

impl IndexPage {
    /// Reads `html`; what is malformed is skipped as a browser would.
    pub(super) fn read(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut page = Self::default();
        for token in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Ok(Token::StartTag(tag)) => page.see(&tag),
                Ok(Token::Comment(comment)) => page.comments.push_str(&String::from_utf8_lossy(&comment)),
                Ok(_) => {}
                Err(never) => match never {},
            }
        }
        page
    }

    fn see(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        self.elements.insert(String::from_utf8_lossy(&tag.name).into_owned());
        self.ids.extend(attribute(b"id"));
        if let Some(name) = attribute(b"name").filter(|_| tag.name == b"meta") {
            if name.eq_ignore_ascii_case("generator") {
                self.generator.push_str(&attribute(b"content").unwrap_or_default().to_ascii_lowercase());
            }
            self.metas.insert(name);
        }
        let is_module = attribute(b"type").is_some_and(|kind| kind.eq_ignore_ascii_case("module"));
        if let Some(url) = attribute(b"src").filter(|_| is_module && tag.attributes.contains_key(&b"crossorigin"[..])) {
            self.crossorigin_modules.insert(file_name(&url).to_owned());
        }
        let urls = [attribute(b"src"), attribute(b"href")].into_iter().flatten();
        self.files.extend(urls.map(|url| file_name(&url).to_owned()));
    }

    /// Whether the page says that it was made by `tool`, given in lower case.
    pub(super) fn generated_by(&self, tool: &str) -> bool {
        self.generator.strip_prefix(tool).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphabetic()))
    }

    /// Whether a comment has `text`.
    pub(super) fn remarks(&self, text: &str) -> bool {
        self.comments.contains(text)
    }

    /// Whether there is an element of this name.
    pub(super) fn has_element(&self, name: &str) -> bool {
        self.elements.contains(name)
    }

    /// Whether an element has this `id`.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Whether there is a `<meta>` whose name ends with `end`.
    pub(super) fn has_meta_ending(&self, end: &str) -> bool {
        self.metas.iter().any(|name| name.ends_with(end))
    }

    /// Whether the page loads or links a file of this name.
    pub(super) fn names_file(&self, file_name: &str) -> bool {
        self.files.contains(file_name)
    }

    /// Whether the page loads a script of this name as a module with `crossorigin`.
    pub(super) fn loads_crossorigin_module(&self, file_name: &str) -> bool {
        self.crossorigin_modules.contains(file_name)
    }
}

/// The last segment of a URL's path.
fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_its_maker_and_its_files() {
        let page = IndexPage::read(
            r#"<!-- made by hand --><META NAME=Generator content="Hugo 0.140"><script src="/a/b.js?v=1"></script>
            <script type=module crossorigin src=/app/m.js></script><script type=module src=plain.js></script>
            <script>"<link href='no.css'>"</script><div id=root><app-root>"#,
        );
        assert!(page.generated_by("hugo") && !page.generated_by("hug") && !page.generated_by("jekyll"));
        assert!(page.remarks("by hand") && page.has_id("root") && page.has_element("app-root"));
        assert!(page.names_file("b.js") && !page.names_file("no.css"));
        assert!(page.loads_crossorigin_module("m.js") && page.names_file("m.js"));
        assert!(!page.loads_crossorigin_module("plain.js") && !page.loads_crossorigin_module("b.js"));
    }
}
