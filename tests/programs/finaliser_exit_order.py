"""What is still there when the program ends: the module is part of a cycle, and its objects end in a fixed order."""


class Node:
    def __init__(self, name, inner=None):
        self.name = name
        self.inner = inner

    def __del__(self):
        print("end of", self.name, helper.__name__)


def helper():
    pass


several = [Node(number) for number in range(4)]
pair = (Node("left"), Node("right"))
outer = Node("outer", Node("middle", Node("inner")))
table = {"first": Node("first"), "second": Node("second")}
