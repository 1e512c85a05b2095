def test(x):
    assert x
