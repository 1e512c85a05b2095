"""Iterators: protocol, exhaustion, mutation, length hints, unpacking, async iteration by hand."""


class Countdown:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration("exhausted")
        self.n -= 1
        return self.n
    def __length_hint__(self): return self.n


print(list(Countdown(3)), max(Countdown(4)), 2 in Countdown(5), sum(Countdown(3)), [*Countdown(2)], dict(zip(Countdown(2), "ab")))
a, *b = Countdown(3)
print(a, b, sorted(Countdown(3)), "".join(map(str, Countdown(4))), tuple(Countdown(0)))
it = iter([1, 2, 3])
print(next(it), list(it), list(it), next(it, "end"), iter(it) is it)
for x in (loop := Countdown(5)):
    if x == 3: break
else:
    print("not reached")
print(loop.n)
for x in []: pass
else: print("empty loop's else")
while loop.n: loop.n -= 1
else: print("while's else")
for i in range(3):
    for j in range(3):
        if j == 1: continue
        if i == 1: break
        print(i, j, end=" ")
print()
items = [1, 2, 3]
it = iter(items); next(it); items.clear(); print(list(it), it.__length_hint__(), it.__reduce__()[0].__name__)
d = {"a": 1, "b": 2}
it = iter(d); next(it); d["c"] = 3
try:
    next(it)
except RuntimeError as error:
    print(error)
class AsyncRange:
    def __init__(self, n): self.n = n
    def __aiter__(self): return self
    async def __anext__(self):
        if not self.n: raise StopAsyncIteration
        self.n -= 1
        return self.n
class Awaitable:
    def __await__(self): x = yield "request"; return f"answer {x}"
async def drive(): return await Awaitable(), [x async for x in AsyncRange(3)], await anext(AsyncRange(1)), await anext(aiter(AsyncRange(0)), "none")
c = drive()
print(c.send(None))
try:
    c.send(5)
except StopIteration as stop:
    print(stop.value)
async def agen():
    try:
        x = yield 1
        print("sent", x)
        yield 2
    except ValueError as error: print("thrown", error); yield 3
    finally: print("closing")
def step(awaitable):
    try: awaitable.send(None)
    except StopIteration as stop: return stop.value
    except StopAsyncIteration: return "over"
g = agen()
print(step(g.asend(None)), step(g.asend("v")), step(g.athrow(ValueError("t"))), step(g.aclose()), step(g.__anext__()))
class BadIter:
    def __iter__(self): return 5
class NoNext:
    def __iter__(self): return self
for bad in (BadIter, NoNext):
    try:
        for x in bad(): pass
    except TypeError as error: print(error)
async def wrong():
    async for x in [1]: pass
async def wrong2(): await 5
async def wrong3():
    async with 5: pass
for w in wrong, wrong2, wrong3:
    try: w().send(None)
    except TypeError as error: print(error)
