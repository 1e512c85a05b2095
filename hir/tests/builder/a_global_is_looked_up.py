def test():
    return name
