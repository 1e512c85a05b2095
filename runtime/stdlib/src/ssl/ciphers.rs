//! Cipher suites: their OpenSSL names, the lists that select them, the groups of key exchange.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite as suites, kx_group};
use rustls::{CipherSuite, SupportedCipherSuite};

/// A suite that there is.
pub struct Suite {
    pub name: &'static str,
    pub suite: SupportedCipherSuite,
    /// As OpenSSL numbers them: the two bytes of the protocol with 0x0300 in front.
    pub id: i64,
    pub is_tls13: bool,
    pub exchange: &'static str,
    pub authentication: &'static str,
    pub encryption: &'static str,
    pub symmetric: &'static str,
    pub bits: i64,
}

impl Suite {
    pub fn protocol(&self) -> &'static str {
        if self.is_tls13 { "TLSv1.3" } else { "TLSv1.2" }
    }

    /// As OpenSSL describes it.
    pub fn description(&self) -> String {
        let (exchange, authentication) = match self.is_tls13 {
            true => ("any", "any"),
            false => ("ECDH", self.authentication),
        };
        format!("{:<30} {} Kx={exchange:<8} Au={authentication:<5} Enc={:<22} Mac=AEAD", self.name, self.protocol(), self.encryption)
    }

    /// Whether a word of a cipher list covers it. Key exchange without elliptic curves, which `RSA` means, there is none.
    fn is_named(&self, word: &str) -> bool {
        match word {
            "ALL" | "DEFAULT" | "HIGH" | "TLSv1.2" | "kEECDH" | "kECDHE" | "EECDH" | "ECDHE" | "ECDH" | "AEAD" => true,
            "aRSA" => self.authentication == "RSA",
            "aECDSA" | "ECDSA" => self.authentication == "ECDSA",
            "AES" => self.encryption.starts_with("AES"),
            "AESGCM" => self.encryption.starts_with("AESGCM"),
            "AES128" => self.encryption == "AESGCM(128)",
            "AES256" => self.encryption == "AESGCM(256)",
            "CHACHA20" => self.encryption.starts_with("CHACHA20"),
            _ => self.name == word || standard_name(self.suite.suite()) == word,
        }
    }
}

macro_rules! suite {
    ($name:literal $constant:ident $id:literal $is_tls13:literal $exchange:literal $authentication:literal $encryption:literal $symmetric:literal $bits:literal) => {
        Suite {
            name: $name,
            suite: suites::$constant,
            id: 0x0300_0000 | $id,
            is_tls13: $is_tls13,
            exchange: $exchange,
            authentication: $authentication,
            encryption: $encryption,
            symmetric: $symmetric,
            bits: $bits,
        }
    };
}

/// All suites, in OpenSSL's order of preference.
pub static SUITES: &[Suite] = &[
    suite!("TLS_AES_256_GCM_SHA384" TLS13_AES_256_GCM_SHA384 0x1302 true "kx-any" "any" "AESGCM(256)" "aes-256-gcm" 256),
    suite!("TLS_CHACHA20_POLY1305_SHA256" TLS13_CHACHA20_POLY1305_SHA256 0x1303 true "kx-any" "any" "CHACHA20/POLY1305(256)" "chacha20-poly1305" 256),
    suite!("TLS_AES_128_GCM_SHA256" TLS13_AES_128_GCM_SHA256 0x1301 true "kx-any" "any" "AESGCM(128)" "aes-128-gcm" 128),
    suite!("ECDHE-ECDSA-AES256-GCM-SHA384" TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 0xc02c false "kx-ecdhe" "ECDSA" "AESGCM(256)" "aes-256-gcm" 256),
    suite!("ECDHE-RSA-AES256-GCM-SHA384" TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 0xc030 false "kx-ecdhe" "RSA" "AESGCM(256)" "aes-256-gcm" 256),
    suite!("ECDHE-ECDSA-CHACHA20-POLY1305" TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 0xcca9 false "kx-ecdhe" "ECDSA" "CHACHA20/POLY1305(256)" "chacha20-poly1305" 256),
    suite!("ECDHE-RSA-CHACHA20-POLY1305" TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 0xcca8 false "kx-ecdhe" "RSA" "CHACHA20/POLY1305(256)" "chacha20-poly1305" 256),
    suite!("ECDHE-ECDSA-AES128-GCM-SHA256" TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 0xc02b false "kx-ecdhe" "ECDSA" "AESGCM(128)" "aes-128-gcm" 128),
    suite!("ECDHE-RSA-AES128-GCM-SHA256" TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 0xc02f false "kx-ecdhe" "RSA" "AESGCM(128)" "aes-128-gcm" 128),
];

pub fn by_suite(suite: CipherSuite) -> Option<&'static Suite> {
    SUITES.iter().find(|known| known.suite.suite() == suite)
}

fn standard_name(suite: CipherSuite) -> String {
    suite.as_str().map(|name| name.replacen("TLS13_", "TLS_", 1)).unwrap_or_default()
}

/// What all contexts begin with.
pub fn all() -> Vec<&'static Suite> {
    SUITES.iter().collect()
}

/// The suites an OpenSSL cipher list selects; those of TLS 1.3 are always there. `None`: it selects none.
pub fn select(list: &str) -> Option<Vec<&'static Suite>> {
    let mut chosen: Vec<&'static Suite> = Vec::new();
    let mut banned: Vec<&'static str> = Vec::new();
    for word in list.split([':', ',', ' ', ';']).filter(|word| !word.is_empty()) {
        if let Some(command) = word.strip_prefix('@') {
            if command == "STRENGTH" {
                chosen.sort_by_key(|suite| -suite.bits);
            }
            continue;
        }
        let (sign, rest) = match word.as_bytes()[0] {
            sign @ (b'!' | b'-' | b'+') => (sign, &word[1..]),
            _ => (0, word),
        };
        let matches = |suite: &Suite| !suite.is_tls13 && rest.split('+').all(|part| suite.is_named(part));
        match sign {
            b'!' => {
                banned.extend(SUITES.iter().filter(|suite| matches(suite)).map(|suite| suite.name));
                chosen.retain(|suite| !matches(suite));
            }
            b'-' => chosen.retain(|suite| !matches(suite)),
            b'+' => {
                let (moved, mut kept): (Vec<_>, Vec<_>) = chosen.iter().copied().partition(|suite| matches(suite));
                kept.extend(moved);
                chosen = kept;
            }
            _ => {
                for suite in SUITES {
                    if matches(suite) && !banned.contains(&suite.name) && !chosen.iter().any(|known| known.name == suite.name) {
                        chosen.push(suite);
                    }
                }
            }
        }
    }
    if chosen.is_empty() {
        return None;
    }
    let mut suites: Vec<&'static Suite> = SUITES.iter().filter(|suite| suite.is_tls13).collect();
    suites.extend(chosen);
    Some(suites)
}

/// Groups of key exchange by their OpenSSL names.
pub fn group(name: &str) -> Option<&'static dyn SupportedKxGroup> {
    match name {
        "prime256v1" | "secp256r1" | "P-256" => Some(kx_group::SECP256R1),
        "secp384r1" | "P-384" => Some(kx_group::SECP384R1),
        "X25519" | "x25519" => Some(kx_group::X25519),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        select(list).unwrap_or_default().iter().filter(|suite| !suite.is_tls13).map(|suite| suite.name).collect()
    }

    #[test]
    fn lists_select_and_exclude() {
        assert_eq!(names("ALL").len(), 6);
        assert_eq!(names("ECDHE+AESGCM:!aRSA"), ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"]);
        assert_eq!(names("ECDHE-RSA-AES128-GCM-SHA256"), ["ECDHE-RSA-AES128-GCM-SHA256"]);
        assert!(select("nonsense").is_none());
        assert!(select("ALL:!ECDHE").is_none());
    }
}
