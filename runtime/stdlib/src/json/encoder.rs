//! `make_encoder`: writing values as JSON.

use super::escape;
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::dict::Dict;
use object::exception;
use object::function::BuiltinFunction;
use object::list::List;
use object::native::PayloadInfo;
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Getset, Member, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, float, int};

/// The payload of an encoder.
pub struct Encoder {
    markers: Object,
    default: Object,
    encoder: Object,
    /// Whether strings are written by this module, and then whether as ASCII.
    own: Option<bool>,
    indent: Object,
    key_separator: Object,
    item_separator: Object,
    sort_keys: bool,
    skip_keys: bool,
    allow_nan: bool,
}

impl Payload for Encoder {
    fn class() -> &'static Type {
        &ENCODER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.markers, &self.default, &self.encoder, &self.indent, &self.key_separator, &self.item_separator]);
    }
}

fn payload(object: Ref<'_>) -> &Encoder {
    object.downcast::<Encoder>().expect("the slot belongs to the type").get()
}

/// `_json.Encoder`, known as `make_encoder`
pub static ENCODER: Type = Type::new(&ENCODER_SPEC);
static ENCODER_SPEC: TypeSpec = TypeSpec {
    name: "_json.Encoder",
    doc: "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    payload: PayloadInfo::of::<Encoder>(),
    slots: Slots { new: Some(new), call: Some(call), ..Slots::NONE },
    members: &[
        Member(Getset::readonly("markers", "markers", |_, this| Ok(payload(this).markers.clone()))),
        Member(Getset::readonly("default", "default", |_, this| Ok(payload(this).default.clone()))),
        Member(Getset::readonly("encoder", "encoder", |_, this| Ok(payload(this).encoder.clone()))),
        Member(Getset::readonly("indent", "indent", |_, this| Ok(payload(this).indent.clone()))),
        Member(Getset::readonly("key_separator", "key_separator", |_, this| Ok(payload(this).key_separator.clone()))),
        Member(Getset::readonly("item_separator", "item_separator", |_, this| Ok(payload(this).item_separator.clone()))),
        Member(Getset::readonly("sort_keys", "sort_keys", |_, this| Ok(Object::bool(payload(this).sort_keys)))),
        Member(Getset::readonly("skipkeys", "skipkeys", |_, this| Ok(Object::bool(payload(this).skip_keys)))),
    ],
    ..TypeSpec::DEFAULT
};

/// Whether `encoder` is one of this module's functions, and then whether the one that writes ASCII.
fn own_encoder(encoder: Ref<'_>) -> Option<bool> {
    let function = encoder.downcast::<BuiltinFunction>()?;
    let method = function.get().info.method;
    super::MODULE.functions.iter().find(|own| std::ptr::eq(*own, method)).and_then(|own| match own.name {
        "encode_basestring_ascii" => Some(true),
        "encode_basestring" => Some(false),
        _ => None,
    })
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 9];
    let signature = "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)";
    bind_args(vm, "make_encoder", signature, args, &mut bound)?;
    let [markers, default, encoder, indent, key_separator, item_separator, sort_keys, skip_keys, allow_nan] =
        bound.map(|value| value.unwrap_or(Object::none()));
    for (position, separator) in [(5, &key_separator), (6, &item_separator)] {
        if separator.borrow().downcast::<Str>().is_none() {
            let message = format!("make_encoder() argument {position} must be str, not {}", separator.borrow().class().full_name());
            return Err(vm.type_error(message));
        }
    }
    if !markers.borrow().is_none() && markers.borrow().downcast::<Dict>().is_none() {
        let message = format!("make_encoder() argument 1 must be dict or None, not {}", markers.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    let (sort_keys, skip_keys, allow_nan) = (vm.is_true(sort_keys.borrow())?, vm.is_true(skip_keys.borrow())?, vm.is_true(allow_nan.borrow())?);
    let own = own_encoder(encoder.borrow());
    Ok(vm
        .allocate_in(class.get(), Encoder { markers, default, encoder, own, indent, key_separator, item_separator, sort_keys, skip_keys, allow_nan }))
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "_iterencode", "(obj, _current_indent_level)", args, &mut bound)?;
    let [Some(object), Some(level)] = bound else { return Err(vm.type_error("_iterencode() is missing arguments")) };
    let level = builtins::slice::size_argument(vm, level.borrow())?.max(0) as usize;
    let mut writer = Writer { encoder: payload(this), out: StrBuilder::new(), open: Vec::new() };
    writer.value(vm, object.borrow(), level)?;
    let text = writer.out.finish(vm).into_object();
    Ok(vm.new_tuple([text]).into_object())
}

/// One run of an encoder.
struct Writer<'a> {
    encoder: &'a Encoder,
    out: StrBuilder,
    /// Words of the containers that are being written, outermost first.
    open: Vec<u64>,
}

impl Writer<'_> {
    fn push_object(&mut self, text: &Object) {
        if let Some(text) = text.borrow().downcast::<Str>() {
            self.out.push_object(text.get());
        }
    }

    fn string(&mut self, vm: &mut Vm, string: Ref<'_>) -> PyResult<()> {
        if let (Some(ascii), Some(text)) = (self.encoder.own, string.downcast::<Str>()) {
            escape::push_quoted(&mut self.out, text.get(), ascii);
            return Ok(());
        }
        let encoded = vm.call(self.encoder.encoder.borrow(), &[string])?;
        if encoded.borrow().downcast::<Str>().is_none() {
            return Err(vm.type_error(format!("encoder() must return a string, not {}", encoded.borrow().class().full_name())));
        }
        self.push_object(&encoded);
        Ok(())
    }

    /// A number's text, whatever `__repr__` a subclass has.
    fn number_text(&self, vm: &mut Vm, number: Ref<'_>) -> PyResult<String> {
        if let Some(value) = float::value(number) {
            if value.is_finite() {
                return Ok(float::repr(value));
            }
            if !self.encoder.allow_nan {
                let shown = vm.repr_text(number)?;
                return Err(vm.value_error(format!("Out of range float values are not JSON compliant: {shown}")));
            }
            return Ok(if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
            .to_owned());
        }
        if let Some(value) = number.as_small_int() {
            return Ok(value.to_string());
        }
        let value = int::to_bigint(number).map(|value| value.into_owned()).unwrap_or_default();
        int::to_decimal(vm, &value)
    }

    fn value(&mut self, vm: &mut Vm, object: Ref<'_>, level: usize) -> PyResult<()> {
        if object.is_none() {
            self.out.push_str("null");
        } else if let Some(truth) = object.as_bool() {
            self.out.push_str(if truth { "true" } else { "false" });
        } else if object.downcast::<Str>().is_some() {
            self.string(vm, object)?;
        } else if let Some(value) = object.as_small_int() {
            self.out.push_fmt(format_args!("{value}"));
        } else if int::is_int(object) || float::value(object).is_some() {
            let text = self.number_text(vm, object)?;
            self.out.push_str(&text);
        } else if object.downcast::<List>().is_some() || object.downcast::<Tuple>().is_some() {
            vm.check_stack(" while encoding a JSON object")?;
            self.list(vm, object, level)?;
        } else if object.downcast::<Dict>().is_some() {
            vm.check_stack(" while encoding a JSON object")?;
            self.dict(vm, object, level)?;
        } else {
            vm.check_stack(" while encoding a JSON object")?;
            self.other(vm, object, level)?;
        }
        Ok(())
    }

    fn open(&mut self, vm: &mut Vm, object: Ref<'_>) -> PyResult<()> {
        if !self.encoder.markers.borrow().is_none() && self.open.contains(&object.bits()) {
            return Err(vm.value_error("Circular reference detected"));
        }
        self.open.push(object.bits());
        Ok(())
    }

    fn other(&mut self, vm: &mut Vm, object: Ref<'_>, level: usize) -> PyResult<()> {
        self.open(vm, object)?;
        let replaced = vm.call(self.encoder.default.borrow(), &[object])?;
        if let Err(raised) = self.value(vm, replaced.borrow(), level) {
            return Err(add_note(vm, raised, format!("when serializing {} object", qualified_name(object))));
        }
        self.open.pop();
        Ok(())
    }

    fn new_line(&mut self, level: usize) {
        let indent = &self.encoder.indent;
        if !indent.borrow().is_none() {
            self.out.push_str("\n");
            for _ in 0..level {
                self.push_object(indent);
            }
        }
    }

    fn separate(&mut self, level: usize) {
        self.push_object(&self.encoder.item_separator);
        self.new_line(level);
    }

    fn list(&mut self, vm: &mut Vm, object: Ref<'_>, level: usize) -> PyResult<()> {
        // A list is read as it is by then: showing an item may change it.
        let items = if object.downcast::<List>().is_some() { Vec::new() } else { vm.collect(object)? };
        let item_at = |vm: &Vm, index: usize| match object.downcast::<List>() {
            Some(list) => list.get().get(vm, index).map(Ref::to_owned),
            None => items.get(index).cloned(),
        };
        if item_at(vm, 0).is_none() {
            self.out.push_str("[]");
            return Ok(());
        }
        self.open(vm, object)?;
        self.out.push_str("[");
        self.new_line(level + 1);
        let mut index = 0;
        while let Some(item) = item_at(vm, index) {
            if index > 0 {
                self.separate(level + 1);
            }
            if let Err(raised) = self.value(vm, item.borrow(), level + 1) {
                return Err(add_note(vm, raised, format!("when serializing {} item {index}", qualified_name(object))));
            }
            index += 1;
        }
        self.open.pop();
        self.new_line(level);
        self.out.push_str("]");
        Ok(())
    }

    /// The items of a dict, sorted if that is wanted.
    fn dict_items(&self, vm: &mut Vm, object: Ref<'_>) -> PyResult<Vec<(Object, Object)>> {
        if let Some(dict) = object.downcast_exact::<Dict>().filter(|_| !self.encoder.sort_keys) {
            return Ok(dict.items_snapshot(vm));
        }
        let items = vm.call_method(object, "items", &[])?;
        let mut items = vm.collect(items.borrow())?;
        if self.encoder.sort_keys {
            builtins::list_sort::sort(vm, &mut items, None, false)?;
        }
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            match item.borrow().downcast::<Tuple>().map(|pair| pair.get().items()) {
                Some(&[key, value]) => pairs.push((key.to_owned(), value.to_owned())),
                _ => return Err(vm.value_error("items must return 2-tuples")),
            }
        }
        Ok(pairs)
    }

    /// The key as a string; `None`: it is left out.
    fn key(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<Object>> {
        if key.downcast::<Str>().is_some() {
            return Ok(Some(key.to_owned()));
        }
        let text = if key.is_none() {
            "null".to_owned()
        } else if let Some(truth) = key.as_bool() {
            truth.to_string()
        } else if int::is_int(key) || float::value(key).is_some() {
            self.number_text(vm, key)?
        } else if self.encoder.skip_keys {
            return Ok(None);
        } else {
            return Err(vm.type_error(format!("keys must be str, int, float, bool or None, not {}", key.class().full_name())));
        };
        Ok(Some(vm.new_str(&text).into_object()))
    }

    fn dict(&mut self, vm: &mut Vm, object: Ref<'_>, level: usize) -> PyResult<()> {
        if vm.len(object)? == 0 {
            self.out.push_str("{}");
            return Ok(());
        }
        self.open(vm, object)?;
        self.out.push_str("{");
        let mut first = true;
        for (key, value) in self.dict_items(vm, object)? {
            let Some(text) = self.key(vm, key.borrow())? else { continue };
            if first {
                self.new_line(level + 1);
            } else {
                self.separate(level + 1);
            }
            first = false;
            self.string(vm, text.borrow())?;
            self.push_object(&self.encoder.key_separator);
            if let Err(raised) = self.value(vm, value.borrow(), level + 1) {
                let error = vm.catch(raised);
                let shown = vm.repr_text(key.borrow())?;
                let raised = vm.reraise(error);
                return Err(add_note(vm, raised, format!("when serializing {} item {shown}", qualified_name(object))));
            }
        }
        self.open.pop();
        if !first {
            self.new_line(level);
        }
        self.out.push_str("}");
        Ok(())
    }
}

/// The class's name as CPython's `%T` shows it.
fn qualified_name(object: Ref<'_>) -> String {
    object.class().full_name().to_owned()
}

/// Adds a note to the exception on its way.
fn add_note(vm: &mut Vm, raised: Raised, note: String) -> Raised {
    let error = vm.catch(raised);
    if error.borrow().is_instance_of(&exception::BASE_EXCEPTION) {
        let note = vm.new_str(&note);
        if let Err(raised) = vm.call_method(error.borrow(), "add_note", &[note.borrow().object()]) {
            return raised;
        }
    }
    vm.reraise(error)
}
