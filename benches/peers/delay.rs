//! The wire: a connection on which every byte is under way for half a round trip in either direction.
//!
//! Connecting takes a round trip more, as the handshake of TCP does. Nothing limits the bandwidth, and slow start is not
//! imitated. What goes over it is counted.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::stream;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::io::StreamReader;

/// How many pieces of up to [`PIECE`] are under way to the server on one connection: with 16 MiB no bandwidth is noticed.
const PIECES: usize = 256;
const PIECE: usize = 64 << 10;

/// The bytes that have gone over all connections.
#[derive(Debug, Default)]
pub struct Traffic {
    /// From clients.
    pub received: AtomicU64,
    /// To clients.
    pub sent: AtomicU64,
}

/// Both directions of a connection.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<W: AsyncRead + AsyncWrite + Send + Unpin> Wire for W {}

/// A connection that has just been accepted, seen by the server through a wire of that `round_trip`.
pub fn wire(stream: TcpStream, round_trip: Duration, traffic: Arc<Traffic>) -> Box<dyn Wire> {
    let stream = Counted { stream, traffic };
    if round_trip.is_zero() {
        return Box::new(stream);
    }
    let (half, open) = (round_trip / 2, Instant::now() + round_trip);
    let (from_client, to_client) = tokio::io::split(stream);
    let (arriving, arrived) = mpsc::channel(PIECES);
    let (leaving, left) = mpsc::unbounded_channel();
    tokio::spawn(take(from_client, arriving, open, half));
    tokio::spawn(give(to_client, left));
    let arrived = stream::unfold(arrived, |mut arrived| async move {
        let (due, bytes): (Instant, Bytes) = arrived.recv().await?;
        sleep_until(due).await;
        Some((io::Result::Ok(bytes), arrived))
    });
    Box::new(tokio::io::join(StreamReader::new(Box::pin(arrived)), Leaving { pieces: leaving, half }))
}

/// Takes what the client sends, and says when it reaches the server.
async fn take(mut client: ReadHalf<Counted>, arriving: mpsc::Sender<(Instant, Bytes)>, open: Instant, half: Duration) {
    let mut buffer = BytesMut::new();
    loop {
        if buffer.capacity() < PIECE / 4 {
            buffer.reserve(PIECE);
        }
        // A connection that ends or breaks concerns its client, who sees it too.
        let Ok(1..) = client.read_buf(&mut buffer).await else { return };
        let due = Instant::now().max(open) + half;
        if arriving.send((due, buffer.split().freeze())).await.is_err() {
            return;
        }
    }
}

/// Gives the client what the server has sent, when it is due.
async fn give(mut client: WriteHalf<Counted>, mut left: mpsc::UnboundedReceiver<(Instant, Bytes)>) {
    while let Some((due, bytes)) = left.recv().await {
        sleep_until(due).await;
        if client.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = client.shutdown().await;
}

/// The server's end of the way to the client. Answers are small: all may be under way at once.
struct Leaving {
    pieces: mpsc::UnboundedSender<(Instant, Bytes)>,
    half: Duration,
}

impl AsyncWrite for Leaving {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let piece = (Instant::now() + self.half, Bytes::copy_from_slice(bytes));
        let sent = self.pieces.send(piece);
        Poll::Ready(sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A connection whose bytes are counted.
struct Counted {
    stream: TcpStream,
    traffic: Arc<Traffic>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.traffic.received.fetch_add((buffer.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.traffic.sent.fetch_add(written as u64, Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
