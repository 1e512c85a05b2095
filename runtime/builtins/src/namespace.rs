//! `types.SimpleNamespace`: attributes and nothing else.

use bytecode::opcode::Comparison;
use object::call::Args;
use object::dict::Dict;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::{Method, Object, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, instance, method};

/// `types.SimpleNamespace`
pub static SIMPLE_NAMESPACE: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "types.SimpleNamespace",
    doc: "A simple attribute-based namespace.",
    flags: flag::BASE_TYPE | flag::HAS_DICT,
    payload: PayloadInfo::ATTRIBUTES,
    signature: "(mapping_or_iterable=(), /, **kwargs)",
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), compare: Some(compare), ..Slots::NONE },
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling"),
    method!(Raw replace as "__replace__" "($self, /, **changes)", "Return a copy of the namespace object with new values for the specified attributes."),
];

/// An empty `types.SimpleNamespace()`.
pub fn new_namespace(vm: &mut Vm) -> PyResult {
    new(vm, SIMPLE_NAMESPACE.as_ref(), Args::NONE)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    object::type_new::object_new(vm, class, Args::NONE)
}

fn attributes(vm: &mut Vm, this: Ref<'_>) -> object::ObjectOf<Dict> {
    instance::dict_of(vm, this).expect("namespaces have attributes")
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 1 {
        return Err(vm.type_error(format!("{} expected at most 1 argument, got {}", this.class().name(), args.n_positional())));
    }
    if let Some(&source) = args.positionals().first() {
        let entries = if source.is_exactly(&object::dict::DICT) { source.to_owned() } else { vm.call(object::dict::DICT.object(), &[source])? };
        let entries = entries.borrow().downcast::<Dict>().map(|dict| dict.items_snapshot(vm)).unwrap_or_default();
        for (key, value) in entries {
            if key.borrow().downcast::<Str>().is_none() {
                return Err(vm.type_error("keywords must be strings"));
            }
            let name = vm.attribute_name(key.borrow())?;
            instance::set_attribute(vm, this, name.borrow(), value);
        }
    }
    for (key, value) in args.keywords() {
        let name = vm.attribute_name(key)?;
        instance::set_attribute(vm, this, name.borrow(), value.to_owned());
    }
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = if this.is_exactly(&SIMPLE_NAMESPACE) { "namespace" } else { this.class().name() };
    vm.guard_repr(this, &format!("{name}(...)"), |vm| repr_attributes(vm, this, name))
}

fn repr_attributes(vm: &mut Vm, this: Ref<'_>, name: &str) -> PyResult {
    let mut text = object::str::StrBuilder::new();
    text.push_str(name);
    text.push_str("(");
    let mut first = true;
    for (key, value) in attributes(vm, this).items_snapshot(vm) {
        let Some(key) = key.borrow().downcast::<Str>().filter(|key| !key.is_empty()) else { continue };
        if !std::mem::take(&mut first) {
            text.push_str(", ");
        }
        text.push_object(key.get());
        text.push_str("=");
        text.push_object(vm.repr(value.borrow())?.borrow().get());
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !left.is_instance_of(&SIMPLE_NAMESPACE) || !right.is_instance_of(&SIMPLE_NAMESPACE) {
        return Ok(Object::not_implemented());
    }
    let (left, right) = (attributes(vm, left), attributes(vm, right));
    vm.compare(left.borrow().object(), right.borrow().object(), op)
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (class, args, state) = (this.class().to_object(), vm.new_tuple([]).into_object(), attributes(vm, this).into_object());
    Ok(vm.new_tuple([class, args, state]).into_object())
}

fn replace(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.n_positional() > 0 {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let copy = vm.call(this.class().object(), &[])?;
    if !copy.borrow().is_instance_of(&SIMPLE_NAMESPACE) {
        let (module, name) = (vm.get_attr_str(this.class().object(), "__module__")?, vm.get_attr_str(this.class().object(), "__qualname__")?);
        let name = format!("{}.{}", vm.str_text(module.borrow())?, vm.str_text(name.borrow())?);
        let found = copy.borrow().class().full_name().to_owned();
        return Err(vm.type_error(format!("expect types.SimpleNamespace type, but {name}() returned '{found}' object")));
    }
    let own = attributes(vm, this);
    let target = attributes(vm, copy.borrow());
    target.update_from(vm, &own)?;
    for (key, value) in args.keywords() {
        target.set(vm, key, value.to_owned())?;
    }
    Ok(copy)
}
