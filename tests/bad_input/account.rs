//! A local account and its public DNS, reached through the proxy as AWS would be, for `bootstrap` and `destroy`.

use std::time::{Duration, Instant};

use cruddur_site::{
    aws::{Aws, Connection, Zones},
    local::{ACCESS_KEY_ID, Account, ApiServer, DnsServer, REGION, SECRET_ACCESS_KEY},
    setup::observed::{Record, RecordData, Tags},
};
use tempfile::TempDir;

use crate::{
    program::{Program, Told},
    support::proxy::Proxy,
};

/// The domain that is bootstrapped.
pub const DOMAIN: &str = "cruddur.com";

/// The account, with a zone of [`DOMAIN`] unless told otherwise.
pub struct Owner {
    pub library: Account,
    pub proxy: Proxy,
    pub program: Program,
    pub dns: String,
    _folder: TempDir,
    _server: ApiServer,
    _dns: DnsServer,
}

impl Owner {
    /// With nothing in it.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = Account::open_with_delay(folder.path(), Duration::from_millis(1)).unwrap();
        let server = ApiServer::start(library.clone()).await.unwrap();
        let dns = DnsServer::start(library.clone()).await.unwrap();
        let proxy = Proxy::to(server.url()).await;
        let program = Program::new()
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .with("AWS_REGION", REGION)
            .with("AWS_ENDPOINT_URL", proxy.url());
        let address = dns.address().to_string();
        Self { library, proxy, program, dns: address, _folder: folder, _server: server, _dns: dns }
    }

    /// With the site of [`DOMAIN`].
    pub async fn bootstrapped() -> Self {
        let owner = Self::new().await;
        owner.bootstrap(DOMAIN, &["--yes", "--create-zone"]).await.is_success();
        owner.proxy.clear();
        owner
    }

    /// `bootstrap DOMAIN --json`, with the account's own DNS for all of DNS.
    pub async fn bootstrap(&self, domain: &str, more: &[&str]) -> Told {
        let first = ["bootstrap", domain, "--json", "--resolver", &self.dns];
        self.program.run(&[&first, more].concat()).await
    }

    /// `destroy DOMAIN --json`.
    pub async fn destroy(&self, domain: &str, more: &[&str]) -> Told {
        self.program.run(&[&["destroy", domain, "--json"], more].concat()).await
    }

    async fn zones(&self) -> Zones {
        let connection = Connection {
            profile: None,
            region: Some(REGION.into()),
            endpoint_url: Some(self.proxy.endpoint().into()),
            credentials: Some((ACCESS_KEY_ID.into(), SECRET_ACCESS_KEY.into())),
        };
        Aws::connect(&connection).await.zones()
    }

    /// Makes a zone that bears no tag of ours, and returns its id.
    pub async fn zone(&self, name: &str) -> String {
        let reference = format!("{:?}", Instant::now());
        self.zones().await.create(name, &reference, &Tags::new()).await.unwrap().id
    }

    /// Writes a record.
    pub async fn record(&self, zone: &str, name: &str, kind: &str, value: &str) {
        let data = RecordData::Values { values: vec![value.into()], ttl: 60 };
        let record = Record { name: name.into(), kind: kind.into(), data };
        self.zones().await.change(zone, &[], &[record]).await.unwrap();
    }
}
