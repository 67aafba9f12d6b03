//! Which frameworks a project folder declares.

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;

use super::Framework;
use crate::error::{Error, ErrorKind, Result};

/// A framework that a project says it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) framework: Framework,
    /// What said so: `react-scripts in package.json`, `hugo.toml`.
    pub(super) evidence: String,
}

/// Packages that make a framework, in the order in which they take precedence: what is built on Vite comes first.
const PACKAGES: &[(&str, Framework)] = &[
    ("react-scripts", Framework::CreateReactApp),
    ("next", Framework::NextExport),
    ("@angular/build", Framework::Angular),
    ("@angular/cli", Framework::Angular),
    ("@angular-devkit/build-angular", Framework::Angular),
    ("@sveltejs/kit", Framework::SvelteKit),
    ("astro", Framework::Astro),
    ("nuxt", Framework::Nuxt),
    ("gatsby", Framework::Gatsby),
    ("@docusaurus/core", Framework::Docusaurus),
    ("vitepress", Framework::VitePress),
    ("@vue/cli-service", Framework::VueCli),
    ("ember-cli", Framework::Ember),
    ("expo", Framework::Expo),
    ("@11ty/eleventy", Framework::Eleventy),
    ("parcel", Framework::Parcel),
    ("vite", Framework::Vite),
];

/// Configuration files that tell a framework on their own.
const CONFIGURATION: &[(&str, Framework)] = &[
    ("angular.json", Framework::Angular),
    ("hugo.toml", Framework::Hugo),
    ("hugo.yaml", Framework::Hugo),
    ("hugo.yml", Framework::Hugo),
    ("hugo.json", Framework::Hugo),
    ("mkdocs.yml", Framework::MkDocs),
    ("mkdocs.yaml", Framework::MkDocs),
    ("book.toml", Framework::MdBook),
    ("_config.yml", Framework::Jekyll),
    ("_config.yaml", Framework::Jekyll),
];

/// Frameworks that run Vite (or Parcel) themselves and therefore often have it in their `package.json`.
const VITE_WITHIN: &[Framework] = &[
    Framework::SvelteKit,
    Framework::Astro,
    Framework::Nuxt,
    Framework::Angular,
    Framework::Ember,
    Framework::Eleventy,
];

/// The frameworks that the files of `project` declare, each once.
///
/// # Errors
/// [`ErrorKind::Input`] when `package.json` cannot be read as such.
pub(super) fn declared(project: &Path) -> Result<Vec<Declared>> {
    let mut found = Vec::new();
    let mut add = |framework, evidence: String| {
        if !found.iter().any(|known: &Declared| known.framework == framework) {
            found.push(Declared { framework, evidence });
        }
    };
    let packages = packages(project)?;
    for (package, framework) in PACKAGES {
        if packages.contains(*package) {
            add(*framework, format!("{package} in package.json"));
        }
    }
    for (file, framework) in CONFIGURATION {
        if project.join(file).is_file() {
            add(*framework, (*file).to_owned());
        }
    }
    // Before Hugo 0.110 the file was `config.toml`, a name others use too; and any Dart project has a pubspec.
    if project.join("config.toml").is_file() && project.join("content").is_dir() {
        add(Framework::Hugo, "config.toml and content/".to_owned());
    }
    if project.join("pubspec.yaml").is_file() && project.join("web").join("index.html").is_file() {
        add(Framework::Flutter, "pubspec.yaml and web/".to_owned());
    }
    if found.iter().any(|declared| VITE_WITHIN.contains(&declared.framework)) {
        found.retain(|declared| declared.framework != Framework::Vite);
    }
    Ok(found)
}

/// The names of all packages that the text of a `package.json` depends on.
///
/// # Errors
/// Where it is not JSON, or its dependencies are no objects.
pub fn packages_of(text: &str) -> serde_json::Result<BTreeSet<String>> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Package {
        dependencies: serde_json::Map<String, serde_json::Value>,
        dev_dependencies: serde_json::Map<String, serde_json::Value>,
    }
    let package: Package = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    Ok(package.dependencies.into_iter().chain(package.dev_dependencies).map(|(name, _)| name).collect())
}

/// The names of all packages that `package.json` depends on; none where there is no such file.
fn packages(project: &Path) -> Result<BTreeSet<String>> {
    let path = project.join("package.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            let next = "make it readable, or name the build folder: `cruddur-site publish DIR`";
            return Err(Error::new(ErrorKind::Input, format!("{} cannot be read", path.display()), next).because(error));
        }
    };
    packages_of(&text).map_err(|error| {
        let next = "correct it, or name the build folder: `cruddur-site publish DIR`";
        Error::new(ErrorKind::Input, format!("{} is not valid JSON", path.display()), next).because(error)
    })
}

/// The command that builds a project of `framework`.
pub(super) fn build_command(project: &Path, framework: Framework) -> &'static str {
    match framework {
        Framework::Hugo => "hugo",
        Framework::MkDocs => "mkdocs build",
        Framework::MdBook => "mdbook build",
        Framework::Flutter => "flutter build web",
        Framework::Jekyll => "bundle exec jekyll build",
        Framework::Expo => "npx expo export --platform web",
        Framework::Nuxt => "npx nuxt generate",
        Framework::Eleventy => "npx @11ty/eleventy",
        _ if project.join("pnpm-lock.yaml").is_file() => "pnpm build",
        _ if project.join("yarn.lock").is_file() => "yarn build",
        _ if project.join("bun.lock").is_file() || project.join("bun.lockb").is_file() => "bun run build",
        _ => "npm run build",
    }
}

/// The steps of a GitHub Actions workflow that build the project: each a YAML mapping without its dash. Empty where
/// nothing tells how it is built, for then its files may be the site already.
pub fn build_recipe(project: &Path) -> Vec<String> {
    let has = |file: &str| project.join(file).is_file();
    let framework = declared(project).ok().and_then(|declared| declared.first().map(|first| first.framework));
    let node = |cache: &str| format!("uses: actions/setup-node@v7\nwith:\n  node-version: lts/*\n  cache: {cache}");
    let run = |command: &str| format!("run: {command}");
    let install = match () {
        () if !has("package.json") => Vec::new(),
        () if has("pnpm-lock.yaml") => {
            vec!["uses: pnpm/action-setup@v4".to_owned(), node("pnpm"), run("pnpm install --frozen-lockfile")]
        }
        () if has("yarn.lock") => vec![node("yarn"), run("yarn install --immutable")],
        () if has("bun.lock") || has("bun.lockb") => {
            vec!["uses: oven-sh/setup-bun@v2".to_owned(), run("bun install --frozen-lockfile")]
        }
        () if has("package-lock.json") => vec![node("npm"), run("npm ci")],
        () => vec!["uses: actions/setup-node@v7".to_owned(), run("npm install")],
    };
    match framework {
        Some(framework) => install.into_iter().chain([run(build_command(project, framework))]).collect(),
        None if install.is_empty() => install,
        None => install.into_iter().chain([run(build_command(project, Framework::Plain))]).collect(),
    }
}
