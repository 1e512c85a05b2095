async def test(a, b):
    async with a as c:
        async for d in b:
            c(d)
