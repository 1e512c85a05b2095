//! Types with one instance each, and modules.

use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, Type};
use crate::dict::Dict;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::value::{Object, ObjectOf, Ref, RefOf};
use crate::vm::{PyResult, Vm};

macro_rules! singleton {
    ($(#[$doc:meta])* $STATIC:ident, $SPEC:ident, $name:literal, $text:literal, $class_doc:literal) => {
        $(#[$doc])*
        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            doc: $class_doc,
            slots: Slots { repr: Some(|vm, _| Ok(vm.new_str($text).into_object())), ..Slots::NONE },
            ..TypeSpec::DEFAULT
        };
    };
}

singleton!(
    /// `types.NoneType`
    NONE_TYPE, NONE_SPEC, "NoneType", "None", "The type of the None singleton."
);
singleton!(
    /// `types.EllipsisType`
    ELLIPSIS_TYPE, ELLIPSIS_SPEC, "ellipsis", "Ellipsis", "The type of the Ellipsis singleton."
);
singleton!(
    /// `types.NotImplementedType`
    NOT_IMPLEMENTED_TYPE, NOT_IMPLEMENTED_SPEC, "NotImplementedType", "NotImplemented", "The type of the NotImplemented singleton."
);

/// The payload of a module.
pub struct ModuleObject {
    dict: ObjectCell,
    /// State of a native module, if it keeps any.
    pub state: ObjectCell,
}

/// `types.ModuleType`. Its methods are in the builtins crate.
pub static MODULE: Type = Type::new(&MODULE_SPEC);
static MODULE_SPEC: TypeSpec = TypeSpec {
    name: "module",
    doc: "Create a module object.\n\nThe name must be a string; the optional docstring can have any type.",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES | flag::HAS_DICT,
    payload: PayloadInfo::of::<ModuleObject>(),
    signature: "(name, doc=None)",
    ..TypeSpec::DEFAULT
};

impl Payload for ModuleObject {
    fn class() -> &'static Type {
        &MODULE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.dict.traverse(visitor);
        self.state.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        if let Some(dict) = self.dict.get()
            && let Some(dict) = dict.borrow().downcast::<Dict>()
        {
            dict.clear(vm);
        }
        self.state.set(None);
    }
}

impl ModuleObject {
    /// A module with a namespace of its own.
    pub fn new(vm: &Vm) -> ModuleObject {
        ModuleObject { dict: ObjectCell::new(Some(vm.new_dict().into_object())), state: ObjectCell::EMPTY }
    }

    /// The namespace, which is never replaced.
    #[inline]
    pub fn dict(&self) -> RefOf<'_, Dict> {
        // SAFETY: the cell is set when the module is made and never again.
        unsafe {
            (*std::ptr::from_ref(&self.dict).cast::<Option<Object>>())
                .as_ref()
                .expect("a module has a namespace")
                .borrow()
                .downcast_unchecked::<Dict>()
        }
    }

    /// Sets an attribute of a native module.
    pub fn set(&self, vm: &mut Vm, name: &str, value: Object) {
        let name = vm.intern(name);
        self.dict().set_interned(vm, name, value);
    }
}

impl Vm {
    /// An empty module of a class that derives from `module`. Its namespace is its `__dict__` too.
    pub fn allocate_module(&mut self, class: &Type) -> Object {
        let payload = ModuleObject::new(self);
        let dict = payload.dict().to_owned();
        let module = self.allocate_in(class, payload);
        crate::instance::set_dict(self, module.borrow(), dict);
        module
    }

    /// A new module with `__name__`, `__doc__`, `__package__`, `__loader__` and `__spec__` set.
    pub fn new_module(&mut self, name: &str, doc: Option<&str>) -> ObjectOf<ModuleObject> {
        let module = self.allocate_module(&MODULE);
        // SAFETY: it was just made as a module.
        let module = unsafe { ObjectOf::<ModuleObject>::from_object(module) };
        let name = self.new_str(name).into_object();
        module.set(self, "__name__", name);
        let doc = doc.map_or(Object::none(), |doc| self.new_str(doc).into_object());
        module.set(self, "__doc__", doc);
        for name in ["__package__", "__loader__", "__spec__"] {
            module.set(self, name, Object::none());
        }
        module
    }

    /// Makes a native module from its declaration.
    pub fn new_native_module(&mut self, declared: &'static crate::native::Module) -> PyResult<ObjectOf<ModuleObject>> {
        let doc = (!declared.doc.is_empty()).then_some(declared.doc);
        let module = self.new_module(declared.name, doc);
        let name = self.new_str(declared.name).into_object();
        for function in declared.functions {
            let info = crate::call::NativeInfo::leak(function, None);
            let object = crate::function::new_builtin(self, info, Some(module.borrow().object().to_owned()), Some(name.clone()));
            module.set(self, function.name, object);
        }
        for class in declared.types {
            crate::type_new::ready(self, class);
            module.set(self, class.name(), class.to_object());
        }
        if let Some(init) = declared.init {
            init(self, module.borrow())?;
        }
        Ok(module)
    }
}

/// The three immediate singletons by name, for the builtins module.
pub fn singletons() -> [(&'static str, Ref<'static>); 3] {
    [("None", Ref::NONE), ("Ellipsis", Ref::ELLIPSIS), ("NotImplemented", Ref::NOT_IMPLEMENTED)]
}
