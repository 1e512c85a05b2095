//! What the compiler is told of the runtime: code, constants, what instructions have seen.

use crate::classify::leaf_of;
use hir::environment::CodeUnit;
use hir::types::{Classes, ObjectInfo, Spec};
use hir::{Preloaded, Type, ty};
use interp::CodeObject;
use object::{Object, Ref};
use std::sync::Arc;

/// What is known before a function is compiled, and the live objects its numbers stand for.
pub struct Known {
    pub preloaded: Preloaded,
    /// By `ObjectId`.
    pub objects: Vec<Object>,
    /// By `ClassId`.
    pub classes: Vec<Object>,
}

#[derive(Default)]
struct Tables {
    classes: Classes,
    objects: Vec<Object>,
}

impl Known {
    /// Of code alone.
    pub fn of_code(code: &CodeObject, name: &str) -> Known {
        let mut tables = Tables::default();
        let constants = code.constants.iter().map(|constant| tables.single_value(constant.borrow())).collect();
        let mut data = code.without_constants();
        // Only their number and types matter.
        data.constants = code.constants.iter().map(|_| bytecode::Constant::None).collect();
        let unit = CodeUnit { constants, ..CodeUnit::new(Arc::new(data), name) };
        let preloaded = Preloaded { classes: Arc::new(tables.classes), codes: vec![unit], ..Preloaded::default() };
        Known { preloaded, objects: tables.objects, classes: Vec::new() }
    }
}

impl Tables {
    /// The type whose only value is this one.
    fn single_value(&mut self, value: Ref<'_>) -> Type {
        let leaf = leaf_of(value);
        if let Some(number) = value.as_small_int() {
            return Type::small_int(number);
        }
        if let Some(number) = value.as_small_float() {
            return leaf.specialized(Spec::Double(number.to_bits()));
        }
        if let Some(truth) = value.as_bool() {
            return Type::bool(truth);
        }
        if value.address().is_none() {
            return leaf;
        }
        if leaf == ty::BoxedFloat
            && let Some(number) = object::float::value(value)
        {
            return leaf.specialized(Spec::Double(number.to_bits()));
        }
        let name = format!("<{}>", value.class().name());
        let id = self.classes.add_object(ObjectInfo { name, ty: leaf, class: None });
        self.objects.push(value.to_owned());
        Type::object(id, &self.classes)
    }
}
