//! The registry: search functions for encodings, and error handlers by name.

use builtins::text_codecs::errors;
use object::call::NativeInfo;
use object::cell::VmCell;
use object::dict::Dict;
use object::exception;
use object::function::new_builtin;
use object::native::Method;
use object::tuple::Tuple;
use object::{Object, ObjectOf, PyResult, Raised, Ref, Vm, method};

/// Search functions in the order they were registered.
static SEARCH_PATH: VmCell<Vec<Object>> = VmCell::new(Vec::new());
/// Codecs that were found, by normalised name.
static FOUND: VmCell<Option<ObjectOf<Dict>>> = VmCell::new(None);
static ERROR_HANDLERS: VmCell<Option<ObjectOf<Dict>>> = VmCell::new(None);
/// Whether the standard encodings have been asked to register themselves.
static STANDARD: VmCell<bool> = VmCell::new(false);

macro_rules! handlers {
    ($($function:ident as $name:literal, $doc:literal;)*) => {
        $(fn $function(vm: &mut Vm, _this: Ref<'_>, error: Ref<'_>) -> PyResult {
            if !error.is_instance_of(&exception::BASE_EXCEPTION) {
                if $name == "strict" {
                    return Err(vm.type_error("codec must pass exception instance"));
                }
                return Err(vm.type_error(format!("don't know how to handle {} in error callback", error.class().full_name())));
            }
            errors::handle(vm, $name, error)
        })*

        static HANDLERS: &[(&str, Method)] = &[
            $(($name, method!(Binary $function "", $doc)),)*
        ];
    };
}

handlers! {
    strict_errors as "strict", "Implements the 'strict' error handling, which raises a UnicodeError on coding errors.";
    ignore_errors as "ignore", "Implements the 'ignore' error handling, which ignores malformed data and continues.";
    replace_errors as "replace", "Implements the 'replace' error handling, which replaces malformed data with a replacement marker.";
    xmlcharrefreplace_errors as "xmlcharrefreplace", "Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the appropriate XML character reference.";
    backslashreplace_errors as "backslashreplace", "Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence.";
    namereplace_errors as "namereplace", "Implements the 'namereplace' error handling, which replaces an unencodable character with a \\N{...} escape sequence.";
    surrogatepass_errors as "surrogatepass", "";
    surrogateescape_errors as "surrogateescape", "";
}

pub fn is_built_in_handler(name: &str) -> bool {
    HANDLERS.iter().any(|(handler, _)| *handler == name)
}

/// The dict of error handlers, made when it is first needed.
pub fn error_handlers(vm: &mut Vm) -> PyResult<ObjectOf<Dict>> {
    if let Some(handlers) = ERROR_HANDLERS.get(vm) {
        return Ok(handlers.clone());
    }
    let handlers = vm.new_dict();
    for (name, method) in HANDLERS {
        let function = new_builtin(vm, NativeInfo::leak(method, None), None, None);
        handlers.set_str(vm, name, function);
    }
    ERROR_HANDLERS.set(vm, Some(handlers.clone()));
    Ok(handlers)
}

/// `codecs.lookup_error(name)`
pub fn error_handler(vm: &mut Vm, name: &str) -> PyResult {
    let handlers = error_handlers(vm)?;
    let found = handlers.get_str(vm, name).map(Ref::to_owned);
    found.ok_or_else(|| vm.raise(&exception::LOOKUP_ERROR, format!("unknown error handler name '{name}'")))
}

pub fn register(vm: &mut Vm, search: Ref<'_>) -> PyResult<()> {
    if search.class().slots().call.is_none() {
        return Err(vm.type_error("argument must be callable"));
    }
    let search = search.to_owned();
    SEARCH_PATH.get_mut(vm).push(search);
    Ok(())
}

pub fn unregister(vm: &mut Vm, search: Ref<'_>) {
    let path = SEARCH_PATH.get_mut(vm);
    if let Some(index) = path.iter().position(|known| known.borrow().is(search)) {
        let removed = path.remove(index);
        drop(removed);
        FOUND.set(vm, None);
    }
}

/// Lower case, and runs of what is neither letter, digit nor dot become one underscore.
fn normalize(encoding: &str) -> String {
    let mut name = String::with_capacity(encoding.len());
    let mut gap = false;
    for character in encoding.chars() {
        if character.is_ascii_alphanumeric() || character == '.' {
            if gap && !name.is_empty() {
                name.push('_');
            }
            gap = false;
            name.push(character.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    name
}

/// Lets the package `encodings` register its search function, once.
fn load_standard(vm: &mut Vm) -> PyResult<()> {
    if !*STANDARD.get(vm) {
        STANDARD.set(vm, true);
        vm.import("encodings")?;
    }
    Ok(())
}

/// `codecs.lookup(encoding)`: a tuple of four functions.
pub fn lookup(vm: &mut Vm, encoding: &str) -> PyResult {
    let name = normalize(encoding);
    let name = vm.intern(&name);
    if let Some(codec) = FOUND.get(vm).as_ref().and_then(|found| found.get_interned(name).map(Ref::to_owned)) {
        return Ok(codec);
    }
    load_standard(vm)?;
    let mut index = 0;
    while let Some(search) = SEARCH_PATH.get(vm).get(index).cloned() {
        index += 1;
        let codec = vm.call(search.borrow(), &[name])?;
        if codec.borrow().is_none() {
            continue;
        }
        if codec.borrow().downcast::<Tuple>().is_none_or(|tuple| tuple.len() != 4) {
            return Err(vm.type_error("codec search functions must return 4-tuples"));
        }
        let found = match FOUND.get(vm) {
            Some(found) => found.clone(),
            None => {
                let found = vm.new_dict();
                FOUND.set(vm, Some(found.clone()));
                found
            }
        };
        found.set_interned(vm, name, codec.clone());
        return Ok(codec);
    }
    Err(vm.raise(&exception::LOOKUP_ERROR, format!("unknown encoding: {encoding}")))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Encode,
    Decode,
}

/// Which codecs will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Any,
    /// Only those between `str` and `bytes`.
    Text,
}

fn check_text_encoding(vm: &mut Vm, codec: Ref<'_>, encoding: &str, direction: Direction) -> PyResult<()> {
    if codec.is_exactly(&object::tuple::TUPLE) {
        return Ok(());
    }
    let Some(is_text) = vm.find_attr_str(codec, "_is_text_encoding")? else {
        return Ok(());
    };
    if vm.is_true(is_text.borrow())? {
        return Ok(());
    }
    let alternative = if direction == Direction::Encode { "codecs.encode()" } else { "codecs.decode()" };
    Err(vm.raise(&exception::LOOKUP_ERROR, format!("'{encoding}' is not a text encoding; use {alternative} to handle arbitrary codecs")))
}

/// Encodes or decodes an object by a registered codec.
pub fn transform(vm: &mut Vm, object: Ref<'_>, encoding: &str, errors: Option<&str>, direction: Direction, scope: Scope) -> PyResult {
    let codec = lookup(vm, encoding)?;
    if scope == Scope::Text {
        check_text_encoding(vm, codec.borrow(), encoding, direction)?;
    }
    let functions = codec.borrow().downcast::<Tuple>().expect("lookup() returns tuples");
    let function = functions.items()[if direction == Direction::Encode { 0 } else { 1 }];
    let answer = match errors {
        Some(errors) => {
            let errors = vm.new_str(errors).into_object();
            vm.call(function, &[object, errors.borrow()])
        }
        None => vm.call(function, &[object]),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(raised) => return Err(with_note(vm, raised, encoding, direction)),
    };
    match answer.borrow().downcast::<Tuple>().as_ref().map(|tuple| tuple.items()) {
        Some(&[result, _]) => Ok(result.to_owned()),
        _ if direction == Direction::Encode => Err(vm.type_error("encoder must return a tuple (object, integer)")),
        _ => Err(vm.type_error("decoder must return a tuple (object,integer)")),
    }
}

/// Notes on the exception which codec failed.
fn with_note(vm: &mut Vm, raised: Raised, encoding: &str, direction: Direction) -> Raised {
    let error = vm.catch(raised);
    let what = if direction == Direction::Encode { "encoding" } else { "decoding" };
    let note = vm.new_str(&format!("{what} with '{encoding}' codec failed")).into_object();
    match vm.call_method(error.borrow(), "add_note", &[note.borrow()]) {
        Ok(_) => vm.reraise(error),
        Err(raised) => {
            drop(vm.catch(raised));
            vm.reraise(error)
        }
    }
}
