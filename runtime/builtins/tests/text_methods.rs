//! Methods of `str`, `bytes` and `bytearray`, and `format`, against the results CPython gives; see
//! `text/make_vectors.py`. No interpreter is needed: the methods are called from here.

#[path = "common/machine.rs"]
mod machine;

use builtins::text_codecs::{Errors, escapes};
use bytecode::opcode::{BinaryOp, Comparison};
use machine::start;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, Type, exception};

/// Reads Python literals.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, prefix: &str) -> bool {
        match self.text.strip_prefix(prefix) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, vm: &mut Vm) -> Object {
        for (name, value) in [("None", Object::none()), ("True", Object::bool(true)), ("False", Object::bool(false))] {
            if self.eat(name) {
                return value;
            }
        }
        if self.eat("bytearray(") {
            let value = self.value(vm);
            assert!(self.eat(")"));
            let data = object::bytes::as_bytes(value.borrow()).expect("bytes").to_vec();
            return vm.new_bytearray(data).into_object();
        }
        if self.eat("slice(") {
            let parts = self.items(vm, ")");
            return builtins::slice::new(vm, parts[0].clone(), parts[1].clone(), parts[2].clone());
        }
        if self.eat("[") {
            let items = self.items(vm, "]");
            return vm.new_list(items).into_object();
        }
        if self.eat("{") {
            return self.dict(vm);
        }
        if self.text.starts_with("(") && !self.text.contains('j') || self.text.starts_with("((") || self.text.starts_with("('") {
            assert!(self.eat("("));
            let items = self.items(vm, ")");
            return vm.new_tuple(items).into_object();
        }
        if self.text.starts_with(['\'', '"']) {
            let raw = self.quoted();
            return escapes::unicode_escape_decode(vm, raw.as_bytes(), Errors::STRICT, true).expect("a literal").0.into_object();
        }
        if self.eat("b") {
            let raw = self.quoted();
            let data = escapes::escape_decode(vm, raw.as_bytes(), "strict").expect("a literal");
            return vm.new_bytes(&data).into_object();
        }
        self.number(vm)
    }

    fn number(&mut self, vm: &mut Vm) -> Object {
        let len = self.text.find([',', ')', ']', '}', ':', '\t']).unwrap_or(self.text.len());
        let (text, rest) = self.text.split_at(len);
        self.text = rest;
        if let Ok(value) = text.parse::<num_bigint::BigInt>() {
            return vm.new_bigint(value);
        }
        vm.new_float(text.parse().unwrap_or_else(|_| panic!("a number: {text}")))
    }

    fn quoted(&mut self) -> String {
        let quote = self.text.as_bytes()[0];
        let bytes = self.text.as_bytes();
        let mut end = 1;
        while bytes[end] != quote {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let raw = self.text[1..end].to_owned();
        self.text = &self.text[end + 1..];
        raw
    }

    fn items(&mut self, vm: &mut Vm, close: &str) -> Vec<Object> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.value(vm));
            self.eat(",");
            self.eat(" ");
        }
        items
    }

    fn dict(&mut self, vm: &mut Vm) -> Object {
        let dict = vm.new_dict();
        while !self.eat("}") {
            let key = self.value(vm);
            assert!(self.eat(": "));
            let value = self.value(vm);
            dict.set(vm, key.borrow(), value).expect("a key");
            self.eat(", ");
        }
        dict.into_object()
    }
}

fn call(vm: &mut Vm, receiver: Ref<'_>, method: &str, args: &[Ref<'_>]) -> PyResult {
    let construct = |vm: &mut Vm, class: &'static Type| {
        let all: Vec<Ref<'_>> = std::iter::once(receiver).chain(args.iter().copied()).collect();
        vm.call(class.object(), &all)
    };
    match method {
        "format()" => builtins::functions::format_value(vm, receiver, args[0]).map(Object::from),
        "[]" => vm.get_item(receiver, args[0]),
        "%" => vm.binary(BinaryOp::Remainder, receiver, args[0]),
        "+" => vm.binary(BinaryOp::Add, receiver, args[0]),
        "*" => vm.binary(BinaryOp::Multiply, receiver, args[0]),
        "in" => vm.contains(receiver, args[0]).map(Object::bool),
        "==" => vm.compare(receiver, args[0], Comparison::Equal),
        "<" => vm.compare(receiver, args[0], Comparison::Less),
        "repr" => vm.repr(receiver).map(Object::from),
        "bytes()" => construct(vm, &object::bytes::BYTES),
        "bytearray()" => construct(vm, &object::bytes::BYTEARRAY),
        "str()" => construct(vm, &object::str::STR),
        _ => match method.strip_prefix("mv:") {
            Some(method) => call_view(vm, receiver, method, args),
            None => vm.call_method(receiver, method, args),
        },
    }
}

/// Calls a method of a view of the receiver, which the first argument may cast.
fn call_view(vm: &mut Vm, receiver: Ref<'_>, method: &str, mut args: &[Ref<'_>]) -> PyResult {
    let mut view = vm.call(builtins::memoryview::MEMORYVIEW.object(), &[receiver])?;
    if let Some(cast) = args.first().and_then(|first| first.downcast::<object::dict::Dict>()) {
        args = &args[1..];
        let arguments = cast.get_str(vm, "cast").expect("the arguments").to_owned();
        let arguments = vm.collect(arguments.borrow())?;
        view = vm.call_method(view.borrow(), "cast", Object::as_refs(&arguments))?;
    }
    let result = vm.call_method(view.borrow(), method, args)?;
    if !result.borrow().is_exactly(&builtins::memoryview::MEMORYVIEW) {
        return Ok(result);
    }
    let mut shown = vec![vm.call_method(result.borrow(), "tolist", &[])?];
    for name in ["format", "shape", "strides", "readonly"] {
        shown.push(vm.get_attr_str(result.borrow(), name)?);
    }
    Ok(vm.new_list(shown).into_object())
}

fn show_error(vm: &mut Vm, error: Ref<'_>) -> String {
    let class = error.class().name().to_owned();
    if error.is_instance_of(&exception::UNICODE_ERROR) && exception::field(error, "start").is_some() {
        let shown = ["start", "end", "reason"].map(|name| {
            let value = exception::field(error, name).unwrap_or(Object::none());
            vm.str_text(value.borrow()).expect("text")
        });
        return format!("!{class}: {}", shown.join(" "));
    }
    let argument = exception::only_argument(error).unwrap_or(Object::none());
    let text = if class == "KeyError" { vm.ascii(argument.borrow()) } else { vm.str(argument.borrow()) };
    let text = text.expect("text");
    let bytes = builtins::text_codecs::encode(vm, text.borrow(), Some("ascii"), Some("backslashreplace")).expect("encodes");
    format!("!{class}: {}", String::from_utf8_lossy(object::bytes::as_bytes(bytes.borrow()).expect("bytes")))
}

/// Makes one call; returns what differs.
fn check(vm: &mut Vm, line: &str) -> Option<String> {
    let [receiver, method, args, expected] = *line.split('\t').collect::<Vec<_>>() else { panic!("four fields: {line}") };
    if receiver.ends_with("j)") || receiver.ends_with('j') {
        return None;
    }
    let receiver = Reader { text: receiver }.value(vm);
    let mut reader = Reader { text: args };
    assert!(reader.eat("("));
    let args = reader.items(vm, ")");
    let result = call(vm, receiver.borrow(), method, Object::as_refs(&args)).and_then(|value| vm.ascii(value.borrow()));
    let got = match result {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(raised) => {
            let error = vm.catch(raised);
            show_error(vm, error.borrow())
        }
    };
    (got != expected).then(|| format!("{line}\n    got {got}"))
}

#[test]
fn results_are_cpythons() {
    let mut vm = start();
    let lines: Vec<&str> = include_str!("text/vectors.txt").lines().collect();
    let failures: Vec<String> = lines.iter().filter_map(|line| check(&mut vm, line)).collect();
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), lines.len(), failures[..failures.len().min(100)].join("\n"));
    // The second time nothing is made that stays.
    let before = object::heap::live_objects();
    for line in &lines {
        let live = object::heap::live_objects();
        check(&mut vm, line);
        assert_eq!(object::heap::live_objects(), live, "{line}");
    }
    assert_eq!(object::heap::live_objects(), before);
}
