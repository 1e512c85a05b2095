//! `groupby`, `tee` and `zip_longest`.

use builtins::slice::size_argument;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, VmCell};
use object::native::{PayloadInfo, flag};
use object::str::{Str, names};
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm, method};
use std::cell::Cell;

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

/// The payload of `groupby`.
pub struct GroupBy {
    iterator: Object,
    key_function: Object,
    /// The key of the group that was given out last.
    target_key: ObjectCell,
    /// The key and value that were read last; a group takes the value.
    current_key: ObjectCell,
    current_value: ObjectCell,
    /// The word of the only group that may still read on.
    current_group: Cell<u64>,
}

iterator_type!(
    /// `groupby`
    GroupBy, GROUP_BY, GROUP_BY_SPEC, "itertools.groupby", "make an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping.", "(iterable, key=None)", Some(new_group_by), next_group_by,
    |this, visitor| {
        visitor.visit_all([&this.iterator, &this.key_function]);
        for cell in [&this.target_key, &this.current_key, &this.current_value] {
            cell.traverse(visitor);
        }
    }
);

fn new_group_by(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "groupby", "(iterable, key=None)", args, &mut bound)?;
    let [iterable, key] = bound;
    let iterator = vm.iter(iterable.expect("a required argument").borrow())?;
    let group_by = GroupBy {
        iterator,
        key_function: key.unwrap_or(Object::none()),
        target_key: ObjectCell::EMPTY,
        current_key: ObjectCell::EMPTY,
        current_value: ObjectCell::EMPTY,
        current_group: Cell::new(0),
    };
    Ok(vm.allocate_in(class.get(), group_by))
}

impl GroupBy {
    /// Reads the next value; `false` at the end.
    fn step(&self, vm: &mut Vm) -> PyResult<bool> {
        let Some(value) = vm.next(self.iterator.borrow())? else { return Ok(false) };
        let key = if self.key_function.borrow().is_none() { value.clone() } else { vm.call(self.key_function.borrow(), &[value.borrow()])? };
        self.current_value.set(Some(value));
        self.current_key.set(Some(key));
        Ok(true)
    }
}

fn next_group_by(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let group_by = payload::<GroupBy>(this);
    group_by.current_group.set(0);
    // Skip what is left of the group before.
    loop {
        if let Some(current) = group_by.current_key.get() {
            let Some(target) = group_by.target_key.get() else { break };
            if !vm.equal(target.borrow(), current.borrow())? {
                break;
            }
        }
        if !group_by.step(vm)? {
            return Ok(None);
        }
    }
    let key = group_by.current_key.get_or_none();
    group_by.target_key.set(Some(key.clone()));
    let group = new_group(vm, this, key.clone());
    Ok(Some(vm.new_tuple([key, group]).into_object()))
}

/// The payload of a group that `groupby` gives out.
pub struct Grouper {
    parent: Object,
    key: Object,
}

iterator_type!(
    /// `itertools._grouper`
    Grouper, GROUPER, GROUPER_SPEC, "itertools._grouper", "", "", Some(new_grouper), next_in_group,
    |this, visitor| visitor.visit_all([&this.parent, &this.key])
);

fn new_group(vm: &Vm, parent: Ref<'_>, key: Object) -> Object {
    let group = vm.allocate(Grouper { parent: parent.to_owned(), key }).into_object();
    payload::<GroupBy>(parent).current_group.set(group.borrow().bits());
    group
}

fn new_grouper(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "_grouper", args, 2, 2)?;
    let (parent, key) = (args.positionals()[0], args.positionals()[1]);
    if parent.downcast::<GroupBy>().is_none() {
        let message = format!("_grouper() argument 1 must be itertools.groupby, not {}", parent.class().name());
        return Err(vm.type_error(message));
    }
    Ok(new_group(vm, parent, key.to_owned()))
}

fn next_in_group(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let group = payload::<Grouper>(this);
    let parent = payload::<GroupBy>(group.parent.borrow());
    if parent.current_group.get() != this.bits() {
        return Ok(None);
    }
    if !parent.current_value.is_set() && !parent.step(vm)? {
        return Ok(None);
    }
    let Some(current) = parent.current_key.get() else { return Ok(None) };
    if !vm.equal(group.key.borrow(), current.borrow())? {
        return Ok(None);
    }
    parent.current_key.set(None);
    Ok(parent.current_value.take())
}

/// How many items a link of a tee's chain holds.
const LINK_SIZE: usize = 57;

/// The payload of a link: items that were read, shared by all iterators that have yet to see them.
pub struct TeeData {
    iterator: Object,
    values: VmCell<Vec<Object>>,
    next: ObjectCell,
    running: Cell<bool>,
}

/// `itertools._tee_dataobject`
pub static TEE_DATA: Type = Type::new(&TEE_DATA_SPEC);
static TEE_DATA_SPEC: TypeSpec = TypeSpec {
    name: "itertools._tee_dataobject",
    doc: "teedataobject(iterable, values, next, /)\n--\n\nData container common to multiple tee objects.",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<TeeData>(),
    ..TypeSpec::DEFAULT
};

impl Payload for TeeData {
    fn class() -> &'static Type {
        &TEE_DATA
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.iterator.borrow());
        let values = self.values.visit(visitor);
        visitor.visit_all(values);
        self.next.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        let values = self.values.replace(vm, Vec::new());
        drop(values);
        self.next.set(None);
    }
}

impl TeeData {
    fn allocate(vm: &Vm, iterator: Object) -> Object {
        vm.allocate(TeeData { iterator, values: VmCell::new(Vec::new()), next: ObjectCell::EMPTY, running: Cell::new(false) }).into_object()
    }

    fn item(&self, vm: &mut Vm, index: usize) -> PyResult<Option<Object>> {
        if let Some(value) = self.values.get(vm).get(index) {
            return Ok(Some(value.clone()));
        }
        if self.running.replace(true) {
            return Err(vm.runtime_error("cannot re-enter the tee iterator"));
        }
        let item = vm.next(self.iterator.borrow());
        self.running.set(false);
        let item = item?;
        if let Some(item) = &item {
            self.values.get_mut(vm).push(item.clone());
        }
        Ok(item)
    }
}

/// The payload of an iterator that `tee` makes.
pub struct Tee {
    data: ObjectCell,
    index: Cell<usize>,
}

/// `itertools._tee`
pub static TEE: Type = Type::new(&TEE_SPEC);
static TEE_SPEC: TypeSpec = TypeSpec {
    name: "itertools._tee",
    doc: "Iterator wrapped to make it copyable.",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Tee>(),
    slots: Slots { new: Some(new_tee), iter: Some(object::protocol::iter_self), next: Some(next_tee), ..Slots::NONE },
    signature: "(iterable, /)",
    methods: &[method!(Unary copy_tee as "__copy__" "($self, /)", "Returns an independent iterator.")],
    ..TypeSpec::DEFAULT
};

impl Payload for Tee {
    fn class() -> &'static Type {
        &TEE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.data.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.data.set(None);
    }
}

fn new_tee(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "_tee", args, 1, 1)?;
    tee_of(vm, args.positionals()[0])
}

/// A tee iterator over any iterable; a copy, if it is a tee already.
fn tee_of(vm: &mut Vm, iterable: Ref<'_>) -> PyResult {
    let iterator = vm.iter(iterable)?;
    if iterator.borrow().is_exactly(&TEE) {
        return copy_tee(vm, iterator.borrow());
    }
    let data = TeeData::allocate(vm, iterator);
    Ok(vm.allocate(Tee { data: ObjectCell::new(Some(data)), index: Cell::new(0) }).into_object())
}

fn copy_tee(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = payload::<Tee>(this);
    Ok(vm.allocate(Tee { data: ObjectCell::new(this.data.get()), index: this.index.clone() }).into_object())
}

fn next_tee(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Tee>(this);
    let Some(mut data) = this.data.get() else { return Ok(None) };
    if this.index.get() >= LINK_SIZE {
        let link = payload::<TeeData>(data.borrow());
        let next = match link.next.get() {
            Some(next) => next,
            None => {
                let next = TeeData::allocate(vm, link.iterator.clone());
                link.next.set(Some(next.clone()));
                next
            }
        };
        data = next;
        this.data.set(Some(data.clone()));
        this.index.set(0);
    }
    let item = payload::<TeeData>(data.borrow()).item(vm, this.index.get())?;
    if item.is_some() {
        this.index.set(this.index.get() + 1);
    }
    Ok(item)
}

/// `tee(iterable, n)`
pub(super) fn tee(vm: &mut Vm, iterable: Ref<'_>, n: Option<Ref<'_>>) -> PyResult {
    let n = n.map_or(Ok(2), |n| size_argument(vm, n))?;
    if n < 0 {
        return Err(vm.value_error("n must be >= 0"));
    }
    if n == 0 {
        return Ok(vm.new_tuple([]).into_object());
    }
    if n > 1 << 24 {
        return Err(vm.memory_error());
    }
    let iterator = vm.iter(iterable)?;
    let first = match vm.find_attr(iterator.borrow(), names::__copy__())? {
        Some(_) if !iterator.borrow().is_exactly(&TEE) => iterator,
        _ => tee_of(vm, iterator.borrow())?,
    };
    let mut iterators = vec![first.clone()];
    for _ in 1..n {
        iterators.push(vm.call_method_named(first.borrow(), names::__copy__(), &[])?);
    }
    Ok(vm.new_tuple(iterators).into_object())
}

/// The payload of `zip_longest`.
pub struct ZipLongest {
    /// Those that are not exhausted.
    iterators: VmCell<Vec<Option<Object>>>,
    fill: Object,
    active: Cell<usize>,
}

iterator_type!(
    /// `zip_longest`
    ZipLongest, ZIP_LONGEST, ZIP_LONGEST_SPEC, "itertools.zip_longest", "Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument.\n", "", Some(new_zip_longest), next_zip_longest,
    |this, visitor| {
        let iterators = this.iterators.visit(visitor);
        visitor.visit_all(iterators.iter().flatten());
        visitor.visit(this.fill.borrow());
    }
);

fn new_zip_longest(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut fill = Object::none();
    for (name, value) in args.keywords() {
        if args.n_keywords() > 1 || name.downcast::<Str>().and_then(|name| name.get().as_str()) != Some("fillvalue") {
            return Err(vm.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = value.to_owned();
    }
    let iterators = args.positionals().iter().map(|&iterable| vm.iter(iterable).map(Some)).collect::<PyResult<Vec<_>>>()?;
    let active = Cell::new(iterators.len());
    Ok(vm.allocate_in(class.get(), ZipLongest { iterators: VmCell::new(iterators), fill, active }))
}

fn next_zip_longest(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<ZipLongest>(this);
    let n = this.iterators.get(vm).len();
    if n == 0 || this.active.get() == 0 {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(n);
    for index in 0..n {
        let Some(iterator) = this.iterators.get(vm)[index].clone() else {
            items.push(this.fill.clone());
            continue;
        };
        let item = match vm.next(iterator.borrow()) {
            Ok(item) => item,
            Err(raised) => {
                this.active.set(0);
                return Err(raised);
            }
        };
        match item {
            Some(item) => items.push(item),
            None => {
                this.active.set(this.active.get().saturating_sub(1));
                if this.active.get() == 0 {
                    return Ok(None);
                }
                items.push(this.fill.clone());
                this.iterators.get_mut(vm)[index] = None;
            }
        }
    }
    Ok(Some(vm.new_tuple(items).into_object()))
}
