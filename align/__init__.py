"""Arabic documents beside their English: translate, align, check, export."""

__version__ = "0.1.0"
