//! The order of a publish: nothing goes up before what it names.

use serde::Serialize;

use crate::site::{FileClass, SiteFile};

/// The steps in which files go up; each is complete before the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// What pages load and the bucket does not have: nobody sees it before something names it.
    NewFiles,
    /// What pages load and the bucket has in another form. It may name new files (a style sheet its images), so it
    /// comes after them.
    ChangedFiles,
    /// All pages but the root page.
    Pages,
    /// The root page.
    Root,
    /// What tells browsers that there is a new release, and so must find it complete: service workers and their
    /// lists, version files. A service worker that came before the root page would keep the old one in its cache.
    Announcements,
}

impl Stage {
    /// The stage of a file, given the object that is served for `/` and whether the bucket has it in another form.
    pub fn of(file: &SiteFile, root: &str, replaces: bool) -> Self {
        match file.class {
            FileClass::Page if file.key.as_str() == root => Self::Root,
            FileClass::Page => Self::Pages,
            FileClass::Entry if announces(file) => Self::Announcements,
            _ if replaces => Self::ChangedFiles,
            FileClass::Entry | FileClass::Asset | FileClass::Immutable => Self::NewFiles,
        }
    }
}

/// Whether browsers read an entry to learn of a release. The other entries (web manifests, page data, the entry of a
/// module federation) are loaded by pages, so they go up before them.
fn announces(file: &SiteFile) -> bool {
    let name = file.key.file_name();
    let is_worker = matches!(file.key.extension(), Some("js" | "mjs")) && name != "remoteEntry.js";
    is_worker || matches!(name, "version.json" | "ngsw.json" | "latest.json")
}
