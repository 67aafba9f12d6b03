//! The start tags of a page that name files, and nothing else of it.

use std::{borrow::Cow, convert::Infallible};

use html5gum::{Emitter, Error, State, Tokenizer, naive_next_state};

/// A start tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// The element, in lower case.
    pub name: Vec<u8>,
    /// Where it begins in the page.
    start: usize,
    /// As they come; names in lower case, values without escapes.
    attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Tag {
    /// The value of an attribute; of two of one name the first counts.
    pub fn value(&self, attribute: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.attributes.iter().find(|(name, _)| name == attribute.as_bytes())?;
        Some(String::from_utf8_lossy(value))
    }

    /// The line of the page that it begins on, from 1.
    pub fn line(&self, page: &[u8]) -> usize {
        // Positions may be past the end of a page that was cut off.
        1 + memchr::memchr_iter(b'\n', &page[..self.start.min(page.len())]).count()
    }
}

/// Calls `take` with each start tag of `page` whose element is `wanted`.
pub(super) fn each(page: &[u8], wanted: fn(&[u8]) -> bool, take: impl FnMut(&Tag)) {
    let tags = Tags {
        wanted,
        take,
        position: 0,
        tag: Tag::default(),
        is_start: false,
        is_wanted: false,
        last_start: Vec::new(),
    };
    Tokenizer::new_with_emitter(page, tags).for_each(drop);
}

/// Takes from the tokenizer what [`each`] wants; text and comments, most of a page, are not even copied.
struct Tags<Take> {
    wanted: fn(&[u8]) -> bool,
    take: Take,
    position: usize,
    /// The tag at hand.
    tag: Tag,
    is_start: bool,
    /// Whether its attributes are kept.
    is_wanted: bool,
    /// The last start tag: text in `<script>` ends with `</script>` only.
    last_start: Vec<u8>,
}

impl<Take> Tags<Take> {
    fn begin(&mut self, is_start: bool) {
        self.tag.name.clear();
        self.tag.attributes.clear();
        self.is_start = is_start;
        self.is_wanted = false;
    }

    fn attribute(&mut self) -> Option<&mut (Vec<u8>, Vec<u8>)> {
        self.tag.attributes.last_mut().filter(|_| self.is_wanted)
    }
}

impl<Take: FnMut(&Tag)> Emitter for Tags<Take> {
    type Token = Infallible;

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn set_last_start_tag(&mut self, last: Option<&[u8]>) {
        last.unwrap_or_default().clone_into(&mut self.last_start);
    }

    fn start_open_tag(&mut self) {
        // The bracket is behind us.
        self.tag.start = self.position.saturating_sub(1);
    }

    fn init_start_tag(&mut self) {
        self.begin(true);
    }

    fn init_end_tag(&mut self) {
        self.begin(false);
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        self.tag.name.extend(name);
    }

    fn init_attribute(&mut self) {
        self.is_wanted = self.is_start && (self.wanted)(&self.tag.name);
        if self.is_wanted {
            self.tag.attributes.push(Default::default());
        }
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        if let Some((so_far, _)) = self.attribute() {
            so_far.extend(name);
        }
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        if let Some((_, so_far)) = self.attribute() {
            so_far.extend(value);
        }
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.last_start.clear();
        if !self.is_start {
            return None;
        }
        if self.is_wanted {
            (self.take)(&self.tag);
        }
        self.last_start.extend(&self.tag.name);
        // Without a tree builder, so that text inside <script> and <style> is not taken for tags.
        naive_next_state(&self.last_start)
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        !self.is_start && !self.last_start.is_empty() && self.last_start == self.tag.name
    }

    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn emit_string(&mut self, _: &[u8]) {}
    fn init_comment(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn emit_current_comment(&mut self) {}
    fn init_doctype(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn emit_current_doctype(&mut self) {}
    fn set_self_closing(&mut self) {}
    fn set_force_quirks(&mut self) {}
}
