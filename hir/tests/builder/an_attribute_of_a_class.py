#: object A TypeExact
#: object A.x UnicodeExact
#: see LOAD_ATTR of_class A A.x
def test(a):
    return a.x
