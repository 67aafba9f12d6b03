//! Bytes that look like those of a site: HTML pages with prose and links, and what does not compress.

use std::fmt::Write as _;

use fastrand::Rng;

/// The syllables that words are made of.
const SYLLABLES: [&str; 24] = [
    "ba", "con", "de", "di", "er", "fi", "gen", "in", "la", "ment", "mi", "na", "o", "per", "re", "ro", "sa", "si",
    "ta", "ti", "tion", "u", "ver", "vi",
];

/// What a page says beside its prose.
pub struct Surroundings<'a> {
    /// The URLs of its style sheets and scripts.
    pub assets: &'a [String],
    /// The URLs of its pictures and films.
    pub pictures: &'a [&'a str],
    /// The URLs of pages that it links.
    pub links: &'a [&'a str],
}

/// An HTML page of about `size` bytes.
pub fn page(rng: &mut Rng, size: usize, around: &Surroundings<'_>) -> Vec<u8> {
    let mut html = String::with_capacity(size + 512);
    html.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    sentence(rng, &mut html);
    html.push_str("</title>\n");
    for asset in around.assets {
        // Writing to a string cannot fail.
        let _ = match asset.ends_with(".css") {
            true => writeln!(html, "<link rel=\"stylesheet\" href=\"{asset}\">"),
            false => writeln!(html, "<script defer src=\"{asset}\"></script>"),
        };
    }
    html.push_str("</head>\n<body>\n<nav>\n<ul>\n");
    for link in around.links {
        let _ = write!(html, "<li><a href=\"{link}\">");
        word(rng, &mut html);
        html.push_str("</a></li>\n");
    }
    html.push_str("</ul>\n</nav>\n<main>\n");
    for picture in around.pictures {
        let _ = match picture.ends_with(".mp4") {
            true => writeln!(html, "<video controls preload=\"none\" src=\"{picture}\"></video>"),
            false => writeln!(html, "<figure><img src=\"{picture}\" alt=\"\" loading=\"lazy\"></figure>"),
        };
    }
    while html.len() + 200 < size {
        html.push_str("<p>");
        for _ in 0..rng.usize(2..6) {
            sentence(rng, &mut html);
            html.push_str(". ");
        }
        html.push_str("</p>\n");
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html.into_bytes()
}

/// A script or style sheet of exactly `size` bytes: words and punctuation.
pub fn code(rng: &mut Rng, size: usize) -> Vec<u8> {
    let mut code = String::with_capacity(size + 64);
    while code.len() < size {
        word(rng, &mut code);
        code.push_str([" ", "(", ") ", ";\n", "{", "}\n", ".", ","][rng.usize(..8)]);
    }
    code.truncate(size);
    code.into_bytes()
}

/// `size` bytes as of a picture or a film.
pub fn noise(rng: &mut Rng, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    rng.fill(&mut bytes);
    bytes
}

fn sentence(rng: &mut Rng, text: &mut String) {
    for number in 0..rng.usize(4..12) {
        if number > 0 {
            text.push(' ');
        }
        word(rng, text);
    }
}

fn word(rng: &mut Rng, text: &mut String) {
    for _ in 0..rng.usize(1..4) {
        text.push_str(SYLLABLES[rng.usize(..SYLLABLES.len())]);
    }
}
