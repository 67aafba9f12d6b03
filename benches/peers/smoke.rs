//! The benchmark itself, tested by `cargo test`: a few files, no delay, nobody but cruddur-site.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Asked,
    cases::{self, Case},
    child, floor, report,
    results::Results,
    server::Server,
    store::{Entry, Headers, Object, Store},
    tools::Tool,
    workload::Workload,
};

/// Panics where something is not as it shall be.
pub fn run() {
    listings_are_in_order_and_go_on_where_they_ended();
    sites_are_the_same_each_time();
    a_round_trip_takes_its_time();
    memory_of_this_process_is_not_counted();
    a_small_site_is_measured();
    let _ = writeln!(std::io::stdout(), "the benchmark works");
}

fn listings_are_in_order_and_go_on_where_they_ended() {
    let mut store = Store::default();
    for key in ["b/2", "a", "b/1", "c/1/x", "b/3", "d"] {
        let object = Object {
            size: 1,
            etag: String::new(),
            modified: std::time::SystemTime::UNIX_EPOCH,
            headers: Headers::default(),
            sha256: None,
            bytes: None,
        };
        store.bucket("it").insert(key.to_owned(), object);
    }
    let mut listed = |prefix, delimiter, after, limit| {
        let (entries, more) = store.list("it", prefix, delimiter, after, limit);
        let names = entries.into_iter().map(|entry| match entry {
            Entry::Object(key, _) => key.to_owned(),
            Entry::CommonPrefix(prefix) => prefix,
        });
        (names.collect::<Vec<_>>().join(" "), more)
    };
    let told = |names: &str, more| (names.to_owned(), more);
    assert_eq!(listed("", None, "", 4), told("a b/1 b/2 b/3", true));
    assert_eq!(listed("", None, "b/3", 4), told("c/1/x d", false));
    assert_eq!(listed("b/", None, "b/1", 1), told("b/2", true));
    assert_eq!(listed("", Some("/"), "", 2), told("a b/", true));
    assert_eq!(listed("", Some("/"), "b/", 2), told("c/ d", false));
}

fn sites_are_the_same_each_time() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for workload in [Workload::App, Workload::Docs, Workload::Large] {
        let (site, changed) = (workload.site(0, 50), workload.site(1, 50));
        for folder in &folders {
            site.write(folder.path()).unwrap();
        }
        changed.rewrite(&site, folders[1].path()).unwrap();
        changed.rewrite(&site, folders[0].path()).unwrap();
        for path in changed.paths() {
            let [one, other] = [0, 1].map(|number: usize| std::fs::read(folders[number].path().join(path)).unwrap());
            assert_eq!(one, other, "{path}");
        }
        let touched = changed.paths().zip(workload.site(2, 50).paths()).filter(|(one, other)| one != other).count();
        assert_eq!(touched, usize::from(workload == Workload::App), "names with hashes change, others stay");
    }
}

/// A connection takes a round trip, and each request another one.
fn a_round_trip_takes_its_time() {
    let server = Server::start(60).unwrap();
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    for number in 1..3 {
        stream.write_all(b"GET /it/none HTTP/1.1\r\nhost: it\r\n\r\n").unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        let least = Duration::from_millis(60 * (number + 1));
        assert!(begun.elapsed() >= least, "{number} requests in {:?}", begun.elapsed());
    }
}

fn memory_of_this_process_is_not_counted() {
    let held = std::hint::black_box(vec![1_u8; 200 << 20]);
    let scratch = tempfile::tempdir().unwrap();
    let used = child::run(&mut child::measured(Path::new("true"), &scratch.path().join("said"))).unwrap();
    assert!(used.peak < 100 << 20, "{} bytes", used.peak);
    assert_eq!(held.len(), 200 << 20);
    let error = child::run(&mut child::measured(Path::new("false"), &scratch.path().join("said"))).unwrap_err();
    assert!(error.contains("ended with exit status: 1"), "{error}");
}

fn a_small_site_is_measured() {
    let asked = Asked {
        workloads: vec![Workload::Docs],
        cases: vec![Case::First, Case::Unchanged, Case::Fresh, Case::Changed, Case::Headers],
        tools: vec![Tool::CruddurSite],
        runs: 1,
        round_trip: 0,
        divide: 100,
        program: None,
        out: None,
    };
    let site = cases::measure(Workload::Docs, &asked).unwrap();
    assert_eq!(site.files, 100);
    let sent = |case, operation: &str| {
        let run = &site.runs(case, Tool::CruddurSite).expect("a run")[0];
        assert!(run.seen.refused.is_empty(), "{case:?}: {:?}", run.seen.refused);
        assert!(run.used.wall > 0.0 && run.used.cpu > 0.0 && run.used.peak > 1 << 20, "{case:?}: {run}");
        run.seen.requests.get(operation).copied().unwrap_or(0)
    };
    let state = sent(Case::First, "PutObject") - 100;
    assert!((2..10).contains(&state), "{state} state objects");
    // A draft has only what is new.
    let state = state - 1;
    let counts = [Case::Unchanged, Case::Fresh, Case::Changed, Case::Headers]
        .map(|case| (sent(case, "PutObject").saturating_sub(state), sent(case, "CopyObject")));
    // The one changed page, and then all pages.
    assert_eq!(counts, [(0, 0), (0, 0), (1, 0), (0, 62)]);

    let mut results = Results::default();
    results.replace(site);
    results.floor = Some(floor::measure(&Asked { runs: 1, ..asked }).unwrap());
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("BENCHMARKS.md"), report::empty("# Ours\n", "\nAlso ours\n")).unwrap();
    for _ in 0..2 {
        results.write(out.path()).unwrap();
        results = Results::read(out.path()).unwrap();
        report::write(&results, out.path()).unwrap();
    }
    let page = std::fs::read_to_string(out.path().join("BENCHMARKS.md")).unwrap();
    assert!(page.starts_with("# Ours\n") && page.ends_with("\nAlso ours\n"), "{page}");
    assert_eq!(page.matches("| first publish | cruddur-site |").count(), 1, "{page}");
    assert_eq!(page.matches("bare SDK").count(), 1, "{page}");
    let plot = std::fs::read_to_string(out.path().join("benchmarks.svg")).unwrap();
    assert!(plot.contains(">fresh checkout</text>"), "{plot}");
}
