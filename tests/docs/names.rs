//! What the documentation names exists: commands, flags, variables, the repository.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::{
    markdown::{Block, pages},
    support::local::cruddur_site,
};

/// The flags of each command, as its `--help` lists them; those of all of them under the empty name.
fn flags() -> BTreeMap<String, BTreeSet<String>> {
    let help = |command: Option<&str>| {
        let output = cruddur_site().args(command).arg("--help").output().expect("the command");
        assert!(output.status.success(), "{command:?} --help: {}", output.status);
        String::from_utf8(output.stdout).expect("a text")
    };
    let listed = Regex::new(r"(?m)^ +(?:-\w, )?(--[a-z-]+)").unwrap();
    let command = Regex::new(r"(?m)^  ([a-z]+)  ").unwrap();
    let main = help(None);
    let (_, commands) = main.split_once("Commands:").expect("a list of commands");
    let commands = commands.split("\n\n").next().expect("a list of commands");
    let mut flags = BTreeMap::new();
    let mut all = BTreeSet::new();
    for found in command.captures_iter(commands).filter(|found| &found[1] != "help") {
        let of: BTreeSet<String> =
            listed.captures_iter(&help(Some(&found[1]))).map(|flag| flag[1].to_owned()).collect();
        all.extend(of.clone());
        flags.insert(found[1].to_owned(), of);
    }
    assert!(flags.len() >= 5, "{flags:?}");
    flags.insert(String::new(), all);
    flags
}

/// The page of the benchmark, whose flags are its own.
const BENCHMARK: &str = "benches/README.md";

fn flags_of_the_benchmark() -> BTreeSet<String> {
    let field = Regex::new(r"#\[arg\(long[^\]]*\)\]\s+(?:pub )?([a-z_]+):").unwrap();
    let fields = field.captures_iter(include_str!("../../benches/peers/program.rs"));
    let flags: BTreeSet<String> = fields.map(|found| format!("--{}", found[1].replace('_', "-"))).collect();
    assert!(flags.contains("--round-trip"), "{flags:?}");
    flags
}

/// Every flag behind `cruddur-site COMMAND`, in commands and in prose, is one of that command; a flag that stands alone in the
/// prose is one of some command.
#[test]
fn every_flag_exists() {
    let (flags, of_benchmark) = (flags(), flags_of_the_benchmark());
    let flag = Regex::new(r"(?:^|\s)(--[a-z][a-z-]*)").unwrap();
    let call = Regex::new(r"(?:^|[\s$(])(?:cruddur-site|cargo run(?: --release)? --) ([a-z]+)(.*)").unwrap();
    let (mut unknown, mut checked) = (Vec::new(), 0);
    for page in pages() {
        let blocks = page.blocks();
        let shell = blocks.iter().filter(|block| ["sh", "console"].contains(&&*block.language));
        // What a console prints is no command.
        let is_command = |block: &Block, line: &&String| block.language == "sh" || line.starts_with("$ ");
        let lines = shell.flat_map(|block| block.lines.iter().filter(|line| is_command(block, line)).cloned());
        let alone = page.code().into_iter().filter(|code| code.starts_with("--")).map(|code| (String::new(), code));
        let calls = lines.chain(page.code()).filter_map(|line| {
            let found = call.captures(line.split(" #").next().expect("a line"))?;
            // Another command may follow in the same line.
            let words = found[2].split(" && ").next().expect("words").to_owned();
            Some((found[1].to_owned(), words))
        });
        for (command, words) in alone.chain(calls.collect::<Vec<_>>()) {
            let known = if page.name == BENCHMARK { Some(&of_benchmark) } else { flags.get(&command) };
            let Some(known) = known else {
                unknown.push(format!("{}: there is no command {command}", page.name));
                continue;
            };
            for found in flag.captures_iter(&words) {
                checked += 1;
                if !known.contains(&found[1]) {
                    unknown.push(format!("{}: {command} {}", page.name, &found[1]));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(checked > 60, "only {checked} flags were found");
}

/// Every variable is read by the program.
#[test]
fn every_variable_exists() {
    const READ: &str = include_str!("../../src/config/layers.rs");
    let variable = Regex::new(r"CRUDDUR_SITE_[A-Z_]+").unwrap();
    let mut named = BTreeSet::new();
    for page in pages() {
        let blocks = page.blocks().into_iter().flat_map(|block| block.lines);
        let text = blocks.chain([page.prose()]).collect::<Vec<_>>().join("\n");
        for found in variable.find_iter(&text) {
            assert!(READ.contains(&format!("\"{}\"", found.as_str())), "{}: {}", page.name, found.as_str());
            named.insert(found.as_str().to_owned());
        }
    }
    for read in variable.find_iter(READ).filter(|read| READ.contains(&format!("(\"{}\")", read.as_str()))) {
        assert!(named.contains(read.as_str()), "{} is not documented", read.as_str());
    }
}

/// There is one repository: the one that Cargo.toml names.
#[test]
fn every_name_of_the_repository_is_the_same() {
    let repository = env!("CARGO_PKG_REPOSITORY").strip_prefix("https://github.com/").expect("a repository on GitHub");
    let (owner, name) = repository.split_once('/').expect("an owner and a name");
    let mention = Regex::new(&format!(r"([\w.-]+)/{name}([\w-]*)")).unwrap();
    let mut found = 0;
    for page in pages() {
        let blocks = page.blocks().into_iter().flat_map(|block| block.lines);
        let text = blocks.chain([page.prose()]).collect::<Vec<_>>().join("\n");
        for mentioned in mention.captures_iter(&text).filter(|mentioned| mentioned[2].is_empty()) {
            // Paths of the program and of its files are no repositories.
            let is_path =
                ["bin", "completions", "docs", "tap", "cruddur-site-v0.1.0-x86_64-unknown-linux-musl", "debug"]
                    .contains(&&mentioned[1]);
            found += usize::from(!is_path);
            assert!(is_path || &mentioned[1] == owner, "{}: {}", page.name, &mentioned[0]);
        }
    }
    assert!(found > 5, "the repository is named {found} times");
}
