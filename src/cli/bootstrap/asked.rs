//! Flags, environment and file, joined into what is asked of a bootstrap.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use super::parse;
use crate::{
    aws::Connection,
    bootstrap::Limits,
    cli::args::{self, DnsName, PriceClassName, RoutingName},
    config::{Config, DomainName, Layer, Region, RetentionDays},
    error::{Error, ErrorKind, Result},
    routing::Routing,
    setup::{
        Request,
        request::{Dns, PriceClass, SiteRouting},
    },
    site::{ObjectKey, framework::find_build},
};

/// Everything decided before the first request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the site shall be.
    pub request: Request,
    /// How URLs become files, where neither the owner nor the site says.
    pub routing: Routing,
    /// How to reach AWS.
    pub connection: Connection,
    /// How long to wait for what.
    pub limits: Limits,
    /// The DNS server to ask.
    pub resolver: Option<SocketAddr>,
    /// Where everything is of the project.
    pub project: Project,
}

/// The project's folder, and what is in it.
#[derive(Debug, Clone)]
pub struct Project {
    /// Where the configuration file is, or would be.
    pub folder: PathBuf,
    /// The configuration file, where there is one.
    pub file: Option<(PathBuf, Config)>,
    /// The build folder, where there is one.
    pub build: Option<PathBuf>,
}

impl Project {
    /// Finds the configuration file that is named, or the one of the folder, and the build.
    ///
    /// # Errors
    /// As [`Config::load`] and [`Config::find`].
    pub fn find(named: Option<&Path>) -> Result<Self> {
        let here = std::env::current_dir().map_err(|error| {
            Error::new(ErrorKind::Io, "the current folder is gone", "change to the project's folder").because(error)
        })?;
        let file = match named {
            Some(path) => Some((path.to_owned(), Config::load(path)?)),
            None => Config::find(&here)?,
        };
        let folder = file.as_ref().and_then(|(path, _)| path.parent()).filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(&here).to_owned();
        let named = file.as_ref().and_then(|(_, config)| config.directory.clone()).filter(|build| build.is_dir());
        // Without a build, or with several, the owner says later what is published.
        let build = named.or_else(|| find_build(&folder).ok().map(|found| found.folder));
        Ok(Self { folder, file, build })
    }

    /// How long the configuration file says that old files are kept, unless that is the default.
    fn retention_days(&self) -> Option<u32> {
        let days = self.file.as_ref()?.1.retention.days;
        (days != RetentionDays::default()).then(|| days.get())
    }

    /// The routing that the build was made for.
    fn routing(&self) -> Option<Routing> {
        let build = self.build.as_ref()?;
        let files = walkdir::WalkDir::new(build).into_iter().filter_map(Result::ok);
        let keys: BTreeSet<ObjectKey> = files
            .filter(|entry| entry.file_type().is_file())
            .filter_map(|entry| {
                ObjectKey::new(entry.path().strip_prefix(build).ok()?.to_str()?.replace('\\', "/")).ok()
            })
            .collect();
        Some(Routing::detect(&keys))
    }

    /// What the environment and the file say of the site of `domain`. What they say of another one is left out, but for
    /// how AWS is reached.
    fn layer(&self, domain: Option<&DomainName>) -> Result<Layer> {
        let environment = Layer::from_environment(|name| std::env::var_os(name))?;
        let file = self.file.as_ref().map(|(_, config)| config.layer()).unwrap_or_default();
        let about = |layer: Layer| match (&layer.domain, domain) {
            (Some(its), Some(asked)) if its != asked => Layer {
                profile: layer.profile,
                region: layer.region,
                endpoint_url: layer.endpoint_url,
                ..Layer::default()
            },
            _ => layer,
        };
        let (environment, file) = (about(environment), about(file));
        Ok(Layer {
            domain: environment.domain.or(file.domain),
            distribution: environment.distribution.or(file.distribution),
            bucket: environment.bucket.or(file.bucket),
            prefix: environment.prefix.or(file.prefix),
            region: environment.region.or(file.region),
            profile: environment.profile.or(file.profile),
            endpoint_url: environment.endpoint_url.or(file.endpoint_url),
            routing: environment.routing.or(file.routing),
            ..Layer::default()
        })
    }
}

impl Asked {
    /// What `bootstrap` is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] that names the flag whose value is wrong; [`ErrorKind::Config`] for the file or the environment.
    pub fn of(args: &args::Bootstrap) -> Result<Self> {
        let project = Project::find(args.config.as_deref())?;
        let named = args.domain.as_deref().map(|text| parse::domain("the domain", text)).transpose()?;
        let layer = project.layer(named.as_ref())?;
        let domain = named.or_else(|| layer.domain.clone()).ok_or_else(|| no_domain("bootstrap"))?;
        let asked_routing = args.routing.map(|routing| match routing {
            RoutingName::Spa => SiteRouting::Function(Routing::Spa),
            RoutingName::Folders => SiteRouting::Function(Routing::Folders),
            RoutingName::Files => SiteRouting::Function(Routing::Files),
            RoutingName::ErrorPages => SiteRouting::ErrorPages,
        });
        let given = |text: &Option<String>| text.clone();
        let request = Request {
            www: if args.www { Some(true) } else { args.no_www.then_some(false) },
            aliases: args.alias.iter().map(|text| parse::domain("--alias", text)).collect::<Result<_>>()?,
            wildcard: args.wildcard,
            distribution: flag("--distribution", &args.distribution)?.or(layer.distribution.clone()),
            bucket: flag("--bucket", &args.bucket)?.or(layer.bucket.clone()),
            prefix: flag("--prefix", &args.prefix)?.or(layer.prefix.clone()),
            region: flag("--region", &args.connection.region)?.or(layer.region.clone()),
            kms_key: given(&args.kms_key).as_deref().map(parse::kms_key).transpose()?,
            retention_days: args.old_versions.or_else(|| project.retention_days()),
            routing: asked_routing.or(layer.routing.map(SiteRouting::Function)),
            price_class: args.price_class.map(|class| match class {
                PriceClassName::Class100 => PriceClass::Class100,
                PriceClassName::Class200 => PriceClass::Class200,
                PriceClassName::All => PriceClass::All,
            }),
            dns: match args.dns {
                DnsName::Manual if args.create_zone => return Err(zone_and_manual()),
                DnsName::Manual => Dns::Manual,
                // Nobody registers domains below .localhost: a rehearsal's zone is always missing at first.
                DnsName::Route53 => Dns::Route53 { create_zone: args.create_zone || args.local.is_some() },
            },
            apis: apis(&args.api)?,
            deployer: args.github.as_deref().map(parse::deployer).transpose()?,
            domain,
        };
        let minutes = |minutes: u64| Duration::from_secs(if args.waiting.no_wait { 0 } else { minutes * 60 });
        Ok(Self {
            routing: project.routing().unwrap_or(Routing::Spa),
            connection: connection(&args.connection, &layer)?,
            limits: Limits {
                certificate: minutes(args.waiting.certificate_wait),
                deployment: minutes(args.waiting.deployment_wait),
                records: minutes(args.waiting.dns_wait),
                ..Limits::default()
            },
            resolver: args.resolver.as_deref().map(resolver).transpose()?,
            request,
            project,
        })
    }

    /// What `destroy` is asked: of the site as it is, with nothing wished for.
    ///
    /// # Errors
    /// As [`Asked::of`].
    pub fn to_destroy(args: &args::Destroy) -> Result<Self> {
        let project = Project::find(args.config.as_deref())?;
        let named = args.domain.as_deref().map(|text| parse::domain("the domain", text)).transpose()?;
        let layer = project.layer(named.as_ref())?;
        let domain = named.or_else(|| layer.domain.clone()).ok_or_else(|| no_domain("destroy"))?;
        let request = Request {
            distribution: flag("--distribution", &args.distribution)?.or(layer.distribution.clone()),
            bucket: flag("--bucket", &args.bucket)?.or(layer.bucket.clone()),
            prefix: layer.prefix.clone(),
            ..Request::only_look(domain)
        };
        let deployment = Duration::from_secs(args.deployment_wait * 60);
        Ok(Self {
            routing: Routing::Spa,
            connection: connection(&args.connection, &layer)?,
            limits: Limits { deployment, ..Limits::default() },
            resolver: None,
            request,
            project,
        })
    }

    /// What `doctor` is asked.
    ///
    /// # Errors
    /// As [`Asked::of`].
    pub fn to_examine(args: &args::Doctor) -> Result<Self> {
        let project = Project::find(args.config.as_deref())?;
        let named = args.domain.as_deref().map(|text| parse::domain("the domain", text)).transpose()?;
        let layer = project.layer(named.as_ref())?;
        let domain = named.or_else(|| layer.domain.clone()).ok_or_else(|| no_domain("doctor"))?;
        let request = Request {
            distribution: flag("--distribution", &args.distribution)?.or(layer.distribution.clone()),
            ..Request::only_look(domain)
        };
        Ok(Self {
            routing: Routing::Spa,
            connection: connection(&args.connection, &layer)?,
            limits: Limits::default(),
            resolver: args.resolver.as_deref().map(resolver).transpose()?,
            request,
            project,
        })
    }
}

fn flag<T: std::str::FromStr<Err = crate::config::InvalidValue>>(
    name: &str,
    text: &Option<String>,
) -> Result<Option<T>> {
    text.as_deref().map(|text| parse::value(name, text)).transpose()
}

fn connection(args: &args::Connection, layer: &Layer) -> Result<Connection> {
    let region: Option<Region> = flag("--region", &args.region)?.or(layer.region.clone());
    let profile: Option<crate::config::Profile> = flag("--profile", &args.profile)?.or(layer.profile.clone());
    let endpoint: Option<crate::config::EndpointUrl> =
        flag("--endpoint-url", &args.endpoint_url)?.or(layer.endpoint_url.clone());
    Ok(Connection {
        profile: profile.map(|profile| profile.to_string()),
        region: region.map(|region| region.to_string()),
        endpoint_url: endpoint.map(|url| url.to_string()),
        credentials: None,
    })
}

fn apis(texts: &[String]) -> Result<Vec<crate::setup::request::Api>> {
    let mut apis = Vec::new();
    for text in texts {
        let api = parse::api(text)?;
        if apis.iter().any(|other: &crate::setup::request::Api| other.path == api.path) {
            let what = format!("--api names the path {} twice", api.path);
            return Err(Error::new(ErrorKind::Input, what, "give each path one origin"));
        }
        apis.push(api);
    }
    Ok(apis)
}

/// `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT`.
fn resolver(text: &str) -> Result<SocketAddr> {
    const DNS: u16 = 53;
    let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS));
    address.or_else(|_| text.parse::<SocketAddr>()).map_err(|_| {
        let what = format!("--resolver is {text:?}, which is no address");
        Error::new(ErrorKind::Input, what, "write the server's address, such as 1.1.1.1 or 127.0.0.1:5353")
    })
}

fn no_domain(command: &str) -> Error {
    let next = format!(
        "name it: cruddur-site {command} cruddur.com; or write domain = \"cruddur.com\" into cruddur-site.toml"
    );
    Error::new(ErrorKind::Input, "nothing says which domain the site has", next)
}

fn zone_and_manual() -> Error {
    let what = "--create-zone makes a zone in Route 53, and --dns manual says that the DNS is kept elsewhere";
    Error::new(ErrorKind::Input, what, "give one of them")
}
