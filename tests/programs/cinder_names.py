# What cinder and cinderx have besides properties: names of code, shadowing, strict modules, lazy values, frames, settings.
# The expected output is written by hand: CPython has no such modules.
import asyncio
import contextlib
import sys
import types

import _cinderx
import cinder
import cinderx
from cinderx import AsyncLazyValue, AwaitableValue, StrictModule, _context


def error(function, *args):
    try:
        print("no error:", function(*args))
    except Exception as raised:
        print(f"{type(raised).__name__}: {raised}")


print("-- state")
print(cinderx.is_initialized(), cinderx.get_import_error(), cinderx.is_supported_runtime(), cinderx.init())
print(cinder.STRUCTURED_DATA_VERSION, cinder._built_with_asan)
error(cinder.toggle_dump_ref_changes)

print("-- names of code")


def named():
    pass


cinder._set_qualname(named.__code__, "else.where")
print(named.__code__.co_qualname, cinder._get_qualname(named.__code__), named.__qualname__)
print(cinder._set_qualname(named.__code__, None), named.__code__.co_qualname)
error(cinder._set_qualname, named.__code__)
error(cinder._set_qualname, named, "x")
error(cinder._set_qualname, named.__code__, 1)
error(cinder._get_qualname, named)

print("-- shadowing")
unshadowed = cinder._has_no_shadowing_instances


class Plain:
    default = 1

    def method(self):
        pass


print(unshadowed(Plain))
first = Plain()
first.other = first.default = 2
second = Plain()
second.other = second.default = 2
print(unshadowed(Plain))
second.method = 3
print(unshadowed(Plain))


class Shown(Plain):
    pass


print(unshadowed(Shown), Shown().__dict__, unshadowed(Shown))


class Given(Plain):
    pass


given = Given()
print(unshadowed(Given))
given.__dict__ = {"a": 1}
print(unshadowed(Given))


class Later(Plain):
    pass


for _ in range(2):
    later = Later()
    later.added = 1
print(unshadowed(Later))
Later.added = lambda self: 2
print(unshadowed(Later))
error(unshadowed, 1)

print("-- strict modules")
names = {"__name__": "m", "__file__": "/where/m.py", "x": 1, "<own>": 2, "y": 3, "<assigned:y>": False}
strict = StrictModule(names, False)
print(strict, strict.x, strict.__name__, strict.__patch_enabled__, cinderx.strict_module_patch_enabled(strict))
print(strict.__dict__, dir(strict))
print(strict.__class__, type(strict).__mro__, isinstance(strict, types.ModuleType))
strict.__dict__["x"] = 2
names["z"] = 4
print(strict.x, strict.z)
error(setattr, strict, "x", 2)
error(delattr, strict, "x")
error(getattr, strict, "y")
error(getattr, strict, "unknown")
error(strict.patch, "x", 2)
error(strict.patch_delete, "x")
error(StrictModule, 1, False)
error(StrictModule, {}, 1)
error(cinderx.strict_module_patch_enabled, types)
error(getattr, StrictModule({}, False), "x")
error(getattr, StrictModule({}, False), "__name__")
strict = StrictModule(names, True)
strict.patch("x", 5)
cinderx.strict_module_patch(strict, "new", 6)
print(strict.x, strict.new, names["x"], strict.__patch_enabled__)
strict.patch_delete("new")
cinderx.strict_module_patch_delete(strict, "x")
print(hasattr(strict, "new"), hasattr(strict, "x"))
error(setattr, strict, "x", 2)
error(strict.patch_delete, "x")
names["__getattr__"] = lambda name: name * 2
print(strict.unknown)

print("-- iterators and contexts")
iterator = iter([1])
print(_cinderx._next_or_sentinel(iterator), _cinderx._next_or_sentinel(iterator) is _cinderx._NEXT_SENTINEL)
error(_cinderx._next_or_sentinel, 3)
_context.install()
leaving = contextlib._GeneratorContextManager.__exit__
_context.install()
print(contextlib._GeneratorContextManager.__exit__ is leaving, leaving.__name__)


@contextlib.contextmanager
def manager(twice=False):
    yield "entered"
    if twice:
        yield "again"


def use(twice=False, fail=False):
    with manager(twice) as value:
        if fail:
            1 / 0
    return value


print(use())
error(use, True)
error(use, False, True)

print("-- settings")
delay = cinderx.get_adaptive_delay()
cinderx.delay_adaptive(False)
print(named(), cinderx.get_adaptive_delay() == delay)
cinderx.delay_adaptive(True)
cinderx.set_adaptive_delay(7)
print(cinderx.get_adaptive_delay())
cinderx.set_adaptive_delay(delay)
error(cinderx.delay_adaptive, 1)
error(cinderx.set_adaptive_delay, "a")
error(cinderx.set_adaptive_delay, -1)
error(cinderx.enable_parallel_gc)
error(cinderx.enable_parallel_gc, 3)
error(cinderx.enable_parallel_gc, 2, -1)
print(cinderx.get_parallel_gc_settings(), cinderx.has_parallel_gc())

print("-- lazy values")
seen = []


async def slow(value):
    await asyncio.sleep(0)
    # Whoever awaits the lazy value first awaits this.
    calls = cinder._get_entire_call_stack_as_qualnames()
    seen.append([name for name in calls if name.startswith("__main__") and "<module>" not in name])
    if value is None:
        raise KeyError("none")
    return value


async def wait_for(lazy):
    return lazy.alv_state, await lazy, lazy.alv_state


async def awaited_by():
    own = cinder._get_frame_gen(sys._getframe())
    running = own and cinder._get_coro_awaiter(own)
    await asyncio.sleep(0)
    own = cinder._get_frame_gen(sys._getframe())
    return running and running.cr_code.co_name, cinder._get_coro_awaiter(own).cr_code.co_name


async def lazy_values():
    lazy = AsyncLazyValue(slow, 5)
    print(await asyncio.gather(wait_for(lazy), wait_for(lazy), wait_for(lazy)), lazy._awaiting_tasks)
    print(seen.pop(), await lazy, await lazy.ensure_future(None), AsyncLazyValue.__module__)
    lazy = AsyncLazyValue(slow, value=None)
    print(await asyncio.gather(wait_for(lazy), wait_for(lazy), return_exceptions=True), lazy.alv_state, lazy._awaiting_tasks)
    print(await asyncio.create_task(wait_for(AsyncLazyValue(awaited_by))))
    error(next, AsyncLazyValue(slow))
    error(AsyncLazyValue)
    print(await AwaitableValue(4), AwaitableValue(4).value)
    error(next, iter(AwaitableValue(4)))


asyncio.run(lazy_values())

print("-- frames")


async def awaits(first):
    return await frames(first, 2)


async def frames(first, second):
    awaiter = cinder._get_awaiter_frame()
    found = [cinder._get_arg0_from_pyframe(*what) for what in (("frames", 0), ("frames", 1), ("awaits", 0), ("nowhere", 0))]
    return awaiter.f_code.co_name, found


async def task():
    return await asyncio.create_task(awaits(1))


print(asyncio.run(awaits(1)), asyncio.run(task()))
error(cinder._get_arg0_from_pyframe, 1, 0)
error(cinder._get_arg0_from_pyframe, "f", "0")
error(cinder._get_arg0_from_pyframe, "f", -1)
