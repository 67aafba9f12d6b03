//! A judge of JSON documents that is not ours: the jsonschema package of Python.

use std::process::Command;

use serde_json::{Value, json};

use super::{skip, venv};

const REQUIREMENTS: &str = include_str!("jsonschema-requirements.txt");

const JUDGE: &str = "\
import json, sys
from jsonschema import Draft7Validator
schema, documents = json.load(open(sys.argv[1], encoding='utf-8'))
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
print(json.dumps([validator.is_valid(document) for document in documents]))
";

/// Which of `documents` a schema of draft 7 takes. `None` where the judge cannot run: the test is then skipped.
///
/// # Panics
/// When the schema is none.
pub fn takes(schema: &Value, documents: &[Value]) -> Option<Vec<bool>> {
    let python = match venv::python("jsonschema", REQUIREMENTS) {
        Ok(python) => python,
        Err(reason) => {
            skip(format!("jsonschema: {reason}"));
            return None;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asked.json");
    std::fs::write(&file, json!([schema, documents]).to_string()).unwrap();
    let output = Command::new(python).args(["-c", JUDGE]).arg(file).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
