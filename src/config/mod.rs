//! `cruddur-site.toml` and the environment: what the user wants, checked before anything is touched.
//!
//! `docs/CONFIGURATION.md` is the reference for users; the defaults stand here.

mod document;
pub mod layers;
pub mod names;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{
    error::{Error, ErrorKind, Result},
    routing::Routing,
    site::{Rule, Rules, walk::Patterns},
};
use document::{Document, Step};
pub use layers::{Bucket, Layer, Settings, Target};
pub use names::{
    BucketName, DistributionId, DomainName, EndpointUrl, InvalidValue, MaxDelete, MaxPaths, Prefix, Profile, Region,
    RetentionDays, RetentionReleases,
};

/// The name of the configuration file.
pub const FILE_NAME: &str = "cruddur-site.toml";

/// Where editors get its schema.
pub const SCHEMA: &str = "https://raw.githubusercontent.com/cruddur/cruddur-site/main/docs/cruddur-site.schema.json";

/// A checked `cruddur-site.toml`. What the file leaves out is `None` where another layer may still say it.
// The comments of the fields are the reference for users, too: the schema and the tables of docs/CONFIGURATION.md are made
// of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "cruddur-site.toml"))]
#[cfg_attr(test, schemars(description = "What cruddur-site publishes, where to and how: see docs/CONFIGURATION.md."))]
pub struct Config {
    /// The site's domain; bucket and prefix are read from the origin of its distribution.
    #[cfg_attr(test, schemars(example = &"cruddur.com"))]
    pub domain: Option<DomainName>,
    /// The distribution's id, such as `"E1A2B3C4D5E6F7"`, instead of the domain.
    #[cfg_attr(test, schemars(example = &"E1A2B3C4D5E6F7"))]
    pub distribution: Option<DistributionId>,
    /// The bucket, such as `"cruddur-site"`.
    #[cfg_attr(test, schemars(example = &"cruddur-site"))]
    pub bucket: Option<BucketName>,
    /// The folder of `bucket` that is served, such as `"live"`; only together with `bucket`.
    #[cfg_attr(test, schemars(example = &"live", extend("default" = "")))]
    pub prefix: Option<Prefix>,
    /// The bucket's region, such as `"eu-central-1"`.
    #[cfg_attr(test, schemars(example = &"eu-central-1", extend("x-default" = "as AWS tools")))]
    pub region: Option<Region>,
    /// A profile of the shared AWS configuration files.
    #[cfg_attr(test, schemars(example = &"cruddur", extend("x-default" = "as AWS tools")))]
    pub profile: Option<Profile>,
    /// An S3-compatible store, such as `"https://s3.example.com"`.
    #[cfg_attr(test, schemars(example = &"https://s3.example.com", extend("x-default" = "AWS")))]
    pub endpoint_url: Option<EndpointUrl>,
    /// The build folder, relative to this file.
    // Here it is joined with the file's own folder.
    #[cfg_attr(test, schemars(example = &"dist", extend("x-default" = "found by framework")))]
    pub directory: Option<PathBuf>,
    /// `"spa"`: one page for all URLs; `"folders"`: `/about/` is `about/index.html`; `"files"`: `/about` is `about.html`.
    #[cfg_attr(test, schemars(extend("x-default" = "found in the site")))]
    pub routing: Option<Routing>,
    /// Publish `*.map` files too.
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub source_maps: Option<bool>,
    /// Files to leave out, as lines of a `.gitignore`: `["drafts/", "*.psd", "!keep.psd"]`.
    #[cfg_attr(test, schemars(example = ["drafts/", "*.psd", "!keep.psd"]))]
    pub exclude: Vec<String>,
    /// A page that names a file the build does not have stops the publish.
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub strict: Option<bool>,
    /// Wait until the edges have forgotten what changed.
    #[cfg_attr(test, schemars(extend("default" = true)))]
    pub wait: Option<bool>,
    /// Percent of the site, 0 to 100, that one publish may delete without being told so.
    pub max_delete: Option<MaxDelete>,
    /// How long superseded files are kept.
    pub retention: Retention,
    /// How invalidations are made.
    pub invalidation: Invalidation,
    /// Headers and classes of the files that patterns match; where several match, the last one wins.
    #[serde(rename = "rules")]
    written_rules: Vec<Rule>,
    #[serde(skip)]
    rules: Rules,
}

/// `[retention]`: a content-hashed file that the build no longer has is deleted when both limits are passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Retention {
    /// Days since it was superseded, 0 to 3650.
    pub days: RetentionDays,
    /// Releases, the current one included, none of which names it, 1 to 1000.
    pub releases: RetentionReleases,
}

/// `[invalidation]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Invalidation {
    /// Above this many paths, 1 to 3000, siblings are joined into wildcards: AWS gives 1,000 paths a month free.
    pub max_paths: MaxPaths,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], with the place in the file, when anything in it is unknown, of the wrong type or out of
    /// range; [`ErrorKind::Io`] when it cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            let next = "give the path of a readable configuration file, or leave it out";
            Error::new(ErrorKind::Io, format!("{} cannot be read", path.display()), next).because(error)
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let what = format!("{} is not UTF-8 text", path.display());
            Error::new(ErrorKind::Config, what, "save it as UTF-8").because(error.utf8_error())
        })?;
        Self::parse(path, &text)
    }

    /// Finds and reads the configuration for work in `start`: the file there, or in the nearest folder above it that
    /// is part of the same repository (up to the folder with `.git`). Outside a repository only `start` is looked
    /// at, so that nobody's file in a shared folder such as `/tmp` decides where a site goes.
    ///
    /// # Errors
    /// As [`Config::load`], when there is a file.
    pub fn find(start: &Path) -> Result<Option<(PathBuf, Self)>> {
        let start = std::path::absolute(start).map_err(|error| {
            Error::new(ErrorKind::Io, format!("{} has no absolute path", start.display()), "name an existing folder")
                .because(error)
        })?;
        let within_repository = start.ancestors().position(|folder| folder.join(".git").exists()).unwrap_or(0);
        for folder in start.ancestors().take(within_repository + 1) {
            let path = folder.join(FILE_NAME);
            if path.is_file() {
                let config = Self::load(&path)?;
                return Ok(Some((path, config)));
            }
        }
        Ok(None)
    }

    /// Reads `text` as the content of `file`, which need not exist.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], with the place in the file.
    pub fn parse(file: &Path, text: &str) -> Result<Self> {
        let document = Document::parse(file, text)?;
        document.refuse_unknown_keys::<Self>(None)?;
        document.refuse_unknown_keys::<Retention>(Some("retention"))?;
        document.refuse_unknown_keys::<Invalidation>(Some("invalidation"))?;
        document.refuse_unknown_keys::<Rule>(Some("rules"))?;
        let mut config: Self = document.read()?;
        config.rules = compile_rules(&document, &config.written_rules)?;
        check_exclude(&document, &config.exclude)?;
        check_prefix(&document, &config)?;
        if let (Some(directory), Some(folder)) = (&mut config.directory, file.parent()) {
            *directory = folder.join(&*directory);
        }
        Ok(config)
    }

    /// The rules, compiled.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the file says on matters that flags and environment may say too.
    pub fn layer(&self) -> Layer {
        Layer {
            domain: self.domain.clone(),
            distribution: self.distribution.clone(),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            directory: self.directory.clone(),
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            routing: self.routing,
            source_maps: self.source_maps,
            strict: self.strict,
            wait: self.wait,
            max_delete: self.max_delete,
        }
    }
}

fn compile_rules(document: &Document<'_>, rules: &[Rule]) -> Result<Rules> {
    Rules::compile(rules.to_vec()).map_err(|invalid| {
        let mut path = vec![Step::Key("rules".to_owned()), Step::Index(invalid.index)];
        path.extend(invalid.field.iter().cloned().map(Step::Key));
        Error::from(invalid).at(document.location(&path))
    })
}

fn check_exclude(document: &Document<'_>, patterns: &[String]) -> Result<()> {
    let exclude = || Step::Key("exclude".to_owned());
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(error) = Patterns::new(&[pattern]) {
            let what = format!("{pattern:?} in \"exclude\" is not a pattern");
            let next = "write it as in a .gitignore, such as \"drafts/\" or \"*.psd\"";
            let error = Error::new(ErrorKind::Config, what, next).because(error.cause().unwrap_or_default());
            return Err(error.at(document.location(&[exclude(), Step::Index(index)])));
        }
    }
    // Each may be good, and all together too many.
    Patterns::new(patterns).map(drop).map_err(|error| error.at(document.location(&[exclude()])))
}

fn check_prefix(document: &Document<'_>, config: &Config) -> Result<()> {
    if config.prefix.is_none() || config.bucket.is_some() {
        return Ok(());
    }
    let at = document.location(&[Step::Key("prefix".to_owned())]);
    Err(layers::prefix_without_bucket("prefix", "bucket").at(at))
}

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
