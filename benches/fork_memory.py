"""How many pages a forked worker makes its own by reading a heap that its parent has set aside.

    PYTHON fork_memory.py [OBJECTS]

Makes a graph of OBJECTS mixed objects (200,000 if not said), sets the heap aside (`gc.immortalize_heap()` where there is
such a thing, `gc.freeze()` where there is not), forks, and has the child read every attribute and item. Prints by how
many KiB the child's `Private_Dirty` has grown, and how big the graph is. Linux only.
"""

import gc
import os
import sys


class Point:
    def __init__(self, number):
        self.number = number
        self.name = f"point {number}"
        self.big = (number + 1) << 70
        self.pair = (number, self.name)


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self, number):
        self.first = f"first {number}"
        self.second = [number, -number]

    def both(self):
        return self.first, self.second


class Shape:
    kind = "shape"

    @property
    def area(self):
        return self.width * self.height

    def __init__(self, number):
        self.width = number + 0.5
        self.height = 3


def make(count):
    """About `count` objects, each group of them eighteen."""
    groups = []
    for number in range(count // 18):
        point = Point(number)
        slotted = Slotted(number)
        shape = Shape(number)
        table = {"point": point, "number": number, f"key {number}": slotted, number: [point, shape]}
        groups.append((point, slotted, shape, table, [table, {number, f"member {number}"}, b"bytes %d" % number, 1e300 * number]))
    return groups


def read(groups):
    """Reads all of it, in the ways programs do, and returns something that depends on all."""
    total = 0
    for point, slotted, shape, table, rest in groups:
        total += len(point.name) + point.number + (point.big >> 70) + len(point.pair)
        number, name = point.pair
        total += len(name) + number
        first, second = slotted.both()
        total += len(first) + second[0] + len(slotted.second)
        total += int(shape.area) + len(shape.kind)
        for key, value in table.items():
            if key in table and table[key] is value:
                total += 1
        total += len(table["point"].name) + hash(point.name) % 3
        for member in rest[1]:
            total += member in rest[1]
        total += len(rest[2]) + (rest[3] > 1.0)
        for item in rest:
            total += item is not None
        for value in (shape.width, shape.height):
            total += value > 0
    return total


def private_memory():
    """Memory that this process alone has written to, in KiB. A page of a file does not count, even if the file was just written."""
    descriptor = os.open("/proc/self/smaps", os.O_RDONLY)
    try:
        text = b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))
    finally:
        os.close(descriptor)
    total = 0
    for line in text.splitlines():
        if line.startswith(b"Private_Dirty:"):
            dirty = int(line.split()[1])
        elif line.startswith(b"Anonymous:"):
            total += min(dirty, int(line.split()[1]))
    return total


def fork_and_read(groups):
    """Forks; the child reads, and says what it read and by how much its private memory has grown."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # The measuring writes to memory too: the first time is not counted.
        private_memory()
        before = private_memory()
        total = read(groups)
        grown = private_memory() - before
        os.write(writer, b"%d %d" % (total, grown))
        os._exit(0)
    os.close(writer)
    total, grown = map(int, os.read(reader, 100).split())
    os.close(reader)
    os.waitpid(child, 0)
    return total, grown


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    # A server has answered some requests before it forks its workers.
    read(make(1000))
    at_start = private_memory()
    groups = make(count)
    getattr(gc, "immortalize_heap", gc.freeze)()
    size = private_memory() - at_start
    total, grown = fork_and_read(groups)
    # Not before the child has ended, lest the parent's writing make the pages the child's own.
    if total != read(groups):
        sys.exit("the child has read something else than its parent")
    print(f"child {grown} KiB of {size} KiB")


main()
