# _elementtree: elements as containers, the builder, the parser with its events, copies and pickles, errors.
import copy
import io
import pickle
import warnings
import weakref
import xml.etree.ElementTree as ET


def attempt(function, *args, **keywords):
    try:
        result = function(*args, **keywords)
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print(ET.tostring(result) if isinstance(result, ET.Element) else result)


e = ET.Element('a', {'x': '1'}, y='2')
attempt(ET.Element)
attempt(ET.Element, 'a', 3)
attempt(ET.Element, 'a', attrib=3)
attempt(ET.SubElement, e, 'b', {'q': '1'}, z='3')
attempt(ET.SubElement, 3, 'b')
for method, args in [(e.append, (3,)), (e.extend, (3,)), (e.extend, ([3],)), (e.insert, (0, 3)), (e.remove, (ET.Element('q'),)), (e.get, ('x',)),
                     (e.get, ('no', 5)), (e.set, ('k', 'v')), (e.items, ()), (e.keys, ()), (e.makeelement, ('q', {'a': 'b'})), (e.makeelement, ('q', 3))]:
    attempt(method, *args)
e[:] = [ET.Element(c) for c in 'pqrst']
print([c.tag for c in e[::2]], [c.tag for c in e[-2:]], len(e), e[0].tag, e[-1].tag)
e[1:3] = [ET.Element('new')]
del e[0]
print(ET.tostring(e))
for code in ['e["a"]', 'e[9]', 'e.__setitem__(0, 3)', 'e.__setitem__(9, e)', 'e.__setitem__(slice(0, 2, 2), [e, e])', 'e.__delitem__(7)',
             'setattr(e, "attrib", 3)', 'delattr(e, "text")', 'e.__setstate__(3)', 'e.__setstate__({"foo": 1})', 'setattr(e, "foo", 1)']:
    attempt(eval, code)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    print(bool(e), bool(ET.Element('x')), caught[0].category, caught[0].message)

root = ET.fromstring('<a>q<!--c--><b k="1">r<c>deep</c>t1</b>s<b/>t</a>')
print(list(root.itertext()), [n.tag for n in root.iter()], [n.tag for n in root.iter('b')])
print(root.find('b').get('k'), root.findtext('b'), root.findtext('no', 'default'), len(root.findall('b')), root.find('.//c').text, root.find('no'))
print([n.tag for n in root.iterfind('*')], root.findtext('b[2]'))
for other in copy.copy(root), copy.deepcopy(root), pickle.loads(pickle.dumps(root)):
    print(ET.tostring(other) == ET.tostring(root), other is root, other[0] is root[0])


class Sub(ET.Element):
    pass


s = Sub('s')
s.extra = 1
print(weakref.ref(s)() is s, s.__dict__, s.__getstate__())

builder = ET.TreeBuilder(insert_comments=True, insert_pis=True)
builder.start('a', {})
builder.data('x')
builder.data('y')
builder.comment('note')
builder.data('z')
builder.pi('target', 'data')
builder.start('b', {'k': 'v'})
builder.end('b')
builder.end('a')
attempt(builder.close)
attempt(builder.start, 'again', {})
attempt(builder.end, 'a')
attempt(builder.start, 'b', 3)


class Target:
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *args: print(name, args)


DOCUMENT = ('<?xml version="1.0"?><!DOCTYPE a PUBLIC "x" "y"><a xmlns="u" xmlns:p="v" p:z="1">x\ny&amp;<?pi data?><!--c--><p:b/></a>')
parser = ET.XMLParser(target=Target())
parser.feed(DOCUMENT)
parser.close()
pull = ET.XMLPullParser(['start', 'end', 'start-ns', 'end-ns', 'comment', 'pi'])
for character in DOCUMENT:
    pull.feed(character)
    pull.flush()
print([(event, getattr(node, 'tag', node) if event in ('start', 'end') else getattr(node, 'text', node)) for event, node in pull.read_events()])
parser = ET.XMLParser()
parser.entity['known'] = 'text'
parser.feed('<!DOCTYPE a SYSTEM "x"><a>&known;</a>')
attempt(parser.close)
print(ET.parse(io.StringIO('<?xml version="1.0" encoding="iso-8859-1"?><a>\u20ac</a>')).getroot().text)
for document in ['<a>&foo;</a>', '<!DOCTYPE a SYSTEM "x"><a>&foo;</a>', '<a>\n<b></a>', '', b'<?xml version="1.0" encoding="ascii"?>\n<a>t\xe3g</a>']:
    try:
        ET.fromstring(document)
    except ET.ParseError as error:
        print(error, error.code, error.position)
attempt(ET.XMLParser, 3)
attempt(ET.XMLParser, encoding=3)
attempt(lambda: ET.XMLParser.__new__(ET.XMLParser).feed('a'))

top = e = ET.Element('deep')
for _ in range(100_000):
    e = ET.SubElement(e, 'x')
del e, top
print('done')
