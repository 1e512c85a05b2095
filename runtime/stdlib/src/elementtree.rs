//! `_elementtree`: elements of XML trees, the builder that makes trees, and a parser that feeds it.

use crate::exception_class;
use object::cell::ObjectCell;
use object::exception;
use object::native::Module;
use object::{Object, PyResult, Raised, Ref, Vm, method};

mod access;
mod builder;
mod element;
mod iterator;
mod parser;

pub static MODULE: Module = Module {
    name: "_elementtree",
    functions: &[
        method!(Raw sub_element as "SubElement" "", ""),
        method!(Many set_factories as "_set_factories" "($module, comment_factory, pi_factory, /)", "Change the factories used to create comments and processing instructions.\n\nFor internal use only."),
    ],
    types: &[&element::ELEMENT, &builder::BUILDER, &parser::PARSER],
    init: Some(|vm, module| {
        object::type_new::ready(vm, &iterator::ITERATOR);
        exception_class::define(vm, module, &PARSE_ERROR, "xml.etree.ElementTree", "ParseError", &exception::SYNTAX_ERROR, None)
    }),
    ..Module::DEFAULT
};

/// `xml.etree.ElementTree.ParseError`
static PARSE_ERROR: ObjectCell = ObjectCell::EMPTY;
/// `xml.etree.ElementTree.Comment`, or whatever takes its place.
static COMMENT_FACTORY: ObjectCell = ObjectCell::EMPTY;
/// `xml.etree.ElementTree.ProcessingInstruction`
static PI_FACTORY: ObjectCell = ObjectCell::EMPTY;

fn sub_element(vm: &mut Vm, _module: Ref<'_>, args: object::Args<'_>) -> PyResult {
    let n = args.n_positional();
    if !(2..=3).contains(&n) {
        let (bound, limit) = if n < 2 { ("least", 2) } else { ("most", 3) };
        let plural = if limit == 1 { "" } else { "s" };
        return Err(vm.type_error(format!("SubElement() takes at {bound} {limit} argument{plural} ({n} given)")));
    }
    let parent = args.positionals()[0];
    if parent.downcast::<element::Element>().is_none() {
        let message = format!("SubElement() argument 1 must be xml.etree.ElementTree.Element, not {}", parent.class().full_name());
        return Err(vm.type_error(message));
    }
    let attributes = element::attributes_argument(vm, args, 2, "SubElement")?;
    let made = element::new(vm, args.positionals()[1].to_owned(), attributes);
    element::append_child(vm, parent, made.clone())?;
    Ok(made)
}

fn set_factories(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if args.len() != 2 {
        return Err(vm.type_error(format!("_set_factories expected 2 arguments, got {}", args.len())));
    }
    for (factory, what) in args.iter().zip(["Comment", "PI"]) {
        if !factory.is_none() && factory.class().slots().call.is_none() {
            return Err(vm.type_error(format!("{what} factory must be callable, not {}", factory.class().full_name())));
        }
    }
    let set = |place: &ObjectCell, factory: Ref<'_>| place.replace((!factory.is_none()).then(|| factory.to_owned())).unwrap_or(Object::none());
    let old = [set(&COMMENT_FACTORY, args[0]), set(&PI_FACTORY, args[1])];
    Ok(vm.new_tuple(old).into_object())
}

/// Raises `ParseError` with its code and position.
fn parse_error(vm: &mut Vm, message: &str, code: i64, (line, column): (usize, usize)) -> Raised {
    let mut make = || {
        let text = vm.new_str(&format!("{message}: line {line}, column {column}"));
        let class = PARSE_ERROR.get_or_none();
        let error = vm.call(class.borrow(), &[text.borrow().object()])?;
        vm.set_attr_str(error.borrow(), "code", Object::small_int(code).borrow())?;
        let position = vm.new_tuple([Object::small_int(line as i64), Object::small_int(column as i64)]);
        vm.set_attr_str(error.borrow(), "position", position.borrow().object())?;
        Ok(error)
    };
    match make() {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}
