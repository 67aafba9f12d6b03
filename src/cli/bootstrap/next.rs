//! What follows a bootstrap: the configuration file, the workflow to paste, and the command that publishes.

use std::{fmt::Write as _, path::Path};

use super::asked::Project;
use crate::{
    config::{Config, FILE_NAME, SCHEMA},
    error::{Error, ErrorKind, Result},
    setup::{
        Site,
        request::{Deployer, DeployerScope},
    },
    site::framework::build_recipe,
};

/// The action of this repository, in its newest version without incompatible changes.
const ACTION: &str = "cruddur/cruddur-site@v1";

/// What became of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was written: its path and text.
    New(String),
    /// It says what is needed already.
    AsItIs,
    /// It is about something else: the lines that it lacks.
    Lacks(Vec<String>),
    /// It could not be written, which is told where else what is left to do is told.
    Failed,
}

/// The lines that `publish` needs.
fn lines(site: &Site, project: &Project) -> Vec<String> {
    let mut lines = vec![format!("domain = \"{}\"", site.domain)];
    if let Some(folder) = build_folder(project) {
        lines.push(format!("directory = \"{folder}\""));
    }
    lines
}

/// The build folder below the project's, with slashes. `None` where it is not known, or is the project itself.
fn build_folder(project: &Project) -> Option<String> {
    let below = project.build.as_ref()?.strip_prefix(&project.folder).ok()?;
    below.to_str().filter(|folder| !folder.is_empty()).map(|folder| folder.replace('\\', "/"))
}

/// Writes `cruddur-site.toml` where there is none. One that is there stays as it is: it is the owner's.
///
/// # Errors
/// [`ErrorKind::Io`] when it cannot be written.
pub fn write(site: &Site, project: &Project) -> Result<Written> {
    if let Some((_, config)) = &project.file {
        return Ok(match lacks(site, config) {
            lacking if lacking.is_empty() => Written::AsItIs,
            lacking => Written::Lacks(lacking),
        });
    }
    let path = project.folder.join(FILE_NAME);
    // taplo, and the editors that build on it, look for the schema in a comment of this form on top of the file.
    let text = format!("#:schema {SCHEMA}\n{}\n", lines(site, project).join("\n"));
    std::fs::write(&path, text).map_err(|error| {
        let next = format!("the site is made; write {FILE_NAME} yourself: domain = \"{}\"", site.domain);
        Error::new(ErrorKind::Io, format!("{} cannot be written", path.display()), next).because(error)
    })?;
    Ok(Written::New(path.display().to_string()))
}

/// What an existing file lacks for `publish` to find the site.
fn lacks(site: &Site, config: &Config) -> Vec<String> {
    let is_here = config.domain.as_ref() == Some(&site.domain)
        || config.domain.is_none()
            && (config.distribution.is_some()
                || config.bucket.as_ref() == Some(&site.bucket) && config.prefix.as_ref() == Some(&site.prefix));
    if is_here { Vec::new() } else { vec![format!("domain = \"{}\"", site.domain)] }
}

/// The workflow that publishes from GitHub Actions, for `.github/workflows/publish.yml`.
pub fn workflow(site: &Site, deployer: &Deployer, role: &str, project: &Project) -> String {
    let recipe = build_recipe(&project.folder);
    let branch = match &deployer.scope {
        DeployerScope::Branch(branch) => branch.as_str(),
        DeployerScope::Environment(_) => "main",
    };
    let mut text = format!(
        "name: Publish {}\n\
         on:\n  push:\n    branches: [{branch:?}]\n\
         permissions:\n  id-token: write   # for the role's credentials\n  contents: read\n\
         concurrency: publish\n\
         jobs:\n  publish:\n    runs-on: ubuntu-latest\n",
        site.domain
    );
    if let DeployerScope::Environment(environment) = &deployer.scope {
        let _ = writeln!(text, "    environment: {environment:?}");
    }
    // The steps that follow run what the project's packages bring, which needs no token of the repository.
    text.push_str(
        "    steps:\n      - uses: actions/checkout@v7\n        with:\n          persist-credentials: false\n",
    );
    for step in &recipe {
        for (at, line) in step.lines().enumerate() {
            let _ = writeln!(text, "      {}{line}", if at == 0 { "- " } else { "  " });
        }
    }
    let _ = write!(
        text,
        "      - uses: {ACTION}\n        with:\n          role-to-assume: {role}\n          aws-region: {}\n          domain: {}\n",
        site.region, site.domain
    );
    if let Some(folder) = build_folder(project) {
        let _ = writeln!(text, "          directory: {folder:?}");
    }
    text
}

/// The command that publishes, with what the configuration file does not say.
pub fn publish_command(site: &Site, project: &Project, written: &Written, local: Option<&Path>) -> String {
    let mut command = "cruddur-site publish".to_owned();
    if project.build.is_none() {
        command.push_str(" DIR");
    }
    if matches!(written, Written::Lacks(_) | Written::Failed) {
        let _ = write!(command, " --domain {}", site.domain);
    }
    match local {
        Some(folder) if folder.as_os_str() == ".cruddur-local" => command.push_str(" --local"),
        Some(folder) => {
            let _ = write!(command, " --local {}", folder.display());
        }
        None => {}
    }
    command
}
