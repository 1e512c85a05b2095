//! Format specifications: `[[fill]align][sign][z][#][0][width][grouping][.precision[grouping]][type]`.

use object::Ref;
use object::str::{Str, StrBuilder, StrData};
use object::vm::{PyResult, Raised, Vm};

/// Where the padding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Center,
    /// Between the sign and the digits.
    AfterSign,
}

/// What stands before a number that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
    Space,
}

/// How digits are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thousands {
    None,
    Comma,
    Underscore,
}

impl Thousands {
    pub fn separator(self) -> &'static str {
        match self {
            Thousands::None => "",
            Thousands::Comma => ",",
            Thousands::Underscore => "_",
        }
    }
}

/// A parsed specification.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    pub fill: Option<u32>,
    pub align: Option<Align>,
    pub sign: Option<Sign>,
    pub no_negative_zero: bool,
    pub alternate: bool,
    pub width: Option<usize>,
    pub thousands: Thousands,
    pub precision: Option<usize>,
    pub fraction_thousands: Thousands,
    /// The type letter.
    pub code: Option<u32>,
    /// The type of the value, for error messages.
    pub type_name: &'a str,
}

fn align_of(code_point: u32) -> Option<Align> {
    Some(match char::from_u32(code_point)? {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::AfterSign,
        _ => return None,
    })
}

/// The value of a decimal digit of any script.
#[inline]
fn digit_value(code_point: u32) -> Option<u8> {
    match code_point {
        0x30..=0x39 => Some((code_point - 0x30) as u8),
        0..0x80 => None,
        _ => crate::unicode::decimal_value(code_point),
    }
}

struct Reader<'a> {
    text: StrData<'a>,
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.code_point().and_then(char::from_u32)
    }

    fn code_point(&self) -> Option<u32> {
        (self.position < self.text.len()).then(|| self.text.at(self.position))
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.position += usize::from(found);
        found
    }

    /// A number, if there is one; `Err` if it is too big.
    fn number(&mut self) -> Result<Option<usize>, ()> {
        let mut value: Option<usize> = None;
        while let Some(digit) = self.code_point().and_then(digit_value) {
            let next = value.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(usize::from(digit)));
            value = Some(next.filter(|&value| value <= isize::MAX as usize).ok_or(())?);
            self.position += 1;
        }
        Ok(value)
    }

    fn thousands(&mut self) -> Thousands {
        if self.eat(',') {
            Thousands::Comma
        } else if self.eat('_') {
            Thousands::Underscore
        } else {
            Thousands::None
        }
    }
}

impl<'a> Spec<'a> {
    /// Reads a specification for `value`, which is aligned by default as said.
    pub fn parse(vm: &mut Vm, text: &Str, value: Ref<'a>, default_align: Align) -> PyResult<Spec<'a>> {
        let type_name = value.class().full_name();
        let points = text.data();
        let mut reader = Reader { text: points, position: 0 };
        let mut spec = Spec {
            fill: None,
            align: None,
            sign: None,
            no_negative_zero: false,
            alternate: false,
            width: None,
            thousands: Thousands::None,
            precision: None,
            fraction_thousands: Thousands::None,
            code: None,
            type_name,
        };
        if let Some(align) = (points.len() > 1).then(|| points.at(1)).and_then(align_of) {
            (spec.fill, spec.align, reader.position) = (Some(points.at(0)), Some(align), 2);
        } else if let Some(align) = reader.code_point().and_then(align_of) {
            (spec.align, reader.position) = (Some(align), 1);
        }
        spec.sign = if reader.eat('+') {
            Some(Sign::Plus)
        } else if reader.eat('-') {
            Some(Sign::Minus)
        } else if reader.eat(' ') {
            Some(Sign::Space)
        } else {
            None
        };
        spec.no_negative_zero = reader.eat('z');
        spec.alternate = reader.eat('#');
        if spec.fill.is_none() && reader.eat('0') {
            spec.fill = Some(0x30);
            if spec.align.is_none() && default_align == Align::Right {
                spec.align = Some(Align::AfterSign);
            }
        }
        spec.read_tail(vm, &mut reader, text)?;
        spec.check_thousands(vm)?;
        Ok(spec)
    }

    fn read_tail(&mut self, vm: &mut Vm, reader: &mut Reader<'_>, text: &Str) -> PyResult<()> {
        const TOO_MANY: &str = "Too many decimal digits in format string";
        self.width = match reader.number() {
            Ok(width) => width,
            Err(()) => return Err(vm.value_error(TOO_MANY)),
        };
        self.thousands = reader.thousands();
        if matches!((self.thousands, reader.peek()), (Thousands::Comma, Some('_')) | (Thousands::Underscore, Some(','))) {
            return Err(vm.value_error("Cannot specify both ',' and '_'."));
        }
        if reader.eat('.') {
            self.precision = match reader.number() {
                Ok(precision) => precision,
                Err(()) => return Err(vm.value_error(TOO_MANY)),
            };
            self.fraction_thousands = reader.thousands();
            if matches!((self.fraction_thousands, reader.peek()), (Thousands::Comma, Some('_')) | (Thousands::Underscore, Some(','))) {
                return Err(vm.value_error("Cannot specify both ',' and '_'."));
            }
            if self.precision.is_none() && self.fraction_thousands == Thousands::None {
                return Err(vm.value_error("Format specifier missing precision"));
            }
        }
        match reader.text.len() - reader.position {
            0 => {}
            1 => self.code = reader.code_point(),
            _ => {
                let message = format!("Invalid format specifier '{}' for object of type '{}'", text.to_string_lossy(), self.type_name);
                return Err(vm.value_error(message));
            }
        }
        Ok(())
    }

    fn check_thousands(&self, vm: &mut Vm) -> PyResult<()> {
        let separators = [self.thousands, self.fraction_thousands];
        let Some(separator) = separators.into_iter().find(|&separator| separator != Thousands::None) else {
            return Ok(());
        };
        match self.code.map_or(Some('d'), char::from_u32) {
            Some('d' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') if self.type_name != "str" || self.code.is_some() => Ok(()),
            Some('b' | 'o' | 'x' | 'X') if separator == Thousands::Underscore => Ok(()),
            _ if self.code.is_none() && self.thousands == Thousands::None => Ok(()),
            _ => {
                let code = self.code.unwrap_or(0x73);
                let shown = if (0x21..0x80).contains(&code) { char::from(code as u8).to_string() } else { format!("\\x{code:x}") };
                Err(vm.value_error(format!("Cannot specify '{}' with '{shown}'.", separator.separator())))
            }
        }
    }

    pub fn unknown_code(&self, vm: &mut Vm) -> Raised {
        let code = self.code.unwrap_or(0);
        let shown = if (0x21..0x80).contains(&code) { char::from(code as u8).to_string() } else { format!("\\x{code:x}") };
        vm.value_error(format!("Unknown format code '{shown}' for object of type '{}'", self.type_name))
    }

    /// The same without width, for a part of what is padded as a whole.
    pub fn without_padding(&self) -> Spec<'a> {
        Spec { fill: None, align: None, width: None, ..self.clone() }
    }

    pub fn fill(&self) -> u32 {
        self.fill.unwrap_or(0x20)
    }

    /// Writes `len` characters by `body`, padded to the width.
    pub fn pad(&self, out: &mut StrBuilder, len: usize, default: Align, body: impl FnOnce(&mut StrBuilder)) {
        let missing = self.width.unwrap_or(0).saturating_sub(len);
        let before = match self.align.unwrap_or(default) {
            Align::Left => 0,
            Align::Right | Align::AfterSign => missing,
            Align::Center => missing / 2,
        };
        out.push_repeated(self.fill(), before);
        body(out);
        out.push_repeated(self.fill(), missing - before);
    }
}

/// `MemoryError` for text that could not be held.
pub fn check_size(vm: &mut Vm, len: usize) -> PyResult<()> {
    if len < 1 << 24 || object::heap::can_allocate(len.saturating_mul(2)) { Ok(()) } else { Err(vm.memory_error()) }
}

/// `ValueError` for a precision C's functions could not take.
pub fn check_precision(vm: &mut Vm, precision: Option<usize>) -> PyResult<()> {
    match precision {
        Some(precision) if precision > i32::MAX as usize => Err(vm.value_error("precision too big")),
        Some(precision) => check_size(vm, precision),
        None => Ok(()),
    }
}
