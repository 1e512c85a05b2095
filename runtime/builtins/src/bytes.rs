//! `bytes`, and what `bytearray` shares with it.
//!
//! The methods work on any object [`common::data`] knows; results are of the receiver's kind. Arguments
//! that may run Python are read before the data is looked at.

pub mod case;
pub mod common;
pub mod construct;
pub mod hex;
pub mod iterator;
pub mod layout;
pub mod repr;
pub mod search;
pub mod split;

use crate::format::percent;
use crate::subscript::{Subscript, subscript};
use bytecode::opcode::Comparison;
use common::{data, make};
use object::bytes::{BYTES, Bytes};
use object::native::{Extension, Method};
use object::protocol::ordering_satisfies;
use object::str::{Str, StrData};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, Slots};

/// The rows of the methods that `bytes` and `bytearray` have in common, with others after them.
macro_rules! with_shared_methods {
    ($($own:expr),* $(,)?) => {
        &[
            object::method!(Unary capitalize "($self, /)", "B.capitalize() -> copy of B with its first character capitalized and the rest lower-cased."),
            object::method!(Many center "($self, width, fillchar=b' ', /)", "Return a centered string of length width."),
            object::method!(Many count "($self, sub[, start[, end]], /)", "Return the number of non-overlapping occurrences of subsection 'sub' in bytes B[start:end]."),
            object::method!(Bound decode "($self, /, encoding='utf-8', errors='strict')", "Decode the bytes using the codec registered for encoding."),
            object::method!(Many endswith "($self, suffix[, start[, end]], /)", "Return True if the bytes ends with the specified suffix, False otherwise."),
            object::method!(Bound expandtabs "($self, /, tabsize=8)", "Return a copy where all tab characters are expanded using spaces."),
            object::method!(Many find "($self, sub[, start[, end]], /)", "Return the lowest index in B where subsection 'sub' is found, or -1."),
            object::method!(Binary fromhex "($type, string, /)", "Create a bytes object from a string of hexadecimal numbers.").class_method(),
            object::method!(Bound hex as "hex" "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", "Create a string of hexadecimal numbers from a bytes object."),
            object::method!(Many index "($self, sub[, start[, end]], /)", "Return the lowest index in B where subsection 'sub' is found."),
            object::method!(Unary isalnum "($self, /)", "Return True if all characters in B are alphanumeric and there is at least one character in B, False otherwise."),
            object::method!(Unary isalpha "($self, /)", "Return True if all characters in B are alphabetic and there is at least one character in B, False otherwise."),
            object::method!(Unary isascii "($self, /)", "Return True if B is empty or all characters in B are ASCII, False otherwise."),
            object::method!(Unary isdigit "($self, /)", "Return True if all characters in B are digits and there is at least one character in B, False otherwise."),
            object::method!(Unary islower "($self, /)", "Return True if all cased characters in B are lowercase and there is at least one cased character in B, False otherwise."),
            object::method!(Unary isspace "($self, /)", "Return True if all characters in B are whitespace and there is at least one character in B, False otherwise."),
            object::method!(Unary istitle "($self, /)", "Return True if B is a titlecased string and there is at least one character in B, False otherwise."),
            object::method!(Unary isupper "($self, /)", "Return True if all cased characters in B are uppercase and there is at least one cased character in B, False otherwise."),
            object::method!(Binary join "($self, iterable_of_bytes, /)", "Concatenate any number of bytes objects."),
            object::method!(Many ljust "($self, width, fillchar=b' ', /)", "Return a left-justified string of length width."),
            object::method!(Unary lower "($self, /)", "B.lower() -> copy of B with all ASCII characters converted to lowercase."),
            object::method!(Many lstrip "($self, bytes=None, /)", "Strip leading bytes contained in the argument."),
            object::method!(Many maketrans "(frm, to, /)", "Return a translation table usable for the bytes or bytearray translate method.").static_method(),
            object::method!(Binary partition "($self, sep, /)", "Partition the bytes into three parts using the given separator."),
            object::method!(Binary removeprefix "($self, prefix, /)", "Return a bytes object with the given prefix string removed if present."),
            object::method!(Binary removesuffix "($self, suffix, /)", "Return a bytes object with the given suffix string removed if present."),
            object::method!(Bound replace "($self, old, new, count=-1, /)", "Return a copy with all occurrences of substring old replaced by new."),
            object::method!(Many rfind "($self, sub[, start[, end]], /)", "Return the highest index in B where subsection 'sub' is found, or -1."),
            object::method!(Many rindex "($self, sub[, start[, end]], /)", "Return the highest index in B where subsection 'sub' is found."),
            object::method!(Many rjust "($self, width, fillchar=b' ', /)", "Return a right-justified string of length width."),
            object::method!(Binary rpartition "($self, sep, /)", "Partition the bytes into three parts using the given separator, from the end."),
            object::method!(Bound rsplit "($self, /, sep=None, maxsplit=-1)", "Return a list of the sections in the bytes, using sep as the delimiter, from the end."),
            object::method!(Many rstrip "($self, bytes=None, /)", "Strip trailing bytes contained in the argument."),
            object::method!(Bound split "($self, /, sep=None, maxsplit=-1)", "Return a list of the sections in the bytes, using sep as the delimiter."),
            object::method!(Bound splitlines "($self, /, keepends=False)", "Return a list of the lines in the bytes, breaking at line boundaries."),
            object::method!(Many startswith "($self, prefix[, start[, end]], /)", "Return True if the bytes starts with the specified prefix, False otherwise."),
            object::method!(Many strip "($self, bytes=None, /)", "Strip leading and trailing bytes contained in the argument."),
            object::method!(Unary swapcase "($self, /)", "B.swapcase() -> copy of B with uppercase ASCII characters converted to lowercase and vice versa."),
            object::method!(Unary title "($self, /)", "B.title() -> copy of B with words starting in uppercase."),
            object::method!(Bound translate "($self, table, /, delete=b'')", "Return a copy with each character mapped by the given translation table."),
            object::method!(Unary upper "($self, /)", "B.upper() -> copy of B with all ASCII characters converted to uppercase."),
            object::method!(Binary zfill "($self, width, /)", "Pad a numeric string with zeros on the left, to fill a field of the given width."),
            $($own),*
        ]
    };
}
pub(crate) use with_shared_methods;

/// The functions that [`with_shared_methods`] names.
pub(crate) mod shared {
    pub(crate) use super::case::{capitalize, isalnum, isalpha, isascii, isdigit, islower, isspace, istitle, isupper, lower, swapcase, title, upper};
    pub(crate) use super::construct::{decode, fromhex};
    pub(crate) use super::hex::hex;
    pub(crate) use super::layout::{center, expandtabs, ljust, lstrip, maketrans, rjust, rstrip, strip, translate, zfill};
    pub(crate) use super::search::{
        count, endswith, find, index, partition, removeprefix, removesuffix, replace, rfind, rindex, rpartition, startswith,
    };
    pub(crate) use super::split::{join, rsplit, split, splitlines};
}
use shared::*;

static METHODS: &[Method] = with_shared_methods![
    object::method!(Unary dunder_bytes as "__bytes__" "($self, /)", "Convert this value to exact type bytes."),
    object::method!(Unary getnewargs as "__getnewargs__" "($self, /)", ""),
    object::method!(Unary sizeof as "__sizeof__" "($self, /)", "Return the size of the object in memory, in bytes."),
];

/// The operations and methods of `bytes`.
pub static BYTES_EXTENSION: Extension = Extension {
    class: &BYTES,
    slots: Slots {
        repr: Some(repr_slot),
        str: Some(repr::str_slot),
        hash: Some(|_, this| Ok(this.downcast::<Bytes>().map_or(0, |bytes| bytes.hash()))),
        iter: Some(iterator::bytes_iter),
        compare: Some(compare),
        len: Some(|vm, this| Ok(data(vm, this).len())),
        getitem: Some(getitem),
        contains: Some(search::contains),
        concat: Some(concat),
        repeat: Some(repeat),
        remainder: Some(remainder),
        new: Some(construct::new_bytes),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

fn repr_slot(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = repr::repr(data(vm, this));
    Ok(vm.new_str(&text).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    match (left.downcast::<Bytes>(), right.downcast::<Bytes>()) {
        (Some(left), Some(right)) => Ok(Object::bool(ordering_satisfies(left.data().cmp(right.data()), op))),
        _ => {
            if matches!(op, Comparison::Equal | Comparison::NotEqual) {
                if left.downcast::<Str>().is_some() || right.downcast::<Str>().is_some() {
                    object::bytes::warn_of_mixture(vm, "Comparison between bytes and string")?;
                } else if object::int::is_int(left) || object::int::is_int(right) {
                    object::bytes::warn_of_mixture(vm, "Comparison between bytes and int")?;
                }
            }
            Ok(Object::not_implemented())
        }
    }
}

/// `this[key]`, also for `bytearray`.
pub(crate) fn item_or_slice(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, kind: &str) -> PyResult {
    if let Some(index) = key.as_small_int() {
        let data = data(vm, this);
        let wanted = if index < 0 { index + data.len() as i64 } else { index };
        if let Some(&byte) = usize::try_from(wanted).ok().and_then(|index| data.get(index)) {
            return Ok(Object::small_int(i64::from(byte)));
        }
    }
    match subscript(vm, key, |vm| data(vm, this).len(), kind)? {
        Subscript::Index(index) => Ok(Object::small_int(i64::from(data(vm, this)[index]))),
        Subscript::Slice(slice) if slice.step == 1 => Ok(common::part(vm, this, slice.start, slice.start + slice.count)),
        Subscript::Slice(slice) => {
            let data = data(vm, this);
            let items: Vec<u8> = slice.iter().map(|index| data[index]).collect();
            Ok(make(vm, this, &items))
        }
    }
}

fn getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    item_or_slice(vm, this, key, "byte")
}

/// `left + right` for a left operand that is `bytes` or `bytearray`.
pub(crate) fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    if let (Some(first), Some(second)) = (left.downcast_exact::<Bytes>(), right.downcast_exact::<Bytes>()) {
        let (first, second) = (first.get().data(), second.get().data());
        if !first.is_empty() && !second.is_empty() {
            return Ok(join_two(vm, first, second));
        }
    }
    if !vm.has_buffer(right) {
        let message = format!("can't concat {} to {}", right.class().full_name(), left.class().full_name());
        return Err(vm.type_error(message));
    }
    let right_buffer = vm.buffer(right)?;
    let vm: &Vm = vm;
    let (first, second) = (data(vm, left), right_buffer.bytes(vm));
    if let (Some(bytes), true) = (left.downcast_exact::<Bytes>(), second.is_empty()) {
        return Ok(bytes.object().to_owned());
    }
    if let (Some(bytes), true, true) = (right.downcast_exact::<Bytes>(), first.is_empty(), left.is_exactly(&BYTES)) {
        return Ok(bytes.object().to_owned());
    }
    if left.downcast::<Bytes>().is_some() {
        return Ok(join_two(vm, first, second));
    }
    Ok(vm.new_bytearray([first, second].concat()).into_object())
}

fn join_two(vm: &Vm, first: &[u8], second: &[u8]) -> Object {
    let joined = vm.new_bytes_with(first.len() + second.len(), |out| {
        out[..first.len()].copy_from_slice(first);
        out[first.len()..].copy_from_slice(second);
    });
    joined.into_object()
}

/// The number of bytes of `len * count`, if they can be had.
pub(crate) fn repeated_len(vm: &mut Vm, len: usize, count: isize) -> PyResult<usize> {
    let count = usize::try_from(count).unwrap_or(0);
    match len.checked_mul(count) {
        Some(len) if len <= isize::MAX as usize => {
            crate::format::spec::check_size(vm, len)?;
            Ok(len)
        }
        _ => Err(vm.overflow_error("repeated bytes are too long")),
    }
}

fn repeat(vm: &mut Vm, this: Ref<'_>, count: isize) -> PyResult {
    if count == 1 && this.is_exactly(&BYTES) {
        return Ok(this.to_owned());
    }
    let len = repeated_len(vm, data(vm, this).len(), count)?;
    let source = data(vm, this);
    let repeated = vm.new_bytes_with(len, |out| match source {
        &[byte] => out.fill(byte),
        _ => out.chunks_mut(source.len().max(1)).for_each(|chunk| chunk.copy_from_slice(source)),
    });
    Ok(repeated.into_object())
}

/// `format % args` for bytes of either kind.
pub(crate) fn remainder(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(format) = common::try_data(vm, left).map(<[u8]>::to_vec) else {
        return Ok(Object::not_implemented());
    };
    let _pin = common::pin(vm, left)?;
    let mut out = Vec::with_capacity(format.len() + 16);
    let is_text = |args: Ref<'_>| {
        args.downcast::<Bytes>().is_some() || args.downcast::<object::bytes::ByteArray>().is_some() || args.downcast::<object::str::Str>().is_some()
    };
    percent::write(vm, StrData::Latin1(&format), right, is_text, &mut out)?;
    Ok(make(vm, left, &out))
}

fn dunder_bytes(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(if this.is_exactly(&BYTES) { this.to_owned() } else { make(vm, this, data(vm, this)) })
}

fn getnewargs(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let copy = vm.new_bytes(data(vm, this)).into_object();
    Ok(vm.new_tuple([copy]).into_object())
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int((data(vm, this).len() + 33) as i64))
}
