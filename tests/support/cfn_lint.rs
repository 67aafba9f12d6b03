//! AWS's own linter for CloudFormation templates, which has the schemas of every resource.

use std::path::Path;
use std::process::Command;

use super::{skip, venv};

const REQUIREMENTS: &str = include_str!("cfn-lint-requirements.txt");

/// What the linter has to say of the templates: errors and warnings, as it prints them; empty for none. `None` where it
/// cannot run: the test is then skipped.
///
/// # Panics
/// When it does not run to its end.
pub fn complaints(region: &str, templates: &[&Path]) -> Option<String> {
    let python = match venv::python("cfn-lint", REQUIREMENTS) {
        Ok(python) => python,
        Err(reason) => {
            skip(format!("cfn-lint: {reason}"));
            return None;
        }
    };
    let mut lint = Command::new(python);
    lint.args([
        "-c",
        "import cfnlint.runner, sys; sys.exit(cfnlint.runner.main())",
        "--format",
        "parseable",
        "--regions",
        region,
        "--",
    ])
    .args(templates);
    let output = lint.output().expect("cfn-lint");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // 0 is none, and 2, 4 and 8 are added up for errors, warnings and hints; 1 is a crash (cfn-lint, "Exit Codes").
    assert!(output.status.code().is_some_and(|code| code != 1), "{}: {said}", output.status);
    Some(if output.status.success() { String::new() } else { said })
}
