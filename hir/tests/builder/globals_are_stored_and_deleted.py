def test(x):
    global name
    name = x
    del name
