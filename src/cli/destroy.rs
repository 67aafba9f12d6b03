//! `destroy`: what bootstrap made is shown, agreed to twice, and taken away.

use std::{sync::Arc, time::Instant};

use serde_json::json;

use super::{
    args, ask,
    ask::Cannot,
    bootstrap::{Asked, Steps, known_profile, session},
    json,
    local::{Local, no_domain_for_account},
    print_json,
    stop::Stop,
    style::{BOLD, DIM, GONE, GOOD, hang, paint},
};
use crate::{
    bootstrap::{destroy, remains},
    error::{Error, ErrorKind, Result},
    publish::interrupted_before,
    setup::removal::{Removals, removals},
};

pub(super) async fn run(args: args::Destroy) -> Result<()> {
    let started = Instant::now();
    no_domain_for_account("destroy", args.domain.as_deref(), args.local.as_deref())?;
    let stop = Stop::listen();
    let asked = Asked::to_destroy(&args)?;
    let local = match &args.local {
        Some(folder) if !folder.exists() => return Err(no_account(folder)),
        Some(folder) => Some(Local::start(folder).await?),
        None => None,
    };
    let steps = Arc::new(Steps::new());
    let session = session(&asked, local.as_ref(), asked.limits, steps.clone(), &stop).await;
    let domain = asked.request.domain.clone();
    steps.under_way(&format!("looking for {domain}"));
    let looked = tokio::select! {
        looked = remains(&session, &asked.request) => looked,
        () = stop.token.cancelled() => Err(interrupted_before()),
    };
    steps.clear();
    let plan = removals(&known_profile(looked, &asked.connection).await?, args.delete_content);
    let document = |seconds: Option<f64>| {
        json!({
            "version": json::VERSION,
            "command": "destroy",
            "dryRun": args.dry_run,
            "domain": domain.as_str(),
            "plan": {
                "empty": plan.steps.is_empty(),
                "deletes": plan.steps.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "keeps": plan.kept.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
            },
            "result": seconds.map(|seconds| json!({ "seconds": seconds })),
        })
    };
    if args.json && args.dry_run {
        return print_json(&document(None));
    }
    if !args.json {
        show(&plan, domain.as_str(), args.dry_run);
    }
    if args.dry_run {
        return Ok(());
    }
    if !plan.steps.is_empty() && !args.yes {
        agreed(&plan, domain.as_str(), &session.stop).await?;
    }
    let destroyed = destroy(&session, &plan).await;
    steps.clear();
    destroyed?;
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        return print_json(&document(Some(seconds)));
    }
    if !plan.steps.is_empty() {
        outln!("{} {} is gone ({seconds:.0} s)", paint(GOOD, "✓"), paint(BOLD, domain));
    }
    Ok(())
}

fn no_account(folder: &std::path::Path) -> Error {
    let what = format!("there is no local account in {}", folder.display());
    Error::new(ErrorKind::NotFound, what, "name the folder of the account: --local DIR")
}

fn show(plan: &Removals, domain: &str, dry_run: bool) {
    const MARK: usize = 4;
    let width = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    outln!("{}", paint(BOLD, domain));
    for step in &plan.steps {
        outln!("  {} {}", paint(GONE, "-"), hang(&step.to_string(), MARK, width));
    }
    for (what, why) in &plan.kept {
        outln!("  {}", paint(DIM, format!("= {}", hang(&format!("{what} stays: {why}"), MARK, width))));
    }
    if plan.steps.is_empty() {
        outln!("nothing here was made by cruddur-site for {domain}: nothing to delete");
    } else if dry_run {
        outln!("would be deleted; nothing was changed");
    }
}

/// Asks twice: once for the list, once for the name, which nobody types by habit.
async fn agreed(plan: &Removals, domain: &str, stop: &tokio_util::sync::CancellationToken) -> Result<()> {
    const CANNOT: Cannot = Cannot::without_yes("destroy needs --yes where nobody can be asked");
    if !ask::yes("Delete this?", CANNOT, stop).await? {
        let what = "you did not agree, so nothing was deleted";
        return Err(Error::new(ErrorKind::Interrupted, what, "run the same command again and answer y to delete it"));
    }
    let what = if plan.deletes_content() { " with all its files" } else { "" };
    let typed =
        ask::line(&format!("Nothing brings it back. To delete it{what}, type {domain}: "), CANNOT, stop).await?;
    if typed.eq_ignore_ascii_case(domain) {
        return Ok(());
    }
    let what = format!("what you typed is not {domain}, so nothing was deleted");
    Err(Error::new(ErrorKind::Interrupted, what, format!("run the same command again and type {domain} to delete it")))
}
