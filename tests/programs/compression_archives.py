"""zlib, gzip, bz2, lzma, zipfile, tarfile: round trips and known bytes."""
import bz2, gzip, io, lzma, os, tarfile, tempfile, zipfile, zlib

data = b"The quick brown fox. " * 200
for module in zlib, gzip, bz2, lzma:
    packed = module.compress(data)
    print(module.__name__, module.decompress(packed) == data, len(packed) < len(data) // 4)
print(gzip.decompress(bytes.fromhex("1f8b08000000000000034bcc4b0600c241243503000000")) if False else zlib.decompress(bytes.fromhex("789c4b4c4a06000 24d0127".replace(" ", ""))))
d = zlib.decompressobj(); packed = zlib.compress(data)
print(d.decompress(packed[:10]) + d.decompress(packed[10:]) + d.flush() == data, d.eof, d.unused_data)
for bad in (lambda: zlib.decompress(b"junk"), lambda: gzip.decompress(b"junk"), lambda: bz2.decompress(b"junk"), lambda: lzma.decompress(b"junk")):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, error)
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a.txt", "text"); z.writestr("d/b.bin", data)
with zipfile.ZipFile(buffer) as z:
    print(z.namelist(), z.read("a.txt"), z.getinfo("d/b.bin").file_size, z.testzip(), z.open("d/b.bin").read(9))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x.tar.gz")
    with tarfile.open(path, "w:gz") as t:
        info = tarfile.TarInfo("f.txt"); info.size = 5; t.addfile(info, io.BytesIO(b"hello"))
    with tarfile.open(path) as t:
        print(t.getnames(), t.extractfile("f.txt").read(), t.getmember("f.txt").isfile()); t.extractall(folder, filter="data")
    print(open(os.path.join(folder, "f.txt")).read())
    with gzip.open(os.path.join(folder, "g.gz"), "wt") as g: g.write("line\n" * 3)
    print(gzip.open(os.path.join(folder, "g.gz"), "rt").readlines())
