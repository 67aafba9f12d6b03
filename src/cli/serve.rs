//! `serve`: a local account's sites in a browser.

use tokio_util::sync::CancellationToken;

use super::{
    args,
    stop::Stop,
    style::{BOLD, DIM, WARN, paint},
};
use crate::{
    error::{Error, ErrorKind, Result},
    local::{Account, edge::Edge},
};

pub(super) async fn run(args: args::Serve) -> Result<()> {
    if !args.local.exists() {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("there is no local account in {}", args.local.display()),
            "publish to it first: cruddur-site publish DIR --local",
        ));
    }
    let account = Account::open(&args.local)?;
    let stop = Stop::listen();
    serve(account, args.port, args.verbose, &stop.token, |line| outln!("{line}")).await
}

/// Serves every site of the account until `stop`, and tells where with `announce`.
pub(super) async fn serve(
    account: Account,
    port: Option<u16>,
    verbose: bool,
    stop: &CancellationToken,
    announce: impl Fn(&str),
) -> Result<()> {
    let distributions = account.distributions()?;
    let mut edge = Edge::new(account);
    if verbose {
        edge = edge.with_log(|line| {
            errln!("{} {} {} {}", line.status, line.method, line.path, paint(DIM, &line.x_cache));
        });
    }
    let server = edge.listen(port).await?;
    if distributions.is_empty() {
        errln!("{}: this account has no site yet: cruddur-site publish DIR --local", paint(WARN, "warning"));
    }
    for domain in distributions.iter().flat_map(|distribution| &distribution.aliases) {
        announce(&format!("serving {}", paint(BOLD, server.url_for(domain))));
    }
    errln!("{}", paint(DIM, "Ctrl-C stops"));
    stop.cancelled().await;
    server.shutdown().await;
    Ok(())
}
