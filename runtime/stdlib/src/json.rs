//! `_json`: reading and writing JSON.

use object::native::Module;
use object::str::{Str, StrBuilder};
use object::vm::Raised;
use object::{PyResult, Ref, Vm, method};

mod encoder;
mod escape;
mod scanner;
mod string;

pub static MODULE: Module = Module {
    name: "_json",
    doc: "json speedups\n",
    functions: &[
        method!(Binary encode_basestring_ascii "($self, object, /)", "encode_basestring_ascii(string) -> string\n\nReturn an ASCII-only JSON representation of a Python string"),
        method!(Binary encode_basestring "($self, object, /)", "encode_basestring(string) -> string\n\nReturn a JSON representation of a Python string"),
        method!(Many scanstring "", "scanstring(string, end, strict=True) -> (string, end)\n\nScan the string s for a JSON string. End is the index of the\ncharacter in s after the quote that started the JSON string.\nUnescapes all valid JSON string escape sequences and raises ValueError\non attempt to decode an invalid string. If strict is False then literal\ncontrol characters are allowed in the string.\n\nReturns a tuple of the decoded string and the index of the character in s\nafter the end quote."),
    ],
    init: Some(|vm, module| {
        for (name, class) in [("make_scanner", &scanner::SCANNER), ("make_encoder", &encoder::ENCODER)] {
            object::type_new::ready(vm, class);
            module.set(vm, name, class.to_object());
        }
        Ok(())
    }),
    ..Module::DEFAULT
};

/// `json.JSONDecodeError(message, text, position)`
fn decode_error(vm: &mut Vm, message: &str, text: Ref<'_>, position: usize) -> Raised {
    let make = |vm: &mut Vm| {
        let decoder = vm.import("json.decoder")?;
        let class = vm.get_attr_str(decoder.borrow(), "JSONDecodeError")?;
        let message = vm.new_str(message);
        let position = vm.new_uint(position as u64);
        vm.call(class.borrow(), &[message.borrow().object(), text, position.borrow()])
    };
    match make(vm) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

fn encode(vm: &mut Vm, text: Ref<'_>, ascii: bool) -> PyResult {
    let Some(string) = text.downcast::<Str>() else {
        return Err(vm.type_error(format!("first argument must be a string, not {}", text.class().full_name())));
    };
    let mut out = StrBuilder::with_capacity(string.len() + 2);
    escape::push_quoted(&mut out, string.get(), ascii);
    Ok(out.finish(vm).into_object())
}

fn encode_basestring(vm: &mut Vm, _module: Ref<'_>, text: Ref<'_>) -> PyResult {
    encode(vm, text, false)
}

fn encode_basestring_ascii(vm: &mut Vm, _module: Ref<'_>, text: Ref<'_>) -> PyResult {
    encode(vm, text, true)
}

fn scanstring(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if args.len() < 2 || args.len() > 3 {
        let (bound, limit) = if args.len() < 2 { ("least", 2) } else { ("most", 3) };
        return Err(vm.type_error(format!("scanstring() takes at {bound} {limit} arguments ({} given)", args.len())));
    }
    let end = builtins::slice::size_argument(vm, args[1])?;
    let strict = args.get(2).map_or(Ok(true), |&strict| vm.is_true(strict))?;
    let Some(text) = args[0].downcast::<Str>() else {
        return Err(vm.type_error(format!("first argument must be a string, not {}", args[0].class().full_name())));
    };
    if end < 0 || end as usize > text.len() {
        return Err(vm.value_error("end is out of bounds"));
    }
    let (string, next) = string::scan(vm, text, end as usize, strict)?;
    let next = vm.new_uint(next as u64);
    Ok(vm.new_tuple([string, next]).into_object())
}
