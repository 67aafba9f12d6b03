//! `doctor`: from arguments to evidence, and from findings to words.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use serde_json::json;

use super::{
    actions::Actions,
    args,
    bootstrap::{Asked, Steps, known_profile, session},
    json,
    local::{Local, no_domain_for_account},
    print_json,
    stop::Stop,
    style::{self, BAD, BOLD, DIM, GOOD, WARN, paint},
};
use crate::{
    doctor::{Area, Examination, Finding, Report, Severity, examine, gather},
    error::{Error, ErrorKind, Result},
    github::command::{Annotation, Level, inert},
    local::edge::Edge,
    publish::interrupted_before,
};

/// The exit status that tells problems from none.
const PROBLEMS: u8 = 3;

pub(super) async fn run(args: args::Doctor, actions: &Actions) -> Result<ExitCode> {
    no_domain_for_account("doctor", args.domain.as_deref(), args.local.as_deref())?;
    let stop = Stop::listen();
    let asked = Asked::to_examine(&args)?;
    let local = match &args.local {
        Some(folder) if !folder.exists() => {
            let what = format!("there is no local account in {}", folder.display());
            return Err(Error::new(ErrorKind::NotFound, what, "name the folder of the account: --local DIR"));
        }
        Some(folder) => Some(Local::start(folder).await?),
        None => None,
    };
    // A local site is visited at an edge of its own, as long as the examination lasts.
    let edge = match &local {
        Some(local) if !args.no_visit => Some(Edge::new(local.account.clone()).listen(Some(0)).await?),
        _ => None,
    };
    let steps = Arc::new(Steps::new());
    let session = session(&asked, local.as_ref(), asked.limits, steps.clone(), &stop).await;
    let examination = Examination {
        session: &session,
        request: &asked.request,
        flags: args::account_flags(args.local.as_deref(), &args.connection),
        visit: !args.no_visit,
        rehearsal: edge.as_ref().map(|edge| SocketAddr::from(([127, 0, 0, 1], edge.port()))),
    };
    let domain = asked.request.domain.as_str();
    steps.under_way(&format!("examining {domain}"));
    let gathered = tokio::select! {
        gathered = gather(&examination) => gathered,
        () = stop.token.cancelled() => Err(interrupted_before()),
    };
    steps.clear();
    let report = examine(&known_profile(gathered, &asked.connection).await?);
    if args.json {
        print_json(&document(domain, &report))?;
    } else {
        let width = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        super::print(&inert(&text(domain, &report, width))).map_err(|error| {
            Error::new(ErrorKind::Io, "the report could not be written", "check where standard output goes")
                .because(error)
        })?;
    }
    actions.annotate(&report.findings.iter().map(annotation).collect::<Vec<_>>());
    if let Some(edge) = edge {
        edge.shutdown().await;
    }
    Ok(if report.has_problems() { ExitCode::from(PROBLEMS) } else { ExitCode::SUCCESS })
}

fn annotation(finding: &Finding) -> Annotation {
    let level = match finding.severity {
        Severity::Problem => Level::Error,
        Severity::Advice => Level::Warning,
    };
    let message = format!("{}\nwhy: {}\nmend: {}", finding.seen, finding.hurts, finding.fix);
    Annotation { level, title: format!("cruddur-site doctor: {}", finding.id), place: None, message }
}

/// The report as a person reads it, wrapped to `width` where there is one.
pub(super) fn text(domain: &str, report: &Report, width: Option<usize>) -> String {
    let mut lines = vec![format!("{}", paint(BOLD, domain))];
    for area in Area::ALL {
        let findings: Vec<&Finding> = report.findings.iter().filter(|one| one.area == area).collect();
        let sound: Vec<&str> =
            report.sound.iter().filter(|(known, _)| *known == area).map(|(_, phrase)| phrase.as_str()).collect();
        let unchecked: Vec<_> = report.unchecked.iter().filter(|one| one.area == area).collect();
        if findings.is_empty() && sound.is_empty() && unchecked.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("{} {}", mark(&findings, sound.is_empty()), paint(BOLD, area.title())));
        lines.extend(sound.iter().map(|phrase| format!("    {}", paint(DIM, style::hang(phrase, 4, width)))));
        for one in unchecked {
            let text = format!("not looked at: {}: {}", one.what, one.why);
            lines.push(format!("  {} {}", paint(WARN, "?"), style::hang(&text, 4, width)));
        }
        for finding in findings {
            lines.extend(told(finding, width));
        }
    }
    lines.push(String::new());
    lines.push(sum(report));
    lines.join("\n") + "\n"
}

fn mark(findings: &[&Finding], nothing_sound: bool) -> String {
    match findings.iter().map(|finding| finding.severity).min() {
        Some(Severity::Problem) => paint(BAD, "✗"),
        Some(Severity::Advice) => paint(WARN, "!"),
        None if nothing_sound => paint(WARN, "?"),
        None => paint(GOOD, "✓"),
    }
}

fn told(finding: &Finding, width: Option<usize>) -> Vec<String> {
    let mark = match finding.severity {
        Severity::Problem => paint(BAD, "✗"),
        Severity::Advice => paint(WARN, "!"),
    };
    let seen = format!("{} [{}]", finding.seen, finding.id);
    vec![
        format!("  {mark} {}", style::hang(&seen, 4, width)),
        format!("    {}{}", paint(DIM, "why:  "), style::hang(&finding.hurts, 10, width)),
        format!("    {}{}", paint(BOLD, "mend: "), style::hang(&finding.fix, 10, width)),
    ]
}

fn sum(report: &Report) -> String {
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    let (problems, advice) = (of(Severity::Problem), of(Severity::Advice));
    let mut parts = match problems {
        0 => vec![paint(GOOD, "no problems")],
        some => vec![paint(BAD, style::count(some, "problem"))],
    };
    if advice > 0 {
        parts.push(format!("{advice} that could be better"));
    }
    if !report.unchecked.is_empty() {
        parts.push(format!("{} not looked at", report.unchecked.len()));
    }
    parts.join(", ")
}

/// The report as a document.
pub(super) fn document(domain: &str, report: &Report) -> serde_json::Value {
    json!({
        "version": json::VERSION,
        "command": "doctor",
        "domain": domain,
        "problems": report.has_problems(),
        "findings": report.findings,
        "sound": report.sound.iter().map(|(area, what)| json!({ "area": area, "what": what })).collect::<Vec<_>>(),
        "unchecked": report.unchecked,
    })
}
