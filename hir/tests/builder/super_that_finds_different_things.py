#: class A
#: class B
#: class C
#: object super TypeExact
#: function A.m 2 = SmallInt
#: function C.m 2 = SmallInt
#: see LOAD_SUPER_ATTR behind B B method A.m | C method C.m
class B(A):
    def test(self):
        return super().m(1)
