//! GitHub's Markdown, made of texts that anybody may have chosen.
//!
//! Names and messages stand in code only, inline or in blocks: nothing in it is a link, a mention, an issue, an emoji or HTML,
//! for GitHub as for every other reader of Markdown. So little must be escaped: what ends the code, and what ends the table's
//! cell around it.

/// Inline code, which may stand in a cell of a table. What cannot be written in there is shown as `\u{…}`.
pub fn code(text: &str) -> String {
    // Cells are told apart before code is, and readers differ on whether a backslash saves a bar.
    let ends = |c: char| matches!(c, '`' | '|') || c.is_control();
    let last = text.chars().count().saturating_sub(1);
    let mut code = String::with_capacity(text.len() + 2);
    code.push('`');
    for (at, c) in text.chars().enumerate() {
        // One space at each end would be taken for padding.
        if ends(c) || (c == ' ' && (at == 0 || at == last)) {
            code.extend(c.escape_unicode());
        } else {
            code.push(c);
        }
    }
    code.push('`');
    code
}

/// A block of code with these lines.
pub fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    // Else they could end lines, or hide them.
    let text: String = text
        .chars()
        .flat_map(|c| if c.is_control() && c != '\n' { c.escape_unicode().collect() } else { vec![c] })
        .collect();
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// Something folded away under a title.
pub fn fold(title: &str, content: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{}\n\n</details>\n", content.trim_end())
}

/// A link to `https://HOST`, or the name as it is where it is none.
pub fn site(host: &str) -> String {
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if is_host { format!("[{}](https://{host})", host.replace('_', r"\_")) } else { code(host) }
}

/// As many of `lines` as have room in so many bytes, and how many were left out.
pub fn within(bytes: usize, lines: impl IntoIterator<Item = String>) -> (String, usize) {
    let mut lines = lines.into_iter();
    let mut text = String::new();
    while let Some(line) = lines.next() {
        if text.len() + line.len() + 1 > bytes {
            return (text, 1 + lines.count());
        }
        text.push_str(&line);
        text.push('\n');
    }
    (text, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_anything() {
        let table = [
            ("index.html", "`index.html`"),
            ("a|b", r"`a\u{7c}b`"),
            ("a`b``", r"`a\u{60}b\u{60}\u{60}`"),
            ("a\\", r"`a\`"),
            (" a b ", r"`\u{20}a b\u{20}`"),
            ("a\nb", r"`a\u{a}b`"),
            ("<img>@octocat[x](y)", "`<img>@octocat[x](y)`"),
        ];
        for (text, expected) in table {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn a_block_is_ended_by_nothing_in_it() {
        assert_eq!(block("a\n"), "```text\na\n```\n");
        assert_eq!(block("a\n````\n<b>"), "`````text\na\n````\n<b>\n`````\n");
        assert_eq!(block("a\r```\u{1b}[2J"), "````text\na\\u{d}```\\u{1b}[2J\n````\n");
    }

    #[test]
    fn only_hosts_are_linked() {
        assert_eq!(site("cruddur.com"), "[cruddur.com](https://cruddur.com)");
        assert_eq!(site("_a.example"), r"[\_a.example](https://_a.example)");
        assert_eq!(site("a](b)"), "`a](b)`");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let lines = ["ab", "cd", "ef"].map(str::to_owned);
        assert_eq!(within(9, lines.clone()), ("ab\ncd\nef\n".into(), 0));
        assert_eq!(within(8, lines.clone()), ("ab\ncd\n".into(), 1));
        assert_eq!(within(0, lines), (String::new(), 3));
    }
}
