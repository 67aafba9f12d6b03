//! The media type a file is served with.

use super::ObjectKey;

/// What S3 would say of a file it knows nothing about, in the spelling that is registered.
const UNKNOWN: &str = "application/octet-stream";

/// Types by extension where the common table is silent, outdated, or not what browsers want.
///
/// Sources: IANA's registry of media types, and for script RFC 9239. `.xml` may be any vocabulary, feeds included, so
/// it keeps the general type of RFC 7303, which every feed reader takes; browsers show it instead of saving it.
const BY_EXTENSION: &[(&str, &str)] = &[
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("cjs", "text/javascript"),
    ("geojson", "application/geo+json"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("js", "text/javascript"),
    ("json5", "application/json5"),
    ("jsonld", "application/ld+json"),
    ("jxl", "image/jxl"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("markdown", "text/markdown"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("mpd", "application/dash+xml"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("rss", "application/rss+xml"),
    ("svg", "image/svg+xml"),
    ("svgz", "image/svg+xml"),
    ("tgz", "application/gzip"),
    ("toml", "application/toml"),
    ("topojson", "application/json"),
    ("ttf", "font/ttf"),
    ("usdz", "model/vnd.usdz+zip"),
    ("vtt", "text/vtt"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xml", "application/xml"),
    ("xsl", "application/xslt+xml"),
    ("xslt", "application/xslt+xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zst", "application/zstd"),
];

/// Files without extension that are text by custom.
const TEXTS: &[&str] = &[
    "AUTHORS",
    "CHANGELOG",
    "CNAME",
    "CODEOWNERS",
    "CONTRIBUTING",
    "COPYING",
    "COPYRIGHT",
    "HUMANS",
    "LICENCE",
    "LICENSE",
    "NOTICE",
    "README",
    "VERSION",
    "_headers",
    "_redirects",
];

/// The value of `Content-Type` for `key`, from its name; always a valid header value.
///
/// Text carries `; charset=utf-8`, for without it browsers fall back to the encoding of the user's language.
pub fn content_type(key: &ObjectKey) -> String {
    let essence = essence(key);
    if takes_charset(&essence) { format!("{essence}; charset=utf-8") } else { essence }
}

/// The type without parameters.
fn essence(key: &ObjectKey) -> String {
    let name = key.file_name();
    // Apple: "Supporting associated domains": no extension, `application/json`.
    if name == "apple-app-site-association" {
        return "application/json".to_owned();
    }
    let Some(extension) = key.extension().map(str::to_ascii_lowercase) else {
        return without_extension(key).to_owned();
    };
    match BY_EXTENSION.binary_search_by_key(&extension.as_str(), |(extension, _)| extension) {
        Ok(at) => BY_EXTENSION[at].1.to_owned(),
        Err(_) => mime_guess::from_ext(&extension).first_raw().unwrap_or(UNKNOWN).to_owned(),
    }
}

fn without_extension(key: &ObjectKey) -> &'static str {
    // Well-known URIs (RFC 8615) without extension are documents such as `openid-configuration`.
    if key.as_str().starts_with(".well-known/") {
        "application/json"
    } else if TEXTS.contains(&key.file_name()) {
        "text/plain"
    } else {
        UNKNOWN
    }
}

/// Whether the type is text that may be in any encoding unless it is said.
fn takes_charset(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/json"
                | "application/json5"
                | "application/xml"
                | "application/javascript"
                | "application/toml"
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_in_order_for_the_search() {
        assert!(BY_EXTENSION.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn types_by_name() {
        let table = [
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTML", "text/html; charset=utf-8"),
            ("a.htm", "text/html; charset=utf-8"),
            ("a.xhtml", "application/xhtml+xml; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.cjs", "text/javascript; charset=utf-8"),
            ("a.js.map", "application/json; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("a.jsonld", "application/ld+json; charset=utf-8"),
            ("a.geojson", "application/geo+json; charset=utf-8"),
            ("site.webmanifest", "application/manifest+json; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("a.svg", "image/svg+xml; charset=utf-8"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.jpeg", "image/jpeg"),
            ("a.gif", "image/gif"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.jxl", "image/jxl"),
            ("favicon.ico", "image/vnd.microsoft.icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.otf", "font/otf"),
            ("a.eot", "application/vnd.ms-fontobject"),
            ("a.mp4", "video/mp4"),
            ("a.webm", "video/webm"),
            ("a.mp3", "audio/mpeg"),
            ("a.pdf", "application/pdf"),
            ("a.zip", "application/zip"),
            ("feed.xml", "application/xml; charset=utf-8"),
            ("sitemap.xml", "application/xml; charset=utf-8"),
            ("index.rss", "application/rss+xml; charset=utf-8"),
            ("index.atom", "application/atom+xml; charset=utf-8"),
            ("robots.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.vtt", "text/vtt; charset=utf-8"),
            ("a.ics", "text/calendar; charset=utf-8"),
            ("a.yaml", "application/yaml"),
            ("a.yml", "application/yaml"),
            ("a.glb", "model/gltf-binary"),
            ("a.gltf", "model/gltf+json; charset=utf-8"),
            ("a.usdz", "model/vnd.usdz+zip"),
            ("data.csv.gz", "application/gzip"),
            ("a.tar.gz", "application/gzip"),
            ("a.zst", "application/zstd"),
            ("a.br", "application/octet-stream"),
            ("a.unknown", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("about", "application/octet-stream"),
            ("CNAME", "text/plain; charset=utf-8"),
            ("LICENSE", "text/plain; charset=utf-8"),
            ("apple-app-site-association", "application/json; charset=utf-8"),
            (".well-known/apple-app-site-association", "application/json; charset=utf-8"),
            (".well-known/openid-configuration", "application/json; charset=utf-8"),
            (".well-known/security.txt", "text/plain; charset=utf-8"),
            (".well-known/assetlinks.json", "application/json; charset=utf-8"),
        ];
        for (key, expected) in table {
            assert_eq!(content_type(&ObjectKey::new(key).unwrap()), expected, "{key}");
        }
    }

    proptest! {
        #[test]
        fn every_type_is_a_header_value(key in "[^/].{0,60}") {
            let value = content_type(&ObjectKey::new(key).unwrap());
            prop_assert!(http::HeaderValue::from_str(&value).is_ok() && value.contains('/'));
        }
    }
}
