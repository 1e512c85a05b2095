def test():
    return lambda x: x
