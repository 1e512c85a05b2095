def test(f):
    while True:
        if f():
            return 1
