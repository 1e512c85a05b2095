def test():
    return locals()
