#: entries handlers
async def test(b):
    async for d in b:
        pass
