def test():
    return dir()
