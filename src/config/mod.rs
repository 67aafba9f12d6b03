//! `cruddur-site.toml` and the environment: what the user wants, checked before anything is touched.
//!
//! `docs/CONFIGURATION.md` is the reference for users; the defaults stand here.

mod document;
pub mod layers;
pub mod names;

use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use serde::Deserialize;

use crate::{
    error::{Error, ErrorKind, Result},
    routing::Routing,
    site::{Rule, Rules},
};
use document::{Document, Step};
pub use layers::{Bucket, Layer, Settings, Target};
pub use names::{
    BucketName, DistributionId, DomainName, EndpointUrl, InvalidValue, MaxDelete, MaxPaths, Prefix, Profile, Region,
    RetentionDays, RetentionReleases,
};

/// The name of the configuration file.
pub const FILE_NAME: &str = "cruddur-site.toml";

/// A checked `cruddur-site.toml`. What the file leaves out is `None` where another layer may still say it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// The site's domain; bucket and prefix are then read from its distribution.
    pub domain: Option<DomainName>,
    /// The distribution's id, instead of the domain.
    pub distribution: Option<DistributionId>,
    /// The bucket, where there is no distribution or it shall not be asked.
    pub bucket: Option<BucketName>,
    /// The served folder of `bucket`.
    pub prefix: Option<Prefix>,
    /// The build folder; in the file relative to it, here joined with the file's own folder.
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
    /// Files not to publish, as patterns of a `.gitignore`.
    pub exclude: Vec<String>,
    /// Whether a page that names a missing file is an error.
    pub strict: Option<bool>,
    /// Whether a publish waits until the edges have forgotten what changed.
    pub wait: Option<bool>,
    /// At most which share of the site one publish may delete.
    pub max_delete: Option<MaxDelete>,
    /// How long superseded files are kept.
    pub retention: Retention,
    /// How invalidations are made.
    pub invalidation: Invalidation,
    #[serde(rename = "rules")]
    written_rules: Vec<Rule>,
    #[serde(skip)]
    rules: Rules,
}

/// `[retention]`: a content-hashed file that the build no longer has is deleted when both limits are passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Retention {
    /// Days since it was superseded.
    pub days: RetentionDays,
    /// Releases, the current one included, none of which names it.
    pub releases: RetentionReleases,
}

/// `[invalidation]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Invalidation {
    /// Above this many paths, siblings are joined into wildcards.
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
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(error) = GitignoreBuilder::new("").add_line(None, pattern) {
            let what = format!("{pattern:?} in \"exclude\" is not a pattern");
            let at = document.location(&[Step::Key("exclude".to_owned()), Step::Index(index)]);
            let next = "write it as in a .gitignore, such as \"drafts/\" or \"*.psd\"";
            return Err(Error::new(ErrorKind::Config, what, next).because(error).at(at));
        }
    }
    Ok(())
}

fn check_prefix(document: &Document<'_>, config: &Config) -> Result<()> {
    if config.prefix.is_none() || config.bucket.is_some() {
        return Ok(());
    }
    let at = document.location(&[Step::Key("prefix".to_owned())]);
    Err(layers::prefix_without_bucket("prefix", "bucket").at(at))
}

#[cfg(test)]
mod tests;
