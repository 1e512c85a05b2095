//! The certificates and revocation lists that a context trusts, and the directories where it looks for more.

use super::certificate::{Certificate, RevocationList, canonical_name, name_hash};
use super::pem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Default)]
pub struct Contents {
    pub certificates: Vec<Arc<Certificate>>,
    pub revocation_lists: Vec<Arc<RevocationList>>,
    pub directories: Vec<PathBuf>,
}

/// A store, shared by a context and its connections.
#[derive(Default)]
pub struct Store(Mutex<Contents>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    pub fn contents(&self) -> MutexGuard<'_, Contents> {
        // Nothing panics while it is held; and what is in it is whole at any time.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn add(&self, certificate: Certificate) {
        let mut contents = self.contents();
        if !contents.certificates.iter().any(|known| known.der == certificate.der) {
            contents.certificates.push(Arc::new(certificate));
        }
    }

    pub fn add_revocation_list(&self, list: RevocationList) {
        let mut contents = self.contents();
        if !contents.revocation_lists.iter().any(|known| known.der == list.der) {
            contents.revocation_lists.push(Arc::new(list));
        }
    }

    /// Takes in all certificates and revocation lists of a PEM text; how many there were, `None` if one cannot be read.
    pub fn add_pem(&self, text: &[u8]) -> Option<usize> {
        let mut count = 0;
        for block in pem::blocks(text) {
            if block.is_certificate() {
                // A trusted certificate has more behind it.
                let data = block.data?;
                self.add(Certificate::read_first(&data)?.0);
                count += 1;
            } else if block.label == "X509 CRL" {
                self.add_revocation_list(RevocationList::read(&block.data?)?);
                count += 1;
            } else if block.data.is_none() {
                return None;
            }
        }
        Some(count)
    }

    /// The certificates with this subject, from directories too.
    pub fn by_subject(&self, subject: &[u8]) -> Vec<Arc<Certificate>> {
        self.load_from_directories(subject, "");
        let wanted = canonical_name(subject);
        self.contents().certificates.iter().filter(|known| canonical_name(&known.subject) == wanted).cloned().collect()
    }

    pub fn revocation_list(&self, issuer: &[u8]) -> Option<Arc<RevocationList>> {
        self.load_from_directories(issuer, "r");
        let wanted = canonical_name(issuer);
        self.contents().revocation_lists.iter().filter(|list| canonical_name(&list.issuer) == wanted).max_by_key(|list| list.last_update).cloned()
    }

    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.contents().certificates.iter().any(|known| known.der == certificate.der)
    }

    /// Reads the files `HASH.0`, `HASH.1`, ... that a name may be found in.
    fn load_from_directories(&self, name: &[u8], kind: &str) {
        let directories = self.contents().directories.clone();
        if directories.is_empty() {
            return;
        }
        let hash = name_hash(name);
        for directory in directories {
            for number in 0.. {
                let Ok(text) = std::fs::read(directory.join(format!("{hash:08x}.{kind}{number}"))) else { break };
                // A file that cannot be read trusts nobody.
                let _ = self.add_pem(&text);
            }
        }
    }
}
