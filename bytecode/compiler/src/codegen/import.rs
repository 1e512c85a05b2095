//! Imports.

use super::{Compiler, Result, Use};
use crate::source::Span;
use bytecode::opcode::Intrinsic1;
use bytecode::{Constant, Opcode as O};
use ruff_python_ast as ast;

impl<'a> Compiler<'a> {
    pub fn import(&mut self, node: &'a ast::StmtImport) -> Result {
        let span = self.span(node);
        for alias in &node.names {
            self.load_constant(span, Constant::Int(0));
            self.load_none(span);
            self.import_op(span, O::ImportName, &alias.name);
            match &alias.asname {
                Some(target) => self.import_as(span, &alias.name, target)?,
                None => {
                    let first = alias.name.split('.').next().unwrap_or_default();
                    self.name(span, first, Use::Store)?;
                }
            }
        }
        Ok(())
    }

    /// Private names are mangled even here.
    fn import_op(&mut self, span: Span, op: O, name: &str) {
        let mangled = self.mangle(name);
        self.name_op(span, op, &mangled);
    }

    /// `import a.b.c as d` binds the innermost module.
    fn import_as(&mut self, span: Span, name: &str, target: &str) -> Result {
        let mut parts = name.split('.').skip(1).peekable();
        if parts.peek().is_none() {
            return self.name(span, target, Use::Store);
        }
        while let Some(part) = parts.next() {
            self.import_op(span, O::ImportFrom, part);
            if parts.peek().is_some() {
                self.op_arg(span, O::Swap, 2);
                self.op(span, O::PopTop);
            }
        }
        self.name(span, target, Use::Store)?;
        self.op(span, O::PopTop);
        Ok(())
    }

    pub fn import_from(&mut self, node: &'a ast::StmtImportFrom) -> Result {
        let span = self.span(node);
        self.load_constant(span, Constant::Int(i64::from(node.level)));
        let names = node.names.iter().map(|alias| Constant::Str(alias.name.as_str().into())).collect();
        self.load_constant(span, Constant::Tuple(names));
        self.import_op(span, O::ImportName, node.module.as_deref().unwrap_or_default());
        for alias in &node.names {
            if alias.name.as_str() == "*" {
                self.op_arg(span, O::CallIntrinsic1, Intrinsic1::ImportStar as u32);
                self.op(Span::NONE, O::PopTop);
                return Ok(());
            }
            self.import_op(span, O::ImportFrom, &alias.name);
            self.name(span, alias.asname.as_ref().unwrap_or(&alias.name), Use::Store)?;
        }
        self.op(span, O::PopTop);
        Ok(())
    }
}
