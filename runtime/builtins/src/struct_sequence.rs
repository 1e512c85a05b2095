//! Struct sequences: tuples whose items also have names, as `os.stat` and `time.localtime` return.
//!
//! A type is declared with [`struct_sequence!`]. Fields that are not items of the tuple ("hidden")
//! are in a tuple of their own, kept as an attribute of the instance that Python cannot see.

use object::call::Args;
use object::dict::Dict;
use object::instance;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Type, Vm};

/// What is known of a struct sequence type.
pub trait StructSequence {
    /// Names of the fields that are items, then of the others.
    const NAMES: &'static [&'static str];
    /// How many fields are items.
    const N_SEQUENCE: usize;
    /// How many of the items have no attribute.
    const N_UNNAMED: usize;

    fn class() -> &'static Type;

    /// An instance with these values: one for each item and for each hidden field.
    fn make(vm: &mut Vm, mut values: Vec<Object>) -> Object {
        let hidden = values.split_off(values.len().min(Self::N_SEQUENCE));
        build::<Self>(vm, values, hidden)
    }
}

/// The attribute that holds the hidden fields.
const HIDDEN: &str = " hidden";

fn build<S: StructSequence + ?Sized>(vm: &mut Vm, values: Vec<Object>, hidden: Vec<Object>) -> Object {
    let object = vm.new_tuple_of(S::class(), values);
    if !hidden.is_empty() {
        let hidden = vm.new_tuple(hidden).into_object();
        let name = vm.intern(HIDDEN);
        instance::set_attribute(vm, object.borrow(), name, hidden);
    }
    object
}

const fn n_hidden<S: StructSequence + ?Sized>() -> usize {
    S::NAMES.len() - S::N_SEQUENCE
}

fn items<'a>(object: Ref<'a>) -> &'a [Ref<'a>] {
    object.downcast::<Tuple>().map_or(&[], |tuple| RefOf::get(tuple).items())
}

fn hidden_fields(vm: &Vm, object: Ref<'_>) -> Vec<Object> {
    let name = vm.intern(HIDDEN);
    instance::get_attribute(object, name).map_or(Vec::new(), |hidden| items(hidden).iter().map(|&item| item.to_owned()).collect())
}

/// The index of a name, for tables; fails to compile where there is none.
pub const fn position(names: &[&str], name: &str) -> usize {
    position_from(names, 0, name)
}

/// The index of a name at or after `start`.
pub const fn position_from(names: &[&str], start: usize, name: &str) -> usize {
    let mut index = start;
    while index < names.len() {
        if same(names[index].as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("no such field");
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The getter of an item.
pub fn item<const INDEX: usize>(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(items(this).get(INDEX).map_or(Object::none(), |&item| item.to_owned()))
}

/// The getter of a hidden field.
pub fn hidden<const INDEX: usize>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(hidden_fields(vm, this).get(INDEX).cloned().unwrap_or(Object::none()))
}

/// The `setattr` slot: instances have no attributes of their own.
pub fn setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if this.class().is_heap_type() {
        return object::attribute::generic_set(vm, this, name, value);
    }
    let text = vm.str_text(name)?;
    let message = if this.class().lookup(name).is_some() {
        "readonly attribute".to_owned()
    } else {
        format!("'{}' object has no attribute '{text}' and no __dict__ for setting new attributes", this.class().full_name())
    };
    Err(vm.attribute_error(this, name, message))
}

/// The `repr` slot.
pub fn repr<S: StructSequence>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let mut text = format!("{}(", S::class().full_name());
    let values: Vec<Object> = items(this).iter().map(|&item| item.to_owned()).collect();
    for (index, (value, name)) in values.iter().zip(S::NAMES).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        text.push('=');
        text.push_str(&vm.repr_text(value.borrow())?);
    }
    text.push(')');
    Ok(vm.new_str(&text).into_object())
}

/// The `new` slot: from a sequence, and a dict of hidden fields.
pub fn new<S: StructSequence>(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let name = class.get().name().to_owned();
    let mut bound = [None, None];
    object::call::bind_args(vm, &name, "(sequence, dict={})", args, &mut bound)?;
    let [sequence, dict] = bound;
    let Some(sequence) = sequence else { return Err(vm.type_error(format!("{name}() missing required argument 'sequence' (pos 1)"))) };
    if sequence.borrow().class().slots().iter.is_none() && !vm.is_sequence(sequence.borrow()) {
        return Err(vm.type_error("constructor requires a sequence"));
    }
    let mut values = vm.collect(sequence.borrow())?;
    let (given, least, most) = (values.len(), S::N_SEQUENCE, S::NAMES.len());
    let full = class.get().full_name();
    if least != most && given < least {
        return Err(vm.type_error(format!("{full}() takes an at least {least}-sequence ({given}-sequence given)")));
    }
    if least != most && given > most {
        return Err(vm.type_error(format!("{full}() takes an at most {most}-sequence ({given}-sequence given)")));
    }
    if least == most && given != least {
        return Err(vm.type_error(format!("{full}() takes a {least}-sequence ({given}-sequence given)")));
    }
    let mut hidden = values.split_off(least);
    let dict = match &dict {
        None => None,
        Some(dict) => match dict.borrow().downcast::<Dict>() {
            Some(dict) => Some(dict),
            None => return Err(vm.type_error(format!("{full}() takes a dict as second arg, if any"))),
        },
    };
    let mut used = 0;
    for index in hidden.len()..n_hidden::<S>() {
        let given = dict.and_then(|dict| dict.get_str(vm, S::NAMES[least + index]).map(Ref::to_owned));
        used += usize::from(given.is_some());
        // Times that are only given as items are also the values of the attributes.
        let default = if index < S::N_UNNAMED { values[least - S::N_UNNAMED + index].clone() } else { Object::none() };
        hidden.push(given.unwrap_or(default));
    }
    if dict.is_some_and(|dict| dict.len(vm) > used) {
        return Err(vm.type_error(format!("{full}() got duplicate or unexpected field name(s)")));
    }
    let object = vm.new_tuple_of(class.get(), values);
    if !hidden.is_empty() {
        let hidden = vm.new_tuple(hidden).into_object();
        let name = vm.intern(HIDDEN);
        instance::set_attribute(vm, object.borrow(), name, hidden);
    }
    Ok(object)
}

/// `__reduce__`
pub fn reduce<S: StructSequence>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let visible = vm.new_tuple_from(items(this)).into_object();
    if S::NAMES.len() == 1 {
        // A type of one field is made from the value itself.
        return Ok(vm.new_tuple([this.class().to_object(), visible]).into_object());
    }
    let dict = vm.new_dict();
    for (value, name) in hidden_fields(vm, this).into_iter().zip(&S::NAMES[S::N_SEQUENCE..]) {
        dict.set_str(vm, name, value);
    }
    let args = vm.new_tuple([visible, dict.into_object()]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}

/// `__replace__`
pub fn replace<S: StructSequence>(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.n_positional() > 0 {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    if S::N_UNNAMED > 0 {
        let message = format!("__replace__() is not supported for {} because it has unnamed field(s)", S::class().full_name());
        return Err(vm.type_error(message));
    }
    let mut values: Vec<Object> = items(this).iter().map(|&item| item.to_owned()).collect();
    values.extend(hidden_fields(vm, this));
    let mut unknown = Vec::new();
    for (key, value) in args.keywords() {
        let found = key.downcast::<Str>().and_then(|key| S::NAMES.iter().position(|name| key.equals_str(name)));
        match found.and_then(|index| values.get_mut(index)) {
            Some(slot) => *slot = value.to_owned(),
            None => unknown.push(key.to_owned()),
        }
    }
    if !unknown.is_empty() {
        let unknown = vm.new_list(unknown).into_object();
        let text = vm.repr_text(unknown.borrow())?;
        return Err(vm.type_error(format!("Got unexpected field name(s): {text}")));
    }
    Ok(S::make(vm, values))
}

/// Readies the type and gives it `n_fields`, `n_sequence_fields` and `n_unnamed_fields`.
pub fn ready<S: StructSequence>(vm: &mut Vm) -> &'static Type {
    let class = S::class();
    object::type_new::ready(vm, class);
    for (name, number) in [("n_sequence_fields", S::N_SEQUENCE), ("n_fields", S::NAMES.len()), ("n_unnamed_fields", S::N_UNNAMED)] {
        let name = vm.intern(name);
        class.dict().set_interned(vm, name, Object::small_int(number as i64));
    }
    class.modified();
    class
}

/// Declares a struct sequence type: a marker that implements [`StructSequence`], the type, and its fields with
/// their docs. The items come first; then the names of items that have no attribute; then the hidden fields.
#[macro_export]
macro_rules! struct_sequence {
    ($Marker:ident, $CLASS:ident, $name:literal, $doc:expr, flags: $flags:expr, new: $new:expr,
     [$($field:ident $field_doc:literal),* $(,)?], [$($unnamed:literal),*], [$($hidden:ident $hidden_doc:literal),* $(,)?]) => {
        #[doc = concat!("`", $name, "`")]
        pub struct $Marker;

        impl $crate::struct_sequence::StructSequence for $Marker {
            const NAMES: &'static [&'static str] = &[$(stringify!($field),)* $($unnamed,)* $(stringify!($hidden)),*];
            const N_SEQUENCE: usize = [$(stringify!($field),)* $($unnamed),*].len();
            const N_UNNAMED: usize = { const UNNAMED: &[&str] = &[$($unnamed),*]; UNNAMED.len() };

            fn class() -> &'static object::Type {
                &$CLASS
            }
        }

        #[doc = concat!("`", $name, "`")]
        pub static $CLASS: object::Type = object::Type::new({
            static SPEC: object::TypeSpec = object::TypeSpec {
                name: $name,
                doc: $doc,
                base: Some(&object::tuple::TUPLE),
                flags: object::native::flag::SEQUENCE | object::native::flag::HAS_DICT | $flags,
                payload: object::native::PayloadInfo::TUPLE,
                slots: object::Slots {
                    repr: Some($crate::struct_sequence::repr::<$Marker>),
                    setattr: Some($crate::struct_sequence::setattr),
                    new: $new,
                    ..object::Slots::NONE
                },
                signature: "(iterable=(), /)",
                methods: &[
                    object::native::Method::new("__reduce__", "($self, /)", "", object::native::Native::Unary($crate::struct_sequence::reduce::<$Marker>)),
                    object::native::Method::new("__replace__", "($self, /, **changes)", "Return a copy of the structure with new values for the specified fields.", object::native::Native::Raw($crate::struct_sequence::replace::<$Marker>)),
                ],
                members: &[
                    $(object::Member(object::Getset::readonly(stringify!($field), $field_doc, {
                        const NAMES: &[&str] = <$Marker as $crate::struct_sequence::StructSequence>::NAMES;
                        $crate::struct_sequence::item::<{ $crate::struct_sequence::position(NAMES, stringify!($field)) }>
                    })),)*
                    $(object::Member(object::Getset::readonly(stringify!($hidden), $hidden_doc, {
                        const NAMES: &[&str] = <$Marker as $crate::struct_sequence::StructSequence>::NAMES;
                        const N_SEQUENCE: usize = <$Marker as $crate::struct_sequence::StructSequence>::N_SEQUENCE;
                        $crate::struct_sequence::hidden::<{ $crate::struct_sequence::position_from(NAMES, N_SEQUENCE, stringify!($hidden)) - N_SEQUENCE }>
                    })),)*
                ],
                match_args: &[$(stringify!($field)),*],
                ..object::TypeSpec::DEFAULT
            };
            &SPEC
        });
    };
    ($Marker:ident, $CLASS:ident, $name:literal, $doc:expr, [$($fields:tt)*], [$($unnamed:tt)*], [$($hidden:tt)*]) => {
        $crate::struct_sequence!($Marker, $CLASS, $name, $doc, flags: 0, new: Some($crate::struct_sequence::new::<$Marker>), [$($fields)*], [$($unnamed)*], [$($hidden)*]);
    };
}
