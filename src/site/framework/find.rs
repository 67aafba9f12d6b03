//! Finds the build folder of a project when none is named.

use std::path::{Path, PathBuf};

use super::{
    Framework,
    project::{Declared, build_command, declared},
};
use crate::error::{Error, ErrorKind, Result};

/// The page without which a folder is no build.
const INDEX: &str = "index.html";

/// Where builds lie when nothing says which tool makes them. `public`, `site` and `book` are not among them: without
/// evidence they are as often sources.
const USUAL_FOLDERS: &[&str] =
    &["build", "dist", "dist/client", "build/client", "out", "dist/*/browser", ".output/public", "build/web", "_site"];

/// A build folder, and why it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The folder, below the project folder that was searched.
    pub folder: PathBuf,
    /// The framework the project declares; [`Framework::Plain`] when the folder was found by its name alone.
    pub framework: Framework,
    /// What pointed there, as a phrase: `react-scripts in package.json`, `a usual name`.
    pub evidence: String,
}

/// Finds the one folder below `project` that holds a built site.
///
/// Folders of the frameworks the project declares (packages, configuration files) come first, then the usual names.
/// A folder without `index.html` is no build.
///
/// # Errors
/// [`ErrorKind::Input`] when there is no build or more than one equally good, or when `package.json` is unreadable.
pub fn find_build(project: &Path) -> Result<Found> {
    let declared = declared(project)?;
    let mut candidates = declared_builds(project, &declared);
    if candidates.is_empty() {
        candidates = usual_builds(project);
    }
    match <[Found; 1]>::try_from(candidates) {
        Ok([found]) => Ok(found),
        Err(none) if none.is_empty() => Err(not_built(project, &declared)),
        Err(several) => Err(ambiguous(&several)),
    }
}

impl Framework {
    /// Where this framework puts its build below a project; `*` stands for one folder of any name.
    fn folders(self) -> &'static [&'static str] {
        match self {
            Self::CreateReactApp | Self::Docusaurus | Self::SvelteKit => &["build"],
            Self::Vite => &["dist", "dist/client", "build/client"],
            Self::NextExport => &["out"],
            Self::Angular => &["dist/*/browser", "dist/browser", "dist/*"],
            Self::Astro => &["dist", "dist/client"],
            Self::Nuxt => &[".output/public"],
            Self::Gatsby | Self::Hugo => &["public"],
            Self::VitePress => &["docs/.vitepress/dist", ".vitepress/dist"],
            Self::VueCli | Self::Parcel | Self::Expo | Self::Ember => &["dist"],
            Self::Flutter => &["build/web"],
            Self::Eleventy | Self::Jekyll => &["_site"],
            Self::MkDocs => &["site"],
            Self::MdBook => &["book"],
            Self::Plain => USUAL_FOLDERS,
        }
    }
}

/// The builds of declared frameworks; a folder that two frameworks claim is the first one's.
fn declared_builds(project: &Path, declared: &[Declared]) -> Vec<Found> {
    let mut builds: Vec<Found> = Vec::new();
    for Declared { framework, evidence } in declared {
        for folder in built(project, framework.folders()) {
            if !builds.iter().any(|found| found.folder == folder) {
                builds.push(Found { folder, framework: *framework, evidence: evidence.clone() });
            }
        }
    }
    builds
}

fn usual_builds(project: &Path) -> Vec<Found> {
    let found = |folder| Found { folder, framework: Framework::Plain, evidence: "a usual name".to_owned() };
    built(project, USUAL_FOLDERS).into_iter().map(found).collect()
}

/// The folders of `patterns` that hold a root page.
fn built(project: &Path, patterns: &[&str]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in patterns.iter().flat_map(|pattern| expand(project, pattern)) {
        if folder.join(INDEX).is_file() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The folders `pattern` stands for, in the order of their names.
fn expand(project: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut folders = vec![project.to_owned()];
    for part in pattern.split('/') {
        folders = match part {
            "*" => folders.iter().flat_map(|folder| children(folder)).collect(),
            name => folders.into_iter().map(|folder| folder.join(name)).collect(),
        };
    }
    folders
}

/// The folders in `folder`; none where it cannot be listed, for then there is no build in it either.
fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn not_built(project: &Path, declared: &[Declared]) -> Error {
    let Some(Declared { framework, evidence }) = declared.first() else {
        let what = format!("no built site below {}", project.display());
        let next = "build the site first, for example `npm run build`, or name its folder: `cruddur-site publish DIR`";
        return Error::new(ErrorKind::Input, what, next)
            .because(format!("looked for {INDEX} in {}", USUAL_FOLDERS.join(", ")));
    };
    let what = format!("the {framework} site in {} is not built", project.display());
    let command = build_command(project, *framework);
    let next = match framework {
        Framework::NextExport => {
            format!("set `output: 'export'` in the Next.js configuration and run `{command}`, or name the build folder")
        }
        _ => format!("run `{command}` first, or name the build folder: `cruddur-site publish DIR`"),
    };
    let folders = framework.folders().join(", ");
    Error::new(ErrorKind::Input, what, next).because(format!("{evidence}; looked for {INDEX} in {folders}"))
}

fn ambiguous(several: &[Found]) -> Error {
    let list: Vec<_> = several.iter().map(|found| format!("{} ({})", found.folder.display(), found.evidence)).collect();
    let example = several.first().map(|found| found.folder.display().to_string()).unwrap_or_default();
    let what = format!("{} folders look like the built site: {}", several.len(), list.join(", "));
    Error::new(ErrorKind::Input, what, format!("name the one to publish, for example `cruddur-site publish {example}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A project folder with these files; those that are not `NAME=CONTENT` are empty.
    fn project(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let (name, content) = file.split_once('=').unwrap_or((file, ""));
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        folder
    }

    fn package(name: &str) -> String {
        format!(r#"package.json={{"name":"x","devDependencies":{{"{name}":"^1","vite":"^7"}}}}"#)
    }

    #[test]
    fn builds_are_where_their_framework_puts_them() {
        use Framework::*;
        let vite = r#"package.json={"dependencies":{"react":"19"},"devDependencies":{"vite":"^7"}}"#;
        let cra = r#"package.json={"dependencies":{"react-scripts":"5.0.1"}}"#;
        let next = r#"package.json={"dependencies":{"next":"16"}}"#;
        let (astro, kit, angular) = (package("astro"), package("@sveltejs/kit"), package("@angular/cli"));
        let table: &[(&[&str], &str, Framework)] = &[
            (&[cra, "build/index.html", "public/index.html"], "build", CreateReactApp),
            (&[vite, "index.html", "public/index.html", "dist/index.html"], "dist", Vite),
            (&[vite, "build/client/index.html"], "build/client", Vite),
            (&[next, "out/index.html"], "out", NextExport),
            (&[&angular, "dist/shop/browser/index.html", "dist/shop/server/x.js"], "dist/shop/browser", Angular),
            (&["angular.json", "dist/shop/index.html"], "dist/shop", Angular),
            (&[&kit, "build/index.html"], "build", SvelteKit),
            (&[&astro, "dist/index.html"], "dist", Astro),
            (&["hugo.toml", "public/index.html"], "public", Hugo),
            (&["mkdocs.yml", "docs/index.md", "site/index.html"], "site", MkDocs),
            (&["book.toml", "book/index.html"], "book", MdBook),
            (&["_config.yml", "_site/index.html", "index.html"], "_site", Jekyll),
            (&["pubspec.yaml", "web/index.html", "build/web/index.html"], "build/web", Flutter),
            (&["dist/index.html"], "dist", Plain),
            (&[cra, "dist/index.html"], "dist", Plain),
        ];
        for (files, folder, framework) in table {
            let project = project(files);
            let found = find_build(project.path()).unwrap();
            assert_eq!((found.folder, found.framework), (project.path().join(folder), *framework), "{files:?}");
        }
    }

    #[test]
    fn a_project_that_is_not_built_is_told_how_to() {
        let table: &[(&[&str], &str, &str)] = &[
            (&[r#"package.json={"dependencies":{"react-scripts":"5"}}"#], "Create React App", "`npm run build`"),
            (&[r#"package.json={"dependencies":{"vite":"7"}}"#, "pnpm-lock.yaml"], "Vite", "`pnpm build`"),
            (&[r#"package.json={"dependencies":{"next":"16"}}"#, ".next/x"], "Next.js", "output: 'export'"),
            (&["hugo.toml", "public/style.css"], "Hugo", "`hugo`"),
            (&["index.html", "public/index.html"], "no built site", "cruddur-site publish DIR"),
        ];
        for (files, what, next) in table {
            let project = project(files);
            let error = find_build(project.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input);
            assert!(error.what().contains(what) && error.next().contains(next), "{error}");
            assert!(error.cause().unwrap().contains("index.html"), "{error}");
        }
    }

    #[test]
    fn of_several_builds_one_must_be_named() {
        let both = r#"package.json={"dependencies":{"vitepress":"1","vite":"7"}}"#;
        let table: &[&[&str]] = &[
            &["build/index.html", "dist/index.html"],
            &[both, "dist/index.html", "docs/.vitepress/dist/index.html"],
            &["angular.json", "dist/a/browser/index.html", "dist/b/browser/index.html"],
        ];
        for files in table {
            let project = project(files);
            let error = find_build(project.path()).unwrap_err();
            assert!(error.what().contains("2 folders") && error.next().contains("publish"), "{error}");
        }
    }

    #[test]
    fn a_broken_package_file_is_an_error() {
        let project = project(&["package.json={oops", "dist/index.html"]);
        let error = find_build(project.path()).unwrap_err();
        assert!(error.what().contains("package.json is not valid JSON"), "{error}");
    }
}
