//! What is known of a value: a set of leaf types, how long the objects among them live, and a specialisation.
//!
//! A [`Type`] stands for a set of values.
//!
//! * Leaf types ([`Leaves`]) part all values: each value is of one leaf. Leaves are *heap* leaves (counted objects), *tagged* leaves
//!   (Python values that are no pointers and never counted) or *machine* leaves (no Python values).
//! * The [`Lifetime`] restricts values of heap leaves; no others.
//! * A [`Spec`] about an object (class, shape, identity) restricts values of heap leaves, so `{ObjectUser[c1]|NoneType}` is "an instance
//!   of class 1 or `None`". A number restricts a type of a single leaf.
//!
//! Types are kept in a normal form, so that equality is equality of what is known. Operations that ask how classes relate take the
//! [`Classes`]. Where a result has no form, it is the next greater set that has: `|` and `-` give supersets of the exact answer;
//! `&` too, but only between unrelated classes, where one of the two is kept.

mod classes;
mod leaves;
mod text;

pub(crate) use classes::define_ids;
pub use classes::{ClassId, ClassInfo, Classes, ObjectId, ObjectInfo, ShapeId, ShapeInfo};
pub use leaves::Leaves;
pub use text::TypeNames;

/// A set of values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Type {
    leaves: Leaves,
    lifetime: Lifetime,
    spec: Spec,
}

/// Containers, strings among them, that have their length in a field and are true unless they are empty.
pub const SIZED: [Type; 6] = [ty::UnicodeExact, ty::ListExact, ty::TupleExact, ty::DictExact, ty::SetExact, ty::BytesExact];
/// One of [`SIZED`].
pub const ANY_SIZED: Type = Type::any_of(&SIZED);

/// How long objects live: a set of `Mortal` and `Immortal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Lifetime {
    Bottom = 0,
    Mortal = 1,
    Immortal = 2,
    Top = 3,
}

/// What is known beyond the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spec {
    /// Nothing.
    None,
    /// One known object.
    Object(ObjectId),
    /// An object with this layout. Objects change their shape: this is a fact of a moment, which ends with the next
    /// write to `Heap::SHAPE`. No instruction's output type has it.
    Shape(ShapeId),
    /// An instance of exactly this class.
    ClassExact(ClassId),
    /// An instance of this class or a subclass.
    Class(ClassId),
    /// This int; for `Bool` and `CBool` 0 or 1.
    Int(i64),
    /// The float with these bits.
    Double(u64),
}

impl Lifetime {
    const fn from_bits(bits: u8) -> Lifetime {
        match bits & 3 {
            0 => Lifetime::Bottom,
            1 => Lifetime::Mortal,
            2 => Lifetime::Immortal,
            _ => Lifetime::Top,
        }
    }

    const fn and(self, other: Lifetime) -> Lifetime {
        Lifetime::from_bits(self as u8 & other as u8)
    }

    const fn or(self, other: Lifetime) -> Lifetime {
        Lifetime::from_bits(self as u8 | other as u8)
    }

    const fn without(self, other: Lifetime) -> Lifetime {
        Lifetime::from_bits(self as u8 & !(other as u8))
    }

    const fn within(self, other: Lifetime) -> bool {
        self as u8 & !(other as u8) == 0
    }
}

impl Spec {
    /// Whether it is a number, which only types of one leaf have.
    const fn is_number(self) -> bool {
        matches!(self, Spec::Int(_) | Spec::Double(_))
    }

    /// The class it says the object has, and whether exactly.
    fn class(self, classes: &Classes) -> Option<(ClassId, bool)> {
        match self {
            Spec::Object(object) => classes.object(object).and_then(|object| object.class).map(|class| (class, true)),
            Spec::Shape(shape) => classes.shape(shape).map(|shape| (shape.class, true)),
            Spec::ClassExact(class) => Some((class, true)),
            Spec::Class(class) => Some((class, false)),
            Spec::None | Spec::Int(_) | Spec::Double(_) => None,
        }
    }

    /// Whether whatever fits `self` fits `other`.
    fn within(self, other: Spec, classes: &Classes) -> bool {
        if self == other {
            return true;
        }
        match other {
            Spec::None => true,
            Spec::ClassExact(class) => self.class(classes) == Some((class, true)),
            Spec::Class(class) => self.class(classes).is_some_and(|(mine, _)| classes.is_subclass(mine, class)),
            Spec::Object(_) | Spec::Shape(_) | Spec::Int(_) | Spec::Double(_) => false,
        }
    }

    /// The least specialisation that both fit.
    fn or(self, other: Spec, classes: &Classes) -> Spec {
        if self.within(other, classes) {
            return other;
        }
        if other.within(self, classes) {
            return self;
        }
        let (Some((mine, _)), Some((theirs, _))) = (self.class(classes), other.class(classes)) else { return Spec::None };
        if mine == theirs {
            // Neither is a bare class here: `Object` and `Shape` say it exactly.
            Spec::ClassExact(mine)
        } else if classes.is_subclass(mine, theirs) {
            Spec::Class(theirs)
        } else if classes.is_subclass(theirs, mine) {
            Spec::Class(mine)
        } else {
            Spec::None
        }
    }

    /// What fits both, or `None` if nothing does.
    fn and(self, other: Spec, classes: &Classes) -> Option<Spec> {
        if self.within(other, classes) {
            return Some(self);
        }
        if other.within(self, classes) {
            return Some(other);
        }
        match (self, other) {
            (Spec::Object(_), Spec::Object(_)) | (Spec::Shape(_), Spec::Shape(_)) => return None,
            (Spec::Int(_), Spec::Int(_)) | (Spec::Double(_), Spec::Double(_)) => return None,
            _ => {}
        }
        if let (Some((mine, mine_exact)), Some((theirs, theirs_exact))) = (self.class(classes), other.class(classes)) {
            let disjoint = match (mine_exact, theirs_exact) {
                (true, true) => mine != theirs,
                (true, false) => !classes.is_subclass(mine, theirs),
                (false, true) => !classes.is_subclass(theirs, mine),
                (false, false) => false,
            };
            if disjoint {
                return None;
            }
        }
        Some(self.min(other))
    }
}

impl Type {
    /// All values of these leaves.
    pub const fn of(leaves: Leaves) -> Type {
        let lifetime = if leaves.and(Leaves::HEAP).is_empty() { Lifetime::Bottom } else { Lifetime::Top };
        Type { leaves, lifetime, spec: Spec::None }
    }

    /// All values of the leaves of any of these types.
    pub const fn any_of(types: &[Type]) -> Type {
        let (mut leaves, mut rest) = (Leaves::NONE, types);
        while let [first, others @ ..] = rest {
            (leaves, rest) = (leaves.or(first.leaves), others);
        }
        Type::of(leaves)
    }

    /// A type in its normal form.
    pub fn new(leaves: Leaves, lifetime: Lifetime, spec: Spec) -> Type {
        let leaves = if lifetime == Lifetime::Bottom { leaves.without(Leaves::HEAP) } else { leaves };
        let has_heap = !leaves.and(Leaves::HEAP).is_empty();
        let holds = match spec {
            Spec::None => true,
            Spec::Int(_) => leaves.count() == 1 && leaves.within(Leaves::INT_VALUED),
            Spec::Double(_) => leaves.count() == 1 && leaves.within(Leaves::DOUBLE_VALUED),
            Spec::Object(_) | Spec::Shape(_) | Spec::ClassExact(_) | Spec::Class(_) => has_heap,
        };
        let lifetime = if has_heap { lifetime } else { Lifetime::Bottom };
        Type { leaves, lifetime, spec: if holds { spec } else { Spec::None } }
    }

    /// A tagged int.
    pub fn small_int(value: i64) -> Type {
        ty::SmallInt.specialized(Spec::Int(value))
    }

    /// A known bool.
    pub fn bool(value: bool) -> Type {
        ty::Bool.specialized(Spec::Int(i64::from(value)))
    }

    /// A known bool of the machine.
    pub fn c_bool(value: bool) -> Type {
        ty::CBool.specialized(Spec::Int(i64::from(value)))
    }

    /// A machine integer; `leaf` is one of the `C...` leaves.
    pub fn c_int(leaf: Type, value: i64) -> Type {
        leaf.specialized(Spec::Int(value))
    }

    /// A known float of the machine.
    pub fn c_double(value: f64) -> Type {
        ty::CDouble.specialized(Spec::Double(value.to_bits()))
    }

    /// A known object.
    pub fn object(object: ObjectId, classes: &Classes) -> Type {
        classes.object(object).map_or(ty::HeapObject, |info| info.ty).specialized(Spec::Object(object))
    }

    /// Instances of exactly this class.
    pub fn class_exact(class: ClassId, classes: &Classes) -> Type {
        match classes.class(class) {
            // A leaf that says the class needs no specialisation.
            Some(info) if info.is_leaf => info.exact,
            Some(info) => info.exact.specialized(Spec::ClassExact(class)),
            None => ty::HeapObject.specialized(Spec::ClassExact(class)),
        }
    }

    /// Instances of this class and its subclasses.
    pub fn class(class: ClassId, classes: &Classes) -> Type {
        match classes.class(class) {
            Some(info) if info.is_leaf => info.instances,
            Some(info) => info.instances.specialized(Spec::Class(class)),
            None => ty::HeapObject.specialized(Spec::Class(class)),
        }
    }

    /// The same leaves with another specialisation.
    #[must_use]
    pub fn specialized(self, spec: Spec) -> Type {
        Type::new(self.leaves, self.lifetime, spec)
    }

    /// The same without what is known beyond leaf and lifetime.
    #[must_use]
    pub fn unspecialized(self) -> Type {
        self.specialized(Spec::None)
    }

    /// The same with objects that live so long only.
    #[must_use]
    pub fn living(self, lifetime: Lifetime) -> Type {
        Type::new(self.leaves, self.lifetime.and(lifetime), self.spec)
    }

    /// The leaf types of its values.
    pub const fn leaves(self) -> Leaves {
        self.leaves
    }

    /// How long the objects among its values live.
    pub const fn lifetime(self) -> Lifetime {
        self.lifetime
    }

    /// What is known of its values beyond the leaves.
    pub const fn spec(self) -> Spec {
        self.spec
    }

    /// Whether it has no values.
    pub const fn is_bottom(self) -> bool {
        self.leaves.is_empty()
    }

    fn has_heap(self) -> bool {
        !self.leaves.and(Leaves::HEAP).is_empty()
    }

    /// `self <= other`: every value of `self` is one of `other`.
    pub fn is_subtype(self, other: Type, classes: &Classes) -> bool {
        if !self.leaves.within(other.leaves) || !self.lifetime.within(other.lifetime) {
            return false;
        }
        if other.spec.is_number() { self.is_bottom() || self.spec == other.spec } else { !self.has_heap() || self.spec.within(other.spec, classes) }
    }

    /// `self < other`.
    pub fn is_proper_subtype(self, other: Type, classes: &Classes) -> bool {
        self != other && self.is_subtype(other, classes)
    }

    /// `self <= other` for an `other` that names no class, object or shape: asks for no classes.
    pub fn fits(self, other: Type) -> bool {
        debug_assert_eq!(other.spec, Spec::None);
        self.leaves.within(other.leaves) && self.lifetime.within(other.lifetime)
    }

    /// Whether a value can be of both types.
    pub fn could_be(self, other: Type, classes: &Classes) -> bool {
        !self.and(other, classes).is_bottom()
    }

    /// `self | other`.
    #[must_use]
    pub fn or(self, other: Type, classes: &Classes) -> Type {
        if self.is_bottom() {
            return other;
        }
        if other.is_bottom() {
            return self;
        }
        let spec = match (self.has_heap(), other.has_heap()) {
            (true, true) => self.spec.or(other.spec, classes),
            (true, false) => self.spec,
            (false, true) => other.spec,
            (false, false) if self.leaves == other.leaves && self.spec == other.spec => self.spec,
            (false, false) => Spec::None,
        };
        Type::new(self.leaves.or(other.leaves), self.lifetime.or(other.lifetime), spec)
    }

    /// `self & other`.
    #[must_use]
    pub fn and(self, other: Type, classes: &Classes) -> Type {
        let leaves = self.leaves.and(other.leaves);
        let lifetime = self.lifetime.and(other.lifetime);
        let (mine, theirs) = (self.spec_within(leaves), other.spec_within(leaves));
        match mine.and(theirs, classes) {
            Some(spec) => Type::new(leaves, lifetime, spec),
            // Numbers exclude the only leaf there is, facts about objects the heap leaves.
            None if mine.is_number() => ty::Bottom,
            None => Type::new(leaves.without(Leaves::HEAP), lifetime, Spec::None),
        }
    }

    /// The specialisation as far as it says something about values of `leaves`.
    fn spec_within(self, leaves: Leaves) -> Spec {
        Type::new(leaves.and(self.leaves), Lifetime::Top, self.spec).spec
    }

    /// `self - other`: the values of `self` that are not of `other`, and perhaps more of `self`.
    #[must_use]
    pub fn minus(self, other: Type, classes: &Classes) -> Type {
        if other.spec.is_number() {
            return if self.is_subtype(other, classes) { ty::Bottom } else { self };
        }
        let tagged = self.leaves.without(Leaves::HEAP).without(other.leaves);
        let heap = self.leaves.and(Leaves::HEAP);
        if !self.spec.within(other.spec, classes) {
            return Type::new(tagged.or(heap), self.lifetime, self.spec);
        }
        if self.lifetime.within(other.lifetime) {
            return Type::new(tagged.or(heap.without(other.leaves)), self.lifetime, self.spec);
        }
        let lifetime = if heap.within(other.leaves) { self.lifetime.without(other.lifetime) } else { self.lifetime };
        Type::new(tagged.or(heap), lifetime, self.spec)
    }

    /// Whether values are never counted: they are tagged, immortal or no Python values at all.
    pub fn is_uncounted(self) -> bool {
        matches!(self.lifetime, Lifetime::Bottom | Lifetime::Immortal)
    }

    /// Whether giving up a reference to such a value runs no code and frees nothing that others borrow from.
    pub fn is_leaf_scalar(self) -> bool {
        self.fits(ty::LeafScalar)
    }

    /// Whether a value may be null.
    pub fn may_be_null(self) -> bool {
        !self.leaves.and(ty::Nullptr.leaves).is_empty()
    }

    /// The Python value, if there is only one: a constant that needs no counting or a known object.
    pub fn is_single_value(self) -> bool {
        if self.leaves.count() != 1 {
            return false;
        }
        match self.spec {
            Spec::Object(_) => true,
            Spec::Int(_) | Spec::Double(_) => true,
            Spec::None => self.leaves.within(Leaves::SINGLETONS),
            Spec::Shape(_) | Spec::ClassExact(_) | Spec::Class(_) => false,
        }
    }

    /// The object, if it is a known one.
    pub fn known_object(self) -> Option<ObjectId> {
        match self.spec {
            Spec::Object(object) if self.leaves.within(Leaves::HEAP) => Some(object),
            _ => None,
        }
    }

    /// The number, if the value is a known tagged or machine integer or a known bool.
    pub fn known_int(self) -> Option<i64> {
        match self.spec {
            Spec::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if the value is a known float.
    pub fn known_double(self) -> Option<f64> {
        match self.spec {
            Spec::Double(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The class of every value, if it is one class of the tables, and whether it is exactly that class.
    pub fn known_class(self, classes: &Classes) -> Option<(ClassId, bool)> {
        if self.leaves.within(Leaves::HEAP) { self.spec.class(classes) } else { None }
    }
}

pub mod ty {
    //! The types that have names.
    #![expect(non_upper_case_globals, reason = "types are written as in the text form")]
    pub use super::leaves::named::*;
    use super::{Leaves, Type};

    /// No value.
    pub const Bottom: Type = Type::of(Leaves::NONE);
}

#[cfg(test)]
mod tests;
