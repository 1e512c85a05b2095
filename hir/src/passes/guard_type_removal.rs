//! Removes a `GuardType` that nobody needs: all its uses take what it guards as it is, through phis and other names too.
//!
//! It stands before all passes that remove instructions: a guard whose users have been removed is still needed, see [`crate::Instr::is_removable`]. A guard that
//! nobody uses stays.

use crate::environment::Preloaded;
use crate::function::{Function, Users};
use crate::instr::{Instr, Output, Value};
use crate::types::Type;
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let users = function.users();
    let mut replacements = FxHashMap::default();
    // The types that values have without the guards removed so far.
    let mut widened = FxHashMap::default();
    for value in function.values().collect::<Vec<_>>() {
        let Instr::GuardType { value: guarded, .. } = *function.instr(value) else { continue };
        let ty = widened.get(&guarded).copied().unwrap_or(function.ty(guarded));
        let mut widening = Widening { function, users: &users, removed: &replacements, widened: widened.clone() };
        if !users[value.0 as usize].is_empty() && widening.fits(value, ty) {
            widened = widening.widened;
            replacements.insert(value, guarded);
        }
    }
    if replacements.is_empty() {
        return;
    }
    function.replace_values(&replacements);
    function.reflow_types();
}

/// Whether values may be of greater types.
struct Widening<'a> {
    function: &'a Function,
    users: &'a [Users],
    /// Guards that are names of what they guarded now.
    removed: &'a FxHashMap<Value, Value>,
    widened: FxHashMap<Value, Type>,
}

impl Widening<'_> {
    fn fits(&mut self, value: Value, ty: Type) -> bool {
        if self.widened.get(&value).is_some_and(|known| ty.is_subtype(*known, &self.function.classes)) {
            return true;
        }
        let ty = self.widened.get(&value).map_or(ty, |known| known.or(ty, &self.function.classes));
        self.widened.insert(value, ty);
        self.users[value.0 as usize].iter().all(|user| self.user_fits(*user, value, ty))
    }

    fn user_fits(&mut self, user: Value, value: Value, ty: Type) -> bool {
        let function = self.function;
        let instr = function.instr(user);
        let info = instr.info();
        if let Instr::UseType { ty: wanted, .. } = *instr {
            return ty.is_subtype(function.pool.ty(wanted), &function.classes);
        }
        if self.removed.contains_key(&user) {
            return self.fits(user, ty);
        }
        let operands = function.operands(user);
        let is_given = |(place, operand): (usize, &Value)| *operand != value || ty.is_subtype(self.must(user, place), &function.classes);
        if !operands.iter().enumerate().all(is_given) || info.same_operands {
            return false;
        }
        let types: Vec<Type> = operands.iter().map(|operand| self.widened.get(operand).copied().unwrap_or(function.ty(*operand))).collect();
        let result = info.output_type.of(instr, &function.pool, &types, &function.classes);
        let is_same = !info.has_output() || result.is_subtype(function.ty(user), &function.classes);
        let passes_on = matches!(info.output, Output::Alias | Output::Merged);
        is_same || passes_on && self.fits(user, result)
    }

    fn must(&self, user: Value, place: usize) -> Type {
        let info = self.function.instr(user).info();
        info.operands.get(place).map_or(info.rest.unwrap_or(crate::ty::Top), |(_, must)| *must)
    }
}
