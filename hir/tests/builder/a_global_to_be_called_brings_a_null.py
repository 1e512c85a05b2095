def test():
    return name(1)
