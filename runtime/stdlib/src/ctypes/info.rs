//! What `ctypes` knows of a C type: size, alignment, elements, how values are converted and passed.
//!
//! Each class that stands for a C type has a [`TypeInfo`], made by its metaclass.

use super::call::{ForeignType, Leaf};
use object::cell::Visitor;
use object::native::PayloadInfo;
use object::{Object, ObjectCell, ObjectOf, Payload, PyResult, Raised, Ref, Type, TypeSpec, Vm, VmCell};
use std::cell::Cell;

/// The family a C type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Simple,
    Structure,
    Union,
    Array,
    Pointer,
    Function,
}

/// Bits of [`TypeInfo::flags`]; the low ones are those that programs give to function types.
pub mod flag {
    pub const PYTHON_API: u32 = 0x4;
    pub const USE_ERRNO: u32 = 0x8;
    /// Values are pointers or hold some: they cannot be pickled.
    pub const POINTER: u32 = 0x100;
    /// Instances or derived types exist: the layout is settled.
    pub const FINAL: u32 = 0x1000;
}

/// The conversion between a C value and a Python one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The type code of the `struct` module's kind; `s` and `U` are character arrays.
    pub code: u8,
    /// Whether the bytes are in the order that is not the machine's.
    pub swapped: bool,
}

/// What is known of one C type.
pub struct TypeInfo {
    pub kind: Kind,
    pub size: Cell<usize>,
    pub align: Cell<usize>,
    /// Number of fields or elements.
    pub length: Cell<usize>,
    /// Of a simple type.
    pub code: Cell<Option<Code>>,
    pub flags: Cell<u32>,
    /// Type of elements or of what is pointed to; the code of a simple type as a string.
    pub proto: ObjectCell,
    pub pointer_type: ObjectCell,
    pub format: VmCell<String>,
    pub shape: VmCell<Vec<usize>>,
    /// Offset and type of each field.
    pub fields: VmCell<Vec<(usize, Object)>>,
    /// Array types made of this one, by length.
    pub arrays: VmCell<Vec<(usize, Object)>>,
    pub argtypes: ObjectCell,
    pub converters: ObjectCell,
    pub restype: ObjectCell,
    pub checker: ObjectCell,
}

static INFO: Type = Type::new(&INFO_SPEC);
static INFO_SPEC: TypeSpec = TypeSpec { name: "_ctypes.StgInfo", payload: PayloadInfo::of::<TypeInfo>(), ..TypeSpec::DEFAULT };

impl Payload for TypeInfo {
    fn class() -> &'static Type {
        &INFO
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.proto, &self.pointer_type, &self.argtypes, &self.converters, &self.restype, &self.checker] {
            cell.traverse(visitor);
        }
        for entries in [self.fields.visit(visitor), self.arrays.visit(visitor)] {
            visitor.visit_all(entries.iter().map(|(_, class)| class));
        }
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in [&self.proto, &self.pointer_type, &self.argtypes, &self.converters, &self.restype, &self.checker] {
            cell.set(None);
        }
        drop(self.fields.replace(vm, Vec::new()));
        drop(self.arrays.replace(vm, Vec::new()));
    }
}

impl TypeInfo {
    pub fn new(kind: Kind, size: usize, align: usize, length: usize) -> TypeInfo {
        TypeInfo {
            kind,
            size: Cell::new(size),
            align: Cell::new(align),
            length: Cell::new(length),
            code: Cell::new(None),
            flags: Cell::new(0),
            proto: ObjectCell::EMPTY,
            pointer_type: ObjectCell::EMPTY,
            format: VmCell::new(String::new()),
            shape: VmCell::new(Vec::new()),
            fields: VmCell::new(Vec::new()),
            arrays: VmCell::new(Vec::new()),
            argtypes: ObjectCell::EMPTY,
            converters: ObjectCell::EMPTY,
            restype: ObjectCell::EMPTY,
            checker: ObjectCell::EMPTY,
        }
    }

    /// The same for a class that derives from this one's.
    pub fn derived(&self, vm: &Vm) -> TypeInfo {
        let info = TypeInfo::new(self.kind, self.size.get(), self.align.get(), self.length.get());
        info.code.set(self.code.get());
        info.flags.set(self.flags.get() & !flag::FINAL);
        let copy = |from: &ObjectCell, to: &ObjectCell| to.set(from.get());
        copy(&self.proto, &info.proto);
        copy(&self.argtypes, &info.argtypes);
        copy(&self.converters, &info.converters);
        copy(&self.restype, &info.restype);
        copy(&self.checker, &info.checker);
        TypeInfo {
            format: VmCell::new(self.format.get(vm).clone()),
            shape: VmCell::new(self.shape.get(vm).clone()),
            fields: VmCell::new(self.fields.get(vm).clone()),
            ..info
        }
    }

    pub fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    pub fn set(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }

    pub fn has_code(&self, code: u8) -> bool {
        self.code.get().is_some_and(|own| own.code == code)
    }
}

/// What is known of a class, if it stands for a C type.
pub fn info_of(class: Ref<'_>) -> Option<ObjectOf<TypeInfo>> {
    class.downcast::<Type>()?.get().module_state.get()?.downcast::<TypeInfo>().ok()
}

/// What is known of an instance's class.
pub fn info_of_instance(object: Ref<'_>) -> Option<ObjectOf<TypeInfo>> {
    info_of(object.class().object())
}

/// Settles what a class is.
pub fn set_info(vm: &Vm, class: &Type, info: TypeInfo) -> ObjectOf<TypeInfo> {
    let info = vm.allocate(info);
    class.module_state.set(Some(info.clone().into_object()));
    info
}

/// What a class must have to be made instances of.
pub fn concrete_info(vm: &mut Vm, class: &Type) -> PyResult<ObjectOf<TypeInfo>> {
    info_of(class.object()).ok_or_else(|| vm.type_error("abstract class"))
}

/// The error of a class that is not a C type.
#[cold]
pub fn no_storage_info(vm: &mut Vm, class: Ref<'_>) -> Raised {
    match vm.repr_text(class) {
        Ok(text) => vm.type_error(format!("{text} must have storage info")),
        Err(raised) => raised,
    }
}

/// Readies the types of this file.
pub fn ready(vm: &mut Vm) {
    object::type_new::ready(vm, &INFO);
}

fn simple_leaf(code: u8) -> Option<(Leaf, bool)> {
    Some(match code {
        b'c' | b'b' => (Leaf::Int(1), true),
        b'B' | b'?' => (Leaf::Int(1), false),
        b'h' | b'v' => (Leaf::Int(2), true),
        b'H' => (Leaf::Int(2), false),
        b'i' | b'u' => (Leaf::Int(4), true),
        b'I' => (Leaf::Int(4), false),
        b'l' | b'q' => (Leaf::Int(8), true),
        b'f' => (Leaf::Float, true),
        b'd' => (Leaf::Double, true),
        b'g' => (Leaf::LongDouble, true),
        b'F' | b'D' | b'G' => return None,
        _ => (Leaf::Int(8), false),
    })
}

/// How C passes a value of the type.
pub fn foreign_type(vm: &Vm, info: &TypeInfo) -> ForeignType {
    match info.kind {
        Kind::Simple => {
            let code = info.code.get().map_or(b'P', |code| code.code);
            match (code, simple_leaf(code)) {
                (b'F', _) => ForeignType::FloatComplex,
                (b'D', _) => ForeignType::DoubleComplex,
                (b'G', _) => ForeignType::LongDoubleComplex,
                (_, Some((Leaf::Int(size), signed))) => ForeignType::Int { size, signed },
                (_, Some((Leaf::Float, _))) => ForeignType::Float,
                (_, Some((Leaf::Double, _))) => ForeignType::Double,
                _ => ForeignType::LongDouble,
            }
        }
        Kind::Array | Kind::Pointer | Kind::Function => ForeignType::POINTER,
        Kind::Structure | Kind::Union => {
            let mut leaves = Vec::new();
            // What is larger goes through memory, whatever it consists of.
            if info.size.get() <= 16 {
                add_leaves(vm, info, 0, &mut leaves);
            }
            ForeignType::Struct { size: info.size.get(), align: info.align.get(), leaves }
        }
    }
}

fn add_leaves(vm: &Vm, info: &TypeInfo, offset: usize, leaves: &mut Vec<(usize, Leaf)>) {
    match info.kind {
        Kind::Simple => {
            let code = info.code.get().map_or(b'P', |code| code.code);
            let half = info.size.get() / 2;
            match (code, simple_leaf(code)) {
                (b'F', _) => leaves.extend([(offset, Leaf::Float), (offset + half, Leaf::Float)]),
                (b'D', _) => leaves.extend([(offset, Leaf::Double), (offset + half, Leaf::Double)]),
                (_, Some((leaf, _))) => leaves.push((offset, leaf)),
                _ => leaves.extend([(offset, Leaf::LongDouble), (offset + half, Leaf::LongDouble)]),
            }
        }
        Kind::Pointer | Kind::Function => leaves.push((offset, Leaf::Int(8))),
        Kind::Array => {
            let Some(element) = info.proto.get().and_then(|proto| info_of(proto.borrow())) else { return };
            for index in 0..info.length.get().min(16) {
                add_leaves(vm, &element, offset + index * element.size.get(), leaves);
            }
        }
        Kind::Structure | Kind::Union => {
            for (field_offset, class) in info.fields.get(vm) {
                if let Some(field) = info_of(class.borrow()) {
                    add_leaves(vm, &field, offset + field_offset, leaves);
                }
            }
        }
    }
}
