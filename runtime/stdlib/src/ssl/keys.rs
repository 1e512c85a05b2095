//! Private keys: reading them from PEM, decrypting those that have a password.

use super::der::{Reader, tag};
use super::pem::Block;
use aes::cipher::{BlockDecryptMut, KeyIvInit, block_padding::Pkcs7};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::SigningKey;
use std::sync::Arc;

/// The first private key among these blocks.
pub fn find(blocks: &[Block]) -> Option<&Block> {
    blocks.iter().find(|block| matches!(&*block.label, "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"))
}

/// Whether a password is needed to read it.
pub fn is_encrypted(block: &Block) -> bool {
    block.label == "ENCRYPTED PRIVATE KEY" || block.headers.iter().any(|(name, value)| name == "Proc-Type" && value.contains("ENCRYPTED"))
}

/// The key of a block; `None` if it cannot be read, or the password is wrong.
pub fn load(block: &Block, password: Option<&[u8]>) -> Option<Arc<dyn SigningKey>> {
    let data = block.data.as_deref()?;
    let plain = match (&*block.label, is_encrypted(block)) {
        (_, false) => data.to_vec(),
        ("ENCRYPTED PRIVATE KEY", true) => decrypt_pkcs8(data, password?)?,
        (_, true) => decrypt_traditional(block, data, password?)?,
    };
    let key = match &*block.label {
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(plain)),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(plain)),
        _ => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(plain)),
    };
    any_supported_type(&key).ok()
}

#[derive(Clone, Copy)]
enum Cipher {
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    fn key_len(self) -> usize {
        match self {
            Cipher::Aes128 => 16,
            Cipher::TripleDes | Cipher::Aes192 => 24,
            Cipher::Aes256 => 32,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        fn run<C: BlockDecryptMut + KeyIvInit>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
            let mut data = data.to_vec();
            let len = C::new_from_slices(key, iv).ok()?.decrypt_padded_mut::<Pkcs7>(&mut data).ok()?.len();
            data.truncate(len);
            Some(data)
        }
        match self {
            Cipher::TripleDes => run::<cbc::Decryptor<des::TdesEde3>>(key, iv, data),
            Cipher::Aes128 => run::<cbc::Decryptor<aes::Aes128>>(key, iv, data),
            Cipher::Aes192 => run::<cbc::Decryptor<aes::Aes192>>(key, iv, data),
            Cipher::Aes256 => run::<cbc::Decryptor<aes::Aes256>>(key, iv, data),
        }
    }
}

/// PKCS 8 with PBES2: a key derived by PBKDF2 or scrypt, a block cipher in CBC mode.
fn decrypt_pkcs8(data: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
    const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
    const SCRYPT: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
    let mut outer = Reader::new(data).enter(tag::SEQUENCE)?;
    let mut algorithm = outer.enter(tag::SEQUENCE)?;
    let encrypted = outer.expect(tag::OCTET_STRING)?.content;
    if algorithm.expect(tag::OBJECT_IDENTIFIER)?.content != PBES2 {
        return None;
    }
    let mut parameters = algorithm.enter(tag::SEQUENCE)?;
    let mut derivation = parameters.enter(tag::SEQUENCE)?;
    let mut encryption = parameters.enter(tag::SEQUENCE)?;
    let cipher = match encryption.expect(tag::OBJECT_IDENTIFIER)?.content {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7] => Cipher::TripleDes,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2] => Cipher::Aes128,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22] => Cipher::Aes192,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42] => Cipher::Aes256,
        _ => return None,
    };
    let iv = encryption.expect(tag::OCTET_STRING)?.content;
    let function = derivation.expect(tag::OBJECT_IDENTIFIER)?.content;
    let mut fields = derivation.enter(tag::SEQUENCE)?;
    let salt = fields.expect(tag::OCTET_STRING)?.content;
    let mut key = vec![0; cipher.key_len()];
    match function {
        PBKDF2 => derive(&mut fields, password, salt, &mut key)?,
        SCRYPT => {
            let (cost, block, parallel) = (fields.small_integer()?, fields.small_integer()?, fields.small_integer()?);
            let cost = u64::try_from(cost).ok().filter(|cost| cost.is_power_of_two())?.trailing_zeros();
            let parameters = scrypt::Params::new(cost as u8, u32::try_from(block).ok()?, u32::try_from(parallel).ok()?, key.len()).ok()?;
            scrypt::scrypt(password, salt, &parameters, &mut key).ok()?;
        }
        _ => return None,
    }
    cipher.decrypt(&key, iv, encrypted)
}

/// PBKDF2 with the parameters that follow the salt.
fn derive(fields: &mut Reader<'_>, password: &[u8], salt: &[u8], key: &mut [u8]) -> Option<()> {
    let rounds = u32::try_from(fields.small_integer()?).ok()?;
    if fields.peek() == Some(tag::INTEGER) {
        fields.value()?;
    }
    let hash = match fields.enter(tag::SEQUENCE) {
        Some(mut algorithm) => algorithm.expect(tag::OBJECT_IDENTIFIER)?.content.last().copied()?,
        None => 7,
    };
    // The last number of hmacWithSHA1 and its likes.
    match hash {
        7 => pbkdf2::pbkdf2_hmac::<::sha1::Sha1>(password, salt, rounds, key),
        8 => pbkdf2::pbkdf2_hmac::<::sha2::Sha224>(password, salt, rounds, key),
        9 => pbkdf2::pbkdf2_hmac::<::sha2::Sha256>(password, salt, rounds, key),
        10 => pbkdf2::pbkdf2_hmac::<::sha2::Sha384>(password, salt, rounds, key),
        11 => pbkdf2::pbkdf2_hmac::<::sha2::Sha512>(password, salt, rounds, key),
        _ => return None,
    }
    Some(())
}

/// The old form: a cipher named in a header, a key derived by MD5 from the password and the start of the vector.
fn decrypt_traditional(block: &Block, data: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    use ::md5::Digest;
    let (_, info) = block.headers.iter().find(|(name, _)| name == "DEK-Info")?;
    let (name, vector) = info.split_once(',')?;
    let cipher = match name.trim() {
        "DES-EDE3-CBC" => Cipher::TripleDes,
        "AES-128-CBC" => Cipher::Aes128,
        "AES-192-CBC" => Cipher::Aes192,
        "AES-256-CBC" => Cipher::Aes256,
        _ => return None,
    };
    let vector = vector.trim();
    let iv: Option<Vec<u8>> =
        (0..vector.len() / 2).map(|index| vector.get(index * 2..index * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
    let iv = iv.filter(|iv| iv.len() >= 8)?;
    let mut key: Vec<u8> = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    while key.len() < cipher.key_len() {
        let mut hash = ::md5::Md5::new();
        hash.update(&last);
        hash.update(password);
        hash.update(&iv[..8]);
        last = hash.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(cipher.key_len());
    cipher.decrypt(&key, &iv, data)
}
