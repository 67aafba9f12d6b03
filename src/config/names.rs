//! The values of a configuration that have a form of their own, checked once and trusted from then on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

/// Stands between problem and next in the text of a serde error.
pub(super) const BETWEEN: char = '\0';

/// Why a text is not the value it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {next}")]
pub struct InvalidValue {
    /// What is wrong, as a phrase that follows the name of the setting.
    pub problem: String,
    /// What to write instead.
    pub next: String,
}

impl InvalidValue {
    fn new(problem: impl Into<String>, next: impl Into<String>) -> Self {
        Self { problem: problem.into(), next: next.into() }
    }

    /// For serde, whose errors are one text. The value is quoted in it and may have any punctuation, but quoted it has no
    /// control characters.
    fn for_serde(&self) -> String {
        format!("{}{BETWEEN}{}", self.problem, self.next)
    }
}

/// Declares a checked text: a newtype that is made by `FromStr` and serde through one `check` function.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                $check(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(|error: InvalidValue| D::Error::custom(error.for_serde()))
            }
        }
    };
}

/// Declares a whole number within bounds, made by `FromStr`, `new` and serde.
macro_rules! bounded_number {
    ($(#[$doc:meta])* $name:ident: $range:expr, default $default:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// From the least to the most.
            pub const RANGE: std::ops::RangeInclusive<u32> = $range;

            /// Takes `number` if it is within the bounds.
            ///
            /// # Errors
            /// [`InvalidValue`] that tells the bounds.
            pub fn new(number: i64) -> Result<Self, InvalidValue> {
                let range = Self::RANGE;
                match u32::try_from(number) {
                    Ok(number) if range.contains(&number) => Ok(Self(number)),
                    _ => Err(InvalidValue::new(
                        format!("is {number}"),
                        format!("write a whole number from {} to {}", range.start(), range.end()),
                    )),
                }
            }

            /// The number.
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let range = Self::RANGE;
                let number = text.parse().map_err(|_| {
                    let next = format!("write a whole number from {} to {}", range.start(), range.end());
                    InvalidValue::new(format!("is {text:?}"), next)
                })?;
                Self::new(number)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(i64::deserialize(deserializer)?).map_err(|error| D::Error::custom(error.for_serde()))
            }
        }
    };
}

checked_text!(
    /// A domain name in lower case without a final dot: `cruddur.com`, `www.cruddur.com`.
    DomainName,
    check_domain
);
checked_text!(
    /// The id of a CloudFront distribution: capital letters and digits.
    DistributionId,
    check_distribution
);
checked_text!(
    /// The name of a bucket. S3-compatible stores take names that S3 does not, so only what no store takes is refused.
    BucketName,
    check_bucket
);
checked_text!(
    /// The folder of a bucket that is served, without `/` at its ends; empty for the whole bucket.
    Prefix,
    check_prefix
);
checked_text!(
    /// An AWS region: `eu-central-1`.
    Region,
    check_word
);
checked_text!(
    /// A profile of the shared AWS configuration files.
    Profile,
    check_line
);
checked_text!(
    /// The endpoint of an S3-compatible store: an `http` or `https` URL.
    EndpointUrl,
    check_endpoint
);

bounded_number!(
    /// A share of the site in percent, at most which one publish may delete.
    MaxDelete: 0..=100, default 50
);
bounded_number!(
    /// The most paths one publish invalidates before it uses wildcards; CloudFront has at most 3,000 in progress
    /// (Developer Guide, "Quotas").
    MaxPaths: 1..=3000, default 50
);
bounded_number!(
    /// How many days a content-hashed file is kept after the last release that names it.
    RetentionDays: 0..=3650, default 30
);
bounded_number!(
    /// How many releases keep their content-hashed files, the current one included.
    RetentionReleases: 1..=1000, default 3
);

/// The most characters that a domain name can have.
const LONGEST_DOMAIN: usize = 253;

fn check_domain(text: &str) -> Result<String, InvalidValue> {
    const NEXT: &str = "write the domain alone, such as \"cruddur.com\"";
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let wrong = |problem: String, next: &str| Err(InvalidValue::new(problem, next));
    if text.trim().is_empty() {
        return wrong("is empty".to_owned(), NEXT);
    }
    // RFC 1035, 2.3.4.
    if text.len() > LONGEST_DOMAIN {
        let next = format!("write a name of at most {LONGEST_DOMAIN} characters, such as \"cruddur.com\"");
        return wrong(format!("has {} characters, which no domain name has", text.chars().count()), &next);
    }
    if name.contains([':', '/']) {
        // Without a scheme it would be read as one: "cruddur.com:8080".
        let url = if name.contains("://") { name.clone() } else { format!("https://{name}") };
        let host = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let next = host.filter(|host| host.contains('.')).map(|host| format!("write the domain alone: {host}"));
        let form = if name.contains("://") { "is the URL" } else { "has more than a domain in it:" };
        return wrong(format!("{form} {text:?}"), next.as_deref().unwrap_or(NEXT));
    }
    if !name.is_ascii() {
        // Browsers write it so, too.
        let ascii = url::Url::parse(&format!("https://{name}")).ok();
        let ascii = ascii.as_ref().and_then(url::Url::host_str).filter(|host| host.contains("xn--"));
        let next = match ascii {
            Some(host) => format!("write it as DNS has it: {host}"),
            None => "write it in its ASCII form, which begins with \"xn--\"".to_owned(),
        };
        return wrong(format!("is {text:?}, and DNS knows only names of ASCII letters"), &next);
    }
    if let Some((_, host)) = name.split_once('@') {
        return wrong(format!("is the mail address {text:?}"), &format!("write the domain alone: {host}"));
    }
    if name.contains('_') {
        let next = "write it with a hyphen instead: browsers and certificates take letters, digits and hyphens only";
        return wrong(format!("is {text:?}, and names of sites have no underscores"), next);
    }
    if let Some(label) = name.split('.').find(|label| label.len() > 63) {
        let next = "shorten it: between two dots there are at most 63 characters";
        return wrong(format!("has a part of {} characters: {label:?}", label.len()), next);
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !name.split('.').all(is_label) {
        return wrong(format!("is {text:?}, which is no domain name"), NEXT);
    }
    if !name.contains('.') {
        let next = format!("write the whole name, such as \"{name}.com\"");
        return wrong(format!("is {text:?}, which is no domain name: it has no dot"), &next);
    }
    Ok(name)
}

fn check_distribution(text: &str) -> Result<String, InvalidValue> {
    if text.len() >= 2 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let problem = format!("is {text:?}, which is no distribution id");
    Err(InvalidValue::new(problem, "write the id CloudFront lists, such as \"E1A2B3C4D5E6F7\", or give the domain"))
}

fn check_bucket(text: &str) -> Result<String, InvalidValue> {
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let next = if prefix.is_empty() {
            format!("write {bucket:?}")
        } else {
            format!("write {bucket:?} and, as the prefix, {prefix:?}")
        };
        return Err(InvalidValue::new(format!("is the URL {text:?}"), next));
    }
    // S3 User Guide, "General purpose bucket naming rules"; 255 and `_` are from before those rules.
    let valid = (3..=255).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if valid {
        return Ok(text.to_owned());
    }
    let next = "write the bucket's name alone: 3 to 63 lower-case letters, digits, dots and dashes";
    Err(InvalidValue::new(format!("is {text:?}, which is no bucket name"), next))
}

fn check_prefix(text: &str) -> Result<String, InvalidValue> {
    let prefix = text.trim_matches('/');
    if prefix.len() > 512
        || prefix.chars().any(char::is_control)
        || prefix.split('/').any(|part| matches!(part, "." | ".."))
    {
        return Err(InvalidValue::new(format!("is {text:?}"), "write a folder of the bucket, such as \"live\""));
    }
    if prefix.split('/').next() == Some(".cruddur-site") {
        let next = "write another folder: this one holds what cruddur-site remembers of the bucket's sites";
        return Err(InvalidValue::new(format!("is {text:?}"), next));
    }
    if !prefix.is_empty() && prefix.split('/').any(str::is_empty) {
        return Err(InvalidValue::new(format!("is {text:?}"), "write one \"/\" between folders"));
    }
    Ok(prefix.to_owned())
}

fn check_word(text: &str) -> Result<String, InvalidValue> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(text.to_owned());
    }
    Err(InvalidValue::new(format!("is {text:?}"), "write a region such as \"eu-central-1\""))
}

fn check_line(text: &str) -> Result<String, InvalidValue> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidValue::new(format!("is {text:?}"), "write the name of a profile of your AWS configuration"));
    }
    Ok(text.to_owned())
}

fn check_endpoint(text: &str) -> Result<String, InvalidValue> {
    let url = text.parse::<http::Uri>().ok();
    let is_http = |url: &http::Uri| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some();
    if url.as_ref().is_some_and(is_http) {
        return Ok(text.to_owned());
    }
    let next = "write an http or https URL, such as \"https://s3.example.com\"";
    Err(InvalidValue::new(format!("is {text:?}, which is no URL"), next))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem<T: FromStr<Err = InvalidValue> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn values_are_normalised() {
        assert_eq!("WWW.Cruddur.com.".parse::<DomainName>().unwrap().as_str(), "www.cruddur.com");
        assert_eq!("/live/site/".parse::<Prefix>().unwrap().as_str(), "live/site");
        assert_eq!("".parse::<Prefix>().unwrap().as_str(), "");
        assert_eq!("E1A2B3C4D5E6F7".parse::<DistributionId>().unwrap().to_string(), "E1A2B3C4D5E6F7");
        assert!("http://127.0.0.1:9000".parse::<EndpointUrl>().is_ok());
        assert!("My_Old.bucket".parse::<BucketName>().is_ok());
        assert_eq!("7".parse::<MaxDelete>().unwrap().get(), 7);
    }

    #[test]
    fn wrong_values_are_told_apart() {
        let table = [
            (problem::<DomainName>("https://cruddur.com/"), "is the URL"),
            (problem::<DomainName>("localhost"), "no domain name"),
            (problem::<DomainName>("-a.com"), "no domain name"),
            (problem::<DomainName>("a..com"), "no domain name"),
            (problem::<DomainName>("bücher.de"), "as DNS has it: xn--bcher-kva.de"),
            (problem::<DomainName>("cruddur.com:8080"), "write the domain alone: cruddur.com"),
            (problem::<DomainName>("my_app.cruddur.com"), "underscores"),
            (problem::<DistributionId>("d111.cloudfront.net"), "no distribution id"),
            (problem::<DistributionId>(""), "no distribution id"),
            (problem::<BucketName>("s3://shop/live/"), "write \"shop\" and, as the prefix, \"live\""),
            (problem::<BucketName>("s3://shop"), "write \"shop\""),
            (problem::<BucketName>("a/b"), "no bucket name"),
            (problem::<Prefix>("a/../b"), "write a folder"),
            (problem::<Prefix>("a//b"), "one \"/\""),
            (problem::<Region>("eu central"), "eu-central-1"),
            (problem::<Profile>(" "), "name of a profile"),
            (problem::<EndpointUrl>("s3.example.com"), "no URL"),
            (problem::<EndpointUrl>("ftp://s3.example.com"), "no URL"),
            (problem::<MaxDelete>("101"), "from 0 to 100"),
            (problem::<MaxDelete>("half"), "from 0 to 100"),
            (problem::<MaxPaths>("0"), "from 1 to 3000"),
        ];
        for (problem, part) in table {
            assert!(problem.contains(part), "{problem}: {part}");
        }
    }

    proptest! {
        #[test]
        fn a_checked_text_is_stable(text in ".{0,40}") {
            if let Ok(domain) = text.parse::<DomainName>() {
                prop_assert_eq!(&domain.as_str().parse::<DomainName>().unwrap(), &domain);
            }
            if let Ok(prefix) = text.parse::<Prefix>() {
                prop_assert_eq!(&prefix.as_str().parse::<Prefix>().unwrap(), &prefix);
            }
            let _ = (text.parse::<BucketName>(), text.parse::<EndpointUrl>(), text.parse::<MaxPaths>());
        }
    }
}
