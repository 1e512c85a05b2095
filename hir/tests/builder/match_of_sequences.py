def test(a):
    match a:
        case [x, *rest]:
            return x, rest
