"""The module of Cinder 3.10; the same things as in cinderx."""

from cinderx import (
    StaticTypeError,
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
    clear_all_shadow_caches,
    clear_shadow_cache,
    freeze_type,
    getknobs,
    immortalize_heap,
    is_immortal,
    setknobs,
)
from types import CodeType

STRUCTURED_DATA_VERSION = 1


def _get_qualname(code, /):
    """The qualified name of a code object."""
    if not isinstance(code, CodeType):
        raise TypeError("Expected code object")
    return code.co_qualname


def __getattr__(name):
    if name in ("AsyncLazyValue", "AwaitableValue"):
        import cinderx

        value = globals()[name] = getattr(cinderx, name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
