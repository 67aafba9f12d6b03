//! The pages of the repository, as far as the tests read them.

use std::{fs, path::Path};

use regex::Regex;
use walkdir::WalkDir;

/// The repository's root.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One Markdown file.
pub struct Page {
    /// Its path from the repository's root.
    pub name: String,
    text: String,
}

/// A fenced block.
pub struct Block {
    /// What stands behind the fence that opens it.
    pub language: String,
    /// The title of the `##` section that it is in.
    pub section: String,
    /// Where it begins: `PAGE:LINE`.
    pub place: String,
    /// Its lines.
    pub lines: Vec<String>,
}

/// Every Markdown file of the repository.
pub fn pages() -> Vec<Page> {
    let made = |name: &str| name == "target" || name == "node_modules" || name == "dist" || name == ".git";
    let files = WalkDir::new(ROOT).sort_by_file_name().into_iter();
    let files = files.filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_str().is_some_and(made));
    let files = files.map(|entry| entry.expect("a readable folder").into_path());
    let pages: Vec<Page> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| Page::read(path.strip_prefix(ROOT).expect("a file of the repository")))
        .collect();
    assert!(pages.len() > 10, "only {} pages were found", pages.len());
    pages
}

impl Page {
    /// The page at `path`, from the repository's root.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(Path::new(ROOT).join(path)).expect("a page");
        Self { name: path.to_str().expect("a name in UTF-8").replace('\\', "/"), text }
    }

    /// The fenced blocks in their order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut section, mut open): (&str, Option<&str>) = ("", None);
        for (number, line) in (1..).zip(self.text.lines()) {
            let content = line.trim_start();
            match open {
                Some(_) if content == "```" => open = None,
                // A block in a list is indented as its fence is.
                Some(indent) => {
                    let block = blocks.last_mut().expect("an open block");
                    block.lines.push(line.strip_prefix(indent).unwrap_or(line).to_owned());
                }
                None => {
                    if let Some(title) = line.strip_prefix("## ") {
                        section = title;
                    }
                    if let Some(language) = content.strip_prefix("```") {
                        open = Some(&line[..line.len() - content.len()]);
                        blocks.push(Block {
                            language: language.to_owned(),
                            section: section.to_owned(),
                            place: format!("{}:{number}", self.name),
                            lines: Vec::new(),
                        });
                    }
                }
            }
        }
        assert!(open.is_none(), "{} ends inside a block", self.name);
        blocks
    }

    /// The text outside of fenced blocks.
    pub fn prose(&self) -> String {
        let mut is_block = false;
        let prose = self.text.lines().filter(|line| {
            let is_fence = line.trim_start().starts_with("```");
            is_block ^= is_fence;
            !is_block && !is_fence
        });
        prose.collect::<Vec<_>>().join("\n")
    }

    /// The code in the prose.
    pub fn code(&self) -> Vec<String> {
        let span = Regex::new("`([^`]+)`").unwrap();
        span.captures_iter(&self.prose()).map(|found| found[1].replace('\n', " ")).collect()
    }

    /// Where links and pictures lead to.
    pub fn links(&self) -> Vec<String> {
        let prose = Regex::new("`[^`]*`").unwrap().replace_all(&self.prose(), "code").into_owned();
        let link = Regex::new(r#"\]\(([^)\s]+)\)|(?:src|href|srcset)="([^"]+)""#).unwrap();
        let target = |found: regex::Captures<'_>| found.get(1).or(found.get(2)).unwrap().as_str().to_owned();
        link.captures_iter(&prose).map(target).collect()
    }

    /// What links to a part of the page can name, as GitHub makes it of the headings: lower case, dashes for spaces, and
    /// nothing else that is no letter, digit, dash or underscore; a number behind what was there before.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        let heading = Regex::new(r"^#{1,6} +(.+)$").unwrap();
        for found in self.prose().lines().filter_map(|line| heading.captures(line)) {
            let title = found[1].trim().to_lowercase();
            let kept = title.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            });
            let slug: String = kept.collect();
            let again = anchors.iter().filter(|anchor| **anchor == slug).count();
            anchors.push(if again == 0 { slug } else { format!("{slug}-{again}") });
        }
        anchors
    }
}
