//! Values and objects of the small interpreter, and what an observer sees of them.

use hir::types::Type;
use hir::{Classes, ty};
use std::collections::{BTreeMap, HashSet};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum V {
    Null,
    Exhausted,
    None,
    Bool(bool),
    /// Of any size; machine integers too.
    Int(i128),
    Float(f64),
    /// A known object of the tables.
    Known(u32),
    Object(usize),
    // Machine values.
    CInt(i64),
    CBool(bool),
    CDouble(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    List(Vec<V>),
    Tuple(Vec<V>),
    Cell(V),
    Instance([V; 2]),
    Method(V, V),
    /// A list's or tuple's iterator.
    Iterator(V, usize),
    /// Start, stop, step.
    Range([i128; 3]),
    /// Next, stop, step.
    RangeIterator([i128; 3]),
    /// Something that Python code made.
    Opaque(u32),
}

#[derive(Default)]
pub struct Heap {
    pub objects: Vec<Object>,
    /// Objects that Python code has seen, in that order.
    pub known: Vec<usize>,
}

impl Heap {
    pub fn make(&mut self, object: Object) -> V {
        self.objects.push(object);
        V::Object(self.objects.len() - 1)
    }

    pub fn get(&self, value: V) -> Option<&Object> {
        match value {
            V::Object(at) => self.objects.get(at),
            _ => None,
        }
    }

    /// Whether the value is of the type.
    pub fn is_a(&self, value: V, ty: Type, classes: &Classes) -> bool {
        self.type_of(value, classes).is_subtype(ty, classes)
    }

    fn type_of(&self, value: V, classes: &Classes) -> Type {
        match value {
            V::Null => ty::Nullptr,
            V::Exhausted => ty::Exhausted,
            V::None => ty::NoneType,
            V::Bool(value) => Type::bool(value),
            V::Int(value) if is_small(value) => Type::small_int(value as i64),
            V::Int(_) => ty::BigInt,
            V::Float(value) => float_type(value),
            V::Known(id) => Type::object(hir::types::ObjectId(id), classes),
            V::CInt(value) => Type::c_int(ty::CInt64, value),
            V::CBool(value) => Type::c_bool(value),
            V::CDouble(value) => Type::c_double(value),
            V::Object(at) => match &self.objects[at] {
                Object::List(_) => ty::ListExact,
                Object::Tuple(_) => ty::TupleExact,
                Object::Cell(_) => ty::Cell,
                Object::Instance(_) | Object::Opaque(_) => ty::ObjectUser,
                Object::Method(..) => ty::Method,
                Object::Range(_) => ty::Range,
                Object::RangeIterator(_) => ty::RangeIterator,
                Object::Iterator(source, _) => match self.get(*source) {
                    Some(Object::Tuple(_)) => ty::TupleIterator,
                    _ => ty::ListIterator,
                },
            },
        }
    }

    /// A value as an observer sees it; machine values look like the Python values they stand for.
    pub fn describe(&mut self, value: V) -> String {
        let mut seen = HashSet::new();
        let mut names: BTreeMap<usize, usize> = self.known.iter().enumerate().map(|(name, at)| (*at, name)).collect();
        self.text(value, &mut seen, &mut names)
    }

    fn text(&mut self, value: V, seen: &mut HashSet<usize>, names: &mut BTreeMap<usize, usize>) -> String {
        let V::Object(at) = value else {
            return match value {
                V::CInt(value) => V::Int(i128::from(value)),
                V::CBool(value) => V::Bool(value),
                V::CDouble(value) => V::Float(value),
                other => other,
            }
            .plain();
        };
        let name = *names.entry(at).or_insert_with(|| {
            self.known.push(at);
            self.known.len() - 1
        });
        if !seen.insert(at) {
            return format!("#{name}");
        }
        let (kind, parts, extra) = match self.objects[at].clone() {
            Object::List(items) => ("list", items, 0),
            Object::Tuple(items) => ("tuple", items, 0),
            Object::Cell(item) => ("cell", vec![item], 0),
            Object::Instance(slots) => ("instance", slots.to_vec(), 0),
            Object::Method(function, receiver) => ("method", vec![function, receiver], 0),
            Object::Iterator(source, index) => ("iterator", vec![source], index),
            Object::Opaque(number) => ("opaque", vec![], number as usize),
            Object::Range(parts) => ("range", parts.map(V::Int).to_vec(), 0),
            Object::RangeIterator(parts) => ("range iterator", parts.map(V::Int).to_vec(), 0),
        };
        let parts: Vec<String> = parts.into_iter().map(|part| self.text(part, seen, names)).collect();
        format!("#{name}={kind}{extra}({})", parts.join(", "))
    }
}

impl V {
    fn plain(self) -> String {
        match self {
            V::Float(value) if value.is_nan() => "nan".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

pub fn is_small(value: i128) -> bool {
    (i128::from(abi::tag::INT_MIN)..=i128::from(abi::tag::INT_MAX)).contains(&value)
}

fn float_type(value: f64) -> Type {
    let bits = value.to_bits();
    let is_common = matches!(bits >> 60 & 7, 3 | 4) && bits != 0x3000_0000_0000_0000 || bits == 0;
    (if is_common { ty::TaggedFloat } else { ty::BoxedFloat }).specialized(hir::types::Spec::Double(bits))
}
