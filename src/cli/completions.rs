//! `completions`: what shells complete, from the same definitions as `--help`.

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use super::args::{self, Cli};
use crate::error::{Error, ErrorKind, Result};

/// Where each shell looks, as lines to paste. A test pastes those of the shells that it has.
pub const INSTALLATION: &str = "\
Installation:
  bash, with the package bash-completion
    d=~/.local/share/bash-completion/completions; mkdir -p $d
    cruddur-site completions bash > $d/cruddur-site
  zsh
    mkdir -p ~/.zfunc; cruddur-site completions zsh > ~/.zfunc/_cruddur-site
    echo 'fpath=(~/.zfunc $fpath); autoload -U compinit; compinit' >> ~/.zshrc
  fish
    mkdir -p ~/.config/fish/completions
    cruddur-site completions fish > ~/.config/fish/completions/cruddur-site.fish
  powershell
    cruddur-site completions powershell >> $PROFILE
  elvish
    mkdir -p ~/.config/elvish/lib
    cruddur-site completions elvish > ~/.config/elvish/lib/cruddur-site.elv
    echo 'use cruddur-site' >> ~/.config/elvish/rc.elv

A shell that is started then completes with them.";

pub(super) fn run(args: &args::Completions) -> Result<()> {
    super::print(&script(args.shell)).map_err(|error| {
        let next = "check where standard output goes";
        Error::new(ErrorKind::Io, "the completions could not be written", next).because(error)
    })
}

fn script(shell: Shell) -> String {
    let mut command = Cli::command().mut_subcommands(|command| command.mut_args(no_file));
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        // clap writes the labels of its cases in another way than the state they are compared with where the name of the
        // program has a hyphen, so that no flag of a command is ever completed (clap-rs/clap#6421).
        Shell::Bash => script.replace("cruddur__subcmd__site__subcmd__", "cruddur__site__subcmd__").replacen(
            "() {\n",
            &format!("() {{\n{}", bash_arguments(&command)),
            1,
        ),
        Shell::Fish => format!("{script}{}", fish_arguments(&command)),
        _ => script.into_owned(),
    }
}

/// A value of which nothing else is known is no file: without a word, shells would offer the names of files for it.
fn no_file(argument: Arg) -> Arg {
    let is_known = argument.get_value_hint() != ValueHint::Unknown || !argument.get_possible_values().is_empty();
    if is_known || !argument.get_action().takes_values() { argument } else { argument.value_hint(ValueHint::Other) }
}

/// clap leaves an argument that is no flag to bash, which offers every file: here the folders where it is a folder, and
/// nothing where it is a name.
fn bash_arguments(command: &Command) -> String {
    let with_folder: Vec<&str> = arguments(command)
        .filter(|(_, argument)| argument.get_value_hint() == ValueHint::DirPath)
        .map(|(name, _)| name)
        .collect();
    format!(
        r#"    if [[ "${{BASH_VERSINFO[0]}}" -ge 4 ]]; then
        compopt +o bashdefault +o default
        case "${{COMP_WORDS[1]}}" in
            {})
                compopt -o dirnames
                ;;
        esac
    fi
"#,
        with_folder.join(" | ")
    )
}

/// The same for fish, to which clap tells nothing of such arguments.
fn fish_arguments(command: &Command) -> String {
    let mut lines = "complete -c cruddur-site -f\n".to_owned();
    for (name, argument) in arguments(command) {
        let values: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let offered = match argument.get_value_hint() {
            ValueHint::DirPath => "(__fish_complete_directories)".to_owned(),
            _ if values.is_empty() => continue,
            _ => values.join(" "),
        };
        let condition = format!("__fish_cruddur_site_using_subcommand {name}");
        lines.push_str(&format!("complete -c cruddur-site -n \"{condition}\" -a \"{offered}\"\n"));
    }
    lines
}

/// The arguments of all commands that are no flags, each with its command.
fn arguments(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    command
        .get_subcommands()
        .flat_map(|command| command.get_positionals().map(move |argument| (command.get_name(), argument)))
}
