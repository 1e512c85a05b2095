//! Calls: directly where the callee is known, by an assumption or by what was seen.

use super::{Builder, Refusal};
use crate::environment::{KnownFunction, Seen};
use crate::function::Ending;
use crate::instr::{Instr, Value};
use crate::types::{ObjectId, Type, ty};
use bytecode::opcode::{FunctionAttribute, Intrinsic1, Intrinsic2};

impl Builder<'_> {
    pub(super) fn call(&mut self, n: u32) {
        let args = self.pop_many(n);
        let receiver = self.pop_opt();
        let callable = self.pop();
        let result = self.call_value(callable, receiver, args);
        self.push(result);
    }

    fn call_value(&mut self, callable: Value, receiver: Option<Value>, args: Vec<Value>) -> Value {
        let (callable, receiver) = self.expect_callee(callable, receiver);
        match receiver {
            Some(receiver) if self.ty(receiver).may_be_null() => {
                let args = self.function.pool.add_values(&args);
                self.emit(Instr::call_method(callable, receiver, args))
            }
            receiver => {
                let all: Vec<Value> = receiver.into_iter().chain(args).collect();
                self.call_with(callable, all)
            }
        }
    }

    /// Guards that the callable is the one that was seen, unless it is known.
    fn expect_callee(&mut self, callable: Value, receiver: Option<Value>) -> (Value, Option<Value>) {
        let Seen::Callee { value, with_owner } = self.seen() else { return (callable, receiver) };
        let known = Type::object(*value, &self.function.classes);
        if self.ty(callable).known_object().is_some() || !self.may_be(callable, known) {
            return (callable, receiver);
        }
        let receiver = match receiver {
            Some(receiver) if self.ty(receiver).may_be_null() => {
                if !with_owner {
                    return (callable, Some(receiver));
                }
                self.emit(Instr::guard(receiver));
                Some(self.known_as(receiver, ty::Object))
            }
            receiver => receiver,
        };
        (self.guard_is(callable, known), receiver)
    }

    /// Calls with all arguments, the receiver among them.
    fn call_with(&mut self, callable: Value, args: Vec<Value>) -> Value {
        match self.ty(callable).known_object() {
            Some(object) => self.call_object(callable, object, args),
            None => self.call_unknown(callable, &args),
        }
    }

    /// Calls a known object that is a constant of the environment.
    pub(super) fn call_known(&mut self, object: ObjectId, args: Vec<Value>) -> Value {
        let callable = self.object(object);
        self.call_object(callable, object, args)
    }

    /// Calls a known object for what it does.
    pub(super) fn call_and_discard(&mut self, object: ObjectId, args: Vec<Value>) {
        let callable = self.object(object);
        match self.preloaded.functions.get(&object) {
            Some(function) => {
                self.call_python(callable, object, function, &args, Ending::Discard);
            }
            None => {
                self.call_unknown(callable, &args);
            }
        }
    }

    fn call_object(&mut self, callable: Value, object: ObjectId, args: Vec<Value>) -> Value {
        let preloaded = self.preloaded;
        if let Some(function) = preloaded.functions.get(&object) {
            return self.call_python(callable, object, function, &args, Ending::Push);
        }
        if let Some(native) = preloaded.natives.get(&object) {
            return self.call_native(callable, object, native, &args);
        }
        let construction = preloaded.known_classes.get(&object).and_then(|class| Some((class.class, class.construction.as_ref()?)));
        if let Some((class, construction)) = construction
            && let Some(instance) = self.construct(class, construction, &args)
        {
            return instance;
        }
        self.call_unknown(callable, &args)
    }

    pub(super) fn call_unknown(&mut self, callable: Value, args: &[Value]) -> Value {
        let args = self.function.pool.add_values(args);
        self.emit(Instr::vector_call(callable, args))
    }

    fn call_python(&mut self, callable: Value, object: ObjectId, function: &KnownFunction, args: &[Value], ending: Ending) -> Value {
        let is_simple = function.simple_arguments == Some(args.len() as u32) && self.is(callable, ty::Func);
        match function.assumption.filter(|_| is_simple && self.is_replayable) {
            Some(assumption) => {
                self.assume(assumption);
                self.call_directly(callable, object, function.returns, args, ending)
            }
            None => self.call_unknown(callable, args),
        }
    }

    fn call_directly(&mut self, callable: Value, object: ObjectId, returns: Type, args: &[Value], ending: Ending) -> Value {
        let instance = args.first().copied().filter(|_| ending == Ending::Construct);
        let (args, returns) = (self.function.pool.add_values(args), self.type_id(returns));
        let call = Instr::call_function(callable, args, object, returns);
        if ending == Ending::Push { self.emit(call) } else { self.emit_call(call, ending, instance) }
    }

    /// Makes an instance of a class without going through its metaclass.
    fn construct(&mut self, class: crate::types::ClassId, construction: &crate::environment::Construction, args: &[Value]) -> Option<Value> {
        let preloaded = self.preloaded;
        let init = match construction.init {
            Some(init) => {
                let function = preloaded.functions.get(&init).filter(|function| function.simple_arguments == Some(args.len() as u32 + 1))?;
                let known = Type::object(init, &self.function.classes);
                Some((init, function.returns, function.assumption?)).filter(|_| known.unspecialized().fits(ty::Func))
            }
            None if args.is_empty() => None,
            None => return None,
        };
        if construction.init.is_some() && init.is_none() || !self.is_replayable {
            return None;
        }
        self.assume(construction.assumption);
        if let Some((_, _, assumption)) = init {
            self.assume(assumption);
        }
        let exact = Type::class_exact(class, &self.function.classes);
        let ty = self.type_id(exact);
        let instance = self.emit(Instr::allocate_instance(class, construction.shape, ty));
        if let Some((init, returns, _)) = init {
            let function = self.object(init);
            let all: Vec<Value> = [instance].into_iter().chain(args.iter().copied()).collect();
            let result = self.call_directly(function, init, returns, &all, Ending::Construct);
            if !self.is(result, ty::NoneType) {
                self.emit(Instr::check_init_result(result));
            }
        }
        Some(instance)
    }

    // ---- other calls --------------------------------------------------------------------------------------------------------

    pub(super) fn call_kw(&mut self, n: u32) {
        let names = self.pop();
        let args = self.pop_many(n);
        let receiver = self.pop_opt();
        let callable = self.pop();
        let receiver = receiver.unwrap_or_else(|| self.null());
        let args = self.function.pool.add_values(&args);
        let result = self.emit(Instr::call_kw(callable, receiver, names, args));
        self.push(result);
    }

    pub(super) fn call_function_ex(&mut self) {
        let keywords = self.pop_opt();
        let args = self.pop();
        let receiver = self.pop_opt();
        let callable = self.pop();
        let keywords = keywords.unwrap_or_else(|| self.null());
        let receiver = receiver.unwrap_or_else(|| self.null());
        let result = self.emit(Instr::call_ex(callable, receiver, args, keywords));
        self.push(result);
    }

    pub(super) fn call_intrinsic_1(&mut self, operand: u32) -> Result<(), Refusal> {
        let function = Intrinsic1::from_u32(operand).ok_or(Refusal::Malformed)?;
        let value = self.pop();
        let is_number = self.is(value, ty::LongExact) || self.is(value, ty::FloatExact);
        let result = match function {
            Intrinsic1::UnaryPositive if is_number => value,
            Intrinsic1::ListToTuple => {
                let list = self.refine(value, ty::ListExact);
                self.emit(Instr::list_to_tuple(list))
            }
            _ => self.emit(Instr::call_intrinsic_1(value, function)),
        };
        self.push(result);
        Ok(())
    }

    pub(super) fn call_intrinsic_2(&mut self, operand: u32) -> Result<(), Refusal> {
        let function = Intrinsic2::from_u32(operand).ok_or(Refusal::Malformed)?;
        let (second, first) = (self.pop(), self.pop());
        let result = self.emit(Instr::call_intrinsic_2(first, second, function));
        self.push(result);
        Ok(())
    }

    pub(super) fn make_function(&mut self) {
        let code = self.pop();
        let code = self.refine(code, ty::Code);
        let function = self.emit(Instr::make_function(code));
        self.push(function);
    }

    pub(super) fn set_function_attribute(&mut self, operand: u32) -> Result<(), Refusal> {
        let attribute = FunctionAttribute::from_u32(operand).ok_or(Refusal::Malformed)?;
        let (function, value) = (self.pop(), self.pop());
        let function = self.refine(function, ty::Func);
        self.emit(Instr::set_function_attribute(value, function, attribute));
        self.push(function);
        Ok(())
    }
}
