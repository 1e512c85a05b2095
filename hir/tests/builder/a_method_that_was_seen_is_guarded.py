#: function A.m 2 = Object
#: see CALL callee_of_owner A.m
def test(a):
    return a.m(1)
