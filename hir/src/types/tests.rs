//! The lattice against a model: types as sets of sample values.

use super::*;
use crate::text::Cursor;
use proptest::prelude::*;

/// A value of the model.
#[derive(Clone, Copy, Debug)]
struct Sample {
    leaf: Type,
    lifetime: Lifetime,
    object: Option<ObjectId>,
    shape: Option<ShapeId>,
    class: Option<ClassId>,
    number: Option<Spec>,
}

/// Classes 0 <- 1 <- 2, 0 <- 3, 4 alone; shapes 0, 1 of class 1, 2 of class 3; objects of classes 1, 2, 4 and one without.
fn classes() -> Classes {
    let mut classes = Classes::default();
    for (name, mro) in [("A", vec![0]), ("B", vec![1, 0]), ("C", vec![2, 1, 0]), ("D", vec![3, 0]), ("E", vec![4])] {
        classes.add_class(ClassInfo::user(name, mro.into_iter().map(ClassId).collect()));
    }
    for (number, class) in [(70, 1), (71, 1), (72, 3)] {
        classes.add_shape(ShapeInfo { number, class: ClassId(class) });
    }
    for class in [Some(1), Some(2), Some(4), None] {
        let ty = if class.is_some() { ty::ObjectUser } else { ty::UnicodeExact };
        classes.add_object(ObjectInfo { name: "object".to_owned(), ty, class: class.map(ClassId) });
    }
    classes
}

fn samples(classes: &Classes) -> Vec<Sample> {
    let plain = Sample { leaf: ty::Bottom, lifetime: Lifetime::Bottom, object: None, shape: None, class: None, number: None };
    let mut samples = Vec::new();
    for leaf in Leaves::HEAP.iter() {
        for lifetime in [Lifetime::Mortal, Lifetime::Immortal] {
            let sample = Sample { leaf, lifetime, ..plain };
            samples.push(sample);
            for class in 0..5 {
                samples.push(Sample { class: Some(ClassId(class)), ..sample });
            }
            for shape in 0..3 {
                samples.push(Sample { shape: Some(ShapeId(shape)), class: classes.shape(ShapeId(shape)).map(|shape| shape.class), ..sample });
            }
            for object in 0..4 {
                samples.push(Sample {
                    object: Some(ObjectId(object)),
                    class: classes.object(ObjectId(object)).and_then(|object| object.class),
                    ..sample
                });
            }
        }
    }
    for leaf in Leaves::TAGGED.iter().chain(Leaves::MACHINE.iter()) {
        samples.push(Sample { leaf, ..plain });
    }
    for leaf in Leaves::INT_VALUED.iter() {
        samples.extend([0, 1].map(|value| Sample { leaf, number: Some(Spec::Int(value)), ..plain }));
    }
    for leaf in Leaves::DOUBLE_VALUED.iter() {
        let lifetime = if leaf == ty::BoxedFloat { Lifetime::Mortal } else { Lifetime::Bottom };
        samples.extend([1.0f64, 2.0].map(|value| Sample { leaf, lifetime, number: Some(Spec::Double(value.to_bits())), ..plain }));
    }
    samples
}

impl Sample {
    fn is_of(&self, ty: Type, classes: &Classes) -> bool {
        let specialised = match ty.spec() {
            Spec::None => true,
            Spec::Int(_) | Spec::Double(_) => self.number == Some(ty.spec()),
            _ if !self.leaf.leaves().within(Leaves::HEAP) => true,
            Spec::Object(object) => self.object == Some(object),
            Spec::Shape(shape) => self.shape == Some(shape),
            Spec::ClassExact(class) => self.class == Some(class),
            Spec::Class(class) => self.class.is_some_and(|mine| classes.is_subclass(mine, class)),
        };
        self.leaf.leaves().within(ty.leaves()) && self.lifetime.within(ty.lifetime()) && specialised
    }
}

fn any_spec() -> impl Strategy<Value = Spec> {
    prop_oneof![
        4 => Just(Spec::None),
        2 => (0..4u32).prop_map(|id| Spec::Object(ObjectId(id))),
        2 => (0..3u32).prop_map(|id| Spec::Shape(ShapeId(id))),
        2 => (0..5u32).prop_map(|id| Spec::ClassExact(ClassId(id))),
        2 => (0..5u32).prop_map(|id| Spec::Class(ClassId(id))),
        1 => (0..3i64).prop_map(Spec::Int),
        1 => prop_oneof![Just(1.0f64), Just(2.0), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY)].prop_map(|value| Spec::Double(value.to_bits())),
    ]
}

pub(crate) fn any_type() -> impl Strategy<Value = Type> {
    let named: Vec<Type> = TypeNames::all().map(|(_, ty)| ty).collect();
    let leaves = proptest::collection::vec(proptest::sample::select(named), 1..4);
    (leaves, 0..4u8, any_spec()).prop_map(|(parts, lifetime, spec)| {
        let leaves = parts.iter().fold(Leaves::NONE, |leaves, part| leaves.or(part.leaves()));
        Type::new(leaves, Lifetime::from_bits(lifetime), spec)
    })
}

proptest! {
    #[test]
    fn operations_are_those_of_sets(a in any_type(), b in any_type()) {
        let classes = classes();
        let (or, and, minus) = (a.or(b, &classes), a.and(b, &classes), a.minus(b, &classes));
        for sample in samples(&classes) {
            let (in_a, in_b) = (sample.is_of(a, &classes), sample.is_of(b, &classes));
            prop_assert!(!(in_a || in_b) || sample.is_of(or, &classes), "{sample:?} is in {a} or {b}, not in {or}");
            prop_assert!(!(in_a && in_b) || sample.is_of(and, &classes), "{sample:?} is in {a} and {b}, not in {and}");
            prop_assert!(!in_a || in_b || sample.is_of(minus, &classes), "{sample:?} is in {a}, not in {b} nor in {minus}");
            prop_assert!(!a.is_subtype(b, &classes) || !in_a || in_b, "{a} <= {b} but for {sample:?}");
        }
    }

    #[test]
    fn operations_are_ordered(a in any_type(), b in any_type()) {
        let classes = classes();
        let (or, and, minus) = (a.or(b, &classes), a.and(b, &classes), a.minus(b, &classes));
        prop_assert!(a.is_subtype(or, &classes) && b.is_subtype(or, &classes), "{a} | {b} is {or}");
        prop_assert!(and.is_subtype(a, &classes) || and.is_subtype(b, &classes), "{a} & {b} is {and}");
        prop_assert!(minus.is_subtype(a, &classes), "{a} - {b} is {minus}");
        prop_assert_eq!(or, b.or(a, &classes));
        prop_assert_eq!(and, b.and(a, &classes));
        prop_assert_eq!(a.could_be(b, &classes), b.could_be(a, &classes));
        if a.is_subtype(b, &classes) {
            prop_assert_eq!(or, b);
            prop_assert_eq!(and, a);
            prop_assert!(minus.is_bottom(), "{} - {} is {}", a, b, minus);
            prop_assert!(!b.is_subtype(a, &classes) || a == b);
        }
    }

    #[test]
    fn order_is_transitive(a in any_type(), b in any_type(), c in any_type()) {
        let classes = classes();
        let (ab, abc) = (a.or(b, &classes), a.or(b, &classes).or(c, &classes));
        prop_assert!(a.is_subtype(a, &classes) && ty::Bottom.is_subtype(a, &classes) && a.is_subtype(ty::Top, &classes));
        prop_assert!(a.is_subtype(ab, &classes) && ab.is_subtype(abc, &classes) && a.is_subtype(abc, &classes));
        if a.is_subtype(b, &classes) && b.is_subtype(c, &classes) {
            prop_assert!(a.is_subtype(c, &classes));
        }
    }

    #[test]
    fn text_round_trips(a in any_type()) {
        let text = a.to_string();
        prop_assert_eq!(Type::parse(&mut Cursor::new(&text)).map_err(|error| error.to_string()), Ok(a), "{}", text);
    }
}

#[test]
fn names_read_like_cinders() {
    let texts = [
        (Type::small_int(5), "SmallInt[5]"),
        (Type::bool(true), "Bool[True]"),
        (Type::c_double(1.5), "CDouble[1.5]"),
        (ty::OptObject, "OptObject"),
        (Type::any_of(&[ty::Dict, ty::Nullptr]).living(Lifetime::Mortal), "OptMortalDict"),
        (ty::ObjectUser.specialized(Spec::ClassExact(ClassId(1))), "ObjectUser[c1:Exact]"),
        (Type::any_of(&[ty::ListExact, ty::NoneType]), "{ListExact|NoneType}"),
        (ty::Bottom, "Bottom"),
    ];
    for (ty, text) in texts {
        assert_eq!(ty.to_string(), text);
    }
}

#[test]
fn specialisations_restrict_heap_values_only() {
    let classes = classes();
    let instance = ty::ObjectUser.specialized(Spec::Class(ClassId(0)));
    let optional = instance.or(ty::NoneType, &classes);
    assert_eq!(optional.to_string(), "{ObjectUser|NoneType}[c0]");
    assert_eq!(optional.minus(ty::NoneType, &classes), instance);
    assert!(optional.could_be(ty::NoneType, &classes));
    assert!(!instance.could_be(ty::ObjectUser.specialized(Spec::ClassExact(ClassId(4))), &classes));
}

#[test]
fn every_leaf_is_of_one_kind() {
    assert_eq!(ty::HeapObject.leaves(), Leaves::HEAP);
    assert_eq!(ty::Uncounted.leaves(), Leaves::TAGGED);
    assert_eq!(ty::Top.leaves(), Leaves::HEAP.or(Leaves::TAGGED).or(Leaves::MACHINE));
    let names: std::collections::HashSet<&str> = TypeNames::all().map(|(name, _)| name).collect();
    assert_eq!(names.len(), TypeNames::all().count());
}
