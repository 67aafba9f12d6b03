//! `cargo binstall` finds what is uploaded: its templates in `Cargo.toml`, filled in as
//! <https://github.com/cargo-bins/cargo-binstall/blob/main/SUPPORT.md> says, are the names of archives and what is in them.

use std::collections::BTreeMap;

use crate::release::{Release, TARGETS, VERSION, package};

/// Replaces each `{ variable }`.
fn fill(template: &str, variables: &BTreeMap<&str, &str>) -> String {
    let mut filled = template.to_owned();
    for (name, value) in variables {
        filled = filled.replace(&format!("{{ {name} }}"), value);
    }
    assert!(!filled.contains(['{', '}']), "{filled} has a variable that binstall does not know");
    filled
}

#[test]
fn every_target_is_found_and_holds_the_program() {
    let Some(release) = Release::make() else { return };
    let package = package();
    let settings = package["metadata"]["binstall"].as_table().unwrap();
    let repository = package["repository"].as_str().unwrap();
    for target in TARGETS {
        let windows = target.contains("windows");
        let over = settings["overrides"].get(target);
        let setting = |key| over.and_then(|over| over.get(key)).unwrap_or(&settings[key]).as_str().unwrap();
        let variables = BTreeMap::from([
            ("repo", repository),
            ("name", "cruddur-site"),
            ("bin", "cruddur-site"),
            ("version", VERSION),
            ("target", target),
            ("binary-ext", if windows { ".exe" } else { "" }),
        ]);
        let url = fill(setting("pkg-url"), &variables);
        let asset = url.strip_prefix(&format!("{repository}/releases/download/v{VERSION}/"));
        let asset = asset.unwrap_or_else(|| panic!("{url} is no asset of this release"));
        assert!(release.assets().join(asset).is_file(), "{url} is not uploaded");
        assert_eq!(setting("pkg-fmt"), if windows { "zip" } else { "tgz" });

        let program = fill(setting("bin-dir"), &variables);
        assert!(release.unpack(target).path().join(&program).is_file(), "{asset} does not hold {program}");
    }
    let overrides = settings["overrides"].as_table().unwrap();
    assert!(overrides.keys().all(|target| TARGETS.contains(&target.as_str())), "{overrides:?}");
}
