#: class B
#: object super TypeExact
#: native object.__new__ Other 1 = Object
#: see LOAD_SUPER_ATTR behind B class B value object.__new__
class B(A):
    def test(cls):
        return super().__new__(cls)
