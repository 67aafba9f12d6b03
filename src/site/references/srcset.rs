//! The URLs in a `srcset`.

/// What separates candidates and their parts (HTML standard, "ASCII whitespace").
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// The URL of each candidate, in order (HTML standard, "parse a srcset attribute"): a URL ends at white space, or at a
/// comma that white space follows; its descriptors end at the next comma outside parentheses.
pub(super) fn urls(srcset: &str) -> Vec<&str> {
    let mut urls = Vec::new();
    let mut rest = srcset;
    loop {
        rest = rest.trim_start_matches(|c| is_space(c) || c == ',');
        if rest.is_empty() {
            return urls;
        }
        let (candidate, behind) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
        let url = candidate.trim_end_matches(',');
        urls.push(url);
        rest = if url.len() < candidate.len() { behind } else { behind_descriptors(behind) };
    }
}

fn behind_descriptors(text: &str) -> &str {
    let mut depth = 0_usize;
    let end = text.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' => return depth == 0,
            _ => {}
        }
        false
    });
    end.map_or("", |at| &text[at..])
}
