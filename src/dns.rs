//! Questions to public DNS: is a zone delegated, has a record arrived, who may issue certificates.
//!
//! Every question goes to a name server anew. Nothing is kept, no search domain is tried, no hosts file is read and no
//! name is answered by this machine itself: what is told is what the server told at that moment. (A stub resolver of
//! the system answers names below `.localhost` on its own, and keeps that a record is missing; both would hide what is
//! asked for here.)

pub mod caa;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use hickory_resolver::system_conf::read_system_conf;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::error;

/// How long one answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How often every name server is asked.
const ATTEMPTS: usize = 2;

/// The longest answer over UDP that passes everywhere (DNS Flag Day 2020); longer ones come over TCP.
const MAX_DATAGRAM: u16 = 1232;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The name that this one is an alias of.
    Cname,
    /// Who may issue certificates.
    Caa,
    /// The name servers of a zone.
    Ns,
}

impl Kind {
    fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Caa => RecordType::CAA,
            Self::Ns => RecordType::NS,
        }
    }
}

/// What public DNS says. That something is missing and that nobody could be asked are never the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T = Vec<String>> {
    /// It is there.
    Found(T),
    /// It is not there.
    Missing(Missing),
    /// Nobody could be asked, or nobody would say; why, as a phrase.
    Unknown(String),
}

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The name, and every name below it.
    Name,
    /// Such records of the name, which exists.
    Records,
}

impl<T> Answer<T> {
    /// What was found.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing(_) | Self::Unknown(_) => None,
        }
    }
}

/// A zone and who serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The zone's name.
    pub zone: String,
    /// Its name servers in alphabetical order.
    pub name_servers: Vec<String>,
}

/// Asks name servers.
#[derive(Debug, Clone)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    /// Why there is no server.
    trouble: String,
}

impl Resolver {
    /// One that asks `server`, or those that this machine is configured to ask. A machine without any is told by every
    /// answer, not here.
    pub fn new(server: Option<SocketAddr>) -> Self {
        if let Some(server) = server {
            return Self { servers: vec![server], trouble: String::new() };
        }
        match read_system_conf() {
            Ok((config, _)) => {
                let addresses = config.name_servers().iter().flat_map(|server| {
                    server.connections.iter().map(|connection| SocketAddr::new(server.ip, connection.port))
                });
                let mut servers: Vec<_> = addresses.collect();
                servers.dedup();
                Self { servers, trouble: "this machine has no name server configured".to_owned() }
            }
            Err(error) => Self {
                servers: Vec::new(),
                trouble: format!("the name servers of this machine's configuration cannot be read: {error}"),
            },
        }
    }

    /// The records of `name`, at the end of its aliases. Addresses are as Rust writes them, names in lower case without
    /// a final dot, CAA records like `0 issue "amazon.com"`; in alphabetical order.
    pub async fn lookup(&self, name: &str, kind: Kind) -> Answer {
        values(self.ask(name, kind).await, |_| true)
    }

    /// The closest zone at or above `name`, with the name servers it is delegated to. A top-level domain is a zone, too:
    /// it is what is left of a name that nobody has registered.
    pub async fn delegation(&self, name: &str) -> Answer<Delegation> {
        let mut zone = Some(plain(name));
        while let Some(name) = zone {
            // The servers of the name that this one is an alias of say nothing about this one's zone.
            let own = |owner: &str| owner == name;
            match values(self.ask(&name, Kind::Ns).await, own) {
                Answer::Found(name_servers) => return Answer::Found(Delegation { zone: name, name_servers }),
                Answer::Missing(_) => zone = parent(&name),
                Answer::Unknown(why) => return Answer::Unknown(why),
            }
        }
        Answer::Missing(Missing::Name)
    }

    /// The CAA records that hold for `name`: those of the closest name at or above it that has any (RFC 8659, 3).
    pub async fn caa(&self, name: &str) -> Answer {
        let mut next = Some(plain(name));
        while let Some(name) = next {
            match self.lookup(&name, Kind::Caa).await {
                Answer::Missing(_) => next = parent(&name),
                told => return told,
            }
        }
        Answer::Missing(Missing::Records)
    }

    /// Asks every server in turn, and once more, until one tells.
    async fn ask(&self, name: &str, kind: Kind) -> Answer<Vec<(String, String)>> {
        let query = match Name::from_ascii(name) {
            Ok(mut parsed) => {
                parsed.set_fqdn(true);
                Query::query(parsed, kind.record_type())
            }
            Err(error) => return Answer::Unknown(format!("{name} is no domain name: {error}")),
        };
        let mut why = self.trouble.clone();
        for server in std::iter::repeat_n(&self.servers, ATTEMPTS).flatten() {
            match exchange(*server, &query).await {
                Ok(message) => match tell(&message, kind) {
                    Answer::Unknown(code) => why = format!("the name server {server} answered {code}"),
                    told => return told,
                },
                Err(error) => why = format!("the name server {server} did not answer: {error}"),
            }
        }
        Answer::Unknown(why)
    }
}

/// What a name server's answer, as it came over the wire, says of records of a kind; `None` where it is no answer at all.
pub fn told(answer: &[u8], kind: Kind) -> Option<Answer> {
    let message = Message::from_vec(answer).ok()?;
    Some(values(tell(&message, kind), |_| true))
}

/// The records of a kind, each with its owner, or a code that says nothing of them.
fn tell(message: &Message, kind: Kind) -> Answer<Vec<(String, String)>> {
    match message.metadata.response_code {
        ResponseCode::NoError => {
            let records = read(message, kind.record_type());
            if records.is_empty() { Answer::Missing(Missing::Records) } else { Answer::Found(records) }
        }
        ResponseCode::NXDomain => Answer::Missing(Missing::Name),
        code => Answer::Unknown(code.to_string()),
    }
}

/// Sends a question and waits for its answer, over UDP and, where that is too short, over TCP.
async fn exchange(server: SocketAddr, query: &Query) -> std::io::Result<Message> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(query.clone());
    let mut edns = Edns::new();
    edns.set_max_payload(MAX_DATAGRAM);
    message.set_edns(edns);
    let bytes = message.to_vec().map_err(std::io::Error::other)?;
    let limited = async |work: &mut (dyn Future<Output = std::io::Result<Message>> + Send + Unpin)| {
        timeout(TIMEOUT, work).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    };
    let answer = limited(&mut Box::pin(over_udp(server, &bytes, &message))).await?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    limited(&mut Box::pin(over_tcp(server, &bytes, &message))).await
}

async fn over_udp(server: SocketAddr, bytes: &[u8], question: &Message) -> std::io::Result<Message> {
    let any = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind::<SocketAddr>(any).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // Anything else is noise, or somebody who guesses.
        if let Ok(answer) = Message::from_vec(&buffer[..length])
            && answers(&answer, question)
        {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, bytes: &[u8], question: &Message) -> std::io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await?;
    let answer = Message::from_vec(&buffer).map_err(std::io::Error::other)?;
    if !answers(&answer, question) {
        return Err(std::io::Error::other("it answered another question"));
    }
    Ok(answer)
}

fn answers(answer: &Message, question: &Message) -> bool {
    let kind = answer.metadata.message_type == hickory_proto::op::MessageType::Response;
    kind && answer.metadata.id == question.metadata.id && answer.queries == question.queries
}

/// The records of one type: owner and value.
fn read(message: &Message, kind: RecordType) -> Vec<(String, String)> {
    let of_kind = message.answers.iter().filter(|record| record.record_type() == kind);
    of_kind.filter_map(|record| Some((text(&record.name), value(&record.data)?))).collect()
}

fn value(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(address) => address.to_string(),
        RData::AAAA(address) => address.to_string(),
        RData::CNAME(name) => text(&name.0),
        RData::NS(name) => text(&name.0),
        // Any bytes may stand in it, and people are shown it.
        RData::CAA(caa) => {
            error::plain(&format!("{} {} \"{}\"", caa.flags(), caa.tag, String::from_utf8_lossy(&caa.value)))
        }
        _ => return None,
    })
}

fn text(name: &Name) -> String {
    plain(&name.to_ascii())
}

/// In lower case, without the final dot, and without the wildcard in front.
fn plain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name.strip_prefix("*.").map(ToOwned::to_owned).unwrap_or(name)
}

fn parent(name: &str) -> Option<String> {
    name.split_once('.').map(|(_, parent)| parent.to_owned())
}

/// The values of those owners; where there are none, the name has no such records of its own.
fn values(answer: Answer<Vec<(String, String)>>, owner: impl Fn(&str) -> bool) -> Answer {
    match answer {
        Answer::Found(records) => {
            let mut values: Vec<_> =
                records.into_iter().filter(|(name, _)| owner(name)).map(|(_, text)| text).collect();
            values.sort();
            if values.is_empty() { Answer::Missing(Missing::Records) } else { Answer::Found(values) }
        }
        Answer::Missing(missing) => Answer::Missing(missing),
        Answer::Unknown(why) => Answer::Unknown(why),
    }
}
