//! Flags, environment and file, joined into what a publish needs.

use std::path::PathBuf;

use super::args;
use crate::{
    config::{self, Config, InvalidValue, Layer, MaxDelete},
    error::{Error, ErrorKind, Result},
    plan::{Policy, Retention},
    site::{
        Rules,
        framework::find_build,
        walk::{IGNORE_FILE, Patterns, WalkOptions},
    },
};

/// Everything decided before the first request.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the three layers say together.
    pub layers: config::Settings,
    /// The build folder.
    pub folder: PathBuf,
    /// Which of its files are published.
    pub walk: WalkOptions,
    /// The owner's own headers and classes.
    pub rules: Rules,
    /// What the owner decided about the plan.
    pub policy: Policy,
}

impl Settings {
    /// Reads the configuration file and the environment, and finds the build folder.
    pub fn resolve(args: &args::Publish) -> Result<Self> {
        let here = std::env::current_dir().map_err(|error| {
            Error::new(ErrorKind::Io, "the current folder is gone", "change to the project's folder").because(error)
        })?;
        let found = match &args.target.config {
            Some(path) => Some((path.clone(), Config::load(path)?)),
            None => Config::find(&here)?,
        };
        let project = found.as_ref().and_then(|(path, _)| path.parent()).unwrap_or(&here).to_owned();
        let config = found.as_ref().map(|(_, config)| config);
        let environment = Layer::from_environment(|name| std::env::var_os(name))?;
        let layers = config::layers::resolve(flags(args)?, environment, config)?;
        let folder = match layers.directory.clone() {
            Some(folder) => folder,
            None => find_build(&project).map_err(|error| build_for_account(args).unwrap_or(error))?.folder,
        };
        let default = Config::default();
        let file = config.unwrap_or(&default);
        let walk = WalkOptions {
            source_maps: layers.source_maps,
            exclude: file.exclude.iter().chain(&args.exclude).cloned().collect(),
            ignore_file: Some(project.join(IGNORE_FILE)),
            allow: Patterns::new(&args.allow)?,
            allow_no_index: args.allow_no_index,
        };
        let policy = Policy {
            retention: Retention { days: file.retention.days.get(), releases: file.retention.releases.get() },
            max_delete_percent: u8::try_from(layers.max_delete.get()).unwrap_or(100),
            max_paths: file.invalidation.max_paths.get() as usize,
            delete_foreign: args.delete_foreign,
            wait: layers.wait,
        };
        Ok(Self { rules: file.rules().clone(), layers, folder, walk, policy })
    }
}

/// The highest layer: what the command line says.
fn flags(args: &args::Publish) -> Result<Layer> {
    let given = |switch: bool| switch.then_some(true);
    Ok(Layer {
        domain: parsed("--domain", args.target.domain.as_deref())?,
        distribution: parsed("--distribution", args.target.distribution.as_deref())?,
        bucket: parsed("--bucket", args.target.bucket.as_deref())?,
        prefix: parsed("--prefix", args.target.prefix.as_deref())?,
        directory: args.directory.clone(),
        region: parsed("--region", args.connection.region.as_deref())?,
        profile: parsed("--profile", args.connection.profile.as_deref())?,
        endpoint_url: parsed("--endpoint-url", args.connection.endpoint_url.as_deref())?,
        routing: None,
        source_maps: given(args.source_maps),
        strict: given(args.strict),
        wait: args.no_wait.then_some(false),
        max_delete: args
            .max_delete
            .map(|percent| MaxDelete::new(percent.into()))
            .transpose()
            .map_err(|error| wrong("--max-delete", &error))?,
    })
}

/// `publish --local ./build`: the flag takes the folder of the account, and the build was meant.
fn build_for_account(args: &args::Publish) -> Option<Error> {
    let folder = args.target.local.as_ref().filter(|folder| folder.join("index.html").is_file())?.display();
    Some(Error::new(
        ErrorKind::Input,
        format!("no folder to publish is given: --local took {folder} for the local account"),
        format!("write the build first: cruddur-site publish {folder} --local"),
    ))
}

fn parsed<T: std::str::FromStr<Err = InvalidValue>>(flag: &str, value: Option<&str>) -> Result<Option<T>> {
    value.map(str::parse).transpose().map_err(|error| wrong(flag, &error))
}

fn wrong(flag: &str, error: &InvalidValue) -> Error {
    Error::new(ErrorKind::Input, format!("{flag} {}", error.problem), error.next.clone())
}
