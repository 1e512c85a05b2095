//! `str`: its methods and operations.
//!
//! The type and its storage are in `object::str`. Families of methods have files of their own:
//! [`search`], [`split`], [`case`], [`layout`], [`translate`], and [`template`] for `str.format`.

pub mod args;
pub mod case;
pub mod iterator;
pub mod layout;
pub mod repr;
pub mod search;
pub mod split;
pub mod template;
pub mod translate;

use crate::format::percent;
use crate::subscript::{Subscript, subscript};
use crate::text_codecs;
use bytecode::opcode::Comparison;
use object::int;
use object::method;
use object::native::{Extension, Method};
use object::protocol::ordering_satisfies;
use object::str::{STR, Str, StrBuilder, StrData};
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Args, Object, Ref, RefOf, Slots, Type};

/// The operations and methods of `str`.
pub static STR_EXTENSION: Extension = Extension {
    class: &STR,
    slots: Slots {
        repr: Some(repr_slot),
        str: Some(str_slot),
        hash: Some(|vm, this| string(vm, this).map(|this| this.hash())),
        iter: Some(iterator::iter),
        compare: Some(compare),
        len: Some(|vm, this| string(vm, this).map(|this| this.len())),
        getitem: Some(getitem),
        contains: Some(search::contains),
        concat: Some(concat),
        repeat: Some(repeat),
        remainder: Some(remainder),
        new: Some(new),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

static METHODS: &[Method] = &[
    method!(Bound encode "($self, /, encoding='utf-8', errors='strict')", "Encode the string using the codec registered for encoding."),
    method!(Bound replace "($self, old, new, /, count=-1)", "Return a copy with all occurrences of substring old replaced by new."),
    method!(Bound split "($self, /, sep=None, maxsplit=-1)", "Return a list of the substrings in the string, using sep as the separator string."),
    method!(Bound rsplit "($self, /, sep=None, maxsplit=-1)", "Return a list of the substrings in the string, using sep as the separator string, from the end."),
    method!(Binary join "($self, iterable, /)", "Concatenate any number of strings."),
    method!(Unary capitalize "($self, /)", "Return a capitalized version of the string."),
    method!(Unary casefold "($self, /)", "Return a version of the string suitable for caseless comparisons."),
    method!(Unary title "($self, /)", "Return a version of the string where each word is titlecased."),
    method!(Many center "($self, width, fillchar=' ', /)", "Return a centered string of length width."),
    method!(Many count "($self, sub[, start[, end]], /)", "Return the number of non-overlapping occurrences of substring sub in string S[start:end]."),
    method!(Bound expandtabs "($self, /, tabsize=8)", "Return a copy where all tab characters are expanded using spaces."),
    method!(Many find "($self, sub[, start[, end]], /)", "Return the lowest index in S where substring sub is found, or -1."),
    method!(Binary partition "($self, sep, /)", "Partition the string into three parts using the given separator."),
    method!(Many index "($self, sub[, start[, end]], /)", "Return the lowest index in S where substring sub is found."),
    method!(Many ljust "($self, width, fillchar=' ', /)", "Return a left-justified string of length width."),
    method!(Unary lower "($self, /)", "Return a copy of the string converted to lowercase."),
    method!(Many lstrip "($self, chars=None, /)", "Return a copy of the string with leading whitespace removed."),
    method!(Many rfind "($self, sub[, start[, end]], /)", "Return the highest index in S where substring sub is found, or -1."),
    method!(Many rindex "($self, sub[, start[, end]], /)", "Return the highest index in S where substring sub is found."),
    method!(Many rjust "($self, width, fillchar=' ', /)", "Return a right-justified string of length width."),
    method!(Many rstrip "($self, chars=None, /)", "Return a copy of the string with trailing whitespace removed."),
    method!(Binary rpartition "($self, sep, /)", "Partition the string into three parts using the given separator, from the end."),
    method!(Bound splitlines "($self, /, keepends=False)", "Return a list of the lines in the string, breaking at line boundaries."),
    method!(Many strip "($self, chars=None, /)", "Return a copy of the string with leading and trailing whitespace removed."),
    method!(Unary swapcase "($self, /)", "Convert uppercase characters to lowercase and lowercase characters to uppercase."),
    method!(Binary translate "($self, table, /)", "Replace each character in the string using the given translation table."),
    method!(Unary upper "($self, /)", "Return a copy of the string converted to uppercase."),
    method!(Many startswith "($self, prefix[, start[, end]], /)", "Return True if the string starts with the specified prefix, False otherwise."),
    method!(Many endswith "($self, suffix[, start[, end]], /)", "Return True if the string ends with the specified suffix, False otherwise."),
    method!(Binary removeprefix "($self, prefix, /)", "Return a str with the given prefix string removed if present."),
    method!(Binary removesuffix "($self, suffix, /)", "Return a str with the given suffix string removed if present."),
    method!(Unary isascii "($self, /)", "Return True if all characters in the string are ASCII, False otherwise."),
    method!(Unary islower "($self, /)", "Return True if the string is a lowercase string, False otherwise."),
    method!(Unary isupper "($self, /)", "Return True if the string is an uppercase string, False otherwise."),
    method!(Unary istitle "($self, /)", "Return True if the string is a title-cased string, False otherwise."),
    method!(Unary isspace "($self, /)", "Return True if the string is a whitespace string, False otherwise."),
    method!(Unary isdecimal "($self, /)", "Return True if the string is a decimal string, False otherwise."),
    method!(Unary isdigit "($self, /)", "Return True if the string is a digit string, False otherwise."),
    method!(Unary isnumeric "($self, /)", "Return True if the string is a numeric string, False otherwise."),
    method!(Unary isalpha "($self, /)", "Return True if the string is an alphabetic string, False otherwise."),
    method!(Unary isalnum "($self, /)", "Return True if the string is an alpha-numeric string, False otherwise."),
    method!(Unary isidentifier "($self, /)", "Return True if the string is a valid Python identifier, False otherwise."),
    method!(Unary isprintable "($self, /)", "Return True if all characters in the string are printable, False otherwise."),
    method!(Binary zfill "($self, width, /)", "Pad a numeric string with zeros on the left, to fill a field of the given width."),
    method!(Raw format "($self, /, *args, **kwargs)", "Return a formatted version of the string, using substitutions from args and kwargs."),
    method!(Binary format_map "($self, mapping, /)", "Return a formatted version of the string, using substitutions from mapping."),
    method!(Binary dunder_format as "__format__" "($self, format_spec, /)", "Return a formatted version of the string as described by format_spec."),
    method!(Many maketrans "(x, y=<unrepresentable>, z=<unrepresentable>, /)", "Return a translation table usable for str.translate().")
        .static_method(),
    method!(Unary getnewargs as "__getnewargs__" "($self, /)", ""),
    method!(Unary sizeof as "__sizeof__" "($self, /)", "Return the size of the string in memory, in bytes."),
];

use case::{
    capitalize, casefold, isalnum, isalpha, isascii, isdecimal, isdigit, isidentifier, islower, isnumeric, isprintable, isspace, istitle, isupper,
    lower, swapcase, title, upper,
};
use layout::{center, expandtabs, ljust, lstrip, rjust, rstrip, strip, zfill};
use search::{count, endswith, find, index, partition, removeprefix, removesuffix, replace, rfind, rindex, rpartition, startswith};
use split::{join, rsplit, split, splitlines};
use template::{dunder_format, format, format_map};
use translate::{maketrans, translate};

/// The receiver of a method.
#[inline]
pub(crate) fn string<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<RefOf<'a, Str>> {
    match this.downcast::<Str>() {
        Some(string) => Ok(string),
        None => Err(vm.type_error(format!("descriptor requires a 'str' object but received '{}'", this.class().full_name()))),
    }
}

/// The string itself if it is exactly a `str`, a copy that is otherwise.
#[inline]
pub(crate) fn exact(vm: &Vm, string: RefOf<'_, Str>) -> Object {
    if string.object().is_exactly(&STR) { string.object().to_owned() } else { vm.new_str_data(string.get().data()).into_object() }
}

/// Part of a string.
#[inline]
pub(crate) fn part(vm: &Vm, string: RefOf<'_, Str>, start: usize, end: usize) -> Object {
    if start == 0 && end == string.len() { exact(vm, string) } else { vm.str_slice(&string, start, end - start).into_object() }
}

fn repr_slot(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    Ok(repr::repr(vm, &this).into_object())
}

fn str_slot(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    Ok(exact(vm, this))
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<Str>(), right.downcast::<Str>()) else {
        return Ok(Object::not_implemented());
    };
    Ok(Object::bool(match op {
        Comparison::Equal => left.equals(&right),
        Comparison::NotEqual => !left.equals(&right),
        _ => ordering_satisfies(left.compare(&right), op),
    }))
}

fn getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if let Some(index) = key.as_small_int() {
        let len = this.len() as i64;
        let wanted = if index < 0 { index + len } else { index };
        if (0..len).contains(&wanted) {
            return Ok(vm.str_item(&this, wanted as usize).into_object());
        }
        return Err(vm.index_error("string index out of range"));
    }
    match subscript(vm, key, |_| this.len(), "string")? {
        Subscript::Index(index) => Ok(vm.str_item(&this, index).into_object()),
        Subscript::Slice(slice) if slice.step == 1 => Ok(part(vm, this, slice.start, slice.start + slice.count)),
        Subscript::Slice(slice) => {
            let data = this.get().data();
            if let StrData::Latin1(text) = data {
                let fill = |out: &mut [u8]| out.iter_mut().zip(slice.iter()).for_each(|(byte, index)| *byte = text[index]);
                return Ok(vm.new_str_latin1_with(slice.count, fill).into_object());
            }
            let mut out = StrBuilder::with_capacity(slice.count);
            slice.iter().for_each(|index| out.push(data.at(index)));
            Ok(out.finish(vm).into_object())
        }
    }
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let left = string(vm, left)?;
    match right.downcast::<Str>() {
        Some(right) => {
            vm.check_room((left.len() + right.len()) * left.kind().max(right.kind()).size())?;
            Ok(vm.str_concat(left, right).into_object())
        }
        None => Err(vm.type_error(format!("can only concatenate str (not \"{}\") to str", right.class().full_name()))),
    }
}

fn repeat(vm: &mut Vm, this: Ref<'_>, count: isize) -> PyResult {
    let this = string(vm, this)?;
    if count == 1 {
        return Ok(exact(vm, this));
    }
    let count = usize::try_from(count).unwrap_or(0);
    if this.len().checked_mul(count).is_none_or(|len| len > isize::MAX as usize) {
        return Err(vm.overflow_error("repeated string is too long"));
    }
    match vm.str_repeat(&this, count) {
        Some(result) => Ok(result.into_object()),
        None => Err(vm.memory_error()),
    }
}

fn remainder(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match left.downcast::<Str>() {
        Some(format) => percent_format(vm, format, right),
        None => Ok(Object::not_implemented()),
    }
}

/// `format % args`
pub fn percent_format(vm: &mut Vm, format: RefOf<'_, Str>, args: Ref<'_>) -> PyResult {
    let mut out = StrBuilder::with_capacity(format.len() + 16);
    percent::write(vm, format.get().data(), args, |args| args.downcast::<Str>().is_some(), &mut out)?;
    Ok(out.finish(vm).into_object())
}

fn getnewargs(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let copy = vm.new_str_data(this.data()).into_object();
    Ok(vm.new_tuple([copy]).into_object())
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    Ok(Object::small_int(this.size_in_bytes() as i64))
}

fn encode(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    if let ([None, None], Some(text)) = (arguments, this.as_str()) {
        return Ok(vm.new_bytes(text.as_bytes()).into_object());
    }
    let encoding = args::optional_text(vm, "encode", "encoding", arguments[0])?;
    let errors = args::optional_text(vm, "encode", "errors", arguments[1])?;
    text_codecs::encode(vm, this, encoding.as_deref(), errors.as_deref())
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, arguments: Args<'_>) -> PyResult {
    if let ([value], false) = (arguments.positionals(), arguments.has_keywords()) {
        if let Some(number) = value.as_small_int().filter(|_| std::ptr::eq(class.get(), &STR)) {
            return Ok(vm.new_str_latin1(int::text::decimal_bytes(number, &mut [0; 20])).into_object());
        }
        let text = vm.str(*value)?;
        return Ok(instance(vm, class, text.into_object()));
    }
    let n_given = arguments.positionals().len();
    if n_given > 3 {
        return Err(vm.type_error(format!("str expected at most 3 arguments, got {n_given}")));
    }
    let mut bound = [None, None, None];
    object::call::bind_args(vm, "str", "(object='', encoding='utf-8', errors='strict')", arguments, &mut bound)?;
    let [value, encoding, errors] = bound;
    let encoding = args::optional_text(vm, "str", "encoding", encoding.as_ref().map(Object::borrow))?;
    let errors = args::optional_text(vm, "str", "errors", errors.as_ref().map(Object::borrow))?;
    let text = match value {
        None => vm.empty_str().object().to_owned(),
        Some(value) if encoding.is_none() && errors.is_none() => vm.str(value.borrow())?.into_object(),
        Some(value) => from_encoded(vm, value.borrow(), encoding.as_deref(), errors.as_deref())?,
    };
    Ok(instance(vm, class, text))
}

fn instance(vm: &Vm, class: RefOf<'_, Type>, text: Object) -> Object {
    if std::ptr::eq(class.get(), &STR) {
        return text;
    }
    let data = text.borrow().downcast::<Str>().map_or(StrData::Latin1(&[]), |text| text.get().data());
    vm.new_str_in(class.get(), data)
}

/// `str(value, encoding, errors)`
pub fn from_encoded(vm: &mut Vm, value: Ref<'_>, encoding: Option<&str>, errors: Option<&str>) -> PyResult {
    if value.downcast::<Str>().is_some() {
        return Err(vm.type_error("decoding str is not supported"));
    }
    if !vm.has_buffer(value) {
        return Err(vm.type_error(format!("decoding to str: need a bytes-like object, {} found", value.class().full_name())));
    }
    let buffer = vm.buffer(value)?;
    text_codecs::decode(vm, value, &buffer, encoding, errors)
}

/// The items of a tuple, for methods that take one string or a tuple of them.
pub(crate) fn tuple_items<'a>(value: Ref<'a>) -> Option<&'a [Ref<'a>]> {
    value.downcast::<Tuple>().map(|tuple| tuple.get().items())
}
