async def f(a):
    [b async for b in a]
    [await b for b in a]
    return (b async for b in a)
