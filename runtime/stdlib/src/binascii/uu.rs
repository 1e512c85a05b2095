//! Lines of uuencoded data.

pub fn encode(data: &[u8], backtick: bool) -> Result<Vec<u8>, &'static str> {
    if data.len() > 45 {
        return Err("At most 45 bytes at once");
    }
    let digit = |value: u8| if backtick && value == 0 { b'`' } else { b' ' + value };
    let mut line = vec![digit(data.len() as u8)];
    for group in data.chunks(3) {
        let byte = |index: usize| group.get(index).copied().unwrap_or(0);
        line.push(digit(byte(0) >> 2));
        line.push(digit((byte(0) << 4 | byte(1) >> 4) & 63));
        line.push(digit((byte(1) << 2 | byte(2) >> 6) & 63));
        line.push(digit(byte(2) & 63));
    }
    line.push(b'\n');
    Ok(line)
}

pub fn decode(line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Some((&first, mut rest)) = line.split_first() else {
        return Err("Missing length byte");
    };
    let len = usize::from(first.wrapping_sub(b' ') & 63);
    let mut data = Vec::with_capacity(len);
    let (mut bits, mut n_bits) = (0u32, 0);
    while data.len() < len {
        let value = match rest.first() {
            // Spaces at the end of the line may have been eaten.
            None | Some(b'\n' | b'\r') => 0,
            Some(&byte @ 0x20..=0x60) => (byte - b' ') & 63,
            Some(_) => return Err("Illegal char"),
        };
        rest = rest.get(1..).unwrap_or(&[]);
        bits = bits << 6 | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            data.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    if rest.iter().all(|byte| matches!(byte, b' ' | b'`' | b'\n' | b'\r')) { Ok(data) } else { Err("Trailing garbage") }
}
