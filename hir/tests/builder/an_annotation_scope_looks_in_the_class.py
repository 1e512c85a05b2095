class C:
    int = str
    def test(self, x: int): pass
