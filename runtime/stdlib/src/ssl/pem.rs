//! PEM: blocks of base64 between lines that say what they are.

/// One block of a PEM file.
pub struct Block {
    pub label: String,
    /// Lines such as `DEK-Info: AES-256-CBC,...` before the data.
    pub headers: Vec<(String, String)>,
    /// `None`: not base64.
    pub data: Option<Vec<u8>>,
}

impl Block {
    pub fn is_certificate(&self) -> bool {
        matches!(&*self.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    }
}

/// The blocks of a text. One without an end is a block without data.
pub fn blocks(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| line.trim_ascii());
    while let Some(line) = lines.next() {
        let Some(label) = marker(line, b"-----BEGIN ") else { continue };
        let mut block = Block { label: label.to_owned(), headers: Vec::new(), data: None };
        let mut data = Vec::new();
        for line in lines.by_ref() {
            if marker(line, b"-----END ").is_some_and(|end| end == block.label) {
                block.data = decode_base64(&data);
                break;
            }
            match line.iter().position(|&byte| byte == b':') {
                Some(colon) => {
                    let text = |part: &[u8]| String::from_utf8_lossy(part.trim_ascii()).into_owned();
                    block.headers.push((text(&line[..colon]), text(&line[colon + 1..])));
                }
                None => data.extend_from_slice(line),
            }
        }
        blocks.push(block);
    }
    blocks
}

fn marker<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    std::str::from_utf8(line.strip_prefix(start)?.strip_suffix(b"-----")?).ok()
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for (index, four) in text.chunks_exact(4).enumerate() {
        let padding = four.iter().rev().take_while(|&&byte| byte == b'=').count();
        if padding > 2 || (padding > 0 && (index + 1) * 4 != text.len()) {
            return None;
        }
        let mut bits = 0u32;
        for &byte in &four[..4 - padding] {
            bits = bits << 6 | u32::from(digit(byte)?);
        }
        bits <<= 6 * padding;
        out.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// A block as text.
pub fn encode(label: &str, data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in data.chunks(48) {
        for three in line.chunks(3) {
            let mut bytes = [0; 4];
            bytes[1..=three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes(bytes);
            for position in 0..4 {
                let is_padding = position > three.len();
                let digit = DIGITS[(bits >> (18 - 6 * position) & 63) as usize];
                text.push(if is_padding { '=' } else { char::from(digit) });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_survive_encoding() {
        for len in 0..100u8 {
            let data: Vec<u8> = (0..len).collect();
            let text = format!("junk\n{}more\n", encode("THING", &data));
            let found = blocks(text.as_bytes());
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].label, "THING");
            assert_eq!(found[0].data.as_deref(), Some(&data[..]));
        }
    }

    #[test]
    fn what_is_no_base64_has_no_data() {
        assert!(blocks(b"-----BEGIN X-----\nabc\n-----END X-----\n")[0].data.is_none());
        assert!(blocks(b"-----BEGIN X-----\nabcd\n")[0].data.is_none());
    }
}
