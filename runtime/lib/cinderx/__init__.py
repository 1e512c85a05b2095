"""What CinderX adds to Python, as far as it is not a module of its own. It is always there and needs no setting up."""

from _cinderx import (
    StaticTypeError,
    clear_all_shadow_caches,
    clear_shadow_cache,
    freeze_type,
    getknobs,
    immortalize_heap,
    is_immortal,
    setknobs,
)
from cinderx._properties import (
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
)


def init():
    """Does nothing: there is nothing to set up."""


def is_initialized():
    """Whether the native part is there, as it always is."""
    return True


def get_import_error():
    """Why the native part is not there: None."""
    return None


def has_parallel_gc():
    """Whether the collector can use several threads: it cannot."""
    return False


def get_parallel_gc_settings():
    """The settings of a collector that uses several threads: None."""
    return None


def __getattr__(name):
    # These need asyncio, which is big.
    if name in ("AsyncLazyValue", "AwaitableValue"):
        from cinderx import _asyncio

        value = globals()[name] = getattr(_asyncio, name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
