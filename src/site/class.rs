//! What kind of file an object is: what decides its caching.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Framework, ObjectKey, precompressed};

/// How an object may be cached, and so when it must be uploaded and invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FileClass {
    /// A content-hashed name in a framework's asset folder: its bytes never change, browsers keep it for a year.
    Immutable,
    /// Everything else that pages use: the edge keeps it until it is invalidated, browsers ask every time.
    Asset,
    /// An HTML page.
    Page,
    /// A file that tells browsers about new releases: service workers, web manifests, version files.
    Entry,
}

/// The class of `key` in a build of `framework`, from its name alone.
///
/// [`FileClass::Immutable`] is the one answer that cannot be taken back, for browsers do not ask again for a year:
/// it is given only where the framework is known to write a hash of the content, and the name does have one.
pub fn classify(key: &ObjectKey, framework: Framework) -> FileClass {
    let name = key.file_name().to_ascii_lowercase();
    if is_page(&name) {
        FileClass::Page
    } else if is_service_worker(&name) || is_manifest(key, &name) || is_release_data(key, &name, framework) {
        FileClass::Entry
    } else if framework.hashes(key) {
        FileClass::Immutable
    } else {
        FileClass::Asset
    }
}

/// [`classify`], but a compressed copy beside its original among `keys` has the class of the original.
pub fn classify_among(key: &ObjectKey, framework: Framework, keys: &BTreeSet<ObjectKey>) -> FileClass {
    match precompressed::original(key, |key| keys.contains(key)) {
        Some((original, _)) => classify(&original, framework),
        None => classify(key, framework),
    }
}

fn is_page(name: &str) -> bool {
    [".html", ".htm", ".xhtml"].iter().any(|extension| name.ends_with(extension))
}

/// Service workers, hashed or not: browsers look for a new one at the old URL.
fn is_service_worker(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".js").or_else(|| name.strip_suffix(".mjs")) else { return false };
    let named = |word: &str| {
        stem.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
            || stem.strip_suffix(word).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
    };
    ["sw", "service-worker", "service_worker", "serviceworker"].iter().any(|word| named(word))
        || stem.starts_with("onesignalsdk")
        || matches!(stem, "ngsw-worker" | "safety-worker" | "worker-basic.min")
}

/// Web manifests, and the lists of files that builds write. A `manifest.json` below the root may be anything.
fn is_manifest(key: &ObjectKey, name: &str) -> bool {
    name.ends_with(".webmanifest")
        || name == "asset-manifest.json"
        || (name == "manifest.json" && key.folder().is_empty())
}

/// Files of one name for ever that say which release is current, or hold the data of a page.
fn is_release_data(key: &ObjectKey, name: &str, framework: Framework) -> bool {
    match name {
        "version.json" | "ngsw.json" | "hashmap.json" | "remoteentry.js" | "remoteentry.mjs" => true,
        "__data.json" | "_payload.json" | "_payload.js" | "app-data.json" => true,
        "latest.json" => key.folder() == "builds" || key.folder().ends_with("/builds"),
        _ => match framework {
            Framework::Gatsby => key.as_str().starts_with("page-data/"),
            // Payloads of React Server Components lie beside their pages.
            Framework::NextExport => {
                name.ends_with(".txt") && !key.as_str().starts_with("_next/") && !is_public_text(key, name)
            }
            _ => false,
        },
    }
}

/// Texts for robots and people that are no payload of a page.
fn is_public_text(key: &ObjectKey, name: &str) -> bool {
    key.as_str().starts_with(".well-known/")
        || matches!(name, "robots.txt" | "humans.txt" | "ads.txt" | "app-ads.txt" | "security.txt" | "llms.txt")
}

#[cfg(test)]
mod tests;
