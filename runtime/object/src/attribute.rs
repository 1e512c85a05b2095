//! Attribute access: the generic algorithm of instances, that of types, and what calls want.

pub mod cache;

use crate::class::Type;
use crate::exception;
use crate::instance;
use crate::native::flag;
use crate::str::Str;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};

impl Vm {
    /// `object.name`; the name is an interned string.
    #[inline]
    pub fn get_attr(&mut self, object: Ref<'_>, name: Ref<'_>) -> PyResult {
        let result = match object.class().slots().getattr {
            Some(getattr) => getattr(self, object, name),
            None => generic_get(self, object, name),
        };
        result.inspect_err(|_| note_missing(self, object, name))
    }

    /// `object.name`
    pub fn get_attr_str(&mut self, object: Ref<'_>, name: &str) -> PyResult {
        let name = self.intern(name);
        self.get_attr(object, name)
    }

    /// `getattr(object, name, None)`, with `None` for a missing attribute.
    pub fn find_attr(&mut self, object: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
        if object.class().slots().getattr.is_none() {
            return find_generic(self, object, name);
        }
        if crate::type_new::finds_like_type(object.class()) {
            let result = type_find(self, object, name);
            return result.or_else(|raised| self.ignore(Err(raised), &exception::ATTRIBUTE_ERROR).map(Option::flatten));
        }
        let result = self.get_attr(object, name);
        self.ignore(result, &exception::ATTRIBUTE_ERROR)
    }

    pub fn find_attr_str(&mut self, object: Ref<'_>, name: &str) -> PyResult<Option<Object>> {
        let name = self.intern(name);
        self.find_attr(object, name)
    }

    /// `object.name = value`, or `del object.name` where the value is `None`. The name is interned.
    #[inline]
    pub fn set_attr(&mut self, object: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
        match object.class().slots().setattr {
            Some(setattr) => setattr(self, object, name, value),
            None => generic_set(self, object, name, value),
        }
    }

    pub fn set_attr_str(&mut self, object: Ref<'_>, name: &str, value: Ref<'_>) -> PyResult<()> {
        let name = self.intern(name);
        self.set_attr(object, name, Some(value))
    }

    /// An attribute name given by Python: interned, or `TypeError`.
    pub fn attribute_name(&mut self, name: Ref<'_>) -> PyResult {
        match name.downcast::<Str>() {
            Some(text) => Ok(self.intern_str(text).to_owned()),
            None => Err(self.type_error(format!("attribute name must be string, not '{}'", name.class().full_name()))),
        }
    }

    /// A special method, looked up on the type and bound to the object.
    pub fn lookup_special(&mut self, object: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
        let Some(found) = object.class().lookup(name).map(Ref::to_owned) else { return Ok(None) };
        bind(self, found, Some(object), object.class()).map(Some)
    }

    /// What a call of `object.name(...)` needs: a callable and, where the attribute is a plain method
    /// of the class, the `self` to put first.
    pub fn get_method(&mut self, object: Ref<'_>, name: Ref<'_>) -> PyResult<(Object, Option<Object>)> {
        let class = object.class();
        if class.slots().getattr.is_some() {
            return Ok((self.get_attr(object, name)?, None));
        }
        if let Some(found) = class.lookup(name)
            && found.class().has_flag(flag::METHOD_DESCRIPTOR)
            && instance::get_attribute(object, name).is_none()
        {
            return Ok((found.to_owned(), Some(object.to_owned())));
        }
        Ok((generic_get(self, object, name)?, None))
    }
}

/// Notes on an `AttributeError` that says nothing of it which attribute of which object was asked for.
#[cold]
pub fn note_missing(vm: &Vm, object: Ref<'_>, name: Ref<'_>) {
    let Some(error) = vm.raised().filter(|error| error.is_instance_of(&exception::ATTRIBUTE_ERROR)) else { return };
    if exception::field(error, "name").is_none() && exception::field(error, "obj").is_none() {
        exception::set_field(vm, error, "name", Some(name.to_owned()));
        exception::set_field(vm, error, "obj", Some(object.to_owned()));
    }
}

/// Binds what was found on a class: calls its `__get__`, if it has one.
#[inline]
pub fn bind(vm: &mut Vm, found: Object, instance: Option<Ref<'_>>, owner: &Type) -> PyResult {
    match found.borrow().class().slots().descr_get {
        Some(get) => get(vm, found.borrow(), instance, Some(owner.object())),
        None => Ok(found),
    }
}

/// `object.__getattribute__`, with `None` for a missing attribute.
pub fn find_generic(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
    let class = object.class();
    let found = class.lookup(name);
    if let Some(found) = found {
        let slots = found.class().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            let found = found.to_owned();
            let result = get(vm, found.borrow(), Some(object), Some(class.object()));
            return vm.ignore(result, &exception::ATTRIBUTE_ERROR);
        }
    }
    if let Some(value) = instance::get_attribute(object, name) {
        return Ok(Some(value.to_owned()));
    }
    let Some(found) = found.map(Ref::to_owned) else { return Ok(None) };
    let result = bind(vm, found, Some(object), class);
    vm.ignore(result, &exception::ATTRIBUTE_ERROR)
}

/// `object.__getattribute__`
pub fn generic_get(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> PyResult {
    let class = object.class();
    let found = class.lookup(name);
    if let Some(found) = found {
        let slots = found.class().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            let found = found.to_owned();
            return get(vm, found.borrow(), Some(object), Some(class.object()));
        }
    }
    if let Some(value) = instance::get_attribute(object, name) {
        return Ok(value.to_owned());
    }
    match found.map(Ref::to_owned) {
        Some(found) => bind(vm, found, Some(object), class),
        None => Err(no_attribute(vm, object, name)),
    }
}

fn name_text(vm: &mut Vm, name: Ref<'_>) -> String {
    match name.downcast::<Str>() {
        Some(text) => text.to_string_lossy().into_owned(),
        None => vm.repr(name).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default(),
    }
}

/// The `AttributeError` of a missing attribute.
#[cold]
pub fn no_attribute(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> crate::vm::Raised {
    let text = name_text(vm, name);
    let message = format!("'{}' object has no attribute '{text}'", object.class().full_name());
    vm.attribute_error(object, name, message)
}

/// `object.__setattr__` and `object.__delattr__`
pub fn generic_set(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = object.class();
    let found = class.lookup(name);
    if let Some(found) = found
        && let Some(set) = found.class().slots().descr_set
    {
        let found = found.to_owned();
        return set(vm, found.borrow(), object, value);
    }
    match value {
        Some(value) => {
            if class.has_flag(flag::FLAGGED) && instance::is_without_attributes(object) {
                report_flagged(vm, "WARN001: Dictionary created for flagged instance", class, name)?;
            }
            if instance::set_attribute(vm, object, name, value.to_owned()) {
                return Ok(());
            }
        }
        None => {
            if instance::delete_attribute(vm, object, name) {
                return Ok(());
            }
            if instance::has_attributes(object) {
                return Err(no_attribute(vm, object, name));
            }
        }
    }
    let text = name_text(vm, name);
    let message = match found {
        Some(_) => format!("'{}' object attribute '{text}' is read-only", class.full_name()),
        None if class.slots().setattr.is_none() => {
            format!("'{}' object has no attribute '{text}' and no __dict__ for setting new attributes", class.full_name())
        }
        None => format!("'{}' object has no attribute '{text}'", class.full_name()),
    };
    Err(vm.attribute_error(object, name, message))
}

#[cold]
fn report_flagged(vm: &mut Vm, message: &str, class: &Type, name: Ref<'_>) -> PyResult<()> {
    match crate::vm::hooks().flagged {
        Some(report) => report(vm, message, class.object(), name),
        None => Ok(()),
    }
}

/// `type.__getattribute__`: the metaclass's data descriptors, the class's own order, the metaclass.
pub(crate) fn type_get(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> PyResult {
    if let Some(value) = type_find(vm, object, name)? {
        return Ok(value);
    }
    let class = object.downcast::<Type>().expect("the slot belongs to `type`");
    let text = name_text(vm, name);
    let message = format!("type object '{}' has no attribute '{text}'", class.get().full_name());
    Err(vm.attribute_error(object, name, message))
}

/// The same, with `None` for a missing attribute.
fn type_find(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
    let class = object.downcast::<Type>().expect("the slot belongs to `type`");
    let meta = object.class();
    let from_meta = meta.lookup(name);
    if let Some(found) = from_meta {
        let slots = found.class().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            let found = found.to_owned();
            return get(vm, found.borrow(), Some(object), Some(meta.object())).map(Some);
        }
    }
    if let Some(found) = class.get().lookup(name) {
        let found = found.to_owned();
        return bind(vm, found, None, class.get()).map(Some);
    }
    match from_meta.map(Ref::to_owned) {
        Some(found) => bind(vm, found, Some(object), meta).map(Some),
        None => Ok(None),
    }
}

/// `type.__setattr__` and `type.__delattr__`
pub(crate) fn type_set(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = object.downcast::<Type>().expect("the slot belongs to `type`").get();
    if class.is_immutable() && class.has_flag(flag::FLAGGED) {
        report_flagged(vm, "WARN002: Type modified that was flagged for immutability", class, name)?;
    } else if class.is_immutable() {
        let text = name_text(vm, name);
        return Err(vm.type_error(format!("cannot set '{text}' attribute of immutable type '{}'", class.full_name())));
    }
    let meta = object.class();
    if let Some(found) = meta.lookup(name)
        && let Some(set) = found.class().slots().descr_set
    {
        let found = found.to_owned();
        return set(vm, found.borrow(), object, value);
    }
    match value {
        Some(value) => class.dict().set_interned(vm, name, value.to_owned()),
        None => {
            if class.dict().remove_interned(vm, name).is_none() {
                let text = name_text(vm, name);
                let message = format!("type object '{}' has no attribute '{text}'", class.full_name());
                return Err(vm.attribute_error(object, name, message));
            }
        }
    }
    crate::type_new::attribute_changed(class, name);
    Ok(())
}
