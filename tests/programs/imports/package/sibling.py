"""Imports its neighbours."""
from . import inner
from .inner.leaf import VALUE


def other():
    from .inner import leaf
    return VALUE, leaf.VALUE, inner.__name__
