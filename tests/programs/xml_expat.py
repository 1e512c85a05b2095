# pyexpat: every handler with its position, fed at once and byte by byte, and what is wrong with broken documents.
import pyexpat

DEFAULTS = ('DefaultHandler', 'DefaultHandlerExpand')
NAMES = [name for name in dir(pyexpat.XMLParserType) if name.endswith('Handler') or name == 'DefaultHandlerExpand']


def run(document, separator=None, chunk=None, skip=(), encoding=None, setup=None):
    events = []
    parser = pyexpat.ParserCreate(encoding, separator)
    for name in NAMES:
        if name not in skip:
            def handler(*args, name=name):
                events.append((name, *args, parser.CurrentByteIndex, parser.CurrentLineNumber, parser.CurrentColumnNumber))
                return 1
            setattr(parser, name, handler)
    if setup:
        setup(parser, events)
    try:
        if chunk:
            parser.SetReparseDeferralEnabled(False)
            for start in range(0, len(document), chunk):
                parser.Parse(document[start:start + chunk])
            parser.Parse(b'', True)
        else:
            parser.Parse(document, True)
    except pyexpat.ExpatError as error:
        events.append(('error', str(error), error.code, parser.ErrorByteIndex))
    except Exception as error:
        events.append((type(error).__name__, str(error)))
    return events


def show(label, *args, **keywords):
    print('==', label)
    for event in run(*args, **keywords):
        print('  ', event)


DOCUMENT = '''<?xml version="1.0" encoding="iso-8859-1" standalone="no"?>
<?style href="stylesheet.css"?>
<!-- comment -->
<!DOCTYPE root SYSTEM "root.dtd" [
<!ELEMENT root ANY>
<!ELEMENT a (b|(c,d?)*|e+)>
<!ELEMENT m (#PCDATA|x|y)*>
<!ELEMENT e EMPTY>
<!ATTLIST root one CDATA #REQUIRED two CDATA #IMPLIED>
<!ATTLIST x a (p|q) "p" b NMTOKENS "  1  2 " c NOTATION (n1|n2) #IMPLIED d CDATA #FIXED "fix&#65;" i ID #IMPLIED>
<!NOTATION n1 SYSTEM "picture.jpeg">
<!NOTATION n2 PUBLIC " pub  id ">
<!NOTATION n3 PUBLIC "pub" "sys">
<!ENTITY acirc "&#226;">
<!ENTITY inner "<i>in &acirc; &amp; side</i>">
<!ENTITY outer SYSTEM "entity.file">
<!ENTITY unparsed SYSTEM "entity.file" NDATA n1>
<!ENTITY % par "<!ENTITY late 'x'>">
%par;
%unknown;
]>

<root one="value1" two="value2&#8000; a
b	c &acirc;">
<p:sub xmlns:p="http://example.org/" xmlns="def" p:q='1' z='2'>
     Contents<x b=" 5   6 "/>
</p:sub>
<s><![CDATA[contents of ]] ]> CDATA
 section]]></s>
&outer;&inner; &lt;&#x41;]] ]
&skipped;
<?pi   some
data ?>
\xb5
</root>
<!-- after -->
'''.encode('latin-1')

show('everything', DOCUMENT)
show('namespaces', DOCUMENT, '!', skip=DEFAULTS)
show('byte by byte', DOCUMENT, ' ', 1)
show('only default', DOCUMENT, skip=[name for name in NAMES if name != 'DefaultHandler'])
show('parameter entities', DOCUMENT, skip=DEFAULTS, setup=lambda parser, _: parser.SetParamEntityParsing(2))
TEXT = '<?xml version="1.0"?>\n<r a="\u20ac">\u4f60<\u597d/>\U0001f600\r\nx\ry</r>\r\n'
for encoding in 'utf-8', 'utf-8-sig', 'utf-16', 'utf-16le', 'utf-16be':
    show(encoding, TEXT.encode(encoding), skip=DEFAULTS)
    print(run(TEXT.encode(encoding), None, 1, DEFAULTS) == run(TEXT.encode(encoding), None, None, DEFAULTS))

BROKEN = [
    b'', b'<', b'<a', b'<a>', b'<a></b>', b'<a/><b/>', b'<a/>x', b'<a b="1" b="2"/>', b'<a b=1/>', b'<a b="<"/>', b'<a>&foo;</a>',
    b'<a>&#0;</a>', b'<a>&#x110000;</a>', b'x<a/>', b'  <?xml version="1.0"?><a/>', b'<a>]]></a>', b'<a>]]', b'<a>\r',
    b'<a><!-- -- --></a>', b'<a><!x></a>', b'<a><![CDATA[x', b'<a><![CDAT[x', b'<a>\xff</a>', b'<a>\xe9\xa9</a>', b'<a>\xe9',
    b'<?xml version="1.0" encoding="utf-16"?><a/>', b'<?xml version="1.0" encoding="nosuch"?><a/>', b'<?xml encoding="utf-8"?><a/>',
    b'<?xml version="1.0" standalone="maybe"?><a/>', b'<?XML version="1.0"?><a/>', b'<!DOCTYPE a [<!ENTITY x "&x;">]><a>&x;</a>',
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "q">]><a b="&x;"/>', b'<!DOCTYPE a [<!ENTITY x "<b>">]><a>&x;</a>',
    b'<!DOCTYPE a [<!ENTITY % x "y"><!ENTITY z "%x;">]><a/>', b'<!DOCTYPE a [ <!ELEMENT a (b,c|d)>]><a/>', b'<!DOCTYPE a PUBLIC "{" "x"><a/>',
    b'<!DOCTYPE a [', b'<a>&lt</a>', b'<a>& b</a>', b'<a b="1"c="2"/>', b'<1/>', b'</a>', b'\0\r\n', b'<a>\xed\xa0\x80</a>',
]
for document in BROKEN:
    print(document, run(document, skip=DEFAULTS)[-1], run(document, None, 1, DEFAULTS)[-1])
for document in [b'<p:a/>', b'<a xmlns:p=""/>', b'<a xmlns:xml="u"/>', b'<a xmlns:xmlns="u"/>', b'<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>',
                 b'<a xmlns="u"><b xmlns=""><c/></b></a>', b'<p:a xmlns:p="u v"/>', b'<a:b:c/>', b'<a xmlns:p="u"><b xmlns:p="v" p:q="1"/><p:c/></a>']:
    for prefixes in False, True:
        print(document, run(document, ' ', skip=DEFAULTS, setup=lambda parser, _: setattr(parser, 'namespace_prefixes', prefixes)))

FILES = {
    'ext.xml': b'<?xml version="1.0" encoding="iso-8859-1"?>text <b>x</b> \xe9 &in; tail',
    'ext.dtd': b'<!ENTITY fromext "FE"><![INCLUDE[<!ATTLIST a z CDATA "default">]]><![IGNORE[<!ATTLIST a q CDATA "no"> <![x[ ]]> ]]>'
               b'<!ENTITY % inc "INCLUDE"><![%inc;[<!ENTITY incd "yes">]]><!ENTITY pv "%inc;-&#65;">',
    'bad.xml': b'<b>',
}


def read_external(parser, events):
    parser.SetParamEntityParsing(pyexpat.XML_PARAM_ENTITY_PARSING_ALWAYS)
    parser.SetBase('base')
    parsers = [parser]

    def handler(context, base, system_id, public_id):
        events.append(('external', context, base, system_id, public_id))
        parsers.append(parsers[-1].ExternalEntityParserCreate(context))
        try:
            parsers[-1].Parse(FILES[system_id], True)
        except pyexpat.ExpatError as error:
            events.append(('inner error', str(error)))
            return 0
        finally:
            parsers.pop()
        return 1
    parser.ExternalEntityRefHandler = handler


show('external', b'<!DOCTYPE a SYSTEM "ext.dtd" [<!ENTITY e SYSTEM "ext.xml"><!ENTITY in "<i/>">]>\n<a>&e;&fromext;&incd;&pv;<a/></a>',
     skip=DEFAULTS, setup=read_external)
show('external error', b'<!DOCTYPE a [<!ENTITY e SYSTEM "bad.xml">]><a>&e;</a>', skip=DEFAULTS, setup=read_external)

laughs = '<!DOCTYPE a [<!ENTITY a0 "dos">' + ''.join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)) + ']><a>&a8;</a>'
print(run(laughs.encode(), skip=NAMES))
