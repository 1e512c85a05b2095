#: function callback 1 = Object
#: see CALL callee callback
def test(f, a):
    return f(a)
