def f(a, b):
    with a as c, b:
        c()
async def g(a):
    async with a as b.c:
        pass
