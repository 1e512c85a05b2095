//! Temporary.
#[path = "/tmp/mini/compile.rs"]
mod compile;
use interp::compile_hook::{self, Mode};
use interp::{eval, frame, function};
use object::{Object, ObjectOf, PyResult, Vm, exception};
use interp::code::CodeObject;

fn import(vm: &mut Vm, name: &str) -> PyResult {
    if name == "builtins" { let d = eval::builtins_dict(vm); let m = vm.new_module("builtins", None); if let (Some(a), Some(b)) = (Some(m.borrow().get().dict()), d.borrow().downcast::<object::dict::Dict>()) { a.update_from(vm, &b)?; } return Ok(m.into_object()); }
    Err(vm.raise(&exception::IMPORT_ERROR, format!("no {name}")))
}
fn ready_types(vm: &mut Vm) {
    let core: &[&'static object::Type] = &[
        &object::class::OBJECT, &object::class::TYPE, &object::int::INT, &object::int::BOOL, &object::float::FLOAT, &object::str::STR, &object::bytes::BYTES, &object::bytes::BYTEARRAY,
        &object::tuple::TUPLE, &object::list::LIST, &object::dict::DICT, &object::function::BUILTIN_FUNCTION, &object::function::METHOD_DESCRIPTOR, &object::function::CLASS_METHOD_DESCRIPTOR,
        &object::function::SLOT_WRAPPER, &object::function::METHOD_WRAPPER, &object::function::BOUND_METHOD, &object::descriptor::GETSET, &object::descriptor::MEMBER, &object::descriptor::PROPERTY,
        &object::descriptor::STATIC_METHOD, &object::descriptor::CLASS_METHOD, &object::singleton::NONE_TYPE, &object::singleton::NOT_IMPLEMENTED_TYPE, &object::singleton::ELLIPSIS_TYPE,
        &object::singleton::MODULE, &object::super_object::SUPER, &object::weak::REFERENCE, &object::weak::PROXY, &object::weak::CALLABLE_PROXY, &object::generic_alias::GENERIC_ALIAS, &object::generic_alias::UNION, &object::protocol::SEQUENCE_ITERATOR,
    ];
    for class in core.iter().chain(builtins::TYPES).chain(exception::ALL) { object::type_new::ready(vm, class); }
}
fn run() {
    object::gil::acquire();
    let mut vm = Vm::new(200 << 20);
    object::str::names::initialize(&vm);
    object::type_new::extend(builtins::EXTENSIONS);
    ready_types(&mut vm);
    interp::install(&mut vm);
    frame::start_thread(&mut vm);
    compile_hook::set_compiler(compile::compile);
    object::vm::set_hooks(|hooks| hooks.import = Some(import));
    let b = stdlib::builtins::new_module(&mut vm);
    let namespace = b.borrow().get().dict().object().to_owned();
    eval::set_builtins(namespace);
    let path = std::env::args().nth(1).expect("a file");
    let text = std::fs::read_to_string(path).expect("text");
    let globals = vm.new_module("__main__", None);
    for module in [&stdlib::weakref::MODULE, &stdlib::typing::MODULE, &stdlib::types::MODULE] {
        let made = vm.new_native_module(module).unwrap();
        globals.set(&mut vm, module.name, made.into_object());
    }
    let out_function = { static OUT: object::Method = object::method!(Binary out "(x, /)", ""); let i = object::call::NativeInfo::leak(&OUT, None); object::function::new_builtin(&vm, i, None, None) };
    globals.set(&mut vm, "out", out_function);
    let namespace = globals.borrow().get().dict().object().to_owned();
    let result = compile_hook::compile_text(&mut vm, &text, "t.py", Mode::Exec).and_then(|code| {
        let code: ObjectOf<CodeObject> = code.downcast().ok().unwrap();
        function::run_code(&mut vm, code, namespace.clone(), namespace, None)
    });
    if let Err(raised) = result { let e = vm.catch(raised); println!("FATAL {} {:?}", vm.repr_text(e.borrow()).unwrap_or_default(), e); }
}
fn out(vm: &mut Vm, _m: object::Ref<'_>, x: object::Ref<'_>) -> PyResult { println!("{}", vm.str_text(x)?); Ok(Object::none()) }
fn main() { std::thread::Builder::new().stack_size(210 << 20).spawn(run).unwrap().join().unwrap(); }
