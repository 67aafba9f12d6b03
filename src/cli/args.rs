//! The command line: every flag with its help text.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

/// Publish static sites and React apps to a private S3 bucket behind CloudFront.
#[derive(Debug, Parser)]
#[command(
    name = "cruddur-site",
    version,
    max_term_width = 100,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Publish a build folder: upload what changed, invalidate what edges may hold
    Publish(Box<Publish>),
    /// Make everything a domain's site needs on AWS, or adopt and mend what is there
    Bootstrap(Box<Bootstrap>),
    /// Serve a local account's sites as CloudFront would
    Serve(Serve),
    /// Say what is wrong with a site, why it hurts, and what mends it
    Doctor(Box<Doctor>),
    /// Undo what bootstrap made
    Destroy(Box<Destroy>),
    /// Print what makes a shell complete commands and flags
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
}

/// `publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cruddur-site publish ./build --domain cruddur.com
  cruddur-site publish --dry-run               what would change, from cruddur-site.toml
  cruddur-site publish examples/site --local --serve")]
pub struct Publish {
    /// The build folder [default: found from the project, e.g. build/ or dist/]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: Option<PathBuf>,

    /// Where to publish.
    #[command(flatten)]
    pub target: Target,
    /// How to reach AWS.
    #[command(flatten)]
    pub connection: Connection,

    /// Show what would be done, and do nothing
    #[arg(long, short = 'n', help_heading = "What happens")]
    pub dry_run: bool,
    /// Ask before changing anything
    #[arg(long, help_heading = "What happens")]
    pub confirm: bool,
    /// Do not wait until every edge has forgotten old copies
    #[arg(long, help_heading = "What happens")]
    pub no_wait: bool,
    /// Stop when a page names a file that the build does not have
    #[arg(long, help_heading = "What happens")]
    pub strict: bool,
    /// Delete up to this share of the site's pages and assets, in percent [default: 50]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "What happens")]
    pub max_delete: Option<u8>,
    /// Delete objects below the prefix that cruddur-site did not put there, too
    #[arg(long, help_heading = "What happens")]
    pub delete_foreign: bool,
    /// Wait so many seconds for another publish to end; 0 fails at once
    #[arg(long, value_name = "SECONDS", default_value_t = 600, help_heading = "What happens")]
    pub lock_wait: u64,
    /// Stop after so many seconds, as Ctrl-C does [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "What happens")]
    pub timeout: Option<u64>,

    /// Publish source maps (*.map), too
    #[arg(long, help_heading = "Which files")]
    pub source_maps: bool,
    /// Leave out what matches this .gitignore-style pattern (may be repeated)
    #[arg(long, value_name = "PATTERN", help_heading = "Which files")]
    pub exclude: Vec<String>,
    /// Publish what matches this pattern although it looks like a secret (may be repeated)
    #[arg(long, value_name = "PATTERN", help_heading = "Which files")]
    pub allow: Vec<String>,
    /// Publish a folder without an index.html
    #[arg(long, help_heading = "Which files")]
    pub allow_no_index: bool,

    /// Print plan and result as JSON on standard output (docs/JSON.md)
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print only errors and the URL
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print every file
    #[arg(long, short, help_heading = "Output")]
    pub verbose: bool,
}

/// Where a site is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to")]
pub struct Target {
    /// The site's domain name: bucket and prefix are read from its distribution
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// The CloudFront distribution
    #[arg(long, value_name = "ID")]
    pub distribution: Option<String>,
    /// The S3 bucket
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// The folder in the bucket that is served
    #[arg(long, value_name = "PREFIX", requires = "bucket")]
    pub prefix: Option<String>,
    /// The configuration file [default: cruddur-site.toml, here or above]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Use the local account kept in DIR instead of AWS [default DIR: .cruddur-local]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".cruddur-local", value_hint = ValueHint::DirPath)]
    pub local: Option<PathBuf>,
    /// After publishing, serve the local account until Ctrl-C
    #[arg(long, requires = "local", conflicts_with = "dry_run")]
    pub serve: bool,
    /// The port to serve on [default: 8080, or a free one]
    #[arg(long, value_name = "PORT", requires = "serve")]
    pub port: Option<u16>,
}

/// How to reach AWS; what is not given is as every AWS tool has it.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub struct Connection {
    /// The profile of ~/.aws/config
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The bucket's region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Where AWS's services, or an S3-compatible store, are reached instead
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
}

/// `bootstrap`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cruddur-site bootstrap cruddur.com --dry-run      what it makes and costs
  cruddur-site bootstrap cruddur.com --dns manual   its DNS is at GoDaddy, say
  cruddur-site bootstrap cruddur.com --api '/api/*=api.internal.cruddur.com'
  cruddur-site bootstrap cruddur.localhost --local  a rehearsal without AWS

It can be repeated at will: what is as it shall be is left alone, and what was interrupted goes on.")]
pub struct Bootstrap {
    /// The site's domain name [default: the one in cruddur-site.toml]
    #[arg(value_name = "DOMAIN")]
    pub domain: Option<String>,

    /// Let www.DOMAIN redirect to DOMAIN, or, for www.DOMAIN, the name without it [default for domains right below a
    /// public suffix, such as cruddur.com]
    #[arg(long, conflicts_with = "no_www", help_heading = "The site")]
    pub www: bool,
    /// Make no such redirect
    #[arg(long, help_heading = "The site")]
    pub no_www: bool,
    /// One more name that serves the site as it is (may be repeated)
    #[arg(long, value_name = "NAME", help_heading = "The site")]
    pub alias: Vec<String>,
    /// Put *.DOMAIN on the certificate, too
    #[arg(long, help_heading = "The site")]
    pub wildcard: bool,
    /// How URLs become files [default: what is there, or what the build folder looks like, or spa]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "The site")]
    pub routing: Option<RoutingName>,
    /// Send a path to another server: '/api/*=api.internal.cruddur.com' (may be repeated)
    #[arg(long, value_name = "PATH=ORIGIN", help_heading = "The site")]
    pub api: Vec<String>,
    /// Let this repository's GitHub Actions publish: from the branch main unless another is named
    #[arg(long, value_name = "OWNER/REPO[@BRANCH|:ENVIRONMENT]", help_heading = "The site")]
    pub github: Option<String>,

    /// The distribution to adopt, where it cannot be found by the domain
    #[arg(long, value_name = "ID", help_heading = "What it is made of")]
    pub distribution: Option<String>,
    /// The bucket to make or adopt [default: what is there, or the domain's name with the account's
    /// number]
    #[arg(long, value_name = "NAME", help_heading = "What it is made of")]
    pub bucket: Option<String>,
    /// The folder in the bucket that is served [default: what is there, or live]
    #[arg(long, value_name = "PREFIX", help_heading = "What it is made of")]
    pub prefix: Option<String>,
    /// Encrypt the bucket with this key of KMS
    #[arg(long, value_name = "ARN", help_heading = "What it is made of")]
    pub kms_key: Option<String>,
    /// Days after which overwritten and deleted files are gone for good [default: what is there, or 30]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500), help_heading = "What it is made of")]
    pub old_versions: Option<u32>,
    /// The edges that serve: 100 is North America and Europe, all is everywhere [default: what is there, or 100]
    #[arg(long, value_enum, value_name = "CLASS", help_heading = "What it is made of")]
    pub price_class: Option<PriceClassName>,
    /// How to reach AWS.
    #[command(flatten)]
    pub connection: Connection,
    /// Use the local account kept in DIR instead of AWS [default DIR: .cruddur-local]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".cruddur-local", value_hint = ValueHint::DirPath, help_heading = "AWS")]
    pub local: Option<PathBuf>,

    /// Where the domain's records are kept: in Route 53, or elsewhere, where they are made by hand
    #[arg(long, value_enum, default_value_t = DnsName::Route53, help_heading = "DNS")]
    pub dns: DnsName,
    /// Make the hosted zone where it is missing ($0.50 a month)
    #[arg(long, help_heading = "DNS")]
    pub create_zone: bool,
    /// The DNS server to ask instead of this machine's: ADDRESS or ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS", help_heading = "DNS")]
    pub resolver: Option<String>,

    /// Show what would be done, and do nothing
    #[arg(long, short = 'n', help_heading = "What happens")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short, help_heading = "What happens")]
    pub yes: bool,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// The configuration file [default: cruddur-site.toml, here or above]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What happens")]
    pub config: Option<PathBuf>,

    /// Print plan and result as JSON on standard output (docs/JSON.md)
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print the site as a template for infrastructure as code, and do nothing
    #[arg(long, value_enum, value_name = "FORM", conflicts_with_all = ["json", "dry_run"], help_heading = "Output")]
    pub emit: Option<Emit>,
}

/// How long to wait for what AWS and the DNS do on their own.
#[derive(Debug, Args)]
#[command(next_help_heading = "What happens")]
pub struct Waiting {
    /// Minutes to wait for the certificate
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub certificate_wait: u64,
    /// Minutes to wait until every edge has the distribution
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    pub deployment_wait: u64,
    /// Minutes to wait until public DNS has the records
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub dns_wait: u64,
    /// Wait for nothing: stop where waiting is needed, for the next run to go on
    #[arg(long, conflicts_with_all = ["certificate_wait", "deployment_wait", "dns_wait"])]
    pub no_wait: bool,
}

/// `--routing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoutingName {
    /// A single-page app: one page for all URLs
    Spa,
    /// /about/ is about/index.html
    Folders,
    /// /about is about.html
    Files,
    /// A single-page app by custom error responses, without a function
    ErrorPages,
}

/// `--price-class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriceClassName {
    /// North America and Europe
    #[value(name = "100")]
    Class100,
    /// All but the dearest
    #[value(name = "200")]
    Class200,
    /// Everywhere
    All,
}

/// `--dns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DnsName {
    /// A public hosted zone of the account
    Route53,
    /// Elsewhere: the records are shown and waited for
    Manual,
}

/// `--emit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// A template for CloudFormation
    Cloudformation,
}

/// `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
It only looks. The exit status is 0 without problems, 3 with problems, 1 when doctor itself fails. docs/DOCTOR.md lists
everything it looks for.")]
pub struct Doctor {
    /// The site's domain name [default: the one in cruddur-site.toml]
    #[arg(value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// The distribution, where it cannot be found by the domain
    #[arg(long, value_name = "ID", help_heading = "What is examined")]
    pub distribution: Option<String>,
    /// Do not visit the site
    #[arg(long, help_heading = "What is examined")]
    pub no_visit: bool,
    /// The DNS server to ask instead of this machine's: ADDRESS or ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS", help_heading = "What is examined")]
    pub resolver: Option<String>,
    /// The configuration file [default: cruddur-site.toml, here or above]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What is examined")]
    pub config: Option<PathBuf>,
    /// How to reach AWS.
    #[command(flatten)]
    pub connection: Connection,
    /// Use the local account kept in DIR instead of AWS [default DIR: .cruddur-local]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".cruddur-local", value_hint = ValueHint::DirPath, help_heading = "AWS")]
    pub local: Option<PathBuf>,
    /// Print the report as JSON on standard output (docs/JSON.md)
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `destroy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Only what bootstrap made and tagged is deleted, and a bucket only when it is empty or with
--delete-content. It can be interrupted and repeated.")]
pub struct Destroy {
    /// The site's domain name [default: the one in cruddur-site.toml]
    #[arg(value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Delete the bucket with everything in it, old versions included
    #[arg(long, help_heading = "What happens")]
    pub delete_content: bool,
    /// Show what would be deleted, and do nothing
    #[arg(long, short = 'n', help_heading = "What happens")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short, help_heading = "What happens")]
    pub yes: bool,
    /// Minutes to wait until every edge has let go of the distribution
    #[arg(long, value_name = "MINUTES", default_value_t = 30, help_heading = "What happens")]
    pub deployment_wait: u64,
    /// The configuration file [default: cruddur-site.toml, here or above]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What happens")]
    pub config: Option<PathBuf>,
    /// The distribution, where it cannot be found by the domain
    #[arg(long, value_name = "ID", help_heading = "What it is made of")]
    pub distribution: Option<String>,
    /// The bucket, where the distribution that reads it is gone and it is not named like the domain
    #[arg(long, value_name = "NAME", help_heading = "What it is made of")]
    pub bucket: Option<String>,
    /// How to reach AWS.
    #[command(flatten)]
    pub connection: Connection,
    /// Use the local account kept in DIR instead of AWS [default DIR: .cruddur-local]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".cruddur-local", value_hint = ValueHint::DirPath, help_heading = "AWS")]
    pub local: Option<PathBuf>,
    /// Print plan and result as JSON on standard output (docs/JSON.md)
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The local account
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_value = ".cruddur-local", default_missing_value = ".cruddur-local", value_hint = ValueHint::DirPath)]
    pub local: PathBuf,
    /// The port [default: 8080, or a free one]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Print every request
    #[arg(long, short)]
    pub verbose: bool,
}

/// `completions`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = super::completions::INSTALLATION)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cruddur-site man | man -l -
  cruddur-site man --dir ~/.local/share/man/man1")]
pub struct Man {
    /// Write a page for every command into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

/// What was said of where the account is, to be said again: ` --local`, ` --profile shop`, or nothing.
pub fn account_flags(local: Option<&Path>, connection: &Connection) -> String {
    let local = local.map(|folder| match folder.to_str() {
        Some(".cruddur-local") => " --local".to_owned(),
        _ => format!(" --local {}", folder.display()),
    });
    let profile = connection.profile.as_ref().map(|profile| format!(" --profile {profile}"));
    let endpoint = connection.endpoint_url.as_ref().map(|url| format!(" --endpoint-url {url}"));
    [local, profile, endpoint].into_iter().flatten().collect()
}
