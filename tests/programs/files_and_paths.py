"""pathlib, os, shutil, tempfile, glob."""
import fnmatch
import glob
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath

p = PurePosixPath("/a/b/../c.tar.gz")
print(p, p.name, p.stem, p.suffix, p.suffixes, p.parent, p.parts, p.with_suffix(".x"), p.with_name("n"), p / "d" / "/abs", p.is_absolute(), p.relative_to("/a"), p.match("*.gz"), repr(p))
print(PureWindowsPath("c:\\x\\y.txt").drive, PurePosixPath("a//b/./c"), PurePosixPath("a") < PurePosixPath("b"), PurePosixPath("~").joinpath("x", "y"), os.path.join("a", "/b", "c"), os.path.normpath("a/../b//c"), os.path.splitext("x.tar.gz"), os.path.commonpath(["/a/b", "/a/c"]), os.path.relpath("/a/b", "/a/c"))
with tempfile.TemporaryDirectory() as name:
    root = Path(name)
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "one.txt").write_text("1\n2\n", encoding="utf-8")
    (root / "sub" / "two.txt").write_bytes(b"\x00\x01")
    os.symlink("one.txt", root / "link")
    print(sorted(str(x.relative_to(root)) for x in root.rglob("*")), sorted(x.name for x in root.glob("*.txt")), sorted(os.path.relpath(x, name) for x in glob.glob(name + "/**/*.txt", recursive=True)))
    print((root / "one.txt").read_text().split(), (root / "sub/two.txt").stat().st_size, (root / "none").exists(), (root / "sub").is_dir(), (root / "link").is_symlink(), (root / "link").resolve().name, os.readlink(root / "link"))
    for folder, folders, files in sorted(os.walk(root)):
        print(os.path.relpath(folder, root), sorted(folders), sorted(files))
    with os.scandir(root) as entries:
        print(sorted((e.name, e.is_dir(), e.is_symlink()) for e in entries))
    shutil.copy(root / "one.txt", root / "copy.txt"); shutil.copytree(root / "sub", root / "tree"); (root / "copy.txt").rename(root / "moved.txt"); (root / "link").unlink()
    print(sorted(os.listdir(root)), (root / "moved.txt").read_text() == "1\n2\n")
    os.chmod(root / "moved.txt", 0o640)
    print(oct((root / "moved.txt").stat().st_mode & 0o777), os.access(root / "moved.txt", os.R_OK), shutil.rmtree(root / "tree"))
    for bad in (lambda: (root / "sub").rmdir(), lambda: os.mkdir(root / "sub"), lambda: os.remove(root / "none"), lambda: os.listdir(root / "one.txt"), lambda: (root / "none").read_text()):
        try:
            bad()
        except OSError as error:
            print(type(error).__name__, error.errno, error.strerror)
    with tempfile.NamedTemporaryFile("w+", dir=name, suffix=".tmp") as f:
        f.write("x"); f.seek(0); print(f.read(), f.name.endswith(".tmp"))
    os.chdir(root)
    print(Path.cwd().name == root.name, Path("one.txt").absolute() == root.resolve() / "one.txt" or os.getcwd() == str(root))
    os.chdir("/")
print(root.exists(), fnmatch.filter(["a.py", "b.txt"], "*.py"), os.fspath(Path("x")), os.sep, os.environ.get("NO_SUCH_VARIABLE"), os.path.expandvars("$TZ-x"))
read, write = os.pipe()
os.write(write, b"through a pipe"); os.close(write)
print(os.read(read, 100), os.close(read))
