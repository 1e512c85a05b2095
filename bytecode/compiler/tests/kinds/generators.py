def f(a):
    b = yield
    c = yield a
    d = yield from b
    return d
async def g():
    yield await a
