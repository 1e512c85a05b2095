# Cached properties, lazy awaitables, frozen types and knobs of the modules cinder and cinderx.
# The expected output is written by hand: CPython has no such modules.
import asyncio
import cinder
import cinderx
from cinder import async_cached_classproperty, async_cached_property, cached_classproperty, cached_property
from cinderx import AsyncLazyValue, AwaitableValue, StaticTypeError, cached_property_with_descr


def error(function, *args, **kwargs):
    try:
        print("no error:", function(*args, **kwargs))
    except Exception as raised:
        print(f"{type(raised).__name__}: {raised}")


print(cinder.cached_property is cinderx.cached_property, cinder.AsyncLazyValue is AsyncLazyValue)
print(StaticTypeError, StaticTypeError.__bases__)


class C:
    calls = 0

    @cached_property
    def value(self):
        "What it is worth."
        C.calls += 1
        return [C.calls]


print("-- cached_property")
c = C()
print(C.value.has_value(c), c.value, c.value is c.value, C.value.has_value(c), C.calls)
print(C.value.clear(c), C.value.has_value(c), C.value.clear(c), c.value)
c.value = "set"
print(c.value, vars(c))
del c.value
print(c.value)
print(type(C.value) is cached_property, C.value.name, C.value.__name__, C.value.__doc__, C.value.slot)
print(C.value.func is C.value.fget, C.value.func(None))
error(setattr, C.value, "func", None)
error(cached_property)
error(cached_property, 1, 2, 3)
error(cached_property, len, 42)
error(cached_property, len, type(error).__closure__)
error(C.value.__set_name__, C, "other")
print(C.value.__set_name__(C, "value"))


class NoDict:
    __slots__ = ()

    @cached_property
    def value(self):
        return 1


error(lambda: NoDict().value)
error(NoDict.value.has_value, NoDict())
error(NoDict.value.clear, NoDict())


class Failing:
    @cached_property
    def value(self):
        raise AttributeError("from inside")


error(lambda: Failing().value)

print("-- with a slot")


class S:
    __slots__ = ("x",)
    calls = 0


def compute(self):
    "The x."
    S.calls += 1
    return S.calls


slot = S.x
S.x = prop = cached_property(compute, slot)
print(type(prop) is cached_property_with_descr, prop.slot is slot, prop.name, prop.__doc__)
s = S()
print(prop.has_value(s), s.x, s.x, prop.has_value(s))
s.x = "set"
print(s.x)
del s.x
print(prop.has_value(s), s.x, prop.clear(s), prop.clear(s), s.x)
error(prop.__get__, 42, int)
error(lambda: delattr(S(), "x"))


class Derived(cached_property):
    pass


error(Derived, compute, slot)


class UsesDerived:
    @Derived
    def value(self):
        return "derived"


print(UsesDerived().value, type(UsesDerived.value).__name__)

print("-- of a class")


class K:
    calls = 0

    @cached_classproperty
    def name(cls):
        "Names."
        K.calls += 1
        return cls.__name__, K.calls


class L(K):
    pass


print(K.name, L.name, K().name, K.calls)
print(K.__dict__["name"].__doc__, K.__dict__["name"].name, K.__dict__["name"].func(K))
error(cached_classproperty)
error(cached_classproperty, 42)
error(async_cached_classproperty, 42)

print("-- async")


class A:
    __slots__ = ("y", "__dict__")
    calls = 0

    @async_cached_property
    async def value(self):
        "Awaited."
        A.calls += 1
        await asyncio.sleep(0)
        return A.calls

    @async_cached_classproperty
    async def shared(cls):
        A.calls += 1
        return cls.__name__, A.calls

    async def compute_y(self):
        A.calls += 1
        return "y", A.calls


A.y = async_cached_property(A.compute_y, A.y)
error(async_cached_property, len, 42)


async def properties():
    a = A()
    print(type(a.value) is AsyncLazyValue, a.value is a.value)
    print(await a.value, await a.value, await asyncio.gather(a.value, a.value, a.value), A.calls)
    print(await A.shared, await A().shared, A.calls)
    print(await a.y, await a.y, a.y is a.y, type(A.y).__name__, A.y.slot is not None, A.calls)
    print(type(A.value) is async_cached_property, A.value.name, A.value.__doc__)


asyncio.run(properties())

print("-- AsyncLazyValue")
log = []


async def slowly(*args, fail=None, **kwargs):
    log.append("begin")
    try:
        await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    log.append("end")
    if fail:
        raise fail
    return args, kwargs


async def use(lazy):
    return await lazy


async def lazy_values():
    lazy = AsyncLazyValue(slowly, 1, 2, key=3)
    print(await asyncio.gather(use(lazy), use(lazy), asyncio.ensure_future(lazy)), log)
    print(await lazy, log, await lazy.ensure_future(asyncio.get_running_loop()))
    print(await AwaitableValue(42), await asyncio.ensure_future(AwaitableValue("v")))

    log.clear()
    lazy = AsyncLazyValue(slowly, "future")
    future = lazy.ensure_future(asyncio.get_running_loop())
    print(await lazy, await future, log)

    # Whoever is not the first can be cancelled alone.
    log.clear()
    lazy = AsyncLazyValue(slowly)
    tasks = [asyncio.create_task(use(lazy)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    print([type(outcome).__name__ for outcome in await asyncio.gather(*tasks, return_exceptions=True)], log)

    # Cancelling the first cancels all; the next begins afresh.
    log.clear()
    lazy = AsyncLazyValue(slowly)
    tasks = [asyncio.create_task(use(lazy)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    print([type(outcome).__name__ for outcome in await asyncio.gather(*tasks, return_exceptions=True)], log)
    print(await lazy, log)

    # So does a failure.
    log.clear()
    failures = [ValueError("once"), None]

    async def fails_once():
        failure = failures.pop(0)
        return await slowly(fail=failure)

    lazy = AsyncLazyValue(fails_once)
    print(await asyncio.gather(use(lazy), use(lazy), return_exceptions=True), log)
    print(await lazy, log)

    # A task that is cancelled before it runs leaves the value as it was.
    log.clear()
    lazy = AsyncLazyValue(slowly, "again")
    task = lazy.ensure_future(asyncio.get_running_loop())
    waiter = asyncio.create_task(use(lazy))
    task.cancel()
    print([type(outcome).__name__ for outcome in await asyncio.gather(task, waiter, return_exceptions=True)], log)
    print(await lazy, log)


asyncio.run(lazy_values())

print("-- frozen types")


class Frozen:
    x = 42


class Subclass(Frozen):
    pass


print(cinder.freeze_type(Frozen) is Frozen, cinderx.freeze_type(Frozen) is Frozen)
error(setattr, Frozen, "foo", 42)
error(delattr, Frozen, "x")
error(setattr, Frozen, "__name__", "other")
error(setattr, Frozen, "__bases__", (int,))
Subclass.foo = 1
frozen = Frozen()
frozen.x = 43
print(frozen.x, Frozen.x, Subclass.foo)
error(cinder.freeze_type, 42)

print("-- knobs")


def hot(n):
    total = 0
    for i in range(n):
        total += i
    return total


knobs = cinder.getknobs()
original = knobs["shadowcode"]
for enabled in (False, True, False, original):
    cinder.setknobs({"shadowcode": enabled, "nothing": 1})
    assert cinderx.getknobs()["shadowcode"] is enabled
    assert sum(hot(10) for _ in range(200)) == 200 * 45
print(cinder.getknobs() == knobs)
error(cinder.setknobs, 42)
print(cinder.clear_shadow_cache(hot), cinder.clear_shadow_cache(hot.__code__), cinder.clear_all_shadow_caches(), hot(1000))
print(cinder._get_qualname(C.value.func.__code__))
error(cinder._get_qualname, C)
error(getattr, cinder, "nothing")
error(getattr, cinderx, "nothing")
