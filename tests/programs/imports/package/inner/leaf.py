"""A leaf module."""
import package

loads = globals().get("loads", 0) + 1
VALUE = 5
parent_name = __package__ + "|" + package.__name__
