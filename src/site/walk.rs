//! The first step of a publish: which files of the build folder make the site.
//!
//! A file of the folder meets one of three fates. It is *found*, and will be published. It is *skipped*, because a
//! pattern says so: dot files, litter of editors and operating systems, source maps, the user's own exclusions. Or it
//! is *refused*: what nobody publishes on purpose stops the publish and says so, since leaving it out in silence
//! would hide that the wrong folder was given, and publishing it would be worse.

mod exclusions;
mod folder;
mod refusals;
mod sensitive;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, Metadata},
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use unicode_normalization::UnicodeNormalization as _;
use walkdir::{DirEntry, WalkDir};

pub use self::exclusions::{IGNORE_FILE, Patterns, SkipReason};
pub(crate) use self::refusals::enumerate;
use self::{
    exclusions::Exclusions,
    refusals::{Refusal, Refusals},
};
use crate::{
    Error, Result,
    site::{
        ChangeTime,
        cores::on_all_cores,
        key::{InvalidKey, ObjectKey},
    },
};

/// What the user may say about which files are published.
#[derive(Debug, Clone, Default)]
pub struct WalkOptions {
    /// Publish `*.map` files too.
    pub source_maps: bool,
    /// The configuration's `exclude`: lines in the language of `.gitignore`; a later line wins, and `!` publishes
    /// what an earlier one, or a default, left out.
    pub exclude: Vec<String>,
    /// Where the [`IGNORE_FILE`] beside the configuration would be. Its lines come after `exclude`, and those of the
    /// file of that name in the build folder come last. A file that does not exist says nothing.
    pub ignore_file: Option<PathBuf>,
    /// Files that are published although they would be refused.
    pub allow: Patterns,
    /// Take a folder without an `index.html` at its root.
    pub allow_no_index: bool,
}

/// A file that will be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its key below the served prefix.
    pub key: ObjectKey,
    /// The build folder it is in.
    pub folder: Arc<Path>,
    /// Its length in bytes.
    pub size: u64,
    /// Its modification time: only to notice a change during the publish.
    pub modified: SystemTime,
    /// When the operating system last saw it change, where that tells.
    pub changed: Option<ChangeTime>,
    /// Which file it is, whatever its name, where the operating system tells.
    pub identity: Option<Identity>,
}

impl FoundFile {
    /// The file of this key in the build `folder`.
    ///
    /// # Errors
    /// Where the operating system keeps no modification times.
    pub fn new(key: ObjectKey, folder: Arc<Path>, stat: &Metadata) -> io::Result<Self> {
        let (changed, identity) = (ChangeTime::of(stat), Identity::of(stat));
        Ok(Self { key, folder, size: stat.len(), modified: stat.modified()?, changed, identity })
    }

    /// Where it is on disk.
    pub fn path(&self) -> PathBuf {
        self.key.below(&self.folder)
    }
}

/// A file on this machine, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Which file it is, where the operating system tells.
    pub fn of(stat: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Some(Self { device: stat.dev(), inode: stat.ino() })
        }
        #[cfg(not(unix))]
        {
            let _ = stat;
            None
        }
    }
}

/// A file or folder that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path below the build folder, with `/` between the parts, and at the end of a folder.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// What is in the build folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walked {
    /// What will be published, by key.
    pub files: Vec<FoundFile>,
    /// What is left out, by path. A folder stands for all that is in it.
    pub skipped: Vec<Skipped>,
}

/// Finds the files of the build `folder`. Links that stay inside it are followed, to files and to folders.
///
/// # Errors
/// - [`Input`](crate::ErrorKind::Input): there is no such folder, it is empty or has no `index.html`; a name cannot
///   be an object key, or would be confused with another one; a link is broken or leads in a circle; a pattern in an
///   ignore file cannot be read.
/// - [`Refused`](crate::ErrorKind::Refused): something in it must not be public.
/// - [`Io`](crate::ErrorKind::Io): something in it cannot be read.
///
/// All troubles of one kind are told at once.
pub fn walk(folder: &Path, options: &WalkOptions) -> Result<Walked> {
    let mut walk = Walk {
        folder,
        resolved: folder::open(folder)?,
        keys: Vec::new(),
        options,
        exclusions: Exclusions::read(folder, options)?,
        refusals: Refusals::default(),
        walked: Walked::default(),
    };
    let mut entries = WalkDir::new(folder).min_depth(1).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => {
                let descend = walk.visit(&entry);
                if entry.file_type().is_dir() && !descend {
                    entries.skip_current_dir();
                }
            }
            Err(error) => walk.stumble(&error),
        }
    }
    walk.finish()
}

struct Walk<'a> {
    folder: &'a Path,
    /// The folder with all links resolved.
    resolved: PathBuf,
    /// The files that will be published.
    keys: Vec<ObjectKey>,
    options: &'a WalkOptions,
    exclusions: Exclusions,
    refusals: Refusals,
    walked: Walked,
}

impl Walk<'_> {
    /// Decides about one file or folder; tells whether to look into it.
    fn visit(&mut self, entry: &DirEntry) -> bool {
        let relative = entry.path().strip_prefix(self.folder).unwrap_or(entry.path());
        let is_dir = entry.file_type().is_dir();
        if self.leave_out(relative, is_dir) {
            return false;
        }
        if entry.path_is_symlink() && !self.link_may_be_followed(entry.path(), relative, is_dir) {
            return false;
        }
        if is_dir {
            return true;
        }
        if entry.file_type().is_file() {
            match key_of(relative) {
                Ok(key) => self.keys.push(key),
                Err((refusal, subject)) => self.refusals.add(refusal, subject),
            }
        } else {
            self.refusals.add(Refusal::SpecialFile, shown(relative));
        }
        false
    }

    /// Skips or refuses `relative`; false if it stays.
    fn leave_out(&mut self, relative: &Path, is_dir: bool) -> bool {
        let excluded = self.exclusions.reason(relative, is_dir);
        let by_user = matches!(excluded, Some(SkipReason::Pattern { .. }));
        if !by_user {
            if self.options.allow.matches(relative, is_dir) {
                return false;
            }
            if let Some(refusal) = sensitive::refusal(self.folder, relative) {
                self.refusals.add(refusal, shown(relative));
                return true;
            }
        }
        let Some(reason) = excluded else { return false };
        let end = if is_dir { "/" } else { "" };
        self.walked.skipped.push(Skipped { path: format!("{}{end}", shown(relative)), reason });
        true
    }

    /// A link may lead to anything inside the folder that could be published under its own name.
    fn link_may_be_followed(&mut self, path: &Path, relative: &Path, is_dir: bool) -> bool {
        if self.options.allow.matches(relative, is_dir) {
            return true;
        }
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) => {
                self.refusals.add_io(&shown(relative), &error);
                return false;
            }
        };
        let Ok(inside) = target.strip_prefix(&self.resolved) else {
            self.refusals.add(Refusal::LinkOut, format!("{} -> {}", shown(relative), target.display()));
            return false;
        };
        let secret = inside.ancestors().find_map(|part| sensitive::refusal(&self.resolved, part));
        if let Some(refusal) = secret {
            self.refusals.add(refusal, format!("{} -> {}", shown(relative), shown(inside)));
        }
        secret.is_none()
    }

    /// Asks for size and time of the files.
    fn look_at_files(&mut self) {
        let folder: Arc<Path> = self.folder.into();
        self.keys.sort();
        let look = |(): &mut (), key: &ObjectKey| {
            fs::metadata(key.below(&folder)).and_then(|stat| FoundFile::new(key.clone(), folder.clone(), &stat))
        };
        self.walked.files.reserve_exact(self.keys.len());
        for (key, found) in self.keys.iter().zip(on_all_cores(&self.keys, || (), look)) {
            match found {
                Ok(file) => self.walked.files.push(file),
                Err(error) => self.refusals.add_io(&shown(key.as_str().as_ref()), &error),
            }
        }
    }

    /// An entry that could not be read matters only if it would have been published.
    fn stumble(&mut self, error: &walkdir::Error) {
        let path = error.path().unwrap_or(self.folder);
        let relative = path.strip_prefix(self.folder).unwrap_or(path).to_owned();
        let is_loop = error.loop_ancestor().is_some();
        if self.leave_out(&relative, is_loop) {
            return;
        }
        let subject = if relative.as_os_str().is_empty() { path.display().to_string() } else { shown(&relative) };
        match (error.loop_ancestor(), error.io_error()) {
            (Some(ancestor), _) => {
                self.refusals.add(Refusal::LinkLoop, format!("{subject} -> {}", ancestor.display()));
            }
            (None, Some(cause)) if is_link_circle(cause) => self.refusals.add(Refusal::LinkLoop, subject),
            (None, Some(cause)) if cause.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                let target = fs::read_link(path).unwrap_or_default();
                self.refusals.add(Refusal::LinkBroken, format!("{subject} -> {}", target.display()));
            }
            (None, Some(cause)) => self.refusals.add_io(&subject, cause),
            // walkdir's errors are loops or come from the operating system; a third kind is told as it is.
            (None, None) => self.refusals.add_io(&subject, &io::Error::other(error.to_string())),
        }
    }

    fn finish(mut self) -> Result<Walked> {
        self.look_at_files();
        self.walked.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        for twins in names_that_look_the_same(&self.walked.files) {
            self.refusals.add(Refusal::Twins, twins);
        }
        if let Some(error) = self.refusals.into_error(self.folder) {
            return Err(error);
        }
        folder::check_contents(self.folder, &self.walked, self.options.allow_no_index)?;
        Ok(self.walked)
    }
}

/// Links that only lead to each other: `ELOOP`, for which the standard library's kind is not stable yet.
fn is_link_circle(error: &io::Error) -> bool {
    cfg!(unix) && format!("{:?}", error.kind()) == "FilesystemLoop"
}

/// The key of a path below the build folder, whatever separator the operating system has.
fn key_of(relative: &Path) -> Result<ObjectKey, (Refusal, String)> {
    let parts: Option<Vec<&str>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    let Some(key) = parts.map(|parts| parts.join("/")) else {
        return Err((Refusal::NotUtf8, shown(relative)));
    };
    // Listings and multi-object deletes are XML 1.0, which cannot hold these (S3 User Guide, "Naming Amazon S3
    // objects", characters to avoid).
    if key.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        return Err((Refusal::ControlCharacter, shown(relative)));
    }
    ObjectKey::new(key).map_err(|error| match error {
        InvalidKey::TooLong(bytes) => (Refusal::TooLong, too_long(&shown(relative), bytes)),
        InvalidKey::Empty | InvalidKey::LeadingSlash => (Refusal::ControlCharacter, shown(relative)),
    })
}

fn too_long(key: &str, bytes: usize) -> String {
    let start: String = key.chars().take(60).collect();
    format!("{start}… ({bytes} bytes)")
}

/// A path below the build folder for people: `/` between its parts, what is unprintable escaped.
fn shown(relative: &Path) -> String {
    let part = |part: Component<'_>| match part.as_os_str().to_str() {
        Some(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => format!("{:?}", part.as_os_str()).trim_matches('"').to_owned(),
    };
    relative.components().map(part).collect::<Vec<_>>().join("/")
}

/// Keys that are the same text in two Unicode forms: two objects on S3, one file on a Mac, and the same on screen.
fn names_that_look_the_same(files: &[FoundFile]) -> Vec<String> {
    let mut forms = std::collections::BTreeMap::<String, Vec<&str>>::new();
    for key in files.iter().map(|file| file.key.as_str()).filter(|key| !key.is_ascii()) {
        forms.entry(key.nfc().collect()).or_default().push(key);
    }
    // U+212A, the sign of the kelvin, is a plain K when normalised: the other name may be ASCII.
    for (form, keys) in &mut forms {
        if form.is_ascii()
            && let Ok(at) = files.binary_search_by(|file| file.key.as_str().cmp(form))
        {
            keys.push(files[at].key.as_str());
        }
    }
    let escaped = |key: &&str| key.chars().map(escape_non_ascii).collect::<String>();
    let twins = forms.into_values().filter(|keys| keys.len() > 1);
    twins.map(|keys| keys.iter().map(escaped).collect::<Vec<_>>().join(" and ")).collect()
}

fn escape_non_ascii(c: char) -> String {
    if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() }
}

/// What the operating system's `error` about the file or folder `name` means, and what to do.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Error {
    refusals::unreadable(&[name.to_owned()], error.kind()).because(error)
}
