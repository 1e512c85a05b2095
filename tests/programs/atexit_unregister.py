"""Functions are unregistered the newest first, even while comparing them changes the list."""
import atexit


def make(number):
    def call(): called.append(number)
    return call


functions = [make(number) for number in range(4)]
called = []


class Matches:
    def __init__(self, wanted, when, victim): self.wanted = wanted; self.when = when; self.victim = victim; self.count = 0; self.seen = []
    def __eq__(self, other):
        self.count += 1
        self.seen.append(functions.index(other))
        if self.count == self.when: atexit.unregister(self.victim)
        return other in self.wanted


for wanted in functions[1:2], functions[2:], functions[:1] * 2, functions:
    for victim in functions:
        for when in 1, 2, 4:
            called.clear()
            for function in functions: atexit.register(function)
            pattern = Matches(wanted, when, victim)
            atexit.unregister(pattern)
            left = atexit._ncallbacks()
            atexit._run_exitfuncs()
            print(functions.index(victim), when, left, called)
