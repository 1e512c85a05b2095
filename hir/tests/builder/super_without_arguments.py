class C:
    def test(self):
        return super().test(1)
