//! `_tuplegetter`: the descriptor of a named tuple's field.

use super::payload;
use object::call::{Args, check_positional};
use object::cell::{ObjectCell, Visitor};
use object::exception;
use object::native::PayloadInfo;
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::{Getset, Member, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of a `_tuplegetter`.
pub struct TupleGetter {
    index: isize,
    doc: ObjectCell,
}

impl Payload for TupleGetter {
    fn class() -> &'static Type {
        &TUPLE_GETTER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.doc.traverse(visitor);
    }
}

/// `collections._tuplegetter`
pub static TUPLE_GETTER: Type = Type::new(&TUPLE_GETTER_SPEC);
static TUPLE_GETTER_SPEC: TypeSpec = TypeSpec {
    name: "collections._tuplegetter",
    payload: PayloadInfo::of::<TupleGetter>(),
    slots: Slots { new: Some(new), repr: Some(repr), descr_get: Some(get), descr_set: Some(set), ..Slots::NONE },
    methods: &[method!(Unary reduce as "__reduce__" "($self, /)", "")],
    members: &[Member(Getset::new(
        "__doc__",
        "",
        |_, this| Ok(payload::<TupleGetter>(this).doc.get_or_none()),
        |_, this, value| {
            payload::<TupleGetter>(this).doc.set(value.map(Ref::to_owned));
            Ok(())
        },
    ))],
    ..TypeSpec::DEFAULT
};

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    check_positional(vm, "_tuplegetter", args, 2, 2)?;
    let index = builtins::slice::size_argument(vm, args.positionals()[0])?;
    Ok(vm.allocate_in(class.get(), TupleGetter { index, doc: ObjectCell::new(Some(args.positionals()[1].to_owned())) }))
}

fn get(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance.filter(|instance| !instance.is_none()) else { return Ok(this.to_owned()) };
    let index = payload::<TupleGetter>(this).index;
    let Some(tuple) = instance.downcast::<Tuple>() else {
        let message = format!("descriptor for index '{index}' for tuple subclasses doesn't apply to '{}' object", instance.class().full_name());
        return Err(vm.type_error(message));
    };
    match usize::try_from(index).ok().and_then(|index| tuple.get().items().get(index)) {
        Some(item) => Ok(Ref::to_owned(*item)),
        None => Err(vm.index_error("tuple index out of range")),
    }
}

fn set(vm: &mut Vm, _this: Ref<'_>, _instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let message = if value.is_some() { "can't set attribute" } else { "can't delete attribute" };
    Err(vm.raise(&exception::ATTRIBUTE_ERROR, message))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = this.class().name().to_owned();
    let getter = payload::<TupleGetter>(this);
    let doc = getter.doc.get_or_none();
    let doc = vm.repr(doc.borrow())?;
    let mut text = StrBuilder::new();
    text.push_fmt(format_args!("{name}({}, ", getter.index));
    text.push_object(&doc);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let getter = payload::<TupleGetter>(this);
    let args = [vm.new_int(getter.index as i64), getter.doc.get_or_none()];
    let args = vm.new_tuple(args).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}
