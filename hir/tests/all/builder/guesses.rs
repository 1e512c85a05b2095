//! Feedback that is made up, for code whose feedback nobody has: whatever was seen, what is built must be well formed.

use bytecode::{Code, Opcode};
use hir::environment::{
    Assumption, AssumptionId, Construction, GlobalValue, KnownClass, KnownFunction, KnownNative, NativeKind, Owner, Place, Preloaded, Receiver, Seen,
    SuperOwner,
};
use hir::types::{ClassId, ClassInfo, ObjectId, ObjectInfo, ShapeId, ShapeInfo};
use hir::{Type, ty};
use std::sync::Arc;

/// Numbers that look random (an LCG of Knuth's).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `limit`.
    pub fn roll(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

const TYPES: &[Type] = &[
    ty::SmallInt,
    ty::SmallInt,
    ty::SmallInt,
    ty::LongExact,
    ty::TaggedFloat,
    ty::FloatExact,
    ty::UnicodeExact,
    ty::ListExact,
    ty::TupleExact,
    ty::DictExact,
    ty::Bool,
    ty::NoneType,
    ty::Object,
    ty::Bottom,
];

const KINDS: &[NativeKind] = &[
    NativeKind::Len,
    NativeKind::IsInstance,
    NativeKind::TypeOf,
    NativeKind::ListAppend,
    NativeKind::Range,
    NativeKind::Enumerate,
    NativeKind::SquareRoot,
    NativeKind::Abs,
    NativeKind::Min,
    NativeKind::Max,
    NativeKind::Other,
];

/// An environment of the code with guesses: functions, natives and classes that globals and callees may be.
pub fn preloaded(code: &Code, dice: &mut Dice) -> Preloaded {
    let mut preloaded = Preloaded::of_code(Arc::new(code.clone()), &code.qualname);
    let mut tables = (*preloaded.classes).clone();
    let list = tables.add_class(ClassInfo { name: "list".to_owned(), mro: Vec::new(), exact: ty::ListExact, instances: ty::List, is_leaf: true });
    let mut classes = vec![list];
    let mut shapes = vec![tables.add_shape(ShapeInfo { number: 1, class: list })];
    for number in 0..3 {
        let class = tables.add_class(ClassInfo::user(&format!("C{number}"), vec![]));
        classes.push(class);
        shapes.extend((0..2).map(|index| tables.add_shape(ShapeInfo { number: 10 * number + index, class })));
    }
    let mut objects = Vec::new();
    let mut add = |name: String, ty: Type| {
        let object = tables.add_object(ObjectInfo { name, ty, class: None });
        objects.push(object);
        object
    };
    let first = add("first".to_owned(), ty::Func);
    preloaded.assumptions = vec![Assumption { text: "all stays as it is".to_owned() }];
    for number in 0..8 {
        let object = add(format!("f{number}"), ty::Func);
        let known = KnownFunction {
            code: None,
            assumption: (number != 7).then_some(AssumptionId(0)),
            simple_arguments: Some(number / 2),
            defaults: vec![ty::NoneType; (number / 4) as usize],
            keyword_only: Vec::new(),
            takes_rest: false,
            takes_keywords: false,
            returns: dice.pick(TYPES).or(ty::NoneType, &preloaded.classes),
        };
        preloaded.functions.insert(object, known);
    }
    for (number, &kind) in KINDS.iter().enumerate() {
        let object = add(format!("n{number}"), ty::BuiltinFunction);
        let is_leaf = dice.roll(2) == 0;
        let arguments = dice.roll(3) as u32;
        let leaf_arguments = vec![ty::Object; arguments as usize];
        preloaded.natives.insert(object, KnownNative { kind, arguments, returns: ty::Object, is_leaf, leaf_arguments });
    }
    for (number, &class) in classes.iter().enumerate() {
        let object = add(format!("class{number}"), ty::TypeExact);
        // The functions come first.
        let function = ObjectId(first.0 + dice.roll(8) as u32);
        let init = dice.pick(&[None, Some(function)]);
        let construction = (number > 0).then_some(Construction { shape: shapes[number], init, assumption: AssumptionId(0) });
        preloaded.known_classes.insert(object, KnownClass { class, construction });
    }
    preloaded.classes = Arc::new(tables);
    let tables = Arc::clone(&preloaded.classes);
    let unit = &mut preloaded.codes[0];
    for name in 0..code.names.len() as u32 {
        if dice.roll(2) == 0 {
            let value = Type::object(dice.pick(&objects), &tables);
            unit.globals.insert(name, GlobalValue { value, assumption: AssumptionId(0) });
        }
    }
    let mut guess = Guess { dice, classes: &classes, shapes: &shapes, objects: &objects, tables: &tables };
    unit.feedback = code.instructions.iter().map(|instruction| instruction.opcode().map_or(Seen::Unrecorded, |opcode| guess.seen(opcode))).collect();
    preloaded
}

struct Guess<'a> {
    dice: &'a mut Dice,
    classes: &'a [ClassId],
    shapes: &'a [ShapeId],
    objects: &'a [ObjectId],
    tables: &'a hir::Classes,
}

impl Guess<'_> {
    fn seen(&mut self, opcode: Opcode) -> Seen {
        match self.dice.roll(12) {
            0 => return Seen::Megamorphic,
            1 if self.dice.roll(3) == 0 => return Seen::NeverRun,
            2 => return Seen::Unrecorded,
            _ => {}
        }
        match opcode {
            Opcode::BinaryOp | Opcode::StoreSubscr if self.dice.roll(6) == 0 => self.owners(),
            Opcode::BinaryOp | Opcode::CompareOp | Opcode::StoreSubscr | Opcode::ToBool | Opcode::UnpackSequence | Opcode::UnaryNegative => {
                Seen::Operands(self.dice.pick(TYPES), self.dice.pick(TYPES))
            }
            Opcode::ForIter => Seen::Iterator(self.dice.pick(&[ty::RangeIterator, ty::ListIterator, ty::TupleIterator, ty::Gen])),
            Opcode::LoadAttr | Opcode::StoreAttr | Opcode::LoadSpecial => match self.dice.roll(7) {
                0 => Seen::OfClass { class: self.object(), value: Type::object(self.object(), self.tables), assumption: AssumptionId(0) },
                5 => Seen::ClassMethod { class: self.object(), function: self.object(), assumption: AssumptionId(0) },
                1 => Seen::OfModule { module: self.object(), value: Type::object(self.object(), self.tables), assumption: AssumptionId(0) },
                _ => self.owners(),
            },
            Opcode::LoadSuperAttr => {
                let start = self.object();
                Seen::Super { super_type: self.object(), owners: (0..self.dice.pick(&[1, 1, 2, 3, 5])).map(|_| self.super_owner(start)).collect() }
            }
            Opcode::Call => Seen::Callee { value: self.object(), with_owner: self.dice.roll(2) == 0 },
            _ => Seen::Unrecorded,
        }
    }

    fn object(&mut self) -> ObjectId {
        self.dice.pick(self.objects)
    }

    fn super_owner(&mut self, start: ObjectId) -> SuperOwner {
        let receiver = if self.dice.roll(4) == 0 { Receiver::Class(self.object()) } else { Receiver::Instance(self.dice.pick(self.classes)) };
        let place = match self.dice.roll(6) {
            0 => Place::General,
            1 => Place::Value(self.objects[0]),
            _ => Place::Method(self.objects[0]),
        };
        SuperOwner { start, receiver, assumption: AssumptionId(0), place }
    }

    fn owners(&mut self) -> Seen {
        let count = self.dice.pick(&[1, 1, 1, 2, 3, 6]);
        Seen::Attribute((0..count).map(|_| self.owner()).collect())
    }

    fn owner(&mut self) -> Owner {
        let shape = self.dice.pick(self.shapes);
        let class = if self.dice.roll(8) == 0 { self.dice.pick(self.classes) } else { self.tables.shapes[shape.0 as usize].class };
        let place = match self.dice.roll(7) {
            0 => Place::Method(self.object()),
            1 => Place::Value(self.object()),
            2 => Place::Getter(self.object()),
            3 => Place::General,
            4 => Place::Added { offset: 32, shape: self.dice.pick(self.shapes) },
            _ => Place::Slot { offset: 24 },
        };
        Owner { class, shape, assumption: AssumptionId(0), place }
    }
}
