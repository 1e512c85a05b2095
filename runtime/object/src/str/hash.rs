//! The hash of strings and bytes: SipHash-1-3 under a key that is drawn anew for each process, or
//! derived from `PYTHONHASHSEED` as CPython derives it.

use std::cell::Cell;

struct Key(Cell<(u64, u64)>);

// SAFETY: the key is set at start-up, before there is a second thread.
unsafe impl Sync for Key {}

static KEY: Key = Key(Cell::new((0, 0)));

/// Sets the key: from `seed`, 0 meaning no randomisation, or from random bytes. Only at start-up,
/// before the first string is hashed.
pub fn set_hash_seed(seed: Option<u32>) {
    let mut key = [0u8; 16];
    match seed {
        Some(0) => {}
        Some(seed) => fill_from_seed(seed, &mut key),
        None => fill_randomly(&mut key),
    }
    let half = |start: usize| u64::from_le_bytes(std::array::from_fn(|index| key[start + index]));
    KEY.0.set((half(0), half(8)));
}

fn fill_from_seed(seed: u32, key: &mut [u8]) {
    let mut state = seed;
    for byte in key {
        state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
        *byte = (state >> 16) as u8;
    }
}

fn fill_randomly(key: &mut [u8; 16]) {
    // SAFETY: the buffer is as long as said.
    let got = unsafe { libc::getrandom(key.as_mut_ptr().cast(), key.len(), libc::GRND_NONBLOCK) };
    if got != key.len() as isize {
        // No entropy yet, early at boot: addresses and time are better than nothing.
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
        *key = (time ^ (std::ptr::from_ref(key).addr() as u128) << 64).to_le_bytes();
    }
}

/// The hash of `bytes`, never -1; 0 for none.
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    let (k0, k1) = KEY.0.get();
    match siphash13(k0, k1, bytes) as i64 {
        -1 => -2,
        hash => hash,
    }
}

/// A hash under the process's key, for the other users of the algorithm (`source_hash` has a key of its own).
pub fn siphash13(k0: u64, k1: u64, bytes: &[u8]) -> u64 {
    let mut v = [k0 ^ 0x736f_6d65_7073_6575, k1 ^ 0x646f_7261_6e64_6f6d, k0 ^ 0x6c79_6765_6e65_7261, k1 ^ 0x7465_6462_7974_6573];
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        v[3] ^= word;
        round(&mut v);
        v[0] ^= word;
    }
    let word = last_bytes(bytes, rest) | (bytes.len() as u64) << 56;
    v[3] ^= word;
    round(&mut v);
    v[0] ^= word;
    v[2] ^= 0xFF;
    round(&mut v);
    round(&mut v);
    round(&mut v);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The bytes after the last whole word, fewer than eight, as a word. They are read in pieces of fixed length, which overlap.
#[inline(always)]
fn last_bytes(bytes: &[u8], rest: &[u8]) -> u64 {
    let n = rest.len();
    if n == 0 {
        return 0;
    }
    if let Some(tail) = bytes.last_chunk() {
        return u64::from_le_bytes(*tail) >> (64 - 8 * n);
    }
    match (rest.first_chunk(), rest.last_chunk()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (n - 4)),
        _ => u64::from(rest[0]) | u64::from(rest[n / 2]) << (8 * (n / 2)) | u64::from(rest[n - 1]) << (8 * (n - 1)),
    }
}

#[inline(always)]
fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_bytes_are_those_after_whole_words() {
        let bytes: Vec<u8> = (1..=23).collect();
        for len in 0..bytes.len() {
            let (_, rest) = bytes[..len].as_chunks::<8>();
            let expected = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            assert_eq!(last_bytes(&bytes[..len], rest), expected, "{len} bytes");
        }
    }

    #[test]
    fn hashes_are_cpythons_under_seed_0() {
        // python3.14 with PYTHONHASHSEED=0: hash("abc"), hash("a longer string"), hash("")
        assert_eq!(siphash13(0, 0, b"abc") as i64, -4594863902769663758);
        assert_eq!(siphash13(0, 0, b"a longer string") as i64, 2471259676454272481);
        assert_eq!(hash_bytes(b""), 0);
    }
}
