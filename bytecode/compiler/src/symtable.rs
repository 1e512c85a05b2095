//! What every name of a program is: local, global, free or a cell.
//!
//! Two passes. [`build`] walks the tree and notes for each scope how it uses each name;
//! [`analyze`] then resolves them from the outside in, as CPython's `symtable.c` describes it.
//! The flags are CPython's, since the `symtable` module shows them.

mod analyze;
mod annotations;
mod build;
mod statements;

use crate::source::Span;
use crate::tables::HashMap;
use crate::tables::{IndexMap, IndexSet};
use std::fmt;

pub(crate) use annotations::annotations;
pub(crate) use build::{MAX_DEPTH, build, warn};

/// An index into [`SymbolTable::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// What kind of block a scope is, with the numbers of `_symtable.TYPE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ScopeKind {
    Function = 0,
    Class = 1,
    Module = 2,
    Annotation = 3,
    TypeAlias = 4,
    TypeParameters = 5,
    TypeVariable = 6,
}

/// Which comprehension a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comprehension {
    List,
    Dict,
    Set,
    Generator,
}

/// How a scope uses a name: `DEF_*` and `USE` bits, and above [`flag::SCOPE_OFFSET`] what it resolved to.
pub mod flag {
    pub const DEF_GLOBAL: u32 = 1;
    pub const DEF_LOCAL: u32 = 2;
    pub const DEF_PARAM: u32 = 4;
    pub const DEF_NONLOCAL: u32 = 8;
    pub const USE: u32 = 16;
    pub const DEF_FREE_CLASS: u32 = 64;
    pub const DEF_IMPORT: u32 = 128;
    pub const DEF_ANNOT: u32 = 256;
    pub const DEF_COMP_ITER: u32 = 512;
    pub const DEF_TYPE_PARAM: u32 = 1024;
    pub const DEF_COMP_CELL: u32 = 2048;
    pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM;
    pub const SCOPE_OFFSET: u32 = 12;
    pub const SCOPE_MASK: u32 = 15;
}

/// What a name of a scope resolves to, with the numbers of `_symtable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NameScope {
    Unknown = 0,
    Local = 1,
    GlobalExplicit = 2,
    GlobalImplicit = 3,
    Free = 4,
    Cell = 5,
}

impl NameScope {
    pub fn of(flags: u32) -> NameScope {
        match flags >> flag::SCOPE_OFFSET & flag::SCOPE_MASK {
            1 => NameScope::Local,
            2 => NameScope::GlobalExplicit,
            3 => NameScope::GlobalImplicit,
            4 => NameScope::Free,
            5 => NameScope::Cell,
            _ => NameScope::Unknown,
        }
    }
}

/// The symbols of one block.
#[derive(Clone, Debug)]
pub struct Scope {
    pub id: ScopeId,
    pub name: String,
    pub kind: ScopeKind,
    /// The line of the block.
    pub line: u32,
    /// Flags by mangled name, in order of appearance.
    pub symbols: IndexMap<String, u32>,
    /// Parameters, in order.
    pub parameters: Vec<String>,
    pub children: Vec<ScopeId>,
    pub nested: bool,
    pub generator: bool,
    pub coroutine: bool,
    pub varargs: bool,
    pub varkeywords: bool,
    pub comprehension: Option<Comprehension>,
    /// The comprehension's body is compiled into the scope around it.
    pub inlined: bool,
    pub needs_class_closure: bool,
    pub needs_class_dict: bool,
    pub can_see_class_scope: bool,
    pub method: bool,
    pub annotations_used: bool,
    pub has_conditional_annotations: bool,
    pub has_docstring: bool,
    /// The scope of the `__annotate__` function of a module or class.
    pub annotation_block: Option<ScopeId>,
    pub(crate) in_conditional_block: bool,
    pub(crate) in_unevaluated_annotation: bool,
    pub(crate) iteration_target: bool,
    pub(crate) iteration_expression: u32,
    /// `global` and `nonlocal` statements, for errors.
    pub(crate) directives: Vec<(String, Span)>,
    /// Only these names are mangled (type parameters of a class).
    pub(crate) mangled_names: Option<IndexSet<String>>,
    /// What a type variable scope is, for errors.
    pub(crate) scope_info: Option<&'static str>,
}

impl Scope {
    pub(crate) fn new(id: ScopeId, name: &str, kind: ScopeKind, line: i32) -> Scope {
        Scope {
            id,
            name: name.to_owned(),
            kind,
            line: line.max(0) as u32,
            symbols: IndexMap::default(),
            parameters: Vec::new(),
            children: Vec::new(),
            nested: false,
            generator: false,
            coroutine: false,
            varargs: false,
            varkeywords: false,
            comprehension: None,
            inlined: false,
            needs_class_closure: false,
            needs_class_dict: false,
            can_see_class_scope: false,
            method: false,
            annotations_used: false,
            has_conditional_annotations: false,
            has_docstring: false,
            annotation_block: None,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            iteration_target: false,
            iteration_expression: 0,
            directives: Vec::new(),
            mangled_names: None,
            scope_info: None,
        }
    }

    /// Whether names live in fast locals.
    pub fn is_function_like(&self) -> bool {
        !matches!(self.kind, ScopeKind::Module | ScopeKind::Class)
    }

    /// The flags of a mangled name; 0 if the scope does not know it.
    pub fn flags(&self, name: &str) -> u32 {
        self.symbols.get(name).copied().unwrap_or(0)
    }

    pub fn resolve(&self, name: &str) -> NameScope {
        NameScope::of(self.flags(name))
    }
}

/// Which part of a node a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Function,
    Lambda,
    Class,
    Comprehension,
    TypeParameters,
    TypeAlias,
    Bound,
    Default,
    Annotations,
}

/// The address of a node of the tree, which stays where it is while it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node(usize, Part);

impl Node {
    pub(crate) fn of<T>(node: &T, part: Part) -> Node {
        Node(std::ptr::from_ref(node).addr(), part)
    }
}

/// All scopes of a program; the first is the module's.
#[derive(Clone, Debug, Default)]
pub struct SymbolTable {
    pub scopes: Vec<Scope>,
    pub(crate) by_node: HashMap<Node, ScopeId>,
}

impl SymbolTable {
    pub const TOP: ScopeId = ScopeId(0);

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub(crate) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    pub(crate) fn lookup(&self, node: Node) -> Option<ScopeId> {
        self.by_node.get(&node).copied()
    }

    fn write_scope(&self, f: &mut fmt::Formatter<'_>, scope: &Scope, depth: usize) -> fmt::Result {
        let indent = "    ".repeat(depth);
        writeln!(f, "{indent}{:?} {} (line {})", scope.kind, scope.name, scope.line)?;
        for (name, _) in &scope.symbols {
            writeln!(f, "{indent}  {name}: {:?}", scope.resolve(name))?;
        }
        scope.children.iter().try_for_each(|&child| self.write_scope(f, self.scope(child), depth + 1))
    }
}

/// Each scope with its names, inner scopes indented.
impl fmt::Display for SymbolTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_scope(f, self.scope(SymbolTable::TOP), 0)
    }
}

/// Mangles a private name: `__name` in class `Spam` is `_Spam__name`.
pub fn mangle(class: Option<&str>, name: &str) -> String {
    let Some(class) = class else { return name.to_owned() };
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return name.to_owned();
    }
    let class = class.trim_start_matches('_');
    if class.is_empty() { name.to_owned() } else { format!("_{class}{name}") }
}

/// Mangles a name as `scope` has it: in type parameter scopes only type parameters are private.
pub(crate) fn maybe_mangle(class: Option<&str>, scope: &Scope, name: &str) -> String {
    match &scope.mangled_names {
        Some(names) if !names.contains(name) => name.to_owned(),
        _ => mangle(class, name),
    }
}
