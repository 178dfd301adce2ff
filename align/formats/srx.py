"""Sentence rules for translators' programs, so that they split Arabic where we do.

A translation memory matches only where both programs cut the text in the same places; OmegaT's
default rules do not cut at the Arabic question mark. The file says how to install it.
"""

from __future__ import annotations

from importlib.resources import files

from align.corpus import Corpus
from align.formats.files import Target, Written, open_output

__all__ = ["write_rules", "write_srx"]


def write_srx(target: Target) -> None:
    """Write SRX 2.0 rules: for OmegaT 6, as `omegat/segmentation.srx` in the project's folder.

    Raises OutputError.
    """
    rules = (files("align.formats") / "data" / "arabic.srx").read_text(encoding="utf-8")
    with open_output(target) as stream:
        stream.write(rules)


def write_rules(corpus: Corpus, target: Target) -> Written:
    """The same as a format among the others, so that the rules can lie beside an exported memory."""
    write_srx(target)
    return Written(len(corpus))
