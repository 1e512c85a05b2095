//! Formats: which values are where in how many bytes.

/// The order of a value's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// Turns little-endian bytes into this order, or back.
    pub(super) fn arrange(self, bytes: &mut [u8]) {
        if self == Order::Big {
            bytes.reverse();
        }
    }
}

/// Values of one kind that follow each other.
pub(super) struct Item {
    pub code: u8,
    pub offset: usize,
    /// Bytes of each value.
    pub size: usize,
    /// How many values.
    pub repeat: usize,
}

impl Item {
    pub(super) fn is_signed(&self) -> bool {
        matches!(self.code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
    }

    /// The least and greatest int that fit.
    pub(super) fn range(&self) -> (i128, i128) {
        let bits = 8 * self.size as u32;
        if self.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
    }
}

/// A format that was read.
pub(super) struct Layout {
    pub items: Vec<Item>,
    pub order: Order,
    pub size: usize,
    pub n_values: usize,
}

/// Size and alignment of a code on this machine.
fn native(code: u8) -> Option<(usize, usize)> {
    let size = match code {
        b'x' | b'c' | b'b' | b'B' | b's' | b'p' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        b'F' => return Some((8, 4)),
        b'D' => return Some((16, 8)),
        _ => return None,
    };
    Some((size, size))
}

/// Size of a code whatever the machine.
fn standard(code: u8) -> Option<(usize, usize)> {
    match code {
        b'l' | b'L' => Some((4, 1)),
        b'n' | b'N' | b'P' => None,
        _ => native(code).map(|(size, _)| (size, 1)),
    }
}

const TOO_LONG: &str = "total struct size too long";

impl Layout {
    /// Reads a format; the error is the message for `struct.error`.
    pub(super) fn parse(format: &[u8]) -> Result<Layout, &'static str> {
        let (order, sizes, rest): (_, fn(u8) -> Option<(usize, usize)>, _) = match format {
            [b'<', rest @ ..] => (Order::Little, standard, rest),
            [b'>' | b'!', rest @ ..] => (Order::Big, standard, rest),
            [b'=', rest @ ..] => (MACHINE, standard, rest),
            [b'@', rest @ ..] | rest => (MACHINE, native, rest),
        };
        let mut layout = Layout { items: Vec::new(), order, size: 0, n_values: 0 };
        let mut codes = rest.iter().copied();
        while let Some(mut code) = codes.next() {
            if code.is_ascii_whitespace() || code == 0x0b {
                continue;
            }
            let mut repeat = None;
            while code.is_ascii_digit() {
                let digit = usize::from(code - b'0');
                repeat = Some(
                    repeat
                        .unwrap_or(0usize)
                        .checked_mul(10)
                        .and_then(|repeat| repeat.checked_add(digit))
                        .filter(|&repeat| repeat <= isize::MAX as usize)
                        .ok_or(TOO_LONG)?,
                );
                code = codes.next().ok_or("repeat count given without format specifier")?;
            }
            if code == 0 {
                return Err("embedded null character");
            }
            layout.add(code, repeat.unwrap_or(1), sizes)?;
        }
        Ok(layout)
    }

    fn add(&mut self, code: u8, repeat: usize, sizes: fn(u8) -> Option<(usize, usize)>) -> Result<(), &'static str> {
        let (size, alignment) = sizes(code).ok_or("bad char in struct format")?;
        let offset = self.size.checked_next_multiple_of(alignment).ok_or(TOO_LONG)?;
        self.size =
            size.checked_mul(repeat).and_then(|bytes| bytes.checked_add(offset)).filter(|&size| size <= isize::MAX as usize).ok_or(TOO_LONG)?;
        match code {
            b'x' => {}
            // The number is a length.
            b's' | b'p' => self.push(Item { code, offset, size: repeat, repeat: 1 }),
            _ if repeat > 0 => self.push(Item { code, offset, size, repeat }),
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, item: Item) {
        self.n_values += item.repeat;
        self.items.push(item);
    }
}

const MACHINE: Order = if cfg!(target_endian = "big") { Order::Big } else { Order::Little };
