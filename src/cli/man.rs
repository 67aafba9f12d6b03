//! `man`: the manual, from the same definitions as `--help`.

use std::{cell::RefCell, path::Path};

use clap::{Command, CommandFactory as _};
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::args::{self, Cli};
use crate::{
    config::{FILE_NAME, Layer},
    error::{Error, ErrorKind, Result},
    site::walk::IGNORE_FILE,
};

/// A page of the manual.
struct Page {
    /// `cruddur-site-publish.1`.
    file: String,
    /// Its text, for `man` to set.
    text: String,
}

pub(super) fn run(args: &args::Man) -> Result<()> {
    let pages = pages();
    match &args.dir {
        Some(folder) => pages.iter().try_for_each(|page| write(folder, page)),
        None => pages.first().map_or(Ok(()), |page| super::print(&page.text)).map_err(|error| {
            let next = "check where standard output goes";
            Error::new(ErrorKind::Io, "the manual could not be written", next).because(error)
        }),
    }
}

fn write(folder: &Path, page: &Page) -> Result<()> {
    let path = folder.join(&page.file);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &page.text)).map_err(|error| {
        let next = "give --dir a folder that can be written to";
        Error::new(ErrorKind::Io, format!("{} cannot be written", path.display()), next).because(error)
    })
}

/// The page of the program, and then one for every command.
fn pages() -> Vec<Page> {
    let mut top = Cli::command().disable_help_subcommand(true);
    top.build();
    let commands: Vec<Command> = top.get_subcommands().cloned().collect();
    let see: Vec<String> = std::iter::once(&top).chain(&commands).map(page_name).collect();
    std::iter::once(top).chain(commands).map(|command| page(command, &see)).collect()
}

/// `cruddur-site-publish`.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(mut command: Command, all: &[String]) -> Page {
    let name = page_name(&command);
    let is_top = command.has_subcommands();
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let headings = headings(&command);
    let man = clap_mangen::Man::new(command.override_usage(usage).long_about(format!("{about}.")));

    let mut description = Roff::new();
    let mut closing = Roff::new();
    for block in after.split("\n\n").filter(|block| !block.is_empty()) {
        match block.split_once(":\n") {
            Some((heading, lines)) => verbatim(&mut closing, heading, lines),
            None => {
                description.control("PP", []);
                description.text([roman(block.replace('\n', " "))]);
            }
        }
    }
    if is_top {
        for (heading, items) in [("EXIT STATUS", exit_status()), ("ENVIRONMENT", environment()), ("FILES", files())] {
            list(&mut closing, heading, items);
        }
    }
    see_also(&mut closing, all.iter().filter(|other| **other != name));

    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    let _ = description.to_writer(&mut text);
    if is_top {
        let _ = man.render_subcommands_section(&mut text);
    }
    let _ = man.render_options_section(&mut text);
    let _ = closing.to_writer(&mut text);
    let text = tidied(&String::from_utf8_lossy(&text), &headings);
    // A date would be that of the build, and two builds of one release would differ.
    let title = format!(".TH {name} 1 \"\" \"cruddur-site {}\" \"User Commands\"\n", env!("CARGO_PKG_VERSION"));
    Page { file: man.get_filename(), text: title + &text }
}

/// The headings of `--help`.
fn headings(command: &Command) -> Vec<String> {
    command.get_arguments().filter_map(|argument| argument.get_help_heading().map(str::to_owned)).collect()
}

/// The parts were rendered each as if it were a page. Here they become one, with the headings of flags below OPTIONS, and
/// with one empty line where breaks stand around one.
fn tidied(text: &str, headings: &[String]) -> String {
    let is_preamble = |line: &&str| line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq");
    let preamble = text.lines().filter(is_preamble).take(2);
    let mut tidy = String::new();
    for line in preamble.chain(text.lines().filter(|line| !is_preamble(line))) {
        let title = line.strip_prefix(".SH ").map(|title| title.trim_matches('"'));
        match headings.iter().find(|heading| title == Some(&heading.to_uppercase())) {
            Some(heading) => tidy.push_str(&format!(".SS \"{heading}\"")),
            None => tidy.push_str(line),
        }
        tidy.push('\n');
    }
    tidy.replace("\n.br\n\n.br\n", "\n.sp\n")
}

/// Lines as they stand.
fn verbatim(roff: &mut Roff, heading: &str, lines: &str) {
    roff.control("SH", [heading.to_uppercase().as_str()]);
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

fn list(roff: &mut Roff, heading: &str, items: Vec<(String, String)>) {
    roff.control("SH", [heading]);
    for (term, text) in items {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(text)]);
    }
}

fn see_also<'n>(roff: &mut Roff, names: impl Iterator<Item = &'n String>) {
    roff.control("SH", ["SEE ALSO"]);
    let mut pages: Vec<Inline> = Vec::new();
    for name in names {
        if !pages.is_empty() {
            pages.push(roman(", "));
        }
        pages.extend([bold(name.as_str()), roman("(1)")]);
    }
    roff.text(pages);
    roff.control("PP", []);
    roff.text([roman(concat!(env!("CARGO_PKG_REPOSITORY"), "/tree/main/docs"))]);
}

fn items<const N: usize>(items: [(&str, &str); N]) -> Vec<(String, String)> {
    items.map(|(term, text)| (term.to_owned(), text.to_owned())).into()
}

fn exit_status() -> Vec<(String, String)> {
    items([
        ("0", "What was asked is done."),
        ("1", "An error, which is told with what to do next."),
        ("2", "The arguments are wrong."),
        ("3", "doctor found problems."),
        ("130", "The user stopped it."),
    ])
}

fn environment() -> Vec<(String, String)> {
    let ours = variables().join(", ");
    let mut all = vec![(ours, format!("Say the same as the keys of those names in {FILE_NAME}. Flags win over them."))];
    all.extend(items([
        ("AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, ...", "As every AWS tool reads them."),
        ("NO_COLOR", "No colours, whatever the value."),
    ]));
    all
}

/// The variables that the configuration asks for: it is asked itself, so that no list can fall behind it.
fn variables() -> Vec<String> {
    let names = RefCell::new(Vec::new());
    let _ = Layer::from_environment(|name| {
        names.borrow_mut().push(name.to_owned());
        None
    });
    names.into_inner()
}

fn files() -> Vec<(String, String)> {
    items([
        (FILE_NAME, "The configuration of a site, in the current folder or above it up to the one with .git."),
        (IGNORE_FILE, "Beside it: what is not published, as lines of a .gitignore."),
        ("~/.aws/config, ~/.aws/credentials", "Profiles and credentials, as every AWS tool has them."),
        (".cruddur-local/", "The local account of --local."),
    ])
}
