//! Which of the functions that are met may be inlined, and what is known of their code.
//!
//! Whoever is met while the code of one is described may be inlined into that in turn, until enough is known.

use super::{Known, Tables};
use crate::hot::with_history;
use bytecode::CodeFlags;
use hir::types::{ObjectId, ObjectInfo};
use hir::{CodeId, ty};
use interp::{CodeObject, Function};
use object::str::Str;
use object::{Object, Ref};
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytecode instructions of a function that may be inlined.
const SIZE_LIMIT: usize = 120;
/// The same of all that are described for one compilation.
const TOTAL_LIMIT: usize = 1200;
/// How many functions are described.
const COUNT_LIMIT: usize = 40;

/// Functions that may be inlined.
#[derive(Default)]
pub(super) struct Callees {
    /// Those whose code has been described, by `CodeId` from 1 on.
    pub found: Vec<(ObjectId, Object)>,
    met: VecDeque<(ObjectId, Object)>,
    /// The number of the code that is being described, 0 for that of the function that is compiled.
    current: u32,
}

impl Callees {
    /// The number of the code that is being described.
    pub fn at(&self) -> u32 {
        self.current
    }

    /// A function was met.
    pub fn meet(&mut self, id: ObjectId, function: Ref<'_>) {
        self.met.push_back((id, function.to_owned()));
    }
}

impl Known {
    /// Adds functions as if they had been met, for HIR that is given.
    pub fn add_callees(&mut self, callees: &[Ref<'_>]) {
        let classes = Arc::make_mut(&mut self.preloaded.classes);
        (classes.objects, self.objects) = (Vec::new(), Vec::new());
        for callee in callees {
            let Some(function) = callee.downcast_exact::<Function>() else { continue };
            let id = classes.add_object(ObjectInfo { name: "callee".to_owned(), ty: ty::Func, class: None });
            self.objects.push(Ref::to_owned(*callee));
            self.callees.push((id, function.get().code.get().unwrap_or_else(Object::none)));
        }
    }
}

impl Tables {
    /// Describes the code of functions that were met.
    pub(super) fn preload_callees(&mut self, own: &CodeObject, with_feedback: bool) {
        let mut total = 0;
        while let Some((id, object)) = self.callees.met.pop_front() {
            let Some(function) = object.borrow().downcast_exact::<Function>() else { continue };
            let function = function.get();
            let code = function.code();
            let size = code.data.instructions.len();
            if std::ptr::eq(code, own) {
                self.set_code(id, CodeId(0));
                continue;
            }
            if !with_feedback || !is_inlinable(function, code) || total + size > TOTAL_LIMIT || self.callees.found.len() == COUNT_LIMIT {
                continue;
            }
            total += size;
            let number = self.preloaded.codes.len() as u32;
            self.callees.current = number;
            let unit = with_history(code, |history| self.unit(function, code, &code.qualname_text(), with_feedback, Some(history)));
            self.preloaded.codes.push(unit);
            self.callees.found.push((id, function.code.get().unwrap_or_else(Object::none)));
            self.set_code(id, CodeId(number));
        }
        self.callees.current = 0;
    }

    fn set_code(&mut self, id: ObjectId, code: CodeId) {
        if let Some(known) = self.preloaded.functions.get_mut(&id) {
            known.code = Some(code);
        }
    }
}

fn is_inlinable(function: &Function, code: &CodeObject) -> bool {
    let flags = [CodeFlags::GENERATOR, CodeFlags::COROUTINE, CodeFlags::ASYNC_GENERATOR, CodeFlags::ITERABLE_COROUTINE];
    let looks = |name: &Ref<'_>| name.downcast::<Str>().is_some_and(|name| crate::compile::LOOKING.contains(&&*name.to_string_lossy()));
    // Code that has not been watched would be inlined with all its ways.
    code.runs_copy()
        && code.has_flag(CodeFlags::OPTIMIZED)
        && !flags.iter().any(|flag| code.has_flag(*flag))
        && code.data.instructions.len() <= SIZE_LIMIT
        && !code.compiled.is_suppressed.get()
        && function.closure.get().is_none()
        && !code.names.iter().any(looks)
}
