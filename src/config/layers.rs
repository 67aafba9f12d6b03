//! Who has the last word: flags, then the environment, then the file.

use std::{ffi::OsString, path::PathBuf, str::FromStr};

use super::{
    BucketName, Config, DistributionId, DomainName, EndpointUrl, InvalidValue, MaxDelete, Prefix, Profile, Region,
};
use crate::{
    error::{Error, ErrorKind, Result},
    routing::Routing,
};

/// What one source says; `None` is no opinion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// The site's domain.
    pub domain: Option<DomainName>,
    /// The distribution's id.
    pub distribution: Option<DistributionId>,
    /// The bucket.
    pub bucket: Option<BucketName>,
    /// The served folder of the bucket.
    pub prefix: Option<Prefix>,
    /// The build folder.
    pub directory: Option<PathBuf>,
    /// The bucket's region.
    pub region: Option<Region>,
    /// The profile of the shared AWS configuration.
    pub profile: Option<Profile>,
    /// The endpoint of an S3-compatible store.
    pub endpoint_url: Option<EndpointUrl>,
    /// How URLs become objects.
    pub routing: Option<Routing>,
    /// Whether source maps are published.
    pub source_maps: Option<bool>,
    /// Whether a page that names a missing file is an error.
    pub strict: Option<bool>,
    /// Whether a publish waits for its invalidation.
    pub wait: Option<bool>,
    /// At most which share of the site one publish may delete.
    pub max_delete: Option<MaxDelete>,
}

/// Where a value came from, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flags,
    /// `CRUDDUR_SITE_*`.
    Environment,
    /// `cruddur-site.toml`.
    File,
}

/// Where a publish goes: what one layer names, never mixed with what another does. At least one of `domain`,
/// `distribution` and `bucket` is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The site's domain.
    pub domain: Option<DomainName>,
    /// The distribution's id.
    pub distribution: Option<DistributionId>,
    /// The bucket with its served folder; else both are the origin of the distribution.
    pub bucket: Option<Bucket>,
    /// The layer that named it.
    pub source: Source,
}

/// A bucket and the folder of it that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: BucketName,
    /// The served folder, if one is named.
    pub prefix: Option<Prefix>,
}

/// All layers resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the site goes, if any layer says.
    pub target: Option<Target>,
    /// The build folder; found in the project when no layer says.
    pub directory: Option<PathBuf>,
    /// The bucket's region; AWS's own configuration decides when no layer says.
    pub region: Option<Region>,
    /// The profile of the shared AWS configuration.
    pub profile: Option<Profile>,
    /// The endpoint of an S3-compatible store.
    pub endpoint_url: Option<EndpointUrl>,
    /// How URLs become objects; read from the site when no layer says.
    pub routing: Option<Routing>,
    /// Whether source maps are published; by default not.
    pub source_maps: bool,
    /// Whether a page that names a missing file is an error; by default not.
    pub strict: bool,
    /// Whether a publish waits for its invalidation; by default it does.
    pub wait: bool,
    /// At most which share of the site one publish may delete.
    pub max_delete: MaxDelete,
}

impl Settings {
    /// The target.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] when no layer names one.
    pub fn require_target(&self) -> Result<&Target> {
        self.target.as_ref().ok_or_else(nowhere)
    }
}

/// The error for a run that was given no target.
pub fn nowhere() -> Error {
    let next = "say where: --domain NAME, --distribution ID or --bucket NAME, or the same in cruddur-site.toml; \
                --local rehearses without an AWS account";
    Error::new(ErrorKind::Input, "nothing says where the site goes", next)
}

impl Target {
    /// The site of a domain.
    pub fn of_domain(domain: DomainName) -> Self {
        Self { domain: Some(domain), distribution: None, bucket: None, source: Source::Flags }
    }
}

/// Resolves the layers, the first having the last word.
///
/// The highest layer that names a domain, a distribution or a bucket decides the whole target, its prefix included: a
/// `--bucket` is not joined with the file's domain, nor with its prefix. Every other setting is decided on its own.
///
/// # Errors
/// [`ErrorKind::Config`] when a prefix stands where no bucket is named beside it, for it would be ignored.
pub fn resolve(flags: Layer, environment: Layer, file: Option<&Config>) -> Result<Settings> {
    let file = file.map(Config::layer).unwrap_or_default();
    let target = target([(Source::Flags, &flags), (Source::Environment, &environment), (Source::File, &file)])?;
    let Layer { directory, region, profile, endpoint_url, routing, source_maps, strict, wait, max_delete, .. } =
        flags.over(environment).over(file);
    Ok(Settings {
        target,
        directory,
        region,
        profile,
        endpoint_url,
        routing,
        source_maps: source_maps.unwrap_or(false),
        strict: strict.unwrap_or(false),
        wait: wait.unwrap_or(true),
        max_delete: max_delete.unwrap_or_default(),
    })
}

/// The target of the first layer that names one.
fn target(layers: [(Source, &Layer); 3]) -> Result<Option<Target>> {
    for (source, layer) in layers {
        if layer.prefix.is_some() && layer.bucket.is_none() {
            let (prefix, bucket) = match source {
                Source::Flags => ("--prefix", "--bucket"),
                Source::Environment => ("CRUDDUR_SITE_PREFIX", "CRUDDUR_SITE_BUCKET"),
                Source::File => ("prefix", "bucket"),
            };
            return Err(prefix_without_bucket(prefix, bucket));
        }
        if layer.domain.is_some() || layer.distribution.is_some() || layer.bucket.is_some() {
            let (domain, distribution) = (layer.domain.clone(), layer.distribution.clone());
            let bucket = layer.bucket.clone().map(|name| Bucket { name, prefix: layer.prefix.clone() });
            return Ok(Some(Target { domain, distribution, bucket, source }));
        }
    }
    Ok(None)
}

/// The error for a prefix that belongs to no bucket, in the words of its layer.
pub(super) fn prefix_without_bucket(prefix: &str, bucket: &str) -> Error {
    let next = format!("give {bucket} too, or leave {prefix} out: for a domain it is read from the distribution");
    Error::new(ErrorKind::Config, format!("{prefix} is given without {bucket}"), next)
}

impl Layer {
    /// What `CRUDDUR_SITE_*` says, read through `variable`; an empty variable is one that is not set, as CI services
    /// pass it for an input left blank.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] that names the variable whose value is wrong.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let read = Environment(&variable);
        Ok(Self {
            domain: read.parsed("CRUDDUR_SITE_DOMAIN")?,
            distribution: read.parsed("CRUDDUR_SITE_DISTRIBUTION")?,
            bucket: read.parsed("CRUDDUR_SITE_BUCKET")?,
            prefix: read.parsed("CRUDDUR_SITE_PREFIX")?,
            directory: read.raw("CRUDDUR_SITE_DIRECTORY").map(PathBuf::from),
            region: read.parsed("CRUDDUR_SITE_REGION")?,
            profile: read.parsed("CRUDDUR_SITE_PROFILE")?,
            endpoint_url: read.parsed("CRUDDUR_SITE_ENDPOINT_URL")?,
            routing: read.one_of(
                "CRUDDUR_SITE_ROUTING",
                &[("spa", Routing::Spa), ("folders", Routing::Folders), ("files", Routing::Files)],
            )?,
            source_maps: read.switch("CRUDDUR_SITE_SOURCE_MAPS")?,
            strict: read.switch("CRUDDUR_SITE_STRICT")?,
            wait: read.switch("CRUDDUR_SITE_WAIT")?,
            max_delete: read.parsed("CRUDDUR_SITE_MAX_DELETE")?,
        })
    }

    /// Each setting of this layer, or else of `lower`.
    fn over(self, lower: Self) -> Self {
        Self {
            domain: self.domain.or(lower.domain),
            distribution: self.distribution.or(lower.distribution),
            bucket: self.bucket.or(lower.bucket),
            prefix: self.prefix.or(lower.prefix),
            directory: self.directory.or(lower.directory),
            region: self.region.or(lower.region),
            profile: self.profile.or(lower.profile),
            endpoint_url: self.endpoint_url.or(lower.endpoint_url),
            routing: self.routing.or(lower.routing),
            source_maps: self.source_maps.or(lower.source_maps),
            strict: self.strict.or(lower.strict),
            wait: self.wait.or(lower.wait),
            max_delete: self.max_delete.or(lower.max_delete),
        }
    }
}

/// Variables, read one by one, with errors that name them.
struct Environment<'e>(&'e dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    fn raw(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        let text = self.raw(name).map(OsString::into_string).transpose();
        text.map_err(|_| Error::new(ErrorKind::Config, format!("{name} is not UTF-8 text"), "set it to plain text"))
    }

    fn parsed<T: FromStr<Err = InvalidValue>>(&self, name: &str) -> Result<Option<T>> {
        let parse = |text: String| {
            text.parse().map_err(|InvalidValue { problem, next }| {
                Error::new(ErrorKind::Config, format!("{name} {problem}"), next)
            })
        };
        self.text(name)?.map(parse).transpose()
    }

    fn switch(&self, name: &str) -> Result<Option<bool>> {
        self.one_of(name, &[("true", true), ("false", false), ("1", true), ("0", false)])
    }

    fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let value = known.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, value)| *value);
        let wrong = || {
            let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            let next = format!("set it to one of {}", words.join(", "));
            Error::new(ErrorKind::Config, format!("{name} is {text:?}"), next)
        };
        value.ok_or_else(wrong).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use proptest::prelude::*;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Layer> {
        let variables: BTreeMap<String, OsString> =
            variables.iter().map(|(name, value)| (format!("CRUDDUR_SITE_{name}"), OsString::from(value))).collect();
        Layer::from_environment(|name| variables.get(name).cloned())
    }

    fn file(text: &str) -> Config {
        Config::parse(Path::new("site/cruddur-site.toml"), text).unwrap()
    }

    fn domain(name: &str) -> Layer {
        Layer { domain: Some(name.parse().unwrap()), ..Layer::default() }
    }

    #[test]
    fn the_highest_layer_that_names_a_target_decides_all_of_it() {
        let file = file("domain = \"file.com\"\nbucket = \"file-bucket\"\nprefix = \"live\"");
        let bucket = environment(&[("BUCKET", "env-bucket")]).unwrap();
        let resolve = |flags, environment| resolve(flags, environment, Some(&file)).unwrap().target.unwrap();

        let from_flags = resolve(domain("flag.com"), bucket.clone());
        assert_eq!(from_flags.domain.unwrap().as_str(), "flag.com");
        assert_eq!((from_flags.bucket, from_flags.source), (None, Source::Flags));

        let from_environment = resolve(Layer::default(), bucket);
        let expected = Bucket { name: "env-bucket".parse().unwrap(), prefix: None };
        assert_eq!((from_environment.domain, from_environment.bucket), (None, Some(expected)));

        let from_file = resolve(Layer::default(), Layer::default());
        let expected = Bucket { name: "file-bucket".parse().unwrap(), prefix: Some("live".parse().unwrap()) };
        assert_eq!((from_file.bucket, from_file.source), (Some(expected), Source::File));
        assert_eq!(from_file.domain.unwrap().as_str(), "file.com");
    }

    #[test]
    fn other_settings_are_decided_one_by_one() {
        let file =
            file("region = \"eu-west-1\"\nprofile = \"shop\"\nwait = false\ndirectory = \"out\"\nmax-delete = 10");
        let environment = environment(&[("REGION", "eu-central-1"), ("WAIT", "TRUE"), ("STRICT", "1")]).unwrap();
        let flags = Layer { strict: Some(false), ..Layer::default() };
        let settings = resolve(flags, environment, Some(&file)).unwrap();
        assert_eq!(settings.region.unwrap().as_str(), "eu-central-1");
        assert_eq!(settings.profile.unwrap().as_str(), "shop");
        assert_eq!(settings.directory.as_deref(), Some(Path::new("site/out")));
        assert_eq!((settings.wait, settings.strict, settings.max_delete.get()), (true, false, 10));
    }

    #[test]
    fn without_any_layer_there_are_defaults_and_no_target() {
        let settings = resolve(Layer::default(), Layer::default(), None).unwrap();
        assert_eq!((settings.source_maps, settings.strict, settings.wait), (false, false, true));
        assert_eq!(settings.max_delete.get(), 50);
        let error = settings.require_target().unwrap_err();
        assert!(error.next().contains("--domain"), "{error}");
    }

    #[test]
    fn a_prefix_needs_its_bucket_beside_it() {
        let prefix = Layer { prefix: Some("live".parse().unwrap()), ..Layer::default() };
        let file = file("bucket = \"file-bucket\"");
        let error = resolve(prefix.clone(), Layer::default(), Some(&file)).unwrap_err();
        assert!(error.what().contains("--prefix is given without --bucket"), "{error}");
        let error = resolve(Layer::default(), prefix, Some(&file)).unwrap_err();
        assert!(error.what().contains("CRUDDUR_SITE_PREFIX"), "{error}");
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let table = [
            ("DOMAIN", "https://cruddur.com", "the domain alone"),
            ("DISTRIBUTION", "d1.cloudfront.net", "the id"),
            ("BUCKET", "s3://shop", "\"shop\""),
            ("ENDPOINT_URL", "localhost:9000x", "URL"),
            ("ROUTING", "single", "spa, folders, files"),
            ("WAIT", "maybe", "true, false"),
            ("MAX_DELETE", "120", "from 0 to 100"),
        ];
        for (name, value, next) in table {
            let error = environment(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.what().contains(&format!("CRUDDUR_SITE_{name}")) && error.next().contains(next), "{error}");
        }
        assert_eq!(environment(&[("DOMAIN", ""), ("WAIT", "")]).unwrap(), Layer::default());
    }

    proptest! {
        #[test]
        fn no_environment_panics(value in ".{0,20}") {
            let _ = Layer::from_environment(|_| Some(OsString::from(&value)));
        }
    }
}
