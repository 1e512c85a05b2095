//! Hash functions by name, and what is built of them: HMAC and PBKDF2.

use ::sha2::digest::{DynDigest, ExtendableOutput, Update, XofReader};

/// A hash function.
pub struct Kind {
    pub name: &'static str,
    /// Other names it goes by, in lower case.
    aliases: &'static [&'static str],
    pub block_size: usize,
    /// Zero: as much as one asks for.
    pub digest_size: usize,
    start: fn() -> State,
}

impl Kind {
    pub fn is_extendable(&self) -> bool {
        self.digest_size == 0
    }

    pub fn start(&self) -> State {
        (self.start)()
    }
}

/// A hash that is being computed.
#[derive(Clone)]
pub enum State {
    Fixed(Box<dyn DynDigest>),
    Shake128(Box<::sha3::Shake128>),
    Shake256(Box<::sha3::Shake256>),
    Blake2b(Box<blake2b_simd::State>),
    Blake2s(Box<blake2s_simd::State>),
}

impl State {
    fn fixed<D: DynDigest + Default + 'static>() -> State {
        State::Fixed(Box::<D>::default())
    }

    pub fn update(&mut self, data: &[u8]) {
        match self {
            State::Fixed(state) => state.update(data),
            State::Shake128(state) => Update::update(&mut **state, data),
            State::Shake256(state) => Update::update(&mut **state, data),
            State::Blake2b(state) => drop(state.update(data)),
            State::Blake2s(state) => drop(state.update(data)),
        }
    }

    /// The digest. `len` matters only where it can be chosen.
    pub fn finish(&self, len: usize) -> Vec<u8> {
        match self.clone() {
            State::Fixed(state) => state.finalize().into_vec(),
            State::Shake128(state) => squeeze(state.finalize_xof(), len),
            State::Shake256(state) => squeeze(state.finalize_xof(), len),
            State::Blake2b(state) => state.finalize().as_bytes().to_vec(),
            State::Blake2s(state) => state.finalize().as_bytes().to_vec(),
        }
    }
}

fn squeeze(mut reader: impl XofReader, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    reader.read(&mut out);
    out
}

/// All functions there are.
pub static KINDS: &[Kind] = &[
    Kind { name: "md5", aliases: &["ssl3-md5"], block_size: 64, digest_size: 16, start: State::fixed::<::md5::Md5> },
    Kind { name: "sha1", aliases: &["sha-1", "ssl3-sha1"], block_size: 64, digest_size: 20, start: State::fixed::<::sha1::Sha1> },
    Kind { name: "sha224", aliases: &["sha-224", "sha2-224"], block_size: 64, digest_size: 28, start: State::fixed::<::sha2::Sha224> },
    Kind { name: "sha256", aliases: &["sha-256", "sha2-256"], block_size: 64, digest_size: 32, start: State::fixed::<::sha2::Sha256> },
    Kind { name: "sha384", aliases: &["sha-384", "sha2-384"], block_size: 128, digest_size: 48, start: State::fixed::<::sha2::Sha384> },
    Kind { name: "sha512", aliases: &["sha-512", "sha2-512"], block_size: 128, digest_size: 64, start: State::fixed::<::sha2::Sha512> },
    Kind {
        name: "sha512_224",
        aliases: &["sha512-224", "sha-512/224", "sha2-512/224"],
        block_size: 128,
        digest_size: 28,
        start: State::fixed::<::sha2::Sha512_224>,
    },
    Kind {
        name: "sha512_256",
        aliases: &["sha512-256", "sha-512/256", "sha2-512/256"],
        block_size: 128,
        digest_size: 32,
        start: State::fixed::<::sha2::Sha512_256>,
    },
    Kind { name: "sha3_224", aliases: &["sha3-224"], block_size: 144, digest_size: 28, start: State::fixed::<::sha3::Sha3_224> },
    Kind { name: "sha3_256", aliases: &["sha3-256"], block_size: 136, digest_size: 32, start: State::fixed::<::sha3::Sha3_256> },
    Kind { name: "sha3_384", aliases: &["sha3-384"], block_size: 104, digest_size: 48, start: State::fixed::<::sha3::Sha3_384> },
    Kind { name: "sha3_512", aliases: &["sha3-512"], block_size: 72, digest_size: 64, start: State::fixed::<::sha3::Sha3_512> },
    Kind { name: "shake_128", aliases: &["shake128", "shake-128"], block_size: 168, digest_size: 0, start: || State::Shake128(Box::default()) },
    Kind { name: "shake_256", aliases: &["shake256", "shake-256"], block_size: 136, digest_size: 0, start: || State::Shake256(Box::default()) },
    Kind {
        name: "ripemd160",
        aliases: &["ripemd", "rmd160", "ripemd-160"],
        block_size: 64,
        digest_size: 20,
        start: State::fixed::<::ripemd::Ripemd160>,
    },
    Kind { name: "sm3", aliases: &[], block_size: 64, digest_size: 32, start: State::fixed::<::sm3::Sm3> },
    Kind {
        name: "blake2b",
        aliases: &["blake2b512", "blake2b-512"],
        block_size: 128,
        digest_size: 64,
        start: || State::Blake2b(Box::new(blake2b_simd::State::new())),
    },
    Kind {
        name: "blake2s",
        aliases: &["blake2s256", "blake2s-256"],
        block_size: 64,
        digest_size: 32,
        start: || State::Blake2s(Box::new(blake2s_simd::State::new())),
    },
];

/// The function of a name, in any case.
pub fn by_name(name: &str) -> Option<&'static Kind> {
    let name = name.to_ascii_lowercase();
    KINDS.iter().find(|kind| kind.name == name || kind.aliases.contains(&&*name))
}

/// A keyed hash that is being computed.
#[derive(Clone)]
pub struct Mac {
    inner: State,
    outer: State,
}

impl Mac {
    pub fn new(kind: &Kind, key: &[u8]) -> Mac {
        let mut block = if key.len() > kind.block_size {
            let mut state = kind.start();
            state.update(key);
            state.finish(kind.digest_size)
        } else {
            key.to_vec()
        };
        block.resize(kind.block_size, 0);
        let padded = |byte: u8| {
            let mut state = kind.start();
            state.update(&block.iter().map(|&key| key ^ byte).collect::<Vec<u8>>());
            state
        };
        Mac { inner: padded(0x36), outer: padded(0x5c) }
    }

    pub fn update(&mut self, data: &[u8]) {
        self.inner.update(data);
    }

    pub fn finish(&self) -> Vec<u8> {
        let mut outer = self.outer.clone();
        outer.update(&self.inner.finish(0));
        outer.finish(0)
    }
}

/// HMAC of one message.
pub fn mac(kind: &Kind, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Mac::new(kind, key);
    mac.update(message);
    mac.finish()
}

/// PBKDF2 with HMAC. What most passwords are hashed with has a path of its own.
pub fn pbkdf2(kind: &Kind, password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]) {
    match kind.name {
        "sha1" => pbkdf2::pbkdf2_hmac::<::sha1::Sha1>(password, salt, rounds, key),
        "sha256" => pbkdf2::pbkdf2_hmac::<::sha2::Sha256>(password, salt, rounds, key),
        "sha512" => pbkdf2::pbkdf2_hmac::<::sha2::Sha512>(password, salt, rounds, key),
        _ => {
            let keyed = Mac::new(kind, password);
            for (index, chunk) in (1u32..).zip(key.chunks_mut(kind.digest_size.max(1))) {
                let mut first = keyed.clone();
                first.update(salt);
                first.update(&index.to_be_bytes());
                let mut last = first.finish();
                let mut sum = last.clone();
                for _ in 1..rounds {
                    let mut next = keyed.clone();
                    next.update(&last);
                    last = next.finish();
                    sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
                }
                chunk.copy_from_slice(&sum[..chunk.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_derive_keys_agree() {
        let kind = by_name("SHA2-256").unwrap();
        let slow = Kind { name: "", aliases: &[], ..*kind };
        let (mut first, mut second) = ([0; 50], [0; 50]);
        pbkdf2(kind, b"password", b"salt", 3, &mut first);
        pbkdf2(&slow, b"password", b"salt", 3, &mut second);
        assert_eq!(first, second);
    }
}
