"""Names that are nearly right."""
import collections

attempts = [lambda: collections.OrderedDct, lambda: __import__("colections"), lambda: [].apend(1), lambda: exec("from string import Templte")]
for attempt in attempts:
    try:
        attempt()
    except Exception as error:
        import traceback
        print(traceback.format_exception(error)[-1].split(" (/")[0].strip())


def outer():
    counter_value = 1
    return countr_value


class Holder:
    def __init__(self): self.value = 1
    def show(self): return value


try:
    Holder().show()
except NameError:
    print(traceback.format_exc().splitlines()[-1])
outer()
