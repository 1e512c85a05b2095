//! What types need to know of classes, shapes and objects: plain tables, filled before compilation.

use super::{Type, ty};

macro_rules! define_ids {
    ($( $(#[$doc:meta])* $Name:ident $letter:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(pub u32);

        impl $Name {
            /// What the number follows in text.
            pub const LETTER: &str = $letter;
        }
    )* };
}
pub(crate) use define_ids;

define_ids! {
    /// A class of the tables.
    ClassId "c";
    /// A shape of the tables.
    ShapeId "s";
    /// An object of the tables.
    ObjectId "o";
}

/// A class.
#[derive(Clone, Debug)]
pub struct ClassInfo {
    /// For people.
    pub name: String,
    /// The classes it is a subclass of, itself first, as far as they are in the tables.
    pub mro: Vec<ClassId>,
    /// The leaves of its instances that are of no subclass.
    pub exact: Type,
    /// The leaves of all its instances.
    pub instances: Type,
    /// Whether `exact` and `instances` hold no other objects, as for `list`.
    pub is_leaf: bool,
}

/// A layout of instances of one class.
#[derive(Clone, Debug)]
pub struct ShapeInfo {
    /// The runtime's number, which is in the header of the objects.
    pub number: u32,
    pub class: ClassId,
}

/// An object that compiled code may refer to.
#[derive(Clone, Debug)]
pub struct ObjectInfo {
    /// For people: the object's `repr`, or a name.
    pub name: String,
    /// Its leaf, and its lifetime if known.
    pub ty: Type,
    pub class: Option<ClassId>,
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    pub classes: Vec<ClassInfo>,
    pub shapes: Vec<ShapeInfo>,
    pub objects: Vec<ObjectInfo>,
}

impl ClassInfo {
    /// A class that Python code made, without a builtin base; its bases' entries come from `mro`.
    pub fn user(name: &str, mro: Vec<ClassId>) -> ClassInfo {
        ClassInfo { name: name.to_owned(), mro, exact: ty::ObjectUser, instances: ty::ObjectUser, is_leaf: false }
    }
}

impl Classes {
    /// The class with a number.
    pub fn class(&self, id: ClassId) -> Option<&ClassInfo> {
        self.classes.get(id.0 as usize)
    }

    /// The layout with a number.
    pub fn shape(&self, id: ShapeId) -> Option<&ShapeInfo> {
        self.shapes.get(id.0 as usize)
    }

    /// The known object with a number.
    pub fn object(&self, id: ObjectId) -> Option<&ObjectInfo> {
        self.objects.get(id.0 as usize)
    }

    /// Gives a class a number.
    pub fn add_class(&mut self, class: ClassInfo) -> ClassId {
        self.classes.push(class);
        ClassId(self.classes.len() as u32 - 1)
    }

    /// Gives a layout a number.
    pub fn add_shape(&mut self, shape: ShapeInfo) -> ShapeId {
        self.shapes.push(shape);
        ShapeId(self.shapes.len() as u32 - 1)
    }

    /// Gives an object a number.
    pub fn add_object(&mut self, object: ObjectInfo) -> ObjectId {
        self.objects.push(object);
        ObjectId(self.objects.len() as u32 - 1)
    }

    /// Whether every instance of `class` is one of `base`, by the method resolution order alone.
    pub fn is_subclass(&self, class: ClassId, base: ClassId) -> bool {
        class == base || self.class(class).is_some_and(|info| info.mro.contains(&base))
    }
}
