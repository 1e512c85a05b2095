//! `_ast`: the classes of syntax tree nodes.
//!
//! [`table`] declares them, [`node`] is their base class. Making nodes of a parsed program, and the
//! other way round, is the business of the crate `runtime`, which knows the parser; [`new_node`] and
//! [`class`] are what it needs from here.

pub mod node;
pub mod table;

use bytecode::opcode::BinaryOp;
use node::{NODE, Node};
use object::cell::VmCell;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Type, Vm};
use table::{Kind, Positions, ROWS, Row};

pub static MODULE: Module = Module { name: "_ast", init: Some(init), ..Module::DEFAULT };

/// Flags of `compile()`.
const FLAGS: &[(&str, i64)] =
    &[("PyCF_ONLY_AST", 0x400), ("PyCF_TYPE_COMMENTS", 0x1000), ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000), ("PyCF_OPTIMIZED_AST", 0x8400)];

/// A class and the interned names of its fields.
pub struct Class {
    pub class: Object,
    pub fields: Vec<Ref<'static>>,
    /// The only instance, for classes without fields that are no statements.
    singleton: Option<Object>,
}

/// The classes by [`Kind`], made when they are first needed.
static CLASSES: VmCell<Vec<Class>> = VmCell::new(Vec::new());

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    ensure_classes(vm)?;
    module.set(vm, "AST", NODE.to_object());
    for (index, row) in ROWS.iter().enumerate() {
        let class = CLASSES.get(vm)[index].class.clone();
        module.set(vm, row.name, class);
    }
    crate::argument::set_constants(vm, module, FLAGS);
    Ok(())
}

/// A field as the table spells it.
pub struct Field {
    pub kind: &'static str,
    pub name: &'static str,
    pub count: Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    One,
    Optional,
    Many,
}

/// The fields of a row.
pub fn fields_of(row: &Row) -> impl Iterator<Item = Field> {
    row.fields.split(", ").filter(|text| !text.is_empty()).map(|text| {
        let (kind, name) = text.split_once(' ').expect("a field has a type and a name");
        let count = if kind.ends_with('*') {
            Count::Many
        } else if kind.ends_with('?') {
            Count::Optional
        } else {
            Count::One
        };
        Field { kind: kind.trim_end_matches(['*', '?']), name, count }
    })
}

/// As the documentation shows a node: `Expr(expr value)`.
fn declaration(row: &Row) -> String {
    if row.fields.is_empty() { row.name.to_owned() } else { format!("{}({})", row.name, row.fields) }
}

fn doc(row: &Row) -> String {
    if !row.is_sum {
        return declaration(row);
    }
    let members: Vec<String> = ROWS.iter().filter(|member| member.base == row.name).map(declaration).collect();
    let simple = ROWS.iter().all(|member| member.base != row.name || member.fields.is_empty());
    let gap = if simple { " | ".to_owned() } else { format!("\n{}| ", " ".repeat(row.name.len() + 1)) };
    format!("{} = {}", row.name, members.join(&gap))
}

fn ensure_classes(vm: &mut Vm) -> PyResult<()> {
    if !CLASSES.get(vm).is_empty() {
        return Ok(());
    }
    object::type_new::ready(vm, &NODE);
    node::initialize(vm);
    let mut classes: Vec<Class> = Vec::with_capacity(ROWS.len());
    for row in ROWS {
        let class = new_class(vm, row, &classes)?;
        let fields = fields_of(row).map(|field| vm.intern(field.name)).collect();
        let is_singleton = ["expr_context", "boolop", "operator", "unaryop", "cmpop"].contains(&row.base);
        let singleton = is_singleton.then(|| instantiate(vm, &class));
        classes.push(Class { class, fields, singleton });
    }
    for index in 0..classes.len() {
        set_field_types(vm, index, &classes)?;
    }
    CLASSES.set(vm, classes);
    Ok(())
}

fn index_of(name: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.name == name)
}

fn new_class(vm: &mut Vm, row: &Row, classes: &[Class]) -> PyResult {
    let base = match index_of(row.base) {
        Some(index) => classes[index].class.clone(),
        None => NODE.to_object(),
    };
    let dict = vm.new_dict();
    let names: Vec<Object> = fields_of(row).map(|field| vm.intern(field.name).to_owned()).collect();
    let fields = vm.new_tuple(names).into_object();
    dict.set_str(vm, "_fields", fields.clone());
    dict.set_str(vm, "__match_args__", fields);
    let module = vm.intern("ast").to_owned();
    dict.set_str(vm, "__module__", module);
    let doc = vm.new_str(&doc(row)).into_object();
    dict.set_str(vm, "__doc__", doc);
    for field in fields_of(row).filter(|field| field.count == Count::Optional) {
        dict.set_str(vm, field.name, Object::none());
    }
    if row.is_sum || row.base == "AST" {
        let attributes: &[&str] = if row.positions == Positions::None { &[] } else { &["lineno", "col_offset", "end_lineno", "end_col_offset"] };
        let attributes: Vec<Object> = attributes.iter().map(|name| vm.intern(name).to_owned()).collect();
        let attributes = vm.new_tuple(attributes).into_object();
        dict.set_str(vm, "_attributes", attributes);
    }
    if row.positions == Positions::Optional {
        dict.set_str(vm, "end_lineno", Object::none());
        dict.set_str(vm, "end_col_offset", Object::none());
    }
    let name = vm.new_str(row.name).into_object();
    let bases = vm.new_tuple([base]).into_object();
    vm.call(object::class::TYPE.object(), &[name.borrow(), bases.borrow(), dict.borrow().object()])
}

/// The Python type of a field's values.
fn field_type(kind: &str, classes: &[Class]) -> Object {
    match kind {
        "identifier" | "string" => object::str::STR.to_object(),
        "int" => object::int::INT.to_object(),
        "constant" => object::class::OBJECT.to_object(),
        _ => index_of(kind).map_or(NODE.to_object(), |index| classes[index].class.clone()),
    }
}

fn set_field_types(vm: &mut Vm, index: usize, classes: &[Class]) -> PyResult<()> {
    let row = &ROWS[index];
    if row.is_sum {
        return Ok(());
    }
    let types = vm.new_dict();
    for field in fields_of(row) {
        let class = field_type(field.kind, classes);
        let value = match field.count {
            Count::One => class,
            Count::Optional => vm.binary(BinaryOp::Or, class.borrow(), Ref::NONE)?,
            Count::Many => vm.generic_alias(object::list::LIST.object(), class.borrow())?,
        };
        types.set_str(vm, field.name, value);
    }
    let types = types.into_object();
    let class = classes[index].class.borrow();
    vm.set_attr_str(class, "_field_types", types.borrow())?;
    vm.set_attr_str(class, "__annotations__", types.borrow())
}

fn instantiate(vm: &mut Vm, class: &Object) -> Object {
    let class = class.borrow().downcast::<Type>().expect("type() returns types");
    vm.allocate_in(class.get(), Node)
}

/// The class of a kind of nodes.
pub fn class(vm: &mut Vm, kind: Kind) -> PyResult {
    ensure_classes(vm)?;
    Ok(CLASSES.get(vm)[kind as usize].class.clone())
}

/// Whether an object is a node of this kind, or of the sum.
pub fn is_kind(vm: &mut Vm, object: Ref<'_>, kind: Kind) -> PyResult<bool> {
    let class = class(vm, kind)?;
    Ok(class.borrow().downcast::<Type>().is_some_and(|class| object.is_instance_of(class.get())))
}

/// A node with these fields, in the order of the table. Contexts and operators are always the same
/// objects.
pub fn new_node(vm: &mut Vm, kind: Kind, values: impl IntoIterator<Item = Object>) -> PyResult {
    ensure_classes(vm)?;
    let entry = &CLASSES.get(vm)[kind as usize];
    if let Some(singleton) = &entry.singleton {
        return Ok(singleton.clone());
    }
    let class = entry.class.clone();
    let fields: &[Ref<'static>] = &entry.fields;
    let fields = fields.to_vec();
    let node = instantiate(vm, &class);
    for (name, value) in fields.into_iter().zip(values) {
        object::instance::set_attribute(vm, node.borrow(), name, value);
    }
    Ok(node)
}

/// Where a node is: lines from 1, columns in bytes of UTF-8 from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: i32,
    pub column: i32,
    pub end_line: i32,
    pub end_column: i32,
}

/// A node with its position.
pub fn new_node_at(vm: &mut Vm, kind: Kind, position: Position, values: impl IntoIterator<Item = Object>) -> PyResult {
    let node = new_node(vm, kind, values)?;
    let numbers = [position.line, position.column, position.end_line, position.end_column];
    for (name, number) in ["lineno", "col_offset", "end_lineno", "end_col_offset"].into_iter().zip(numbers) {
        let name = vm.intern(name);
        object::instance::set_attribute(vm, node.borrow(), name, Object::small_int(i64::from(number)));
    }
    Ok(node)
}
