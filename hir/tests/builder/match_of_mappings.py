def test(a):
    match a:
        case {"x": x, **rest}:
            return x, rest
