//! `TreeBuilder`: makes a tree from a sequence of starts, texts and ends.

use super::element::{self, ELEMENT, Element, exact};
use super::{COMMENT_FACTORY, PARSE_ERROR, PI_FACTORY};
use crate::exception_class;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::dict::Dict;
use object::list::List;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Args, Object, Payload, PyResult, Ref, Slots, Type, Vm, method};
use std::cell::Cell;

/// The kinds of events that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Start,
    End,
    StartNamespace,
    EndNamespace,
    Comment,
    Instruction,
}

pub(super) const REPORTS: [(&str, Report); 6] = [
    ("start", Report::Start),
    ("end", Report::End),
    ("start-ns", Report::StartNamespace),
    ("end-ns", Report::EndNamespace),
    ("comment", Report::Comment),
    ("pi", Report::Instruction),
];

/// Text that has not been given to an element yet.
#[derive(Default)]
struct Pending {
    /// Text from the parser.
    text: String,
    /// Texts from `data()`; they come before `text`.
    objects: Vec<Object>,
}

/// The payload of a builder.
pub struct Builder {
    root: ObjectCell,
    /// The innermost open element.
    current: ObjectCell,
    /// The element that began or ended last.
    last: ObjectCell,
    /// The element whose tail text belongs to; without one it is the text of `last`.
    last_for_tail: ObjectCell,
    open: VmCell<Vec<Option<Object>>>,
    pending: VmCell<Pending>,
    element_factory: ObjectCell,
    comment_factory: ObjectCell,
    pi_factory: ObjectCell,
    insert_comments: Cell<bool>,
    insert_pis: Cell<bool>,
    /// Where events are appended: a list, or a method.
    events: ObjectCell,
    /// The names of the events that are wanted.
    reports: [ObjectCell; REPORTS.len()],
}

impl Payload for Builder {
    fn class() -> &'static Type {
        &BUILDER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.traverse(visitor);
        }
        let open = self.open.visit(visitor);
        visitor.visit_all(open.iter().flatten());
        let pending = self.pending.visit(visitor);
        visitor.visit_all(&pending.objects);
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in self.cells() {
            cell.set(None);
        }
        self.open.set(vm, Vec::new());
        self.pending.set(vm, Pending::default());
    }
}

impl Builder {
    fn empty() -> Builder {
        Builder {
            root: ObjectCell::EMPTY,
            current: ObjectCell::EMPTY,
            last: ObjectCell::EMPTY,
            last_for_tail: ObjectCell::EMPTY,
            open: VmCell::new(Vec::new()),
            pending: VmCell::new(Pending::default()),
            element_factory: ObjectCell::EMPTY,
            comment_factory: ObjectCell::EMPTY,
            pi_factory: ObjectCell::EMPTY,
            insert_comments: Cell::new(false),
            insert_pis: Cell::new(false),
            events: ObjectCell::EMPTY,
            reports: [const { ObjectCell::EMPTY }; REPORTS.len()],
        }
    }

    fn cells(&self) -> impl Iterator<Item = &ObjectCell> {
        let own = [
            &self.root,
            &self.current,
            &self.last,
            &self.last_for_tail,
            &self.element_factory,
            &self.comment_factory,
            &self.pi_factory,
            &self.events,
        ];
        own.into_iter().chain(&self.reports)
    }

    /// Whether an event is wanted.
    pub(super) fn reports(&self, report: Report) -> bool {
        self.reports[report as usize].is_set()
    }

    /// Says where events go and which.
    pub(super) fn set_events(&self, events: Object, names: [Option<Object>; REPORTS.len()]) {
        self.events.set(Some(events));
        for (cell, name) in self.reports.iter().zip(names) {
            cell.set(name);
        }
    }
}

/// `xml.etree.ElementTree.TreeBuilder`
pub static BUILDER: Type = Type::new(&BUILDER_SPEC);
static BUILDER_SPEC: TypeSpec = TypeSpec {
    name: "xml.etree.ElementTree.TreeBuilder",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Builder>(),
    slots: Slots { new: Some(|vm, class, _| Ok(new_in(vm, class.get()))), init: Some(init), ..Slots::NONE },
    methods: &[
        method!(Binary data_method as "data" "($self, data, /)", ""),
        method!(Many start_method as "start" "($self, tag, attrs, /)", ""),
        method!(Binary end_method as "end" "($self, tag, /)", ""),
        method!(Binary comment_method as "comment" "($self, text, /)", ""),
        method!(Many pi_method as "pi" "($self, target, text=None, /)", ""),
        method!(Unary close "($self, /)", ""),
    ],
    ..TypeSpec::DEFAULT
};

fn new_in(vm: &mut Vm, class: &Type) -> Object {
    let builder = Builder::empty();
    builder.comment_factory.set(COMMENT_FACTORY.get());
    builder.pi_factory.set(PI_FACTORY.get());
    vm.allocate_in(class, builder)
}

/// A builder with nothing changed.
pub(super) fn new(vm: &mut Vm) -> Object {
    new_in(vm, &BUILDER)
}

pub(super) fn payload(this: Ref<'_>) -> &Builder {
    this.downcast::<Builder>().expect("the method belongs to the type").get()
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 5];
    let signature = "(element_factory=None, *, comment_factory=None, pi_factory=None, insert_comments=False, insert_pis=False)";
    object::call::bind_args(vm, "TreeBuilder", signature, args, &mut bound)?;
    let [element_factory, comment_factory, pi_factory, insert_comments, insert_pis] = bound;
    let given = |factory: Option<Object>| factory.filter(|factory| !factory.borrow().is_none());
    let mut truth = |value: Option<Object>| value.map_or(Ok(false), |value| vm.is_true(value.borrow()));
    let builder = payload(this);
    builder.insert_comments.set(truth(insert_comments)?);
    builder.insert_pis.set(truth(insert_pis)?);
    builder.element_factory.set(given(element_factory));
    builder.comment_factory.set(given(comment_factory).or_else(|| COMMENT_FACTORY.get()));
    builder.pi_factory.set(given(pi_factory).or_else(|| PI_FACTORY.get()));
    Ok(())
}

/// Appends an event, if it is wanted.
pub(super) fn report(vm: &mut Vm, builder: &Builder, report: Report, node: Object) -> PyResult<()> {
    let (Some(events), Some(name)) = (builder.events.get(), builder.reports[report as usize].get()) else {
        return Ok(());
    };
    let event = vm.new_tuple([name, node]).into_object();
    match events.borrow().downcast_exact::<List>() {
        Some(list) => list.append(vm, event),
        None => vm.call(events.borrow(), &[event.borrow()]).map(drop),
    }
}

// Text.

/// Text from the parser: `push` appends it.
pub(super) fn add_text(vm: &mut Vm, builder: &Builder, push: impl FnOnce(&Vm, &mut String)) {
    if builder.last.is_set() {
        // The text is taken out meanwhile, as the cell cannot be changed while `push` looks at the engine's.
        let mut text = std::mem::take(&mut builder.pending.get_mut(vm).text);
        push(vm, &mut text);
        builder.pending.get_mut(vm).text = text;
    }
}

/// Text as an object.
pub(super) fn add_data(vm: &mut Vm, builder: &Builder, data: Ref<'_>) {
    if !builder.last.is_set() {
        return;
    }
    let text = std::mem::take(&mut builder.pending.get_mut(vm).text);
    let before = (!text.is_empty()).then(|| vm.new_str(&text).into_object());
    let objects = &mut builder.pending.get_mut(vm).objects;
    objects.extend(before);
    objects.push(data.to_owned());
}

/// Gives the text so far to the element it belongs to.
fn flush(vm: &mut Vm, builder: &Builder) -> PyResult<()> {
    let pending = builder.pending.get(vm);
    if pending.text.is_empty() && pending.objects.is_empty() {
        return Ok(());
    }
    let last = match pending.text.is_empty() {
        true => None,
        false => Some(vm.new_str(&pending.text).into_object()),
    };
    let pending = builder.pending.get_mut(vm);
    pending.text.clear();
    let mut parts = std::mem::take(&mut pending.objects);
    parts.extend(last);
    let text = join(vm, parts)?;
    match builder.last_for_tail.get() {
        Some(element) => add_to(vm, element.borrow(), "tail", text),
        None => match builder.last.get() {
            Some(element) => add_to(vm, element.borrow(), "text", text),
            None => Ok(()),
        },
    }
}

fn join(vm: &mut Vm, mut parts: Vec<Object>) -> PyResult {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let parts = vm.new_list(parts).into_object();
    let empty = vm.empty_str();
    vm.call_method(empty.object(), "join", &[parts.borrow()])
}

/// Appends to the text or the tail of an element.
fn add_to(vm: &mut Vm, element: Ref<'_>, name: &str, text: Object) -> PyResult<()> {
    if let Some(own) = exact(element) {
        let cell = if name == "text" { &own.get().text } else { &own.get().tail };
        let text = match cell.get().filter(|old| !old.borrow().is_none()) {
            Some(old) => join(vm, vec![old, text])?,
            None => text,
        };
        drop(cell.replace(Some(text)));
        return Ok(());
    }
    let old = vm.get_attr_str(element, name)?;
    let text = if old.borrow().is_none() { text } else { join(vm, vec![old, text])? };
    vm.set_attr_str(element, name, text.borrow())
}

// Elements.

fn add_child(vm: &mut Vm, parent: Ref<'_>, child: Ref<'_>) -> PyResult<()> {
    if exact(parent).is_some() && child.downcast::<Element>().is_some() {
        return element::append_child(vm, parent, child.to_owned());
    }
    vm.call_method(parent, "append", &[child]).map(drop)
}

/// An element begins. `attributes` is a dict.
pub(super) fn start(vm: &mut Vm, builder: &Builder, tag: Object, attributes: Option<Object>) -> PyResult {
    flush(vm, builder)?;
    let node = match builder.element_factory.get().filter(|factory| !factory.borrow().is(ELEMENT.object())) {
        None => element::new(vm, tag, attributes),
        Some(factory) => {
            let attributes = attributes.unwrap_or_else(|| vm.new_dict().into_object());
            vm.call(factory.borrow(), &[tag.borrow(), attributes.borrow()])?
        }
    };
    drop(builder.last_for_tail.take());
    let parent = builder.current.get();
    match &parent {
        Some(parent) => add_child(vm, parent.borrow(), node.borrow())?,
        None if builder.root.is_set() => return Err(exception_class::raise(vm, &PARSE_ERROR, Some("multiple elements on top level"))),
        None => builder.root.set(Some(node.clone())),
    }
    builder.open.get_mut(vm).push(parent);
    builder.current.set(Some(node.clone()));
    builder.last.set(Some(node.clone()));
    report(vm, builder, Report::Start, node.clone())?;
    Ok(node)
}

/// The innermost element ends.
pub(super) fn end(vm: &mut Vm, builder: &Builder) -> PyResult {
    flush(vm, builder)?;
    let Some(outer) = builder.open.get_mut(vm).pop() else {
        return Err(vm.index_error("pop from empty stack"));
    };
    let ended = builder.current.replace(outer).unwrap_or(Object::none());
    builder.last.set(Some(ended.clone()));
    builder.last_for_tail.set(Some(ended.clone()));
    report(vm, builder, Report::End, ended.clone())?;
    Ok(ended)
}

/// A comment or an instruction: made, and inserted if it is to be.
fn single(vm: &mut Vm, builder: &Builder, node: Object, inserted: bool, kind: Report) -> PyResult {
    if let Some(parent) = builder.current.get().filter(|_| inserted) {
        add_child(vm, parent.borrow(), node.borrow())?;
        builder.last_for_tail.set(Some(node.clone()));
    }
    report(vm, builder, kind, node.clone())?;
    Ok(node)
}

pub(super) fn comment(vm: &mut Vm, builder: &Builder, text: Ref<'_>) -> PyResult {
    flush(vm, builder)?;
    let node = match builder.comment_factory.get() {
        Some(factory) => vm.call(factory.borrow(), &[text])?,
        None => text.to_owned(),
    };
    single(vm, builder, node, builder.insert_comments.get(), Report::Comment)
}

pub(super) fn instruction(vm: &mut Vm, builder: &Builder, target: Ref<'_>, text: Ref<'_>) -> PyResult {
    flush(vm, builder)?;
    let node = match builder.pi_factory.get() {
        Some(factory) => vm.call(factory.borrow(), &[target, text])?,
        None => vm.new_tuple_from(&[target, text]).into_object(),
    };
    single(vm, builder, node, builder.insert_pis.get(), Report::Instruction)
}

/// The tree.
pub(super) fn root(builder: &Builder) -> Object {
    builder.root.get_or_none()
}

fn data_method(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    add_data(vm, payload(this), data);
    Ok(Object::none())
}

fn start_method(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[tag, attributes] = args else {
        return Err(vm.type_error(format!("start expected 2 arguments, got {}", args.len())));
    };
    if attributes.downcast::<Dict>().is_none() {
        return Err(vm.type_error(format!("start() argument 2 must be dict, not {}", attributes.class().full_name())));
    }
    start(vm, payload(this), tag.to_owned(), Some(attributes.to_owned()))
}

fn end_method(vm: &mut Vm, this: Ref<'_>, _tag: Ref<'_>) -> PyResult {
    end(vm, payload(this))
}

fn comment_method(vm: &mut Vm, this: Ref<'_>, text: Ref<'_>) -> PyResult {
    comment(vm, payload(this), text)
}

fn pi_method(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    match *args {
        [target] => instruction(vm, payload(this), target, Ref::NONE),
        [target, text] => instruction(vm, payload(this), target, text),
        _ => {
            let (bound, limit, plural) = if args.is_empty() { ("least", 1, "") } else { ("most", 2, "s") };
            Err(vm.type_error(format!("pi expected at {bound} {limit} argument{plural}, got {}", args.len())))
        }
    }
}

fn close(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(root(payload(this)))
}

/// The name of a wanted event, as a string.
pub(super) fn report_named(vm: &mut Vm, name: Ref<'_>) -> PyResult<usize> {
    let text = match name.downcast::<Str>() {
        Some(text) => text.to_string_lossy().into_owned(),
        None => match object::bytes::as_bytes(name) {
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => return Err(vm.value_error("invalid events sequence")),
        },
    };
    REPORTS.iter().position(|report| report.0 == text).ok_or(()).map_err(|()| vm.value_error(format!("unknown event '{text}'")))
}
