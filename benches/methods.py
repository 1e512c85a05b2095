"""Micro-benchmarks of builtin methods that loop: the work is inside one call, in native code.

    PYTHON methods.py --list        the names
    PYTHON methods.py NAME          the time of one call in seconds, the best of several repetitions

`compare.sh` runs them on two interpreters, interleaved, and prints the ratios.
"""

import sys
import time

BENCHMARKS = {}


def benchmark(function):
    """The function makes its data and returns what is to be timed, a function without arguments."""
    BENCHMARKS[function.__name__] = function
    return function


def numbers(count):
    """Numbers in no order, the same on every interpreter."""
    state, result = 12345, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2 ** 31
        result.append(state)
    return result


WORDS = [f"word{n % 977}" for n in numbers(20000)]
TEXT = " ".join(WORDS)
WIDE = TEXT.replace("w", "é").replace("7", "日")


@benchmark
def sort_ints():
    data = numbers(20000)
    return lambda: sorted(data)


@benchmark
def sort_floats():
    data = [n / 7 for n in numbers(20000)]
    return lambda: sorted(data)


@benchmark
def sort_strings():
    return lambda: sorted(WORDS)


@benchmark
def sort_sorted():
    data = list(range(50000))
    return lambda: data.sort()


@benchmark
def sort_key():
    data = numbers(10000)
    return lambda: sorted(data, key=abs)


@benchmark
def sort_tuples():
    data = [(n % 100, n) for n in numbers(10000)]
    return lambda: sorted(data)


@benchmark
def str_join():
    return lambda: " ".join(WORDS)


@benchmark
def str_join_wide():
    words = WIDE.split()
    return lambda: " ".join(words)


@benchmark
def str_split():
    return lambda: TEXT.split()


@benchmark
def str_split_separator():
    return lambda: TEXT.split("d9")


@benchmark
def str_splitlines():
    text = TEXT.replace(" ", "\n")
    return lambda: text.splitlines()


@benchmark
def str_find():
    return lambda: TEXT.find("no such word")


@benchmark
def str_find_wide():
    return lambda: WIDE.find("no such word")


@benchmark
def str_find_character():
    return lambda: TEXT.find("Z")


@benchmark
def str_rfind():
    return lambda: TEXT.rfind("nothing")


@benchmark
def str_count():
    return lambda: TEXT.count("word1")


@benchmark
def str_contains():
    return lambda: "no such word" in TEXT


@benchmark
def str_replace():
    return lambda: TEXT.replace("word1", "replaced")


@benchmark
def str_replace_character():
    return lambda: TEXT.replace("o", "0")


@benchmark
def str_translate():
    table = str.maketrans("word", "WORD", "123")
    return lambda: TEXT.translate(table)


@benchmark
def str_upper():
    return lambda: TEXT.upper()


@benchmark
def str_lower_wide():
    return lambda: WIDE.lower()


@benchmark
def str_encode():
    return lambda: WIDE.encode()


@benchmark
def str_decode():
    data = WIDE.encode()
    return lambda: data.decode()


@benchmark
def str_decode_ascii():
    data = TEXT.encode()
    return lambda: data.decode()


@benchmark
def str_compare():
    other = TEXT[:-1] + "!"
    return lambda: TEXT < other


@benchmark
def str_repeat():
    return lambda: "abc" * 50000


@benchmark
def str_format():
    return lambda: [f"{n:>12,}|{n / 7:.3f}" for n in range(2000)]


@benchmark
def str_percent():
    return lambda: ["%5d %s %.2f" % (n, "x", n / 3) for n in range(2000)]


@benchmark
def list_equal():
    a, b = list(range(50000)), list(range(50000))
    return lambda: a == b


@benchmark
def list_less():
    a, b = list(range(50000)), list(range(50000)) + [1]
    return lambda: a < b


@benchmark
def list_in():
    data = list(range(50000))
    return lambda: -1 in data


@benchmark
def list_index_strings():
    data = WORDS + ["last"]
    return lambda: data.index("last")


@benchmark
def list_extend():
    data = tuple(range(50000))
    return lambda: [].extend(data)


@benchmark
def list_slice():
    data = list(range(50000))
    return lambda: data[::2]


@benchmark
def list_reverse():
    data = list(range(50000))
    return lambda: data.reverse()


@benchmark
def list_copy():
    data = list(range(50000))
    return lambda: data.copy()


@benchmark
def list_of_range():
    return lambda: list(range(50000))


@benchmark
def sum_ints():
    data = numbers(50000)
    return lambda: sum(data)


@benchmark
def sum_floats():
    data = [n / 7 for n in numbers(50000)]
    return lambda: sum(data)


@benchmark
def sum_range():
    return lambda: sum(range(50000))


@benchmark
def min_max():
    data = numbers(20000)
    return lambda: (min(data), max(data))


@benchmark
def any_all():
    data = [0] * 50000
    return lambda: (any(data), all(range(1, 20000)))


@benchmark
def map_str():
    data = range(10000)
    return lambda: list(map(str, data))


@benchmark
def map_int():
    data = [str(n) for n in numbers(10000)]
    return lambda: list(map(int, data))


@benchmark
def zip_enumerate():
    data = list(range(20000))
    return lambda: (list(zip(data, data)), list(enumerate(data)))


@benchmark
def dict_update():
    data = {n: n for n in numbers(10000)}
    return lambda: {}.update(data)


@benchmark
def dict_from_pairs():
    pairs = [(w, 1) for w in WORDS]
    return lambda: dict(pairs)


@benchmark
def dict_fromkeys():
    return lambda: dict.fromkeys(WORDS)


@benchmark
def dict_copy():
    data = dict.fromkeys(range(20000))
    return lambda: data.copy()


@benchmark
def dict_equal():
    a, b = dict.fromkeys(range(20000)), dict.fromkeys(range(20000))
    return lambda: a == b


@benchmark
def dict_items():
    data = dict.fromkeys(range(20000))
    return lambda: list(data.items())


@benchmark
def set_from_list():
    data = numbers(20000)
    return lambda: set(data)


@benchmark
def set_from_strings():
    return lambda: set(WORDS)


@benchmark
def set_union():
    a, b = set(range(20000)), set(range(10000, 30000))
    return lambda: a | b


@benchmark
def set_intersection():
    a, b = set(range(20000)), set(range(10000, 30000))
    return lambda: a & b


@benchmark
def set_difference():
    a, b = set(range(20000)), set(range(10000, 30000))
    return lambda: a - b


@benchmark
def set_subset():
    a, b = set(range(20000)), set(range(30000))
    return lambda: a <= b


@benchmark
def int_parse_big():
    text = "1234567890" * 200
    return lambda: int(text)


@benchmark
def int_print_big():
    number = 7 ** 4000
    return lambda: str(number)


@benchmark
def int_multiply_big():
    a, b = 3 ** 20000, 7 ** 12000
    return lambda: a * b


@benchmark
def int_multiply_medium():
    a, b = 3 ** 80, 7 ** 60
    return lambda: [a * b for _ in range(1000)]


@benchmark
def int_divide_big():
    a, b = 3 ** 20000, 7 ** 5000
    return lambda: divmod(a, b)


@benchmark
def int_power_modulo():
    a, e, m = 3 ** 600, 7 ** 300, 11 ** 290
    return lambda: pow(a, e, m)


@benchmark
def int_shift_big():
    number = 3 ** 20000
    return lambda: (number << 1000) >> 999


@benchmark
def int_add_big():
    a, b = 3 ** 20000, 7 ** 12000
    return lambda: [a + b for _ in range(100)]


@benchmark
def int_to_bytes():
    number = 3 ** 5000
    return lambda: int.from_bytes(number.to_bytes(1000, "big"), "big")


@benchmark
def float_parse():
    data = [repr(n / 7) for n in numbers(5000)]
    return lambda: list(map(float, data))


@benchmark
def float_print():
    data = [n / 7 for n in numbers(5000)]
    return lambda: list(map(repr, data))


@benchmark
def float_print_fixed():
    data = [n / 7 for n in numbers(5000)]
    return lambda: ["%.2f" % x for x in data]


@benchmark
def bytes_find():
    data = TEXT.encode()
    return lambda: data.find(b"no such word")


@benchmark
def bytes_replace():
    data = TEXT.encode()
    return lambda: data.replace(b"word1", b"replaced")


@benchmark
def bytes_split():
    data = TEXT.encode()
    return lambda: data.split()


@benchmark
def bytes_join():
    data = TEXT.encode().split()
    return lambda: b" ".join(data)


@benchmark
def bytes_translate():
    data, table = TEXT.encode(), bytes(range(255, -1, -1))
    return lambda: data.translate(table)


@benchmark
def bytes_hex():
    data = TEXT.encode()
    return lambda: bytes.fromhex(data.hex())


@benchmark
def bytearray_extend():
    data = TEXT.encode()
    return lambda: bytearray().extend(data)


@benchmark
def struct_pack():
    import struct
    data, form = numbers(5000), struct.Struct("<5000I")
    return lambda: form.pack(*data)


@benchmark
def struct_unpack():
    import struct
    form = struct.Struct("<5000I")
    data = form.pack(*numbers(5000))
    return lambda: form.unpack(data)


@benchmark
def struct_iter_unpack():
    import struct
    data = bytes(range(256)) * 200
    return lambda: list(struct.iter_unpack("<HhI", data))


def document():
    return [{"id": n, "name": f"name {n}", "values": [n / 7, n, None, True], "nested": {"é": "x" * 20}} for n in range(500)]


@benchmark
def json_dumps():
    import json
    data = document()
    return lambda: json.dumps(data)


@benchmark
def json_loads():
    import json
    text = json.dumps(document())
    return lambda: json.loads(text)


@benchmark
def re_search():
    import re
    pattern = re.compile(r"word9\d+ word1\d+ word8\d8 no")
    return lambda: pattern.search(TEXT)


@benchmark
def re_findall():
    import re
    pattern = re.compile(r"\b\w+\b")
    return lambda: pattern.findall(TEXT)


@benchmark
def re_sub():
    import re
    pattern = re.compile(r"(\d)(\d)")
    return lambda: pattern.sub(r"\2\1", TEXT)


@benchmark
def re_split():
    import re
    pattern = re.compile(r"[ ,;]+")
    return lambda: pattern.split(TEXT)


@benchmark
def itertools_chain():
    from itertools import chain
    data = [[1, 2, 3]] * 5000
    return lambda: list(chain.from_iterable(data))


@benchmark
def itertools_product():
    from itertools import product
    return lambda: sum(1 for _ in product(range(30), repeat=3))


@benchmark
def itertools_groupby():
    from itertools import groupby
    data = sorted(WORDS)
    return lambda: [key for key, _ in groupby(data)]


@benchmark
def collections_counter():
    from collections import Counter
    return lambda: Counter(WORDS)


@benchmark
def collections_deque():
    from collections import deque
    data = list(range(20000))
    return lambda: deque(data, maxlen=1000)


@benchmark
def pickle_dumps():
    import pickle
    data = document()
    return lambda: pickle.dumps(data)


@benchmark
def pickle_loads():
    import pickle
    data = pickle.dumps(document())
    return lambda: pickle.loads(data)


@benchmark
def hash_sha256():
    import hashlib
    data = TEXT.encode()
    return lambda: hashlib.sha256(data).digest()


@benchmark
def copy_deepcopy():
    import copy
    data = document()[:50]
    return lambda: copy.deepcopy(data)


def measure(timed):
    """Seconds of one call: warm up, choose a number of calls worth 20 milliseconds, take the best of five."""
    timed()
    calls, elapsed = 1, 0.0
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            timed()
        elapsed = time.perf_counter() - start
        if elapsed > 0.02:
            break
        calls = max(calls * 2, int(calls * 0.025 / max(elapsed, 1e-9)))
    best = elapsed
    for _ in range(4):
        start = time.perf_counter()
        for _ in range(calls):
            timed()
        best = min(best, time.perf_counter() - start)
    return best / calls


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(BENCHMARKS))
    elif len(sys.argv) == 2 and sys.argv[1] in BENCHMARKS:
        print(repr(measure(BENCHMARKS[sys.argv[1]]())))
    else:
        sys.exit(__doc__.strip())
