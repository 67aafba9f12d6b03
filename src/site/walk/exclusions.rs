//! Patterns in the language of `.gitignore`: what is skipped, and what is allowed.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

use super::WalkOptions;
use crate::{Error, ErrorKind, Result};

/// The name of the file with a site's own exclusions, in the build folder or beside `cruddur-site.toml`.
pub const IGNORE_FILE: &str = ".cruddur-siteignore";

/// What is never meant for viewers, in order: a later line wins.
const LITTER: &[&str] = &[
    ".DS_Store",
    ".AppleDouble/",
    ".Spotlight-V100/",
    ".Trashes/",
    ".fseventsd/",
    "._*",
    "__MACOSX/",
    "[Tt]humbs.db",
    "ehthumbs.db",
    "[Dd]esktop.ini",
    "$RECYCLE.BIN/",
    "~$*",
    ".directory",
    "*~",
    "\\#*#",
    ".#*",
    "*.swp",
    "*.swo",
];
/// Its own configuration, where the build folder is the one that has it.
const CONFIGURATION: &[&str] = &["/cruddur-site.toml"];
const SOURCE_MAPS: &[&str] = &["*.map", "!*.map/"];
const DOT_FILES: &[&str] = &[".*", "!.well-known/"];

/// Why what is left out, in order: a later line wins.
const DEFAULTS: [(SkipReason, &[&str]); 4] = [
    (SkipReason::SourceMap, SOURCE_MAPS),
    (SkipReason::DotFile, DOT_FILES),
    (SkipReason::Litter, LITTER),
    (SkipReason::Configuration, CONFIGURATION),
];

/// Why a file is not published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// It is a dot file or folder.
    DotFile,
    /// An editor or the operating system left it there.
    Litter,
    /// It is a source map, and they were not asked for.
    SourceMap,
    /// It says how the site is published.
    Configuration,
    /// The user excluded it.
    Pattern {
        /// The pattern as it was written.
        pattern: String,
        /// The ignore file it is in; `None` for the configuration's `exclude`.
        file: Option<PathBuf>,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DotFile => f.write_str("dot file"),
            Self::Litter => f.write_str("litter"),
            Self::SourceMap => f.write_str("source map"),
            Self::Configuration => f.write_str("configuration"),
            Self::Pattern { pattern, file: None } => write!(f, "excluded by {pattern}"),
            Self::Pattern { pattern, file: Some(file) } => write!(f, "excluded by {pattern} in {}", file.display()),
        }
    }
}

/// All patterns that leave something out, the defaults first, so that the user's can take them back.
pub(super) struct Exclusions(Gitignore);

/// Where a default comes from, in place of a file's path: no path on disk is equal to it.
fn origin(reason: &SkipReason) -> PathBuf {
    PathBuf::from(format!("\0{reason:?}"))
}

impl Exclusions {
    /// The defaults, the configuration's `exclude`, the ignore file beside it, and the one in the build `folder`.
    pub(super) fn read(folder: &Path, options: &WalkOptions) -> Result<Self> {
        let mut builder = GitignoreBuilder::new("");
        for (reason, lines) in DEFAULTS {
            if reason == SkipReason::SourceMap && options.source_maps {
                continue;
            }
            for line in lines {
                add(&mut builder, Some(&origin(&reason)), line)?;
            }
        }
        for line in &options.exclude {
            add(&mut builder, None, line)?;
        }
        for file in options.ignore_file.iter().chain([&folder.join(IGNORE_FILE)]) {
            add_file(&mut builder, file)?;
        }
        Ok(Self(build(&builder)?))
    }

    /// Why the file or folder at `relative`, a path below the build folder, is left out, if it is.
    pub(super) fn reason(&self, relative: &Path, is_dir: bool) -> Option<SkipReason> {
        let Match::Ignore(glob) = self.0.matched(relative, is_dir) else { return None };
        let mut defaults = DEFAULTS.into_iter().map(|(reason, _)| reason);
        let default = defaults.find(|reason| glob.from() == Some(origin(reason).as_path()));
        Some(default.unwrap_or_else(|| SkipReason::Pattern {
            pattern: glob.original().to_owned(),
            file: glob.from().map(Path::to_owned),
        }))
    }
}

/// Patterns that name files of the build, in the language of `.gitignore`: `*.pem` anywhere, `/certs/` at the root
/// with all that is in it, `!` to take one back.
#[derive(Debug, Clone)]
pub struct Patterns(Gitignore);

impl Default for Patterns {
    fn default() -> Self {
        Self(Gitignore::empty())
    }
}

impl Patterns {
    /// Reads `lines`; a later one wins.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) names the line that is not a pattern.
    pub fn new(lines: &[impl AsRef<str>]) -> Result<Self> {
        let mut builder = GitignoreBuilder::new("");
        for line in lines {
            add(&mut builder, None, line.as_ref())?;
        }
        Ok(Self(build(&builder)?))
    }

    /// Whether `relative`, a path below the build folder, or a folder it is in, is named.
    pub fn matches(&self, relative: &Path, is_dir: bool) -> bool {
        if self.0.is_empty() {
            return false;
        }
        // Not by `matched_path_or_any_parents`, which asks for the build folder, too: `**/` would name every file in it.
        let parts = relative.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.has_root());
        let mut answers = parts.enumerate().map(|(above, part)| self.0.matched(part, is_dir || above > 0));
        answers.find(|answer| !answer.is_none()).is_some_and(|answer| answer.is_ignore())
    }
}

fn add_file(builder: &mut GitignoreBuilder, file: &Path) -> Result<()> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(super::unreadable(&file.display().to_string(), &error)),
    };
    // Windows editors put a byte order mark in front.
    for line in text.trim_start_matches('\u{feff}').lines() {
        add(builder, Some(file), line)?;
    }
    Ok(())
}

fn add(builder: &mut GitignoreBuilder, from: Option<&Path>, line: &str) -> Result<()> {
    let wrong = || {
        let place = from.map_or_else(|| "the configuration".to_owned(), |file| file.display().to_string());
        Error::new(
            ErrorKind::Config,
            format!("{line:?} in {place} is not a pattern"),
            "write it as in a .gitignore file: *.txt, /drafts/, !keep.txt",
        )
    };
    if names_nothing(line) {
        return Err(wrong().because("it names no file"));
    }
    builder.add_line(from.map(Path::to_owned), line).map_err(|error| wrong().because(error))?;
    Ok(())
}

/// A lone `!`: Git takes it for nothing, the crate for every folder, which would bring dot files back.
fn names_nothing(line: &str) -> bool {
    line.strip_prefix('!').is_some_and(|name| name.trim().trim_matches('/').is_empty())
}

fn build(builder: &GitignoreBuilder) -> Result<Gitignore> {
    builder.build().map_err(|error| {
        Error::new(ErrorKind::Config, "the exclusion patterns are too many or too large", "use fewer of them")
            .because(error)
    })
}
