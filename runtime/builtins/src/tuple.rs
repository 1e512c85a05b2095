//! `tuple`: the methods of the type that `object::tuple` declares.

use crate::iterators;
use crate::slice::{self, Slice};
use bytecode::opcode::Comparison;
use object::call::Args;
use object::dict::quick_hash;
use object::dict::table::quick_equal;
use object::list::List;
use object::native::Extension;
use object::protocol::ordering_satisfies;
use object::str::StrBuilder;
use object::tuple::{TUPLE, Tuple};
use object::{Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, method};

pub static TUPLE_EXTENSION: Extension = Extension {
    class: &TUPLE,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        len: Some(|_, tuple| Ok(this(tuple).len())),
        getitem: Some(get_item),
        contains: Some(contains),
        concat: Some(concat),
        repeat: Some(repeat),
        iter: Some(iter),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Unary get_new_args as "__getnewargs__" "($self, /)", ""),
    method!(Bound index "($self, value, start=0, stop=sys.maxsize, /)", "Return first index of value.\n\nRaises ValueError if the value is not present."),
    method!(Binary count "($self, value, /)", "Return number of occurrences of value."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "Tuples are generic over the types of their contents.\n\nFor example, use ``tuple[int, str]`` for a pair whose first element\nis an int and second element is a string.\n\nTuples also support the form ``tuple[T, ...]`` to indicate\nan arbitrary length tuple of elements of type T.").class_method(),
];

fn this(object: Ref<'_>) -> RefOf<'_, Tuple> {
    object.downcast().expect("the method belongs to tuples")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let exact = std::ptr::eq(class.get(), &TUPLE);
    if exact
        && !args.has_keywords()
        && let &[iterable] = args.positionals()
    {
        return from_iterable(vm, iterable);
    }
    let own_init = class.get().slots().init.map(|init| init as usize) != TUPLE.slots().init.map(|init| init as usize);
    let args = if own_init { Args::positional(args.positionals()) } else { args };
    let iterable = crate::dict::one_argument(vm, "tuple", args)?;
    match iterable {
        Some(iterable) if exact && iterable.is_exactly(&TUPLE) => Ok(iterable.to_owned()),
        _ => {
            let items = match iterable {
                Some(iterable) => vm.collect(iterable)?,
                None => Vec::new(),
            };
            Ok(if exact { vm.new_tuple(items).into_object() } else { vm.new_tuple_of(class.get(), items) })
        }
    }
}

/// The items as a tuple: the same object if it is an exact tuple.
pub fn from_iterable(vm: &mut Vm, iterable: Ref<'_>) -> PyResult {
    if iterable.is_exactly(&TUPLE) {
        return Ok(iterable.to_owned());
    }
    if let Some(list) = iterable.downcast_exact::<List>() {
        return Ok(vm.new_tuple(list.get().items(vm).iter().cloned()).into_object());
    }
    let items = vm.collect(iterable)?;
    Ok(vm.new_tuple(items).into_object())
}

fn repr(vm: &mut Vm, tuple: Ref<'_>) -> PyResult {
    if this(tuple).is_empty() {
        return Ok(vm.new_str("()").into_object());
    }
    vm.guard_repr(tuple, "(...)", |vm| repr_items(vm, this(tuple)))
}

fn repr_items(vm: &mut Vm, tuple: RefOf<'_, Tuple>) -> PyResult {
    let mut text = StrBuilder::new();
    text.push_str("(");
    for (index, &item) in tuple.items().iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_object(&*vm.repr(item)?);
    }
    text.push_str(if tuple.len() == 1 { ",)" } else { ")" });
    Ok(text.finish(vm).into_object())
}

/// Hashes a sequence from the hashes of its items, as CPython does: xxHash with lanes of 64 bits.
pub struct TupleHasher {
    state: u64,
    len: u64,
}

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

impl Default for TupleHasher {
    fn default() -> TupleHasher {
        TupleHasher::new()
    }
}

impl TupleHasher {
    pub const fn new() -> TupleHasher {
        TupleHasher { state: PRIME_5, len: 0 }
    }

    #[inline]
    pub fn add(&mut self, hash: i64) {
        self.state = self.state.wrapping_add((hash as u64).wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1);
        self.len += 1;
    }

    pub fn finish(mut self) -> i64 {
        self.state = self.state.wrapping_add(self.len ^ (PRIME_5 ^ 3_527_539));
        self.finish_without_length()
    }

    pub fn finish_without_length(self) -> i64 {
        if self.state == u64::MAX { 1_546_275_796 } else { self.state as i64 }
    }
}

fn hash(vm: &mut Vm, tuple: Ref<'_>) -> PyResult<i64> {
    let tuple = this(tuple);
    if let Some(hash) = tuple.known_hash() {
        return Ok(hash);
    }
    vm.check_stack("")?;
    let mut hasher = TupleHasher::new();
    for &item in tuple.items() {
        let hash = match quick_hash(item) {
            Some(hash) => hash,
            None => vm.hash(item)?,
        };
        hasher.add(hash);
    }
    let hash = hasher.finish();
    tuple.remember_hash(hash);
    Ok(hash)
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<Tuple>(), right.downcast::<Tuple>()) else { return Ok(Object::not_implemented()) };
    for (&a, &b) in left.items().iter().zip(right.items()) {
        let equal = match quick_equal(a, b) {
            Some(equal) => equal,
            None => vm.equal(a, b)?,
        };
        if !equal {
            return match op {
                Comparison::Equal => Ok(Object::bool(false)),
                Comparison::NotEqual => Ok(Object::bool(true)),
                _ => vm.compare(a, b, op),
            };
        }
    }
    Ok(Object::bool(ordering_satisfies(left.len().cmp(&right.len()), op)))
}

fn get_item(vm: &mut Vm, tuple: Ref<'_>, key: Ref<'_>) -> PyResult {
    let items = this(tuple).get().items();
    let index = match key.as_small_int() {
        Some(index) => index as isize,
        None => match key.downcast::<Slice>() {
            Some(slice) => return get_slice(vm, tuple, slice.get()),
            None if key.class().slots().index.is_some() => slice::item_index(vm, key)?,
            None => return Err(slice::bad_key(vm, "tuple indices", key)),
        },
    };
    match slice::position(index, items.len()) {
        Some(position) => Ok(items[position].to_owned()),
        None => Err(vm.index_error("tuple index out of range")),
    }
}

fn get_slice(vm: &mut Vm, tuple: Ref<'_>, slice: &Slice) -> PyResult {
    let items = this(tuple).get().items();
    let positions = slice::resolve(vm, slice, items.len())?;
    if positions.count == items.len() && positions.step == 1 && tuple.is_exactly(&TUPLE) {
        return Ok(tuple.to_owned());
    }
    Ok(vm.new_tuple(positions.iter().map(|position| items[position].to_owned())).into_object())
}

fn contains(vm: &mut Vm, tuple: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    for &candidate in this(tuple).items() {
        if match quick_equal(candidate, item) {
            Some(equal) => equal,
            None => vm.equal(candidate, item)?,
        } {
            return Ok(true);
        }
    }
    Ok(false)
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (a, Some(b)) = (this(left), right.downcast::<Tuple>()) else {
        return Err(vm.type_error(format!("can only concatenate tuple (not \"{}\") to tuple", right.class().full_name())));
    };
    if a.is_empty() && right.is_exactly(&TUPLE) {
        return Ok(right.to_owned());
    }
    if b.is_empty() && left.is_exactly(&TUPLE) {
        return Ok(left.to_owned());
    }
    let (a, b) = (a.items(), b.items());
    let item = |index: usize| if index < a.len() { a[index] } else { b[index - a.len()] };
    Ok(vm.new_tuple((0..a.len() + b.len()).map(|index| item(index).to_owned())).into_object())
}

fn repeat(vm: &mut Vm, tuple: Ref<'_>, count: isize) -> PyResult {
    let items = this(tuple).get().items();
    let count = count.max(0) as usize;
    if tuple.is_exactly(&TUPLE) && (count == 1 || items.is_empty()) {
        return Ok(tuple.to_owned());
    }
    let Some(len) = items.len().checked_mul(count).filter(|&len| len < isize::MAX as usize / 16) else { return Err(vm.memory_error()) };
    if len > 1 << 16 && !object::heap::can_allocate(len * 8) {
        return Err(vm.memory_error());
    }
    Ok(vm.new_tuple(crate::list::repeated(items, count)).into_object())
}

fn iter(vm: &mut Vm, tuple: Ref<'_>) -> PyResult {
    Ok(iterators::new_tuple_iterator(vm, tuple))
}

fn get_new_args(vm: &mut Vm, tuple: Ref<'_>) -> PyResult {
    let plain = vm.new_tuple_from(this(tuple).items()).into_object();
    Ok(vm.new_tuple([plain]).into_object())
}

fn index(vm: &mut Vm, tuple: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let value = args[0].expect("a required argument");
    let items = this(tuple).get().items();
    let start = args[1].map_or(Ok(0), |start| slice::argument_bound(vm, start))?;
    let stop = args[2].map_or(Ok(isize::MAX), |stop| slice::argument_bound(vm, stop))?;
    let first = slice::clamp_bound(start, items.len());
    for (position, &item) in items.iter().enumerate().take(slice::clamp_bound(stop, items.len())).skip(first) {
        if vm.equal(item, value)? {
            return Ok(Object::small_int(position as i64));
        }
    }
    Err(vm.value_error("tuple.index(x): x not in tuple"))
}

fn count(vm: &mut Vm, tuple: Ref<'_>, value: Ref<'_>) -> PyResult {
    let mut count = 0;
    for &item in this(tuple).items() {
        count += i64::from(vm.equal(item, value)?);
    }
    Ok(Object::small_int(count))
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
