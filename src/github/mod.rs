//! GitHub Actions, as a program in a step of a workflow meets it: commands among the lines that it prints, a file that takes
//! outputs, another that takes the Markdown of the job's summary.
//!
//! It is all text, made by pure functions; [`append`] alone writes. What the runner does with that text is told from its
//! source (github.com/actions/runner), for its documentation leaves out what is refused, cut or dropped.

pub mod command;
pub mod markdown;
pub mod output;

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The most bytes of a step's summary; the runner drops a longer one whole (FileCommandManager.cs, `AttachmentSizeLimit`).
pub const SUMMARY_LIMIT: u64 = 1024 * 1024;

/// The most annotations of one level that the runner takes from a step; more are lines of the log only
/// (ExecutionContext.cs, `_maxCountPerIssueType`).
pub const ANNOTATIONS: usize = 10;

/// The runner that this process was started by (GitHub docs, "Variables reference").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runner {
    /// The file that takes the step's outputs.
    pub outputs: Option<PathBuf>,
    /// The file that takes the step's part of the job's summary.
    pub summary: Option<PathBuf>,
    /// The folder that holds the repository.
    pub workspace: Option<PathBuf>,
    /// Whether the workflow runs for changes that are not merged yet.
    pub is_before_merge: bool,
}

impl Runner {
    /// The runner that the environment tells of; none outside of GitHub Actions.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        if filled("GITHUB_ACTIONS")? != "true" {
            return None;
        }
        let event = filled("GITHUB_EVENT_NAME").unwrap_or_default();
        Some(Self {
            outputs: filled("GITHUB_OUTPUT").map(PathBuf::from),
            summary: filled("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            workspace: filled("GITHUB_WORKSPACE").map(PathBuf::from),
            is_before_merge: ["pull_request", "pull_request_target", "merge_group"].iter().any(|name| event == *name),
        })
    }

    /// A file as annotations name it: from the workspace on, with `/` between the parts. `None` for one outside of it:
    /// GitHub would show the annotation beside no file at all.
    pub fn in_workspace(&self, file: &Path) -> Option<String> {
        // The folder's own name may lead through links, the file's may not: it is known to the repository by that name.
        let folder = std::path::absolute(file).ok()?.parent()?.canonicalize().ok()?;
        let workspace = self.workspace.as_ref()?.canonicalize().ok()?;
        let folder = folder.strip_prefix(workspace).ok()?;
        let path = folder.join(file.file_name()?);
        let parts: Option<Vec<_>> = path.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }
}

/// Adds to a file that the runner made for this step, on a line of its own.
///
/// # Errors
/// As the file system answers: a file that is not there is not made, for nobody would read it. And when the file would become
/// longer than `limit`.
pub fn append(file: &Path, text: &str, limit: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(file)?;
    let length = file.metadata()?.len();
    // Whoever wrote before may have left the last line open. An empty line means nothing in either file.
    let text = if length == 0 { text.to_owned() } else { format!("\n{text}") };
    if length + text.len() as u64 > limit {
        let kib = limit / 1024;
        return Err(io::Error::other(format!("the file would have more than the {kib} KiB that GitHub takes")));
    }
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn runner(variables: &[(&str, &str)]) -> Option<Runner> {
        Runner::from_environment(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_environment_tells_of_the_runner() {
        for outside in [&[][..], &[("GITHUB_ACTIONS", "")], &[("GITHUB_ACTIONS", "false"), ("GITHUB_OUTPUT", "/out")]] {
            assert_eq!(runner(outside), None, "{outside:?}");
        }
        assert_eq!(runner(&[("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "")]), Some(Runner::default()));
        let told = runner(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_OUTPUT", "/out"),
            ("GITHUB_STEP_SUMMARY", "/summary"),
            ("GITHUB_WORKSPACE", "/work"),
            ("GITHUB_EVENT_NAME", "pull_request"),
        ]);
        let path = |text| Some(PathBuf::from(text));
        let expected = Runner {
            outputs: path("/out"),
            summary: path("/summary"),
            workspace: path("/work"),
            is_before_merge: true,
        };
        assert_eq!(told, Some(expected));
        let pushed = runner(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")]);
        assert!(!pushed.unwrap().is_before_merge);
    }

    #[test]
    fn annotations_name_files_from_the_workspace_on() {
        let place = tempfile::tempdir().unwrap();
        let workspace = place.path().join("work");
        fs::create_dir_all(workspace.join("site/deep")).unwrap();
        let runner = Runner { workspace: Some(workspace.clone()), ..Runner::default() };
        let table = [
            ("cruddur-site.toml", Some("cruddur-site.toml")),
            ("site/cruddur-site.toml", Some("site/cruddur-site.toml")),
            ("site/deep/../cruddur-site.toml", Some("site/cruddur-site.toml")),
            ("../cruddur-site.toml", None),
            ("nowhere/cruddur-site.toml", None),
        ];
        for (file, expected) in table {
            assert_eq!(runner.in_workspace(&workspace.join(file)).as_deref(), expected, "{file}");
        }
        assert_eq!(Runner::default().in_workspace(&workspace.join("cruddur-site.toml")), None);
    }

    #[test]
    fn what_is_added_begins_on_a_line_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("summary");
        assert_eq!(append(&file, "a\n", 100).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&file, "").unwrap();
        append(&file, "a\n", 100).unwrap();
        fs::write(&file, "of others").unwrap();
        append(&file, "a\n", 100).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "of others\na\n");
        assert!(append(&file, &"a".repeat(88), 100).unwrap_err().to_string().contains("more than"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "of others\na\n");
        append(&file, &"a".repeat(87), 100).unwrap();
    }
}
