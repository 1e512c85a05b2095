//! The builtin types and functions, and the methods of the core types that `object` declares. One file per type, named after it;
//! [`TYPES`] and [`EXTENSIONS`] list them all.

pub mod anext_awaitable;
pub mod bool;
pub mod bytearray;
pub mod bytes;
pub mod complex;
pub mod descriptors;
pub mod dict;
pub mod exceptions;
pub mod float;
pub mod format;
pub mod functions;
pub mod generic_alias;
pub mod int;
pub mod iterators;
pub mod list;
pub mod list_slices;
pub mod list_sort;
pub mod memoryview;
pub mod module_object;
pub mod namespace;
pub mod object_methods;
pub mod range;
pub mod set;
pub mod slice;
pub mod str;
pub mod strict_module;
pub mod struct_sequence;
pub mod subscript;
pub mod template;
pub mod text_codecs;
pub mod tuple;
pub mod type_checks;
pub mod type_object;
pub mod typing_types;
pub mod unicode;
pub mod weakrefs;

use object::native::Extension;
use object::{Type, Vm};

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
    &generic_alias::ALIAS_ITERATOR,
    &namespace::SIMPLE_NAMESPACE,
    &template::INTERPOLATION,
    &template::TEMPLATE,
    &template::TEMPLATE_ITERATOR,
    &typing_types::CONST_EVALUATOR,
    &typing_types::GENERIC,
    &typing_types::NO_DEFAULT_TYPE,
    &typing_types::PARAM_SPEC,
    &typing_types::PARAM_SPEC_ARGS,
    &typing_types::PARAM_SPEC_KWARGS,
    &typing_types::TYPE_ALIAS,
    &typing_types::TYPE_VAR,
    &typing_types::TYPE_VAR_TUPLE,
    &object::generic_alias::GENERIC_ALIAS,
    &object::generic_alias::UNION,
    &object::weak::CALLABLE_PROXY,
    &object::weak::PROXY,
    &object::weak::REFERENCE,
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
    &descriptors::METHOD_DESCRIPTOR_EXTENSION,
    &descriptors::CLASS_METHOD_DESCRIPTOR_EXTENSION,
    &descriptors::SLOT_WRAPPER_EXTENSION,
    &descriptors::GETSET_EXTENSION,
    &descriptors::MEMBER_EXTENSION,
    &descriptors::BUILTIN_FUNCTION_EXTENSION,
    &descriptors::METHOD_WRAPPER_EXTENSION,
    &descriptors::BOUND_METHOD_EXTENSION,
    &descriptors::property::PROPERTY_EXTENSION,
    &descriptors::property::STATIC_METHOD_EXTENSION,
    &descriptors::property::CLASS_METHOD_EXTENSION,
    &exceptions::BASE_EXCEPTION_EXTENSION,
    &exceptions::SYSTEM_EXIT_EXTENSION,
    &exceptions::STOP_ITERATION_EXTENSION,
    &exceptions::KEY_ERROR_EXTENSION,
    &exceptions::IMPORT_ERROR_EXTENSION,
    &exceptions::NAME_ERROR_EXTENSION,
    &exceptions::ATTRIBUTE_ERROR_EXTENSION,
    &exceptions::group::GROUP_EXTENSION,
    &exceptions::os_error::OS_ERROR_EXTENSION,
    &exceptions::syntax_error::SYNTAX_ERROR_EXTENSION,
    &exceptions::unicode_errors::ENCODE_EXTENSION,
    &exceptions::unicode_errors::DECODE_EXTENSION,
    &exceptions::unicode_errors::TRANSLATE_EXTENSION,
    &generic_alias::ALIAS_EXTENSION,
    &generic_alias::union::UNION_EXTENSION,
    &module_object::MODULE_EXTENSION,
    &object_methods::OBJECT_EXTENSION,
    &object_methods::NONE_EXTENSION,
    &object_methods::ELLIPSIS_EXTENSION,
    &object_methods::NOT_IMPLEMENTED_EXTENSION,
    &type_object::TYPE_EXTENSION,
    &weakrefs::REFERENCE_EXTENSION,
    &weakrefs::PROXY_EXTENSION,
    &weakrefs::CALLABLE_PROXY_EXTENSION,
];

/// Readies the types that the object crate declares, the exceptions and [`TYPES`], bases first.
pub fn ready_types(vm: &mut Vm) {
    let core: &[&'static Type] = &[
        &object::class::OBJECT,
        &object::class::TYPE,
        &object::int::INT,
        &object::int::BOOL,
        &object::float::FLOAT,
        &object::str::STR,
        &object::bytes::BYTES,
        &object::bytes::BYTEARRAY,
        &object::tuple::TUPLE,
        &object::list::LIST,
        &object::dict::DICT,
        &object::singleton::NONE_TYPE,
        &object::singleton::ELLIPSIS_TYPE,
        &object::singleton::NOT_IMPLEMENTED_TYPE,
        &object::singleton::MODULE,
        &object::function::BUILTIN_FUNCTION,
        &object::function::METHOD_DESCRIPTOR,
        &object::function::CLASS_METHOD_DESCRIPTOR,
        &object::function::SLOT_WRAPPER,
        &object::function::METHOD_WRAPPER,
        &object::function::BOUND_METHOD,
        &object::descriptor::GETSET,
        &object::descriptor::MEMBER,
        &object::descriptor::PROPERTY,
        &object::descriptor::STATIC_METHOD,
        &object::descriptor::CLASS_METHOD,
        &object::super_object::SUPER,
        &object::protocol::SEQUENCE_ITERATOR,
        &object::weak::REFERENCE,
        &object::generic_alias::GENERIC_ALIAS,
        &object::generic_alias::UNION,
        &object::weak::PROXY,
        &object::weak::CALLABLE_PROXY,
    ];
    for class in core.iter().chain(object::exception::ALL).chain(TYPES) {
        object::type_new::ready(vm, class);
    }
}
