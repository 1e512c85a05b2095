//! To be written.

pub mod bool;
pub mod complex;
pub mod dict;
pub mod float;
pub mod int;
pub mod type_checks;
pub mod tuple;
pub mod slice;
pub mod range;
pub mod list_sort;
pub mod list;
pub mod iterators;
pub mod functions;
pub mod anext_awaitable;
pub mod set;
pub mod struct_sequence;
pub mod bytearray;
pub mod bytes;
pub mod format;
pub mod memoryview;
pub mod str;
pub mod subscript;
pub mod text_codecs;
pub mod unicode;

use object::Type;
use object::native::Extension;

/// Native types of this crate, to be readied at start-up.
pub static TYPES: &[&Type] = &[
    &complex::COMPLEX,
    &dict::iterators::DICT_ITEM_ITERATOR,
    &dict::iterators::DICT_KEY_ITERATOR,
    &dict::iterators::DICT_REVERSE_ITEM_ITERATOR,
    &dict::iterators::DICT_REVERSE_KEY_ITERATOR,
    &dict::iterators::DICT_REVERSE_VALUE_ITERATOR,
    &dict::iterators::DICT_VALUE_ITERATOR,
    &dict::mapping_proxy::MAPPING_PROXY,
    &dict::views::DICT_ITEMS,
    &dict::views::DICT_KEYS,
    &dict::views::DICT_VALUES,
    &set::FROZEN_SET,
    &set::SET,
    &set::iterator::SET_ITERATOR,
    &anext_awaitable::ANEXT_AWAITABLE,
    &iterators::CALLABLE_ITERATOR,
    &iterators::ENUMERATE,
    &iterators::FILTER,
    &iterators::LIST_ITERATOR,
    &iterators::LIST_REVERSE_ITERATOR,
    &iterators::MAP,
    &iterators::REVERSED,
    &iterators::TUPLE_ITERATOR,
    &iterators::ZIP,
    &range::LONG_RANGE_ITERATOR,
    &range::RANGE,
    &range::RANGE_ITERATOR,
    &slice::SLICE,
    &bytes::iterator::BYTEARRAY_ITERATOR,
    &bytes::iterator::BYTES_ITERATOR,
    &memoryview::MEMORYVIEW,
    &memoryview::MEMORY_ITERATOR,
    &str::iterator::STR_ASCII_ITERATOR,
    &str::iterator::STR_ITERATOR,
];

/// Methods and slots of types that `object` declares.
pub static EXTENSIONS: &[&Extension] = &[
    &bool::BOOL_EXTENSION,
    &bytearray::BYTEARRAY_EXTENSION,
    &bytes::BYTES_EXTENSION,
    &dict::DICT_EXTENSION,
    &float::FLOAT_EXTENSION,
    &int::INT_EXTENSION,
    &list::LIST_EXTENSION,
    &str::STR_EXTENSION,
    &tuple::TUPLE_EXTENSION,
];
