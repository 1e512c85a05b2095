async def test(a):
    yield a
    x = await a
