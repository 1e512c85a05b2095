def f():
    try:
        a()
    except* B as c:
        d(c)
    except* E:
        pass
    else:
        g()
