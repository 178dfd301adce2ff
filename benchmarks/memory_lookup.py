"""How fast a translation memory answers, what it costs to fill, and what its index misses.

    python benchmarks/memory_lookup.py SENTENCES [--units 200000] [--queries 500]

SENTENCES is a file of Arabic text, a sentence a line. The memory is filled with them and with variants
(two words exchanged for words of other sentences) up to the number wanted; the queries are sentences
of it with one word in eight exchanged. Prints microseconds a unit and milliseconds a query, and the
share of what comparing with every unit finds that the index finds as well.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from pathlib import Path

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from align.memory import Memory, Unit
from align.memory.units import folded

SIGNATURE = {"model": "benchmark", "beam": "4"}


def variant(sentence: str, words: list[str], count: int, draw: random.Random) -> str:
    own = sentence.split()
    for place in draw.sample(range(len(own)), min(count, len(own))):
        own[place] = draw.choice(words)
    return " ".join(own)


def corpus(lines: list[str], size: int, draw: random.Random) -> list[str]:
    words = [word for line in lines for word in line.split()]
    found = dict.fromkeys(lines)
    while len(found) < size:
        found[variant(draw.choice(lines), words, 2, draw)] = None
    return list(found)[:size]


def timed(name: str, count: int, unit: str, since: float) -> None:
    spent = time.process_time() - since
    scale = {"µs": 1e6, "ms": 1e3}[unit]
    print(f"{name:44} {spent / count * scale:8.2f} {unit} each, {spent:.1f} CPU s for {count:,}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--units", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--least", type=float, default=0.75)
    options = parser.parse_args()
    draw = random.Random(1)
    lines = [
        line for line in options.sentences.read_text(encoding="utf-8").splitlines() if len(line.split()) > 4
    ]
    sources = corpus(lines, options.units, draw)
    words = [word for line in lines for word in line.split()]
    queries = [
        variant(text, words, max(1, len(text.split()) // 8), draw)
        for text in draw.sample(sources, options.queries)
    ]
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder, "m.sqlite")) as memory:
        since = time.process_time()
        memory.add(Unit(source, "x" * len(source), "machine", signature=SIGNATURE) for source in sources)
        timed("store machine units", len(sources), "µs", since)
        since = time.process_time()
        memory.add(Unit(source, "x" * len(source)) for source in sources)
        timed("store units by people", len(sources), "µs", since)
        print(f"{'file':44} {memory.counts().size / 1e6:8.1f} MB")
        since = time.process_time()
        memory.human(sources)
        memory.machine(sources, SIGNATURE)
        timed("exact look-up, people and machine", len(sources), "µs", since)
        since = time.process_time()
        found = [memory.similar(query, options.least) for query in queries]
        timed("similar", len(queries), "ms", since)
    texts = [folded(source) for source in sources]
    best = [
        extractOne(folded(query), texts, scorer=Levenshtein.normalized_similarity, score_cutoff=options.least)
        for query in queries[:100]
    ]
    wanted = [(one, match) for one, match in zip(best, found, strict=False) if one]
    same = sum(match is not None and match.score >= one[1] - 1e-4 for one, match in wanted)
    print(f"{'found as comparing with all finds':44} {same} of {len(wanted)}")
    print(f"{'peak memory':44} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
