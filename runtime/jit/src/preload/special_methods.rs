//! The special methods of Python classes that operators have met.

use super::Tables;
use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::{CodeFlags, Instr, Opcode};
use hir::environment::{FoundMethod, SpecialMethod};
use interp::Function;
use interp::shadow::feedback::{Kind, Seen};
use object::protocol::{comparison_name, method_names};
use object::str::Str;
use object::{Ref, Type as Class};

impl Tables {
    /// Notes which methods an operator asks for, of the classes that it has seen.
    pub(super) fn meet_special_methods(&mut self, instr: Instr, seen: &Seen) {
        let Seen::Operands(left, right) = seen else { return };
        match instr.opcode() {
            Some(Opcode::BinaryOp) => {
                let Some(names) = BinaryOp::from_u32(instr.arg()).and_then(method_names) else { return };
                let [own, reflected, inplace] = names;
                self.meet_special_method(left, own);
                self.meet_special_method(left, inplace);
                self.meet_special_method(right, reflected);
            }
            Some(Opcode::CompareOp) => {
                let Some(op) = Comparison::from_u32(instr.arg() & 15) else { return };
                // `object` answers `!=` by what `__eq__` says.
                let is_equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
                for name in [Some(op), is_equality.then_some(Comparison::Equal), is_equality.then_some(Comparison::NotEqual)].into_iter().flatten() {
                    self.meet_special_method(left, comparison_name(name));
                    self.meet_special_method(right, comparison_name(name));
                }
            }
            Some(Opcode::StoreSubscr) => self.meet_special_method(left, object::str::names::__setitem__()),
            Some(Opcode::ContainsOp) => self.meet_special_method(right, object::str::names::__contains__()),
            _ => {}
        }
    }

    fn meet_special_method(&mut self, kind: &Kind, name: Ref<'_>) {
        let Kind::Other(class) = kind else { return };
        let (Some(class), Some(text)) = (class.borrow().downcast::<Class>(), name.downcast::<Str>()) else { return };
        let class = class.get();
        if !class.is_heap_type() || class.version() == 0 {
            return;
        }
        let key = (self.class(class), text.to_string_lossy().into_owned());
        if self.preloaded.special_methods.contains_key(&key) {
            return;
        }
        let found = match class.lookup(name) {
            None => FoundMethod::Nothing,
            Some(found) => match found.downcast_exact::<Function>() {
                Some(function) if !function.get().code().has_flag(CodeFlags::SUSPENDS) => FoundMethod::Function(self.object(found)),
                _ if object::class::OBJECT.lookup(name).is_some_and(|own| own.is(found)) => FoundMethod::OfObject,
                _ => FoundMethod::Other,
            },
        };
        let assumption = self.class_version(class, class.version());
        let method = SpecialMethod { class: self.object(class.object()), found, assumption };
        self.preloaded.special_methods.insert(key, method);
    }
}
