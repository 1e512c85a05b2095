//! `format % args` for `str` and for `bytes`: one reader of conversions, two outputs.

use super::float::{self, Style};
use num_bigint::BigInt;
use object::exception;
use object::str::{Str, StrBuilder, StrData};
use object::tuple::Tuple;
use object::vm::{PyResult, Raised, Vm};
use object::{Object, ObjectOf, Ref};

/// A conversion: what stands between `%` and its letter.
#[derive(Clone, Copy, Debug, Default)]
struct Conversion {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    code: u32,
}

/// Text made by a conversion that is not a number's.
pub enum Piece {
    Text(ObjectOf<Str>),
    Bytes(Vec<u8>),
    Char(u32),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Char(_) => 1,
        }
    }
}

/// Where the result goes.
pub trait Output {
    /// `string` or `bytes`, for error messages.
    const KIND: &'static str;
    fn push(&mut self, code_point: u32);
    fn push_ascii(&mut self, text: &str);
    fn push_part(&mut self, part: StrData<'_>);
    fn push_repeated(&mut self, code_point: u32, count: usize);
    fn push_piece(&mut self, piece: &Piece, len: usize);
    /// The key of `%(key)s`.
    fn key(vm: &mut Vm, part: StrData<'_>) -> Object;
    /// The conversions to text; `None` for a letter that is none of them.
    fn convert(vm: &mut Vm, code: char, value: Ref<'_>) -> PyResult<Option<Piece>>;
    /// The message for an argument of a float conversion that is not a number.
    fn float_error(vm: &mut Vm, value: Ref<'_>) -> Raised;
}

impl Output for StrBuilder {
    const KIND: &'static str = "string";

    fn push(&mut self, code_point: u32) {
        StrBuilder::push(self, code_point);
    }

    fn push_ascii(&mut self, text: &str) {
        self.push_str(text);
    }

    fn push_part(&mut self, part: StrData<'_>) {
        self.push_data(part);
    }

    fn push_repeated(&mut self, code_point: u32, count: usize) {
        StrBuilder::push_repeated(self, code_point, count);
    }

    fn push_piece(&mut self, piece: &Piece, len: usize) {
        match piece {
            Piece::Text(text) => self.push_data(text.data().slice(0, len)),
            Piece::Bytes(bytes) => self.push_latin1(&bytes[..len]),
            Piece::Char(code_point) if len > 0 => self.push(*code_point),
            Piece::Char(_) => {}
        }
    }

    fn key(vm: &mut Vm, part: StrData<'_>) -> Object {
        vm.new_str_data(part).into_object()
    }

    fn convert(vm: &mut Vm, code: char, value: Ref<'_>) -> PyResult<Option<Piece>> {
        Ok(Some(Piece::Text(match code {
            's' => vm.str(value)?,
            'r' => vm.repr(value)?,
            'a' => vm.ascii(value)?,
            'c' => return str_character(vm, value).map(|code_point| Some(Piece::Char(code_point))),
            _ => return Ok(None),
        })))
    }

    fn float_error(vm: &mut Vm, value: Ref<'_>) -> Raised {
        vm.type_error(format!("must be real number, not {}", value.class().full_name()))
    }
}

/// The name of a value's type with its module, unless that is the builtins' or the main one.
fn type_text(vm: &mut Vm, value: Ref<'_>) -> String {
    let name = object::type_new::qualified_name(vm, value.class());
    name.strip_prefix("__main__.").map(str::to_owned).unwrap_or(name)
}

fn str_character(vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
    if let Some(text) = value.downcast::<Str>() {
        if text.len() == 1 {
            return Ok(text.char_at(0));
        }
        return Err(vm.type_error(format!("%c requires an int or a unicode character, not a string of length {}", text.len())));
    }
    if !object::int::is_int(value) && value.class().slots().index.is_none() {
        let kind = type_text(vm, value);
        return Err(vm.type_error(format!("%c requires an int or a unicode character, not {kind}")));
    }
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()).and_then(|number| u32::try_from(number).ok()) {
        Some(code_point @ 0..=0x10_FFFF) => Ok(code_point),
        _ => Err(vm.overflow_error("%c arg not in range(0x110000)")),
    }
}

impl Output for Vec<u8> {
    const KIND: &'static str = "bytes";

    fn push(&mut self, code_point: u32) {
        Vec::push(self, code_point as u8);
    }

    fn push_ascii(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn push_part(&mut self, part: StrData<'_>) {
        if let StrData::Latin1(part) = part {
            self.extend_from_slice(part);
        }
    }

    fn push_repeated(&mut self, code_point: u32, count: usize) {
        self.resize(self.len() + count, code_point as u8);
    }

    fn push_piece(&mut self, piece: &Piece, len: usize) {
        match piece {
            Piece::Text(text) => self.extend_from_slice(&text.as_latin1().unwrap_or(&[])[..len]),
            Piece::Bytes(bytes) => self.extend_from_slice(&bytes[..len]),
            Piece::Char(code_point) if len > 0 => Output::push(self, *code_point),
            Piece::Char(_) => {}
        }
    }

    fn key(vm: &mut Vm, part: StrData<'_>) -> Object {
        match part {
            StrData::Latin1(part) => vm.new_bytes(part).into_object(),
            _ => vm.new_bytes(&[]).into_object(),
        }
    }

    fn convert(vm: &mut Vm, code: char, value: Ref<'_>) -> PyResult<Option<Piece>> {
        match code {
            's' | 'b' => bytes_of(vm, value).map(|bytes| Some(Piece::Bytes(bytes))),
            'r' | 'a' => vm.ascii(value).map(|text| Some(Piece::Text(text))),
            'c' => byte_of(vm, value).map(|byte| Some(Piece::Char(u32::from(byte)))),
            _ => Ok(None),
        }
    }

    fn float_error(vm: &mut Vm, value: Ref<'_>) -> Raised {
        vm.type_error(format!("float argument required, not {}", value.class().full_name()))
    }
}

/// What `%b` writes.
fn bytes_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(bytes) = object::bytes::as_bytes(value).filter(|_| value.is_exactly(&object::bytes::BYTES)) {
        return Ok(bytes.to_vec());
    }
    if let Some(bytes) = crate::bytes::construct::from_dunder_bytes(vm, value)? {
        return Ok(bytes.borrow().downcast::<object::bytes::Bytes>().map(|bytes| bytes.data().to_vec()).unwrap_or_default());
    }
    if vm.has_buffer(value) {
        let buffer = vm.buffer(value)?;
        return Ok(buffer.bytes(vm).to_vec());
    }
    let message = format!("%b requires a bytes-like object, or an object that implements __bytes__, not '{}'", value.class().full_name());
    Err(vm.type_error(message))
}

fn byte_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<u8> {
    const WANTED: &str = "%c requires an integer in range(256) or a single byte, not";
    let sequence = if let Some(bytes) = object::bytes::as_bytes(value) {
        Some((bytes.first().copied(), bytes.len(), "bytes"))
    } else {
        value.downcast::<object::bytes::ByteArray>().map(|array| (array.data(vm).first().copied(), array.len(vm), "bytearray"))
    };
    match sequence {
        Some((Some(byte), 1, _)) => return Ok(byte),
        Some((_, len, kind)) => return Err(vm.type_error(format!("{WANTED} a {kind} object of length {len}"))),
        None => {}
    }
    if !object::int::is_int(value) && value.class().slots().index.is_none() {
        let kind = type_text(vm, value);
        return Err(vm.type_error(format!("{WANTED} {kind}")));
    }
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()).and_then(|number| u8::try_from(number).ok()) {
        Some(byte) => Ok(byte),
        None => Err(vm.overflow_error("%c arg not in range(256)")),
    }
}

/// The arguments of a `%` operation.
struct Arguments<'a> {
    whole: Ref<'a>,
    tuple: Option<&'a [Ref<'a>]>,
    next: usize,
    /// Whether keys can be looked up.
    is_mapping: bool,
}

impl<'a> Arguments<'a> {
    fn take(&mut self, vm: &mut Vm) -> PyResult<Ref<'a>> {
        let value = match self.tuple {
            Some(items) => items.get(self.next).copied(),
            None => (self.next == 0).then_some(self.whole),
        };
        self.next = self.next.saturating_add(1);
        value.ok_or_else(|| vm.type_error("not enough arguments for format string"))
    }

    fn has_more(&self) -> bool {
        self.next < self.tuple.map_or(1, <[Ref<'_>]>::len)
    }
}

/// Writes `format % args`.
pub fn write<O: Output>(vm: &mut Vm, format: StrData<'_>, args: Ref<'_>, is_text: fn(Ref<'_>) -> bool, out: &mut O) -> PyResult<()> {
    let tuple = args.downcast::<Tuple>();
    let mut arguments = Arguments {
        whole: args,
        tuple: tuple.map(|tuple| tuple.get().items()),
        next: 0,
        is_mapping: tuple.is_none() && args.class().slots().getitem.is_some() && !is_text(args),
    };
    let mut position = 0;
    while position < format.len() {
        let end = find_percent(format, position);
        out.push_part(format.slice(position, end));
        if end == format.len() {
            break;
        }
        position = end + 1;
        if position < format.len() && format.at(position) == 0x25 {
            out.push(0x25);
            position += 1;
            continue;
        }
        position = convert(vm, format, position, &mut arguments, out)?;
    }
    if arguments.has_more() && !arguments.is_mapping {
        return Err(vm.type_error(format!("not all arguments converted during {} formatting", O::KIND)));
    }
    Ok(())
}

fn find_percent(format: StrData<'_>, start: usize) -> usize {
    let found = match format {
        StrData::Latin1(units) => memchr::memchr(b'%', &units[start..]),
        _ => format.slice(start, format.len()).code_points().position(|code_point| code_point == 0x25),
    };
    found.map_or(format.len(), |found| start + found)
}

/// Reads and writes one conversion; `position` is after the `%`. Returns where it ends.
fn convert<O: Output>(vm: &mut Vm, format: StrData<'_>, mut position: usize, arguments: &mut Arguments<'_>, out: &mut O) -> PyResult<usize> {
    let peek = |position: usize| (position < format.len()).then(|| format.at(position)).and_then(char::from_u32);
    if let Some(code @ ('s' | 'd')) = peek(position) {
        let value = arguments.take(vm)?;
        if !write_plain(code, value, out) {
            write_converted(vm, Conversion { code: u32::from(code), ..Conversion::default() }, value, position, out)?;
        }
        return Ok(position + 1);
    }
    let mut owned = None;
    if peek(position) == Some('(') {
        let (value, next) = keyed::<O>(vm, format, position + 1, arguments)?;
        (owned, position) = (Some(value), next);
        // From here on only keys find anything.
        arguments.next = usize::MAX;
    }
    // After a key the value found stands for all arguments.
    let mut keyed_arguments = owned.as_ref().map(|value| Arguments { whole: value.borrow(), tuple: None, next: 0, is_mapping: true });
    let mut take = |vm: &mut Vm| -> PyResult<Object> {
        match &mut keyed_arguments {
            Some(keyed) => keyed.take(vm).map(Ref::to_owned),
            None => arguments.take(vm).map(Ref::to_owned),
        }
    };
    let mut conversion = Conversion::default();
    loop {
        match peek(position) {
            Some('-') => conversion.left = true,
            Some('+') => conversion.plus = true,
            Some(' ') => conversion.space = true,
            Some('#') => conversion.alternate = true,
            Some('0') => conversion.zero = true,
            _ => break,
        }
        position += 1;
    }
    if peek(position) == Some('*') {
        let width = star(vm, Star::Width, &mut take)?;
        conversion.left |= width < 0;
        conversion.width = width.unsigned_abs();
        position += 1;
    } else {
        (conversion.width, position) = number(vm, format, position, isize::MAX as usize, "width too big")?;
    }
    if peek(position) == Some('.') {
        position += 1;
        if peek(position) == Some('*') {
            conversion.precision = Some(usize::try_from(star(vm, Star::Precision, &mut take)?).unwrap_or(0));
            position += 1;
        } else {
            let (precision, next) = number(vm, format, position, i32::MAX as usize, "precision too big")?;
            (conversion.precision, position) = (Some(precision), next);
        }
    }
    if matches!(peek(position), Some('h' | 'l' | 'L')) {
        position += 1;
    }
    if position >= format.len() {
        return Err(vm.value_error("incomplete format"));
    }
    conversion.code = format.at(position);
    let value = take(vm)?;
    super::spec::check_size(vm, conversion.width)?;
    write_converted(vm, conversion, value.borrow(), position, out)?;
    Ok(position + 1)
}

/// Writes `%s` or `%d` of what needs no conversion, if the value is of that kind.
fn write_plain<O: Output>(code: char, value: Ref<'_>, out: &mut O) -> bool {
    let is_string = O::KIND == StrBuilder::KIND;
    if let Some(number) = value.as_small_int().filter(|_| is_string || code == 'd') {
        out.push_ascii(object::int::text::decimal_digits(number, &mut [0; 20]));
        return true;
    }
    match value.downcast_exact::<Str>() {
        Some(text) if is_string && code == 's' => {
            out.push_part(text.data());
            true
        }
        _ => false,
    }
}

/// Looks up the key that starts at `position`; also returns where the conversion goes on.
fn keyed<O: Output>(vm: &mut Vm, format: StrData<'_>, start: usize, arguments: &Arguments<'_>) -> PyResult<(Object, usize)> {
    if !arguments.is_mapping {
        return Err(vm.type_error("format requires a mapping"));
    }
    let (mut depth, mut end) = (1, start);
    while end < format.len() {
        match char::from_u32(format.at(end)) {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let key = O::key(vm, format.slice(start, end));
            return Ok((vm.get_item(arguments.whole, key.borrow())?, end + 1));
        }
        end += 1;
    }
    Err(vm.value_error("incomplete format key"))
}

/// What a `*` stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Star {
    Width,
    Precision,
}

fn star(vm: &mut Vm, what: Star, take: &mut impl FnMut(&mut Vm) -> PyResult<Object>) -> PyResult<isize> {
    let value = take(vm)?;
    if !object::int::is_int(value.borrow()) {
        return Err(vm.type_error("* wants int"));
    }
    match object::int::as_i64(value.borrow()) {
        Some(number) if what == Star::Width || i32::try_from(number).is_ok() => Ok(number as isize),
        _ => Err(vm.overflow_error(format!("Python int too large to convert to C {}", if what == Star::Width { "ssize_t" } else { "int" }))),
    }
}

fn number(vm: &mut Vm, format: StrData<'_>, mut position: usize, most: usize, message: &str) -> PyResult<(usize, usize)> {
    let mut value = 0usize;
    while position < format.len() {
        let Some(digit) = char::from_u32(format.at(position)).and_then(|character| character.to_digit(10)) else { break };
        value = match value.checked_mul(10).and_then(|value| value.checked_add(digit as usize)) {
            Some(value) if value <= most => value,
            _ => return Err(vm.value_error(message)),
        };
        position += 1;
    }
    Ok((value, position))
}

fn write_converted<O: Output>(vm: &mut Vm, conversion: Conversion, value: Ref<'_>, position: usize, out: &mut O) -> PyResult<()> {
    let code = char::from_u32(conversion.code).unwrap_or('\0');
    match code {
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
            let (negative, prefix, digits) = int_parts(vm, conversion, code, value)?;
            write_number(conversion, negative, prefix, &digits, out);
            return Ok(());
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = match object::float::value(value) {
                Some(number) => number,
                None => match vm.to_float(value) {
                    Ok(number) => number,
                    // Whatever went wrong, `bytes` calls it a wrong type.
                    Err(raised) if O::KIND == "bytes" => {
                        vm.catch(raised);
                        return Err(O::float_error(vm, value));
                    }
                    Err(raised) if value.class().slots().float.is_none() && value.class().slots().index.is_none() => {
                        vm.catch_if(raised, &exception::TYPE_ERROR)?;
                        return Err(O::float_error(vm, value));
                    }
                    Err(raised) => return Err(raised),
                },
            };
            super::spec::check_size(vm, conversion.precision.unwrap_or(0))?;
            let text = float::format(number, code, conversion.precision.unwrap_or(6), Style { alternate: conversion.alternate, ..Style::default() });
            let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |digits| (true, digits));
            write_number(conversion, negative, "", digits, out);
            return Ok(());
        }
        _ => {}
    }
    let Some(piece) = O::convert(vm, code, value)? else {
        let shown = if (0x20..0x80).contains(&conversion.code) { code } else { '?' };
        return Err(vm.value_error(format!("unsupported format character '{shown}' ({:#x}) at index {position}", conversion.code)));
    };
    let len = if code == 'c' { 1 } else { conversion.precision.map_or(piece.len(), |precision| precision.min(piece.len())) };
    let padding = conversion.width.saturating_sub(len);
    out.push_repeated(0x20, if conversion.left { 0 } else { padding });
    out.push_piece(&piece, len);
    out.push_repeated(0x20, if conversion.left { padding } else { 0 });
    Ok(())
}

fn write_number<O: Output>(conversion: Conversion, negative: bool, prefix: &str, digits: &str, out: &mut O) {
    let sign = match conversion {
        _ if negative => "-",
        Conversion { plus: true, .. } => "+",
        Conversion { space: true, .. } => " ",
        _ => "",
    };
    let padding = conversion.width.saturating_sub(sign.len() + prefix.len() + digits.len());
    let (before, zeros, after) = match (conversion.left, conversion.zero) {
        (true, _) => (0, 0, padding),
        (false, true) => (0, padding, 0),
        (false, false) => (padding, 0, 0),
    };
    out.push_repeated(0x20, before);
    out.push_ascii(sign);
    out.push_ascii(prefix);
    out.push_repeated(0x30, zeros);
    out.push_ascii(digits);
    out.push_repeated(0x20, after);
}

/// The int an argument of an integer conversion stands for.
fn int_argument(vm: &mut Vm, code: char, value: Ref<'_>) -> PyResult {
    if object::int::is_int(value) {
        return Ok(value.to_owned());
    }
    let slots = value.class().slots();
    let hexadecimal = matches!(code, 'o' | 'x' | 'X');
    let is_number = slots.index.is_some() || (!hexadecimal && (slots.int.is_some() || object::float::value(value).is_some()));
    let converted = if !is_number {
        None
    } else if hexadecimal {
        let result = vm.index(value);
        vm.ignore(result, &exception::TYPE_ERROR)?
    } else {
        let result = vm.call(object::int::INT.object(), &[value]);
        vm.ignore(result, &exception::TYPE_ERROR)?
    };
    match converted {
        Some(number) => Ok(number),
        None => {
            let wanted = if hexadecimal { "an integer" } else { "a real number" };
            Err(vm.type_error(format!("%{code} format: {wanted} is required, not {}", value.class().full_name())))
        }
    }
}

/// Whether it is negative, its prefix, its digits.
fn int_parts(vm: &mut Vm, conversion: Conversion, code: char, value: Ref<'_>) -> PyResult<(bool, &'static str, String)> {
    let number = int_argument(vm, code, value)?;
    let (negative, mut digits) = match object::int::as_i64(number.borrow()) {
        Some(small) => {
            let magnitude = small.unsigned_abs();
            let digits = match code {
                'o' => format!("{magnitude:o}"),
                'x' => format!("{magnitude:x}"),
                'X' => format!("{magnitude:X}"),
                _ => object::int::text::decimal_digits(small, &mut [0; 20]).trim_start_matches('-').to_owned(),
            };
            (small < 0, digits)
        }
        None => {
            let big: BigInt = object::int::to_bigint(number.borrow()).map(|big| big.into_owned()).unwrap_or_default();
            let digits = match code {
                'o' => big.magnitude().to_str_radix(8),
                'x' => big.magnitude().to_str_radix(16),
                'X' => big.magnitude().to_str_radix(16).to_uppercase(),
                _ => object::int::text::to_decimal(vm, &big)?.trim_start_matches('-').to_owned(),
            };
            (big.sign() == num_bigint::Sign::Minus, digits)
        }
    };
    if let Some(precision) = conversion.precision
        && precision > digits.len()
    {
        super::spec::check_size(vm, precision)?;
        digits.insert_str(0, &"0".repeat(precision - digits.len()));
    }
    let prefix = match code {
        'o' if conversion.alternate => "0o",
        'x' if conversion.alternate => "0x",
        'X' if conversion.alternate => "0X",
        _ => "",
    };
    Ok((negative, prefix, digits))
}
