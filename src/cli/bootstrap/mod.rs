//! `bootstrap`: from arguments to a plan that is shown, agreed to and carried out.

mod asked;
mod document;
mod next;
mod parse;
mod steps;
mod tree;

use std::{sync::Arc, time::Instant};

pub(super) use asked::Asked;
pub(super) use steps::Steps;

use super::{
    args, ask,
    ask::Cannot,
    local::{Local, no_domain_for_account},
    print_json,
    stop::Stop,
    style::{BOLD, DIM, GOOD, WARN, hang, paint},
};
use crate::{
    aws::{Aws, Connection, missing_profile},
    bootstrap::{Limits, Outcome, Progress, Session, carry_out, observe},
    config::Region,
    dns::Resolver,
    error::{Error, ErrorKind, Result},
    publish::{World, interrupted_before},
    setup::{self, Observed, Plan, Site, cost, desired, policy},
};
use next::Written;

pub(super) async fn run(args: args::Bootstrap) -> Result<()> {
    let started = Instant::now();
    no_domain_for_account("bootstrap", args.domain.as_deref(), args.local.as_deref())?;
    let stop = Stop::listen();
    let asked = Asked::of(&args)?;
    let local = match &args.local {
        Some(folder) => Some(Local::start(folder).await?),
        None => None,
    };
    let steps = Arc::new(Steps::new());
    let session = session(&asked, local.as_ref(), asked.limits, steps.clone(), &stop).await;
    steps.under_way(&format!("looking for {}", asked.request.domain));
    let looked = tokio::select! {
        looked = look(&session, &asked) => looked,
        // So far nothing is changed, and nobody should have to wait for an answer that does not come.
        () = stop.token.cancelled() => Err(interrupted_before()),
    };
    steps.clear();
    let (site, observed) = known_profile(looked, &asked.connection).await?;
    if args.emit.is_some() {
        return emit(&site, &observed);
    }
    let plan = setup::plan::plan(site, &observed)?;
    let command = Command { args, asked, plan, observed, session, steps, started };
    command.show()?;
    if command.args.dry_run {
        let existing = command.observed.distribution.as_ref().filter(|_| !command.args.json);
        command.show_kms_statement(existing.map(|distribution| distribution.id.as_str()));
        return Ok(());
    }
    if !command.plan.is_empty() && !command.args.yes {
        let cannot = Cannot::without_yes("bootstrap needs --yes where nobody can be asked");
        if !ask::yes("Make this?", cannot, &command.session.stop).await? {
            return Err(Error::new(
                ErrorKind::Interrupted,
                "you did not agree, so nothing was changed",
                "change the flags, or run the same command again and answer y",
            ));
        }
    }
    command.carry_out().await
}

/// What works with the account: AWS, or the local one with its own DNS.
pub(super) async fn session(
    asked: &Asked,
    local: Option<&Local>,
    limits: Limits,
    progress: Arc<dyn Progress>,
    stop: &Stop,
) -> Session {
    let (connection, own_dns) = match local {
        Some(local) => {
            // The bucket may be in any region, of which the local account has them all.
            let region = asked.connection.region.clone();
            let connection = local.connection();
            (Connection { region: region.or(connection.region.clone()), ..connection }, Some(local.dns()))
        }
        None => (asked.connection.clone(), None),
    };
    Session {
        aws: Aws::connect(&connection).await,
        resolver: Resolver::new(asked.resolver.or(own_dns)),
        limits,
        world: World::default(),
        progress,
        stop: stop.token.clone(),
    }
}

/// An error of the credentials, told by the profile that is not there where that is the cause.
pub(super) async fn known_profile<T>(looked: Result<T>, connection: &Connection) -> Result<T> {
    match looked {
        Err(error) if error.kind() == ErrorKind::Credentials => {
            Err(missing_profile(connection.profile.as_deref()).await.unwrap_or(error))
        }
        looked => looked,
    }
}

async fn look(session: &Session, asked: &Asked) -> Result<(Site, Observed)> {
    let observed = observe(session, &asked.request, asked.routing).await?;
    let region: Region = session.aws.region().parse().map_err(|error: crate::config::InvalidValue| {
        Error::new(ErrorKind::Config, format!("the region of the AWS configuration {}", error.problem), error.next)
    })?;
    let site = desired::site(&asked.request, &observed, asked.routing, &region)?;
    Ok((site, observed))
}

struct Command {
    args: args::Bootstrap,
    asked: Asked,
    plan: Plan,
    observed: Observed,
    session: Session,
    steps: Arc<Steps>,
    started: Instant,
}

impl Command {
    fn show(&self) -> Result<()> {
        if self.args.json {
            return match self.args.dry_run {
                true => print_json(&document::of(&self.plan, &self.observed, true, None)),
                false => Ok(()),
            };
        }
        let width = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        out!("{}", tree::plan(&self.plan, width));
        for note in self.plan.notes.iter().chain(&self.own_notes()) {
            outln!("{} {}", paint(WARN, "note:"), hang(note, "note: ".len(), width));
        }
        outln!("{}", paint(DIM, hang(&cost::monthly(&self.plan).line, 0, width)));
        let site = &self.plan.site;
        if self.plan.is_empty() {
            outln!("{} {} is as it shall be: nothing to do", paint(GOOD, "✓"), paint(BOLD, &site.domain));
        } else if self.args.dry_run {
            let text = format!("{} would be made so; nothing was changed", site.domain);
            outln!("{}", hang(&text, 0, width));
        }
        Ok(())
    }

    /// What the policy of the site's key has to say; it names the distribution, so that has to be there.
    fn show_kms_statement(&self, distribution: Option<&str>) {
        let site = &self.plan.site;
        if let (Some(_), Some(id)) = (&site.kms_key, distribution) {
            let statement = policy::kms_statement(&site.distribution_arn(id));
            let title = paint(BOLD, "The key's policy needs this statement, or CloudFront cannot read:");
            outln!("\n{title}\n{statement:#}\n");
        }
    }

    /// What the flags left open, and how it was decided.
    fn own_notes(&self) -> Vec<String> {
        let named = self.args.github.as_deref().is_some_and(|text| text.contains(['@', ':']));
        let deployer = self.plan.site.deployer.as_ref().filter(|_| !named);
        deployer
            .map(|deployer| {
                let (owner, repository) = (&deployer.owner, &deployer.repository);
                format!(
                    "only runs on the branch {} of {owner}/{repository} may publish; name another with --github \
                     {owner}/{repository}@BRANCH",
                    parse::DEFAULT_BRANCH
                )
            })
            .into_iter()
            .collect()
    }

    async fn carry_out(self) -> Result<()> {
        let done = carry_out(&self.session, &self.plan, &self.observed).await;
        self.steps.clear();
        let mut outcome = done?;
        // The site is made, whatever becomes of the file.
        let written = next::write(&self.plan.site, &self.asked.project).unwrap_or_else(|error| {
            outcome.unfinished.push(error.to_string());
            Written::Failed
        });
        if self.args.json {
            let result =
                document::result(&self.plan, &outcome, &self.asked.project, self.started.elapsed().as_secs_f64());
            return print_json(&document::of(&self.plan, &self.observed, false, Some(result)));
        }
        self.sum_up(&outcome, &written);
        Ok(())
    }

    fn sum_up(&self, outcome: &Outcome, written: &Written) {
        let (site, project) = (&self.plan.site, &self.asked.project);
        let seconds = self.started.elapsed().as_secs_f64();
        if !self.plan.is_empty() {
            let place = self.place();
            outln!("{} {} is ready ({seconds:.0} s)", paint(GOOD, "✓"), paint(BOLD, place));
        }
        for unfinished in &outcome.unfinished {
            outln!("{} {unfinished}", paint(WARN, "note:"));
        }
        self.show_kms_statement(outcome.ids.distribution.as_deref());
        if let (Some(deployer), Some(role)) = (&site.deployer, &outcome.role) {
            let workflow = next::workflow(site, deployer, role, project);
            outln!("\n{}\n", paint(BOLD, "The workflow, for .github/workflows/publish.yml:"));
            outln!("{workflow}");
        }
        match written {
            Written::New(path) => outln!("  wrote {path}"),
            Written::AsItIs | Written::Failed => {}
            Written::Lacks(lines) => {
                let path = project.file.as_ref().map(|(path, _)| path.display().to_string()).unwrap_or_default();
                outln!("  for publish to find it, {path} has to say: {}", lines.join("; "));
            }
        }
        let command = next::publish_command(site, project, written, self.args.local.as_deref());
        outln!("  next: {}", paint(BOLD, command));
    }

    /// Where the site is.
    fn place(&self) -> String {
        match &self.args.local {
            Some(_) => format!("{} (local account)", self.plan.site.domain),
            None => format!("https://{}", self.plan.site.domain),
        }
    }
}

/// Prints the site as a template.
fn emit(site: &Site, observed: &Observed) -> Result<()> {
    use std::io::Write as _;
    let template = setup::template::cloudformation(site, observed)?;
    // A reader that has gone away is nothing to complain about.
    let _ = write!(std::io::stdout(), "{template}");
    Ok(())
}
