//! `docs/cruddur-site.schema.json` and the tables of `docs/CONFIGURATION.md`, made of the configuration's types. Only tests
//! make them; what they make is committed.

use std::{borrow::Cow, cell::RefCell, path::Path};

use regex::{Captures, Regex};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{document::field_names, *};
use crate::site::rules::MAX_METADATA_BYTES;

/// Texts whose form is checked when they are read: the part of the check that a pattern can say.
macro_rules! texts {
    ($($name:ty: $schema:tt,)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

#[rustfmt::skip]
texts! {
    DomainName: {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$",
    },
    DistributionId: { "type": "string", "pattern": "^[A-Z0-9]{2,}$" },
    BucketName: { "type": "string", "pattern": "^[A-Za-z0-9._-]{3,255}$" },
    Prefix: {
        "type": "string",
        "pattern": r"^/*(?!\.cruddur-site(/|$))((?!\.\.?(/|$))[^/\u0000-\u001f\u007f-\u009f]+(/(?!\.\.?/*$|\.\.?/)[^/\u0000-\u001f\u007f-\u009f]+)*)?/*$",
    },
    Region: { "type": "string", "pattern": "^[A-Za-z0-9-]+$" },
    Profile: { "type": "string", "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$" },
    EndpointUrl: { "type": "string", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]" },
}

/// Numbers with their bounds and defaults.
macro_rules! numbers {
    ($($name:ty,)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "integer",
                    "minimum": Self::RANGE.start(),
                    "maximum": Self::RANGE.end(),
                    "default": Self::default().get(),
                })
            }
        }
    )*};
}

numbers! { MaxDelete, MaxPaths, RetentionDays, RetentionReleases, }

/// The schema, in draft 7 of JSON Schema, which the TOML plug-ins of editors read best.
fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    tidy(&mut schema);
    check_rules(&mut schema["properties"]["rules"]["items"]["properties"]);
    schema["$id"] = SCHEMA.into();
    schema["dependencies"] = json!({ "prefix": ["bucket"] });
    schema
}

/// What [`Rules::compile`] checks and no type says.
fn check_rules(rule: &mut Value) {
    const TOKEN: &str = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
    let header = json!({ "type": "string", "maxLength": MAX_METADATA_BYTES, "pattern": "^[ -~]*$" });
    for name in ["cache-control", "content-type", "content-encoding", "content-language", "content-disposition"] {
        merge(&mut rule[name], &header);
    }
    rule["match"]["pattern"] = "[^/]".into();
    rule["content-type"]["pattern"] = format!("^ *{TOKEN}/{TOKEN} *(;[ -~]*)?$").into();
    rule["metadata"]["additionalProperties"] = header;
    let ours = "[Xx]-[Aa][Mm][Zz]-[Mm][Ee][Tt][Aa]-";
    rule["metadata"]["propertyNames"] = json!({ "pattern": format!("^(?!{ours}){TOKEN}$") });
}

fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.clone());
    }
}

/// TOML has no null, so that what may be left out is not nullable. The words of a type's variants are in the comments of
/// the fields, and editors tell a wrong word best from an `enum`.
fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(object) => {
            if let Some(Value::Array(choices)) = object.remove("anyOf") {
                let choice = choices.into_iter().find(|choice| choice["type"] != "null");
                object.extend(
                    choice.and_then(|choice| choice.as_object().cloned()).unwrap_or_default().into_iter().filter(
                        // The type's own comment is for developers.
                        |(key, _)| key != "description",
                    ),
                );
            }
            if let Some(Value::Array(variants)) = object.remove("oneOf") {
                object.insert("type".into(), "string".into());
                object.insert("enum".into(), variants.iter().map(|variant| variant["const"].clone()).collect());
            }
            if let Some(Value::Array(kinds)) = object.get("type") {
                let kind = kinds.iter().find(|kind| *kind != "null").cloned();
                object.insert("type".into(), kind.unwrap_or_default());
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            object.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// The schema as it is committed: without what only the tables tell.
fn published(schema: &Value) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.remove("x-default");
                object.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut schema = schema.clone();
    strip(&mut schema);
    format!("{schema:#}\n")
}

/// The page with everything between its marks made anew.
fn with_tables(page: &str, schema: &Value) -> String {
    let marks = Regex::new(r"(?s)(<!-- generated: (.*?) -->\n).*?(<!-- /generated -->)").unwrap();
    let made = marks
        .replace_all(page, |found: &Captures<'_>| format!("{}{}{}", &found[1], made(&found[2], schema), &found[3]));
    made.into_owned()
}

fn made(what: &str, schema: &Value) -> String {
    if what == "the variables" {
        return variables();
    }
    let what = what.strip_prefix("the keys ").unwrap_or_else(|| panic!("unknown mark: {what}"));
    if let Some((first, last)) = what.split_once(" to ") {
        let keys = field_names::<Config>();
        let at = |name: &str| keys.iter().position(|key| *key == name).unwrap_or_else(|| panic!("no key {name}"));
        return table(&keys[at(first)..=at(last)], &schema["properties"]);
    }
    match what.strip_prefix("of ") {
        Some("retention") => table(field_names::<Retention>(), &schema["properties"]["retention"]["properties"]),
        Some("invalidation") => {
            table(field_names::<Invalidation>(), &schema["properties"]["invalidation"]["properties"])
        }
        Some("rules") => table(field_names::<Rule>(), &schema["properties"]["rules"]["items"]["properties"]),
        _ => panic!("unknown mark: the keys {what}"),
    }
}

fn table(keys: &[&str], properties: &Value) -> String {
    let is_rule = keys.contains(&"match");
    let mut table =
        if is_rule { "| key | meaning |\n|---|---|\n" } else { "| key | default | meaning |\n|---|---|---|\n" }
            .to_owned();
    for key in keys {
        let property = &properties[key];
        let meaning = phrase(property["description"].as_str().unwrap_or_else(|| panic!("{key} has no comment")));
        if let (Some(least), Some(most)) = (property["minimum"].as_u64(), property["maximum"].as_u64()) {
            assert!(meaning.contains(&format!("{least} to {most}")), "the comment of {key} does not tell its range");
        }
        let default = match (&property["default"], &property["x-default"]) {
            (Value::Null, words) => words.as_str().map(|words| format!("{words} ")).unwrap_or_default(),
            (value, _) => format!("`{value}` "),
        };
        let default = if is_rule { String::new() } else { format!("{default}| ") };
        table.push_str(&format!("| `{key}` | {default}{meaning} |\n"));
    }
    table
}

/// A sentence as a phrase: the page's tables have no capitals and no stops, but for names.
fn phrase(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// The variables that the environment is asked for, as lines of a paragraph.
fn variables() -> String {
    let names = RefCell::new(Vec::new());
    Layer::from_environment(|name| {
        names.borrow_mut().push(format!("`{name}`"));
        None
    })
    .unwrap();
    let names = names.into_inner().join(", ");
    let options = textwrap::Options::new(120).wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::fill(&names, options) + "\n"
}

#[test]
fn what_is_committed_is_what_the_types_say() {
    let schema = schema();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let read = |name: &str| std::fs::read_to_string(docs.join(name)).unwrap_or_default();
    let page = read("CONFIGURATION.md");
    for (name, made) in
        [("cruddur-site.schema.json", published(&schema)), ("CONFIGURATION.md", with_tables(&page, &schema))]
    {
        if std::env::var_os("REVIEW").is_some() {
            std::fs::write(docs.join(name), &made).unwrap();
        }
        let command = "REVIEW=1 cargo test --lib config::schema";
        assert!(read(name) == made, "docs/{name} is not what the types say: run `{command}`, and read what it writes");
    }
}

#[test]
fn every_key_stands_in_one_table() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md")).unwrap();
    let keys =
        [field_names::<Config>(), field_names::<Retention>(), field_names::<Invalidation>(), field_names::<Rule>()];
    for key in keys.concat() {
        // These three are tables themselves, each below a heading of its own.
        let row = if ["retention", "invalidation", "rules"].contains(&key) { "\n## `KEY`\n" } else { "\n| `KEY` |" };
        assert_eq!(page.matches(&row.replace("KEY", key)).count(), 1, "{key}");
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_program() {
    fn defaults(properties: &Value) -> Map<String, Value> {
        let properties = properties.as_object().unwrap().iter();
        properties.filter_map(|(key, property)| Some((key.clone(), property.get("default")?.clone()))).collect()
    }
    let schema = schema();
    let mut file = defaults(&schema["properties"]);
    // Without a bucket it cannot be said.
    assert_eq!(file.remove("prefix"), Some("".into()));
    assert!("".parse::<Prefix>().is_ok());
    for table in ["retention", "invalidation"] {
        file.insert(table.into(), defaults(&schema["properties"][table]["properties"]).into());
    }
    assert_eq!(
        file.keys().collect::<Vec<_>>(),
        ["exclude", "invalidation", "max-delete", "retention", "source-maps", "strict", "wait"]
    );
    let said = Config::parse(Path::new(FILE_NAME), &toml::to_string(&file).unwrap()).unwrap();
    let unsaid = Config::parse(Path::new(FILE_NAME), "").unwrap();
    let resolved = |config| layers::resolve(Layer::default(), Layer::default(), Some(config)).unwrap();
    assert_eq!(resolved(&said), resolved(&unsaid));
    assert_eq!((said.retention, said.invalidation), (unsaid.retention, unsaid.invalidation));
    assert_eq!((said.exclude, said.written_rules), (unsaid.exclude, unsaid.written_rules));
}
