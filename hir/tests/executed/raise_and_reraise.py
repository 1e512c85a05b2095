#: run 0 = ['index', 'fine']
#: run 1 = ['value', 'again']
def test(n):
    out = []
    try:
        try:
            if n:
                raise ValueError('text')
            raise IndexError
        except ValueError:
            out.append('value')
            raise
        except IndexError:
            out.append('index')
    except Exception as error:
        out.append('again')
    else:
        out.append('fine')
    return out
