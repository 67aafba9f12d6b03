//! Viewer-request functions, run as CloudFront runs them: the real JavaScript, in an engine of its own thread.

use std::{
    cell::Cell,
    collections::HashMap,
    rc::Rc,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, header};
use rquickjs::{CatchResultExt as _, CaughtError, Context, Ctx, Function, Persistent, Runtime, Value as Js};
use serde_json::{Map, Value, json};

use crate::setup::observed::Distribution;

/// How long one call may take. CloudFront allows less than a millisecond; here machines are busy and the engine
/// interprets, so that this only ends what would not end by itself.
const MOST_TIME: Duration = Duration::from_secs(1);
/// The memory a function may use beside its code (CloudFront Developer Guide, "Quotas": 2 MB).
const MOST_MEMORY: usize = 2 << 20;
/// Functions that are kept ready.
const MOST_LOADED: usize = 32;

/// Calls the function; its `RAW` is the query as it came. CloudFront has `console`, and neither `eval` nor timers.
const DRIVER: &str = r"
globalThis.console = { log() {}, error() {} };
globalThis.eval = undefined;
(function (text, raw) {
  const event = JSON.parse(text);
  event.request.rawQueryString = function () { return raw; };
  if (typeof handler !== 'function') { throw new TypeError('there is no function named handler'); }
  const done = function (answer) { return JSON.stringify(answer === undefined ? null : answer); };
  const answer = handler(event);
  return answer && typeof answer.then === 'function' ? answer.then(done) : done(answer);
})
";

/// What a function did with a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Go on with this path and query.
    Request {
        /// The path, percent-encoded.
        uri: String,
        /// The query without `?`; `None` for none.
        query: Option<String>,
    },
    /// Answer this.
    Response {
        /// The status.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// It could not be run (CloudFront Developer Guide, "HTTP 503 status code (function execution error)").
    Failed(String),
    /// It ran, and what it returned is neither a request nor a response.
    Invalid(String),
}

struct Job {
    code: String,
    event: String,
    query: Option<String>,
    answer: mpsc::Sender<Result<String, String>>,
}

/// The engine. Its thread ends with it.
#[derive(Debug)]
pub(super) struct Engine {
    jobs: mpsc::Sender<Job>,
}

impl Engine {
    /// Starts the thread.
    pub(super) fn start() -> Self {
        let (jobs, received) = mpsc::channel();
        // Where no thread can be had, every call fails and says so.
        let _ = thread::Builder::new().name("viewer-functions".to_owned()).spawn(move || work(&received));
        Self { jobs }
    }

    /// Runs `code` for a request for `uri` that came to `distribution` under the name `host`.
    pub(super) fn run<B>(
        &self,
        code: &str,
        request: &Request<B>,
        uri: &str,
        distribution: &Distribution,
        host: &str,
    ) -> Outcome {
        let event = event(request, uri, distribution, host);
        let query = request.uri().query().map(str::to_owned);
        let (answer, answered) = mpsc::channel();
        let job = Job { code: code.to_owned(), event: event.to_string(), query: query.clone(), answer };
        let outcome = self.jobs.send(job).ok().and_then(|()| answered.recv().ok());
        match outcome {
            Some(Ok(text)) => read(&text, &event, query),
            Some(Err(reason)) => Outcome::Failed(reason),
            None => Outcome::Failed("the JavaScript engine does not run".to_owned()),
        }
    }
}

fn work(jobs: &mpsc::Receiver<Job>) {
    let mut loaded: HashMap<String, Loaded> = HashMap::new();
    while let Ok(job) = jobs.recv() {
        if loaded.len() >= MOST_LOADED && !loaded.contains_key(&job.code) {
            loaded.clear();
        }
        let answer = match loaded.get(&job.code) {
            Some(function) => function.call(job.event, job.query),
            None => Loaded::new(&job.code).and_then(|function| {
                let answer = function.call(job.event, job.query);
                loaded.insert(job.code, function);
                answer
            }),
        };
        // Who asked may be gone.
        let _ = job.answer.send(answer);
    }
}

/// One function's code, compiled, in a runtime of its own. The order of the fields is the order they are dropped in.
struct Loaded {
    run: Persistent<Function<'static>>,
    context: Context,
    runtime: Runtime,
    deadline: Rc<Cell<Option<Instant>>>,
}

impl Loaded {
    fn new(code: &str) -> Result<Self, String> {
        let told = |error: rquickjs::Error| error.to_string();
        let runtime = Runtime::new().map_err(told)?;
        let context = Context::full(&runtime).map_err(told)?;
        let deadline = Rc::new(Cell::new(Some(Instant::now() + MOST_TIME)));
        let until = deadline.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || until.get().is_some_and(|end| Instant::now() > end))));
        let run = context.with(|js| {
            let options = || {
                let mut options = rquickjs::context::EvalOptions::default();
                options.strict = true;
                options
            };
            js.eval_with_options::<(), _>(code, options()).catch(&js).map_err(|error| reason(&error))?;
            let run: Function<'_> = js.eval(DRIVER).catch(&js).map_err(|error| reason(&error))?;
            Ok::<_, String>(Persistent::save(&js, run))
        })?;
        let used = usize::try_from(runtime.memory_usage().malloc_size).unwrap_or(0);
        runtime.set_memory_limit(used + MOST_MEMORY);
        Ok(Self { run, context, runtime, deadline })
    }

    fn call(&self, event: String, query: Option<String>) -> Result<String, String> {
        self.deadline.set(Some(Instant::now() + MOST_TIME));
        let answer = self.context.with(|js| {
            let run = self.run.clone().restore(&js).map_err(|error| error.to_string())?;
            let answered = run.call::<_, Js<'_>>((event, query)).and_then(|answer| settle(&js, answer));
            answered.catch(&js).map_err(|error| reason(&error))
        });
        self.runtime.run_gc();
        match answer {
            Err(_) if self.deadline.get().is_some_and(|end| Instant::now() > end) => {
                Err(format!("it was still running after {} s", MOST_TIME.as_secs()))
            }
            answer => answer,
        }
    }
}

/// The text that the driver returned, at once or as a promise.
fn settle<'js>(js: &Ctx<'js>, answer: Js<'js>) -> rquickjs::Result<String> {
    use rquickjs::FromJs as _;
    match answer.as_promise() {
        Some(promise) => promise.finish(),
        None => String::from_js(js, answer),
    }
}

fn reason(error: &CaughtError<'_>) -> String {
    let text = match error {
        CaughtError::Exception(exception) => {
            let name = exception.as_object().get::<_, String>("name").unwrap_or_else(|_| "Error".to_owned());
            format!("{name}: {}", exception.message().unwrap_or_default())
        }
        other => other.to_string(),
    };
    text.trim().to_owned()
}

/// The event (CloudFront Developer Guide, "CloudFront Functions event structure"): nothing in it is decoded.
fn event<B>(request: &Request<B>, uri: &str, distribution: &Distribution, host: &str) -> Value {
    let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(54).collect();
    json!({
        "version": "1.0",
        "context": {
            "distributionDomainName": distribution.domain_name,
            "distributionId": distribution.id,
            "eventType": "viewer-request",
            "requestId": format!("{id}=="),
        },
        "viewer": { "ip": "127.0.0.1" },
        "request": {
            "method": request.method().as_str(),
            "uri": uri,
            "querystring": items(pairs(request.uri().query().unwrap_or_default(), '&')),
            "headers": headers(request.headers(), host),
            "cookies": cookies(request.headers()),
        },
    })
}

fn headers(headers: &HeaderMap, host: &str) -> Value {
    let given = headers.iter().filter(|(name, _)| !matches!(**name, header::HOST | header::COOKIE));
    let given = given.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    items(std::iter::once(("host".to_owned(), host.to_owned())).chain(given))
}

fn cookies(headers: &HeaderMap) -> Value {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    items(all.flat_map(|text| pairs(text, ';')))
}

fn pairs(text: &str, separator: char) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split(separator).map(str::trim).filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    })
}

/// Values by name; where a name comes again, the last value stands alone and all of them are listed beside it.
fn items(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut all: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in pairs {
        let item = json!({ "value": value });
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(item),
            None => all.push((name, vec![item])),
        }
    }
    let item = |(name, values): (String, Vec<Value>)| {
        let mut item = values.last().cloned().unwrap_or_default();
        if values.len() > 1 {
            item["multiValue"] = values.into();
        }
        (name, item)
    };
    all.into_iter().map(item).collect::<Map<_, _>>().into()
}

fn read(text: &str, event: &Value, query: Option<String>) -> Outcome {
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return Outcome::Invalid("it returned nothing".to_owned());
    };
    if !answer.is_object() {
        return Outcome::Invalid(format!("it returned {answer} and not the request or a response"));
    }
    if answer.get("statusCode").is_some() {
        return response(&answer);
    }
    match answer["uri"].as_str() {
        Some(uri) if uri.starts_with('/') => {
            let same = answer["querystring"] == event["request"]["querystring"];
            let query = if same { query } else { serialized(&answer["querystring"]) };
            Outcome::Request { uri: uri.to_owned(), query }
        }
        Some(uri) => Outcome::Invalid(format!("the request's uri is \"{uri}\", which does not begin with a /")),
        None => Outcome::Invalid("what it returned has neither a statusCode nor a uri".to_owned()),
    }
}

fn response(answer: &Value) -> Outcome {
    let Some(status) = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok()) else {
        return Outcome::Invalid(format!("the response's statusCode is {}", answer["statusCode"]));
    };
    if !(200..600).contains(&status) {
        return Outcome::Invalid(format!("the response's statusCode is {status}"));
    }
    let mut headers = Vec::new();
    for (name, item) in answer["headers"].as_object().into_iter().flatten() {
        if *name != name.to_ascii_lowercase() {
            return Outcome::Invalid(format!("the response's header {name} is not written in lower case"));
        }
        let values = item["multiValue"].as_array().cloned().unwrap_or_else(|| vec![item.clone()]);
        headers.extend(values.iter().filter_map(|one| Some((name.clone(), one["value"].as_str()?.to_owned()))));
    }
    let body = answer["body"].as_str().or_else(|| answer["body"]["data"].as_str()).unwrap_or_default();
    Outcome::Response { status, headers, body: body.to_owned() }
}

/// The query of a request whose parameters a function changed.
fn serialized(parameters: &Value) -> Option<String> {
    let one = |name: &str, item: &Value| match item["value"].as_str() {
        Some(value) if !value.is_empty() => format!("{name}={value}"),
        _ => name.to_owned(),
    };
    let pairs: Vec<String> = parameters
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(name, item)| {
            let values = item["multiValue"].as_array().cloned().unwrap_or_else(|| vec![item.clone()]);
            values.iter().map(|item| one(name, item)).collect::<Vec<_>>()
        })
        .collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}
