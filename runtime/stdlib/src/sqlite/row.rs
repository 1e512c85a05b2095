//! `Row`: a tuple of values with the names of their columns.

use super::cursor::{self, Cursor};
use builtins::slice::{self, Slice};
use bytecode::opcode::Comparison;
use object::call::Args;
use object::cell::Visitor;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, int, method};

/// The payload of a `Row`.
pub struct Row {
    values: Object,
    description: Object,
}

impl Payload for Row {
    fn class() -> &'static Type {
        &ROW
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.values, &self.description]);
    }
}

/// `sqlite3.Row`
pub static ROW: Type = Type::new(&ROW_SPEC);
static ROW_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.Row",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Row>(),
    slots: Slots {
        new: Some(new),
        hash: Some(hash),
        compare: Some(compare),
        iter: Some(|vm, this| vm.iter(payload(this).values.borrow())),
        len: Some(|_, this| Ok(items(this).len())),
        getitem: Some(get_item),
        ..Slots::NONE
    },
    methods: &[method!(Unary keys "($self, /)", "Returns the keys of the row.")],
    ..TypeSpec::DEFAULT
};

fn payload(object: Ref<'_>) -> &Row {
    object.downcast::<Row>().expect("the method belongs to rows").get()
}

fn tuple(object: &Object) -> &Tuple {
    object.borrow().downcast::<Tuple>().expect("a tuple was given").get()
}

fn items(this: Ref<'_>) -> &[Ref<'_>] {
    tuple(&payload(this).values).items()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() && std::ptr::eq(class.get(), &ROW) {
        return Err(vm.type_error("Row() takes no keyword arguments"));
    }
    let &[cursor, values] = args.positionals() else {
        return Err(vm.type_error(format!("Row expected 2 arguments, got {}", args.n_positional())));
    };
    let found = |value: Ref<'_>| if value.is_none() { "None".to_string() } else { value.class().full_name().to_string() };
    if cursor.downcast::<Cursor>().is_none() {
        return Err(vm.type_error(format!("Row() argument 1 must be sqlite3.Cursor, not {}", found(cursor))));
    }
    if values.downcast::<Tuple>().is_none() {
        return Err(vm.type_error(format!("Row() argument 2 must be tuple, not {}", found(values))));
    }
    let description = cursor::description(vm, cursor);
    Ok(vm.allocate_in(class.get(), Row { values: values.to_owned(), description }))
}

/// The name of each column.
fn names(this: Ref<'_>) -> Vec<Object> {
    let description = &payload(this).description;
    let Some(columns) = description.borrow().downcast::<Tuple>() else { return Vec::new() };
    columns
        .get()
        .items()
        .iter()
        .map(|column| column.downcast::<Tuple>().and_then(|column| column.get().items().first().copied()).map_or(Object::none(), Ref::to_owned))
        .collect()
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let names = names(this);
    Ok(vm.new_list(names).into_object())
}

fn is_same_name(left: &Str, right: &Str) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let fold = |code_point: u32| if (0x41..=0x5a).contains(&code_point) { code_point + 0x20 } else { code_point };
    left.code_points().zip(right.code_points()).all(|(left, right)| fold(left) == fold(right))
}

fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    if int::is_int(key) {
        let index = slice::item_index(vm, key)?;
        return match slice::position(index, items(this).len()) {
            Some(position) => Ok(items(this)[position].to_owned()),
            None => Err(vm.index_error("tuple index out of range")),
        };
    }
    if let Some(wanted) = key.downcast::<Str>() {
        let names = names(this);
        let position = names.iter().position(|name| name.borrow().downcast::<Str>().is_some_and(|name| is_same_name(name.get(), wanted.get())));
        return match position.and_then(|position| items(this).get(position)) {
            Some(value) => Ok(value.to_owned().to_owned()),
            None if payload(this).description.borrow().is_none() => Err(vm.raise_with(&object::exception::INDEX_ERROR, vec![key.to_owned()])),
            None => Err(vm.index_error("No item with that key")),
        };
    }
    if key.downcast::<Slice>().is_some() {
        return vm.get_item(payload(this).values.borrow(), key);
    }
    Err(vm.index_error("Index must be int or string"))
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let row = payload(this);
    Ok(vm.hash(row.description.borrow())? ^ vm.hash(row.values.borrow())?)
}

fn compare(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>, op: Comparison) -> PyResult {
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let Some(other) = other.downcast::<Row>() else { return Ok(Object::not_implemented()) };
    let (left, right) = (payload(this), other.get());
    let same = vm.equal(left.description.borrow(), right.description.borrow())? && vm.equal(left.values.borrow(), right.values.borrow())?;
    Ok(Object::bool(same == (op == Comparison::Equal)))
}
