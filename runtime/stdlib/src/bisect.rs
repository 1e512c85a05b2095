//! `_bisect`: searching and inserting in sorted sequences.

use builtins::list_sort::quick_less;
use builtins::slice::size_argument;
use bytecode::opcode::Comparison;
use object::list::List;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm, method};

pub static MODULE: Module = Module {
    name: "_bisect",
    doc: "Bisection algorithms.\n\nThis module provides support for maintaining a list in sorted order without\nhaving to sort the list after each insertion. For long lists of items with\nexpensive comparison operations, this can be an improvement over the more\ncommon approach.\n",
    functions: &[
        method!(Bound bisect_right "($module, /, a, x, lo=0, hi=None, *, key=None)", "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e <= x, and all e in\na[i:] have e > x.  So if x already appears in the list, a.insert(i, x)\nwill insert just after the rightmost x already there.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order."),
        method!(Bound insort_right "($module, /, a, x, lo=0, hi=None, *, key=None)", "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the right of the rightmost x.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order."),
        method!(Bound bisect_left "($module, /, a, x, lo=0, hi=None, *, key=None)", "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e < x, and all e in\na[i:] have e >= x.  So if x already appears in the list, a.insert(i, x)\nwill insert just before the leftmost x already there.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order."),
        method!(Bound insort_left "($module, /, a, x, lo=0, hi=None, *, key=None)", "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the left of the leftmost x.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order."),
    ],
    ..Module::DEFAULT
};

/// Where, among equal items, a place is wanted.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

struct Search<'a> {
    sequence: Ref<'a>,
    key: Option<Ref<'a>>,
    low: usize,
    high: usize,
}

impl<'a> Search<'a> {
    /// The arguments `a, x, lo, hi, key`, but for `x`.
    fn new(vm: &mut Vm, args: &[Option<Ref<'a>>]) -> PyResult<Search<'a>> {
        let sequence = args[0].expect("a required argument");
        let low = args[2].map_or(Ok(0), |low| size_argument(vm, low))?;
        let high = match args[3].filter(|high| !high.is_none()) {
            Some(high) if high.as_small_int().is_none() && high.class().slots().index.is_none() => {
                return Err(vm.type_error(format!("argument should be integer or None, not '{}'", high.class().full_name())));
            }
            Some(high) => Some(size_argument(vm, high)?),
            None => None,
        };
        if low < 0 {
            return Err(vm.value_error("lo must be non-negative"));
        }
        let high = match high {
            // CPython takes -1 for the default.
            Some(high) if high != -1 => high.max(0) as usize,
            _ => vm.len(sequence)?,
        };
        Ok(Search { sequence, key: args[4].filter(|key| !key.is_none()), low: low as usize, high })
    }

    fn item(&self, vm: &mut Vm, index: usize) -> PyResult {
        if let Some(list) = self.sequence.downcast_exact::<List>()
            && let Some(item) = list.get().get(vm, index)
        {
            return Ok(item.to_owned());
        }
        let index = vm.new_int(index as i64);
        vm.get_item(self.sequence, index.borrow())
    }

    fn find(&self, vm: &mut Vm, value: Ref<'_>, side: Side) -> PyResult<usize> {
        let (mut low, mut high) = (self.low, self.high);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut item = self.item(vm, middle)?;
            if let Some(key) = self.key {
                item = vm.call(key, &[item.borrow()])?;
            }
            let (left, right) = match side {
                Side::Left => (item.borrow(), value),
                Side::Right => (value, item.borrow()),
            };
            let less = match quick_less(left, right) {
                Some(less) => less,
                None => {
                    let result = vm.compare(left, right, Comparison::Less)?;
                    vm.is_true(result.borrow())?
                }
            };
            match (side, less) {
                (Side::Left, true) | (Side::Right, false) => low = middle + 1,
                (Side::Left, false) | (Side::Right, true) => high = middle,
            }
        }
        Ok(low)
    }
}

fn bisect(vm: &mut Vm, args: &[Option<Ref<'_>>], side: Side) -> PyResult {
    let search = Search::new(vm, args)?;
    let index = search.find(vm, args[1].expect("a required argument"), side)?;
    Ok(vm.new_int(index as i64))
}

fn insort(vm: &mut Vm, args: &[Option<Ref<'_>>], side: Side) -> PyResult {
    let search = Search::new(vm, args)?;
    let item = args[1].expect("a required argument");
    let value = match search.key {
        Some(key) => vm.call(key, &[item])?,
        None => item.to_owned(),
    };
    let index = search.find(vm, value.borrow(), side)?;
    match search.sequence.downcast_exact::<List>() {
        Some(list) => {
            let items = list.get().items_mut(vm);
            items.insert(index.min(items.len()), item.to_owned());
        }
        None => {
            let index = vm.new_int(index as i64);
            vm.call_method(search.sequence, "insert", &[index.borrow(), item])?;
        }
    }
    Ok(Object::none())
}

fn bisect_left(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    bisect(vm, args, Side::Left)
}

fn bisect_right(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    bisect(vm, args, Side::Right)
}

fn insort_left(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    insort(vm, args, Side::Left)
}

fn insort_right(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    insort(vm, args, Side::Right)
}
