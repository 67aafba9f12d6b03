//! The build folder as a whole: is it there, and is it a site?

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{SkipReason, Walked};
use crate::{Error, ErrorKind, Result};

/// The page a distribution serves for `/`.
const INDEX: &str = "index.html";

/// Where build tools put their output, below the project's folder.
const OUTPUTS: &[&str] = &[
    "build/client",
    "build/web",
    "build",
    "dist",
    "out",
    ".output/public",
    "docs/.vitepress/dist",
    "_site",
    "site",
    "book",
    "public",
];

/// Checks that there is a folder to read, and resolves all links of its path.
pub(super) fn open(folder: &Path) -> Result<PathBuf> {
    let name = folder.display();
    match fs::metadata(folder) {
        Ok(stat) if stat.is_dir() => {
            fs::canonicalize(folder).map_err(|error| super::unreadable(&name.to_string(), &error))
        }
        Ok(_) => Err(Error::new(
            ErrorKind::Input,
            format!("{name} is not a folder"),
            format!("name the folder to publish, such as {}", parent(folder).display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let next = match build_inside(parent(folder)) {
                Some(other) => format!("build the site first, or publish the one in {}", other.display()),
                None => "build the site first (npm run build, for most), then publish the folder it writes".into(),
            };
            Err(Error::new(ErrorKind::Input, format!("there is no folder {name}"), next).because(error))
        }
        Err(error) => Err(super::unreadable(&name.to_string(), &error)),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folder below `folder` that looks most like a build: the first known output folder with an index page.
/// Angular writes `dist/APP/browser`.
pub(super) fn build_inside(folder: &Path) -> Option<PathBuf> {
    let known = OUTPUTS.iter().map(|output| folder.join(output));
    let apps = fs::read_dir(folder.join("dist")).into_iter().flatten().flatten();
    let mut angular: Vec<PathBuf> = apps.map(|app| app.path().join("browser")).collect();
    angular.sort();
    known.chain(angular).find(|output| output.join(INDEX).is_file())
}

/// A site has files, and an index page at its root.
pub(super) fn check_contents(folder: &Path, walked: &Walked, allow_no_index: bool) -> Result<()> {
    let name = folder.display();
    if walked.files.is_empty() {
        let next = match build_inside(folder) {
            Some(build) => format!("publish {} instead", build.display()),
            None if walked.skipped.is_empty() => "build the site first, then publish".into(),
            None => "build the site first, or exclude less".into(),
        };
        let what = match walked.skipped.len() {
            0 => format!("{name} is empty"),
            1 => format!("{name} holds nothing to publish, only {} that is excluded", walked.skipped[0].path),
            n => format!("{name} holds nothing to publish, only {n} files and folders that are excluded"),
        };
        return Err(Error::new(ErrorKind::Refused, what, next));
    }
    let is_site = walked.files.binary_search_by(|file| file.key.as_str().cmp(INDEX)).is_ok();
    if is_site || allow_no_index {
        return Ok(());
    }
    let what = format!("{name} has no {INDEX}");
    let next = format!("{}, or pass --allow-no-index if the site has no home page", nearest_index(folder, walked));
    Err(Error::new(ErrorKind::Refused, what, next))
}

/// What the user most likely meant.
fn nearest_index(folder: &Path, walked: &Walked) -> String {
    if let Some(skipped) = walked.skipped.iter().find(|skipped| skipped.path == INDEX) {
        return match &skipped.reason {
            SkipReason::Pattern { pattern, .. } => format!("take back the pattern {pattern:?} that excludes it"),
            _ => format!("take it back with the pattern \"!{INDEX}\""),
        };
    }
    if let Some(build) = build_inside(folder) {
        return format!("publish {} instead", build.display());
    }
    let keys = || walked.files.iter().map(|file| file.key.as_str());
    if let Some(other) = keys().find(|key| key.eq_ignore_ascii_case(INDEX) || key.eq_ignore_ascii_case("index.htm")) {
        return format!("rename {other} to {INDEX}: keys are case-sensitive");
    }
    let nested = keys().filter(|key| key.ends_with("/index.html") && !key.contains("node_modules/"));
    match nested.min_by_key(|key| key.matches('/').count()) {
        Some(page) => format!("publish {} instead", folder.join(page.trim_end_matches("/index.html")).display()),
        None => "build the site first, and publish the folder the build writes".into(),
    }
}
