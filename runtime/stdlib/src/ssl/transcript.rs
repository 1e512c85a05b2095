//! What passes over a connection in the clear: the messages of the handshake, for `tls-unique` channel bindings and for
//! message callbacks.

use hmac::{Hmac, Mac};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const NEW_SESSION_TICKET: u8 = 4;

/// Content types that OpenSSL has made up for message callbacks.
const HEADER_CONTENT: i64 = 0x100;
const CHANGE_CIPHER_SPEC_MESSAGE: i64 = 0x101;

/// A message, as a callback is told of it.
pub struct Message {
    pub is_write: bool,
    pub version: i64,
    pub content_type: i64,
    pub message_type: i64,
    pub data: Vec<u8>,
}

/// One direction.
#[derive(Default)]
struct Flow {
    /// Whether its records are encrypted by now.
    is_secret: bool,
    /// A message that has not come to its end.
    partial: Vec<u8>,
}

#[derive(Default)]
pub struct Transcript {
    incoming: Flow,
    outgoing: Flow,
    /// The messages up to the first `Finished`, without tickets.
    messages: Vec<u8>,
    /// A ticket that came before the first `Finished`, which only a resumption has.
    ticket: Vec<u8>,
    pub ticket_lifetime: u32,
    /// Whether messages are kept for a callback.
    pub is_watched: bool,
    pub watched: Vec<Message>,
}

impl Transcript {
    /// Looks at whole records, one after the other.
    pub fn observe(&mut self, is_write: bool, mut data: &[u8]) {
        while let [kind, major, minor, high, low, rest @ ..] = data {
            let len = usize::from(*high) << 8 | usize::from(*low);
            let version = i64::from(*major) << 8 | i64::from(*minor);
            let Some(body) = rest.get(..len) else { return };
            self.record(is_write, *kind, version, &data[..5], body);
            data = &rest[len..];
        }
    }

    fn record(&mut self, is_write: bool, kind: u8, version: i64, header: &[u8], body: &[u8]) {
        self.watch(is_write, version, HEADER_CONTENT, i64::from(kind), header);
        let flow = if is_write { &mut self.outgoing } else { &mut self.incoming };
        if flow.is_secret {
            return;
        }
        match kind {
            CHANGE_CIPHER_SPEC => {
                flow.is_secret = true;
                self.watch(is_write, version, i64::from(kind), CHANGE_CIPHER_SPEC_MESSAGE, body);
            }
            ALERT => {
                let code = body.get(1).copied().unwrap_or(0);
                self.watch(is_write, version, i64::from(kind), i64::from(code), body);
            }
            HANDSHAKE => {
                flow.partial.extend_from_slice(body);
                self.messages(is_write, version);
            }
            _ => flow.is_secret = true,
        }
    }

    fn messages(&mut self, is_write: bool, version: i64) {
        loop {
            let flow = if is_write { &mut self.outgoing } else { &mut self.incoming };
            let [kind, first, second, third, rest @ ..] = &flow.partial[..] else { return };
            let kind = *kind;
            let len = usize::from(*first) << 16 | usize::from(*second) << 8 | usize::from(*third);
            if rest.len() < len {
                return;
            }
            let message: Vec<u8> = flow.partial.drain(..len + 4).collect();
            if kind == NEW_SESSION_TICKET {
                self.ticket_lifetime = message.get(4..8).map_or(0, |four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
                self.ticket.extend_from_slice(&message);
            } else {
                self.messages.extend_from_slice(&message);
            }
            self.watch(is_write, version, i64::from(HANDSHAKE), i64::from(kind), &message);
        }
    }

    fn watch(&mut self, is_write: bool, version: i64, content_type: i64, message_type: i64, data: &[u8]) {
        if self.is_watched {
            self.watched.push(Message { is_write, version, content_type, message_type, data: data.to_vec() });
        }
    }

    /// What the first `Finished` message of a TLS 1.2 handshake said. `uses_sha384`: the hash of the cipher suite.
    pub fn first_finished(&self, master_secret: &[u8], is_resumed: bool, uses_sha384: bool) -> Vec<u8> {
        let (label, extra) = if is_resumed { ("server finished", &self.ticket[..]) } else { ("client finished", &[][..]) };
        let messages = [&self.messages, extra].concat();
        if uses_sha384 {
            finished::<::sha2::Sha384, Hmac<::sha2::Sha384>>(master_secret, label, &messages)
        } else {
            finished::<::sha2::Sha256, Hmac<::sha2::Sha256>>(master_secret, label, &messages)
        }
    }
}

/// RFC 5246, section 7.4.9: the pseudo-random function over the hash of the messages.
fn finished<H: ::sha2::Digest, M: Mac + hmac::digest::KeyInit>(secret: &[u8], label: &str, messages: &[u8]) -> Vec<u8> {
    let mut seed = label.as_bytes().to_vec();
    seed.extend(H::digest(messages));
    let mac = |parts: &[&[u8]]| {
        let mut mac = <M as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    };
    let first = mac(&[&seed]);
    let mut out = mac(&[&first, &seed]);
    out.truncate(12);
    out
}
