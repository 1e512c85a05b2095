"""collections and heapq, bisect."""
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque, namedtuple, UserDict, abc
import bisect
import heapq

P = namedtuple("P", "x y z", defaults=[0])
p = P(1, y=2)
print(p, p._asdict(), p._replace(x=5), P._fields, P._make("abc"), p == (1, 2, 0), p.z, P.__doc__)
for bad in (lambda: P(1), lambda: namedtuple("B", "a a"), lambda: namedtuple("B", "class"), lambda: setattr(p, "x", 1)):
    try:
        bad()
    except (TypeError, ValueError, AttributeError) as error:
        print(error)
c = Counter("mississippi")
print(c, c.most_common(2), c["q"], c + Counter("miss"), c - Counter("miss"), c & Counter("miss"), c.total(), sorted(c.elements())[:3], Counter(a=1) == Counter(a=1, b=0))
d = defaultdict(list)
d["a"].append(1)
print(d, d.get("zz"), "zz" in d, defaultdict(int, a=1), d.default_factory)
q = deque(range(5), maxlen=4)
q.appendleft(9); q.rotate(1)
print(q, q[0], q.pop(), q.popleft(), q.index(1), q.maxlen, deque("ab") + deque("c"), deque([1]) < deque([2]), q.extendleft("xy"), q)
o = OrderedDict(a=1, b=2)
o.move_to_end("a"); o.update(c=3)
print(o, o.popitem(last=False), OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1), OrderedDict(a=1) == {"a": 1}, list(reversed(o)))
chain = ChainMap({"a": 1}, {"a": 2, "b": 3})
chain["c"] = 4
print(chain, chain["a"], sorted(chain), chain.parents, chain.new_child({"a": 0})["a"])
class U(UserDict):
    def __setitem__(self, k, v): super().__setitem__(k, v * 2)
print(U(a=1), isinstance([], abc.Sequence), isinstance({}, abc.Mapping), issubclass(int, abc.Hashable), isinstance((x for x in ()), abc.Generator))
h = [5, 2, 8, 1]
heapq.heapify(h); heapq.heappush(h, 0)
print(h, heapq.heappop(h), heapq.heapreplace(h, 7), heapq.nlargest(2, h), heapq.nsmallest(2, h, key=lambda v: -v), list(heapq.merge([1, 4], [2, 3])))
print(bisect.bisect([1, 2, 2, 3], 2), bisect.bisect_left([1, 2, 2, 3], 2), bisect.bisect([("a", 1), ("b", 2)], 1, key=lambda t: t[1]))
try:
    for x in q: q.append(1)
except RuntimeError as error:
    print(error)
try:
    deque().pop()
except IndexError as error:
    print(error)
