//! `cruddur-site.toml` and `CRUDDUR_SITE_*`.

use std::path::Path;

use cruddur_site::{
    Error, ErrorKind,
    config::{Config, Layer, layers::resolve},
    site::{Headers, ObjectKey, walk::Patterns},
};

use super::{is_plain, text};

const FILE: &str = "cruddur-site.toml";

/// A configuration is taken whole, or refused with a place in the file and with what to do.
pub fn config(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match Config::parse(Path::new(FILE), text) {
        Ok(config) => {
            resolve(Layer::default(), Layer::default(), Some(&config)).expect("what is accepted is enough to go on");
            Patterns::new(&config.exclude).expect("what is accepted leaves files out");
            for key in ["index.html", "static/js/main.0a1b2c3d.js", "ü/ .well-known"] {
                let key = ObjectKey::new(key).expect("a key");
                match config.rules().apply(&key, Headers::default()) {
                    Ok(headers) => can_be_sent(&headers),
                    Err(error) => says_what_to_do(&error),
                }
            }
        }
        Err(error) => {
            says_what_to_do(&error);
            let at = error.location().expect("a place in the file");
            // The end of a file that ends with a newline is a line of its own.
            let line = text.split('\n').nth(at.line - 1).expect("a line of the file");
            assert!((1..=line.chars().count() + 1).contains(&at.column), "{error} in {line:?}");
        }
    }
}

fn says_what_to_do(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(!error.what().is_empty() && !error.next().is_empty(), "{error:?}");
    assert!(is_plain(&error.to_string()), "a terminal would obey {:?}", error.to_string());
}

/// Headers are of visible ASCII, and not empty.
fn can_be_sent(headers: &Headers) {
    let Headers { cache_control, content_type, content_encoding, content_language, content_disposition, metadata } =
        headers;
    let named = [cache_control, content_type, content_encoding, content_language, content_disposition];
    for value in named.into_iter().flatten().chain(metadata.values()) {
        assert!(!value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value:?}");
        assert_eq!(value.trim_matches(' '), value, "HTTP would strip it");
    }
    for name in metadata.keys() {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "{name:?}");
        assert_eq!(name.to_ascii_lowercase(), *name);
    }
}

/// Settings that the environment and the file both have, by the name the file has for them.
const TEXTS: [&str; 6] = ["domain", "distribution", "bucket", "region", "profile", "endpoint-url"];

/// `NAME=value`, line by line: what is accepted means the same in the file; what is not is refused by its name.
pub fn environment(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let variables: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let variable = |name: &str| {
        let name = name.strip_prefix("CRUDDUR_SITE_")?;
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    };
    match Layer::from_environment(variable) {
        Ok(layer) => {
            if let Err(error) = resolve(Layer::default(), layer, None) {
                says_what_to_do(&error);
            }
        }
        Err(error) => {
            says_what_to_do(&error);
            assert!(error.what().starts_with("CRUDDUR_SITE_"), "{error}");
        }
    }
    for (name, value) in variables {
        if let Some(setting) = TEXTS.iter().find(|text| text.to_ascii_uppercase().replace('-', "_") == name) {
            means_the_same_in_the_file(setting, name, value);
        }
    }
}

fn means_the_same_in_the_file(setting: &str, name: &str, value: &str) {
    if value.is_empty() {
        return; // A variable that is empty is not set.
    }
    // TOML's texts are JSON's, but for one control character.
    let quoted = serde_json::to_string(value).expect("a text").replace('\u{7f}', "\\u007f");
    let file = Config::parse(Path::new(FILE), &format!("{setting} = {quoted}")).map(|config| config.layer());
    let environment =
        Layer::from_environment(|asked| (asked.strip_prefix("CRUDDUR_SITE_") == Some(name)).then(|| value.into()));
    match (file, environment) {
        (Ok(file), Ok(environment)) => assert_eq!(file, environment, "{setting}"),
        (Err(file), Err(environment)) => assert_eq!(file.next(), environment.next(), "{setting}"),
        (file, environment) => panic!("{setting} = {quoted}: {file:?} in the file, {environment:?} in the environment"),
    }
}
