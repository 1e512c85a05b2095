"""An inner package with an export list."""
__all__ = ["exported", "leaf"]
exported = "exported"
hidden = "hidden"
