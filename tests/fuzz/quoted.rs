//! docs/TROUBLESHOOTING.md quotes the program: what it quotes must be what the sources say.

use std::path::Path;

fn read(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // What only tests say is not said.
            let text = std::fs::read_to_string(&path).unwrap();
            sources.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap());
        }
    }
}

/// A text as it is printed: without the line breaks that sources and documents have for themselves.
fn unwrapped(text: &str) -> String {
    text.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_troubleshooting_quotes_is_what_the_program_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    read(&root.join("src"), &mut sources);
    let sources = unwrapped(&sources);
    let page = std::fs::read_to_string(root.join("docs/TROUBLESHOOTING.md")).unwrap();
    let quoted: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(quoted.len() > 30, "{quoted:?}");
    for line in quoted {
        let parts = line.split('…').map(str::trim).filter(|part| part.len() > 3);
        let unsaid: Vec<_> = parts.filter(|part| !sources.contains(part)).collect();
        assert!(unsaid.is_empty(), "nothing in src/ says {unsaid:?} of {line:?}");
    }
}
