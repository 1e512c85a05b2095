//! `string.templatelib.Template` and `Interpolation`: what `t"..."` makes.

use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::native::PayloadInfo;
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of a template: one string more than interpolations.
pub struct Template {
    strings: Object,
    interpolations: Object,
}

/// The payload of an interpolation.
pub struct Interpolation {
    value: Object,
    expression: Object,
    conversion: Object,
    format_spec: Object,
}

/// `string.templatelib.Template`
pub static TEMPLATE: Type = Type::new(&TEMPLATE_SPEC);
static TEMPLATE_SPEC: TypeSpec = TypeSpec {
    name: "string.templatelib.Template",
    doc: "Template object",
    payload: PayloadInfo::of::<Template>(),
    slots: Slots { new: Some(new), repr: Some(repr), iter: Some(iter), concat: Some(concat), ..Slots::NONE },
    methods: &[method!(Unary reduce as "__reduce__" "($self, /)", "Helper for pickle."), CLASS_GET_ITEM],
    getsets: &[Getset::readonly("values", "Values of interpolations", values)],
    members: &[
        Member(Getset::readonly("strings", "Strings", |_, this| Ok(template(this).strings.clone()))),
        Member(Getset::readonly("interpolations", "Interpolations", |_, this| Ok(template(this).interpolations.clone()))),
    ],
    ..TypeSpec::DEFAULT
};

/// `string.templatelib.Interpolation`
pub static INTERPOLATION: Type = Type::new(&INTERPOLATION_SPEC);
static INTERPOLATION_SPEC: TypeSpec = TypeSpec {
    name: "string.templatelib.Interpolation",
    doc: "Interpolation object",
    payload: PayloadInfo::of::<Interpolation>(),
    slots: Slots { new: Some(new_interpolation_object), repr: Some(repr_interpolation), ..Slots::NONE },
    methods: &[method!(Unary reduce_interpolation as "__reduce__" "($self, /)", "Helper for pickle."), CLASS_GET_ITEM],
    members: &[
        Member(Getset::readonly("value", "Value", |_, this| Ok(interpolation(this).value.clone()))),
        Member(Getset::readonly("expression", "Expression", |_, this| Ok(interpolation(this).expression.clone()))),
        Member(Getset::readonly("conversion", "Conversion", |_, this| Ok(interpolation(this).conversion.clone()))),
        Member(Getset::readonly("format_spec", "Format specifier", |_, this| Ok(interpolation(this).format_spec.clone()))),
    ],
    match_args: &["value", "expression", "conversion", "format_spec"],
    ..TypeSpec::DEFAULT
};

const CLASS_GET_ITEM: Method = method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method();

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

impl Payload for Template {
    fn class() -> &'static Type {
        &TEMPLATE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.strings, &self.interpolations]);
    }
}

impl Payload for Interpolation {
    fn class() -> &'static Type {
        &INTERPOLATION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.value, &self.expression, &self.conversion, &self.format_spec]);
    }
}

fn template(this: Ref<'_>) -> &Template {
    this.downcast::<Template>().expect("the slot belongs to templates").get()
}

fn interpolation(this: Ref<'_>) -> &Interpolation {
    this.downcast::<Interpolation>().expect("the slot belongs to interpolations").get()
}

/// A template of a tuple of strings and a tuple of interpolations, one shorter.
pub fn new_template(vm: &Vm, strings: Object, interpolations: Object) -> Object {
    vm.allocate(Template { strings, interpolations }).into_object()
}

/// An interpolation; the conversion is `'s'`, `'r'`, `'a'` or `None`, the format spec a string.
pub fn new_interpolation(vm: &Vm, value: Object, expression: Object, conversion: Object, format_spec: Object) -> Object {
    vm.allocate(Interpolation { value, expression, conversion, format_spec }).into_object()
}

/// Strings side by side become one, and between two interpolations there is an empty one.
struct Parts {
    strings: Vec<Object>,
    interpolations: Vec<Object>,
    /// Whether the last part was a string.
    in_string: bool,
}

impl Parts {
    fn push(&mut self, vm: &mut Vm, part: Ref<'_>) {
        let Some(text) = part.downcast::<Str>() else {
            if !self.in_string {
                self.strings.push(vm.new_str("").into_object());
            }
            self.interpolations.push(part.to_owned());
            self.in_string = false;
            return;
        };
        match self.strings.pop() {
            Some(last) if self.in_string => {
                let last = last.borrow().downcast::<Str>().expect("the list holds strings");
                self.strings.push(vm.str_concat(last, text).into_object());
            }
            last => {
                self.strings.extend(last);
                self.strings.push(part.to_owned());
            }
        }
        self.in_string = true;
    }

    fn finish(mut self, vm: &mut Vm) -> Object {
        if !self.in_string {
            self.strings.push(vm.new_str("").into_object());
        }
        let (strings, interpolations) = (vm.new_tuple(self.strings).into_object(), vm.new_tuple(self.interpolations).into_object());
        new_template(vm, strings, interpolations)
    }
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("Template.__new__ only accepts *args arguments"));
    }
    let mut parts = Parts { strings: Vec::new(), interpolations: Vec::new(), in_string: false };
    for &part in args.positionals() {
        if part.downcast::<Str>().is_none() && part.downcast::<Interpolation>().is_none() {
            let message = format!("Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}", part.class().full_name());
            return Err(vm.type_error(message));
        }
        parts.push(vm, part);
    }
    Ok(parts.finish(vm))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = template(this);
    let mut text = StrBuilder::new();
    text.push_str("Template(strings=");
    text.push_object(&*vm.repr(own.strings.borrow())?);
    text.push_str(", interpolations=");
    text.push_object(&*vm.repr(own.interpolations.borrow())?);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn items(tuple: &Object) -> &[Ref<'_>] {
    tuple.borrow().downcast::<Tuple>().map_or(&[], |tuple| tuple.get().items())
}

fn values(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let values: Vec<Object> = items(&template(this).interpolations).iter().map(|&item| interpolation(item).value.clone()).collect();
    Ok(vm.new_tuple(values).into_object())
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<Template>(), right.downcast::<Template>()) else {
        let message =
            format!("can only concatenate string.templatelib.Template (not \"{}\") to string.templatelib.Template", right.class().full_name());
        return Err(vm.type_error(message));
    };
    let mut parts = Parts { strings: Vec::new(), interpolations: Vec::new(), in_string: false };
    for own in [left.get(), right.get()] {
        let (strings, interpolations) = (items(&own.strings), items(&own.interpolations));
        for (index, &text) in strings.iter().enumerate() {
            parts.push(vm, text);
            if let Some(&interpolation) = interpolations.get(index) {
                parts.push(vm, interpolation);
            }
        }
    }
    Ok(parts.finish(vm))
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let module = vm.import("string.templatelib")?;
    let function = vm.get_attr_str(module.borrow(), "_template_unpickle")?;
    let own = template(this);
    let args = vm.new_tuple([own.strings.clone(), own.interpolations.clone()]).into_object();
    Ok(vm.new_tuple([function, args]).into_object())
}

fn new_interpolation_object(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 4];
    bind_args(vm, "Interpolation", "(value, expression='', conversion=None, format_spec='')", args, &mut out)?;
    let [value, expression, conversion, format_spec] = out;
    for (name, given) in [("expression", &expression), ("format_spec", &format_spec)] {
        if let Some(given) = given
            && given.borrow().downcast::<Str>().is_none()
        {
            let message = format!("Interpolation() argument '{name}' must be str, not {}", given.borrow().class().full_name());
            return Err(vm.type_error(message));
        }
    }
    let conversion = conversion.unwrap_or(Object::none());
    if !conversion.borrow().is_none() {
        let Some(text) = conversion.borrow().downcast::<Str>() else {
            let message = format!("Interpolation() argument 'conversion' must be str, not {}", conversion.borrow().class().full_name());
            return Err(vm.type_error(message));
        };
        if !matches!(text.get().as_str(), Some("s" | "a" | "r")) {
            return Err(vm.value_error("Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'"));
        }
    }
    let empty = vm.new_str("").into_object();
    let (expression, format_spec) = (expression.unwrap_or_else(|| empty.clone()), format_spec.unwrap_or(empty));
    Ok(new_interpolation(vm, value.unwrap_or(Object::none()), expression, conversion, format_spec))
}

fn repr_interpolation(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = interpolation(this);
    let mut text = StrBuilder::new();
    text.push_str("Interpolation(");
    for (index, part) in [&own.value, &own.expression, &own.conversion, &own.format_spec].into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_object(&*vm.repr(part.borrow())?);
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn reduce_interpolation(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = interpolation(this);
    let parts = [&own.value, &own.expression, &own.conversion, &own.format_spec].map(Object::clone);
    let parts = vm.new_tuple(parts).into_object();
    Ok(vm.new_tuple([this.class().to_object(), parts]).into_object())
}

/// The payload of a template's iterator, which leaves empty strings out.
pub struct TemplateIterator {
    template: ObjectCell,
    /// Parts given so far, empty strings included: strings at even numbers.
    position: Cell<usize>,
}

/// The type of a template's iterator.
pub static TEMPLATE_ITERATOR: Type = Type::new(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "string.templatelib.TemplateIter",
    doc: "Template iterator object",
    payload: PayloadInfo::of::<TemplateIterator>(),
    slots: Slots { iter: Some(object::protocol::iter_self), next: Some(next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for TemplateIterator {
    fn class() -> &'static Type {
        &TEMPLATE_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.template.traverse(visitor);
    }
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(TemplateIterator { template: ObjectCell::new(Some(this.to_owned())), position: Cell::new(0) }).into_object())
}

fn next(_vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this.downcast::<TemplateIterator>().expect("the slot belongs to the iterator").get();
    let Some(source) = iterator.template.get() else { return Ok(None) };
    let own = template(source.borrow());
    loop {
        let position = iterator.position.get();
        iterator.position.set(position + 1);
        let parts = if position.is_multiple_of(2) { items(&own.strings) } else { items(&own.interpolations) };
        let Some(&part) = parts.get(position / 2) else {
            iterator.template.set(None);
            return Ok(None);
        };
        if part.downcast::<Str>().is_none_or(|text| !text.is_empty()) {
            return Ok(Some(part.to_owned()));
        }
    }
}
