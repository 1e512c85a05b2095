//! Calls: directly where the callee is known, by an assumption or by what was seen.

use super::{Builder, Refusal};
use crate::environment::{Construction, KnownFunction, Seen};
use crate::function::Ending;
use crate::instr::{Instr, Value};
use crate::types::{ClassId, ObjectId, Type, ty};
use bytecode::opcode::{FunctionAttribute, Intrinsic1, Intrinsic2};
use bytecode::{Constant, Opcode};

/// So many functions that a callable may be are asked for.
const CANDIDATE_LIMIT: usize = 4;

impl Builder<'_> {
    pub(super) fn call(&mut self, n: u32) {
        let (callable, receiver, args) = self.pop_call(n);
        if let Some(send) = self.send_of_call() {
            return self.call_awaited(callable, receiver, &args, send);
        }
        let result = self.call_value(callable, receiver, args);
        self.push(result);
    }

    fn call_value(&mut self, callable: Value, receiver: Option<Value>, args: Vec<Value>) -> Value {
        let (callable, receiver) = self.expect_callee(callable, receiver);
        let candidates = self.candidates(callable);
        if !candidates.is_empty() {
            return self.call_by_callee(callable, receiver, &args, &candidates);
        }
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

    /// The Python functions that a callable may be, if it comes from several places, some of which are known.
    fn candidates(&self, callable: Value) -> Vec<ObjectId> {
        let phi = self.function.model(callable);
        let mut candidates = Vec::new();
        if self.function.instr(phi).is_phi() && self.ty(callable).known_object().is_none() {
            let known = self.function.phi_inputs(phi).iter().filter_map(|input| self.ty(*input).known_object());
            for object in known.filter(|object| self.preloaded.functions.contains_key(object)) {
                if !candidates.contains(&object) && candidates.len() < CANDIDATE_LIMIT {
                    candidates.push(object);
                }
            }
        }
        candidates
    }

    /// Asks which function a callable is, and calls it directly.
    fn call_by_callee(&mut self, callable: Value, receiver: Option<Value>, args: &[Value], candidates: &[ObjectId]) -> Value {
        let (general, join) = (self.new_block(), self.new_block());
        let (vars, mut results) = (self.vars.clone(), Vec::new());
        let mut all: Vec<Value> = args.to_vec();
        let mut is_last_certain = self.are_all(callable, candidates);
        if let Some(receiver) = receiver {
            if self.ty(receiver).may_be_null() {
                is_last_certain = false;
                let then = self.new_block();
                self.emit_terminator(Instr::cond_branch(receiver, then, general));
                self.continue_in(then);
            }
            let receiver = self.refine(receiver, ty::Object);
            all.insert(0, receiver);
        }
        for (index, &object) in candidates.iter().enumerate() {
            let next = self.new_block();
            if !(is_last_certain && index + 1 == candidates.len()) {
                let (then, known) = (self.new_block(), self.object(object));
                let is_it = self.emit_plain(Instr::is(callable, known));
                self.emit_terminator(Instr::cond_branch(is_it, then, next));
                self.continue_in(then);
            }
            results.push(self.call_known(object, all.clone()));
            self.branch_inside(join);
            self.vars.clone_from(&vars);
            self.is_replayable = true;
            self.block = Some(next);
            self.has_snapshot = false;
        }
        if is_last_certain {
            // Nothing leads to the last `next`, nor to the general way.
            let next = self.here();
            self.function.remove_block(next);
            self.function.remove_block(general);
        } else {
            self.branch_inside(general);
            self.continue_in(general);
            self.set_cold();
            let receiver = receiver.unwrap_or_else(|| self.null());
            let args = self.function.pool.add_values(args);
            results.push(self.emit(Instr::call_method(callable, receiver, args)));
            self.branch_inside(join);
        }
        self.continue_in(join);
        self.is_replayable = false;
        self.join(join, &results)
    }

    /// Whether a callable is one of the candidates in any case.
    fn are_all(&self, callable: Value, candidates: &[ObjectId]) -> bool {
        let phi = self.function.model(callable);
        self.function.phi_inputs(phi).iter().all(|input| self.ty(*input).known_object().is_some_and(|object| candidates.contains(&object)))
    }

    /// Guards that the callable is the one that was seen, unless it is known.
    fn expect_callee(&mut self, callable: Value, receiver: Option<Value>) -> (Value, Option<Value>) {
        let Seen::Callee { value, with_owner } = self.seen() else { return (callable, receiver) };
        let preloaded = self.preloaded;
        let is_of_use =
            preloaded.functions.contains_key(value) || preloaded.natives.contains_key(value) || preloaded.known_classes.contains_key(value);
        let known = Type::object(*value, &self.function.classes);
        if !is_of_use || self.ty(callable).known_object().is_some() || !self.may_be(callable, known) {
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
        let preloaded = self.preloaded;
        let known = preloaded.functions.get(&object).and_then(|function| Some((function, self.bind(callable, function, &args, &[])?)));
        match known {
            Some((function, bound)) => self.call_python(callable, object, function, &bound, Ending::Discard),
            None => self.call_unknown(callable, &args),
        };
    }

    fn call_object(&mut self, callable: Value, object: ObjectId, args: Vec<Value>) -> Value {
        let preloaded = self.preloaded;
        if let Some(function) = preloaded.functions.get(&object) {
            return match self.bind(callable, function, &args, &[]) {
                Some(bound) => self.call_python(callable, object, function, &bound, Ending::Push),
                None => self.call_unknown(callable, &args),
            };
        }
        if let Some(native) = preloaded.natives.get(&object) {
            return self.call_native(callable, object, native, &args);
        }
        let construction = preloaded.known_classes.get(&object).and_then(|class| Some((class.class, class.construction.as_ref()?)));
        if let Some((class, construction)) = construction
            && let Some(instance) = self.construct(class, construction, &args, &[])
        {
            return instance;
        }
        self.call_unknown(callable, &args)
    }

    pub(super) fn call_unknown(&mut self, callable: Value, args: &[Value]) -> Value {
        let args = self.function.pool.add_values(args);
        self.emit(Instr::vector_call(callable, args))
    }

    /// The arguments of a direct call in the order of parameters, defaults among them; `names` are those of the last ones. `None` if the
    /// call cannot be direct.
    fn bind(&mut self, callable: Value, function: &KnownFunction, args: &[Value], names: &[String]) -> Option<Vec<Value>> {
        let n_parameters = function.simple_arguments? as usize;
        let n_positional = args.len() - names.len();
        let is_possible = self.is(callable, ty::Func) && function.assumption.is_some() && self.is_replayable;
        if !is_possible || n_positional > n_parameters && !function.takes_rest {
            return None;
        }
        let (positional, rest) = args[..n_positional].split_at(n_positional.min(n_parameters));
        let mut bound: Vec<Option<Value>> = positional.iter().copied().map(Some).collect();
        let n_all = n_parameters + function.keyword_only.len();
        bound.resize(n_all, None);
        for (name, &value) in names.iter().zip(&args[n_positional..]) {
            let code = &self.preloaded.codes.get(function.code?.0 as usize)?.code;
            let parameters = code.locals.iter().take(n_all).enumerate().skip(code.positional_only_count as usize);
            let (index, _) = parameters.into_iter().find(|(_, parameter)| parameter.name == *name)?;
            if bound[index].replace(value).is_some() {
                return None;
            }
        }
        let n_required = n_parameters.checked_sub(function.defaults.len())?;
        if bound[..n_required].contains(&None) {
            return None;
        }
        let defaults = function.defaults.iter().copied().map(Some).chain(function.keyword_only.iter().copied());
        let defaults: Vec<Option<Type>> = vec![None; n_required].into_iter().chain(defaults).collect();
        if bound.iter().zip(&defaults).any(|(value, default)| value.is_none() && default.is_none()) {
            return None;
        }
        let given = bound.into_iter().zip(defaults);
        let mut all: Vec<Value> = given.map(|(value, default)| value.unwrap_or_else(|| self.constant(default.unwrap_or(ty::NoneType)))).collect();
        if function.takes_rest {
            let items = self.function.pool.add_values(rest);
            all.push(self.emit(Instr::make_tuple(items)));
        }
        if function.takes_keywords {
            all.push(self.emit(Instr::make_empty_dict()));
        }
        Some(all)
    }

    /// Calls a function with the arguments that [`Builder::bind`] gave.
    pub(super) fn call_python(&mut self, callable: Value, object: ObjectId, function: &KnownFunction, bound: &[Value], ending: Ending) -> Value {
        match function.assumption {
            Some(assumption) => {
                self.assume(assumption);
                self.call_directly(callable, object, function.returns, bound, ending)
            }
            None => self.call_unknown(callable, bound),
        }
    }

    fn call_directly(&mut self, callable: Value, object: ObjectId, returns: Type, args: &[Value], ending: Ending) -> Value {
        let instance = args.first().copied().filter(|_| ending == Ending::Construct);
        let (args, returns) = (self.function.pool.add_values(args), self.type_id(returns));
        let call = Instr::call_function(callable, args, object, returns);
        if ending == Ending::Push { self.emit(call) } else { self.emit_call(call, ending, instance) }
    }

    /// Makes an instance of a class without going through its metaclass.
    fn construct(&mut self, class: ClassId, construction: &Construction, args: &[Value], names: &[String]) -> Option<Value> {
        if !self.is_replayable {
            return None;
        }
        let Some(object) = construction.init else {
            return args.is_empty().then(|| {
                self.assume(construction.assumption);
                self.allocate(class, construction)
            });
        };
        let preloaded = self.preloaded;
        let init = preloaded.functions.get(&object)?;
        let callable = self.object(object);
        // The instance is not there yet; the class stands for it.
        let all: Vec<Value> = [callable].into_iter().chain(args.iter().copied()).collect();
        if init.simple_arguments == Some(0) {
            return None;
        }
        let mut bound = self.bind(callable, init, &all, names)?;
        self.assume(construction.assumption);
        self.assume(init.assumption?);
        let instance = self.allocate(class, construction);
        bound[0] = instance;
        let result = self.call_directly(callable, object, init.returns, &bound, Ending::Construct);
        if !self.is(result, ty::NoneType) {
            self.emit(Instr::check_init_result(result));
        }
        Some(instance)
    }

    fn allocate(&mut self, class: ClassId, construction: &Construction) -> Value {
        let exact = Type::class_exact(class, &self.function.classes);
        let ty = self.type_id(exact);
        self.emit(Instr::allocate_instance(class, construction.shape, ty))
    }

    // ---- other calls --------------------------------------------------------------------------------------------------------

    pub(super) fn call_kw(&mut self, n: u32) {
        let names = self.pop();
        let (callable, receiver, args) = self.pop_call(n);
        let (callable, receiver) = self.expect_callee(callable, receiver);
        let result = match self.call_with_names(callable, receiver, &args) {
            Some(result) => result,
            None => {
                let receiver = receiver.unwrap_or_else(|| self.null());
                let args = self.function.pool.add_values(&args);
                self.emit(Instr::call_kw(callable, receiver, names, args))
            }
        };
        self.push(result);
    }

    /// A direct call with keywords, of a known function or class.
    fn call_with_names(&mut self, callable: Value, receiver: Option<Value>, args: &[Value]) -> Option<Value> {
        let names = self.keyword_names()?;
        let object = self.ty(callable).known_object()?;
        if receiver.is_some_and(|receiver| self.ty(receiver).may_be_null()) || names.len() > args.len() {
            return None;
        }
        let all: Vec<Value> = receiver.into_iter().chain(args.iter().copied()).collect();
        let preloaded = self.preloaded;
        if let Some(function) = preloaded.functions.get(&object) {
            let bound = self.bind(callable, function, &all, &names)?;
            return Some(self.call_python(callable, object, function, &bound, Ending::Push));
        }
        let class = preloaded.known_classes.get(&object)?;
        self.construct(class.class, class.construction.as_ref()?, &all, &names)
    }

    /// The names of keyword arguments, which the instruction before loads.
    fn keyword_names(&self) -> Option<Vec<String>> {
        let before = self.at.checked_sub(1)?;
        let code = &self.unit.code;
        let Constant::Tuple(items) =
            code.constants.get(self.operand_at(before) as usize).filter(|_| self.opcode_at(before) == Some(Opcode::LoadConst))?
        else {
            return None;
        };
        let name = |item: &Constant| if let Constant::Str(name) = item { name.as_str().ok().map(str::to_owned) } else { None };
        items.iter().map(name).collect()
    }

    pub(super) fn call_function_ex(&mut self) {
        let [callable, receiver, args, keywords] = self.pop_function_ex();
        let result = self.emit(Instr::call_ex(callable, receiver, args, keywords));
        self.push(result);
    }

    /// What a call with so many arguments finds on the stack: callable, receiver, arguments.
    pub(super) fn pop_call(&mut self, n: u32) -> (Value, Option<Value>, Vec<Value>) {
        let args = self.pop_many(n);
        let receiver = self.pop_opt();
        let callable = self.pop();
        (callable, receiver, args)
    }

    /// What `CALL_FUNCTION_EX` finds on the stack: callable, receiver, arguments, keywords.
    pub(super) fn pop_function_ex(&mut self) -> [Value; 4] {
        let keywords = self.pop_opt();
        let args = self.pop();
        let receiver = self.pop_opt();
        let callable = self.pop();
        let keywords = keywords.unwrap_or_else(|| self.null());
        let receiver = receiver.unwrap_or_else(|| self.null());
        [callable, receiver, args, keywords]
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
