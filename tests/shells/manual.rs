//! The manual pages, read by mandoc.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

use crate::program::{Home, has, succeeded};

const COMMANDS: [&str; 7] = ["publish", "bootstrap", "serve", "doctor", "destroy", "completions", "man"];

#[test]
fn every_command_has_a_page_that_tells_every_flag_of_its_help() {
    if !has("mandoc") {
        return;
    }
    let home = Home::new();
    home.told(&["man", "--dir", "share/man/man1"]);
    let folder = home.path().join("share/man/man1");
    let written: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let expected = COMMANDS.map(|command| format!("cruddur-site-{command}.1")).into_iter();
    assert_eq!(written, expected.chain(["cruddur-site.1".to_owned()]).collect());
    assert_eq!(fs::read_to_string(folder.join("cruddur-site.1")).unwrap(), home.told(&["man"]));

    let flags = Regex::new(r"(?m)^ +((?:-\w, )?--[a-z-]+)").unwrap();
    for file in written {
        let page = folder.join(&file);
        let lint = home.command("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&page).output().unwrap();
        let lint = String::from_utf8(lint.stdout).unwrap();
        // Without a date on purpose: see where the title is written.
        let wrong: Vec<&str> = lint.lines().filter(|line| !line.contains("missing date")).collect();
        assert_eq!(wrong, [] as [&str; 0], "{file}");

        let set = as_read(&home, &page);
        let command =
            file.trim_start_matches("cruddur-site").trim_matches('-').trim_end_matches(".1").trim_matches('-');
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = home.told(&arguments);
        let told: Vec<&str> = flags.captures_iter(&help).map(|found| found.get(1).unwrap().as_str()).collect();
        assert!(told.len() >= 2, "{help}");
        for flag in told {
            assert!(
                Regex::new(&format!(r"(?m)^ +{flag}( |$)")).unwrap().is_match(&set),
                "{flag} is not in {file}:\n{set}"
            );
        }
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"] {
            assert!(set.contains(&format!("\n{heading}\n")), "{heading} is not in {file}");
        }
    }
}

#[test]
fn the_first_page_tells_status_variables_and_files() {
    if !has("mandoc") {
        return;
    }
    let home = Home::new();
    let page = home.path().join("page.1");
    fs::write(&page, home.told(&["man"])).unwrap();
    let set = as_read(&home, &page);
    let mut from = 0;
    // The order of the commands is that of `--help`.
    for command in COMMANDS {
        from += set[from..].find(&format!("cruddur-site-{command}(1)")).unwrap_or_else(|| panic!("{command}: {set}"));
    }
    for part in ["EXIT STATUS", "130", "ENVIRONMENT", "CRUDDUR_SITE_MAX_DELETE", "FILES", "cruddur-site.toml"] {
        assert!(set.contains(part), "{part} is not in\n{set}");
    }
}

/// A page as a terminal of 78 columns shows it.
fn as_read(home: &Home, page: &Path) -> String {
    let set = succeeded(home.command("mandoc").args(["-T", "ascii", "-O", "width=78"]).arg(page).output().unwrap());
    // Two strokes make a letter bold on paper.
    Regex::new(".\u{8}").unwrap().replace_all(&set, "").into_owned()
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_a_next_step() {
    let output = Home::new().command("cruddur-site").args(["man", "--dir", "budget.txt/man1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot be written") && said.contains("next: give --dir a folder"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    if !has("bash") {
        return;
    }
    for command in ["completions zsh", "man", "completions bash"] {
        let line = format!("cruddur-site {command} | true; exit ${{PIPESTATUS[0]}}");
        let output = Home::new().command("bash").args(["-c", &line]).output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
            (Some(0), ""),
            "{command}"
        );
    }
}
