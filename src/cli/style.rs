//! Colours and numbers on the terminal. `anstream` leaves colours out where they are not wanted: pipes, `NO_COLOR`.

use anstyle::{AnsiColor, Style};

/// Something good.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Something wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something that goes.
pub const GONE: Style = AnsiColor::Red.on_default();
/// What the eye may skip.
pub const DIM: Style = Style::new().dimmed();
/// What the eye shall find.
pub const BOLD: Style = Style::new().bold();

/// `text` in a style.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Bytes as people read them: `1.2 MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// `1 file`, `2 files`.
pub fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// US dollars, with as many places as tell something.
pub fn dollars(amount: f64) -> String {
    match amount {
        0.0 => "$0".into(),
        a if a < 0.0001 => "less than $0.0001".into(),
        a if a < 0.1 => format!("${a:.4}"),
        a => format!("${a:.2}"),
    }
}

/// Cuts the middle out of what is wider than `width` columns.
pub fn fit(text: &str, width: usize) -> String {
    let wide = console_width(text);
    if wide <= width {
        return format!("{text}{}", " ".repeat(width - wide));
    }
    let chars: Vec<char> = text.chars().collect();
    let keep = width.saturating_sub(1);
    let (mut head, mut tail) = (keep / 3, keep - keep / 3);
    loop {
        let start: String = chars.iter().take(head).collect();
        let end: String = chars.iter().skip(chars.len() - tail.min(chars.len())).collect();
        let cut = format!("{start}…{end}");
        let wide = console_width(&cut);
        if wide <= width {
            return format!("{cut}{}", " ".repeat(width - wide));
        }
        if tail > 0 { tail -= 1 } else { head -= 1 }
    }
}

/// `text` behind a label of `indent` columns, wrapped to `width` where there is one: elsewhere (a log, a pipe) a line
/// that was cut could not be searched for. Names, ARNs and flags stay whole, so that they can be copied.
pub fn hang(text: &str, indent: usize, width: Option<usize>) -> String {
    const NARROWEST: usize = 20;
    let Some(width) = width else { return text.to_owned() };
    let options = textwrap::Options::new(width.saturating_sub(indent).max(NARROWEST))
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).join(&format!("\n{}", " ".repeat(indent)))
}

fn console_width(text: &str) -> usize {
    console::measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let table = [
            (0, "0 B"),
            (999, "999 B"),
            (1_200, "1.2 kB"),
            (99_600, "100 kB"),
            (999_999, "1.0 MB"),
            (5 << 40, "5.5 TB"),
        ];
        for (number, text) in table {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(count(1u64, "file"), "1 file");
        assert_eq!(count(12_345u64, "file"), "12,345 files");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(dollars(0.00004), "less than $0.0001");
    }

    #[test]
    fn long_texts_hang_behind_their_label() {
        let text = "allow s3:PutObject on arn:aws:s3:::cruddur.com/live/index.html with --no-wait";
        assert_eq!(hang(text, 8, None), text);
        let wrapped = hang(text, 8, Some(40));
        assert_eq!(
            wrapped,
            "allow s3:PutObject on\n        arn:aws:s3:::cruddur.com/live/index.html\n        with --no-wait"
        );
        assert_eq!(hang("日本語 日本語 日本語", 6, Some(26)), "日本語 日本語 日本語");
        assert_eq!(hang("日本語の名前 日本語の名前", 2, Some(24)), "日本語の名前\n  日本語の名前");
    }

    #[test]
    fn names_fit_their_column() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("static/js/main.0a1b2c3d.chunk.js", 16), "stati…d.chunk.js");
        assert_eq!(console_width(&fit("日本語の長いファイル名.html", 11)), 11);
    }
}
