#: native list.append ListAppend 2 = NoneType
#: see LOAD_ATTR owners list method list.append
def test(a, b):
    a.append(b)
    a.append(a)
