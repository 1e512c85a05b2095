#: entries loops
def test(items):
    while items:
        items = items()
