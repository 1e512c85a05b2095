def test(x):
    return dir(x)
