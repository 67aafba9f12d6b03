//! Each shell is asked what it would complete, as it is when somebody presses Tab.

use std::{fs, process::Command};

use crate::program::{Home, has, succeeded};

/// What stands on the command line, and what is offered for its last word.
type Asked = (&'static str, &'static [&'static str]);

/// The same in every shell.
const TABLE: [Asked; 10] = [
    ("cruddur-site pub", &["publish"]),
    ("cruddur-site des", &["destroy"]),
    ("cruddur-site publish --dom", &["--domain"]),
    ("cruddur-site bootstrap --no-w", &["--no-wait", "--no-www"]),
    ("cruddur-site bootstrap --routing ", &["error-pages", "files", "folders", "spa"]),
    ("cruddur-site bootstrap --price-class ", &["100", "200", "all"]),
    ("cruddur-site completions fi", &["fish"]),
    ("cruddur-site doctor --config b", &["budget.txt", "build/"]),
    ("cruddur-site publish b", &["build/"]),
    ("cruddur-site publish --local o", &["other/"]),
];

/// Nothing of the folder is offered where a name is asked for.
const NOTHING: [&str; 3] =
    ["cruddur-site publish --domain b", "cruddur-site bootstrap b", "cruddur-site publish --bucket bu"];

#[test]
fn bash_completes() {
    if !has("bash") || !has("python3") {
        return;
    }
    let home = Home::new();
    home.install("bash");
    // What the package bash-completion does when a command is completed for the first time.
    fs::write(home.path().join("rc"), ". ~/.local/share/bash-completion/completions/cruddur-site\n").unwrap();
    ask(&home, &["bash", "--noprofile", "--rcfile", "rc", "-i"], "bash.rc");
}

#[test]
fn zsh_completes() {
    if !has("zsh") || !has("python3") {
        return;
    }
    let home = Home::new();
    home.install("zsh");
    ask(&home, &["zsh", "-i"], "zsh.rc");
}

/// Types each line into an interactive shell on a terminal of its own; `keys` makes the shell insert all that it would offer.
fn ask(home: &Home, shell: &[&str], keys: &str) {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shells");
    let lines: Vec<&str> = TABLE.iter().map(|(line, _)| *line).chain(NOTHING).collect();
    let mut terminal = home.command("python3");
    terminal.args([&format!("{tests}/terminal.py"), &format!("{tests}/{keys}"), &lines.join("\n")]).args(shell);
    let told = succeeded(terminal.output().unwrap());
    let answers: Vec<&str> = told.lines().collect();
    assert_eq!(answers.len(), lines.len(), "{told}");
    for ((line, expected), answer) in TABLE.iter().zip(&answers) {
        let kept = line.rsplit_once(' ').map_or("", |(kept, _)| kept);
        let offered = answer.strip_prefix(kept).unwrap_or_else(|| panic!("{line} became {answer}"));
        let mut offered: Vec<&str> = offered.split_whitespace().map(|word| word.trim_end_matches(['/', '='])).collect();
        offered.sort_unstable();
        let expected: Vec<&str> = expected.iter().map(|word| word.trim_end_matches('/')).collect();
        assert_eq!(offered, expected, "{} for {line}", shell[0]);
    }
    for (line, answer) in NOTHING.iter().zip(&answers[TABLE.len()..]) {
        assert_eq!(answer.trim_end(), *line, "{}", shell[0]);
    }
}

#[test]
fn fish_completes() {
    if !has("fish") {
        return;
    }
    let home = Home::new();
    home.install("fish");
    let offered = |line: &str| {
        let mut fish = home.command("fish");
        let told = succeeded(fish.args(["-c", "complete -C $argv[1]", line]).output().unwrap());
        let mut words: Vec<_> = told.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
        words.sort_unstable();
        words
    };
    for (line, expected) in TABLE {
        assert_eq!(offered(line), expected, "{line}");
    }
    for line in NOTHING {
        assert_eq!(offered(line), [] as [&str; 0], "{line}");
    }
}

impl Home {
    /// Pastes what `completions --help` tells to do for a shell.
    fn install(&self, shell: &str) {
        let help = self.told(&["completions", "--help"]);
        let lines = help.lines().skip_while(|line| line.split([' ', ',']).nth(2) != Some(shell)).skip(1);
        let lines: Vec<&str> = lines.take_while(|line| line.starts_with("    ")).map(str::trim).collect();
        assert!(!lines.is_empty(), "{help}");
        succeeded(self.command(shell).args(["-c", &lines.join("\n")]).output().unwrap());
    }
}

#[test]
fn every_shell_has_a_script_that_its_own_reader_takes() {
    let home = Home::new();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute"), ("powershell", ""), ("elvish", "")]
    {
        let script = home.told(&["completions", shell]);
        assert!(script.contains("--domain") || script.contains("domain"), "{shell}: {script}");
        if check.is_empty() || !has(shell) {
            continue;
        }
        let file = home.path().join(shell);
        fs::write(&file, script).unwrap();
        succeeded(Command::new(shell).arg(check).arg(file).output().unwrap());
    }
}

#[test]
fn without_a_shell_it_says_which_there_are() {
    let output = Home::new().command("cruddur-site").arg("completions").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(said.contains(&format!("cruddur-site completions {shell} >")), "{said}");
    }
}
