//! The schema that editors read says of a configuration what the program says of it.

mod support;

use std::{fs, path::Path};

use cruddur_site::config::Config;
use serde_json::Value;
use support::jsonschema;

const RULE: &str = "[[rules]]\nmatch = \"*\"\n";

/// Configurations that are right.
const RIGHT: [&str; 17] = [
    "",
    "domain = \"Cruddur.com\"",
    "domain = \"www.xn--bcher-kva.de.\"",
    "distribution = \"E1A2B3C4D5E6F7\"",
    "bucket = \"My_Old.bucket\"\nprefix = \"/live/site/\"",
    "bucket = \"shop\"\nprefix = \"\"",
    "bucket = \"shop\"\nprefix = \"live/.cruddur-site\"",
    "directory = \"web/dist\"\nregion = \"eu-central-1\"\nprofile = \"my shop\"",
    "endpoint-url = \"http://127.0.0.1:9000\"",
    "routing = \"folders\"\nsource-maps = true\nexclude = [\"drafts/\", \"*.psd\"]\nstrict = true\nwait = false\nmax-delete = 0",
    "max-delete = 100\n[retention]\ndays = 0\nreleases = 1\n[invalidation]\nmax-paths = 3000",
    "[retention]\ndays = 3650\nreleases = 1000\n[invalidation]\nmax-paths = 1",
    "exclude = []\nrules = []",
    "[[rules]]\nmatch = \"/vendor/*\"\nclass = \"immutable\"\n[[rules]]\nmatch = \"docs/\"\nclass = \"page\"",
    "[[rules]]\nmatch = \"*.pdf\"\ncache-control = \"\"\ncontent-type = \" text/plain ; charset=utf-8\"\ncontent-encoding = \"gzip\"",
    "[[rules]]\nmatch = \"*\"\ncontent-language = \"de\"\ncontent-disposition = \"attachment; filename=\\\"a b.pdf\\\"\"",
    "[[rules]]\nmatch = \"*\"\n[rules.metadata]\nOwner = \"docs\"\nx-amz = \"\"",
];

/// Configurations that are wrong, each with a mistake of its own.
const WRONG: [&str; 61] = [
    "doman = \"a.com\"",
    "[extra]\nx = 1",
    "domain = 7",
    "domain = 1979-05-27",
    "domain = \"\"",
    "domain = \"https://a.com\"",
    "domain = \"a.com/\"",
    "domain = \"cruddur.com:8080\"",
    "domain = \"ann@cruddur.com\"",
    "domain = \"localhost\"",
    "domain = \"localhost.\"",
    "domain = \"-a.com\"",
    "domain = \"a-.com\"",
    "domain = \"a..com\"",
    "domain = \"my_app.cruddur.com\"",
    "domain = \"bücher.de\"",
    "domain = \"a.com..\"",
    "domain = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com\"",
    "distribution = \"d111.cloudfront.net\"",
    "distribution = \"E\"",
    "bucket = \"s3://b-1/live\"",
    "bucket = \"ab\"",
    "prefix = \"live\"",
    "bucket = \"shop\"\nprefix = \"a/../b\"",
    "bucket = \"shop\"\nprefix = \"..\"",
    "bucket = \"shop\"\nprefix = \"a/.\"",
    "bucket = \"shop\"\nprefix = \"a//b\"",
    "bucket = \"shop\"\nprefix = \"/.cruddur-site/\"",
    "bucket = \"shop\"\nprefix = \".cruddur-site/a\"",
    "bucket = \"shop\"\nprefix = \"a\\u0007b\"",
    "directory = true",
    "region = \"eu central\"",
    "region = \"\"",
    "profile = \" \"",
    "profile = \"a\\tb\"",
    "endpoint-url = \"s3.example.com\"",
    "endpoint-url = \"ftp://s3.example.com\"",
    "routing = \"folder\"",
    "source-maps = 1",
    "wait = \"yes\"",
    "exclude = \"*.psd\"",
    "exclude = [1]",
    "max-delete = 101",
    "max-delete = -1",
    "max-delete = \"50%\"",
    "max-delete = 50.5",
    "retention = 3",
    "[retention]\nday = 3",
    "[retention]\ndays = -1",
    "[retention]\nreleases = 0",
    "[retention]\ndays = 3651",
    "[invalidation]\nmax-paths = 3001",
    "[invalidation]\nmax-paths = 0",
    "[rules]\nmatch = \"*\"",
    "[[rules]]\ncache-control = \"x\"",
    "[[rules]]\nmatch = \"//\"",
    "[[rules]]\nmatch = \"*\"\nclass = \"imutable\"",
    "[[rules]]\nmatch = \"*\"\ncache-contorl = \"no-store\"",
    "[[rules]]\nmatch = \"*\"\ncache-control = \"a\\nb\"",
    "[[rules]]\nmatch = \"*\"\ncontent-disposition = \"naïve\"",
    "[[rules]]\nmatch = \"*\"\ncontent-type = \"\"",
];

/// More that is wrong, within the rule that matches everything.
const WRONG_RULES: [&str; 5] = [
    "content-type = \"text\"",
    "content-type = \"text/plain/x\"",
    "metadata = { \"a b\" = \"x\" }",
    "metadata = { X-Amz-Meta-Owner = \"docs\" }",
    "metadata = { owner = 1 }",
];

/// What only the program can tell: wrong, though the schema takes it.
const BEYOND_A_SCHEMA: [(&str, &str); 7] = [
    ("a float that is whole is an integer to a schema", "max-delete = 50.0"),
    ("patterns cannot tell a glob", "[[rules]]\nmatch = \"a[\""),
    ("nor a line of a .gitignore", "exclude = [\"a[z-a]\"]"),
    ("nor a URL", "endpoint-url = \"http://a:b:c\""),
    (
        "names of metadata are the same in upper and lower case",
        "[[rules]]\nmatch = \"*\"\nmetadata = { a = \"1\", A = \"2\" }",
    ),
    (
        "a prefix ends in slashes that do not count, so its length cannot be limited",
        "bucket = \"shop\"\nprefix = \"LONG\"",
    ),
    (
        "the sizes of metadata are added up",
        "[[rules]]\nmatch = \"*\"\nmetadata = { a = \"LONG\", b = \"LONG\", c = \"LONG\", d = \"LONG\" }",
    ),
];

#[test]
fn schema_and_program_agree() {
    let rules: Vec<String> = WRONG_RULES.iter().map(|line| format!("{RULE}{line}")).collect();
    let beyond: Vec<String> = BEYOND_A_SCHEMA.iter().map(|(_, text)| text.replace("LONG", &"x".repeat(600))).collect();
    let right = RIGHT.iter().map(|text| (*text, true, true));
    let wrong = WRONG.iter().copied().chain(rules.iter().map(String::as_str)).map(|text| (text, false, false));
    let beyond = beyond.iter().map(|text| (text.as_str(), true, false));
    let cases: Vec<(&str, bool, bool)> = right.chain(wrong).chain(beyond).collect();

    for (text, _, expected) in &cases {
        let read = Config::parse(Path::new("cruddur-site.toml"), text);
        assert_eq!(read.is_ok(), *expected, "{text}\n{:?}", read.err());
    }
    let documents: Vec<Value> =
        cases.iter().map(|(text, ..)| json(&text.parse::<toml::Table>().unwrap().into())).collect();
    let Some(taken) = jsonschema::takes(&schema(), &documents) else { return };
    for ((text, expected, _), taken) in cases.iter().zip(taken) {
        assert_eq!(taken, *expected, "the schema of\n{text}");
    }
}

fn schema() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cruddur-site.schema.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// TOML as the plug-ins of editors hand it to a schema: a date is a text to them.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(switch) => (*switch).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}
