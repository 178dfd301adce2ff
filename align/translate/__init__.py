"""Translation behind one protocol: `load_translator(name)` gives a `Translator`."""

from __future__ import annotations

from align.translate.base import Hypothesis, Progress, TranslationOptions, Translator
from align.translate.marian import load_translator

__all__ = ["Hypothesis", "Progress", "TranslationOptions", "Translator", "load_translator"]
