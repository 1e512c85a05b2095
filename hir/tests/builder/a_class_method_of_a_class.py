#: object A TypeExact
#: function A.make 1 = SmallInt
#: see LOAD_ATTR class_method A A.make
def test(a):
    return a.make()
