//! Cells: variables that inner functions share.

use bytecode::opcode::Comparison;
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::native::{Getset, PayloadInfo, TypeSpec};
use object::protocol::ordering_satisfies;
use object::slots::Slots;
use object::{Args, Object, ObjectOf, PyResult, Ref, RefOf, Type, Vm};

/// The payload of a `cell`.
pub struct CellObject {
    pub contents: ObjectCell,
}

/// `types.CellType`
pub static CELL: Type = Type::new(&CELL_SPEC);
static CELL_SPEC: TypeSpec = TypeSpec {
    name: "cell",
    doc: "Create a new cell object.\n\n  contents\n    the contents of the cell. If not specified, the cell will be empty,\n    and \n further attempts to access its cell_contents attribute will\n    raise a ValueError.",
    payload: PayloadInfo::of::<CellObject>(),
    slots: Slots { new: Some(new), repr: Some(repr), compare: Some(compare), ..Slots::NONE },
    getsets: &[Getset::new("cell_contents", "", get_contents, set_contents)],
    ..TypeSpec::DEFAULT
};

impl Payload for CellObject {
    fn class() -> &'static Type {
        &CELL
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.contents.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.contents.set(None);
    }
}

/// A cell that holds `contents`, or nothing.
pub fn new_cell(vm: &Vm, contents: Option<Object>) -> ObjectOf<CellObject> {
    vm.allocate(CellObject { contents: ObjectCell::new(contents) })
}

fn payload(this: Ref<'_>) -> &CellObject {
    this.downcast::<CellObject>().expect("the slot belongs to the type").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "cell", args, 0, 1)?;
    let contents = args.positionals().first().map(|&value| value.to_owned());
    Ok(vm.allocate_in(class.get(), CellObject { contents: ObjectCell::new(contents) }))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = match payload(this).contents.get() {
        Some(value) => format!("<cell at {:#x}: {} object at {:#x}>", this.bits(), value.borrow().class().full_name(), value.borrow().bits()),
        None => format!("<cell at {:#x}: empty>", this.bits()),
    };
    Ok(vm.new_str(&text).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<CellObject>(), right.downcast::<CellObject>()) else {
        return Ok(Object::not_implemented());
    };
    match (left.contents.get(), right.contents.get()) {
        (Some(left), Some(right)) => vm.compare(left.borrow(), right.borrow(), op),
        (left, right) => Ok(Object::bool(ordering_satisfies(left.is_some().cmp(&right.is_some()), op))),
    }
}

fn get_contents(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match payload(this).contents.get() {
        Some(value) => Ok(value),
        None => Err(vm.value_error("cell is empty")),
    }
}

fn set_contents(_vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    payload(this).contents.set(value.map(Ref::to_owned));
    Ok(())
}
