//! `types.MappingProxyType`: a read-only view of any mapping.

use bytecode::opcode::{BinaryOp, Comparison};
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::dict::Dict;
use object::list::List;
use object::native::{PayloadInfo, flag};
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of a `mappingproxy`.
pub struct MappingProxy {
    mapping: Object,
}

impl Payload for MappingProxy {
    fn class() -> &'static Type {
        &MAPPING_PROXY
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.mapping.borrow());
    }
}

/// `mappingproxy`
pub static MAPPING_PROXY: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "mappingproxy",
    doc: "Read-only proxy of a mapping.",
    payload: PayloadInfo::of::<MappingProxy>(),
    flags: flag::MAPPING,
    signature: "(mapping)",
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(str),
        hash: Some(hash),
        len: Some(len),
        getitem: Some(get_item),
        contains: Some(contains),
        iter: Some(iter),
        compare: Some(compare),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::NONE
    },
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Bound get "($self, key, default=None, /)", "Return the value for key if key is in the mapping, else default."),
    method!(Unary keys "($self, /)", "a set-like object providing a view on D's keys"),
    method!(Unary values "($self, /)", "an object providing a view on D's values"),
    method!(Unary items "($self, /)", "a set-like object providing a view on D's items"),
    method!(Unary copy "($self, /)", "a shallow copy of D"),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
    method!(Unary reversed as "__reversed__" "($self, /)", "D.__reversed__() -> reverse iterator"),
];

use super::class_get_item;

/// A proxy of a mapping.
pub fn new_proxy(vm: &Vm, mapping: Object) -> Object {
    vm.allocate(MappingProxy { mapping }).into_object()
}

fn mapping(this: Ref<'_>) -> Ref<'_> {
    this.downcast::<MappingProxy>().expect("the slot belongs to the type").get().mapping.borrow()
}

/// The mapping behind a proxy, or the object itself.
fn unwrap(object: Ref<'_>) -> Ref<'_> {
    object.downcast::<MappingProxy>().map_or(object, |proxy| proxy.get().mapping.borrow())
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [None];
    bind_args(vm, "mappingproxy", "(mapping)", args, &mut out)?;
    let [mapping] = out;
    let mapping = mapping.unwrap_or(Object::none());
    let object = mapping.borrow();
    let is_mapping = object.class().slots().getitem.is_some() && object.downcast::<List>().is_none() && object.downcast::<Tuple>().is_none();
    if !is_mapping {
        let message = format!("mappingproxy() argument must be a mapping, not {}", object.class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(new_proxy(vm, mapping))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let inner = vm.repr(mapping(this))?;
    let mut text = StrBuilder::default();
    text.push_str("mappingproxy(");
    text.push_object(&inner);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.str(mapping(this))?.into_object())
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    vm.hash(mapping(this))
}

fn len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    vm.len(mapping(this))
}

fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    vm.get_item(mapping(this), key)
}

fn contains(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult<bool> {
    vm.contains(mapping(this), key)
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.iter(mapping(this))
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    vm.compare(mapping(left), right, op)
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    vm.binary(BinaryOp::Or, unwrap(left), unwrap(right))
}

fn inplace_or(vm: &mut Vm, left: Ref<'_>, _right: Ref<'_>) -> PyResult {
    Err(vm.type_error(format!("'|=' is not supported by {}; use '|' instead", left.class().full_name())))
}

fn get(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (key, default) = (args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE));
    if let Some(dict) = mapping(this).downcast_exact::<Dict>() {
        return Ok(dict.get_item(vm, key)?.unwrap_or_else(|| default.to_owned()));
    }
    vm.call_method(mapping(this), "get", &[key, default])
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(mapping(this), "keys", &[])
}

fn values(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(mapping(this), "values", &[])
}

fn items(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(mapping(this), "items", &[])
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(mapping(this), "copy", &[])
}

fn reversed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(mapping(this), "__reversed__", &[])
}
