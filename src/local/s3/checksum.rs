//! The checksums S3 checks uploads with and keeps (S3 User Guide, "Checking object integrity").

use base64::{Engine as _, engine::general_purpose::STANDARD};
use s3s::{
    S3Result, TrailingHeaders,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1},
    dto, s3_error,
};
use serde::{Deserialize, Serialize};

use crate::site::Sha256;

/// What a checksum is computed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Algorithm {
    /// CRC-32.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME: what S3 computes when the client names none.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The name in S3's XML and headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => dto::ChecksumAlgorithm::CRC32,
            Self::Crc32c => dto::ChecksumAlgorithm::CRC32C,
            Self::Crc64Nvme => dto::ChecksumAlgorithm::CRC64NVME,
            Self::Sha1 => dto::ChecksumAlgorithm::SHA1,
            Self::Sha256 => dto::ChecksumAlgorithm::SHA256,
        }
    }

    /// Reads the name; S3 takes it in any case.
    pub(crate) fn parse(name: &str) -> S3Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| s3_error!(InvalidRequest, "Checksum algorithm provided is unsupported."))
    }

    /// The length of its value in bytes.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether a multipart upload has the checksum of its parts' checksums by default, rather than of all its bytes.
    pub(crate) fn composite_by_default(self) -> bool {
        self != Self::Crc64Nvme
    }

    /// The base64 value of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish(&Sha256::of(bytes))
    }
}

/// A running checksum. The SHA-256 names the blob and is computed anyway, so it is not computed again here.
pub(crate) enum Hasher {
    Crc32(Crc32),
    Crc32c(Crc32c),
    Crc64Nvme(Crc64Nvme),
    Sha1(Sha1),
    Sha256,
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Crc32 => Self::Crc32(Crc32::new()),
            Algorithm::Crc32c => Self::Crc32c(Crc32c::new()),
            Algorithm::Crc64Nvme => Self::Crc64Nvme(Crc64Nvme::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(hasher) => hasher.update(bytes),
            Self::Crc32c(hasher) => hasher.update(bytes),
            Self::Crc64Nvme(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256 => {}
        }
    }

    /// The value in base64, given the SHA-256 of the same bytes.
    pub(crate) fn finish(self, sha256: &Sha256) -> String {
        match self {
            Self::Crc32(hasher) => STANDARD.encode(hasher.finalize()),
            Self::Crc32c(hasher) => STANDARD.encode(hasher.finalize()),
            Self::Crc64Nvme(hasher) => STANDARD.encode(hasher.finalize()),
            Self::Sha1(hasher) => STANDARD.encode(hasher.finalize()),
            Self::Sha256 => sha256.base64(),
        }
    }
}

/// The checksum an object or part is kept with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    /// How it was computed.
    pub(crate) algorithm: Algorithm,
    /// Base64; of a composite one with `-N` behind it.
    pub(crate) value: String,
    /// Whether it is the checksum of the parts' checksums.
    pub(crate) composite: bool,
}

impl Checksum {
    /// The checksum of all the bytes.
    pub(crate) fn whole(algorithm: Algorithm, value: String) -> Self {
        Self { algorithm, value, composite: false }
    }

    /// The checksum of the parts' checksums.
    pub(crate) fn composite<'a>(
        algorithm: Algorithm,
        parts: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<Self, base64::DecodeError> {
        let count = parts.len();
        let mut values = Vec::with_capacity(count * algorithm.length());
        for part in parts {
            values.extend(STANDARD.decode(part)?);
        }
        Ok(Self { algorithm, value: format!("{}-{count}", algorithm.of(&values)), composite: true })
    }

    /// The value if it is by `algorithm`: for the five fields of an answer.
    pub(crate) fn by(&self, algorithm: Algorithm) -> Option<String> {
        (self.algorithm == algorithm).then(|| self.value.clone())
    }

    /// `COMPOSITE` or `FULL_OBJECT`.
    pub(crate) fn kind(&self) -> dto::ChecksumType {
        dto::ChecksumType::from_static(kind_name(self.composite))
    }
}

/// The name of the kind of checksum.
pub(crate) fn kind_name(composite: bool) -> &'static str {
    if composite { dto::ChecksumType::COMPOSITE } else { dto::ChecksumType::FULL_OBJECT }
}

/// Puts a [`Checksum`] into the five fields of an answer.
macro_rules! set_checksum {
    ($output:expr, $checksum:expr) => {{
        use $crate::local::s3::checksum::Algorithm;
        let checksum: &$crate::local::s3::checksum::Checksum = $checksum;
        $output.checksum_crc32 = checksum.by(Algorithm::Crc32);
        $output.checksum_crc32c = checksum.by(Algorithm::Crc32c);
        $output.checksum_crc64nvme = checksum.by(Algorithm::Crc64Nvme);
        $output.checksum_sha1 = checksum.by(Algorithm::Sha1);
        $output.checksum_sha256 = checksum.by(Algorithm::Sha256);
    }};
}
pub(crate) use set_checksum;

/// The checksum a request declares in the five fields of an input.
macro_rules! declared_checksum {
    ($input:expr) => {{
        use $crate::local::s3::checksum::Algorithm;
        $crate::local::s3::checksum::single([
            (Algorithm::Crc32, $input.checksum_crc32.as_deref()),
            (Algorithm::Crc32c, $input.checksum_crc32c.as_deref()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.as_deref()),
            (Algorithm::Sha1, $input.checksum_sha1.as_deref()),
            (Algorithm::Sha256, $input.checksum_sha256.as_deref()),
        ])
    }};
}
pub(crate) use declared_checksum;

/// The one checksum that is given; S3 takes no more than one.
pub(crate) fn single(fields: [(Algorithm, Option<&str>); 5]) -> S3Result<Option<(Algorithm, String)>> {
    let mut given = fields.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?.to_owned())));
    let first = given.next();
    if given.next().is_some() {
        return Err(s3_error!(
            InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        ));
    }
    Ok(first)
}

/// What an upload's bytes must be, as its headers say before them and its trailer says after them.
pub(crate) struct Declared {
    /// How the checksum is computed; chosen by S3 when the client names none.
    pub(crate) algorithm: Algorithm,
    /// Whether the client named it.
    pub(crate) named: bool,
    value: Option<String>,
    md5: Option<[u8; 16]>,
    trailer: Option<TrailingHeaders>,
}

impl Declared {
    /// From the fields of the input.
    pub(crate) fn new(
        header: Option<(Algorithm, String)>,
        algorithm: Option<&dto::ChecksumAlgorithm>,
        content_md5: Option<&str>,
        trailer: Option<TrailingHeaders>,
    ) -> S3Result<Self> {
        let named = algorithm.map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let md5 = content_md5.map(decode_md5).transpose()?;
        let (algorithm, value) = match header {
            Some((algorithm, value)) => {
                check_form(algorithm, &value)?;
                (Some(algorithm), Some(value))
            }
            None => (named, None),
        };
        let (named, algorithm) = (algorithm.is_some(), algorithm.unwrap_or(Algorithm::Crc64Nvme));
        Ok(Self { algorithm, named, value, md5, trailer })
    }

    /// Compares with what arrived; to be called once the body has ended, when the trailer is there.
    pub(crate) fn verify(&self, md5: &[u8; 16], checksum: &str) -> S3Result<()> {
        if self.md5.is_some_and(|expected| expected != *md5) {
            return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
        }
        let name = format!("x-amz-checksum-{}", self.algorithm.name().to_ascii_lowercase());
        let in_trailer = self.trailer.as_ref().and_then(|trailer| {
            trailer
                .read(|headers| headers.get(&name).and_then(|value| value.to_str().ok()).map(str::to_owned))
                .flatten()
        });
        match in_trailer.as_deref().or(self.value.as_deref()) {
            Some(expected) if expected != checksum => Err(s3_error!(
                BadDigest,
                "The {} you specified did not match the calculated checksum.",
                self.algorithm.name()
            )),
            _ => Ok(()),
        }
    }
}

fn check_form(algorithm: Algorithm, value: &str) -> S3Result<()> {
    match STANDARD.decode(value) {
        Ok(bytes) if bytes.len() == algorithm.length() => Ok(()),
        _ => Err(s3_error!(
            InvalidRequest,
            "Value for x-amz-checksum-{} header is invalid.",
            algorithm.name().to_ascii_lowercase()
        )),
    }
}

fn decode_md5(value: &str) -> S3Result<[u8; 16]> {
    let bytes = STANDARD.decode(value).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of "123456789" that the CRC catalogues and FIPS 180 publish.
    #[test]
    fn algorithms_give_the_published_check_values() {
        let table = [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ];
        for (algorithm, expected) in table {
            let value = algorithm.of(b"123456789");
            assert_eq!(hex::encode(STANDARD.decode(&value).unwrap()), expected, "{algorithm:?}");
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()).unwrap(), algorithm);
        }
    }

    #[test]
    fn a_composite_is_the_checksum_of_checksums() {
        let parts = [Sha256::of(b"a").base64(), Sha256::of(b"b").base64()];
        let joined: Vec<u8> = [Sha256::of(b"a").0, Sha256::of(b"b").0].concat();
        let composite = Checksum::composite(Algorithm::Sha256, parts.iter().map(String::as_str)).unwrap();
        assert_eq!(composite.value, format!("{}-2", Sha256::of(&joined).base64()));
    }
}
