"""The module of Cinder 3.10; the same things as in cinderx, and what only it had."""

from cinderx import (
    STRUCTURED_DATA_VERSION,
    StaticTypeError,
    _built_with_asan,
    _get_call_stack,
    _get_frame_gen,
    _get_qualname,
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
    clear_all_shadow_caches,
    clear_caches,
    clear_shadow_cache,
    debug_break,
    freeze_type,
    get_warn_handler,
    getknobs,
    immortalize_heap,
    is_immortal,
    set_warn_handler,
    setknobs,
    warn_on_inst_dict,
    watch_sys_modules,
)

cinder_set_warn_handler = set_warn_handler


def __getattr__(name):
    import cinderx

    if name in cinderx._LAZY:
        value = globals()[name] = getattr(cinderx, name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
