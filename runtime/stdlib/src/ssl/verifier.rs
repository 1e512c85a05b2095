//! How the protocol machine asks for certificates to be checked.
//!
//! A verifier belongs to a context, because sessions are resumed only under the verifier they began with. What a
//! particular connection expects, and what came of it, is passed beside it, in the thread: a check happens while the
//! connection is being fed.

use super::certificate::Certificate;
use super::der::Reader;
use super::store::Store;
use super::verify::{Expectation, Refusal, verify};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};
use std::cell::RefCell;
use std::sync::Arc;

/// What came of a check.
#[derive(Clone, Default)]
pub enum Outcome {
    /// There was none.
    #[default]
    None,
    Trusted(Vec<Arc<Certificate>>),
    Refused(Refusal),
}

thread_local! {
    static EXPECTED: RefCell<Option<Expectation>> = const { RefCell::new(None) };
    static OUTCOME: RefCell<Outcome> = const { RefCell::new(Outcome::None) };
}

/// Runs `f` while checks are made against `expected`; what came of the last one.
pub fn with_expectation<T>(expected: &Expectation, f: impl FnOnce() -> T) -> (T, Outcome) {
    EXPECTED.with(|cell| cell.replace(Some(expected.clone())));
    OUTCOME.with(|cell| cell.replace(Outcome::None));
    let result = f();
    EXPECTED.with(|cell| cell.replace(None));
    (result, OUTCOME.with(|cell| cell.replace(Outcome::None)))
}

/// Checks certificates against a store.
#[derive(Debug)]
pub struct Verifier {
    store: Arc<Store>,
    algorithms: WebPkiSupportedAlgorithms,
    /// Whether a server asks for a certificate: as `SSLContext.verify_mode`.
    mode: i32,
    hints: Vec<DistinguishedName>,
}

impl Verifier {
    pub fn new(store: Arc<Store>, provider: &CryptoProvider, mode: i32) -> Verifier {
        let hints = store.contents().certificates.iter().filter(|known| known.is_ca()).filter_map(|known| name_content(&known.subject)).collect();
        Verifier { store, algorithms: provider.signature_verification_algorithms, mode, hints }
    }

    fn check(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), Error> {
        let expected = EXPECTED.with(|cell| cell.borrow().clone());
        let Some(expected) = expected else { return Err(Error::General("no expectation".into())) };
        if expected.mode == 0 {
            return Ok(());
        }
        let leaf = Certificate::read(leaf).ok_or(CertificateError::BadEncoding)?;
        let others: Vec<Arc<Certificate>> = others.iter().filter_map(|other| Certificate::read(other)).map(Arc::new).collect();
        let (outcome, result) = match verify(&self.store, &self.algorithms, &expected, leaf, &others) {
            Ok(chain) => (Outcome::Trusted(chain), Ok(())),
            Err(refusal) => {
                let error = certificate_error(refusal.code);
                (Outcome::Refused(refusal), Err(Error::InvalidCertificate(error)))
            }
        };
        OUTCOME.with(|cell| cell.replace(outcome));
        result
    }

    fn check_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        is_tls13: bool,
    ) -> Result<HandshakeSignatureValid, Error> {
        let is_legacy = matches!(
            signed.scheme,
            SignatureScheme::RSA_PKCS1_SHA1
                | SignatureScheme::RSA_PKCS1_SHA256
                | SignatureScheme::RSA_PKCS1_SHA384
                | SignatureScheme::RSA_PKCS1_SHA512
        );
        let found = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let Some((_, candidates)) = found.filter(|_| !(is_tls13 && is_legacy)) else {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        };
        // In TLS 1.3 a scheme names one curve; before, any.
        let candidates = if is_tls13 { &candidates[..1] } else { candidates };
        let leaf = Certificate::read(leaf).ok_or(CertificateError::BadEncoding)?;
        let is_valid = candidates
            .iter()
            .filter(|candidate| candidate.public_key_alg_id().as_ref() == leaf.key_algorithm)
            .any(|candidate| candidate.verify_signature(&leaf.key, message, signed.signature()).is_ok());
        if is_valid { Ok(HandshakeSignatureValid::assertion()) } else { Err(CertificateError::BadSignature.into()) }
    }
}

/// A name as the machine takes it: without its outermost header, which it adds.
fn name_content(name: &[u8]) -> Option<DistinguishedName> {
    Reader::new(name).value().map(|value| DistinguishedName::in_sequence(value.content))
}

/// The error that makes the machine send OpenSSL's alert.
fn certificate_error(code: i32) -> CertificateError {
    match code {
        2 | 3 | 18 | 19 | 20 | 22 | 79 => CertificateError::UnknownIssuer,
        7 | 8 => CertificateError::BadSignature,
        9 => CertificateError::NotValidYet,
        10 => CertificateError::Expired,
        11 | 12 => CertificateError::ExpiredRevocationList,
        23 => CertificateError::Revoked,
        26 => CertificateError::InvalidPurpose,
        62 | 64 => CertificateError::NotValidForName,
        _ => CertificateError::BadEncoding,
    }
}

/// What both traits ask about signatures.
macro_rules! signature_checks {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.check_signature(message, cert, dss, false)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.check_signature(message, cert, dss, true)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ServerCertVerified::assertion())
    }

    signature_checks!();
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.mode != 0
    }

    fn client_auth_mandatory(&self) -> bool {
        self.mode == 2
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates).map(|()| ClientCertVerified::assertion())
    }

    signature_checks!();
}
