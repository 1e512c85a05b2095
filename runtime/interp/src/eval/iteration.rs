//! `FOR_ITER` over the iterators that run no Python.

use builtins::iterators::{LIST_ITERATOR, ListIterator, TUPLE_ITERATOR, TupleIterator};
use builtins::range::{RANGE_ITERATOR, RangeIterator};
use object::{Object, Ref, Vm};

/// The next item of a list, tuple or range, `None` at its end; `None` for other iterators.
#[inline(always)]
pub(crate) fn next(vm: &mut Vm, iterator: Ref<'_>) -> Option<Option<Object>> {
    let class = iterator.class();
    // SAFETY: the type has just been compared.
    unsafe {
        if std::ptr::eq(class, &LIST_ITERATOR) {
            Some(iterator.downcast_unchecked::<ListIterator>().advance(vm))
        } else if std::ptr::eq(class, &RANGE_ITERATOR) {
            Some(iterator.downcast_unchecked::<RangeIterator>().advance().map(|value| vm.new_int(value)))
        } else if std::ptr::eq(class, &TUPLE_ITERATOR) {
            Some(iterator.downcast_unchecked::<TupleIterator>().advance(vm))
        } else {
            None
        }
    }
}
