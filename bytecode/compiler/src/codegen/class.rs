//! Classes.

use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::flow::Op;
use crate::source::Span;
use crate::symtable::{Node, Part};
use bytecode::opcode::Intrinsic1;
use bytecode::{Constant, Opcode as O};
use ruff_python_ast as ast;

const NONE: Span = Span::NONE;

impl<'a> Compiler<'a> {
    pub fn class(&mut self, node: &'a ast::StmtClassDef) -> Result {
        self.decorators(&node.decorator_list)?;
        let span = self.definition(&node.decorator_list, node);
        let first_line = self.first_line(&node.decorator_list, span);
        if let Some(parameters) = node.type_params.as_deref() {
            let name = format!("<generic parameters of {}>", node.name);
            self.enter(&name, UnitKind::Annotations, Node::of(parameters, Part::TypeParameters), first_line, Some(&node.name))?;
            self.type_parameters(parameters)?;
            self.name(span, ".type_params", Use::Store)?;
        }
        self.class_body(node, first_line, span)?;
        let (args, keywords) = match node.arguments.as_deref() {
            Some(arguments) => (&*arguments.args, &*arguments.keywords),
            None => (&[][..], &[][..]),
        };
        if node.type_params.is_some() {
            self.name(span, ".type_params", Use::Load)?;
            self.op_arg(span, O::CallIntrinsic1, Intrinsic1::SubscriptGeneric as u32);
            self.name(span, ".generic_base", Use::Store)?;
            self.call_arguments(span, 2, args, Some(".generic_base"), keywords)?;
            let code = self.leave(false)?;
            self.make_closure(span, code, 0)?;
            self.op(span, O::PushNull);
            self.op_arg(span, O::Call, 0);
        } else {
            self.call_arguments(span, 2, args, None, keywords)?;
        }
        self.apply_decorators(&node.decorator_list);
        self.name(span, &node.name, Use::Store)
    }

    fn class_body(&mut self, node: &'a ast::StmtClassDef, first_line: i32, class_span: Span) -> Result {
        self.enter(&node.name, UnitKind::Class, Node::of(node, Part::Class), first_line, Some(&node.name))?;
        let span = Span::at_line(first_line);
        self.name(span, "__name__", Use::Load)?;
        self.name(span, "__module__", Use::Store)?;
        let qualname = self.unit.qualname.clone();
        self.load_text(span, &qualname);
        self.name(span, "__qualname__", Use::Store)?;
        self.load_constant(span, Constant::Int(i64::from(first_line)));
        self.name(span, "__firstlineno__", Use::Store)?;
        if node.type_params.is_some() {
            self.name(span, ".type_params", Use::Load)?;
            self.name(span, "__type_params__", Use::Store)?;
        }
        let (class_dict, class_closure) = (self.scope().needs_class_dict, self.scope().needs_class_closure);
        if class_dict {
            self.op(span, O::LoadLocals);
            self.deref_op(span, O::StoreDeref, "__classdict__");
        }
        if self.scope().has_conditional_annotations {
            self.op_arg(span, O::BuildSet, 0);
            self.deref_op(span, O::StoreDeref, "__conditional_annotations__");
        }
        self.body(span, &node.body)?;
        let attributes = std::mem::take(&mut self.unit.static_attributes);
        let attributes = attributes.into_iter().map(|name| Constant::Str(name.into())).collect();
        self.load_constant(NONE, Constant::Tuple(attributes));
        self.name(NONE, "__static_attributes__", Use::Store)?;
        if class_dict {
            self.deref_op(NONE, Op::LoadClosure, "__classdict__");
            self.name(NONE, "__classdictcell__", Use::Store)?;
        }
        if class_closure {
            self.deref_op(NONE, Op::LoadClosure, "__class__");
            self.op_arg(NONE, O::Copy, 1);
            self.name(NONE, "__classcell__", Use::Store)?;
        } else {
            self.load_none(NONE);
        }
        self.op(NONE, O::ReturnValue);
        let code = self.leave(true)?;
        self.op(class_span, O::LoadBuildClass);
        self.op(class_span, O::PushNull);
        self.make_closure(class_span, code, 0)?;
        self.load_text(class_span, &node.name);
        Ok(())
    }
}
