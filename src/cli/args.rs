//! The command line: every flag with its help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

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
    /// Serve a local account's sites as CloudFront would
    Serve(Serve),
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
    #[arg(long, requires = "local")]
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
    /// The endpoint of an S3-compatible store
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
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
