"""textwrap, csv, shlex, string, difflib, configparser, html, urllib.parse, base64, hashlib, zlib, uuid, unicodedata, locale-free things."""
import base64, binascii, colorsys, configparser, csv, difflib, hashlib, hmac, html, io, ipaddress, pprint, shlex, string, textwrap, unicodedata, urllib.parse, uuid, zlib

text = "The quick brown fox jumped over the lazy dog, which did not mind at all."
print(textwrap.fill(text, 30), textwrap.shorten(text, 25), textwrap.indent("a\nb", "> "), textwrap.dedent("   x\n     y"), sep="\n")
rows = list(csv.reader(io.StringIO('a,"b ""q"", c",d\r\n1,,"multi\nline"\r\n')))
out = io.StringIO(); csv.writer(out).writerows([["x,y", 'q"', None, 1.5], []]); print(rows, repr(out.getvalue()), list(csv.DictReader(io.StringIO("k,v\n1,2\n"))))
print(shlex.split("a 'b c' \"d\\\"e\" f\\ g # no", comments=True), shlex.quote("it's"), shlex.join(["a b", "c"]), string.Template("$a ${b}c $$").substitute(a=1, b=2), string.capwords("ab cd"), string.ascii_letters[:5])
print(list(difflib.unified_diff("a b c".split(), "a x c".split(), lineterm="")), difflib.get_close_matches("appel", ["ape", "apple", "peach"]), round(difflib.SequenceMatcher(None, "abcd", "bcde").ratio(), 3))
c = configparser.ConfigParser(); c.read_string("[DEFAULT]\nroot=/r\n[s]\npath=%(root)s/x\nn : 5\nflag=yes\n"); print(c["s"]["path"], c.getint("s", "n"), c.getboolean("s", "flag"), c.sections())
print(html.escape("<a & 'b'>"), html.unescape("&lt;&eacute;&#x41;&nosuch;"), urllib.parse.quote("a b/é?"), urllib.parse.unquote("%C3%A9+x"), urllib.parse.urlencode({"a": [1, 2], "b": "x y"}, doseq=True), urllib.parse.urljoin("http://h/a/b", "../c?q#f"))
print(urllib.parse.urlsplit("https://u:p@host:80/path;x?q=1#frag"), urllib.parse.parse_qs("a=1&a=2&b="), ipaddress.ip_network("10.0.0.0/30").num_addresses, list(ipaddress.ip_network("10.0.0.0/30").hosts()), ipaddress.ip_address("::1").is_loopback)
print(base64.b64encode(b"hello\xff"), base64.urlsafe_b64decode("_-8="), base64.b32encode(b"x"), base64.b85encode(b"abcd"), binascii.hexlify(b"\x01\xff"), binascii.crc32(b"abc"), base64.a85encode(b"ab"))
print(hashlib.md5(b"a").hexdigest(), hashlib.sha1(b"a").hexdigest(), hashlib.sha256(b"a").hexdigest()[:16], hashlib.sha3_256(b"a").hexdigest()[:16], hashlib.blake2b(b"a", digest_size=8).hexdigest(), hmac.new(b"k", b"m", "sha256").hexdigest()[:16], hashlib.new("sha512", b"x").block_size)
print(hashlib.pbkdf2_hmac("sha1", b"p", b"s", 2).hex(), zlib.adler32(b"abc"), zlib.decompress(zlib.compress(b"x" * 1000)) == b"x" * 1000, len(zlib.compress(b"x" * 1000)) < 40, uuid.uuid5(uuid.NAMESPACE_DNS, "python.org"), uuid.UUID(int=5).hex)
print(unicodedata.name("é"), unicodedata.normalize("NFD", "é").encode(), unicodedata.category("A"), unicodedata.lookup("SNOWMAN"), unicodedata.numeric("½"), unicodedata.east_asian_width("日"), unicodedata.combining("\u0301"), unicodedata.bidirectional("א"))
pprint.pprint({"key": list(range(30)), "other": {"nested": ["x" * 30, "y" * 30, "z" * 30]}, "a": (1,)}); print(pprint.pformat({3: 1, 1: 2}), colorsys.rgb_to_hsv(1, 0.5, 0))
