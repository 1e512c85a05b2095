//! Quoted-printable text.

const MAX_LINE: usize = 76;

pub struct Options {
    pub quote_tabs: bool,
    pub is_text: bool,
    pub header: bool,
}

pub fn decode(text: &[u8], header: bool) -> Vec<u8> {
    let digit = |index: usize| text.get(index).and_then(|&byte| char::from(byte).to_digit(16));
    let mut data = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        if byte == b'_' && header {
            data.push(b' ');
            continue;
        }
        if byte != b'=' {
            data.push(byte);
            continue;
        }
        match text.get(at) {
            None => break,
            // A soft line break.
            Some(b'\n' | b'\r') => at += text[at..].iter().position(|&byte| byte == b'\n').map_or(text.len() - at, |len| len + 1),
            Some(b'=') => {
                data.push(b'=');
                at += 1;
            }
            Some(_) => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    data.push((high << 4 | low) as u8);
                    at += 2;
                }
                _ => data.push(b'='),
            },
        }
    }
    data
}

struct Encoder<'a> {
    data: &'a [u8],
    options: Options,
    newline: &'static [u8],
    text: Vec<u8>,
    line: usize,
}

pub fn encode(data: &[u8], options: Options) -> Vec<u8> {
    let first = data.iter().position(|&byte| byte == b'\n');
    let has_returns = first.is_some_and(|index| index > 0 && data[index - 1] == b'\r');
    let mut encoder =
        Encoder { data, options, newline: if has_returns { b"\r\n" } else { b"\n" }, text: Vec::with_capacity(data.len() * 2), line: 0 };
    let mut at = 0;
    while at < data.len() {
        at = encoder.step(at);
    }
    encoder.text
}

impl Encoder<'_> {
    fn must_quote(&self, at: usize) -> bool {
        let (byte, next) = (self.data[at], self.data.get(at + 1));
        let is_last = next.is_none();
        match byte {
            127.. | b'=' => true,
            b'_' => self.options.header,
            b'.' => self.line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
            b'\r' | b'\n' => !self.options.is_text,
            b'\t' | b' ' => is_last || self.options.quote_tabs,
            0..33 => true,
            _ => false,
        }
    }

    fn soft_break(&mut self) {
        self.text.push(b'=');
        self.text.extend_from_slice(self.newline);
        self.line = 0;
    }

    fn push_quoted(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.text.extend_from_slice(&[b'=', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }

    /// Encodes what is at `at`; returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        let (byte, next) = (self.data[at], self.data.get(at + 1).copied());
        if self.must_quote(at) {
            if self.line + 3 >= MAX_LINE {
                self.soft_break();
            }
            self.push_quoted(byte);
            self.line += 3;
            return at + 1;
        }
        let is_newline = byte == b'\n' || (byte == b'\r' && next == Some(b'\n'));
        if self.options.is_text && is_newline {
            self.line = 0;
            // White space at the end of a line would get lost.
            if let Some(&last @ (b' ' | b'\t')) = self.text.last() {
                self.text.pop();
                self.push_quoted(last);
            }
            self.text.extend_from_slice(self.newline);
            return if byte == b'\r' { at + 2 } else { at + 1 };
        }
        if next.is_some_and(|next| next != b'\n') && self.line + 1 >= MAX_LINE {
            self.soft_break();
        }
        self.line += 1;
        self.text.push(if self.options.header && byte == b' ' { b'_' } else { byte });
        at + 1
    }
}
