//! Calls of known native functions, some of which need no call.

use super::Builder;
use crate::environment::{KnownNative, NativeKind};
use crate::instr::{Block, Condition, DoubleUnaryKind, Instr, UnaryKind, Value};
use crate::types::{ObjectId, SIZED, Type, ty};

/// So many classes of an `isinstance` are asked for one by one.
const MOST_ALTERNATIVES: usize = 4;

impl Builder<'_> {
    pub(super) fn call_native(&mut self, callable: Value, object: ObjectId, native: &KnownNative, args: &[Value]) -> Value {
        if let Some(result) = self.without_call(native.kind, args) {
            return result;
        }
        if args.len() as u32 != native.arguments {
            let result = self.call_unknown(callable, args);
            // `range` gives ranges, however many arguments it has.
            return match native.kind {
                NativeKind::Range => self.refine(result, ty::Range),
                NativeKind::Enumerate => self.refine(result, ty::Enumerate),
                _ => result,
            };
        }
        let is_leaf = native.is_leaf
            && native.leaf_arguments.len() == args.len()
            && args.iter().zip(&native.leaf_arguments).all(|(arg, wanted)| self.is(*arg, *wanted));
        let (args, returns) = (self.function.pool.add_values(args), self.type_id(native.returns));
        self.emit(if is_leaf { Instr::call_native_leaf(args, object, returns) } else { Instr::call_native(args, object, returns) })
    }

    /// What a call gives, if its arguments are such that no call is needed.
    fn without_call(&mut self, kind: NativeKind, args: &[Value]) -> Option<Value> {
        match (kind, args) {
            (NativeKind::Len, &[value]) => Some(self.length(value)),
            (NativeKind::TypeOf, &[value]) => Some(self.emit_plain(Instr::load_class(value))),
            (NativeKind::IsInstance, &[value, class]) => Some(self.is_instance(value, class)),
            (NativeKind::ListAppend, &[list, item]) if self.is(list, ty::List) => {
                let none = self.none();
                self.emit(Instr::list_append(list, item));
                Some(none)
            }
            (NativeKind::ObjectInit, &[_]) => Some(self.none()),
            (NativeKind::Abs, &[value]) => self.absolute(value),
            (NativeKind::SquareRoot, &[value]) => self.of_double(value, DoubleUnaryKind::SquareRoot),
            (NativeKind::Sine, &[value]) => self.of_double(value, DoubleUnaryKind::Sine),
            (NativeKind::Cosine, &[value]) => self.of_double(value, DoubleUnaryKind::Cosine),
            // Of equal values the first one wins.
            (NativeKind::Min, &[a, b]) => self.lesser(b, a).map(|condition| self.select(condition, b, a)),
            (NativeKind::Max, &[a, b]) => self.lesser(a, b).map(|condition| self.select(condition, b, a)),
            _ => None,
        }
    }

    /// `len(value)`
    pub(super) fn length(&mut self, value: Value) -> Value {
        if SIZED.iter().any(|exact| self.is(value, *exact)) {
            let length = self.emit_plain(Instr::load_length(value));
            return self.emit_plain(Instr::small_int_box_unchecked(length));
        }
        self.emit(Instr::get_length(value))
    }

    fn is_instance(&mut self, value: Value, class: Value) -> Value {
        if let Some(classes) = self.alternatives(class) {
            return self.is_instance_of_any(value, &classes);
        }
        let answer = self.known_instance(value, class);
        match answer {
            Some(answer) => self.constant(Type::bool(answer)),
            None => {
                let answer = match self.ty(class).known_object().and_then(|object| self.preloaded.builtin_classes.get(&object).copied()) {
                    Some(instances) if !self.is(value, instances) => self.is_builtin_instance(value, class, instances),
                    _ => self.is_python_instance(value, class),
                };
                self.emit_plain(Instr::bool_box(answer))
            }
        }
    }

    /// The same of a class that Python code made and that has no class but `type`: its own instances need no call.
    fn is_python_instance(&mut self, value: Value, class: Value) -> Value {
        let is_known = self.ty(class).unspecialized().fits(ty::TypeExact) && self.ty(class).known_object().is_some();
        if !is_known || !self.may_be(value, ty::ObjectUser) {
            return self.emit(Instr::is_instance(value, class));
        }
        let own_class = self.emit_plain(Instr::load_class(value));
        let is_it = self.emit_plain(Instr::is(own_class, class));
        self.true_or_asked(|yes, other| Instr::cond_branch(is_it, yes, other), value, class)
    }

    /// The same of a builtin class: its own instances, and what is no object on the heap, need no call.
    fn is_builtin_instance(&mut self, value: Value, class: Value, instances: Type) -> Value {
        // Bools are ints, but seldom.
        let is_int = ty::SmallInt.leaves().within(instances.leaves());
        let exact = if is_int { ty::LongExact } else { Type::of(instances.leaves().and(ty::BuiltinHeap.leaves().or(ty::Uncounted.leaves()))) };
        let exact = self.type_id(exact);
        self.true_or_asked(|yes, other| Instr::cond_branch_check_type(value, yes, other, exact), value, class)
    }

    fn true_or_asked(&mut self, branch: impl FnOnce(Block, Block) -> Instr, value: Value, class: Value) -> Value {
        self.fork(branch, |builder| builder.constant(Type::c_bool(true)), |builder| builder.emit(Instr::is_instance(value, class)))
    }

    /// The classes in a tuple that has just been made, if they are few known ones.
    fn alternatives(&self, class: Value) -> Option<Vec<Value>> {
        let Instr::MakeTuple { items } = *self.function.instr(self.function.model(class)) else { return None };
        let items = self.function.pool.values(items);
        let is_class = |item: &Value| self.ty(*item).unspecialized().fits(ty::TypeExact) && self.ty(*item).known_object().is_some();
        (items.len() <= MOST_ALTERNATIVES && items.iter().all(is_class)).then(|| items.to_vec())
    }

    /// Asks for one class after the other.
    fn is_instance_of_any(&mut self, value: Value, classes: &[Value]) -> Value {
        let (join, mut results) = (self.new_block(), Vec::new());
        let mut is_certain = false;
        for &class in classes {
            match self.known_instance(value, class) {
                Some(false) => {}
                Some(true) => {
                    is_certain = true;
                    break;
                }
                None => {
                    let answer = self.is_python_instance(value, class);
                    let (yes, no) = (self.new_block(), self.new_block());
                    self.emit_terminator(Instr::cond_branch(answer, yes, no));
                    self.continue_in(yes);
                    results.push(self.constant(Type::bool(true)));
                    self.branch_inside(join);
                    self.continue_in(no);
                }
            }
        }
        results.push(self.constant(Type::bool(is_certain)));
        self.branch_inside(join);
        self.continue_in(join);
        self.is_replayable &= results.len() == 1;
        self.join(join, &results)
    }

    /// The answer, if the types say it for good: classes of instances of Python classes may change, and so may what they pretend to be.
    fn known_instance(&self, value: Value, class: Value) -> Option<bool> {
        let classes = &self.function.classes;
        let known = self.ty(value);
        let builtin = Type::any_of(&[ty::BuiltinHeap, ty::Uncounted]);
        let object = self.ty(class).known_object().filter(|_| self.ty(class).unspecialized().fits(ty::TypeExact))?;
        let instances = self.preloaded.instances_of(object, classes)?;
        if known.is_bottom() || !known.unspecialized().fits(builtin) {
            return None;
        }
        if known.is_subtype(instances, classes) {
            return Some(true);
        }
        (!known.could_be(instances, classes)).then_some(false)
    }

    /// `abs(value)` of a number.
    fn absolute(&mut self, value: Value) -> Option<Value> {
        if self.is(value, ty::FloatExact) {
            let number = self.double(value);
            let absolute = self.emit_plain(Instr::double_unary_op(number, DoubleUnaryKind::Absolute));
            return Some(self.emit_plain(Instr::float_box(absolute)));
        }
        if !self.is(value, ty::SmallInt) {
            return None;
        }
        let zero = self.constant(Type::small_int(0));
        let is_negative = self.emit_plain(Instr::small_int_compare(value, zero, Condition::Less));
        let negated = |builder: &mut Self| builder.emit(Instr::small_int_unary_op(value, UnaryKind::Negate));
        Some(self.fork(|negative, positive| Instr::cond_branch(is_negative, negative, positive), negated, |_| value))
    }

    /// A function of a number, if the value is known to be one. What gives no number is left to the interpreter, which raises.
    fn of_double(&mut self, value: Value, kind: DoubleUnaryKind) -> Option<Value> {
        if !self.is(value, ty::Number) {
            return None;
        }
        let number = self.double(value);
        let result = self.emit_plain(Instr::double_unary_op(number, kind));
        let is_number = self.emit_plain(Instr::primitive_compare(result, result, Condition::Equal));
        self.emit(Instr::guard(is_number));
        Some(self.emit_plain(Instr::float_box(result)))
    }

    /// Whether one number is less than another, as a machine bool, for numbers of one kind.
    fn lesser(&mut self, left: Value, right: Value) -> Option<Value> {
        let both = |ty: Type| self.is(left, ty) && self.is(right, ty);
        if both(ty::SmallInt) {
            return Some(self.emit_plain(Instr::small_int_compare(left, right, Condition::Less)));
        }
        both(ty::FloatExact).then(|| self.emit_plain(Instr::float_compare(left, right, Condition::Less)))
    }
}
