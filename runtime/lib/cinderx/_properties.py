"""Properties that are computed once: of instances and of classes, plain and awaited."""

from types import FunctionType, MemberDescriptorType

from _cinderx import _delete_attribute, _find_attribute, _has_attributes, _store_attribute

__all__ = [
    "async_cached_classproperty",
    "async_cached_property",
    "async_cached_property_with_descr",
    "cached_classproperty",
    "cached_property",
    "cached_property_with_descr",
]

MISSING = object()
HEAP_TYPE = 1 << 9


def _lazy_value(function, argument):
    # asyncio is a big package that not everybody who wants a cached property needs.
    global _lazy_value
    from cinderx._asyncio import AsyncLazyValue as _lazy_value

    return _lazy_value(function, argument)


def _check_slot(kind, slot):
    # The members of native types are not for everybody to write to.
    if not slot.__objclass__.__flags__ & HEAP_TYPE:
        raise TypeError(f"{kind}: incompatible descriptor")


class _Property:
    __slots__ = ("_func", "_name", "_slot")

    @property
    def func(self):
        return self._func

    @property
    def fget(self):
        return self._func

    @property
    def slot(self):
        return self._slot

    @property
    def name(self):
        if self._slot is not None:
            return self._slot.__name__
        return self._func.__name__ if self._name is None else self._name

    @property
    def __name__(self):
        return self.name

    def _store(self, instance, value):
        if self._slot is not None:
            self._slot.__set__(instance, value)
        elif not _store_attribute(instance, self.name, value):
            raise AttributeError("This object has no __dict__")

    def _delete(self, instance):
        if self._slot is not None:
            self._slot.__delete__(instance)
        elif not _has_attributes(instance):
            raise AttributeError("This object has no __dict__")
        elif not _delete_attribute(instance, self.name):
            raise AttributeError(self.name)


class cached_property(_Property):
    """cached_property(function, [slot]) --> cached_property object

    Creates a new cached property where function will be called to produce
    the value on the first access.

    If slot descriptor is provided it will be used for storing the value."""

    __slots__ = ("__dict__", "__weakref__")

    def __init__(self, *args):
        if len(args) not in (1, 2):
            raise TypeError("cached_property: 1 or 2 arguments expected")
        slot = None
        if len(args) == 2:
            slot = args[1]
            if type(slot) is not MemberDescriptorType:
                raise TypeError("cached_property: member descriptor expected for 2nd argument")
            _check_slot("cached_property", slot)
            if type(self) not in (cached_property, cached_property_with_descr):
                raise TypeError("cached_property: descr cannot be used with subtypes of cached_property")
            self.__class__ = cached_property_with_descr
        self._func = args[0]
        self._name = None
        self._slot = slot
        self.__doc__ = getattr(args[0], "__doc__", None)

    def __set_name__(self, owner, name):
        if self._slot is not None:
            raise RuntimeError(f"Cannot set name ({name!r}) for a cached property backed by a slot ({self!r})")
        if self._name is not None and self._name != name:
            raise TypeError(f"Cannot assign the same cached_property to two different names ({self._name!r} and {name!r}).")
        self._name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        slot = self._slot
        if slot is not None:
            try:
                return slot.__get__(instance, owner)
            except AttributeError:
                pass
            value = self._func(instance)
            slot.__set__(instance, value)
            return value
        name = self.name
        value = _find_attribute(instance, name, MISSING)
        if value is MISSING:
            if not _has_attributes(instance):
                raise TypeError(f"No '__dict__' attribute on '{type(instance).__name__}' instance to cache '{name}' property.")
            value = self._func(instance)
            _store_attribute(instance, name, value)
        return value

    def clear(self, instance):
        """Forgets the value; the next access computes it again."""
        if self._slot is None and not _has_attributes(instance):
            raise AttributeError("This object has no __dict__")
        try:
            self._delete(instance)
        except AttributeError:
            pass

    def has_value(self, instance):
        """Whether the value has been computed."""
        if self._slot is not None:
            try:
                self._slot.__get__(instance, type(instance))
            except AttributeError:
                return False
            return True
        if not _has_attributes(instance):
            raise AttributeError("This object has no __dict__")
        return _find_attribute(instance, self.name, MISSING) is not MISSING


class cached_property_with_descr(cached_property):
    __doc__ = cached_property.__doc__
    __slots__ = ()

    def __set__(self, instance, value):
        self._store(instance, value)

    def __delete__(self, instance):
        self._delete(instance)


class async_cached_property(_Property):
    """async_cached_property(func, name_or_descr=None)

    Creates a new async cached property where function will be called to produce
    the async lazy value on the first access.

    If slot descriptor is provided it will be used for storing the value."""

    __slots__ = ("__dict__", "__weakref__")

    def __init__(self, func, name_or_descr=None):
        slot = name_or_descr
        if slot is not None:
            if not isinstance(slot, MemberDescriptorType):
                kind = type(slot).__name__
                raise TypeError(f"async_cached_property() argument 'name_or_descr' must be member_descriptor, not {kind}")
            _check_slot("async_cached_property", slot)
            if type(self) not in (async_cached_property, async_cached_property_with_descr):
                raise TypeError("async_cached_property: descr cannot be used with subtypes of async_cached_property")
            self.__class__ = async_cached_property_with_descr
        self._func = func
        self._name = None if slot is not None else func.__name__
        self._slot = slot
        self.__doc__ = getattr(func, "__doc__", None)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        slot = self._slot
        if slot is None:
            value = _lazy_value(self._func, instance)
            setattr(instance, self._name, value)
            return value
        try:
            return slot.__get__(instance, owner)
        except AttributeError:
            pass
        value = _lazy_value(self._func, instance)
        slot.__set__(instance, value)
        return value


class async_cached_property_with_descr(async_cached_property):
    __doc__ = async_cached_property.__doc__
    __slots__ = ()

    def __set__(self, instance, value):
        self._store(instance, value)

    def __delete__(self, instance):
        self._delete(instance)


class _ClassProperty:
    __slots__ = ("_func", "_value")

    def __init__(self, func):
        self._func = func
        self._value = MISSING
        self.__doc__ = getattr(func, "__doc__", None)

    @property
    def func(self):
        return self._func

    @property
    def name(self):
        return self._func.__name__

    @property
    def __name__(self):
        return self._func.__name__

    def __get__(self, instance, owner=None):
        if self._value is MISSING:
            value = self._make(type(instance) if owner is None else owner)
            # The first value to be there wins.
            if self._value is MISSING:
                self._value = value
        return self._value


class cached_classproperty(_ClassProperty):
    """Provides a cached class property.

    Works with normal types and frozen types to create values on demand
    and cache them."""

    __slots__ = ("__dict__", "__weakref__")

    def __init__(self, *args):
        if len(args) != 1:
            raise TypeError("cached_classproperty: 1 argument expected")
        args[0].__name__
        super().__init__(args[0])

    def _make(self, owner):
        return self._func(owner)


class async_cached_classproperty(_ClassProperty):
    """Provides an async cached class property.

    Works with normal types and frozen types to create values on demand
    and cache them in the class."""

    __slots__ = ("__dict__", "__weakref__")

    def __init__(self, func):
        if not isinstance(func, FunctionType):
            raise TypeError(f"async_cached_classproperty() argument 'func' must be function, not {type(func).__name__}")
        super().__init__(func)

    def _make(self, owner):
        return _lazy_value(self._func, owner)
