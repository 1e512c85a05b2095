def test(a, /, b, *args, c, **kwargs):
    return kwargs
