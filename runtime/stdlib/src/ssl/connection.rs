//! One connection of the protocol machine, without any input or output: it is fed what comes in, and what is to go out
//! is taken from it. Input is taken record by record, so that nothing behind the end of the TLS stream is swallowed.

use super::error::{Failure, protocol_failure};
use super::transcript::Transcript;
use super::verifier::{Outcome, with_expectation};
use super::verify::{Expectation, Refusal};
use rustls::pki_types::ServerName;
use rustls::server::{Accepted, Acceptor};
use rustls::{ClientConfig, ClientConnection, CommonState, Connection as Machine, ServerConfig};
use std::io::{Read, Write};
use std::sync::Arc;

const HEADER: usize = 5;
/// The longest record there may be: 2^14 bytes and what encryption adds.
const LONGEST_RECORD: usize = 0x4000 + 2048;
/// The most bytes of one record that is written.
pub const LONGEST_WRITE: usize = 0x4000;

/// Why feeding failed.
pub enum Trouble {
    Failure(Failure),
    Refusal(Refusal),
}

enum Stage {
    /// A server that has not read the client's first message.
    Accepting(Box<Acceptor>),
    /// A server whose configuration is being decided.
    Deciding,
    Running(Box<Machine>),
    /// A client that has not begun.
    Fresh,
    Failed,
}

pub struct Connection {
    stage: Stage,
    /// A record that is not yet whole.
    record: Vec<u8>,
    /// What is to be sent.
    pub outgoing: Vec<u8>,
    pub transcript: Transcript,
    has_read: bool,
    is_server: bool,
    /// Whether this side has said that it will send no more.
    pub has_closed: bool,
    /// What the peer's certificate was found to be.
    pub outcome: Outcome,
    /// Plaintext that the machine has for whoever reads.
    available: usize,
    peer_closed: bool,
}

impl Connection {
    pub fn new(is_server: bool) -> Connection {
        let stage = if is_server { Stage::Accepting(Box::default()) } else { Stage::Fresh };
        Connection {
            stage,
            record: Vec::new(),
            outgoing: Vec::new(),
            transcript: Transcript::default(),
            has_read: false,
            is_server,
            has_closed: false,
            outcome: Outcome::None,
            available: 0,
            peer_closed: false,
        }
    }

    /// Whether a client is yet to begin.
    pub fn is_fresh(&self) -> bool {
        matches!(self.stage, Stage::Fresh)
    }

    pub fn start_client(&mut self, config: ClientConfig, name: ServerName<'static>) -> Result<(), Trouble> {
        let mut machine = ClientConnection::new(Arc::new(config), name).map_err(|error| Trouble::Failure(protocol_failure(&error)))?;
        machine.set_buffer_limit(None);
        self.stage = Stage::Running(Box::new(Machine::Client(machine)));
        self.drain();
        Ok(())
    }

    /// Goes on with a client's first message.
    pub fn start_server(&mut self, accepted: Accepted, config: ServerConfig, expected: &Expectation) -> Result<(), Trouble> {
        let (result, outcome) = with_expectation(expected, || accepted.into_connection(Arc::new(config)));
        match result {
            Ok(mut machine) => {
                machine.set_buffer_limit(None);
                self.stage = Stage::Running(Box::new(Machine::Server(machine)));
                self.drain();
                Ok(())
            }
            Err((error, mut alert)) => {
                let start = self.outgoing.len();
                // Writing to a vector does not fail.
                let _ = alert.write_all(&mut self.outgoing);
                self.transcript.observe(true, &self.outgoing[start..]);
                self.stage = Stage::Failed;
                Err(trouble(&error, outcome))
            }
        }
    }

    /// Ends a handshake that was not to be, with an alert.
    pub fn abort(&mut self, alert: u8) {
        let record = [21, 3, 3, 0, 2, 2, alert];
        self.transcript.observe(true, &record);
        self.outgoing.extend(record);
        self.stage = Stage::Failed;
    }

    pub fn common(&self) -> Option<&CommonState> {
        match &self.stage {
            Stage::Running(machine) => Some(machine),
            _ => None,
        }
    }

    pub fn has_failed(&self) -> bool {
        matches!(self.stage, Stage::Failed)
    }

    pub fn is_handshaking(&self) -> bool {
        self.common().is_none_or(CommonState::is_handshaking)
    }

    /// Whether the peer has said that it will send no more.
    pub fn peer_has_closed(&self) -> bool {
        self.peer_closed
    }

    pub fn available(&self) -> usize {
        self.available
    }

    /// How many bytes are to be read before anything can happen.
    pub fn wanted(&self) -> usize {
        match self.record.get(..HEADER) {
            None => HEADER - self.record.len(),
            Some(header) => HEADER + record_len(header) - self.record.len(),
        }
    }

    /// Takes bytes that have come in, at most as many as are [`wanted`](Connection::wanted). A client's first message,
    /// when it is whole, is for the caller to decide upon.
    pub fn feed(&mut self, data: &[u8], expected: &Expectation) -> Result<Option<Accepted>, Trouble> {
        self.record.extend_from_slice(data);
        if self.record.len() == HEADER {
            self.check_header()?;
        }
        if self.wanted() > 0 {
            return Ok(None);
        }
        self.has_read = true;
        let record = std::mem::take(&mut self.record);
        self.transcript.observe(false, &record);
        match &mut self.stage {
            Stage::Accepting(_) => self.accept(&record),
            Stage::Running(_) => self.process(&record, expected).map(|()| None),
            Stage::Fresh | Stage::Deciding | Stage::Failed => Err(Trouble::Failure(Failure::of("INTERNAL_ERROR"))),
        }
    }

    /// Refuses what is no record.
    fn check_header(&mut self) -> Result<(), Trouble> {
        let header = &self.record[..HEADER];
        let is_record = (20..=24).contains(&header[0]) && header[1] == 3;
        let reason = if is_record {
            if record_len(header) <= LONGEST_RECORD {
                return Ok(());
            }
            "PACKET_LENGTH_TOO_LONG"
        } else if self.is_server && !self.has_read {
            match header {
                [b'G', b'E', b'T', b' ', ..] | [b'P', b'U', b'T', b' ', ..] | b"POST " | b"HEAD " => "HTTP_REQUEST",
                b"CONNE" => "HTTPS_PROXY_REQUEST",
                _ => "WRONG_VERSION_NUMBER",
            }
        } else {
            "WRONG_VERSION_NUMBER"
        };
        if self.is_server || self.has_read {
            self.abort(if reason == "PACKET_LENGTH_TOO_LONG" { 22 } else { 70 });
        }
        self.stage = Stage::Failed;
        Err(Trouble::Failure(Failure::of(reason)))
    }

    fn accept(&mut self, record: &[u8]) -> Result<Option<Accepted>, Trouble> {
        let Stage::Accepting(acceptor) = &mut self.stage else { return Ok(None) };
        let mut rest = record;
        while !rest.is_empty() {
            if acceptor.read_tls(&mut rest).is_err() {
                return Err(Trouble::Failure(Failure::of("INTERNAL_ERROR")));
            }
        }
        match acceptor.accept() {
            Ok(None) => Ok(None),
            Ok(Some(accepted)) => {
                self.stage = Stage::Deciding;
                Ok(Some(accepted))
            }
            Err((error, mut alert)) => {
                // Writing to a vector does not fail.
                let _ = alert.write_all(&mut self.outgoing);
                self.stage = Stage::Failed;
                Err(trouble(&error, Outcome::None))
            }
        }
    }

    fn process(&mut self, record: &[u8], expected: &Expectation) -> Result<(), Trouble> {
        let Stage::Running(machine) = &mut self.stage else { return Ok(()) };
        let mut rest = record;
        while !rest.is_empty() {
            if machine.read_tls(&mut rest).is_err() {
                return Err(Trouble::Failure(Failure::of("INTERNAL_ERROR")));
            }
        }
        let (result, outcome) = with_expectation(expected, || machine.process_new_packets());
        if !matches!(outcome, Outcome::None) {
            self.outcome = outcome.clone();
        }
        match result {
            Ok(state) => {
                self.available = state.plaintext_bytes_to_read();
                self.peer_closed = state.peer_has_closed();
                self.drain();
                Ok(())
            }
            Err(error) => {
                self.drain();
                self.stage = Stage::Failed;
                Err(trouble(&error, outcome))
            }
        }
    }

    /// Moves what the machine has to send.
    fn drain(&mut self) {
        let Stage::Running(machine) = &mut self.stage else { return };
        let start = self.outgoing.len();
        while machine.wants_write() {
            if machine.write_tls(&mut self.outgoing).is_err() {
                break;
            }
        }
        self.transcript.observe(true, &self.outgoing[start..]);
    }

    /// Reads plaintext that has come in.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let Stage::Running(machine) = &mut self.stage else { return 0 };
        let n = machine.reader().read(buffer).unwrap_or(0);
        self.available = self.available.saturating_sub(n);
        n
    }

    /// Encrypts data to be sent.
    pub fn write(&mut self, data: &[u8]) {
        let Stage::Running(machine) = &mut self.stage else { return };
        // There is no limit to what is buffered.
        let _ = machine.writer().write_all(data);
        self.drain();
    }

    /// Says that nothing more will be sent.
    pub fn close(&mut self) {
        if self.has_closed {
            return;
        }
        self.has_closed = true;
        if let Stage::Running(machine) = &mut self.stage {
            machine.send_close_notify();
        }
        self.drain();
    }
}

fn record_len(header: &[u8]) -> usize {
    usize::from(header[3]) << 8 | usize::from(header[4])
}

fn trouble(error: &rustls::Error, outcome: Outcome) -> Trouble {
    match (error, outcome) {
        (rustls::Error::InvalidCertificate(_), Outcome::Refused(refusal)) => Trouble::Refusal(refusal),
        _ => Trouble::Failure(protocol_failure(error)),
    }
}
