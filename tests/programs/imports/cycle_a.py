"""One half of an import cycle."""
NAME = "a"
import cycle_b
NAME = "a complete"
