def test[T: int, *Ts, **P = [int]](x: T):
    return x
