//! Classes, exceptions, descriptors, aliases and weak references, called without an interpreter.

#[path = "common/machine.rs"]
mod machine;

use bytecode::opcode::BinaryOp;
use machine::start;
use object::call::Args;
use object::class::{OBJECT, TYPE};
use object::exception;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, names};

/// The text of a result: its `repr`, or the exception's class and message.
fn show(vm: &mut Vm, result: PyResult) -> String {
    match result {
        Ok(value) => vm.repr_text(value.borrow()).expect("repr works"),
        Err(raised) => {
            let error = vm.catch(raised);
            let text = vm.str_text(error.borrow()).expect("str works");
            format!("{}: {text}", error.borrow().class().name())
        }
    }
}

fn text(vm: &Vm, text: &str) -> Object {
    vm.new_str(text).into_object()
}

/// `type(name, bases, namespace)`
fn class(vm: &mut Vm, name: &str, bases: &[Ref<'_>], namespace: &[(&str, Object)]) -> PyResult {
    let dict = vm.new_dict();
    for (key, value) in namespace {
        dict.set_str(vm, key, value.clone());
    }
    let (name, bases) = (text(vm, name), vm.new_tuple_from(bases).into_object());
    vm.call(TYPE.object(), &[name.borrow(), bases.borrow(), dict.borrow().object()])
}

macro_rules! check {
    ($vm:expr, $result:expr, $expected:expr) => {{
        let result = $result;
        let shown = show($vm, result);
        assert_eq!(shown, $expected);
    }};
}

fn classes(vm: &mut Vm) {
    let a = class(vm, "A", &[], &[]).expect("a class");
    check!(vm, Ok(a.clone()), "<class 'A'>");
    let instance = vm.call(a.borrow(), &[]).expect("an instance");
    let (x, three) = (vm.intern("x"), Object::small_int(3));
    vm.set_attr(instance.borrow(), x, Some(three.borrow())).expect("set");
    check!(vm, vm.get_attr(instance.borrow(), names::__dict__()), "{'x': 3}");
    check!(vm, vm.get_attr_str(instance.borrow(), "y"), "AttributeError: 'A' object has no attribute 'y'");
    check!(vm, vm.get_attr_str(a.borrow(), "y"), "AttributeError: type object 'A' has no attribute 'y'");
    check!(vm, vm.call(a.borrow(), &[three.borrow()]), "TypeError: A() takes no arguments");
    check!(vm, vm.get_attr(a.borrow(), names::__mro__()), "(<class 'A'>, <class 'object'>)");
    let slots = vm.new_tuple([text(vm, "q")]).into_object();
    let b = class(vm, "B", &[a.borrow()], &[("__slots__", slots.clone())]).expect("a class");
    check!(vm, class(vm, "C", &[a.borrow(), b.borrow()], &[]), "TypeError: Cannot create a consistent method resolution order (MRO) for bases A, B");
    check!(vm, class(vm, "C", &[a.borrow(), a.borrow()], &[]), "TypeError: duplicate base class A");
    check!(vm, class(vm, "C", &[object::int::BOOL.object()], &[]), "TypeError: type 'bool' is not an acceptable base type");
    let int_and_list = [object::int::INT.object(), object::list::LIST.object()];
    check!(vm, class(vm, "C", &int_and_list, &[]), "TypeError: multiple bases have instance lay-out conflict");
    let os_and_import = [exception::OS_ERROR.object(), exception::IMPORT_ERROR.object()];
    check!(vm, class(vm, "C", &os_and_import, &[]), "TypeError: multiple bases have instance lay-out conflict");
    check!(vm, class(vm, "C", &[exception::VALUE_ERROR.object(), exception::OS_ERROR.object()], &[]), "<class 'C'>");
    let name = vm.intern("__class__");
    check!(
        vm,
        vm.set_attr(instance.borrow(), name, Some(b.borrow())).map(|()| Object::none()),
        "TypeError: __class__ assignment: 'B' object layout differs from 'A'"
    );
    let d = class(vm, "D", &[], &[]).expect("a class");
    vm.set_attr(instance.borrow(), name, Some(d.borrow())).expect("the layouts are the same");
    check!(vm, vm.get_attr(instance.borrow(), x), "3");
    check!(vm, vm.get_attr_str(b.borrow(), "q"), "<member 'q' of 'B' objects>");
    let bases = vm.new_tuple_from(&[d.borrow()]).into_object();
    vm.set_attr(b.borrow(), names::__bases__(), Some(bases.borrow())).expect("the layouts are the same");
    check!(vm, vm.get_attr(b.borrow(), names::__mro__()), "(<class 'B'>, <class 'D'>, <class 'object'>)");
    check!(vm, vm.call_method(d.borrow(), "__subclasses__", &[]), "[<class 'B'>]");
    check!(vm, vm.call_method(b.borrow(), "mro", &[]), "[<class 'B'>, <class 'D'>, <class 'object'>]");
    check!(vm, vm.get_attr_str(a.borrow(), "__doc__"), "None");
    check!(vm, vm.get_attr_str(a.borrow(), "__annotations__"), "{}");
    check!(vm, vm.get_attr_str(object::int::INT.object(), "__annotations__"), "AttributeError: type object 'int' has no attribute '__annotations__'");
    check!(vm, vm.get_attr_str(OBJECT.object(), "__getattribute__"), "<slot wrapper '__getattribute__' of 'object' objects>");
    check!(vm, vm.call(object::singleton::NONE_TYPE.object(), &[]), "None");
    check!(vm, vm.call(object::function::BUILTIN_FUNCTION.object(), &[]), "TypeError: cannot create 'builtin_function_or_method' instances");
    let property = vm.call(object::descriptor::PROPERTY.object(), &[]).expect("a property");
    let p = class(vm, "P", &[], &[("p", property)]).expect("a class");
    let p = vm.call(p.borrow(), &[]).expect("an instance");
    check!(vm, vm.get_attr_str(p.borrow(), "p"), "AttributeError: property 'p' of 'P' object has no getter");
}

fn exceptions(vm: &mut Vm) {
    let (two, message, file) = (Object::small_int(2), text(vm, "No such file"), text(vm, "f"));
    let error = vm.call(exception::OS_ERROR.object(), &[two.borrow(), message.borrow(), file.borrow()]).expect("an error");
    check!(vm, Ok(error.clone()), "FileNotFoundError(2, 'No such file')");
    assert_eq!(vm.str_text(error.borrow()).expect("str works"), "[Errno 2] No such file: 'f'");
    let made = builtins::exceptions::os_error::new_os_error(vm, 13, None, None);
    check!(vm, Ok(made), "PermissionError(13, 'Permission denied')");
    let key = vm.key_error(file.borrow());
    check!(vm, Err(key), "KeyError: 'f'");
    check!(vm, vm.call(exception::UNICODE_ENCODE_ERROR.object(), &[]), "TypeError: function takes exactly 5 arguments (0 given)");
    let value = vm.call(exception::VALUE_ERROR.object(), &[two.borrow()]).expect("an error");
    let list = vm.new_list(vec![value.clone(), error]).into_object();
    let group = vm.call(exception::BASE_EXCEPTION_GROUP.object(), &[file.borrow(), list.borrow()]).expect("a group");
    check!(vm, Ok(group.clone()), "ExceptionGroup('f', [ValueError(2), FileNotFoundError(2, 'No such file')])");
    let (found, rest) = builtins::exceptions::group::match_group(vm, group.borrow(), exception::VALUE_ERROR.object()).expect("a match");
    check!(vm, Ok(found), "ExceptionGroup('f', [ValueError(2)])");
    check!(vm, Ok(rest.clone()), "ExceptionGroup('f', [FileNotFoundError(2, 'No such file')])");
    let errors = vm.new_list(vec![rest, Object::none()]).into_object();
    check!(
        vm,
        builtins::exceptions::group::prep_reraise_star(vm, group.borrow(), errors.borrow()),
        "ExceptionGroup('f', [FileNotFoundError(2, 'No such file')])"
    );
    check!(vm, vm.call_method(value.borrow(), "__reduce__", &[]), "(<class 'ValueError'>, (2,))");
    let note = text(vm, "note");
    vm.call_method(value.borrow(), "add_note", &[note.borrow()]).expect("added");
    check!(vm, vm.get_attr(value.borrow(), names::__notes__()), "['note']");
}

fn aliases(vm: &mut Vm) {
    let (int, str, list) = (object::int::INT.object(), object::str::STR.object(), object::list::LIST.object());
    let alias = vm.get_item(list, int).expect("an alias");
    check!(vm, Ok(alias.clone()), "list[int]");
    check!(vm, vm.binary(BinaryOp::Or, int, str), "int | str");
    check!(vm, vm.binary(BinaryOp::Or, alias.borrow(), Ref::NONE), "list[int] | None");
    let both = vm.binary(BinaryOp::Or, int, str).expect("a union");
    let (three, float) = (Object::small_int(3), vm.new_float(1.5));
    assert_eq!(builtins::type_checks::is_instance(vm, three.borrow(), both.borrow()), Ok(true));
    assert_eq!(builtins::type_checks::is_instance(vm, float.borrow(), both.borrow()), Ok(false));
    let name = text(vm, "T");
    let parameter = builtins::typing_types::new_type_var(vm, name.borrow(), None, None);
    let generic = vm.get_item(list, parameter.borrow()).expect("an alias");
    check!(vm, Ok(generic.clone()), "list[T]");
    check!(vm, vm.get_attr(generic.borrow(), names::__parameters__()), "(T,)");
    check!(vm, vm.call(alias.borrow(), &[]), "[]");
    let args = [("a", three)];
    let names_of = vm.new_tuple([text(vm, args[0].0)]);
    let namespace = vm.call_with(builtins::namespace::SIMPLE_NAMESPACE.object(), Args::new(&[args[0].1.borrow()], Some(names_of.borrow())));
    check!(vm, namespace, "namespace(a=3)");
}

fn weak_references(vm: &mut Vm) {
    let a = class(vm, "A", &[], &[]).expect("a class");
    let instance = vm.call(a.borrow(), &[]).expect("an instance");
    let reference = vm.call(object::weak::REFERENCE.object(), &[instance.borrow()]).expect("a reference");
    let again = vm.call(object::weak::REFERENCE.object(), &[instance.borrow()]).expect("a reference");
    assert!(reference.borrow().is(again.borrow()));
    let proxy = builtins::weakrefs::new_proxy(vm, instance.borrow(), None).expect("a proxy");
    let (x, three) = (vm.intern("x"), Object::small_int(3));
    vm.set_attr(proxy.borrow(), x, Some(three.borrow())).expect("set");
    check!(vm, vm.get_attr(instance.borrow(), x), "3");
    assert!(vm.call(reference.borrow(), &[]).expect("alive").borrow().is(instance.borrow()));
    drop(instance);
    check!(vm, vm.call(reference.borrow(), &[]), "None");
    check!(vm, vm.get_attr(proxy.borrow(), x), "ReferenceError: weakly-referenced object no longer exists");
    check!(vm, vm.call(object::weak::REFERENCE.object(), &[three.borrow()]), "TypeError: cannot create weak reference to 'int' object");
    let text = text(vm, "abc");
    let template = vm.call(builtins::template::TEMPLATE.object(), &[text.borrow(), text.borrow()]);
    check!(vm, template, "Template(strings=('abcabc',), interpolations=())");
}

/// One test: the types are shared by all threads.
#[test]
fn the_object_model_answers_as_cpython() {
    let mut vm = start();
    classes(&mut vm);
    exceptions(&mut vm);
    aliases(&mut vm);
    weak_references(&mut vm);
}
