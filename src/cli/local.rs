//! `--local`: the embedded account in place of AWS, for one run.

use std::{net::SocketAddr, path::Path};

use crate::{
    aws::Connection,
    config::{DomainName, Target},
    error::{Error, ErrorKind, Result},
    local::{ACCESS_KEY_ID, Account, ApiServer, DnsServer, REGION, SECRET_ACCESS_KEY},
    routing::Routing,
};

/// The domain of a local site that was given none.
const DOMAIN: &str = "site.localhost";

/// Refuses a local account that would be published with the build it is in.
///
/// # Errors
/// [`ErrorKind::Input`] when it is in the `build` folder and its path there has no part that is left out as hidden.
pub fn keep_out_of(build: &Path, account: &Path) -> Result<()> {
    let (Ok(build), Ok(account)) = (build.canonicalize(), std::path::absolute(account)) else { return Ok(()) };
    let account = account.canonicalize().unwrap_or(account);
    let hidden = |part: std::path::Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
    match account.strip_prefix(&build) {
        Ok(inside) if !inside.components().any(hidden) => Err(Error::new(
            ErrorKind::Input,
            format!(
                "the local account {} is inside the build folder, and would be published with it",
                account.display()
            ),
            "keep it elsewhere: --local DIR, or plain --local for .cruddur-local",
        )),
        _ => Ok(()),
    }
}

/// Refuses a domain that `--local` took for the folder of the account: `bootstrap --local cruddur.localhost`.
///
/// # Errors
/// [`ErrorKind::Input`] with the order that is meant.
pub fn no_domain_for_account(command: &str, domain: Option<&str>, account: Option<&Path>) -> Result<()> {
    let name = account.filter(|folder| domain.is_none() && !folder.exists()).and_then(Path::to_str);
    match name.filter(|name| !name.starts_with('.') && name.parse::<DomainName>().is_ok()) {
        Some(name) => Err(Error::new(
            ErrorKind::Input,
            format!("no domain is given: --local took {name} for the folder of the account"),
            format!("write the domain first: cruddur-site {command} {name} --local"),
        )),
        None => Ok(()),
    }
}

/// A local account and its services.
pub struct Local {
    /// The account.
    pub account: Account,
    services: ApiServer,
    dns: DnsServer,
}

impl Local {
    /// Opens (or makes) the account in `folder` and starts its services on free loopback ports.
    pub async fn start(folder: &Path) -> Result<Self> {
        let account = Account::open(folder)?;
        Ok(Self {
            services: ApiServer::start(account.clone()).await?,
            dns: DnsServer::start(account.clone()).await?,
            account,
        })
    }

    /// Makes sure that what is published to is there, and returns it: the site of a domain, a bucket.
    pub fn prepare(&self, target: Option<Target>, routing: Routing) -> Result<Target> {
        let target = match target {
            Some(target) => target,
            None => Target::of_domain(DOMAIN.parse().map_err(|error: crate::config::InvalidValue| {
                Error::new(ErrorKind::Config, error.problem, error.next)
            })?),
        };
        if let Some(domain) = target.domain.as_ref().filter(|_| target.distribution.is_none()) {
            self.account.ensure_site(domain.as_str(), Some(routing))?;
        }
        if let Some(bucket) = &target.bucket {
            self.account.ensure_bucket(bucket.name.as_str())?;
        }
        Ok(target)
    }

    /// Where public DNS answers, as far as the account has to do with it.
    pub fn dns(&self) -> SocketAddr {
        self.dns.address()
    }

    /// How the AWS SDK reaches the account.
    pub fn connection(&self) -> Connection {
        Connection {
            profile: None,
            region: Some(REGION.into()),
            endpoint_url: Some(self.services.url().into()),
            credentials: Some((ACCESS_KEY_ID.into(), SECRET_ACCESS_KEY.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_was_taken_for_the_account_is_told() {
        let told = |domain, account: &str| no_domain_for_account("bootstrap", domain, Some(Path::new(account)));
        let error = told(None, "q.localhost").unwrap_err();
        assert!(error.next().ends_with("cruddur-site bootstrap q.localhost --local"), "{error}");
        assert!(told(Some("q.localhost"), "account.d").is_ok());
        for folder in [".cruddur-local", "account", "../q.localhost"] {
            assert!(told(None, folder).is_ok(), "{folder}");
        }
    }
}
