//! Calls of what is known.

use super::{Change, Simplifier};
use crate::environment::{KnownNative, NativeKind};
use crate::instr::{Condition, DoubleUnaryKind, Instr, Value};
use crate::types::{ObjectId, Type, ty};

impl Simplifier<'_> {
    pub(super) fn call(&mut self, _value: Value, instr: Instr) -> Option<Change> {
        match instr {
            Instr::CallMethod { callable, receiver, args } => {
                let args = self.function.pool.values(args).to_vec();
                self.without_receiver(callable, receiver, args)
            }
            Instr::VectorCall { callable, args } => {
                let args = self.function.pool.values(args).to_vec();
                self.vector_call(callable, args)
            }
            Instr::IsInstance { value, class } => self.is_instance(value, class),
            Instr::CallNative { args, callee, .. } => {
                let args = self.function.pool.values(args).to_vec();
                self.native_of_number(callee, &args)
            }
            _ => None,
        }
    }

    /// Whether there is a receiver is known.
    fn without_receiver(&mut self, callable: Value, receiver: Value, mut args: Vec<Value>) -> Option<Change> {
        if self.ty(receiver).fits(ty::Object) {
            args.insert(0, receiver);
        } else if !self.is(receiver, ty::Nullptr) {
            return None;
        }
        let args = self.function.pool.add_values(&args);
        Some(Change::Into(Instr::vector_call(callable, args)))
    }

    fn vector_call(&mut self, callable: Value, mut args: Vec<Value>) -> Option<Change> {
        if let Instr::MakeMethod { function, receiver } = self.def(self.function.model(callable)) {
            args.insert(0, receiver);
            let args = self.function.pool.add_values(&args);
            return Some(Change::Into(Instr::vector_call(function, args)));
        }
        let callee = self.ty(callable).known_object()?;
        let preloaded = self.preloaded;
        if let Some(native) = preloaded.natives.get(&callee) {
            return self.native(callee, native, &args);
        }
        let known = preloaded.functions.get(&callee)?;
        if !known.takes(args.len()) || !self.is(callable, ty::Func) {
            return None;
        }
        let assumption = known.assumption?;
        let returns = self.function.pool.add_type(known.returns);
        let state = self.guard_state()?;
        self.emit_with(Instr::deopt_patchpoint(assumption), Some(state));
        let args = self.function.pool.add_values(&args);
        Some(Change::Into(Instr::call_function(callable, args, callee, returns)))
    }

    fn native(&mut self, callee: ObjectId, native: &KnownNative, args: &[Value]) -> Option<Change> {
        match (native.kind, args) {
            (NativeKind::Len, &[value]) => return Some(Change::Into(Instr::get_length(value))),
            (NativeKind::TypeOf, &[value]) => return self.into(Instr::load_class(value)),
            (NativeKind::ListAppend, &[list, item]) if self.is(list, ty::ListExact) => {
                self.emit(Instr::list_append(list, item));
                return self.give_constant(ty::NoneType);
            }
            _ => {}
        }
        if native.arguments != u32::try_from(args.len()).ok()? {
            return None;
        }
        let is_leaf = native.is_leaf
            && native.leaf_arguments.len() == args.len()
            && args.iter().zip(&native.leaf_arguments).all(|(arg, must)| self.ty(*arg).is_subtype(*must, &self.function.classes));
        let returns = self.function.pool.add_type(native.returns);
        let args = self.function.pool.add_values(args);
        Some(Change::Into(if is_leaf { Instr::call_native_leaf(args, callee, returns) } else { Instr::call_native(args, callee, returns) }))
    }

    /// A function of a number that is known to be one by now. What gives no number is left to the interpreter, which raises.
    fn native_of_number(&mut self, callee: ObjectId, args: &[Value]) -> Option<Change> {
        let kind = match self.preloaded.natives.get(&callee)?.kind {
            NativeKind::SquareRoot => DoubleUnaryKind::SquareRoot,
            NativeKind::Sine => DoubleUnaryKind::Sine,
            NativeKind::Cosine => DoubleUnaryKind::Cosine,
            _ => return None,
        };
        let &[value] = args else { return None };
        if !self.is(value, ty::Number) {
            return None;
        }
        let state = self.guard_state()?;
        let number = self.emit(Instr::number_to_double(value));
        let result = self.emit(Instr::double_unary_op(number, kind));
        let is_number = self.emit(Instr::primitive_compare(result, result, Condition::Equal));
        self.emit_with(Instr::guard(is_number), Some(state));
        self.into(Instr::float_box(result))
    }

    /// Known from the class of the value, if the asked class has no `__instancecheck__` of its own.
    fn is_instance(&mut self, value: Value, class: Value) -> Option<Change> {
        if !self.is(class, ty::TypeExact) {
            return None;
        }
        let object = self.ty(class).known_object()?;
        let classes = &self.function.classes;
        let asked = self.preloaded.instances_of(object, classes)?;
        let is = self.ty(value);
        if is.is_bottom() || is.may_be_null() {
            return None;
        }
        if is.is_subtype(asked, classes) {
            return self.give_bool(true);
        }
        // Other objects may pretend to be what they are not.
        let honest = Type::any_of(&[ty::BuiltinHeap, ty::Uncounted]);
        if is.unspecialized().fits(honest) && !is.could_be(asked, classes) { self.give_bool(false) } else { None }
    }
}
