//! How a viewer's URL becomes an object's path: what the distribution's viewer-request function does.

use serde::{Deserialize, Serialize};

/// The three ways static sites name their pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// One page for every navigation: `/profile/7` is `/index.html`.
    Spa,
    /// A folder for every page: `/about/` is `/about/index.html`, and `/about` is redirected to `/about/`.
    Folders,
    /// A file for every page: `/about` is `/about.html`.
    Files,
}
