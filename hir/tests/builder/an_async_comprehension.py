async def test(a):
    return [x async for x in a]
