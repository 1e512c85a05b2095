//! `make_scanner`: reading JSON values.

use super::{decode_error, string};
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::dict::Dict;
use object::exception;
use object::native::PayloadInfo;
use object::str::{Str, StrData};
use object::vm::Raised;
use object::{Getset, Member, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, float, int};

/// The payload of a scanner.
pub struct Scanner {
    strict: bool,
    object_hook: Object,
    object_pairs_hook: Object,
    parse_float: Object,
    parse_int: Object,
    parse_constant: Object,
}

impl Payload for Scanner {
    fn class() -> &'static Type {
        &SCANNER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.object_hook, &self.object_pairs_hook, &self.parse_float, &self.parse_int, &self.parse_constant]);
    }
}

fn payload(object: Ref<'_>) -> &Scanner {
    object.downcast::<Scanner>().expect("the slot belongs to the type").get()
}

/// `_json.Scanner`, known as `make_scanner`
pub static SCANNER: Type = Type::new(&SCANNER_SPEC);
static SCANNER_SPEC: TypeSpec = TypeSpec {
    name: "_json.Scanner",
    doc: "JSON scanner object",
    payload: PayloadInfo::of::<Scanner>(),
    slots: Slots { new: Some(new), call: Some(call), ..Slots::NONE },
    members: &[
        Member(Getset::readonly("strict", "strict", |_, this| Ok(Object::bool(payload(this).strict)))),
        Member(Getset::readonly("object_hook", "object_hook", |_, this| Ok(payload(this).object_hook.clone()))),
        Member(Getset::readonly("object_pairs_hook", "", |_, this| Ok(payload(this).object_pairs_hook.clone()))),
        Member(Getset::readonly("parse_float", "parse_float", |_, this| Ok(payload(this).parse_float.clone()))),
        Member(Getset::readonly("parse_int", "parse_int", |_, this| Ok(payload(this).parse_int.clone()))),
        Member(Getset::readonly("parse_constant", "parse_constant", |_, this| Ok(payload(this).parse_constant.clone()))),
    ],
    ..TypeSpec::DEFAULT
};

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 1];
    bind_args(vm, "make_scanner", "(context)", args, &mut bound)?;
    let [Some(context)] = bound else { return Err(vm.type_error("make_scanner() missing required argument 'context' (pos 1)")) };
    let context = context.borrow();
    let strict = vm.get_attr_str(context, "strict")?;
    let scanner = Scanner {
        strict: vm.is_true(strict.borrow())?,
        object_hook: vm.get_attr_str(context, "object_hook")?,
        object_pairs_hook: vm.get_attr_str(context, "object_pairs_hook")?,
        parse_float: vm.get_attr_str(context, "parse_float")?,
        parse_int: vm.get_attr_str(context, "parse_int")?,
        parse_constant: vm.get_attr_str(context, "parse_constant")?,
    };
    Ok(vm.allocate_in(class.get(), scanner))
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "scan_once", "(string, idx)", args, &mut bound)?;
    let [Some(text), Some(index)] = bound else { return Err(vm.type_error("scan_once() is missing arguments")) };
    let index = builtins::slice::size_argument(vm, index.borrow())?;
    let Some(text) = text.borrow().downcast::<Str>() else {
        return Err(vm.type_error(format!("first argument must be a string, not {}", text.borrow().class().full_name())));
    };
    if index < 0 {
        return Err(vm.value_error("idx cannot be negative"));
    }
    let mut scan = Scan { scanner: payload(this), text, keys: vm.new_dict() };
    let (value, end) = scan.value(vm, index as usize)?;
    let end = vm.new_uint(end as u64);
    Ok(vm.new_tuple([value, end]).into_object())
}

/// One run of a scanner.
struct Scan<'a> {
    scanner: &'a Scanner,
    text: RefOf<'a, Str>,
    /// Keys seen before: equal ones become one object.
    keys: ObjectOf<Dict>,
}

impl Scan<'_> {
    fn char(&self, index: usize) -> Option<u8> {
        if index >= self.text.len() {
            return None;
        }
        Some(u8::try_from(self.text.char_at(index)).unwrap_or(0xff))
    }

    fn skip_space(&self, mut index: usize) -> usize {
        while matches!(self.char(index), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            index += 1;
        }
        index
    }

    fn starts_with(&self, index: usize, word: &str) -> bool {
        word.bytes().enumerate().all(|(offset, byte)| self.char(index + offset) == Some(byte))
    }

    fn error(&self, vm: &mut Vm, message: &str, index: usize) -> Raised {
        decode_error(vm, message, self.text.object(), index)
    }

    /// There is no value at `index`: the decoder makes an error of that.
    fn no_value(&self, vm: &mut Vm, index: usize) -> Raised {
        let index = vm.new_uint(index as u64);
        vm.raise_with(&exception::STOP_ITERATION, vec![index])
    }

    /// Reads the value at `index` and gives the position after it.
    fn value(&mut self, vm: &mut Vm, index: usize) -> PyResult<(Object, usize)> {
        match self.char(index) {
            Some(b'"') => string::scan(vm, self.text, index + 1, self.scanner.strict),
            Some(b'{') => {
                vm.check_stack(" while decoding a JSON object from a unicode string")?;
                self.object(vm, index + 1)
            }
            Some(b'[') => {
                vm.check_stack(" while decoding a JSON array from a unicode string")?;
                self.array(vm, index + 1)
            }
            Some(b'n') if self.starts_with(index, "null") => Ok((Object::none(), index + 4)),
            Some(b't') if self.starts_with(index, "true") => Ok((Object::bool(true), index + 4)),
            Some(b'f') if self.starts_with(index, "false") => Ok((Object::bool(false), index + 5)),
            Some(b'N') if self.starts_with(index, "NaN") => self.constant(vm, "NaN", index),
            Some(b'I') if self.starts_with(index, "Infinity") => self.constant(vm, "Infinity", index),
            Some(b'-') if self.starts_with(index, "-Infinity") => self.constant(vm, "-Infinity", index),
            Some(_) => self.number(vm, index),
            None => Err(self.no_value(vm, index)),
        }
    }

    fn constant(&self, vm: &mut Vm, word: &str, index: usize) -> PyResult<(Object, usize)> {
        let text = vm.new_str(word);
        let value = vm.call(self.scanner.parse_constant.borrow(), &[text.borrow().object()])?;
        Ok((value, index + word.len()))
    }

    fn digits(&self, mut index: usize) -> usize {
        while self.char(index).is_some_and(|char| char.is_ascii_digit()) {
            index += 1;
        }
        index
    }

    fn number(&self, vm: &mut Vm, start: usize) -> PyResult<(Object, usize)> {
        let first = if self.char(start) == Some(b'-') { start + 1 } else { start };
        let mut end = match self.char(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.digits(first),
            _ => return Err(self.no_value(vm, start)),
        };
        let whole = end;
        if self.char(end) == Some(b'.') && self.digits(end + 1) > end + 1 {
            end = self.digits(end + 1);
        }
        if matches!(self.char(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.char(end + 1), Some(b'+' | b'-')));
            let digits = end + 1 + sign;
            if self.digits(digits) > digits {
                end = self.digits(digits);
            }
        }
        if let Some(value) = self.plain_number(vm, start, end, end == whole) {
            return Ok((value, end));
        }
        let text = vm.str_slice(self.text.get(), start, end - start);
        let parse = if end == whole { &self.scanner.parse_int } else { &self.scanner.parse_float };
        Ok((vm.call(parse.borrow(), &[text.borrow().object()])?, end))
    }

    /// The number that a text is, if `int` or `float` is to make it, and that is quick.
    fn plain_number(&self, vm: &Vm, start: usize, end: usize, is_whole: bool) -> Option<Object> {
        let StrData::Latin1(units) = self.text.data() else { return None };
        let text = std::str::from_utf8(&units[start..end]).ok()?;
        if is_whole {
            let is_plain = self.scanner.parse_int.borrow().is(int::INT.object());
            return is_plain.then(|| text.parse().ok()).flatten().map(|number| vm.new_int(number));
        }
        let is_plain = self.scanner.parse_float.borrow().is(float::FLOAT.object());
        is_plain.then(|| text.parse().ok()).flatten().map(|number| vm.new_float(number))
    }

    fn array(&mut self, vm: &mut Vm, start: usize) -> PyResult<(Object, usize)> {
        let mut items = Vec::new();
        let mut index = self.skip_space(start);
        if self.char(index) == Some(b']') {
            return Ok((vm.new_list(items).into_object(), index + 1));
        }
        loop {
            let (value, end) = self.value(vm, index)?;
            items.push(value);
            index = self.skip_space(end);
            match self.char(index) {
                Some(b']') => return Ok((vm.new_list(items).into_object(), index + 1)),
                Some(b',') => {}
                _ => return Err(self.error(vm, "Expecting ',' delimiter", index)),
            }
            let comma = index;
            index = self.skip_space(index + 1);
            if self.char(index) == Some(b']') {
                return Err(self.error(vm, "Illegal trailing comma before end of array", comma));
            }
        }
    }

    /// A key at `index`, which is that of its quote.
    fn key(&mut self, vm: &mut Vm, index: usize) -> PyResult<(Object, usize)> {
        if self.char(index) != Some(b'"') {
            return Err(self.error(vm, "Expecting property name enclosed in double quotes", index));
        }
        let (key, end) = string::scan(vm, self.text, index + 1, self.scanner.strict)?;
        let key = self.keys.set_default(vm, key.borrow(), key.clone())?;
        let colon = self.skip_space(end);
        if self.char(colon) != Some(b':') {
            return Err(self.error(vm, "Expecting ':' delimiter", colon));
        }
        Ok((key, self.skip_space(colon + 1)))
    }

    fn object(&mut self, vm: &mut Vm, start: usize) -> PyResult<(Object, usize)> {
        let wants_pairs = !self.scanner.object_pairs_hook.borrow().is_none();
        let (mut pairs, dict) = (Vec::new(), vm.new_dict());
        let mut index = self.skip_space(start);
        let mut done = self.char(index) == Some(b'}');
        while !done {
            let (key, at) = self.key(vm, index)?;
            let (value, end) = self.value(vm, at)?;
            if wants_pairs {
                pairs.push(vm.new_tuple([key, value]).into_object());
            } else {
                dict.set(vm, key.borrow(), value)?;
            }
            index = self.skip_space(end);
            match self.char(index) {
                Some(b'}') => done = true,
                Some(b',') => {
                    let comma = index;
                    index = self.skip_space(index + 1);
                    if self.char(index) == Some(b'}') {
                        return Err(self.error(vm, "Illegal trailing comma before end of object", comma));
                    }
                }
                _ => return Err(self.error(vm, "Expecting ',' delimiter", index)),
            }
        }
        let end = index + 1;
        if wants_pairs {
            let pairs = vm.new_list(pairs);
            return Ok((vm.call(self.scanner.object_pairs_hook.borrow(), &[pairs.borrow().object()])?, end));
        }
        if !self.scanner.object_hook.borrow().is_none() {
            return Ok((vm.call(self.scanner.object_hook.borrow(), &[dict.borrow().object()])?, end));
        }
        Ok((dict.into_object(), end))
    }
}
