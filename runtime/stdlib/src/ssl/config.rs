//! A context's settings, and the configurations of the protocol machine made from them.

use super::certificate::Certificate;
use super::ciphers::{self, Suite};
use super::error::Failure;
use super::store::Store;
use super::verifier::Verifier;
use rustls::client::{ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls12Resumption, Tls13ClientSessionValue};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, KeyLog, NamedGroup, ServerConfig, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion, version};
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bits of `SSLContext.options`.
pub mod option {
    pub const IGNORE_UNEXPECTED_EOF: u64 = 0x80;
    pub const NO_TICKET: u64 = 0x4000;
    pub const CIPHER_SERVER_PREFERENCE: u64 = 0x40_0000;
    pub const NO_TLS1_2: u64 = 0x800_0000;
    pub const NO_TLS1_3: u64 = 0x2000_0000;
}

/// Versions as the protocol numbers them.
pub const TLS1_2: i64 = 0x303;
pub const TLS1_3: i64 = 0x304;
/// What `TLSVersion.MINIMUM_SUPPORTED` and `MAXIMUM_SUPPORTED` stand for.
pub const MINIMUM_SUPPORTED: i64 = -2;
pub const MAXIMUM_SUPPORTED: i64 = -1;

pub struct Settings {
    pub options: u64,
    pub verify_mode: i32,
    pub verify_flags: u64,
    pub host_flags: u32,
    pub check_hostname: bool,
    pub minimum_version: i64,
    pub maximum_version: i64,
    pub suites: Vec<&'static Suite>,
    pub groups: Vec<&'static dyn SupportedKxGroup>,
    pub alpn: Vec<Vec<u8>>,
    pub n_tickets: usize,
    pub post_handshake_auth: bool,
    pub store: Arc<Store>,
    pub keys: Arc<Keys>,
    pub key_log: Option<Arc<LogFile>>,
    /// Sessions that servers have granted.
    pub granted: Arc<dyn StoresServerSessions>,
    pub ticketer: Option<Arc<dyn ProducesTickets>>,
    /// A session is resumed only under the verifier it began with. `None`: to be made again.
    verifier: Option<Arc<Verifier>>,
    /// The keys, their certificates' issuers added from the store. `None`: to be made again.
    complete_keys: Option<Arc<Keys>>,
}

impl Settings {
    pub fn new(is_client: bool, options: u64, versions: (i64, i64)) -> Settings {
        Settings {
            options,
            verify_mode: if is_client { 2 } else { 0 },
            verify_flags: 0x8000,
            host_flags: 4,
            check_hostname: is_client,
            minimum_version: versions.0,
            maximum_version: versions.1,
            suites: ciphers::all(),
            groups: ring::ALL_KX_GROUPS.to_vec(),
            alpn: Vec::new(),
            n_tickets: 2,
            post_handshake_auth: false,
            store: Arc::new(Store::default()),
            keys: Arc::new(Keys::default()),
            key_log: None,
            granted: ServerSessionMemoryCache::new(1024),
            ticketer: None,
            verifier: None,
            complete_keys: None,
        }
    }

    /// To be called when what is trusted, or whether a certificate is asked for, has changed.
    pub fn forget_verifier(&mut self) {
        self.verifier = None;
        self.complete_keys = None;
    }

    pub fn add_key(&mut self, key: CertifiedKey) {
        self.keys = Arc::new(self.keys.with(key));
        self.complete_keys = None;
    }

    fn complete_keys(&mut self) -> Arc<Keys> {
        let (store, keys) = (&self.store, &self.keys);
        self.complete_keys.get_or_insert_with(|| Arc::new(Keys(keys.0.iter().map(|key| with_issuers(store, key)).collect()))).clone()
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let allows = |number: i64, ban: u64| {
            let from = if self.minimum_version == MINIMUM_SUPPORTED { 0 } else { self.minimum_version };
            let to = if self.maximum_version == MAXIMUM_SUPPORTED { i64::MAX } else { self.maximum_version };
            // The greatest minimum and the least maximum stand for the versions there are.
            let from = if from == MAXIMUM_SUPPORTED { TLS1_3 } else { from };
            let to = if to == MINIMUM_SUPPORTED { TLS1_2 } else { to };
            (from..=to).contains(&number) && self.options & ban == 0
        };
        let mut versions = Vec::new();
        if allows(TLS1_3, option::NO_TLS1_3) {
            versions.push(&version::TLS13);
        }
        if allows(TLS1_2, option::NO_TLS1_2) {
            versions.push(&version::TLS12);
        }
        versions
    }

    fn provider(&self) -> CryptoProvider {
        CryptoProvider {
            cipher_suites: self.suites.iter().map(|suite| suite.suite).collect(),
            kx_groups: self.groups.clone(),
            ..ring::default_provider()
        }
    }

    fn verifier(&mut self, provider: &CryptoProvider) -> Arc<Verifier> {
        let (store, mode) = (&self.store, self.verify_mode);
        self.verifier.get_or_insert_with(|| Arc::new(Verifier::new(store.clone(), provider, mode))).clone()
    }

    pub fn client(&mut self, sessions: Arc<Sessions>, log: Arc<ConnectionLog>, sends_name: bool) -> Result<ClientConfig, Failure> {
        let provider = self.provider();
        let verifier = self.verifier(&provider);
        let versions = self.versions();
        if versions.is_empty() {
            return Err(Failure::of("NO_PROTOCOLS_AVAILABLE"));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&versions);
        let builder = builder.map_err(|_| Failure::of("NO_CIPHERS_AVAILABLE"))?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_client_cert_resolver(self.complete_keys());
        config.alpn_protocols.clone_from(&self.alpn);
        let tickets = if self.options & option::NO_TICKET == 0 { Tls12Resumption::SessionIdOrTickets } else { Tls12Resumption::SessionIdOnly };
        config.resumption = Resumption::store(sessions).tls12_resumption(tickets);
        config.enable_sni = sends_name;
        config.key_log = log;
        Ok(config)
    }

    pub fn server(&mut self, log: Arc<ConnectionLog>) -> Result<ServerConfig, Failure> {
        let provider = self.provider();
        let verifier = self.verifier(&provider);
        let versions = self.versions();
        if versions.is_empty() {
            return Err(Failure::of("NO_PROTOCOLS_AVAILABLE"));
        }
        let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&versions);
        let builder = builder.map_err(|_| Failure::of("NO_CIPHERS_AVAILABLE"))?;
        let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(self.complete_keys());
        config.alpn_protocols.clone_from(&self.alpn);
        config.ignore_client_order = self.options & option::CIPHER_SERVER_PREFERENCE != 0;
        config.session_storage = self.granted.clone();
        config.send_tls13_tickets = self.n_tickets;
        if self.options & option::NO_TICKET == 0 {
            if self.ticketer.is_none() {
                self.ticketer = ring::Ticketer::new().ok();
            }
            if let Some(ticketer) = &self.ticketer {
                config.ticketer = ticketer.clone();
            }
        } else {
            config.send_tls13_tickets = 0;
        }
        config.key_log = log;
        Ok(config)
    }
}

/// A certificate that comes alone is sent with those of its issuers that the store has.
fn with_issuers(store: &Store, key: &Arc<CertifiedKey>) -> Arc<CertifiedKey> {
    let [only] = &key.cert[..] else { return key.clone() };
    let mut chain = vec![only.clone()];
    let mut last = Certificate::read(only).map(Arc::new);
    while let Some(certificate) = last.take().filter(|certificate| !certificate.is_self_issued() && chain.len() < LONGEST_CHAIN) {
        last = store.by_subject(&certificate.issuer).into_iter().next();
        chain.extend(last.iter().map(|issuer| CertificateDer::from(issuer.der.clone())));
    }
    Arc::new(CertifiedKey::new(chain, key.key.clone()))
}

/// The most certificates that are sent.
const LONGEST_CHAIN: usize = 10;

/// A lock whose contents are whole at any time.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The certificates a context has keys for, one for each kind of key.
#[derive(Debug, Default, Clone)]
pub struct Keys(pub Vec<Arc<CertifiedKey>>);

impl Keys {
    /// The same keys with one more, which replaces one of its kind.
    pub fn with(&self, key: CertifiedKey) -> Keys {
        let kind = key.key.algorithm();
        let mut keys: Vec<Arc<CertifiedKey>> = self.0.iter().filter(|known| known.key.algorithm() != kind).cloned().collect();
        keys.push(Arc::new(key));
        Keys(keys)
    }

    fn choose(&self, schemes: &[SignatureScheme], allows: impl Fn(SignatureAlgorithm) -> bool) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|key| allows(key.key.algorithm()) && key.key.choose_scheme(schemes).is_some()).cloned()
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offered: Vec<&Suite> = hello.cipher_suites().iter().filter_map(|&suite| ciphers::by_suite(suite)).collect();
        let allows = |kind: SignatureAlgorithm| {
            let name = if kind == SignatureAlgorithm::RSA { "RSA" } else { "ECDSA" };
            offered.iter().any(|suite| suite.is_tls13 || suite.authentication == name)
        };
        self.choose(hello.signature_schemes(), allows)
    }
}

impl ResolvesClientCert for Keys {
    fn resolve(&self, _hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.choose(schemes, |_| true)
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// What a server has given a client to come back with.
#[derive(Default)]
pub struct Sessions {
    tls12: Mutex<Option<Tls12ClientSessionValue>>,
    tls13: Mutex<VecDeque<Tls13ClientSessionValue>>,
}

impl Sessions {
    pub fn has_ticket(&self) -> bool {
        !locked(&self.tls13).is_empty()
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        *locked(&self.tls12) = Some(value);
    }

    fn tls12_session(&self, _server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        locked(&self.tls12).clone()
    }

    fn remove_tls12_session(&self, _server_name: &ServerName<'static>) {
        *locked(&self.tls12) = None;
    }

    fn insert_tls13_ticket(&self, _server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        locked(&self.tls13).push_back(value);
    }

    fn take_tls13_ticket(&self, _server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        locked(&self.tls13).pop_front()
    }
}

/// The file that secrets are logged to.
#[derive(Debug)]
pub struct LogFile(Mutex<File>);

impl LogFile {
    /// Opens the file to append to; a new one gets a line that says what it is.
    pub fn open(path: &std::path::Path) -> std::io::Result<LogFile> {
        let mut file = File::options().append(true).create(true).open(path)?;
        if file.metadata()?.len() == 0 {
            file.write_all(b"# TLS secrets log file, generated by OpenSSL / Python\n")?;
        }
        Ok(LogFile(Mutex::new(file)))
    }
}

/// The secrets of one connection: kept for channel bindings, and logged if the context says so.
#[derive(Default)]
pub struct ConnectionLog {
    pub master_secret: Mutex<Vec<u8>>,
    pub file: Option<Arc<LogFile>>,
}

impl fmt::Debug for ConnectionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionLog")
    }
}

impl ConnectionLog {
    pub fn master_secret(&self) -> Vec<u8> {
        locked(&self.master_secret).clone()
    }
}

impl KeyLog for ConnectionLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        // TLS 1.2 has but one.
        if label == "CLIENT_RANDOM" {
            *locked(&self.master_secret) = secret.to_vec();
        }
        if let Some(file) = &self.file {
            let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let line = format!("{label} {} {}\n", hexadecimal(client_random), hexadecimal(secret));
            // A log that cannot be written stops no connection.
            let _ = locked(&file.0).write_all(line.as_bytes());
        }
    }
}
