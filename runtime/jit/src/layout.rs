//! Where compiled code finds the fields of objects that Rust lays out.

use object::Vm;
use object::list::List;
use std::mem::offset_of;

/// Offsets within a list object of the address of its items and of their number.
#[derive(Clone, Copy, Debug)]
pub struct ListLayout {
    pub items: i32,
    pub len: i32,
    pub capacity: i32,
}

/// Looks at a vector to find out how vectors are laid out, which Rust does not say.
pub fn list_layout() -> ListLayout {
    const WORDS: usize = size_of::<List>() / 8;
    let mut items: Vec<object::Object> = Vec::with_capacity(7);
    items.extend([object::Object::none(), object::Object::none(), object::Object::none()]);
    let (address, len, capacity) = (items.as_ptr().expose_provenance(), items.len(), items.capacity());
    let list = List::new(items);
    // SAFETY: a list is a vector, which is three words without padding.
    let words = unsafe { *(&raw const list).cast::<[usize; WORDS]>() };
    let place_of = |wanted: usize| words.iter().position(|word| *word == wanted).expect("a vector has a length and an address");
    let offset = |wanted: usize| (abi::header::SIZE + 8 * place_of(wanted)) as i32;
    ListLayout { items: offset(address), len: offset(len), capacity: offset(capacity) }
}

/// Fields of the `Vm`.
pub const VM_FRAME: i32 = offset_of!(Vm, frame) as i32;
pub const VM_DEPTH: i32 = offset_of!(Vm, depth) as i32;
pub const VM_DEPTH_LIMIT: i32 = offset_of!(Vm, depth_limit) as i32;
pub const VM_DATA_STACK: i32 = offset_of!(Vm, data_stack.start) as i32;
pub const VM_DATA_STACK_END: i32 = offset_of!(Vm, data_stack.end) as i32;

/// Fields of a tuple, behind the header: the length, a hash, the items.
pub const TUPLE_LEN: i32 = abi::header::SIZE as i32;
pub const TUPLE_ITEMS: i32 = TUPLE_LEN + 16;
/// Of a string: a hash, then the number of characters above some flags.
pub const TEXT_INFO: i32 = abi::header::SIZE as i32 + 8;
pub const TEXT_LENGTH_SHIFT: i64 = 8;
/// The number of a float on the heap.
pub const FLOAT_VALUE: i32 = abi::header::SIZE as i32;

/// Fields of the iterators of lists and tuples: what is iterated, 0 at the end, and the index of the next item.
pub mod item_iterator {
    use builtins::iterators::{ListIterator, TupleIterator};
    use std::mem::offset_of;

    const START: usize = abi::header::SIZE;
    pub const LIST: i32 = (START + offset_of!(ListIterator, list)) as i32;
    pub const LIST_INDEX: i32 = (START + offset_of!(ListIterator, index)) as i32;
    pub const TUPLE: i32 = (START + offset_of!(TupleIterator, tuple)) as i32;
    pub const TUPLE_INDEX: i32 = (START + offset_of!(TupleIterator, index)) as i32;
}

/// Fields of the iterator of a range.
pub mod range_iterator {
    use builtins::range::RangeIterator;
    use std::mem::offset_of;

    const START: usize = abi::header::SIZE;
    pub const NEXT: i32 = (START + offset_of!(RangeIterator, next)) as i32;
    pub const STEP: i32 = (START + offset_of!(RangeIterator, step)) as i32;
    pub const REMAINING: i32 = (START + offset_of!(RangeIterator, remaining)) as i32;
}
