# Awaited calls of gather with coroutines that end at once, that wait, and that raise.
import asyncio
import contextvars
import sys
import traceback

var = contextvars.ContextVar("var", default="unset")


async def value(x):
    return x


async def later(x, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    return x


async def fails(error, turns=0):
    for _ in range(turns):
        await asyncio.sleep(0)
    raise error


async def results():
    print(await asyncio.gather())
    print(await asyncio.gather(value(1)))
    print(await asyncio.gather(*[value(i) for i in range(20)]))
    print(await asyncio.gather(*(value(i) for i in range(3)), return_exceptions=True))
    print(await asyncio.gather(value(1), later(2), value(None), later(4, 3)))
    print(await asyncio.gather(*[later(i, i % 3) for i in range(20)]))
    print(await asyncio.gather(asyncio.gather(value(1), value(2)), value(3)))
    print(await asyncio.gather(asyncio.gather(value(1), later(2)), value(3)))
    waiting = asyncio.gather(value(1), value(2))
    print(waiting.done(), await waiting)
    print([await asyncio.gather(value(i), value(-i)) for i in range(150)][-1])
    partial = lambda *things: asyncio.gather(*things)
    print(await partial(value(5), later(6)))
    return await asyncio.gather(value("end"))


async def duplicates():
    once = value(object())
    a, b, c = await asyncio.gather(once, value(1), once)
    print(a is c, b)
    once = later(object())
    a, b, c = await asyncio.gather(once, value(1), once)
    print(a is c, b)
    try:
        await asyncio.gather(once)
    except RuntimeError as error:
        print(error)
    once = fails(ValueError("once"))
    print(await asyncio.gather(once, once, return_exceptions=True))
    future = asyncio.get_running_loop().create_future()
    future.set_result("future")
    print(await asyncio.gather(future, value(1), future))
    print(await asyncio.gather(future, later(1), future))
    task = asyncio.create_task(later("task"))
    print(await asyncio.gather(task, value(1), future, task))
    print(await asyncio.gather(task, task))


class Awaitable:
    def __init__(self, result):
        self.result = result

    def __await__(self):
        yield
        return self.result


async def others():
    print(await asyncio.gather(Awaitable(1), value(2)))
    try:
        await asyncio.gather(value(1), 2)
    except TypeError as error:
        print(error)
    try:
        await asyncio.gather(other=2)
    except TypeError as error:
        print(type(error).__name__)
    future = asyncio.get_running_loop().create_future()

    async def sets():
        future.set_result("set")

    print(await asyncio.gather(future, sets(), future))

    class Bad:
        def __await__(self):
            yield 5

    async def bad():
        try:
            await Bad()
        except RuntimeError as error:
            return str(error)

    print(await asyncio.gather(bad(), value(1)))


def names(error):
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


async def errors():
    try:
        await asyncio.gather(value(1), fails(ValueError("first")), fails(KeyError("second")))
    except ValueError as error:
        print(repr(error), names(error), error.__context__)
    seen = []

    async def goes_on():
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append("went on")

    try:
        await asyncio.gather(goes_on(), fails(ValueError("now")))
    except ValueError as error:
        print(repr(error), names(error), seen)
    for _ in range(12):
        await asyncio.sleep(0)
    print(seen)
    try:
        await asyncio.gather(fails(ValueError("slow"), 2), value(1), fails(KeyError("quick"), 1))
    except KeyError as error:
        print(repr(error), names(error))
    found = await asyncio.gather(value(1), fails(ValueError("a")), later(2), fails(KeyError("b"), 1), return_exceptions=True)
    print(found, names(found[1]), names(found[3]))
    found = await asyncio.gather(fails(StopIteration(1)), fails(asyncio.CancelledError("c")), fails(GeneratorExit()), return_exceptions=True)
    print(found, found[1].args)
    try:
        await asyncio.gather(fails(asyncio.CancelledError("c")), value(1))
    except asyncio.CancelledError as error:
        print("cancelled", error.args, asyncio.current_task().cancelling())
    try:
        raise OSError("outer")
    except OSError:
        try:
            await asyncio.gather(exc_info(), fails(ValueError("inner")))
        except ValueError as error:
            print(repr(error), repr(error.__context__))
        found = await asyncio.gather(exc_info(), fails(ValueError("inner")), return_exceptions=True)
        print(found, repr(found[1].__context__))
        print(sys.exc_info()[0])
    done = asyncio.get_running_loop().create_future()
    done.set_exception(OSError("future"))
    try:
        await asyncio.gather(fails(ValueError("coroutine")), done)
    except OSError as error:
        print(repr(error))


async def exc_info():
    return sys.exc_info()[0]


async def sets_variable(x, turns):
    before = var.get()
    var.set(x)
    for _ in range(turns):
        await asyncio.sleep(0)
    return before, var.get()


async def contexts():
    print(await asyncio.gather(*[sets_variable(i, 0) for i in range(3)]), var.get())
    var.set("outer")
    print(await asyncio.gather(*[sets_variable(i, i % 2) for i in range(4)]), var.get())

    async def changes():
        token = var.set("changed")
        var.reset(token)
        return var.get(), contextvars.copy_context()[var]

    print(await asyncio.gather(changes(), changes(), sets_variable(1, 0), changes()))


async def tasks():
    outer = asyncio.current_task()

    async def child(turns):
        before = asyncio.current_task()
        for _ in range(turns):
            await asyncio.sleep(0)
        after = asyncio.current_task()
        return before is after, before is outer, before in asyncio.all_tasks(), before.get_coro() is not None, before

    for found in await asyncio.gather(child(0), child(1), child(0), child(2)):
        print(*found[:-1], found[-1].done())
    a, b = await asyncio.gather(child(0), child(0))
    print(a[-1] is b[-1], a[-1].result() is a, asyncio.current_task() is outer)

    async def only_after():
        await asyncio.sleep(0)
        return asyncio.current_task() is outer

    print(await asyncio.gather(only_after(), value(1), only_after()))

    async def nested():
        own = asyncio.current_task()
        inner = await asyncio.gather(child(0), child(1))
        return own is asyncio.current_task(), [own is found[-1] for found in inner]

    print(await asyncio.gather(nested(), nested()))

    async def counts():
        return len(asyncio.all_tasks()) >= 2

    print(await asyncio.gather(counts()))

    async def with_timeout():
        try:
            async with asyncio.timeout(0):
                await asyncio.sleep(60)
        except TimeoutError:
            return "timeout"

    async def with_group():
        async with asyncio.TaskGroup() as group:
            made = group.create_task(later(3))
        return made.result()

    print(await asyncio.gather(with_timeout(), with_group(), value(1)))

    async def cancels_itself():
        asyncio.current_task().cancel("self")
        await asyncio.sleep(0)

    async def cancels_and_returns():
        asyncio.current_task().cancel("self")
        return 1

    print(await asyncio.gather(cancels_itself(), cancels_and_returns(), return_exceptions=True))


async def cancelled():
    log = []

    async def waits(name):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            log.append((name, error.args))
            raise

    async def gathers(**keywords):
        try:
            return await asyncio.gather(value(1), waits("a"), fails(OSError()) if keywords else value(2), waits("b"), **keywords)
        except asyncio.CancelledError as error:
            log.append(("gathers", error.args))
            raise

    for keywords in {}, {"return_exceptions": True}:
        task = asyncio.create_task(gathers(**keywords))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel("stop")
        try:
            await task
        except asyncio.CancelledError as error:
            print("cancelled", error.args, task.cancelled(), log)
        log.clear()

    async def cancelled_before():
        asyncio.current_task().cancel()
        try:
            await asyncio.gather(value(1), value(2))
        except asyncio.CancelledError:
            print("before")

    await asyncio.create_task(cancelled_before())

    async def cancelled_by_child():
        own = asyncio.current_task()

        async def cancels():
            own.cancel("by child")

        try:
            await asyncio.gather(value(1), cancels())
        except asyncio.CancelledError:
            print("by child")

    await asyncio.create_task(cancelled_by_child())


async def recursion():
    async def deep(n):
        if n:
            (below,) = await asyncio.gather(deep(n - 1))
            return below + 1
        return 0

    print(await deep(3000))

    async def tree(n):
        if n:
            return sum(await asyncio.gather(*[tree(n - 1) for _ in range(4)]))
        return 1

    print(await tree(5))

    def plain(n):
        return plain(n - 1) + 1 if n else 0

    async def calls():
        return plain(900)

    async def awaits(n):
        return await awaits(n - 1) + 1 if n else sum(await asyncio.gather(calls(), calls()))

    print(await awaits(400))


async def turns():
    done = False

    def finish():
        nonlocal done
        done = True

    asyncio.get_running_loop().call_later(0.01, finish)
    while not done:
        await asyncio.gather(value(1), value(2))
    print("the loop had its turn")


async def agenerator():
    for i in range(3):
        yield await asyncio.gather(value(i), later(i))


async def main():
    print(await results())
    for part in duplicates, others, errors, contexts, tasks, cancelled, recursion, turns:
        print("-", part.__name__)
        await part()
    print([x async for x in agenerator()])


asyncio.run(main())

for error in KeyboardInterrupt, SystemExit:
    async def interrupted():
        async def waits():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                print("child cancelled")
                raise

        try:
            await asyncio.gather(value(1), waits(), fails(error("stop")), waits(), return_exceptions=True)
        except BaseException as caught:
            print("caught", repr(caught))
            raise

    try:
        asyncio.run(interrupted())
    except error as caught:
        print("out", repr(caught))


async def by_hand():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    print(await asyncio.gather(value(1), later(2), sets_variable(3, 1)))
    print(await asyncio.gather(value(1), value(2)))
    loop.set_task_factory(lambda loop, coro, **keywords: print("factory") or asyncio.Task(coro, loop=loop, **keywords))
    print(await asyncio.gather(value(1), value(2)))
    loop.set_task_factory(None)
    loop.set_debug(True)
    print(await asyncio.gather(value(1), value(2)))


asyncio.run(by_hand())
