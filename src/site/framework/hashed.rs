//! Which names of a build carry a hash of their content.

use super::Framework;
use crate::site::{
    ObjectKey,
    name_hash::{is_base32, is_base64url, is_certain_base32, is_hex},
};

impl Framework {
    /// Whether this framework wrote a hash of the file's content into `key`, so that other bytes always have another
    /// name.
    ///
    /// A source map's name has the hash of its script, which a changed comment leaves as it is, so maps are not
    /// content-hashed; except those of Create React App, where webpack hashes script and map together
    /// (`optimization.realContentHash`).
    pub(in crate::site) fn hashes(self, key: &ObjectKey) -> bool {
        let Some(name) = Name::parse(key, self) else { return false };
        let (folder, top) = (key.folder(), key.as_str().split('/').next().unwrap_or_default());
        let below = |prefix: &str| key.as_str().starts_with(prefix);
        match self {
            Self::CreateReactApp => match folder {
                "static/js" | "static/css" => name.dotted(|hash| hash.len() == 8 && is_hex(hash)),
                "static/media" => name.dotted(|hash| matches!(hash.len(), 8 | 20..=32) && is_hex(hash)),
                _ => false,
            },
            Self::Vite => top == "assets" && name.dashed8(is_base64url),
            Self::NextExport => below("_next/static/"),
            Self::Angular => match folder {
                "" => name.is_angular_bundle(),
                "media" => name.dashed8(is_certain_base32),
                _ => false,
            },
            Self::SvelteKit => below("_app/immutable/"),
            Self::Astro => below("_astro/"),
            Self::Nuxt => below("_nuxt/") && (!below("_nuxt/builds/") || below("_nuxt/builds/meta/")),
            // `static/d/` has the answers of queries, named by the query.
            Self::Gatsby => match folder {
                "" => {
                    let hash = |hash: &str| hash.len() == 20 && is_hex(hash);
                    matches!(name.extension, "js" | "css") && (name.dashed(hash) || name.dotted(hash))
                }
                _ => below("static/") && !below("static/d/"),
            },
            Self::Docusaurus => match folder {
                "assets/js" | "assets/css" => name.dotted(|hash| hash.len() == 8 && is_hex(hash)),
                _ => below("assets/") && name.dashed(|hash| hash.len() == 32 && is_hex(hash)),
            },
            Self::VitePress => top == "assets" && name.without_lean().dotted(is_base64url),
            Self::VueCli => {
                matches!(folder, "js" | "css" | "img" | "fonts") && name.dotted(|hash| hash.len() == 8 && is_hex(hash))
            }
            Self::Parcel => name.dotted(|hash| hash.len() == 8 && is_hex(hash)),
            Self::Expo => {
                let hash = |hash: &str| hash.len() == 32 && is_hex(hash);
                below("_expo/static/") && name.dashed(hash) || below("assets/") && name.dotted(hash)
            }
            Self::Ember => below("assets/") && name.dashed(|hash| hash.len() == 32 && is_hex(hash)),
            // `resources.Fingerprint` with sha256, sha384 or sha512.
            Self::Hugo => name.dotted(|hash| matches!(hash.len(), 64 | 96 | 128) && is_hex(hash)),
            Self::Flutter | Self::Eleventy | Self::Jekyll | Self::MkDocs | Self::MdBook | Self::Plain => false,
        }
    }
}

/// Whether the name of `key` ends as Rollup's do, in what may be a hash or a word: `NAME-12345678.js`.
pub(super) fn has_rollup_hash(key: &ObjectKey) -> bool {
    let is_base64url = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    Name::parse(key, Framework::Vite).is_some_and(|name| name.extension == "js" && name.dashed8(is_base64url))
}

/// A file name cut at its last dot.
#[derive(Clone, Copy)]
struct Name<'k> {
    stem: &'k str,
    extension: &'k str,
}

impl<'k> Name<'k> {
    /// None for what never has a hash that can be trusted: maps, web manifests, names without extension.
    fn parse(key: &'k ObjectKey, framework: Framework) -> Option<Self> {
        let mut name = key.file_name();
        if framework == Framework::CreateReactApp {
            name = name.strip_suffix(".map").unwrap_or(name);
            name = name.strip_suffix(".LICENSE.txt").unwrap_or(name);
        }
        let (mut stem, extension) = name.rsplit_once('.')?;
        if framework == Framework::CreateReactApp {
            stem = stem.strip_suffix(".chunk").unwrap_or(stem);
        }
        let manifest = extension == "webmanifest" || (extension == "json" && stem.starts_with("manifest"));
        let usable = !stem.is_empty() && !extension.is_empty() && extension != "map" && !manifest;
        usable.then_some(Self { stem, extension })
    }

    /// VitePress: `NAME.HASH.lean.js` is the page without its static text.
    fn without_lean(self) -> Self {
        Self { stem: self.stem.strip_suffix(".lean").unwrap_or(self.stem), ..self }
    }

    /// `NAME.HASH.EXT`
    fn dotted(self, is_hash: impl Fn(&str) -> bool) -> bool {
        self.stem.rsplit_once('.').is_some_and(|(name, hash)| !name.is_empty() && is_hash(hash))
    }

    /// `NAME-HASH.EXT` where the hash has no dash.
    fn dashed(self, is_hash: impl Fn(&str) -> bool) -> bool {
        self.stem.rsplit_once('-').is_some_and(|(name, hash)| !name.is_empty() && is_hash(hash))
    }

    /// `NAME-HASH.EXT` where the hash has eight characters, perhaps dashes too.
    fn dashed8(self, is_hash: impl Fn(&str) -> bool) -> bool {
        let Some(at) = self.stem.len().checked_sub(8) else { return false };
        let (Some(name), Some(hash)) = (self.stem.get(..at), self.stem.get(at..)) else { return false };
        name.len() > 1 && name.ends_with('-') && is_hash(hash)
    }

    /// The bundles Angular writes beside `index.html`, where files of the public folder are too. Only `chunk-` is a
    /// name no person gives, so only there eight capitals need no digit.
    fn is_angular_bundle(self) -> bool {
        let Some((name, hash)) = self.stem.rsplit_once('-') else { return false };
        match (name, self.extension) {
            ("chunk", "js") => is_base32(hash),
            ("main" | "polyfills" | "scripts", "js") | ("styles" | "chunk", "css") => is_certain_base32(hash),
            _ => false,
        }
    }
}
