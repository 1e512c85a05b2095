//! `ast.AST`, the base class of all nodes.

use object::attribute::find_generic;
use object::dict::Dict;
use object::exception;
use object::instance::dict_of;
use object::list::List;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, method};

/// The payload of a node: everything is in its attributes.
pub struct Node;

pub static NODE: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "ast.AST",
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::MUTABLE,
    payload: PayloadInfo::of::<Node>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), ..Slots::NONE },
    methods: &[
        method!(Unary reduce as "__reduce__" "($self, /)", ""),
        method!(Raw replace as "__replace__" "($self, /, **fields)", "Return a copy of the AST node with new values for the specified fields."),
    ],
    getsets: &[Getset::new(
        "__dict__",
        "",
        |vm, this| Ok(dict_of(vm, this).map_or(Object::none(), Object::from)),
        |vm, this, value| match value.map(Ref::to_owned).map(Object::downcast::<Dict>) {
            Some(Ok(dict)) => {
                object::instance::set_dict(vm, this, dict);
                Ok(())
            }
            Some(Err(other)) => {
                let name = other.borrow().class().full_name().to_owned();
                Err(vm.type_error(format!("__dict__ must be set to a dictionary, not a '{name}'")))
            }
            None => Err(vm.type_error("cannot delete __dict__")),
        },
    )],
    ..TypeSpec::DEFAULT
};

impl Payload for Node {
    fn class() -> &'static Type {
        &NODE
    }
}

/// Gives the base class its attributes.
pub fn initialize(vm: &mut Vm) {
    let empty = vm.new_tuple([]).into_object();
    for name in ["_fields", "__match_args__", "_attributes"] {
        NODE.dict().set_str(vm, name, empty.clone());
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Node))
}

/// The names in a class attribute such as `_fields`; `None` if there is no such attribute.
fn names_in(vm: &mut Vm, class: Ref<'_>, attribute: &str) -> PyResult<Option<Vec<Object>>> {
    match vm.find_attr_str(class, attribute)? {
        Some(names) => vm.collect(names.borrow()).map(Some),
        None => Ok(None),
    }
}

fn position_of(vm: &mut Vm, names: &[Object], name: Ref<'_>) -> PyResult<Option<usize>> {
    for (index, known) in names.iter().enumerate() {
        if vm.equal(known.borrow(), name)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn deprecated(vm: &mut Vm, message: &str) -> PyResult<()> {
    vm.warn(&exception::DEPRECATION_WARNING, message, 1)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let class = this.class();
    let fields = names_in(vm, class.object(), "_fields")?.unwrap_or_default();
    let given = args.positionals();
    if given.len() > fields.len() {
        let plural = if fields.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!("{} constructor takes at most {} positional argument{plural}", class.name(), fields.len())));
    }
    let mut set = vec![false; fields.len()];
    for (index, &value) in given.iter().enumerate() {
        let name = vm.attribute_name(fields[index].borrow())?;
        vm.set_attr(this, name.borrow(), Some(value))?;
        set[index] = true;
    }
    let mut attributes = None;
    for (name, value) in args.keywords() {
        if let Some(index) = position_of(vm, &fields, name)? {
            if set[index] {
                let name = vm.repr_text(name)?;
                return Err(vm.type_error(format!("{} got multiple values for argument {name}", class.name())));
            }
            set[index] = true;
        } else {
            if attributes.is_none() {
                attributes = Some(names_in(vm, class.object(), "_attributes")?.unwrap_or_default());
            }
            let known = attributes.as_deref().unwrap_or(&[]);
            if position_of(vm, known, name)?.is_none() {
                let name = vm.repr_text(name)?;
                deprecated(
                    vm,
                    &format!(
                        "{}.__init__ got an unexpected keyword argument {name}. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.",
                        class.full_name()
                    ),
                )?;
            }
        }
        vm.set_attr(this, name, Some(value))?;
    }
    set_defaults(vm, this, &fields, &set)
}

/// Sets the fields that were not given: an empty list, `Load()`; others are missed.
fn set_defaults(vm: &mut Vm, this: Ref<'_>, fields: &[Object], set: &[bool]) -> PyResult<()> {
    if set.iter().all(|&set| set) {
        return Ok(());
    }
    let class = this.class();
    let Some(types) = vm.find_attr_str(class.object(), "_field_types")? else {
        return Ok(());
    };
    let context = super::class(vm, super::table::Kind::expr_context)?;
    for name in fields.iter().zip(set).filter(|(_, set)| !**set).map(|(name, _)| name) {
        let found = match types.borrow().downcast::<Dict>() {
            Some(types) => types.get().get(vm, name.borrow())?,
            None => None,
        };
        let Some(kind) = found else {
            let name = vm.repr_text(name.borrow())?;
            deprecated(vm, &format!("Field {name} is missing from {}._field_types. This will become an error in Python 3.15.", class.full_name()))?;
            continue;
        };
        let kind = kind.borrow();
        let default = if kind.is(context.borrow()) {
            super::new_node(vm, super::table::Kind::Load, [])?
        } else if kind.downcast::<Type>().is_some() {
            let name = vm.repr_text(name.borrow())?;
            deprecated(
                vm,
                &format!("{}.__init__ missing 1 required positional argument: {name}. This will become an error in Python 3.15.", class.full_name()),
            )?;
            continue;
        } else if kind.class().name() == "GenericAlias" {
            vm.new_list(Vec::new()).into_object()
        } else {
            // Optional: the class has `None`.
            continue;
        };
        let name = vm.attribute_name(name.borrow())?;
        vm.set_attr(this, name.borrow(), Some(default.borrow()))?;
    }
    Ok(())
}

const MAX_DEPTH: usize = 3;

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = repr_to(vm, this, MAX_DEPTH)?;
    Ok(vm.new_wtf8(&text).into_object())
}

type Text = rustpython_wtf8::Wtf8Buf;

fn repr_to(vm: &mut Vm, this: Ref<'_>, depth: usize) -> PyResult<Text> {
    vm.check_stack(" during ast_repr")?;
    let class = this.class();
    let mut text = Text::from(class.full_name());
    if depth == 0 {
        text.push_str("(...)");
        return Ok(text);
    }
    if !vm.enter_repr(this) {
        text.push_str("(...)");
        return Ok(text);
    }
    let result = repr_fields(vm, this, depth, &mut text);
    vm.leave_repr(this);
    result.map(|()| text)
}

fn repr_fields(vm: &mut Vm, this: Ref<'_>, depth: usize, text: &mut Text) -> PyResult<()> {
    text.push_str("(");
    let fields = names_in(vm, this.class().object(), "_fields")?.unwrap_or_default();
    for (index, name) in fields.iter().enumerate() {
        let name = vm.attribute_name(name.borrow())?;
        let value = vm.get_attr(this, name.borrow())?;
        if index > 0 {
            text.push_str(", ");
        }
        if let Some(name) = name.borrow().downcast::<Str>() {
            text.push_wtf8(&name.to_wtf8());
        }
        text.push_str("=");
        let value = repr_value(vm, value.borrow(), depth)?;
        text.push_wtf8(&value);
    }
    text.push_str(")");
    Ok(())
}

fn repr_value(vm: &mut Vm, value: Ref<'_>, depth: usize) -> PyResult<Text> {
    let items: Option<Vec<Object>> = if let Some(list) = value.downcast_exact::<List>() {
        Some(list.items(vm).to_vec())
    } else {
        value.downcast_exact::<Tuple>().map(|tuple| tuple.items().iter().map(|&item| item.to_owned()).collect())
    };
    let Some(items) = items else {
        return repr_item(vm, value, depth);
    };
    let (open, close) = if value.downcast::<List>().is_some() { ("[", "]") } else { ("(", ")") };
    let mut text = Text::from(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if items.len() > 2 && index > 0 && index + 1 < items.len() {
            if index == 1 {
                text.push_str("...");
            } else {
                // Only the first and the last item are shown.
                continue;
            }
            continue;
        }
        let item = repr_item(vm, item.borrow(), depth)?;
        text.push_wtf8(&item);
    }
    text.push_str(close);
    Ok(text)
}

fn repr_item(vm: &mut Vm, value: Ref<'_>, depth: usize) -> PyResult<Text> {
    if value.downcast::<Node>().is_some() {
        return repr_to(vm, value, depth - 1);
    }
    let shown = vm.repr(value)?;
    Ok(shown.to_wtf8().into_owned())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = this.class().to_object();
    let state = dict_of(vm, this);
    let fields = names_in(vm, class.borrow(), "_fields")?;
    let Some(state) = state else {
        let empty = vm.new_tuple([]).into_object();
        return Ok(vm.new_tuple([class, empty]).into_object());
    };
    let mut placeholders = Vec::new();
    for name in fields.unwrap_or_default() {
        if !state.contains(vm, name.borrow())? {
            break;
        }
        // The values follow in the state; placeholders keep the constructor content.
        placeholders.push(Object::none());
    }
    let args = vm.new_tuple(placeholders).into_object();
    let state = state.copy(vm).into_object();
    Ok(vm.new_tuple([class, args, state]).into_object())
}

fn replace(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.n_positional() > 0 {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let class = this.class();
    let fields = names_in(vm, class.object(), "_fields")?.unwrap_or_default();
    let attributes = names_in(vm, class.object(), "_attributes")?.unwrap_or_default();
    let state = match dict_of(vm, this) {
        Some(dict) => dict.copy(vm),
        None => vm.new_dict(),
    };
    check_replacements(vm, class, args, &fields, &attributes, state.borrow())?;
    for (name, value) in args.keywords() {
        state.set(vm, name, value.to_owned())?;
    }
    let mut keywords = Vec::new();
    for (name, value) in state.items_snapshot(vm) {
        if position_of(vm, &fields, name.borrow())?.is_some() || position_of(vm, &attributes, name.borrow())?.is_some() {
            keywords.push((name, value));
        }
    }
    let arguments = vm.new_dict();
    for (name, value) in keywords {
        arguments.set(vm, name.borrow(), value)?;
    }
    vm.call_star(class.object(), &[], Some(arguments.borrow()))
}

fn check_replacements(vm: &mut Vm, class: &Type, args: Args<'_>, fields: &[Object], attributes: &[Object], state: RefOf<'_, Dict>) -> PyResult<()> {
    for (name, _) in args.keywords() {
        if position_of(vm, fields, name)?.is_none() && position_of(vm, attributes, name)?.is_none() {
            let name = vm.repr_text(name)?;
            return Err(vm.type_error(format!("{}.__replace__ got an unexpected keyword argument {name}.", class.full_name())));
        }
    }
    let mut missing = Vec::new();
    for name in fields {
        let given = args.keywords().any(|(keyword, _)| keyword.is(name.borrow()));
        if given || state.get().contains(vm, name.borrow())? {
            continue;
        }
        let attribute = vm.attribute_name(name.borrow())?;
        if find_generic(vm, class.object(), attribute.borrow())?.is_none() && class.lookup(attribute.borrow()).is_none() {
            missing.push(vm.repr_text(name.borrow())?);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort();
    let plural = if missing.len() == 1 { "" } else { "s" };
    Err(vm.type_error(format!("{}.__replace__ missing {} keyword argument{plural}: {}.", class.full_name(), missing.len(), missing.join(", "))))
}
