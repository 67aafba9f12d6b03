//! Compression at the edge (CloudFront Developer Guide, "Serve compressed files").

use std::io::{self, Write};

use http::{HeaderMap, HeaderValue, Version, header};

/// The forms in which the edge keeps and sends an object: CloudFront's normalised `Accept-Encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

/// Sizes in bytes of the objects that are compressed.
const COMPRESSIBLE_SIZES: std::ops::RangeInclusive<u64> = 1_000..=10_000_000;

/// Types that are compressed, whatever their parameters.
const COMPRESSIBLE_TYPES: [&str; 44] = [
    "application/dash+xml",
    "application/eot",
    "application/font",
    "application/font-sfnt",
    "application/javascript",
    "application/json",
    "application/opentype",
    "application/otf",
    "application/pkcs7-mime",
    "application/protobuf",
    "application/rss+xml",
    "application/truetype",
    "application/ttf",
    "application/vnd.apple.mpegurl",
    "application/vnd.ms-fontobject",
    "application/x-font-opentype",
    "application/x-font-truetype",
    "application/x-font-ttf",
    "application/x-httpd-cgi",
    "application/x-javascript",
    "application/x-mpegurl",
    "application/x-opentype",
    "application/x-otf",
    "application/x-perl",
    "application/x-ttf",
    "application/xhtml+xml",
    "application/xml",
    "font/eot",
    "font/opentype",
    "font/otf",
    "font/ttf",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/js",
    "text/plain",
    "text/richtext",
    "text/tab-separated-values",
    "text/x-component",
    "text/x-java-source",
    "text/x-script",
    "text/xml",
];

impl Encoding {
    /// The best form this viewer takes: brotli before gzip, and neither over HTTP/1.0.
    ///
    /// A request for a range is answered from the uncompressed form, as S3 answers it.
    pub(super) fn accepted(headers: &HeaderMap, version: Version) -> Self {
        if version < Version::HTTP_11 || headers.contains_key(header::RANGE) {
            return Self::Identity;
        }
        let accepts = |wanted: &str| {
            headers
                .get_all(header::ACCEPT_ENCODING)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|list| list.split(','))
                .any(|item| is_accepted(item, wanted))
        };
        if accepts("br") {
            Self::Brotli
        } else if accepts("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// `Content-Encoding`, but for the identity.
    pub(super) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Brotli => Some(HeaderValue::from_static("br")),
        }
    }

    /// `bytes` in this form. The levels are those usual for compressing while a viewer waits.
    ///
    /// # Errors
    /// Writing to memory does not fail; the signature is that of the encoders.
    pub(super) fn encode(self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(bytes),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
                encoder.write_all(&bytes)?;
                encoder.flush()?;
                Ok(encoder.into_inner())
            }
        }
    }
}

/// Whether an item of `Accept-Encoding` names `wanted` and does not refuse it with `q=0`.
fn is_accepted(item: &str, wanted: &str) -> bool {
    let mut parts = item.split(';').map(str::trim);
    let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(wanted));
    let refused = parts.any(|part| {
        part.split_once('=').is_some_and(|(name, weight)| {
            name.trim().eq_ignore_ascii_case("q") && weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
        })
    });
    named && !refused
}

/// Whether an object is of a type and size that the edge compresses. The caller has seen that it has no
/// `Content-Encoding`: those are never compressed.
pub(super) fn is_compressible(content_type: Option<&str>, size: u64) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    COMPRESSIBLE_SIZES.contains(&size) && COMPRESSIBLE_TYPES.contains(&essence.as_str())
}

/// The entity tag of a compressed object: weak, for it no longer stands for the origin's bytes.
pub(super) fn weakened(etag: &str) -> String {
    if etag.starts_with("W/") { etag.to_owned() } else { format!("W/{etag}") }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_viewer_chooses_and_brotli_is_preferred() {
        let table = [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("deflate, sdch, *"), Encoding::Identity),
            (Some("gzip"), Encoding::Gzip),
            (Some("gzip, deflate, br, zstd"), Encoding::Brotli),
            (Some("GZIP;q=0.5"), Encoding::Gzip),
            (Some("br;q=0, gzip;q=1.0"), Encoding::Gzip),
            (Some("br; q=0.000"), Encoding::Identity),
        ];
        for (accept, expected) in table {
            let headers: HeaderMap =
                accept.into_iter().map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap())).collect();
            assert_eq!(Encoding::accepted(&headers, Version::HTTP_11), expected, "{accept:?}");
            assert_eq!(Encoding::accepted(&headers, Version::HTTP_10), Encoding::Identity);
        }
    }

    #[test]
    fn types_and_sizes_decide() {
        let table = [
            ("text/html; charset=utf-8", 1_000, true),
            ("TEXT/CSS", 10_000_000, true),
            ("text/html", 999, false),
            ("text/html", 10_000_001, false),
            ("image/png", 5_000, false),
            ("font/woff2", 5_000, false),
            ("", 5_000, false),
        ];
        for (content_type, size, expected) in table {
            assert_eq!(is_compressible(Some(content_type), size), expected, "{content_type} {size}");
        }
    }

    #[test]
    fn what_was_compressed_can_be_read() {
        let text = b"the same words again and again ".repeat(100);
        let gzip = Encoding::Gzip.encode(text.clone()).unwrap();
        let brotli = Encoding::Brotli.encode(text.clone()).unwrap();
        assert!(gzip.len() < text.len() && brotli.len() < text.len());
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
        read.clear();
        brotli::Decompressor::new(&brotli[..], 4096).read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
