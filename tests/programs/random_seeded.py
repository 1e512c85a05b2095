"""random with a seed gives the numbers CPython gives; statistics."""
import random
import statistics

random.seed(12345)
print([random.random() for _ in range(3)], random.randint(1, 100), random.choice("abcdef"), random.sample(range(100), 4), random.getrandbits(70))
items = list(range(10))
random.shuffle(items)
print(items, random.uniform(1, 2), random.gauss(0, 1), random.expovariate(1), random.choices("abc", weights=[1, 2, 3], k=5), random.triangular(), random.betavariate(1, 2), random.randbytes(4))
random.seed("text")
print(random.random(), random.randrange(0, 100, 7), random.normalvariate(5, 2), random.vonmisesvariate(0, 1), random.gammavariate(2, 1), random.binomialvariate(10, 0.3))
for seed in (0, -1, 2 ** 100, 1.5, b"bytes", None):
    r = random.Random(seed)
    print(seed, r.random() if seed is not None else "unseeded")
state = random.getstate()
first = random.random()
random.setstate(state)
print(first == random.random(), len(state[1]), random.Random(1) .random() == random.Random(1).random())
for bad in (lambda: random.randint(2, 1), lambda: random.choice([]), lambda: random.sample([1], 2), lambda: random.sample({1, 2}, 1), lambda: random.choices([], k=1), lambda: random.randrange(1.5)):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
data = [1, 2, 2, 3, 4, 10]
print(statistics.mean(data), statistics.median(data), statistics.mode(data), statistics.stdev(data), statistics.pvariance(data), statistics.quantiles(data), statistics.fmean(data), statistics.geometric_mean([1, 4]), statistics.correlation([1, 2, 3], [2, 4, 7]))
