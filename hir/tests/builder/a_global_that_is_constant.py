#: object name UnicodeExact
def test():
    return name
