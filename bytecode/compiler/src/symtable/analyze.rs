//! The second pass: resolves names from the outside in, and decides which comprehensions are inlined.
//!
//! `bound` holds what the scopes around bind, `global` what they declare global, `free` collects
//! what the scopes within need from outside. A name that a scope binds and an inner one needs
//! becomes a cell.

use super::{Comprehension, NameScope, Scope, ScopeId, ScopeKind, SymbolTable, flag};
use crate::error::CompileError;
use crate::source::Span;
use crate::tables::HashSet;
use crate::tables::IndexMap;

type Names = HashSet<String>;

pub(super) fn analyze(table: &mut SymbolTable) -> Result<(), CompileError> {
    let mut pass = Pass { table };
    pass.block(SymbolTable::TOP, None, &mut Names::default(), &mut Names::default(), &mut Names::default(), None)
}

struct Pass<'a> {
    table: &'a mut SymbolTable,
}

/// The names of the block that is being analysed.
#[derive(Default)]
struct Block {
    scopes: IndexMap<String, NameScope>,
    local: Names,
}

impl Pass<'_> {
    fn block(
        &mut self,
        id: ScopeId,
        mut bound: Option<&mut Names>,
        free: &mut Names,
        global: &mut Names,
        type_params: &mut Names,
        class: Option<ScopeId>,
    ) -> Result<(), CompileError> {
        let kind = self.table.scope(id).kind;
        let mut block = Block::default();
        let mut new_global = Names::default();
        let mut new_free = Names::default();
        let mut new_bound = Names::default();
        if kind == ScopeKind::Class {
            new_global.extend(global.iter().cloned());
            if let Some(bound) = &bound {
                new_bound.extend(bound.iter().cloned());
            }
        }
        let symbols: Vec<(String, u32)> = self.table.scope(id).symbols.iter().map(|(name, &flags)| (name.clone(), flags)).collect();
        for (name, flags) in &symbols {
            self.name(id, &mut block, name, *flags, bound.as_deref_mut(), free, global, type_params, class)?;
        }
        if kind == ScopeKind::Class {
            new_bound.extend(["__class__", "__classdict__", "__conditional_annotations__"].map(str::to_owned));
        } else {
            if self.table.scope(id).is_function_like() {
                new_bound.extend(block.local.iter().cloned());
            }
            if let Some(bound) = &bound {
                new_bound.extend(bound.iter().cloned());
            }
            new_global.extend(global.iter().cloned());
        }
        let inlined_cells = self.children(id, &mut block, &new_bound, &mut new_free, &new_global, type_params, class)?;
        if self.table.scope(id).is_function_like() {
            for (name, scope) in &mut block.scopes {
                if *scope == NameScope::Local && (new_free.contains(name) || inlined_cells.contains(name)) {
                    *scope = NameScope::Cell;
                    new_free.remove(name);
                }
            }
        } else if kind == ScopeKind::Class {
            let scope = self.table.scope_mut(id);
            scope.needs_class_closure |= new_free.remove("__class__");
            scope.needs_class_dict |= new_free.remove("__classdict__");
            scope.has_conditional_annotations |= new_free.remove("__conditional_annotations__");
        }
        self.record(id, &block, bound.as_deref(), &new_free, &inlined_cells);
        free.extend(new_free);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the sets of the algorithm")]
    fn name(
        &mut self,
        id: ScopeId,
        block: &mut Block,
        name: &str,
        flags: u32,
        bound: Option<&mut Names>,
        free: &mut Names,
        global: &mut Names,
        type_params: &mut Names,
        class: Option<ScopeId>,
    ) -> Result<(), CompileError> {
        let mut set = |scope| {
            block.scopes.insert(name.to_owned(), scope);
        };
        if flags & flag::DEF_GLOBAL != 0 {
            if flags & flag::DEF_NONLOCAL != 0 {
                return Err(self.directive_error(id, name, format!("name '{name}' is nonlocal and global")));
            }
            set(NameScope::GlobalExplicit);
            global.insert(name.to_owned());
            if let Some(bound) = bound {
                bound.remove(name);
            }
            return Ok(());
        }
        if flags & flag::DEF_NONLOCAL != 0 {
            let Some(bound) = bound else {
                return Err(self.directive_error(id, name, "nonlocal declaration not allowed at module level".to_owned()));
            };
            if !bound.contains(name) {
                return Err(self.directive_error(id, name, format!("no binding for nonlocal '{name}' found")));
            }
            if type_params.contains(name) {
                return Err(self.directive_error(id, name, format!("nonlocal binding not allowed for type parameter '{name}'")));
            }
            set(NameScope::Free);
            free.insert(name.to_owned());
            return Ok(());
        }
        if flags & flag::DEF_BOUND != 0 {
            set(NameScope::Local);
            block.local.insert(name.to_owned());
            global.remove(name);
            if flags & flag::DEF_TYPE_PARAM != 0 {
                type_params.insert(name.to_owned());
            } else {
                type_params.remove(name);
            }
            return Ok(());
        }
        // The namespace of the class is a cell, whatever the class does with its name.
        if let Some(class) = class
            && name != "__classdict__"
            && name != "__conditional_annotations__"
        {
            let class_flags = self.table.scope(class).flags(name);
            if class_flags & flag::DEF_GLOBAL != 0 {
                set(NameScope::GlobalExplicit);
                return Ok(());
            }
            if class_flags & flag::DEF_BOUND != 0 && class_flags & flag::DEF_NONLOCAL == 0 {
                set(NameScope::GlobalImplicit);
                return Ok(());
            }
        }
        if bound.is_some_and(|bound| bound.contains(name)) {
            set(NameScope::Free);
            free.insert(name.to_owned());
        } else {
            set(NameScope::GlobalImplicit);
        }
        Ok(())
    }

    fn directive_error(&self, id: ScopeId, name: &str, message: String) -> CompileError {
        let directives = &self.table.scope(id).directives;
        let span = directives.iter().find(|(directive, _)| directive == name).map_or(Span::NONE, |(_, span)| *span);
        CompileError::syntax(message, span)
    }

    /// Analyses the scopes within and inlines comprehensions; the answer is the cells of inlined ones.
    fn children(
        &mut self,
        id: ScopeId,
        block: &mut Block,
        new_bound: &Names,
        new_free: &mut Names,
        new_global: &Names,
        type_params: &Names,
        class: Option<ScopeId>,
    ) -> Result<Names, CompileError> {
        let mut inlined_cells = Names::default();
        let children = self.table.scope(id).children.clone();
        let (kind, sees_class) = (self.table.scope(id).kind, self.table.scope(id).can_see_class_scope);
        for &child in &children {
            let entry = self.table.scope(child);
            let new_class = if !entry.can_see_class_scope {
                None
            } else if kind == ScopeKind::Class {
                Some(id)
            } else {
                class
            };
            let inline = matches!(entry.comprehension, Some(Comprehension::List | Comprehension::Set | Comprehension::Dict)) && !sees_class;
            let mut child_free = Names::default();
            let mut bound = new_bound.clone();
            let mut global = new_global.clone();
            let mut params = type_params.clone();
            self.block(child, Some(&mut bound), &mut child_free, &mut global, &mut params, new_class)?;
            if inline {
                self.inline(id, block, child, &mut child_free, &mut inlined_cells);
                self.table.scope_mut(child).inlined = true;
            }
            new_free.extend(child_free);
        }
        let spliced = children
            .into_iter()
            .flat_map(|child| match self.table.scope(child) {
                entry if entry.inlined => entry.children.clone(),
                _ => vec![child],
            })
            .collect();
        self.table.scope_mut(id).children = spliced;
        Ok(inlined_cells)
    }

    /// Merges a comprehension's names into the scope around it.
    fn inline(&mut self, id: ScopeId, block: &mut Block, comprehension: ScopeId, free: &mut Names, inlined_cells: &mut Names) {
        let symbols: Vec<(String, u32)> = self.table.scope(comprehension).symbols.iter().map(|(name, &flags)| (name.clone(), flags)).collect();
        let in_class = self.table.scope(id).kind == ScopeKind::Class;
        for (name, flags) in symbols {
            if flags & flag::DEF_PARAM != 0 {
                continue;
            }
            let mut scope = NameScope::of(flags);
            let own_flags = flags & ((1 << flag::SCOPE_OFFSET) - 1);
            if scope == NameScope::Cell || own_flags & flag::DEF_COMP_CELL != 0 {
                inlined_cells.insert(name.clone());
            }
            // `__class__` is no variable of a class body.
            if scope == NameScope::Free && in_class && matches!(name.as_str(), "__class__" | "__classdict__" | "__conditional_annotations__") {
                scope = NameScope::GlobalImplicit;
                if !self.free_in_any_child(comprehension, &name) {
                    free.remove(&name);
                }
                self.table.scope_mut(comprehension).symbols.shift_remove(&name);
            }
            let existing = self.table.scope(id).symbols.get(&name).copied();
            match existing {
                None => {
                    self.table.scope_mut(id).symbols.insert(name.clone(), own_flags);
                    block.scopes.insert(name, scope);
                }
                Some(existing) => {
                    // A free variable of the comprehension that the scope binds is now simply local.
                    if existing & flag::DEF_BOUND != 0 && !in_class && !self.free_in_any_child(comprehension, &name) {
                        free.remove(&name);
                    }
                    if own_flags & flag::DEF_BOUND == 0 && !in_class {
                        self.table.scope_mut(id).symbols.insert(name, existing | flags & flag::USE);
                    }
                }
            }
        }
    }

    fn free_in_any_child(&self, id: ScopeId, name: &str) -> bool {
        self.table.scope(id).children.iter().any(|&child| self.table.scope(child).resolve(name) == NameScope::Free)
    }

    fn record(&mut self, id: ScopeId, block: &Block, bound: Option<&Names>, free: &Names, inlined_cells: &Names) {
        let scope: &mut Scope = self.table.scope_mut(id);
        let class_flag = scope.kind == ScopeKind::Class || scope.can_see_class_scope;
        for (name, flags) in &mut scope.symbols {
            if inlined_cells.contains(name) {
                *flags |= flag::DEF_COMP_CELL;
            }
            let resolved = block.scopes.get(name).copied().unwrap_or(NameScope::Unknown);
            *flags |= (resolved as u32) << flag::SCOPE_OFFSET;
        }
        let mut free: Vec<&String> = free.iter().collect();
        free.sort();
        for name in free {
            match scope.symbols.get_mut(name) {
                Some(flags) => {
                    if class_flag {
                        *flags |= flag::DEF_FREE_CLASS;
                    }
                }
                None if bound.is_some_and(|bound| !bound.contains(name)) => {}
                None => {
                    scope.symbols.insert(name.clone(), (NameScope::Free as u32) << flag::SCOPE_OFFSET);
                }
            }
        }
    }
}
