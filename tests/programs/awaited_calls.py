"""Calls that are awaited at once: results, exceptions and their context, frames, cancellation."""

import asyncio
import sys
async def leaf(n): return n
async def mid(n):
    x = await leaf(n)
    return x + 1
async def waits(n):
    await asyncio.sleep(0)
    return n
async def chain(n):
    if n == 0:
        await asyncio.sleep(0)
        return 0
    return 1 + await chain(n-1)
async def bad():
    raise ValueError('x')
async def handles():
    try:
        await bad()
    except ValueError as e:
        try:
            await waits(1)
            await bad()
        except ValueError as f:
            return f.__context__ is e, sys.exception() is f
async def susp_in_except():
    try:
        1/0
    except ZeroDivisionError as e:
        await waits(2)
        assert sys.exception() is e
        try: await bad()
        except ValueError as v: assert v.__context__ is e
    assert sys.exception() is None
    return 'ok'
async def main():
    t=0
    for i in range(200):
        t += await mid(i)
        t += await waits(i)
    print(t)
    for i in range(60): r = await handles()
    print(r)
    for i in range(60): r = await susp_in_except()
    print(r, await chain(50), sys.exception())
    f = sys._getframe()
    async def fr():
        g = sys._getframe()
        await asyncio.sleep(0)
        return g.f_code.co_name, sys._getframe() is g, g.f_back is not None
    for i in range(60): r = await fr()
    print(r)
    async def cancelme():
        try: await asyncio.sleep(10)
        finally: await waits(3)
    for i in range(60):
        t = asyncio.create_task(cancelme()); await asyncio.sleep(0); t.cancel()
        try: await t
        except asyncio.CancelledError: pass
    async def tb(): await bad()
    for i in range(60):
        try: await tb()
        except ValueError as e:
            n=0; x=e.__traceback__
            names=[]
            while x: names.append(x.tb_frame.f_code.co_name); x=x.tb_next
    print(names)
asyncio.run(main())
