def test(base):
    class C(base):
        pass
    return C
