//! Public DNS, as far as the account has to do with it: a name server on a loopback port.

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{Name, RData, Record, rdata},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::{JoinHandle, JoinSet},
};

use crate::{Error, ErrorKind, Result};

use super::{
    Account, Fault,
    route53::{
        names::canonical,
        public::{self, Outcome, PublicDns},
        values,
    },
};

/// How often another port is tried when the one that UDP got is not free for TCP.
const MAX_TRIES: usize = 20;

/// A name server that answers from the account's delegated zones, on a free port of 127.0.0.1 until dropped.
///
/// It stands for all of public DNS, so it answers like a resolver that others run: aliases are followed within the
/// account, distributions have the addresses of this machine, and names that the account knows nothing of do not exist.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl DnsServer {
    /// Starts to listen, over UDP and TCP.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when no port of the loopback interface is free.
    pub async fn start(account: Account) -> Result<Self> {
        let (socket, listener, address) = bind().await.map_err(|error| {
            Error::new(
                ErrorKind::Io,
                "the local name server could not listen on 127.0.0.1",
                "check that programs may open loopback ports here",
            )
            .because(error)
        })?;
        let tasks =
            [tokio::spawn(serve_datagrams(account.clone(), socket)), tokio::spawn(serve_streams(account, listener))];
        Ok(Self { address, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn bind() -> std::io::Result<(UdpSocket, TcpListener, SocketAddr)> {
    let mut tries = 0;
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok((socket, listener, address)),
            Err(error) if tries == MAX_TRIES => return Err(error),
            Err(_) => tries += 1,
        }
    }
}

async fn serve_datagrams(account: Account, socket: UdpSocket) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        // An error is one of an earlier answer's receiver, who is gone.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        let most = usize::from(question.max_payload());
        let Some(answer) = answer(&account, question).await else { continue };
        let bytes = match answer.to_vec() {
            Ok(bytes) if bytes.len() > most => answer.truncate().to_vec(),
            bytes => bytes,
        };
        if let Ok(bytes) = bytes {
            // Whoever does not get it asks again.
            let _ = socket.send_to(&bytes, client).await;
        }
    }
}

async fn serve_streams(account: Account, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => drop(connections.spawn(serve_stream(account.clone(), stream))),
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One question after the other, each with its length before it; the client ends it.
async fn serve_stream(account: Account, mut stream: TcpStream) {
    while let Ok(length) = stream.read_u16().await {
        let mut buffer = vec![0; usize::from(length)];
        if stream.read_exact(&mut buffer).await.is_err() {
            return;
        }
        let Ok(question) = Message::from_vec(&buffer) else { return };
        let Some(answer) = answer(&account, question).await else { return };
        let Ok(bytes) = answer.to_vec() else { return };
        let Ok(length) = u16::try_from(bytes.len()) else { return };
        if stream.write_all(&[&length.to_be_bytes(), &*bytes].concat()).await.is_err() {
            return;
        }
    }
}

/// The answer to a question; none to what is no question.
async fn answer(account: &Account, question: Message) -> Option<Message> {
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let refused = Message::error_msg(question.metadata.id, question.metadata.op_code, ResponseCode::NotImp);
    let [query] = question.queries.as_slice() else { return Some(refused) };
    if question.metadata.op_code != OpCode::Query {
        return Some(refused);
    }
    let mut message = Message::response(question.metadata.id, OpCode::Query);
    message.metadata.recursion_desired = question.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.add_query(query.clone());
    let (name, kind) = (query.name().to_ascii(), query.query_type().to_string());
    let found = match canonical(&name) {
        Ok(name) => {
            let account = account.clone();
            let looked = tokio::task::spawn_blocking(move || {
                account.db().read(|tx| Ok::<_, Fault>(PublicDns::of(tx)?.resolve(&name, &kind)))
            });
            looked.await.ok().and_then(std::result::Result::ok)
        }
        // The root, or a name that no zone can have.
        Err(_) => Some(public::Answer { outcome: Outcome::NoName, records: Vec::new(), authority: None }),
    };
    message.metadata.response_code = match found.as_ref().map(|found| found.outcome) {
        Some(Outcome::Found | Outcome::NoData) => ResponseCode::NoError,
        Some(Outcome::NoName) => ResponseCode::NXDomain,
        Some(Outcome::Loop) | None => ResponseCode::ServFail,
    };
    if let Some(found) = found {
        message.add_answers(found.records.iter().filter_map(record));
        message.add_authorities(found.authority.iter().filter_map(record));
    }
    Some(message)
}

/// The record in DNS's own form; none for types that nobody asks this server for.
fn record(record: &public::Record) -> Option<Record> {
    let name = absolute(&record.name)?;
    let value = record.value.as_str();
    let data = match record.kind.as_str() {
        "A" => RData::A(value.parse::<std::net::Ipv4Addr>().ok()?.into()),
        "AAAA" => RData::AAAA(value.parse::<std::net::Ipv6Addr>().ok()?.into()),
        "CNAME" => RData::CNAME(rdata::CNAME(absolute(value)?)),
        "NS" => RData::NS(rdata::NS(absolute(value)?)),
        "SOA" => RData::SOA(authority(value)?),
        "MX" => {
            let (preference, exchange) = values::mx(value)?;
            RData::MX(rdata::MX::new(preference, absolute(exchange)?))
        }
        "TXT" => {
            let strings = values::strings(value)?;
            RData::TXT(rdata::TXT::from_bytes(strings.iter().map(Vec::as_slice).collect()))
        }
        "CAA" => {
            let (flags, tag, value) = values::caa(value)?;
            let mut caa = rdata::CAA::new_issue(flags & 0x80 != 0, None, Vec::new());
            caa.reserved_flags = flags & 0x7f;
            tag.clone_into(&mut caa.tag);
            caa.value = value;
            RData::CAA(caa)
        }
        _ => return None,
    };
    Some(Record::from_rdata(name, record.ttl, data))
}

fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn authority(value: &str) -> Option<rdata::SOA> {
    let [server, mailbox, serial, refresh, retry, expire, minimum] =
        value.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    Some(rdata::SOA::new(
        absolute(server)?,
        absolute(mailbox)?,
        serial.parse().ok()?,
        refresh.parse().ok()?,
        retry.parse().ok()?,
        expire.parse().ok()?,
        minimum.parse().ok()?,
    ))
}
