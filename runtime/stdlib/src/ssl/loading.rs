//! Loading of certificates and keys into a context.

use super::certificate::Certificate;
use super::context::{context, path_argument};
use super::error::{self, Failure, line};
use super::{certificate_object, keys, pem};
use crate::os_support::{fs_c_string, optional, os_error, truth};
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, Vm};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// As OpenSSL numbers what has gone wrong in its PEM library.
const PEM_LIBRARY: i64 = 524_297;
/// The longest password it takes.
const LONGEST_PASSWORD: usize = 1024;

fn read_file(vm: &mut Vm, path: &Path) -> PyResult<Vec<u8>> {
    vm.allow_threads(|| std::fs::read(path)).map_err(|error| os_error(vm, error.raw_os_error().unwrap_or(0), None))
}

fn pem_error(vm: &mut Vm, library: &'static str, line: u32) -> Raised {
    error::raise(vm, &Failure::in_library(library, PEM_LIBRARY, None, "PEM lib"), line)
}

pub fn load_cert_chain(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let certificate_file = path_argument(vm, args[0].unwrap_or(Ref::NONE), "certfile")?;
    let key_file = match optional(args, 1) {
        Some(path) => Some(path_argument(vm, path, "keyfile")?),
        None => None,
    };
    let password = match optional(args, 2) {
        Some(password) if password.class().slots().call.is_none() => {
            Password::Given(password_bytes(vm, password, "password should be a string or callable")?)
        }
        Some(password) => Password::Asked(password),
        None => Password::None,
    };
    let text = read_file(vm, &certificate_file)?;
    let Some(chain) = read_chain(&text) else { return Err(pem_error(vm, "SSL", line::CERTIFICATE_CHAIN)) };
    let key_text = match &key_file {
        Some(path) => read_file(vm, path)?,
        None => text,
    };
    let blocks = pem::blocks(&key_text);
    let Some(block) = keys::find(&blocks) else { return Err(pem_error(vm, "SSL", line::PRIVATE_KEY)) };
    let password = if keys::is_encrypted(block) { password.get(vm)? } else { None };
    let key = vm.allow_threads(|| keys::load(block, password.as_deref()));
    let Some(key) = key else { return Err(pem_error(vm, "SSL", line::PRIVATE_KEY)) };
    let certified = CertifiedKey::new(chain, key);
    if let Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) = keys_match(&certified) {
        let failure = Failure::in_library("X509", 116, Some("KEY_VALUES_MISMATCH"), "key values mismatch");
        return Err(error::raise(vm, &failure, line::PRIVATE_KEY));
    }
    context(this).settings.get_mut(vm).add_key(certified);
    Ok(Object::none())
}

/// Whether the key is the certificate's, old certificates included.
fn keys_match(certified: &CertifiedKey) -> Result<(), rustls::Error> {
    let mismatch = Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch));
    let Some(own) = certified.key.public_key() else { return Ok(()) };
    let leaf = certified.cert.first().and_then(|leaf| Certificate::read(leaf));
    match leaf {
        Some(leaf) if leaf.key_info == own.as_ref() => Ok(()),
        _ => mismatch,
    }
}

/// The certificates of a PEM text, the first of which must be there.
fn read_chain(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut chain = Vec::new();
    for block in pem::blocks(text).into_iter().filter(pem::Block::is_certificate) {
        let data = block.data?;
        let (certificate, _) = Certificate::read_first(&data)?;
        chain.push(CertificateDer::from(certificate.der));
    }
    (!chain.is_empty()).then_some(chain)
}

/// Where a password comes from.
enum Password<'a> {
    None,
    Given(Vec<u8>),
    Asked(Ref<'a>),
}

impl Password<'_> {
    fn get(self, vm: &mut Vm) -> PyResult<Option<Vec<u8>>> {
        match self {
            Password::None => Ok(None),
            Password::Given(password) => Ok(Some(password)),
            Password::Asked(callback) => {
                let password = vm.call(callback, &[])?;
                password_bytes(vm, password.borrow(), "password callback must return a string").map(Some)
            }
        }
    }
}

fn password_bytes(vm: &mut Vm, password: Ref<'_>, refusal: &str) -> PyResult<Vec<u8>> {
    let bytes = if let Some(text) = password.downcast::<Str>() {
        crate::os_support::fs_encode(vm, text.get())?
    } else if vm.has_buffer(password) {
        crate::argument::bytes(vm, password)?
    } else {
        return Err(vm.type_error(refusal));
    };
    if bytes.len() > LONGEST_PASSWORD {
        return Err(vm.value_error(format!("password cannot be longer than {LONGEST_PASSWORD} bytes")));
    }
    Ok(bytes)
}

pub fn load_dh_params(vm: &mut Vm, _this: Ref<'_>, path: Ref<'_>) -> PyResult {
    let name = fs_c_string(vm, path)?;
    let text = std::fs::read(OsStr::from_bytes(name.as_bytes())).map_err(|error| os_error(vm, error.raw_os_error().unwrap_or(0), Some(path)))?;
    if pem::blocks(&text).iter().any(|block| matches!(&*block.label, "DH PARAMETERS" | "X9.42 DH PARAMETERS") && block.data.is_some()) {
        // Key exchange over finite fields is not spoken, so that there is nothing to remember.
        return Ok(Object::none());
    }
    Err(error::raise(vm, &Failure::in_library("PEM", 108, Some("NO_START_LINE"), "no start line"), line::DH_PARAMETERS))
}

pub fn load_verify_locations(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (file, directory, data) = (optional(args, 0), optional(args, 1), optional(args, 2));
    if file.is_none() && directory.is_none() && data.is_none() {
        return Err(vm.type_error("cafile, capath and cadata cannot be all omitted"));
    }
    let file = match file {
        Some(file) => Some(path_argument(vm, file, "cafile")?),
        None => None,
    };
    let directory = match directory {
        Some(directory) => Some(path_argument(vm, directory, "capath")?),
        None => None,
    };
    context(this).settings.get_mut(vm).forget_verifier();
    let store = context(this).settings.get(vm).store.clone();
    if let Some(data) = data {
        load_data(vm, this, data)?;
    }
    if let Some(file) = file {
        let text = read_file(vm, &file)?;
        match vm.allow_threads(|| store.add_pem(&text)) {
            Some(0) => {
                let failure = Failure::in_library("X509", 136, Some("NO_CERTIFICATE_OR_CRL_FOUND"), "no certificate or crl found");
                return Err(error::raise(vm, &failure, line::VERIFY_LOCATIONS));
            }
            Some(_) => {}
            None => return Err(pem_error(vm, "X509", line::VERIFY_LOCATIONS)),
        }
    }
    if let Some(directory) = directory {
        store.contents().directories.push(directory);
    }
    Ok(Object::none())
}

/// Certificates in PEM, or in DER one after the other.
fn load_data(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult<()> {
    let refusal = "cadata should be an ASCII string or a bytes-like object";
    let store = context(this).settings.get(vm).store.clone();
    if let Some(text) = data.downcast::<Str>() {
        let Some(text) = text.as_str().filter(|text| text.is_ascii()).map(|text| text.as_bytes().to_vec()) else {
            return Err(vm.type_error(refusal));
        };
        if text.is_empty() {
            return Err(vm.value_error("Empty certificate data"));
        }
        return match store.add_pem(&text) {
            Some(0) => Err(error::raise_text(vm, "no start line: cadata does not contain a certificate", line::CERTIFICATE_DATA)),
            Some(_) => Ok(()),
            None => Err(pem_error(vm, "PEM", line::CERTIFICATE_DATA_REST)),
        };
    }
    if !vm.has_buffer(data) {
        return Err(vm.type_error(refusal));
    }
    let data = crate::argument::bytes(vm, data)?;
    if data.is_empty() {
        return Err(vm.value_error("Empty certificate data"));
    }
    let mut rest = &data[..];
    while !rest.is_empty() {
        match Certificate::read_first(rest) {
            Some((certificate, after)) => {
                store.add(certificate);
                rest = after;
            }
            None if rest.len() == data.len() => {
                return Err(error::raise_text(vm, "not enough data: cadata does not contain a certificate", line::CERTIFICATE_DATA));
            }
            None => {
                let failure = Failure::in_library("ASN1", 142, Some("NOT_ENOUGH_DATA"), "not enough data");
                return Err(error::raise(vm, &failure, line::CERTIFICATE_DATA_REST));
            }
        }
    }
    Ok(())
}

/// Where certificates are looked for unless the environment says otherwise: OpenSSL's own folder, or what the system has.
pub fn default_paths() -> (PathBuf, PathBuf) {
    const FOLDERS: [&str; 3] = ["/usr/lib/ssl", "/etc/ssl", "/etc/pki/tls"];
    let folder = FOLDERS.iter().map(Path::new).find(|folder| folder.is_dir()).unwrap_or(Path::new(FOLDERS[0]));
    (folder.join("cert.pem"), folder.join("certs"))
}

pub const FILE_VARIABLE: &str = "SSL_CERT_FILE";
pub const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

pub fn set_default_verify_paths(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (file, directory) = default_paths();
    let file = std::env::var_os(FILE_VARIABLE).map_or(file, PathBuf::from);
    let directories = std::env::var_os(DIRECTORY_VARIABLE).unwrap_or_else(|| directory.into());
    context(this).settings.get_mut(vm).forget_verifier();
    let store = context(this).settings.get(vm).store.clone();
    vm.allow_threads(|| {
        if let Ok(text) = std::fs::read(file) {
            // What cannot be read is not trusted; there is nobody to tell.
            let _ = store.add_pem(&text);
        }
        store.contents().directories.extend(std::env::split_paths(&directories));
    });
    Ok(Object::none())
}

pub fn get_ca_certs(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let binary = truth(vm, args[0], false)?;
    let store = context(this).settings.get(vm).store.clone();
    let certificates = store.contents().certificates.clone();
    let mut list = Vec::new();
    for certificate in certificates.iter().filter(|certificate| certificate.is_ca()) {
        list.push(if binary { vm.new_bytes(&certificate.der).into_object() } else { certificate_object::decode(vm, certificate)? });
    }
    Ok(vm.new_list(list).into_object())
}
