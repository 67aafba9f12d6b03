//! What can go wrong between a program and AWS: the faults that a [`Proxy`](super::proxy::Proxy) injects.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, Semaphore};

use super::proxy::Call;

/// What happens to a request.
#[derive(Clone)]
pub(super) enum Effect {
    /// It is answered so, and AWS never sees it.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// It is refused with this code in the protocol of its service, and AWS never sees it.
    Refuse { status: u16, code: &'static str },
    /// The connection ends without an answer, and AWS never sees it.
    Reset,
    /// AWS carries it out, and the connection ends without an answer.
    Lose,
    /// It is never answered, and whether it reaches AWS is told. Whoever waits for `killed` ends the program.
    Kill { reaches: bool, killed: Arc<Notify> },
    /// AWS carries it out, and the connection ends in the middle of the answer's body.
    CutAnswer,
    /// The first byte of its body is another one when it reaches AWS.
    Corrupt,
    /// It reaches AWS later.
    Delay(Duration),
    /// It reaches AWS once [`Held::release`] says so.
    Hold(Arc<Semaphore>),
}

/// Which requests a fault is about.
#[derive(Clone, Copy)]
enum Which {
    /// Those of an operation.
    Named(&'static str),
    /// Those that can change something.
    Writes,
    /// Those that cannot.
    Reads,
}

/// A rule of the proxy: which requests, and what happens to them.
#[derive(Clone)]
pub struct Fault {
    which: Which,
    path: String,
    key: Option<String>,
    spared: usize,
    left: usize,
    effect: Effect,
}

impl Fault {
    fn new(operation: &'static str, effect: Effect) -> Self {
        Self::about(Which::Named(operation), effect)
    }

    fn about(which: Which, effect: Effect) -> Self {
        Self { which, path: String::new(), key: None, spared: 0, left: usize::MAX, effect }
    }

    /// Requests of an operation are answered with a status and a body.
    pub fn answer(operation: &'static str, status: u16, body: impl Into<String>) -> Self {
        Self::new(operation, Effect::Answer { status, headers: Vec::new(), body: body.into() })
    }

    /// S3 refuses with its error document (S3 API reference, "Error responses").
    pub fn s3(operation: &'static str, status: u16, code: &str, message: &str) -> Self {
        Self::s3_with(operation, status, code, message, "")
    }

    /// S3 refuses, with `more` elements in its error document.
    pub fn s3_with(operation: &'static str, status: u16, code: &str, message: &str, more: &str) -> Self {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        let body = format!(
            "{head}\n<Error><Code>{code}</Code><Message>{message}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
        );
        Self::answer(operation, status, body)
    }

    /// CloudFront refuses with its error document (CloudFront API reference, "Common error types").
    pub fn cloudfront(operation: &'static str, status: u16, code: &str, message: &str) -> Self {
        let namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
        let body = format!(
            r#"<?xml version="1.0"?><ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>410c2a4b-e435-49c9-8382-3770d80d7d4c</RequestId></ErrorResponse>"#
        );
        Self::answer(operation, status, body)
    }

    /// The connection ends without an answer.
    pub fn reset(operation: &'static str) -> Self {
        Self::new(operation, Effect::Reset)
    }

    /// The answer's body breaks off in its middle.
    pub fn cut_answer(operation: &'static str) -> Self {
        Self::new(operation, Effect::CutAnswer)
    }

    /// A byte is changed on its way to AWS.
    pub fn corrupt(operation: &'static str) -> Self {
        Self::new(operation, Effect::Corrupt)
    }

    /// Requests take longer.
    pub fn delay(operation: &'static str, by: Duration) -> Self {
        Self::new(operation, Effect::Delay(by))
    }

    /// Requests wait until they are released.
    pub fn hold(operation: &'static str) -> (Self, Held) {
        let gate = Arc::new(Semaphore::new(0));
        (Self::new(operation, Effect::Hold(gate.clone())), Held(gate))
    }

    /// Requests that can change something are refused, each service in its own protocol, and never carried out.
    pub fn refused_write(status: u16, code: &'static str) -> Self {
        Self::about(Which::Writes, Effect::Refuse { status, code })
    }

    /// Requests that change nothing are refused, each service in its own protocol.
    pub fn refused_read(status: u16, code: &'static str) -> Self {
        Self::about(Which::Reads, Effect::Refuse { status, code })
    }

    /// Requests that can change something are carried out, and the connection ends without an answer.
    pub fn lost_write() -> Self {
        Self::about(Which::Writes, Effect::Lose)
    }

    /// Requests of an operation are carried out, and the connection ends without an answer.
    pub fn lost(operation: &'static str) -> Self {
        Self::new(operation, Effect::Lose)
    }

    /// Requests that can change something are never answered, whether they are carried out or not: `killed` is told,
    /// for whoever ends the program at that moment.
    pub fn killed_write(reaches: bool, killed: Arc<Notify>) -> Self {
        Self::about(Which::Writes, Effect::Kill { reaches, killed })
    }

    /// Requests of an operation are refused as to somebody without the permission, in the protocol of their service.
    pub fn denied(operation: &'static str) -> Self {
        Self::new(operation, Effect::Refuse { status: 403, code: "AccessDenied" })
    }

    /// Only where the path and query contain `part`.
    #[must_use]
    pub fn of(self, part: impl Into<String>) -> Self {
        Self { path: part.into(), ..self }
    }

    /// Only where the object's key is `key`, whole.
    #[must_use]
    pub fn at(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Not the first `spared` of them.
    #[must_use]
    pub fn after(self, spared: usize) -> Self {
        Self { spared, ..self }
    }

    /// At most `times`.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { left: times, ..self }
    }

    /// With a header in the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Effect::Answer { headers, .. } = &mut self.effect {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// Whether the call is one of those the fault is about, and there are any left.
    pub(super) fn fits(&self, call: &Call) -> bool {
        self.left > 0
            && match self.which {
                Which::Named(operation) => operation == call.operation,
                Which::Writes => call.writes(),
                Which::Reads => !call.writes(),
            }
            && call.path.contains(&self.path)
            && self.key.as_ref().is_none_or(|key| *key == call.key)
    }

    /// Counts a call that fits; `None` where it is spared.
    pub(super) fn strike(&mut self) -> Option<Effect> {
        if let Some(spared) = self.spared.checked_sub(1) {
            self.spared = spared;
            return None;
        }
        self.left -= 1;
        Some(self.effect.clone())
    }
}

/// Requests that wait at the proxy.
pub struct Held(Arc<Semaphore>);

impl Held {
    /// Lets all of them pass, and those that come later.
    pub fn release(&self) {
        self.0.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}
