def test():
    from a.b import c
    import d
    return c, d
