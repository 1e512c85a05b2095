//! `Element`: a tag, attributes, text, and children.

use super::{access, iterator};
use object::call::Args;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::dict::Dict;
use object::exception;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::str::{Str, StrBuilder};
use object::{Object, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, method};

/// The payload of an element.
pub struct Element {
    pub(super) tag: ObjectCell,
    pub(super) text: ObjectCell,
    pub(super) tail: ObjectCell,
    /// A dict, made when somebody asks for it.
    attributes: ObjectCell,
    pub(super) children: VmCell<Vec<Object>>,
}

impl Payload for Element {
    fn class() -> &'static Type {
        &ELEMENT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.tag, &self.text, &self.tail, &self.attributes] {
            cell.traverse(visitor);
        }
        let children = self.children.visit(visitor);
        visitor.visit_all(children);
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in [&self.tag, &self.text, &self.tail, &self.attributes] {
            cell.set(None);
        }
        self.children.set(vm, Vec::new());
    }
}

/// `xml.etree.ElementTree.Element`
pub static ELEMENT: Type = Type::new(&ELEMENT_SPEC);
static ELEMENT_SPEC: TypeSpec = TypeSpec {
    name: "xml.etree.ElementTree.Element",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Element>(),
    slots: Slots {
        new: Some(|vm, class, _| Ok(vm.allocate_in(class.get(), Element::empty()))),
        init: Some(init),
        repr: Some(repr),
        bool: Some(truth),
        len: Some(|vm, this| Ok(payload(this).children.get(vm).len())),
        getitem: Some(access::get_item),
        setitem: Some(access::set_item),
        ..Slots::NONE
    },
    methods: &[
        method!(Binary append "($self, subelement, /)", ""),
        method!(Unary clear "($self, /)", ""),
        method!(Binary extend "($self, elements, /)", ""),
        method!(Bound get "($self, /, key, default=None)", ""),
        method!(Unary items "($self, /)", ""),
        method!(Unary keys "($self, /)", ""),
        method!(Many set "($self, key, value, /)", ""),
        method!(Many insert "($self, index, subelement, /)", ""),
        method!(Binary remove "($self, subelement, /)", ""),
        method!(Many make_element as "makeelement" "($self, tag, attrib, /)", ""),
        method!(Bound find as "find" "($self, /, path, namespaces=None)", ""),
        method!(Bound find_text as "findtext" "($self, /, path, default=None, namespaces=None)", ""),
        method!(Bound find_all as "findall" "($self, /, path, namespaces=None)", ""),
        method!(Bound find_iter as "iterfind" "($self, /, path, namespaces=None)", ""),
        method!(Bound iter "($self, /, tag=None)", ""),
        method!(Unary iter_text as "itertext" "($self, /)", ""),
        method!(Unary copy as "__copy__" "($self, /)", ""),
        method!(Many deep_copy as "__deepcopy__" "($self, memo, /)", ""),
        method!(Unary get_state as "__getstate__" "($self, /)", ""),
        method!(Binary set_state as "__setstate__" "($self, state, /)", ""),
        method!(Unary own_size as "__sizeof__" "($self, /)", ""),
    ],
    getsets: &[
        Getset::new(
            "tag",
            "A string identifying what kind of data this element represents",
            |_, this| Ok(payload(this).tag.get_or_none()),
            |vm, this, value| replace(vm, &payload(this).tag, value),
        ),
        Getset::new(
            "text",
            "A string of text directly after the start tag, or None",
            |_, this| Ok(payload(this).text.get_or_none()),
            |vm, this, value| replace(vm, &payload(this).text, value),
        ),
        Getset::new(
            "tail",
            "A string of text directly after the end tag, or None",
            |_, this| Ok(payload(this).tail.get_or_none()),
            |vm, this, value| replace(vm, &payload(this).tail, value),
        ),
        Getset::new("attrib", "A dictionary containing the element's attributes", |vm, this| Ok(attributes(vm, this)), set_attributes),
    ],
    ..TypeSpec::DEFAULT
};

impl Element {
    fn empty() -> Element {
        Element {
            tag: ObjectCell::EMPTY,
            text: ObjectCell::EMPTY,
            tail: ObjectCell::EMPTY,
            attributes: ObjectCell::EMPTY,
            children: VmCell::new(Vec::new()),
        }
    }
}

pub(super) fn payload(this: Ref<'_>) -> &Element {
    this.downcast::<Element>().expect("the method belongs to the type").get()
}

/// A new element of exactly this class.
pub(super) fn new(vm: &mut Vm, tag: Object, attributes: Option<Object>) -> Object {
    let element = Element { tag: ObjectCell::new(Some(tag)), attributes: ObjectCell::new(attributes), ..Element::empty() };
    vm.allocate(element).into_object()
}

fn replace(vm: &mut Vm, cell: &ObjectCell, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(cannot_delete(vm)) };
    drop(cell.replace(Some(value.to_owned())));
    Ok(())
}

fn cannot_delete(vm: &mut Vm) -> Raised {
    vm.raise(&exception::ATTRIBUTE_ERROR, "can't delete element attribute")
}

/// The attributes' dict, made if there is none.
pub(super) fn attributes(vm: &mut Vm, this: Ref<'_>) -> Object {
    let cell = &payload(this).attributes;
    cell.get().unwrap_or_else(|| {
        let dict = vm.new_dict().into_object();
        cell.set(Some(dict.clone()));
        dict
    })
}

fn set_attributes(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(cannot_delete(vm)) };
    check_dict(vm, value, "attrib")?;
    drop(payload(this).attributes.replace(Some(value.to_owned())));
    Ok(())
}

fn check_dict(vm: &mut Vm, value: Ref<'_>, what: &str) -> PyResult<()> {
    match value.downcast::<Dict>() {
        Some(_) => Ok(()),
        None => Err(vm.type_error(format!("{what} must be dict, not {}", value.class().full_name()))),
    }
}

fn copied_dict(vm: &Vm, dict: Ref<'_>) -> Object {
    dict.downcast::<Dict>().map_or(Object::none(), |dict| dict.copy(vm).into_object())
}

/// The dict of attributes that a call gives: the positional argument at `position`, or the keyword `attrib`, and the
/// other keywords.
pub(super) fn attributes_argument(vm: &mut Vm, args: Args<'_>, position: usize, function: &str) -> PyResult<Option<Object>> {
    let given = match args.positionals().get(position) {
        Some(&given) => {
            check_dict(vm, given, &format!("{function}() argument {}", position + 1))?;
            Some(given)
        }
        None => {
            let given = args.keyword("attrib");
            given.map_or(Ok(()), |given| check_dict(vm, given, "attrib"))?;
            given
        }
    };
    if given.is_none() && !args.has_keywords() {
        return Ok(None);
    }
    let dict = match given {
        Some(given) => copied_dict(vm, given),
        None => vm.new_dict().into_object(),
    };
    let by_name = args.positionals().len() <= position;
    if let Some(dict) = dict.borrow().downcast::<Dict>() {
        for (name, value) in args.keywords() {
            if by_name && name.downcast::<Str>().is_some_and(|name| name.equals_str("attrib")) {
                continue;
            }
            dict.set(vm, name, value.to_owned())?;
        }
    }
    Ok(Some(dict))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let n = args.n_positional();
    if !(1..=2).contains(&n) {
        let message = match n {
            0 => format!("Element() takes at least 1 argument ({n} given)"),
            _ => format!("Element() takes at most 2 arguments ({n} given)"),
        };
        return Err(vm.type_error(message));
    }
    let attributes = attributes_argument(vm, args, 1, "Element")?;
    let element = payload(this);
    if attributes.is_some() {
        drop(element.attributes.replace(attributes));
    }
    drop(element.tag.replace(Some(args.positionals()[0].to_owned())));
    drop(element.text.take());
    drop(element.tail.take());
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let address = this.bits();
    let mut out = StrBuilder::new();
    out.push_str("<Element ");
    let Some(tag) = payload(this).tag.get() else {
        out.push_fmt(format_args!("at {address:#x}>"));
        return Ok(out.finish(vm).into_object());
    };
    if !vm.enter_repr(this) {
        return Err(vm.runtime_error("reentrant call inside xml.etree.ElementTree.Element.__repr__"));
    }
    let tag = vm.repr(tag.borrow());
    vm.leave_repr(this);
    out.push_object(&*tag?);
    out.push_fmt(format_args!(" at {address:#x}>"));
    Ok(out.finish(vm).into_object())
}

fn truth(vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    vm.warn(
        &exception::DEPRECATION_WARNING,
        "Testing an element's truth value will always return True in future versions.  Use specific 'len(elem)' or 'elem is not None' test instead.",
        1,
    )?;
    Ok(!payload(this).children.get(vm).is_empty())
}

// Children.

/// Checks that something may become a child.
pub(super) fn check_child(vm: &mut Vm, child: Ref<'_>) -> PyResult<()> {
    match child.downcast::<Element>() {
        Some(_) => Ok(()),
        None => Err(vm.type_error(format!("expected an Element, not \"{}\"", child.class().full_name()))),
    }
}

fn check_argument(vm: &mut Vm, child: Ref<'_>, what: &str) -> PyResult<()> {
    match child.downcast::<Element>() {
        Some(_) => Ok(()),
        None => Err(vm.type_error(format!("{what} must be xml.etree.ElementTree.Element, not {}", child.class().full_name()))),
    }
}

/// Adds a child at the end.
pub(super) fn append_child(vm: &mut Vm, parent: Ref<'_>, child: Object) -> PyResult<()> {
    payload(parent).children.get_mut(vm).push(child);
    Ok(())
}

fn append(vm: &mut Vm, this: Ref<'_>, child: Ref<'_>) -> PyResult {
    check_argument(vm, child, "append() argument 1")?;
    append_child(vm, this, child.to_owned())?;
    Ok(Object::none())
}

fn clear(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let element = payload(this);
    let children = element.children.replace(vm, Vec::new());
    drop(element.attributes.take());
    drop(element.text.take());
    drop(element.tail.take());
    object::list::drop_from_end(children);
    Ok(Object::none())
}

fn extend(vm: &mut Vm, this: Ref<'_>, elements: Ref<'_>) -> PyResult {
    let elements = access::sequence(vm, elements, "'elements' must be an iterable")?;
    for element in &elements {
        check_child(vm, element.borrow())?;
        append_child(vm, this, element.clone())?;
    }
    Ok(Object::none())
}

fn insert(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[index, child] = args else {
        return Err(vm.type_error(format!("insert expected 2 arguments, got {}", args.len())));
    };
    let index = builtins::slice::size_argument(vm, index)?;
    check_argument(vm, child, "insert() argument 2")?;
    let children = payload(this).children.get_mut(vm);
    let index = builtins::slice::clamp_bound(index, children.len());
    children.insert(index, child.to_owned());
    Ok(Object::none())
}

fn remove(vm: &mut Vm, this: Ref<'_>, child: Ref<'_>) -> PyResult {
    check_argument(vm, child, "remove() argument")?;
    let element = payload(this);
    let mut index = 0;
    loop {
        let Some(known) = element.children.get(vm).get(index).cloned() else {
            return Err(vm.value_error("Element.remove(x): element not found"));
        };
        if vm.equal(known.borrow(), child)? {
            break;
        }
        index += 1;
    }
    // The comparison may have removed it.
    let children = element.children.get_mut(vm);
    if index < children.len() {
        drop(children.remove(index));
    }
    Ok(Object::none())
}

fn make_element(vm: &mut Vm, _this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[tag, attributes] = args else {
        return Err(vm.type_error(format!("makeelement() takes exactly 2 positional arguments ({} given)", args.len())));
    };
    check_dict(vm, attributes, "makeelement() argument 2")?;
    let attributes = copied_dict(vm, attributes);
    Ok(new(vm, tag.to_owned(), Some(attributes)))
}

// Attributes.

fn get(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let found = match payload(this).attributes.get() {
        Some(dict) => match dict.borrow().downcast::<Dict>() {
            Some(dict) => dict.get_item(vm, args[0].expect("a required argument"))?,
            None => None,
        },
        None => None,
    };
    Ok(found.unwrap_or_else(|| args[1].map_or(Object::none(), Ref::to_owned)))
}

fn set(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[key, value] = args else {
        return Err(vm.type_error(format!("set expected 2 arguments, got {}", args.len())));
    };
    let dict = attributes(vm, this);
    vm.set_item(dict.borrow(), key, value)?;
    Ok(Object::none())
}

fn items(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = payload(this).attributes.get();
    let pairs = dict.as_ref().and_then(|dict| dict.borrow().downcast::<Dict>()).map(|dict| dict.items_snapshot(vm)).unwrap_or_default();
    let items = pairs.into_iter().map(|(key, value)| vm.new_tuple([key, value]).into_object()).collect();
    Ok(vm.new_list(items).into_object())
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = payload(this).attributes.get();
    let keys = dict.as_ref().and_then(|dict| dict.borrow().downcast::<Dict>()).map(|dict| dict.keys_snapshot(vm)).unwrap_or_default();
    Ok(vm.new_list(keys).into_object())
}

// Finding.

fn find(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    Ok(access::find(vm, this, args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE))?.unwrap_or(Object::none()))
}

fn find_text(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (path, default) = (args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE));
    access::find_text(vm, this, path, default, args[2].unwrap_or(Ref::NONE))
}

fn find_all(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    access::find_all(vm, this, args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE))
}

fn find_iter(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    access::by_path(vm, "iterfind", &[this, args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE)])
}

fn iter(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let tag = args[0].filter(|tag| !tag.downcast::<Str>().is_some_and(|tag| tag.equals_str("*")) && object::bytes::as_bytes(*tag) != Some(b"*"));
    let tag = tag.filter(|tag| !tag.is_none());
    Ok(iterator::new(vm, this, tag, false))
}

fn iter_text(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(iterator::new(vm, this, None, true))
}

// Copies and states.

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let element = payload(this);
    let made = new(vm, element.tag.get_or_none(), element.attributes.get());
    let copied = payload(made.borrow());
    copied.text.set(element.text.get());
    copied.tail.set(element.tail.get());
    let children = element.children.get(vm).clone();
    copied.children.set(vm, children);
    Ok(made)
}

fn deep_copy(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[memo] = args else {
        let count = if args.is_empty() { "0 given".to_owned() } else { format!("{} given", args.len()) };
        return Err(vm.type_error(format!("Element.__deepcopy__() takes exactly one argument ({count})")));
    };
    if memo.downcast::<Dict>().is_none() {
        return Err(vm.type_error(format!("__deepcopy__() argument must be dict, not {}", memo.class().full_name())));
    }
    deep_copy_element(vm, this, memo)
}

fn deep_copy_element(vm: &mut Vm, this: Ref<'_>, memo: Ref<'_>) -> PyResult {
    vm.check_stack(" in Element.__deepcopy__")?;
    let element = payload(this);
    let tag = deep_copy_value(vm, element.tag.get_or_none(), memo)?;
    let attributes = match element.attributes.get() {
        Some(attributes) => Some(deep_copy_value(vm, attributes, memo)?),
        None => None,
    };
    let made = new(vm, tag, attributes);
    let copied = payload(made.borrow());
    let text = deep_copy_value(vm, element.text.get_or_none(), memo)?;
    copied.text.set(Some(text));
    let tail = deep_copy_value(vm, element.tail.get_or_none(), memo)?;
    copied.tail.set(Some(tail));
    let mut index = 0;
    while let Some(child) = element.children.get(vm).get(index).cloned() {
        let child = deep_copy_value(vm, child, memo)?;
        check_child(vm, child.borrow())?;
        append_child(vm, made.borrow(), child)?;
        index += 1;
    }
    let id = vm.new_uint(this.bits());
    vm.set_item(memo, id.borrow(), made.borrow())?;
    Ok(made)
}

/// A deep copy of what an element refers to. Strings and `None` are their own copies.
fn deep_copy_value(vm: &mut Vm, value: Object, memo: Ref<'_>) -> PyResult {
    let object = value.borrow();
    if object.is_none() || object.downcast_exact::<Str>().is_some() {
        return Ok(value);
    }
    if object.is_exactly(&ELEMENT) {
        let id = vm.new_uint(object.bits());
        if let Some(known) = memo.downcast::<Dict>().map_or(Ok(None), |memo| memo.get_item(vm, id.borrow()))? {
            return Ok(known);
        }
        return deep_copy_element(vm, object, memo);
    }
    if let Some(dict) = object.downcast_exact::<Dict>() {
        let simple = dict.iter(vm).all(|(key, value)| key.downcast_exact::<Str>().is_some() && value.downcast_exact::<Str>().is_some());
        if simple {
            return Ok(dict.copy(vm).into_object());
        }
    }
    let copy = vm.import("copy")?;
    vm.call_method(copy.borrow(), "deepcopy", &[object, memo])
}

const STATE: [&str; 5] = ["tag", "_children", "attrib", "text", "tail"];

fn get_state(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let element = payload(this);
    let children = element.children.get(vm).clone();
    let children = vm.new_list(children).into_object();
    let attributes = element.attributes.get().unwrap_or_else(|| vm.new_dict().into_object());
    let values = [element.tag.get_or_none(), children, attributes, element.text.get_or_none(), element.tail.get_or_none()];
    let state = vm.new_dict();
    for (name, value) in STATE.into_iter().zip(values) {
        state.set_str(vm, name, value);
    }
    Ok(state.into_object())
}

fn set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let Some(dict) = state.downcast::<Dict>() else {
        let text = vm.repr_text(state)?;
        return Err(vm.type_error(format!("Don't know how to unpickle \"{text}\" as an Element")));
    };
    let mut values = [const { None }; STATE.len()];
    for (key, value) in dict.items_snapshot(vm) {
        let name = vm.str_text(key.borrow())?;
        match STATE.iter().position(|known| *known == name) {
            Some(index) => values[index] = Some(value),
            None => return Err(vm.type_error(format!("this function got an unexpected keyword argument '{name}'"))),
        }
    }
    let [tag, children, attributes, text, tail] = values;
    let Some(tag) = tag else { return Err(vm.type_error("tag may not be NULL")) };
    let children = match children {
        Some(children) if children.borrow().downcast::<object::list::List>().is_none() => {
            return Err(vm.type_error("'_children' is not a list"));
        }
        Some(children) => vm.collect(children.borrow())?,
        None => Vec::new(),
    };
    let element = payload(this);
    drop(element.tag.replace(Some(tag)));
    drop(element.text.replace(text));
    drop(element.tail.replace(tail));
    drop(element.children.replace(vm, Vec::new()));
    for child in children {
        check_child(vm, child.borrow())?;
        append_child(vm, this, child)?;
    }
    drop(element.attributes.replace(attributes.filter(|attributes| attributes.borrow().downcast::<Dict>().is_some())));
    Ok(Object::none())
}

fn own_size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let children = payload(this).children.get(vm).capacity();
    let size = this.class().basic_size() + children * size_of::<Object>();
    Ok(Object::small_int(size as i64))
}

/// An element that is exactly of this class, so that nothing of it is overridden.
pub(super) fn exact(object: Ref<'_>) -> Option<RefOf<'_, Element>> {
    object.downcast_exact::<Element>()
}
