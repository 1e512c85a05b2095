"""Imports: packages, relative imports, cycles, reloading, errors, __getattr__, __all__."""
import sys

import package
import package.inner.leaf as leaf
from package import lazy, sibling
from package.inner import *
from package.inner.leaf import VALUE as renamed

print(package.__name__, package.__package__, package.__path__ is not None, package.__spec__.name)
print(leaf.VALUE, renamed, leaf.parent_name, exported, "hidden" in globals(), lazy)
print(sibling.other(), package.inner is sys.modules["package.inner"])
import cycle_a
print(cycle_a.NAME, cycle_a.cycle_b.seen)
for statement in ("import missing", "import package.missing", "from package import nothing", "import leaf.x", "from .x import y", "from cycle_a import *; NAME2", "import broken"):
    try:
        exec(statement)
    except Exception as error:
        print(f"{statement}: {type(error).__name__}: {str(error).split(' (/')[0]}")
print("broken" in sys.modules, "package.missing" in sys.modules)
import importlib
print(importlib.import_module(".leaf", "package.inner") is leaf, importlib.reload(leaf) is leaf, leaf.loads)
import namespace.one
import namespace.two
print(namespace.one.X + namespace.two.X, type(namespace.__path__).__name__, namespace.__file__ if hasattr(namespace, "__file__") else None)
print(__import__("package.inner").__name__, __import__("package.inner", fromlist=["x"]).__name__, __name__, __spec__)
import json.decoder as jd, os.path as osp
print(jd.__name__, osp.basename("a/b"))
sys.modules["blocked"] = None
try:
    import blocked
except ModuleNotFoundError as error:
    print(error)
import importlib.util
print(importlib.util.find_spec("package.sibling").origin.endswith("sibling.py"), importlib.util.find_spec("nowhere"))
from importlib import resources
print((resources.files("package") / "data.txt").read_text().strip())


class Finder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "virtual":
            return importlib.util.spec_from_loader(name, Loader())


class Loader:
    def create_module(self, spec): return None
    def exec_module(self, module): module.answer = 42


sys.meta_path.append(Finder)
import virtual
print(virtual.answer, virtual.__loader__.__class__.__name__)
