//! Descriptors: computed attributes of native types, `__slots__` members, `property`,
//! `staticmethod` and `classmethod`.

use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, Type};
use crate::function::check_owner;
use crate::instance;
use crate::native::{Getset, PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};

/// The payload of a `getset_descriptor` or of a `member_descriptor` of a native type.
pub struct GetsetDescriptor {
    pub getset: &'static Getset,
    /// `__objclass__`
    pub class: ObjectCell,
}

/// `types.GetSetDescriptorType`
pub static GETSET: Type = Type::new(&GETSET_SPEC);
static GETSET_SPEC: TypeSpec = TypeSpec {
    name: "getset_descriptor",
    payload: PayloadInfo::of::<GetsetDescriptor>(),
    slots: Slots { descr_get: Some(get_getset), descr_set: Some(set_getset), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for GetsetDescriptor {
    fn class() -> &'static Type {
        &GETSET
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.class.traverse(visitor);
    }
}

/// The descriptor of a computed attribute of `class`.
pub fn new_getset(vm: &Vm, getset: &'static Getset, class: &Type) -> Object {
    vm.allocate(GetsetDescriptor { getset, class: ObjectCell::new(Some(class.to_object())) }).into_object()
}

/// Raises unless the instance is of the class that declares the attribute.
fn check_getset(vm: &mut Vm, getset: &GetsetDescriptor, instance: Ref<'_>) -> PyResult<Object> {
    let class = getset.class.get_or_none();
    let owner = class.borrow().downcast::<Type>().expect("a computed attribute belongs to a class");
    check_owner(vm, getset.getset.name, owner.get(), instance)?;
    Ok(class)
}

fn get_getset(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance else { return Ok(descriptor.to_owned()) };
    let getset = descriptor.downcast::<GetsetDescriptor>().expect("the slot belongs to the type");
    check_getset(vm, getset.get(), instance)?;
    (getset.getset.get)(vm, instance)
}

fn set_getset(vm: &mut Vm, descriptor: Ref<'_>, instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let getset = descriptor.downcast::<GetsetDescriptor>().expect("the slot belongs to the type");
    let class = check_getset(vm, getset.get(), instance)?;
    match getset.getset.set {
        Some(set) => set(vm, instance, value),
        None => {
            let class = class.borrow().downcast::<Type>().expect("checked to be a class");
            let message = format!("attribute '{}' of '{}' objects is not writable", getset.getset.name, class.full_name());
            Err(vm.raise(&crate::exception::ATTRIBUTE_ERROR, message))
        }
    }
}

/// The payload of a member of `__slots__`, or of a field of a native type.
pub struct MemberDescriptor {
    pub name: ObjectCell,
    /// `__objclass__`, which the member was laid out for.
    pub class: ObjectCell,
    /// Where it is: bytes from the start of the instance, or the functions of a native field.
    pub place: MemberPlace,
}

/// Where a member lives.
pub enum MemberPlace {
    Offset(u32),
    /// Among the instance's attributes, where the layout leaves no room for members.
    Attribute,
    Native(&'static Getset),
}

/// `types.MemberDescriptorType`
pub static MEMBER: Type = Type::new(&MEMBER_SPEC);
static MEMBER_SPEC: TypeSpec = TypeSpec {
    name: "member_descriptor",
    payload: PayloadInfo::of::<MemberDescriptor>(),
    slots: Slots { descr_get: Some(get_member), descr_set: Some(set_member), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for MemberDescriptor {
    fn class() -> &'static Type {
        &MEMBER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.name.traverse(visitor);
        self.class.traverse(visitor);
    }
}

/// Checks the instance and returns the member's name.
fn check_member(vm: &mut Vm, member: &MemberDescriptor, instance: Ref<'_>) -> PyResult<Object> {
    let name = member.name.get_or_none();
    let class = member.class.get_or_none();
    let class = class.borrow().downcast::<Type>().expect("a member belongs to a class");
    if !instance.is_instance_of(class.get()) {
        let text = vm.str(name.borrow())?;
        check_owner(vm, &text.to_string_lossy(), class.get(), instance)?;
    }
    Ok(name)
}

/// The value of a `__slots__` member.
fn stored(place: &MemberPlace, instance: Ref<'_>, name: Ref<'_>) -> Option<Object> {
    match place {
        MemberPlace::Offset(offset) => instance::get_member(instance, *offset as usize),
        _ => instance::get_attribute(instance, name).map(Ref::to_owned),
    }
}

fn get_member(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance else { return Ok(descriptor.to_owned()) };
    let member = descriptor.downcast::<MemberDescriptor>().expect("the slot belongs to the type");
    let name = check_member(vm, member.get(), instance)?;
    match member.place {
        MemberPlace::Offset(_) | MemberPlace::Attribute => match stored(&member.place, instance, name.borrow()) {
            Some(value) => Ok(value),
            None => {
                let message = {
                    let text = vm.str(name.borrow())?;
                    format!("'{}' object has no attribute '{}'", crate::dict::qualified_name(instance.class()), text.to_string_lossy())
                };
                Err(vm.attribute_error(instance, name.borrow(), message))
            }
        },
        MemberPlace::Native(getset) => (getset.get)(vm, instance),
    }
}

/// The error of deleting a member that is not set: its name alone.
fn missing_member(vm: &mut Vm, instance: Ref<'_>, name: Ref<'_>) -> crate::vm::Raised {
    let text = vm.str_text(name).unwrap_or_default();
    vm.attribute_error(instance, name, text)
}

fn set_member(vm: &mut Vm, descriptor: Ref<'_>, instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let member = descriptor.downcast::<MemberDescriptor>().expect("the slot belongs to the type");
    let name = check_member(vm, member.get(), instance)?;
    match member.place {
        MemberPlace::Offset(offset) => {
            let old = instance::set_member(instance, offset as usize, value.map(Ref::to_owned));
            if value.is_none() && old.is_none() {
                return Err(missing_member(vm, instance, name.borrow()));
            }
            Ok(())
        }
        MemberPlace::Attribute => {
            let done = match value {
                Some(value) => instance::set_attribute(vm, instance, name.borrow(), value.to_owned()),
                None => instance::delete_attribute(vm, instance, name.borrow()),
            };
            if done { Ok(()) } else { Err(missing_member(vm, instance, name.borrow())) }
        }
        MemberPlace::Native(getset) => match getset.set {
            Some(set) => set(vm, instance, value),
            None => Err(vm.raise(&crate::exception::ATTRIBUTE_ERROR, "readonly attribute")),
        },
    }
}

/// The payload of a `property`. Its constructor and methods are in the builtins crate.
pub struct Property {
    pub get: ObjectCell,
    pub set: ObjectCell,
    pub delete: ObjectCell,
    pub doc: ObjectCell,
    /// What `__set_name__` or the getter calls it.
    pub name: ObjectCell,
    /// Whether the doc is the getter's.
    pub doc_from_getter: std::cell::Cell<bool>,
}

/// `property`
pub static PROPERTY: Type = Type::new(&PROPERTY_SPEC);
static PROPERTY_SPEC: TypeSpec = TypeSpec {
    name: "property",
    doc: "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n    function to be used for setting an attribute value\n  fdel\n    function to be used for del'ing an attribute\n  doc\n    docstring\n\nTypical use is to define a managed attribute x:\n\nclass C(object):\n    def getx(self): return self._x\n    def setx(self, value): self._x = value\n    def delx(self): del self._x\n    x = property(getx, setx, delx, \"I'm the 'x' property.\")\n\nDecorators make defining new properties or modifying existing ones easy:\n\nclass C(object):\n    @property\n    def x(self):\n        \"I am the 'x' property.\"\n        return self._x\n    @x.setter\n    def x(self, value):\n        self._x = value\n    @x.deleter\n    def x(self):\n        del self._x",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Property>(),
    signature: "(fget=None, fset=None, fdel=None, doc=None)",
    ..TypeSpec::DEFAULT
};

impl Payload for Property {
    fn class() -> &'static Type {
        &PROPERTY
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.get, &self.set, &self.delete, &self.doc, &self.name] {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in [&self.get, &self.set, &self.delete, &self.doc, &self.name] {
            cell.set(None);
        }
    }
}

/// The payload of a `staticmethod`.
pub struct StaticMethod {
    pub function: ObjectCell,
}

/// The payload of a `classmethod`.
pub struct ClassMethod {
    pub function: ObjectCell,
}

/// `staticmethod`. Constructor and attributes are in the builtins crate.
pub static STATIC_METHOD: Type = Type::new(&STATIC_METHOD_SPEC);
static STATIC_METHOD_SPEC: TypeSpec = TypeSpec {
    name: "staticmethod",
    doc: "Convert a function to be a static method.\n\nA static method does not receive an implicit first argument.\nTo declare a static method, use this idiom:\n\n     class C:\n         @staticmethod\n         def f(arg1, arg2, argN):\n             ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()). Both the class and the instance are ignored, and\nneither is passed implicitly as the first argument to the method.\n\nStatic methods in Python are similar to those found in Java or C++.\nFor a more advanced concept, see the classmethod builtin.",
    flags: flag::BASE_TYPE | flag::HAS_DICT,
    payload: PayloadInfo::of::<StaticMethod>(),
    slots: Slots { descr_get: Some(get_static_method), ..Slots::NONE },
    signature: "(function, /)",
    ..TypeSpec::DEFAULT
};
/// `classmethod`. Constructor and attributes are in the builtins crate.
pub static CLASS_METHOD: Type = Type::new(&CLASS_METHOD_SPEC);
static CLASS_METHOD_SPEC: TypeSpec = TypeSpec {
    name: "classmethod",
    doc: "Convert a function to be a class method.\n\nA class method receives the class as implicit first argument,\njust like an instance method receives the instance.\nTo declare a class method, use this idiom:\n\n  class C:\n      @classmethod\n      def f(cls, arg1, arg2, argN):\n          ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()).  The instance is ignored except for its class.\nIf a class method is called for a derived class, the derived class\nobject is passed as the implied first argument.\n\nClass methods are different than C++ or Java static methods.\nIf you want those, see the staticmethod builtin.",
    flags: flag::BASE_TYPE | flag::HAS_DICT,
    payload: PayloadInfo::of::<ClassMethod>(),
    slots: Slots { descr_get: Some(get_class_method), ..Slots::NONE },
    signature: "(function, /)",
    ..TypeSpec::DEFAULT
};

impl Payload for StaticMethod {
    fn class() -> &'static Type {
        &STATIC_METHOD
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.function.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.function.set(None);
    }
}

impl Payload for ClassMethod {
    fn class() -> &'static Type {
        &CLASS_METHOD
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.function.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.function.set(None);
    }
}

fn get_static_method(_vm: &mut Vm, descriptor: Ref<'_>, _instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    Ok(descriptor.downcast::<StaticMethod>().expect("the slot belongs to the type").function.get_or_none())
}

fn get_class_method(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, owner: Option<Ref<'_>>) -> PyResult {
    let function = descriptor.downcast::<ClassMethod>().expect("the slot belongs to the type").function.get_or_none();
    let owner = match (owner, instance) {
        (Some(owner), _) => owner.to_owned(),
        (None, Some(instance)) => instance.class().to_object(),
        (None, None) => Object::none(),
    };
    Ok(vm.new_bound_method(function, owner))
}

/// `staticmethod(function)`
pub fn new_static_method(vm: &mut Vm, function: Object) -> Object {
    vm.allocate(StaticMethod { function: ObjectCell::new(Some(function)) }).into_object()
}

/// `classmethod(function)`
pub fn new_class_method(vm: &mut Vm, function: Object) -> Object {
    vm.allocate(ClassMethod { function: ObjectCell::new(Some(function)) }).into_object()
}
