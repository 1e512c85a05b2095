def test(a, C):
    match a:
        case C(x, y=1):
            return x
