def f():
    for a in b:
        try:
            try:
                c()
            finally:
                d()
        except (E, F):
            continue
        except G:
            break
        except:
            raise
