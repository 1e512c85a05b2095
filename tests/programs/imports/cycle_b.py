"""The other half."""
import cycle_a
seen = cycle_a.NAME
