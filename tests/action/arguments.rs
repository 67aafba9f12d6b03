//! Inputs become the program's arguments, byte for byte, and never anything else.

use crate::{machine::Ran, world::World};

/// Writes its arguments, each with a NUL behind it, and what of the environment the action sets.
const RECORDER: &str = r#"#!/usr/bin/env bash
if [ "$*" = --version ]; then echo "cruddur-site VERSION"; exit; fi
printf '%s\0' "$@" >"$HOME/arguments"
printf '%s\0' "${AWS_REGION-unset}" "${CRUDDUR_SITE_WAIT-unset}" "$$" >"$HOME/variables"
"#;

const HOSTILE: [&str; 14] = [
    "a b  c",
    "\"quoted\" 'twice'",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned; rm -rf .",
    "x && touch pwned | touch pwned & touch pwned > pwned",
    "${{ github.token }} $HOME ${IFS} %HOME% !! ~",
    "--dry-run",
    "-",
    "-- --help",
    "* ? [a-z] {a,b}",
    "näïve ☃ \u{1F980} \u{202E}",
    "back\\slash\\n\\",
    "::error::not ours\n::set-output name=url::evil\nurl=evil\r\nEOF\n",
];

async fn world() -> Option<World> {
    let world = World::new().await?;
    world.preinstall(&RECORDER.replace("VERSION", crate::releases::VERSION));
    Some(world)
}

fn recorded(world: &World, what: &str) -> Vec<String> {
    let path = format!("{}/{what}", world.machine.environment["HOME"]);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The arguments that the program is given for some inputs.
async fn arguments(world: &World, inputs: &[(&str, &str)]) -> Vec<String> {
    let ran = world.run(inputs).await;
    assert!(ran.succeeded, "{inputs:?}: {}", ran.log);
    recorded(world, "arguments")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_input_is_an_argument() {
    let Some(world) = world().await else { return };
    assert_eq!(arguments(&world, &[]).await, ["publish"]);
    let everything = [
        ("directory", "build"),
        ("domain", "cruddur.com"),
        ("distribution", "E123"),
        ("bucket", "cruddur"),
        ("prefix", "live"),
        ("config", "site.toml"),
        ("dry-run", "true"),
        ("wait", "false"),
        ("args", "--strict"),
    ];
    assert_eq!(
        arguments(&world, &everything).await,
        [
            "publish",
            "--domain=cruddur.com",
            "--distribution=E123",
            "--bucket=cruddur",
            "--prefix=live",
            "--config=site.toml",
            "--dry-run",
            "--no-wait",
            "--strict",
            "--",
            "build",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_values_arrive_as_they_are() {
    let Some(world) = world().await else { return };
    for value in HOSTILE {
        let names =
            ["directory", "domain", "distribution", "bucket", "prefix", "config", "aws-region", "role-to-assume"];
        let inputs = names.map(|name| (name, value));
        let ran = world.run(&inputs).await;
        assert!(ran.succeeded, "{value:?}: {}", ran.log);
        let flags = ["domain", "distribution", "bucket", "prefix", "config"].map(|name| format!("--{name}={value}"));
        let expected = [&["publish".to_owned()][..], &flags, &["--".to_owned(), value.to_owned()]].concat();
        assert_eq!(recorded(&world, "arguments"), expected);
        assert_eq!(recorded(&world, "variables")[..2], [value, "unset"]);
        let role = ran.inputs_of("aws-actions/configure-aws-credentials").unwrap();
        assert_eq!([&role["role-to-assume"], &role["aws-region"]], [value, value]);
        nothing_was_executed(&world, &ran);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_arguments_are_words_or_lines() {
    let Some(world) = world().await else { return };
    for (args, expected) in [
        ("", &[][..]),
        (" \n\t\n", &[]),
        ("--strict", &["--strict"]),
        ("  --strict\t --max-delete  10 \n", &["--strict", "--max-delete", "10"]),
        ("--exclude *.psd", &["--exclude", "*.psd"]),
        ("--exclude 'a b'", &["--exclude", "'a", "b'"]),
        ("--exclude\n*.psd", &["--exclude", "*.psd"]),
        ("--exclude\na b/\n\n--strict\n", &["--exclude", "a b/", "--strict"]),
        ("$(touch pwned) `touch pwned`; touch pwned", &["$(touch", "pwned)", "`touch", "pwned`;", "touch", "pwned"]),
        ("--exclude\n$(touch pwned); 'x' \"y\" \\ \n", &["--exclude", "$(touch pwned); 'x' \"y\" \\ "]),
        ("back\\slash \\", &["back\\slash", "\\"]),
    ] {
        let ran = world.run(&[("args", args)]).await;
        assert!(ran.succeeded, "{args:?}: {}", ran.log);
        assert_eq!(recorded(&world, "arguments"), [&["publish"], expected].concat(), "{args:?}");
        nothing_was_executed(&world, &ran);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_are_true_or_false() {
    let Some(world) = world().await else { return };
    for (dry_run, wait, expected, variable) in [
        ("true", "true", &["publish", "--dry-run"][..], "true"),
        ("TRUE", "False", &["publish", "--dry-run", "--no-wait"], "unset"),
        ("false", "", &["publish"], "unset"),
        ("", "fAlSe", &["publish", "--no-wait"], "unset"),
    ] {
        assert_eq!(arguments(&world, &[("dry-run", dry_run), ("wait", wait)]).await, expected);
        assert_eq!(recorded(&world, "variables")[..2], ["unset", variable]);
    }
    for (name, hostile) in [("dry-run", &HOSTILE[..]), ("wait", &HOSTILE[2..4])] {
        for value in hostile.iter().chain(&["yes", "1", "true\n"]) {
            let ran = world.run(&[(name, *value)]).await;
            assert!(!ran.succeeded, "{name} {value:?}: {}", ran.log);
            assert_eq!(ran.errors(), [format!("{name} is \"{value}\": it can be true or false")]);
            nothing_was_executed(&world, &ran);
        }
    }
}

/// The region of the role's credentials: the input, the environment, and else any.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_needs_no_region() {
    let Some(mut world) = world().await else { return };
    let role = "arn:aws:iam::123456789012:role/cruddur-site";
    assert!(world.run(&[]).await.inputs_of("aws-actions/configure-aws-credentials").is_none());

    let ran = world.run(&[("role-to-assume", role)]).await;
    assert_eq!(ran.inputs_of("aws-actions/configure-aws-credentials").unwrap()["aws-region"], "us-east-1");
    world.set("AWS_REGION", "eu-west-1");
    let ran = world.run(&[("role-to-assume", role)]).await;
    assert_eq!(ran.inputs_of("aws-actions/configure-aws-credentials").unwrap()["aws-region"], "eu-west-1");
    let ran = world.run(&[("role-to-assume", role), ("aws-region", "eu-central-1")]).await;
    assert_eq!(ran.inputs_of("aws-actions/configure-aws-credentials").unwrap()["aws-region"], "eu-central-1");
    assert_eq!(recorded(&world, "variables")[0], "eu-central-1");
}

/// A job that is cancelled interrupts the process that it started for the step ("Workflow cancellation reference", GitHub
/// Docs): that has to be the program, which then ends its publish in order, and no shell that would die above it.
#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_what_is_interrupted() {
    let Some(world) = world().await else { return };
    let ran = world.run(&[]).await;
    assert_eq!(recorded(&world, "variables")[2], ran.processes.last().unwrap().to_string());
}

fn nothing_was_executed(world: &World, ran: &Ran) {
    assert!(world.machine.workspace().join("dist/index.html").exists());
    assert!(!world.files().iter().any(|path| path.ends_with("pwned")), "{}", ran.log);
    // No line of the log is a command of theirs, and no output is.
    let commands: Vec<_> = ran.log.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert!(commands.iter().all(|line| line.starts_with("::error title=cruddur-site::")), "{commands:?}");
    assert_eq!(commands.len(), ran.errors().len());
    assert!(ran.outputs.values().all(|value| value.is_empty()), "{:?}", ran.outputs);
}
