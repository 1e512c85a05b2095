#: class Lock
#: shape s Lock
#: function Lock.__enter__ 1 = Object
#: function Lock.__exit__ 4 = NoneType
#: see LOAD_SPECIAL#0 owners s method Lock.__exit__
#: see LOAD_SPECIAL#1 owners s method Lock.__enter__
def test(a):
    with a:
        pass
