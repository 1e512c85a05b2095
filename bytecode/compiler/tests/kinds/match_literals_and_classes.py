def f(a):
    match a:
        case 1 | -2.5 | 'x' | None | True: return 1
        case A.b: return 2
        case B(c, d=[_, *_]) as e if e: return c, d
        case {'k': 1, **rest}: return rest
        case {}: return 4
        case [] | [_]: return 5
        case str(): return 6
        case other: return other
