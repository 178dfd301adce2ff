"""Translation memory: what has been translated before, by people and by models, in one SQLite file."""

from __future__ import annotations

from align.memory.place import default_path, memory_path
from align.memory.store import Counts, Memory
from align.memory.units import Unit

__all__ = ["Counts", "Memory", "Unit", "default_path", "memory_path"]
