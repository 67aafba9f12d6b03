//! The generated code against [`Routing::route`], in the embedded engine and under Node.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use regex::Regex;
use rquickjs::{Context, Function, Runtime};
use serde_json::{Value, json};

use super::*;
use crate::routing::Routed;

const PRIMARY: &str = "cruddur.com";
const REDIRECTS: [&str; 2] = ["www.cruddur.com", "Old.example"];
const ROUTINGS: [Option<Routing>; 4] = [None, Some(Routing::Spa), Some(Routing::Folders), Some(Routing::Files)];

/// Runs the function on many events given as JSON. With `RAW` in an event, its request has `rawQueryString`.
const DRIVER: &str = r"
function run(events) {
  return JSON.stringify(JSON.parse(events).map(function (event) {
    if ('RAW' in event) { event.request.rawQueryString = function () { return event.RAW === null ? undefined : event.RAW; }; }
    return handler(event);
  }));
}
";

fn in_engine(code: &str, events: &[Value]) -> Vec<Value> {
    let context = Context::full(&Runtime::new().unwrap()).unwrap();
    let answers: String = context.with(|js| {
        // CloudFront runs functions in strict mode.
        js.eval::<(), _>(format!("'use strict';\n{code}\n{DRIVER}\nglobalThis.run = run;")).unwrap();
        js.globals().get::<_, Function>("run").unwrap().call((json!(events).to_string(),)).unwrap()
    });
    serde_json::from_str(&answers).unwrap()
}

/// `None` where Node is missing, which is said aloud and not allowed under CI.
fn under_node(code: &str, events: &[Value]) -> Option<Vec<Value>> {
    let script =
        format!("'use strict';\n{code}\n{DRIVER}\nprocess.stdout.write(run(require('fs').readFileSync(0, 'utf8')));");
    let node = Command::new("node").args(["-e", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = node else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs node");
        writeln!(std::io::stderr(), "skipped: the function under node, which is not installed").unwrap();
        return None;
    };
    node.stdin.take().unwrap().write_all(json!(events).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "node refuses the function");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A viewer's request: host header, path, query with `?` or nothing.
type Asked = (String, String, Option<String>);

/// The event as CloudFront makes it (Developer Guide, "CloudFront Functions event structure"): values of a repeated
/// parameter are listed, the last one stands alone beside them. Nothing is decoded.
fn event((host, uri, query): &Asked, raw: bool) -> Value {
    let mut parsed = serde_json::Map::new();
    for pair in query.iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let item = parsed.entry(name).or_insert(Value::Null);
        let values = match (item["multiValue"].take(), item["value"].take()) {
            (Value::Array(values), _) => Some(values),
            (_, Value::Null) => None,
            (_, first) => Some(vec![json!({ "value": first })]),
        };
        *item = json!({ "value": value });
        if let Some(mut values) = values {
            values.push(json!({ "value": value }));
            item["multiValue"] = values.into();
        }
    }
    let mut event = json!({
        "version": "1.0",
        "context": {
            "distributionDomainName": "d111111abcdef8.cloudfront.net",
            "distributionId": "EDFDVBD6EXAMPLE",
            "eventType": "viewer-request",
            "requestId": "EXAMPLE"
        },
        "viewer": { "ip": "198.51.100.11" },
        "request": {
            "method": "GET",
            "uri": uri,
            "querystring": parsed,
            "headers": { "host": { "value": host }, "accept": { "value": "*/*" } },
            "cookies": {}
        }
    });
    if raw {
        event["RAW"] = json!(query);
    }
    event
}

/// What the function has to answer.
fn expected(routing: Option<Routing>, event: &Value, (host, uri, query): &Asked) -> Value {
    let redirect = |location: String| {
        let location = query.as_ref().map_or_else(|| location.clone(), |query| format!("{location}?{query}"));
        json!({
            "statusCode": 301,
            "statusDescription": "Moved Permanently",
            "headers": { "location": { "value": location }, "cache-control": { "value": "max-age=3600" } }
        })
    };
    let name = host.split(':').next().unwrap().trim_end_matches('.').to_ascii_lowercase();
    if REDIRECTS.iter().any(|redirect| redirect.eq_ignore_ascii_case(&name)) {
        let page = format!("/{}", uri.trim_start_matches('/'));
        return redirect(format!("https://{PRIMARY}{}", if page == "/index.html" { "/" } else { &page }));
    }
    let mut request = event["request"].clone();
    match routing.map(|routing| routing.route(uri)) {
        None => {}
        Some(Routed::Serve(path)) => request["uri"] = json!(path),
        Some(Routed::Redirect(path)) => return redirect(path),
    }
    request
}

fn table() -> Vec<Asked> {
    let hosts = [
        "cruddur.com",
        "www.cruddur.com",
        "WWW.Cruddur.com:443",
        "www.cruddur.com.",
        "old.example",
        "cruddur.com:8080",
    ];
    let uris = [
        "/",
        "",
        "/index.html",
        "/about",
        "/about/",
        "//evil.example/x",
        "/\\evil.example",
        "/a+b.css",
        "/c++",
        "/v1.2",
        "/archive.7z",
        "/john.doe",
        "/a.webmanifest",
        "/a.webmanifests",
        "/a.css.",
        "/.well-known/x",
        "/.well-known/",
        "/.well-knownx",
        "/CNAME",
        "/CNAME/",
        "/x/CNAME",
        "/apple-app-site-association",
        "/a.b/c",
        "/%C3%A9",
        "/a%2Fb.js",
        "/...",
        "/a.1",
        "/a.1b",
        "/é.é",
        "/it's",
        "/\"",
        "/$&",
    ];
    let queries = [None, Some("a=1&b=2"), Some("a=1&a=2&a=%20%26"), Some("flag"), Some("q=a+b&é=1")];
    let all = hosts.iter().flat_map(|host| uris.iter().map(move |uri| (host, uri)));
    let all = all.flat_map(|(host, uri)| queries.iter().map(move |query| (host, uri, query)));
    all.map(|(host, uri, query)| (host.to_string(), uri.to_string(), query.map(str::to_owned))).collect()
}

fn asked() -> impl Strategy<Value = Asked> {
    let host = "(www\\.|WWW\\.|)(cruddur\\.com|old\\.example)\\.?(:[0-9]{1,5})?";
    (host, "[/\\\\]{0,3}[ -~é./+]{0,24}", proptest::option::of("[a-d=&%+é]{0,20}"))
}

fn sample(count: usize) -> Vec<Asked> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| asked().new_tree(&mut runner).unwrap().current()).collect()
}

/// The answers are what they have to be; redirects of queries that only the parsed form tells are in `table` alone.
fn agrees(routing: Option<Routing>, cases: &[Asked], raw: bool, run: impl Fn(&str, &[Value]) -> Option<Vec<Value>>) {
    let events: Vec<_> = cases.iter().map(|asked| event(asked, raw)).collect();
    let Some(answers) = run(&code(routing, PRIMARY, &REDIRECTS), &events) else { return };
    assert_eq!(answers.len(), cases.len());
    for ((asked, event), answer) in cases.iter().zip(&events).zip(&answers) {
        assert_eq!(*answer, expected(routing, event, asked), "{routing:?} {asked:?}");
    }
}

#[test]
fn the_code_does_in_the_engine_what_route_says() {
    for routing in ROUTINGS {
        for raw in [false, true] {
            agrees(routing, &table(), raw, |code, events| Some(in_engine(code, events)));
        }
        agrees(routing, &sample(3000), true, |code, events| Some(in_engine(code, events)));
    }
}

#[test]
fn the_code_does_under_node_what_route_says() {
    for routing in ROUTINGS {
        for raw in [false, true] {
            agrees(routing, &table(), raw, under_node);
        }
        agrees(routing, &sample(3000), true, under_node);
    }
}

#[test]
fn a_request_without_host_is_served() {
    let mut event = event(&("x".into(), "/a.js".into(), None), false);
    event["request"]["headers"] = json!({});
    let [answer] = in_engine(&code(Some(Routing::Spa), PRIMARY, &REDIRECTS), &[event]).try_into().unwrap();
    assert_eq!(answer["uri"], "/a.js");
}

#[test]
fn names_stay_names_in_the_code() {
    let evil = "x\"];\n\u{2028}evil()//";
    let code = code(None, evil, &[evil]);
    assert!(code.lines().all(|line| !line.starts_with("evil")), "{code}");
    let mut event = event(&("other".into(), "/".into(), None), false);
    event["request"]["headers"]["host"]["value"] = json!(evil);
    let [answer] = in_engine(&code, &[event]).try_into().unwrap();
    assert_eq!(answer["headers"]["location"]["value"], format!("https://{evil}/"));
}

#[test]
fn the_code_says_whose_it_is_and_fits() {
    let most: Vec<String> = (0..20).map(|n| format!("{n}.{}", "x".repeat(240))).collect();
    let most: Vec<&str> = most.iter().map(String::as_str).collect();
    for routing in ROUTINGS {
        let code = code(routing, PRIMARY, &REDIRECTS);
        assert!(code.starts_with("// Made by cruddur-site for cruddur.com: "), "{code}");
        assert!(super::code(routing, most[0], &most).len() <= MOST_BYTES);
        assert_eq!(code, super::code(routing, PRIMARY, &REDIRECTS));
    }
}

/// Every word and every operator of the code is one that the guide's list of features has. The lists here are what the
/// code uses of it; a new word has to be looked up first.
#[test]
fn nothing_is_used_that_the_runtime_lacks() {
    // Comments, strings, and the three regular expressions.
    let literals = Regex::new(
        r#"//[^\n]*|'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|/\^\\/\+/|/\\\.\?\(:\[0-9\]\*\)\?\$/|/\\\.\(\?=[^\n]*\$/"#,
    )
    .unwrap();
    let words = "const else function if return typeof undefined handler event request redirect queryOf location query \
                 pairs item one name host page path headers value uri querystring multiValue rawQueryString statusCode \
                 statusDescription Object keys forEach push join split replace toLowerCase indexOf charAt length test";
    let words: BTreeSet<&str> = words.split_whitespace().collect();
    let operators: BTreeSet<&str> = "{ } ( ) [ ] . , ; : ? + - = === !== || >= >".split(' ').collect();
    let token = Regex::new(r"[A-Za-z_$][\w$]*|\d+|[{}()\[\].,;:]|[^\s\w{}()\[\].,;:]+").unwrap();
    for routing in ROUTINGS {
        let code = code(routing, PRIMARY, &REDIRECTS);
        let bare = literals.replace_all(&code, " ");
        for token in token.find_iter(&bare).map(|found| found.as_str()) {
            let known =
                token.bytes().all(|byte| byte.is_ascii_digit()) || words.contains(token) || operators.contains(token);
            assert!(known, "{token} in {bare}");
        }
        assert!(code.is_ascii());
    }
}
