async def f(a):
    await a
    async for b in a: await b
    async with a: return await a()
