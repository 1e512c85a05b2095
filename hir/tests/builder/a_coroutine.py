async def test(a):
    return await a
