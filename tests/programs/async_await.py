"""Coroutines, tasks, asynchronous generators and context managers under asyncio."""
import asyncio


async def work(name, delay, log):
    log.append(f"{name} starts")
    for _ in range(delay):
        await asyncio.sleep(0)
    log.append(f"{name} ends")
    return name.upper()


class Manager:
    async def __aenter__(self): await asyncio.sleep(0); print("enter"); return "managed"
    async def __aexit__(self, kind, error, traceback): print("exit", kind and kind.__name__, error); return True


async def countdown(n):
    try:
        while n:
            yield n
            n -= 1
    finally:
        print("countdown over")


async def main():
    log = []
    print(await asyncio.gather(work("a", 3, log), work("b", 1, log)), log)
    async with Manager() as m:
        print(m)
        raise ValueError("inside")
    async for n in countdown(3):
        print(n)
    async for n in (generator := countdown(5)):
        break
    await generator.aclose()
    queue = asyncio.Queue()
    async def producer():
        for i in range(3):
            await queue.put(i)
        await queue.put(None)
    async with asyncio.TaskGroup() as group:
        group.create_task(producer())
        items = []
        while (item := await queue.get()) is not None:
            items.append(item)
    print(items)
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError:
        print("timed out")
    task = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", task.cancelled())
    try:
        async with asyncio.TaskGroup() as group:
            async def fail(): raise KeyError("in task")
            group.create_task(fail())
    except* KeyError as errors:
        print(errors.exceptions)
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    print(await event.wait(), await asyncio.to_thread(sum, [1, 2, 3]))


asyncio.run(main())
coroutine = work("never", 0, [])
print(type(coroutine).__name__, coroutine.cr_frame is not None)
coroutine.close()
try:
    asyncio.run(5)
except TypeError as error:
    print(error)
