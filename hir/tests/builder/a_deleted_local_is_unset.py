def test(x):
    del x
    x = 2
    del x
