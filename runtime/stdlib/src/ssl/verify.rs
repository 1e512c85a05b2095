//! Whether a certificate is to be trusted: the chain to a trusted one, and what each link must fulfil. Order and numbers
//! of the failures are OpenSSL's.

use super::certificate::{Certificate, canonical_name, oid, usage};
use super::constraints;
use super::der::Time;
use super::hostname;
use super::store::Store;
use rustls::crypto::WebPkiSupportedAlgorithms;
use std::sync::Arc;

/// Bits of `SSLContext.verify_flags`.
pub mod flag {
    pub const REVOCATION_OF_LEAF: u64 = 0x4;
    pub const REVOCATION_OF_ALL: u64 = 0x8;
    pub const STRICT: u64 = 0x20;
    pub const PARTIAL_CHAIN: u64 = 0x8_0000;
}

/// What a certificate is to be checked for.
#[derive(Clone)]
pub struct Expectation {
    /// 0: nothing is checked; 1: what there is; 2: there must be one.
    pub mode: i32,
    pub flags: u64,
    /// The name the peer must have.
    pub host: Option<String>,
    pub host_flags: u32,
    pub purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Server,
    Client,
}

/// Why a certificate is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: i32,
    pub message: String,
}

impl Refusal {
    fn new(code: i32) -> Refusal {
        Refusal { code, message: message(code).to_owned() }
    }
}

fn message(code: i32) -> &'static str {
    match code {
        2 => "unable to get issuer certificate",
        3 => "unable to get certificate CRL",
        7 => "certificate signature failure",
        8 => "CRL signature failure",
        9 => "certificate is not yet valid",
        10 => "certificate has expired",
        11 => "CRL is not yet valid",
        12 => "CRL has expired",
        18 => "self-signed certificate",
        19 => "self-signed certificate in certificate chain",
        20 => "unable to get local issuer certificate",
        22 => "certificate chain too long",
        23 => "certificate revoked",
        25 => "path length constraint exceeded",
        26 => "unsuitable certificate purpose",
        28 => "certificate rejected",
        34 => "unhandled critical extension",
        47 => "permitted subtree violation",
        48 => "excluded subtree violation",
        62 => "hostname mismatch",
        64 => "IP address mismatch",
        79 => "invalid CA certificate",
        80 => "Path length invalid for non-CA cert",
        81 => "Path length given without key usage keyCertSign",
        82 => "Key usage keyCertSign invalid for non-CA cert",
        83 => "Issuer name empty",
        84 => "Subject name empty",
        85 => "Missing Authority Key Identifier",
        86 => "Missing Subject Key Identifier",
        89 => "Basic Constraints of CA cert not marked critical",
        90 => "Authority Key Identifier marked critical",
        91 => "Subject Key Identifier marked critical",
        92 => "CA cert does not include key usage extension",
        93 => "Using cert extension requires at least X509v3",
        _ => "unspecified certificate verification error",
    }
}

const LONGEST_CHAIN: usize = 100;

/// Keys of authorities that have been compromised, as CPython lists them: by the SHA-256 of the public key information.
static DISTRUSTED_KEYS: [&str; 8] = [
    "43bffa19d6ef651451f6841e019931e96f6f2eaeff28ab4b6f1ce4576de2717b",
    "49dd353dc2b919a3770645117d0e60c16115e7d1bc259eefe734b00ea434fe5f",
    "5c0660a2b164910d8ff589c18e14552e9e0ec237dcefe2cb736d41a4811f81a0",
    "63ecefee431d49523bc1136c4e72d0206a477086caf606cd5cf025686c109cf8",
    "92c063d67e8f14db71d288e11266ffdaf69cbf115f7bab14f3bc2f68d25e0e30",
    "e0254c7fcdc265e2f0f8a428dabb75ab4ae039b4872d62f5ee57f0877d5a8a41",
    "ebed6475c2c2d80fcb199f3fe8dd6e6b3ce60b77eb15d4e42c3dec0c6f5b5105",
    "ec4ffa1ad0ac88081314b7aaffef6a91f97cd57291bb5ba686c5415f5eb4f6b6",
];

fn is_distrusted(certificate: &Certificate) -> bool {
    use ::sha2::Digest;
    let digest: String = ::sha2::Sha256::digest(&certificate.key_info).iter().map(|byte| format!("{byte:02x}")).collect();
    DISTRUSTED_KEYS.contains(&&*digest)
}

/// A chain from the peer's certificate to the last that could be found.
struct Chain {
    links: Vec<Arc<Certificate>>,
    /// Links from this one on come from the store.
    trusted_from: Option<usize>,
}

/// Checks a certificate; the chain by which it is trusted.
pub fn verify(
    store: &Store,
    algorithms: &WebPkiSupportedAlgorithms,
    expected: &Expectation,
    leaf: Certificate,
    others: &[Arc<Certificate>],
) -> Result<Vec<Arc<Certificate>>, Refusal> {
    let chain = build(store, expected, leaf, others);
    check_trust(store, expected, &chain)?;
    if chain.links.iter().any(|link| is_distrusted(link)) {
        return Err(Refusal::new(28));
    }
    check_extensions(expected, &chain.links)?;
    constraints::check(&chain.links).map_err(Refusal::new)?;
    check_host(expected, &chain.links[0])?;
    check_revocation(store, algorithms, expected, &chain.links)?;
    check_signatures(algorithms, &chain)?;
    Ok(chain.links)
}

fn could_issue(issuer: &Certificate, subject: &Certificate) -> bool {
    let identifiers_agree = match (subject.authority_key_identifier(), issuer.subject_key_identifier()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    };
    identifiers_agree && canonical_name(&issuer.subject) == canonical_name(&subject.issuer)
}

fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.is_self_issued() && could_issue(certificate, certificate)
}

/// The best of several: one that is valid now, then the one that lasts longest.
fn best<'a>(candidates: impl Iterator<Item = &'a Arc<Certificate>>) -> Option<Arc<Certificate>> {
    let now = Time::now();
    candidates.max_by_key(|certificate| (certificate.not_before <= now && now <= certificate.not_after, certificate.not_after)).cloned()
}

fn build(store: &Store, expected: &Expectation, leaf: Certificate, others: &[Arc<Certificate>]) -> Chain {
    let partial = expected.flags & flag::PARTIAL_CHAIN != 0;
    let mut chain = Chain { links: vec![Arc::new(leaf)], trusted_from: None };
    if store.contains(&chain.links[0]) && (partial || is_self_signed(&chain.links[0])) {
        chain.trusted_from = Some(0);
        return chain;
    }
    while chain.links.len() < LONGEST_CHAIN {
        let last = chain.links[chain.links.len() - 1].clone();
        if is_self_signed(&last) {
            break;
        }
        let known = store.by_subject(&last.issuer);
        if let Some(issuer) = best(known.iter().filter(|issuer| could_issue(issuer, &last))) {
            chain.trusted_from.get_or_insert(chain.links.len());
            chain.links.push(issuer);
            if partial {
                break;
            }
            continue;
        }
        // What is trusted is not followed by what is not.
        if chain.trusted_from.is_some() {
            break;
        }
        let unused = others.iter().filter(|other| !chain.links.iter().any(|link| link.der == other.der));
        match best(unused.filter(|issuer| could_issue(issuer, &last))) {
            Some(issuer) => {
                let is_known = store.contains(&issuer);
                if is_known {
                    chain.trusted_from.get_or_insert(chain.links.len());
                }
                chain.links.push(issuer);
                if is_known && partial {
                    break;
                }
            }
            None => break,
        }
    }
    chain
}

fn check_trust(store: &Store, expected: &Expectation, chain: &Chain) -> Result<(), Refusal> {
    let last = &chain.links[chain.links.len() - 1];
    let partial = expected.flags & flag::PARTIAL_CHAIN != 0;
    match chain.trusted_from {
        Some(_) if partial || is_self_signed(last) => Ok(()),
        Some(_) => Err(Refusal::new(2)),
        None if chain.links.len() >= LONGEST_CHAIN => Err(Refusal::new(22)),
        None if is_self_signed(last) && store.contains(last) => Ok(()),
        None if is_self_signed(last) && chain.links.len() == 1 => Err(Refusal::new(18)),
        None if is_self_signed(last) => Err(Refusal::new(19)),
        None => Err(Refusal::new(20)),
    }
}

const HANDLED: &[&[u8]] = &[
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::POLICY_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::INHIBIT_ANY_POLICY,
];

fn check_extensions(expected: &Expectation, links: &[Arc<Certificate>]) -> Result<(), Refusal> {
    let fail_if = |failed: bool, code| if failed { Err(Refusal::new(code)) } else { Ok(()) };
    let strict = expected.flags & flag::STRICT != 0;
    let mut below = 0;
    for (index, link) in links.iter().enumerate() {
        fail_if(link.extensions.iter().any(|extension| extension.critical && !HANDLED.contains(&&*extension.oid)), 34)?;
        fail_if(index > 0 && !link.is_ca(), 79)?;
        if strict && links.len() > 1 {
            check_strictly(link, index + 1 == links.len())?;
        }
        fail_if(!fits_purpose(link, expected.purpose, index > 0), 26)?;
        let most = link.basic_constraints().and_then(|(_, most)| most);
        fail_if(index > 0 && most.is_some_and(|most| below > most), 25)?;
        if index > 0 && !link.is_self_issued() {
            below += 1;
        }
    }
    Ok(())
}

/// What RFC 5280 demands, and most do without.
fn check_strictly(link: &Certificate, is_last: bool) -> Result<(), Refusal> {
    let fail_if = |failed: bool, code| if failed { Err(Refusal::new(code)) } else { Ok(()) };
    let constraints = link.basic_constraints();
    let is_ca = constraints.is_some_and(|(is_ca, _)| is_ca);
    let signs = link.key_usage().is_none_or(|bits| bits & usage::CERTIFICATE_SIGNING != 0);
    let is_critical = |oid: &[u8]| link.extension(oid).is_some_and(|extension| extension.critical);
    if constraints.is_some_and(|(_, most)| most.is_some()) {
        fail_if(!is_ca, 80)?;
        fail_if(!signs, 81)?;
    }
    fail_if(is_ca && !is_critical(oid::BASIC_CONSTRAINTS), 89)?;
    if is_ca {
        fail_if(link.key_usage().is_none(), 92)?;
    } else {
        fail_if(link.key_usage().is_some() && signs, 82)?;
    }
    let is_empty = |name: &[u8]| canonical_name(name).is_empty();
    fail_if(is_empty(&link.issuer), 83)?;
    fail_if(is_empty(&link.subject) && (is_ca || link.extension(oid::SUBJECT_ALT_NAME).is_none()), 84)?;
    fail_if(is_critical(oid::AUTHORITY_KEY_IDENTIFIER), 90)?;
    fail_if(is_critical(oid::SUBJECT_KEY_IDENTIFIER), 91)?;
    if link.version < 2 {
        return fail_if(!link.extensions.is_empty(), 93);
    }
    fail_if(!is_last && link.authority_key_identifier().is_none(), 85)?;
    fail_if(is_ca && link.subject_key_identifier().is_none(), 86)
}

fn fits_purpose(link: &Certificate, purpose: Purpose, is_authority: bool) -> bool {
    let (wanted, bits) = match purpose {
        Purpose::Server => (oid::SERVER_AUTH, usage::DIGITAL_SIGNATURE | usage::KEY_ENCIPHERMENT | usage::KEY_AGREEMENT),
        Purpose::Client => (oid::CLIENT_AUTH, usage::DIGITAL_SIGNATURE | usage::KEY_AGREEMENT),
    };
    link.allows_purpose(wanted) && (is_authority || link.key_usage().is_none_or(|usage| usage & bits != 0))
}

fn check_host(expected: &Expectation, leaf: &Certificate) -> Result<(), Refusal> {
    let Some(host) = &expected.host else { return Ok(()) };
    match host.parse() {
        Ok(address) if hostname::matches_address(leaf, address) => Ok(()),
        Ok(_) => Err(Refusal { code: 64, message: format!("IP address mismatch, certificate is not valid for '{host}'.") }),
        Err(_) if hostname::matches_name(leaf, host, expected.host_flags) => Ok(()),
        Err(_) => Err(Refusal { code: 62, message: format!("Hostname mismatch, certificate is not valid for '{host}'.") }),
    }
}

fn check_revocation(
    store: &Store,
    algorithms: &WebPkiSupportedAlgorithms,
    expected: &Expectation,
    links: &[Arc<Certificate>],
) -> Result<(), Refusal> {
    if expected.flags & flag::REVOCATION_OF_LEAF == 0 {
        return Ok(());
    }
    let last = if expected.flags & flag::REVOCATION_OF_ALL != 0 { links.len() } else { 1 };
    for (index, link) in links.iter().enumerate().take(last) {
        let list = store.revocation_list(&link.issuer).ok_or_else(|| Refusal::new(3))?;
        let issuer = links.get(index + 1).unwrap_or(link);
        if !is_signed_by(algorithms, issuer, &list.signature_algorithm, &list.signed, &list.signature) {
            return Err(Refusal::new(8));
        }
        let now = Time::now();
        if list.last_update > now {
            return Err(Refusal::new(11));
        }
        if list.next_update.is_some_and(|next| next < now) {
            return Err(Refusal::new(12));
        }
        if list.revoked.contains(&link.serial) {
            return Err(Refusal::new(23));
        }
    }
    Ok(())
}

/// Signatures and times, the last link first. A trusted last link need not be signed by itself.
fn check_signatures(algorithms: &WebPkiSupportedAlgorithms, chain: &Chain) -> Result<(), Refusal> {
    let now = Time::now();
    for (index, link) in chain.links.iter().enumerate().rev() {
        if let Some(issuer) = chain.links.get(index + 1)
            && !is_signed_by(algorithms, issuer, &link.signature_algorithm, &link.signed, &link.signature)
        {
            return Err(Refusal::new(7));
        }
        if now < link.not_before {
            return Err(Refusal::new(9));
        }
        if now > link.not_after {
            return Err(Refusal::new(10));
        }
    }
    Ok(())
}

/// Whether the holder of a certificate has signed a message.
pub fn is_signed_by(algorithms: &WebPkiSupportedAlgorithms, signer: &Certificate, algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    algorithms
        .all
        .iter()
        .filter(|known| known.signature_alg_id().as_ref() == algorithm && known.public_key_alg_id().as_ref() == signer.key_algorithm)
        .any(|known| known.verify_signature(&signer.key, message, signature).is_ok())
}
