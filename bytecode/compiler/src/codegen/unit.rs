//! The code object under construction, and how names become instructions.

use super::block::FrameBlock;
use super::{Compiler, Result, Use};
use crate::flow::{self, Constants, Label, Op, Sequence, Shape};
use crate::source::Span;
use crate::symtable::{self, NameScope, Node, Scope, ScopeId, ScopeKind, SymbolTable, flag};
use crate::tables::IndexSet;
use bytecode::code::Local;
use bytecode::{Code, CodeFlags, Constant, LocalKind, Opcode as O};
use ruff_python_ast::StmtAnnAssign;
use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    Annotations,
}

pub(crate) struct Unit<'a> {
    pub scope: ScopeId,
    pub kind: UnitKind,
    pub name: String,
    pub qualname: String,
    pub private: Option<String>,
    pub first_line: u32,
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    pub sequence: Sequence,
    /// The instructions that set up a module's `__annotate__`, which run first.
    pub annotation_setup: Option<Sequence>,
    pub constants: Constants,
    names: IndexSet<String>,
    pub varnames: IndexSet<String>,
    pub cellvars: IndexSet<String>,
    pub freevars: IndexSet<String>,
    /// Fast locals of inlined comprehensions in a module or class; false once the comprehension is done.
    pub hidden: HashMap<String, bool>,
    pub blocks: Vec<FrameBlock<'a>>,
    pub static_attributes: BTreeSet<String>,
    pub annotations: Vec<(&'a StmtAnnAssign, Option<u32>)>,
    pub next_annotation: u32,
    pub in_conditional_block: bool,
    pub inlined_depth: u32,
    /// The first parameter is shown under another name.
    pub renamed_parameter: Option<&'static str>,
}

impl Unit<'_> {
    pub fn new(scope: ScopeId, kind: UnitKind, name: &str, first_line: u32) -> Self {
        Unit {
            scope,
            kind,
            name: name.to_owned(),
            qualname: name.to_owned(),
            private: None,
            first_line,
            arg_count: 0,
            positional_only_count: 0,
            keyword_only_count: 0,
            sequence: Sequence::default(),
            annotation_setup: None,
            constants: Constants::default(),
            names: IndexSet::default(),
            varnames: IndexSet::default(),
            cellvars: IndexSet::default(),
            freevars: IndexSet::default(),
            hidden: HashMap::default(),
            blocks: Vec::new(),
            static_attributes: BTreeSet::new(),
            annotations: Vec::new(),
            next_annotation: 0,
            in_conditional_block: false,
            inlined_depth: 0,
            renamed_parameter: None,
        }
    }

    pub fn name_index(&mut self, name: &str) -> u32 {
        index(&mut self.names, name)
    }

    pub fn varname_index(&mut self, name: &str) -> u32 {
        index(&mut self.varnames, name)
    }

    /// The operand, before slots are known, of a cell or free variable.
    pub fn deref_index(&self, name: &str) -> Option<u32> {
        if let Some(index) = self.cellvars.get_index_of(name) {
            return Some(index as u32);
        }
        self.freevars.get_index_of(name).map(|index| (index + self.cellvars.len()) as u32)
    }
}

fn index(set: &mut IndexSet<String>, name: &str) -> u32 {
    match set.get_index_of(name) {
        Some(index) => index as u32,
        None => set.insert_full(name.to_owned()).0 as u32,
    }
}

/// The names of a scope that resolve to `wanted` or have one of `flags`, sorted.
fn names_with(scope: &Scope, wanted: NameScope, flags: u32) -> Vec<String> {
    let mut names: Vec<String> =
        scope.symbols.iter().filter(|(_, value)| NameScope::of(**value) == wanted || **value & flags != 0).map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

impl<'a> Compiler<'a> {
    pub fn scope(&self) -> &Scope {
        self.table.scope(self.unit.scope)
    }

    /// Begins the unit of a scope of the symbol table.
    pub fn enter(&mut self, name: &str, kind: UnitKind, node: Node, first_line: i32, private: Option<&str>) -> Result {
        let Some(scope) = self.table.lookup(node) else {
            return self.error("unknown scope", Span::NONE);
        };
        self.enter_scope(name, kind, scope, first_line, private);
        Ok(())
    }

    pub fn enter_scope(&mut self, name: &str, kind: UnitKind, scope: ScopeId, first_line: i32, private: Option<&str>) {
        let unit = Unit::new(scope, kind, name, first_line.max(0) as u32);
        let around = std::mem::replace(&mut self.unit, unit);
        self.unit.private = private.map(str::to_owned).or_else(|| around.private.clone());
        self.unit.qualname = self.qualified_name(name, kind, &around);
        self.stack.push(around);
        self.start_unit();
    }

    /// The qualified name of what `parent` contains; `stack` has the units around `parent`.
    pub fn qualified_name(&self, name: &str, kind: UnitKind, parent: &Unit<'_>) -> String {
        let mut parent = parent;
        if parent.kind == UnitKind::Annotations {
            match self.stack.last() {
                Some(around) => parent = around,
                None => return name.to_owned(),
            }
        }
        let is_top = parent.kind == UnitKind::Module;
        let definition = matches!(kind, UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Class);
        if definition {
            let mangled = symtable::mangle(parent.private.as_deref(), name);
            if self.table.scope(parent.scope).resolve(&mangled) == NameScope::GlobalExplicit {
                return name.to_owned();
            }
        }
        if is_top {
            return name.to_owned();
        }
        let locals = matches!(parent.kind, UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda);
        format!("{}{}.{name}", parent.qualname, if locals { ".<locals>" } else { "" })
    }

    /// Sets the variables up and emits the first instructions.
    pub fn start_unit(&mut self) {
        let scope = self.table.scope(self.unit.scope);
        let unit = &mut self.unit;
        unit.varnames = scope.parameters.iter().cloned().collect();
        unit.cellvars = names_with(scope, NameScope::Cell, flag::DEF_COMP_CELL).into_iter().collect();
        let implicit = [
            (scope.needs_class_closure, "__class__"),
            (scope.needs_class_dict, "__classdict__"),
            (scope.has_conditional_annotations && scope.kind == ScopeKind::Class, "__conditional_annotations__"),
        ];
        for (needed, name) in implicit {
            if needed {
                unit.cellvars.insert(name.to_owned());
            }
        }
        // CPython makes the set of a module's annotations a cell too, though nothing uses it as one.
        if scope.has_conditional_annotations && scope.kind == ScopeKind::Module {
            unit.cellvars.insert("__conditional_annotations__".to_owned());
        }
        unit.freevars = names_with(scope, NameScope::Free, flag::DEF_FREE_CLASS).into_iter().collect();
        let generator = scope.generator || scope.coroutine;
        let line = unit.first_line as i32;
        if generator {
            let span = Span::whole_line(line);
            self.op(span, O::ReturnGenerator);
            self.op(span, O::PopTop);
        }
        let is_module = self.unit.kind == UnitKind::Module;
        let span = if is_module { Span { line: 0, end_line: line, column: 0, end_column: 0 } } else { Span::at_line(line) };
        self.op(span, O::Resume);
        if is_module {
            self.op(span, Op::AnnotationsPlaceholder);
        }
    }

    /// Ends the current unit and goes back to the one around it.
    pub fn leave(&mut self, add_none: bool) -> Result<Code> {
        let code = self.finish_unit(add_none)?;
        if let Some(around) = self.stack.pop() {
            self.unit = around;
        }
        Ok(code)
    }

    /// Assembles the current unit.
    pub fn finish_unit(&mut self, add_none: bool) -> Result<Code> {
        if add_none {
            self.load_none(Span::NONE);
        }
        self.op(Span::NONE, O::ReturnValue);
        let flags = self.flags();
        let scope_flags = (self.scope().varargs, self.scope().varkeywords);
        let unit = &mut self.unit;
        let mut sequence = std::mem::take(&mut unit.sequence);
        sequence.fill_placeholder(unit.annotation_setup.take());
        let local_count = unit.varnames.len();
        let mut next = local_count as u32;
        let mut cell_slots = Vec::new();
        for name in &unit.cellvars {
            match unit.varnames.get_index_of(name) {
                Some(index) => cell_slots.push(index as u32),
                None => {
                    cell_slots.push(next);
                    next += 1;
                }
            }
        }
        let cell_count = cell_slots.len();
        cell_slots.extend((0..unit.freevars.len() as u32).map(|index| next + index));
        let arguments = unit.arg_count + unit.keyword_only_count;
        let shape = Shape {
            first_line: unit.first_line,
            local_count,
            parameter_count: (arguments + u32::from(scope_flags.0) + u32::from(scope_flags.1)) as usize,
            cell_slots,
            cell_count,
        };
        let assembled = flow::assemble(sequence, &mut unit.constants, &shape)?;
        let locals = locals(unit, scope_flags.0, scope_flags.1);
        Ok(Code {
            name: std::mem::take(&mut unit.name),
            qualname: std::mem::take(&mut unit.qualname),
            filename: self.options.filename.to_owned(),
            first_line: unit.first_line,
            flags,
            arg_count: unit.arg_count,
            positional_only_count: unit.positional_only_count,
            keyword_only_count: unit.keyword_only_count,
            stack_size: assembled.stack_size.max(1),
            instructions: assembled.instructions,
            locations: assembled.locations.into_iter().collect(),
            exception_table: assembled.exception_table,
            constants: std::mem::take(&mut unit.constants).values,
            names: unit.names.drain(..).collect(),
            locals,
        })
    }

    fn flags(&self) -> CodeFlags {
        let scope = self.scope();
        let mut flags = CodeFlags(self.future.flags & 0x01ff_0000 | self.options.flags & 0x01ff_0000);
        let mut add = |condition: bool, flag: CodeFlags| {
            if condition {
                flags = flags.with(flag);
            }
        };
        if scope.is_function_like() {
            add(true, CodeFlags::NEWLOCALS);
            add(true, CodeFlags::OPTIMIZED);
            add(scope.nested, CodeFlags::NESTED);
            add(scope.generator && !scope.coroutine, CodeFlags::GENERATOR);
            add(scope.generator && scope.coroutine, CodeFlags::ASYNC_GENERATOR);
            add(!scope.generator && scope.coroutine, CodeFlags::COROUTINE);
            add(scope.varargs, CodeFlags::VARARGS);
            add(scope.varkeywords, CodeFlags::VARKEYWORDS);
            add(scope.has_docstring && self.options.optimize < 2 && scope.kind == ScopeKind::Function, CodeFlags::HAS_DOCSTRING);
            add(scope.method, CodeFlags::METHOD);
        } else if scope.kind == ScopeKind::Module {
            add(self.options.top_level_await && scope.coroutine && !scope.generator, CodeFlags::COROUTINE);
        }
        flags
    }

    /// Loads, stores or deletes a variable.
    pub fn name(&mut self, span: Span, name: &str, usage: Use) -> Result {
        let mangled = self.mangle(name);
        let scope = self.scope();
        let resolved = scope.resolve(&mangled);
        let (function_like, in_class, sees_class) = (scope.is_function_like(), scope.kind == ScopeKind::Class, scope.can_see_class_scope);
        let inlined = self.unit.inlined_depth > 0;
        match resolved {
            NameScope::Free | NameScope::Cell => {
                let free = self.unit.freevars.get_index_of(&mangled).filter(|_| resolved == NameScope::Free);
                let free = free.map(|index| (index + self.unit.cellvars.len()) as u32);
                let Some(index) = free.or_else(|| self.unit.deref_index(&mangled)) else {
                    return self.error(format!("compiler_lookup_arg(name='{mangled}') failed"), span);
                };
                let opcode = match usage {
                    Use::Load if in_class && !inlined => {
                        self.op(span, O::LoadLocals);
                        O::LoadFromDictOrDeref
                    }
                    Use::Load if sees_class => {
                        self.load_class_dict(span);
                        O::LoadFromDictOrDeref
                    }
                    Use::Load => O::LoadDeref,
                    Use::Store => O::StoreDeref,
                    Use::Delete => O::DeleteDeref,
                };
                self.op_arg(span, opcode, index);
            }
            NameScope::Local if function_like || self.unit.hidden.get(&mangled) == Some(&true) => {
                let index = self.unit.varname_index(&mangled);
                let opcode = match usage {
                    Use::Load => O::LoadFast,
                    Use::Store => O::StoreFast,
                    Use::Delete => O::DeleteFast,
                };
                self.op_arg(span, opcode, index);
            }
            NameScope::GlobalImplicit | NameScope::GlobalExplicit if function_like || resolved == NameScope::GlobalExplicit => match usage {
                Use::Load if sees_class && resolved == NameScope::GlobalImplicit => {
                    self.load_class_dict(span);
                    self.name_op(span, O::LoadFromDictOrGlobals, &mangled);
                }
                Use::Load => {
                    let index = self.unit.name_index(&mangled);
                    self.op_arg(span, O::LoadGlobal, index << 1);
                }
                Use::Store => self.name_op(span, O::StoreGlobal, &mangled),
                Use::Delete => self.name_op(span, O::DeleteGlobal, &mangled),
            },
            _ => match usage {
                Use::Load if in_class && inlined => {
                    let index = self.unit.name_index(&mangled);
                    self.op_arg(span, O::LoadGlobal, index << 1);
                }
                Use::Load => self.name_op(span, O::LoadName, &mangled),
                Use::Store => self.name_op(span, O::StoreName, &mangled),
                Use::Delete => self.name_op(span, O::DeleteName, &mangled),
            },
        }
        Ok(())
    }

    fn load_class_dict(&mut self, span: Span) {
        self.deref_op(span, O::LoadDeref, "__classdict__");
    }

    /// An instruction on a cell or free variable, whatever the scope thinks of the name.
    pub fn deref_op(&mut self, span: Span, op: impl Into<Op>, name: &str) {
        if let Some(index) = self.unit.deref_index(name) {
            self.op_arg(span, op, index);
        }
    }

    /// Loads the cell of a variable. Where an inlined comprehension has a cell of a name that is free
    /// outside of it, the scope decides which of the two is meant.
    fn load_closure(&mut self, span: Span, name: &str) {
        let free = self.unit.freevars.get_index_of(name).filter(|_| self.scope().resolve(name) == NameScope::Free);
        match free {
            Some(index) => self.op_arg(span, Op::LoadClosure, (index + self.unit.cellvars.len()) as u32),
            None => self.deref_op(span, Op::LoadClosure, name),
        }
    }

    /// Makes a function from the code, which is put on the stack; `flags` say what lies there for it.
    pub fn make_closure(&mut self, span: Span, code: Code, flags: u32) -> Result {
        use bytecode::opcode::FunctionAttribute as Attribute;
        let mut flags = flags;
        let free: Vec<String> = code.locals.iter().filter(|local| local.kind.has(LocalKind::FREE)).map(|local| local.name.clone()).collect();
        if !free.is_empty() {
            for name in &free {
                self.load_closure(span, name);
            }
            flags |= Attribute::Closure as u32;
            self.op_arg(span, O::BuildTuple, free.len() as u32);
        }
        self.load_constant(span, Constant::Code(Box::new(code)));
        self.op(span, O::MakeFunction);
        for attribute in [Attribute::Closure, Attribute::Annotations, Attribute::Annotate, Attribute::KeywordDefaults, Attribute::Defaults] {
            if flags & attribute as u32 != 0 {
                self.op_arg(span, O::SetFunctionAttribute, attribute as u32);
            }
        }
        Ok(())
    }

    /// Guards a generator's body: `StopIteration` must not escape from it.
    pub fn wrap_in_stop_iteration_handler(&mut self) {
        let handler = self.label();
        self.unit.sequence.insert_before_resume(Op::SetupCleanup, handler);
        self.load_none(Span::NONE);
        self.op(Span::NONE, O::ReturnValue);
        self.place(handler);
        self.op_arg(Span::NONE, O::CallIntrinsic1, bytecode::opcode::Intrinsic1::StopIterationError as u32);
        self.op_arg(Span::NONE, O::Reraise, 1);
    }

    pub fn global_symbol_flags(&self, name: &str) -> u32 {
        self.table.scope(SymbolTable::TOP).flags(name)
    }

    pub fn new_labels<const N: usize>(&mut self) -> [Label; N] {
        std::array::from_fn(|_| self.label())
    }
}

fn locals(unit: &Unit<'_>, varargs: bool, varkeywords: bool) -> Vec<Local> {
    let mut locals = Vec::new();
    let (positional, keyword_only) = (unit.arg_count as usize, unit.keyword_only_count as usize);
    for (index, name) in unit.varnames.iter().enumerate() {
        let mut kind = LocalKind::LOCAL;
        let after = positional + keyword_only;
        if index < positional {
            kind = kind.with(LocalKind(
                LocalKind::ARG_POSITIONAL.0 | if index < unit.positional_only_count as usize { 0 } else { LocalKind::ARG_KEYWORD.0 },
            ));
        } else if index < after {
            kind = kind.with(LocalKind::ARG_KEYWORD);
        } else if varargs && index == after {
            kind = kind.with(LocalKind(LocalKind::ARG_VARIADIC.0 | LocalKind::ARG_POSITIONAL.0));
        } else if varkeywords && index == after + usize::from(varargs) {
            kind = kind.with(LocalKind(LocalKind::ARG_VARIADIC.0 | LocalKind::ARG_KEYWORD.0));
        }
        if unit.hidden.contains_key(name) {
            kind = kind.with(LocalKind::HIDDEN);
        }
        if unit.cellvars.contains(name) {
            kind = kind.with(LocalKind::CELL);
        }
        let shown = unit.renamed_parameter.filter(|_| index == 0).unwrap_or(name);
        locals.push(Local { name: shown.to_owned(), kind });
    }
    for name in unit.cellvars.iter().filter(|name| !unit.varnames.contains(*name)) {
        locals.push(Local { name: name.clone(), kind: LocalKind::CELL });
    }
    for name in &unit.freevars {
        locals.push(Local { name: name.clone(), kind: LocalKind::FREE });
    }
    locals
}
