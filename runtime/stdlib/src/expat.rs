//! `pyexpat`: an incremental XML parser that reports what expat would, with expat's messages and positions.
//!
//! The parser itself ([`engine`]) knows nothing of Python. It is fed with bytes and asked for events; the tokenizers
//! ([`token`], [`prolog_token`]) say what stands at a position, and the stages ([`prolog`], [`content`]) what it means.

use crate::exception_class;
use object::cell::ObjectCell;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Raised, Ref, RefOf, Vm, exception, method};

mod attributes;
mod chars;
mod content;
mod dtd;
pub(crate) mod encoding;
pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod event;
mod handlers;
mod name_tables;
pub(crate) mod parser;
mod prolog;
mod prolog_token;
mod role;
mod token;
mod value;

/// The version of expat whose behaviour this is.
pub(crate) const VERSION: (i64, i64, i64) = (2, 9, 0);

pub static MODULE: Module = Module {
    name: "pyexpat",
    doc: "Python wrapper for Expat parser.",
    functions: &[
        method!(Bound parser_create as "ParserCreate" "($module, /, encoding=None, namespace_separator=None, intern=<unrepresentable>)", "Return a new XML parser object."),
        method!(Bound error_string as "ErrorString" "($module, /, code)", "Returns string error for given number."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

/// `xml.parsers.expat.ExpatError`
static ERROR: ObjectCell = ObjectCell::EMPTY;

const FEATURES: [(&str, i64); 10] = [
    ("sizeof(XML_Char)", 1),
    ("sizeof(XML_LChar)", 1),
    ("XML_DTD", 0),
    ("XML_CONTEXT_BYTES", 1024),
    ("XML_NS", 0),
    ("XML_BLAP_MAX_AMP", 100),
    ("XML_BLAP_ACT_THRES", 8 << 20),
    ("XML_GE", 0),
    ("XML_AT_MAX_AMP", 100),
    ("XML_AT_ACT_THRES", 64 << 20),
];

const MODEL: [(&str, i64); 10] = [
    ("XML_CTYPE_EMPTY", 1),
    ("XML_CTYPE_ANY", 2),
    ("XML_CTYPE_MIXED", 3),
    ("XML_CTYPE_NAME", 4),
    ("XML_CTYPE_CHOICE", 5),
    ("XML_CTYPE_SEQ", 6),
    ("XML_CQUANT_NONE", 0),
    ("XML_CQUANT_OPT", 1),
    ("XML_CQUANT_REP", 2),
    ("XML_CQUANT_PLUS", 3),
];

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    exception_class::define(vm, module, &ERROR, "xml.parsers.expat", "ExpatError", &exception::EXCEPTION, None)?;
    let error = ERROR.get_or_none();
    module.set(vm, "error", error);
    object::type_new::ready(vm, &parser::PARSER);
    module.set(vm, "XMLParserType", parser::PARSER.to_object());
    let (major, minor, micro) = VERSION;
    let text = vm.new_str(&format!("expat_{major}.{minor}.{micro}")).into_object();
    module.set(vm, "EXPAT_VERSION", text);
    let version = vm.new_tuple([major, minor, micro].map(Object::small_int)).into_object();
    module.set(vm, "version_info", version);
    let native = vm.new_str("UTF-8").into_object();
    module.set(vm, "native_encoding", native);
    let features = FEATURES.iter().map(|&(name, value)| {
        let name = vm.new_str(name).into_object();
        vm.new_tuple([name, Object::small_int(value)]).into_object()
    });
    let features = features.collect();
    let features = vm.new_list(features).into_object();
    module.set(vm, "features", features);
    let parsing = ["NEVER", "UNLESS_STANDALONE", "ALWAYS"];
    for (value, name) in parsing.into_iter().enumerate() {
        module.set(vm, &format!("XML_PARAM_ENTITY_PARSING_{name}"), Object::small_int(value as i64));
    }
    let errors = submodule(vm, module, "errors", "Constants used to describe error conditions.")?;
    set_errors(vm, errors.borrow())?;
    let model = submodule(vm, module, "model", "Constants used to interpret content model information.")?;
    if let Some(model) = model.borrow().downcast::<ModuleObject>() {
        for (name, value) in MODEL {
            model.set(vm, name, Object::small_int(value));
        }
    }
    Ok(())
}

/// A module within the module, known to the import system.
fn submodule(vm: &mut Vm, module: RefOf<'_, ModuleObject>, name: &str, doc: &str) -> PyResult {
    let full_name = format!("pyexpat.{name}");
    let made = vm.new_module(&full_name, Some(doc)).into_object();
    let sys = vm.import("sys")?;
    let modules = vm.get_attr_str(sys.borrow(), "modules")?;
    let full_name = vm.new_str(&full_name);
    vm.set_item(modules.borrow(), full_name.borrow().object(), made.borrow())?;
    module.set(vm, name, made.clone());
    Ok(made)
}

fn set_errors(vm: &mut Vm, errors: Ref<'_>) -> PyResult<()> {
    let Some(errors) = errors.downcast::<ModuleObject>() else { return Ok(()) };
    let (codes, messages) = (vm.new_dict(), vm.new_dict());
    for &(name, code, message) in error::ERRORS {
        let message = vm.new_str(message).into_object();
        errors.set(vm, name, message.clone());
        codes.set(vm, message.borrow(), Object::small_int(code))?;
        messages.set(vm, Object::small_int(code).borrow(), message)?;
    }
    errors.set(vm, "codes", codes.into_object());
    errors.set(vm, "messages", messages.into_object());
    Ok(())
}

fn error_string(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let code = vm.to_i64(args[0].expect("a required argument"))?;
    Ok(error::message(code).map_or(Object::none(), |message| vm.new_str(message).into_object()))
}

fn parser_create(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let encoding = parser::optional_text(vm, args[0], "ParserCreate", "'encoding'")?;
    let separator = parser::optional_text(vm, args[1], "ParserCreate", "'namespace_separator'")?;
    if separator.as_ref().is_some_and(|separator| separator.len() > 1) {
        return Err(vm.value_error("namespace_separator must be at most one character, omitted, or None"));
    }
    let intern = match args[2] {
        None => Some(vm.new_dict().into_object()),
        Some(none) if none.is_none() => None,
        Some(dict) if dict.downcast::<object::dict::Dict>().is_some() => Some(dict.to_owned()),
        Some(_) => return Err(vm.type_error("intern must be a dictionary")),
    };
    let namespaces = separator.map(|separator| separator.bytes().next());
    let engine = engine::Engine::new(encoding.as_deref(), engine::Options { namespaces });
    Ok(parser::new(vm, engine, intern))
}

/// Raises `ExpatError` with its attributes.
fn raise(vm: &mut Vm, message: &str, code: i64, line: usize, column: usize) -> Raised {
    let mut make = || {
        let text = vm.new_str(&format!("{message}: line {line}, column {column}"));
        let class = ERROR.get_or_none();
        let error = vm.call(class.borrow(), &[text.borrow().object()])?;
        for (name, value) in [("code", code), ("offset", column as i64), ("lineno", line as i64)] {
            vm.set_attr_str(error.borrow(), name, Object::small_int(value).borrow())?;
        }
        Ok(error)
    };
    match make() {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}
