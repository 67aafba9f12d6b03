//! Public DNS for a story: a name server on loopback that says what the story tells it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{Name, RData, Record, rdata},
};
use tokio::{net::UdpSocket, task::JoinHandle};

type Records = Arc<Mutex<HashMap<(String, &'static str), Vec<String>>>>;

/// A name server on a free port of 127.0.0.1, until it is dropped.
pub struct NameServer {
    address: SocketAddr,
    records: Records,
    task: JoinHandle<()>,
}

impl NameServer {
    /// One that knows no name.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let (address, records) = (socket.local_addr().expect("an address"), Records::default());
        let task = tokio::spawn(serve(socket, records.clone()));
        Self { address, records, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives a name these `A`, `CNAME` or `NS` records.
    pub fn says<S: Into<String>>(&self, name: &str, kind: &'static str, values: impl IntoIterator<Item = S>) {
        let values = values.into_iter().map(Into::into).collect();
        self.records.lock().unwrap().insert((name.to_ascii_lowercase(), kind), values);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, records: Records) {
    let mut buffer = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        if let Ok(bytes) = answer(&question, &records).to_vec() {
            // Whoever does not get it asks again.
            let _ = socket.send_to(&bytes, client).await;
        }
    }
}

fn answer(question: &Message, records: &Records) -> Message {
    let mut message = Message::response(question.metadata.id, OpCode::Query);
    let records = records.lock().unwrap();
    for query in &question.queries {
        message.add_query(query.clone());
        let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
        let asked = query.query_type().to_string();
        let mut is_known = false;
        for ((known, kind), values) in records.iter() {
            is_known |= *known == name;
            if *known == name && *kind == asked {
                message.add_answers(values.iter().map(|value| record(&name, kind, value)));
            }
        }
        if !is_known {
            message.metadata.response_code = ResponseCode::NXDomain;
        }
    }
    message
}

fn record(name: &str, kind: &str, value: &str) -> Record {
    let data = match kind {
        "A" => RData::A(value.parse::<std::net::Ipv4Addr>().expect("an address").into()),
        "CNAME" => RData::CNAME(rdata::CNAME(absolute(value))),
        "NS" => RData::NS(rdata::NS(absolute(value))),
        _ => panic!("{kind} is not known here"),
    };
    Record::from_rdata(absolute(name), 60, data)
}

fn absolute(name: &str) -> Name {
    let mut name = Name::from_ascii(name).expect("a name");
    name.set_fqdn(true);
    name
}
