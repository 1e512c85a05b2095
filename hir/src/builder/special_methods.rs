//! Operators that special methods of Python classes answer: called directly, so that they can be inlined, where the classes of both operands were seen.
//!
//! The class of the left operand has the method, and that of the right one is not derived from it, so that the left one's is asked first. (A number on the left does not know instances of Python
//! classes; then the right one's reflected method is.) A method that gives `NotImplemented` leaves the rest to the runtime.

use super::Builder;
use crate::environment::{AssumptionId, FoundMethod, KnownFunction, SpecialMethod};
use crate::function::Ending;
use crate::instr::{Instr, Value};
use crate::types::{ClassId, ObjectId, Spec, Type, ty};
use bytecode::opcode::{BinaryOp, Comparison};

/// A method, and the class that it was found in for an operand.
struct Method<'a> {
    object: ObjectId,
    function: &'a KnownFunction,
    special: &'a SpecialMethod,
}

impl<'a> Builder<'a> {
    /// `left op right`, if a special method is known to answer.
    pub(super) fn method_operator(&mut self, left: Value, right: Value, op: BinaryOp, expected: (Type, Type)) -> Option<Value> {
        let [name, reflected, inplace] = op.method_names()?;
        let (left_class, right_class) = (self.python_class(expected.0), self.python_class(expected.1));
        let result = if let Some(class) = left_class {
            let method = self.method(class, name)?;
            if op.is_inplace() && self.preloaded.special_methods.get(&(class, inplace.to_owned()))?.found != FoundMethod::Nothing {
                return None;
            }
            if !self.is_unrelated(expected.1, class) {
                return None;
            }
            self.guard_operands(left, right, expected, method.special.assumption)?;
            self.call_method(&method, vec![left, right])
        } else if expected.0.fits(ty::Number) && !expected.0.is_bottom() {
            let method = self.method(right_class?, reflected)?;
            self.guard_operands(left, right, expected, method.special.assumption)?;
            self.call_method(&method, vec![right, left])
        } else {
            return None;
        };
        Some(self.unless_not_implemented(result, Instr::binary_op_rest(left, right, op)))
    }

    /// `left op right`, if a special method is known to answer; as a machine bool if only its truth is wanted.
    pub(super) fn method_comparison(&mut self, left: Value, right: Value, op: Comparison, expected: (Type, Type)) -> Option<Value> {
        let class = self.python_class(expected.0)?;
        let method = self.method(class, op.method_name())?;
        if !self.is_unrelated(expected.1, class) {
            return None;
        }
        self.guard_operands(left, right, expected, method.special.assumption)?;
        let result = self.call_method(&method, vec![left, right]);
        Some(self.unless_not_implemented(result, Instr::compare_rest(left, right, op)))
    }

    /// `left == right`, or `!=`, as a machine bool, of objects that are equal if they are the same.
    pub(super) fn identity_comparison(&mut self, left: Value, right: Value, op: Comparison) -> Option<Value> {
        if !matches!(op, Comparison::Equal | Comparison::NotEqual) || !self.is_replayable {
            return None;
        }
        let expected = self.expected(left, right);
        let class = self.python_class(expected.0)?;
        let of_left = self.own_equality(class)?;
        let of_right = match self.python_class(expected.1) {
            Some(other) => Some(self.own_equality(other)?),
            None if self.is_unrelated(expected.1, class) => None,
            None => return None,
        };
        self.guard_operands(left, right, expected, of_left)?;
        if let Some(assumption) = of_right {
            self.assume(assumption);
        }
        let same = self.emit_plain(Instr::is(left, right));
        Some(if op == Comparison::Equal { same } else { self.emit_plain(Instr::bool_not(same)) })
    }

    /// What has to hold for instances of a class to have the equality of all objects.
    fn own_equality(&self, class: ClassId) -> Option<AssumptionId> {
        let is_own = |name: &str| {
            let special = self.preloaded.special_methods.get(&(class, name.to_owned()))?;
            (special.found == FoundMethod::OfObject).then_some(special.assumption)
        };
        is_own("__ne__").and_then(|_| is_own("__eq__"))
    }

    /// `item in container`, as a machine bool, if a special method is known to answer.
    pub(super) fn method_contains(&mut self, item: Value, container: Value) -> Option<Value> {
        let expected = self.expected(item, container);
        let class = self.python_class(expected.1)?;
        let method = self.method(class, "__contains__")?;
        self.guard_class(container, expected.1)?;
        self.assume(method.special.assumption);
        let result = self.call_method(&method, vec![container, item]);
        Some(self.truth_of_any(result))
    }

    /// `container[key] = value`, if the method of a Python class is known to do it. Whether it is.
    pub(super) fn method_store(&mut self, container: Value, key: Value, value: Value) -> bool {
        let (expected, _) = self.expected(container, key);
        let preloaded = self.preloaded;
        let found = self.python_class(expected).and_then(|class| preloaded.special_methods.get(&(class, "__setitem__".to_owned())));
        let Some(&SpecialMethod { found: FoundMethod::Function(function), assumption, .. }) = found else { return false };
        let is_known = preloaded.functions.get(&function).is_some_and(|known| known.takes(3) && known.assumption.is_some());
        if !is_known || !self.is_replayable || self.guard_class(container, expected).is_none() {
            return false;
        }
        self.assume(assumption);
        self.call_and_discard(function, vec![container, key, value]);
        true
    }

    /// Whether any value is true, as a machine bool.
    pub(super) fn truth_of_any(&mut self, value: Value) -> Value {
        if self.is(value, ty::Bool) { self.unboxed_bool(value) } else { self.emit(Instr::is_truthy(value)) }
    }

    /// The class that Python code made of which a value is expected to be an instance.
    fn python_class(&self, expected: Type) -> Option<ClassId> {
        match expected.spec() {
            Spec::ClassExact(class) if !expected.is_bottom() && expected.fits(ty::ObjectUser) => Some(class),
            _ => None,
        }
    }

    fn method(&self, class: ClassId, name: &str) -> Option<Method<'a>> {
        let preloaded = self.preloaded;
        let special = preloaded.special_methods.get(&(class, name.to_owned()))?;
        let FoundMethod::Function(object) = special.found else { return None };
        let function = preloaded.functions.get(&object)?;
        (self.is_replayable && function.takes(2) && function.assumption.is_some()).then_some(Method { object, function, special })
    }

    /// Whether instances of a type are of no class that is derived from this one.
    fn is_unrelated(&self, expected: Type, class: ClassId) -> bool {
        if expected.is_bottom() {
            return false;
        }
        match self.python_class(expected) {
            Some(other) => other == class || !self.function.classes.is_subclass(other, class),
            None => expected.fits(ty::Number) || expected.fits(ty::UnicodeExact) || expected.fits(ty::NoneType),
        }
    }

    /// Makes sure that both operands are what is expected, as far as that counts.
    fn guard_operands(&mut self, left: Value, right: Value, expected: (Type, Type), assumption: AssumptionId) -> Option<()> {
        for (value, expected) in [(left, expected.0), (right, expected.1)] {
            if self.python_class(expected).is_some() {
                self.guard_class(value, expected)?;
            } else {
                let wanted =
                    [ty::FloatExact, ty::SmallInt, ty::Number, ty::UnicodeExact, ty::NoneType].into_iter().find(|wanted| expected.fits(*wanted))?;
                self.guard_exactly(value, wanted);
            }
        }
        self.assume(assumption);
        Some(())
    }

    /// Makes sure that a value is an instance of exactly the expected class. (That is so until somebody gives it another one.)
    fn guard_class(&mut self, value: Value, expected: Type) -> Option<()> {
        let class = self.python_class(expected)?;
        let (_, special) = self.preloaded.special_methods.iter().find(|((known, _), _)| *known == class)?;
        let wanted = Type::object(special.class, &self.function.classes);
        let is = self.emit_plain(Instr::load_class(value));
        let wanted = self.type_id(wanted);
        self.emit(Instr::guard_is(is, wanted));
        Some(())
    }

    fn call_method(&mut self, method: &Method<'_>, args: Vec<Value>) -> Value {
        let callable = self.object(method.object);
        self.call_python(callable, method.object, method.function, &args, Ending::Operator)
    }

    /// The result, or what the rest of the operator gives if it is `NotImplemented`.
    fn unless_not_implemented(&mut self, result: Value, rest: Instr) -> Value {
        let unknown = self.constant(ty::NotImplemented);
        let is_unknown = self.emit_plain(Instr::is(result, unknown));
        let ask = |builder: &mut Self| {
            builder.set_cold();
            builder.emit(rest)
        };
        self.fork(|cold, fine| Instr::cond_branch(is_unknown, cold, fine), ask, |_| result)
    }
}
