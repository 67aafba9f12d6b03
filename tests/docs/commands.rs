//! Every command in the documentation is run.
//!
//! A block of `sh` is a script, one of `console` has commands behind `$ ` and what they print. Each section of a page has a
//! folder of its own, each page an account of its own. What is added to a command so that it can run here is in
//! `programs/`; what cannot run here is in [`ELSEWHERE`].

use std::{fs, path::Path, process::Command};

use regex::Regex;

use crate::{
    markdown::{Block, Page, ROOT, pages},
    stage::{Before, Stage},
};

/// Programs that may stand in a command besides those that stand before others in `programs/`.
const PROGRAMS: [&str; 8] = ["cat", "cd", "cp", "export", "ls", "mkdir", "sha256sum", "tar"];

/// What is checked of a command that cannot run here: that this file has this text.
struct Instead {
    file: &'static str,
    has: &'static str,
}

/// Commands that are not run here, by how they begin; why; and what is checked instead.
const ELSEWHERE: &[(&str, &str, Instead)] = &[
    ("cargo test", "this is it", Instead { file: ".ci/run", has: "check cargo test" }),
    ("NEVER_BROKEN_SEED=", "the same", Instead { file: "tests/never_broken/runs.rs", has: "NEVER_BROKEN_SEED" }),
    ("NEVER_BROKEN_RUNS=", "the same", Instead { file: "tests/never_broken/runs.rs", has: "NEVER_BROKEN_RUNS" }),
    ("cargo fuzz", "has no end", Instead { file: "tests/fuzz/main.rs", has: "fuzz/corpus" }),
    (".ci/run", "runs this", Instead { file: ".ci/run", has: "check cargo test" }),
    (
        "cargo bench --bench peers",
        "takes minutes to hours; `cargo test` runs it with a few files",
        Instead { file: "Cargo.toml", has: "name = \"peers\"\nharness = false\ntest = true" },
    ),
    (
        "cargo install --path . --locked",
        "takes minutes, and CI does it",
        Instead { file: ".ci/run", has: "install --locked --target" },
    ),
    (
        "cargo install cruddur-site --locked",
        "nothing is released; CI installs the package itself",
        Instead { file: ".ci/run", has: "cargo package" },
    ),
    (
        "cargo binstall cruddur-site",
        "nothing is released",
        Instead { file: "tests/packaging/binstall.rs", has: "[\"binstall\"]" },
    ),
    (
        "npm install --save-dev cruddur-site",
        "nothing is released; CI installs the package itself",
        Instead { file: ".ci/run", has: "npm install" },
    ),
    ("npx cruddur-site", "the same", Instead { file: ".ci/run", has: "node_modules/.bin/cruddur-site" }),
    (
        "brew install cruddur/tap/cruddur-site",
        "nothing is released",
        Instead { file: "tests/packaging/homebrew.rs", has: "cruddur-site.rb" },
    ),
    ("docker run", "nothing is released; CI runs the image", Instead { file: ".ci/run", has: "buildah run" }),
    (
        "gh attestation verify",
        "nothing is released",
        Instead { file: ".github/workflows/release.yml", has: "uses: actions/attest@" },
    ),
    (
        "python3 -m venv",
        "the recorded session's test does it",
        Instead { file: "tests/docs/session.rs", has: "venv::python" },
    ),
    (
        "target/record/bin/pip",
        "the same",
        Instead { file: "tests/docs/session.rs", has: "docs/record-requirements.txt" },
    ),
    ("target/record/bin/python", "the same", Instead { file: "tests/docs/session.rs", has: "docs/record.py" }),
];

macro_rules! pages {
    ($($test:ident: $page:literal, $before:ident;)*) => {
        /// The pages that have commands.
        const RUN: &[&str] = &[$($page),*];
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                run($page, Before::$before).await;
            }
        )*
    };
}

pages! {
    readme: "README.md", Domain;
    benches: "benches/README.md", Domain;
    benchmarks: "docs/BENCHMARKS.md", Domain;
    bootstrap: "docs/BOOTSTRAP.md", Domain;
    contributing: "CONTRIBUTING.md", Domain;
    cost: "docs/COST.md", Domain;
    doctor: "docs/DOCTOR.md", Site;
    faq: "docs/FAQ.md", Site;
    github: "docs/GITHUB.md", Domain;
    install: "docs/INSTALL.md", Domain;
    migrating: "docs/MIGRATING.md", Handmade;
    fuzz: "fuzz/README.md", Domain;
    npm: "packaging/npm/README.md", Domain;
    semantics: "docs/SEMANTICS.md", Domain;
}

fn has_commands(block: &Block) -> bool {
    block.language == "sh" || block.language == "console"
}

#[test]
fn every_page_with_commands_is_run() {
    let with: Vec<String> =
        pages().into_iter().filter(|page| page.blocks().iter().any(has_commands)).map(|page| page.name).collect();
    let mut run: Vec<&str> = RUN.to_vec();
    run.sort_unstable();
    assert_eq!(run, with);
}

#[test]
fn what_is_checked_instead_holds() {
    for (command, why, instead) in ELSEWHERE {
        let is_used = pages()
            .iter()
            .flat_map(Page::blocks)
            .any(|block| has_commands(&block) && commands(&block).iter().any(|(line, _)| line.starts_with(command)));
        assert!(is_used, "no page says `{command}` any more");
        let content = fs::read_to_string(Path::new(ROOT).join(instead.file)).unwrap_or_default();
        assert!(content.contains(instead.has), "{command} ({why}): {} does not have {:?}", instead.file, instead.has);
    }
}

/// The commands of a block, each with the lines that it prints according to the page.
fn commands(block: &Block) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut goes_on = false;
    for line in &block.lines {
        let command = match block.language.as_str() {
            "console" => line.strip_prefix("$ "),
            _ => Some(&**line).filter(|line| !line.is_empty() && !line.starts_with('#')),
        };
        match (command, commands.last_mut()) {
            (_, Some((command, _))) if goes_on => {
                command.push('\n');
                command.push_str(line);
            }
            (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
            (None, Some((_, printed))) if block.language == "console" => printed.push(line.clone()),
            (None, _) => {}
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

async fn run(page: &str, before: Before) {
    let page = Page::read(Path::new(page));
    let stage = Stage::new(before).await;
    let blocks: Vec<Block> = page.blocks().into_iter().filter(has_commands).collect();
    if blocks.iter().any(|block| block.lines.iter().any(|line| line.contains("curl "))) {
        stage.release().await;
    }
    let (mut section, mut folder) = (String::new(), stage.project("0"));
    for (number, block) in (1..).zip(&blocks) {
        if block.section != section {
            section.clone_from(&block.section);
            folder = stage.project(&number.to_string());
        }
        let commands = commands(block);
        assert!(!commands.is_empty(), "{}: a block without a command", block.place);
        let here = commands.iter().filter(|(command, _)| !is_elsewhere(&block.place, command));
        if block.language == "sh" {
            let script: Vec<&str> = here.map(|(command, _)| &**command).collect();
            step(&stage, &folder, &block.place, &script.join("\n")).await;
            continue;
        }
        for (command, printed) in here {
            let really = step(&stage, &folder, &block.place, command).await;
            if !printed.is_empty() {
                assert_printed(&block.place, command, printed, &stage.as_told(&really, &folder));
            }
        }
    }
}

/// Whether a command cannot run here. One that can names nothing that nobody has thought of.
fn is_elsewhere(place: &str, command: &str) -> bool {
    let understood = Command::new("bash").args(["-n", "-c", command]).output().expect("bash");
    assert!(understood.status.success(), "{place}: {command}: {}", String::from_utf8_lossy(&understood.stderr));
    if ELSEWHERE.iter().any(|(begin, ..)| command.starts_with(begin)) {
        return true;
    }
    let plain = command.split(" #").next().expect("a command").replace("\\\n", " ");
    for part in plain.split(['|', ';', '&']).map(str::trim).filter(|part| !part.is_empty()) {
        let is_setting = |word: &&str| {
            word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        };
        let program = part.split_whitespace().find(|word| !is_setting(word)).unwrap_or("export");
        let stands_before = Path::new(ROOT).join("tests/docs/programs").join(program).exists();
        let known = stands_before || PROGRAMS.contains(&program);
        assert!(known, "{place}: nobody runs `{command}`: say in ELSEWHERE why, and check something instead");
    }
    false
}

async fn step(stage: &Stage, folder: &Path, place: &str, script: &str) -> String {
    let output = stage.run(folder, script).await;
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{place}: {script}\n{}: {printed}{said}", output.status);
    printed.into_owned()
}

/// Compares what a page says with what was printed, but for what differs from run to run. A line `...` stands for any lines.
fn assert_printed(place: &str, command: &str, page: &[String], really: &str) {
    let expected = page.iter().map(|line| match line.trim() {
        "..." => "(?s:.*?)".to_owned(),
        _ => format!("{}\n", regex::escape(&without_chance(line))),
    });
    let pattern = format!("^{}$", expected.collect::<String>());
    let really: Vec<String> = really.lines().map(without_chance).collect();
    let text = really.join("\n") + "\n";
    let agrees = Regex::new(&pattern).expect("a pattern").is_match(&text);
    assert!(agrees, "{place}: $ {command}\nthe page says:\n{}\nit prints:\n{text}", page.join("\n"));
}

/// A line without times and ids.
fn without_chance(line: &str) -> String {
    let chance =
        [(r"\b\d+(\.\d+)? s\b", "TIME"), (r"\bE[0-9A-Z]{12,13}\b", "ID"), (r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b", "RELEASE")];
    chance.iter().fold(line.trim_end().to_owned(), |line, (pattern, name)| {
        Regex::new(pattern).expect("a pattern").replace_all(&line, *name).into_owned()
    })
}

#[test]
#[should_panic(expected = "nobody runs `frobnicate --all`")]
fn a_command_that_nobody_has_thought_of_is_told() {
    is_elsewhere("PAGE.md:1", "frobnicate --all");
}

#[test]
fn what_is_printed_is_compared_but_for_chance() {
    let page = ["...", "published in 0.2 s to E1234567890ABC", "13 uploaded"].map(str::to_owned);
    let agrees = |printed: &str| {
        let compare = || assert_printed("PAGE.md:1", "command", &page, printed);
        std::panic::catch_unwind(compare).is_ok()
    };
    assert!(agrees("first\nsecond\npublished in 17 s to EXFHJ3M2HDPYYR\n13 uploaded\n"));
    assert!(!agrees("first\npublished in 17 s to EXFHJ3M2HDPYYR\n14 uploaded\n"));
    assert!(!agrees("published in 17 s to EXFHJ3M2HDPYYR\n13 uploaded\nand more\n"));
}
