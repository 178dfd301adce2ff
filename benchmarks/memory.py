"""Does memory stay the same however long the input is? Peak of `align translate --lines` by number of lines.

    python benchmarks/memory.py [--model MODEL] [--suffix en,tmx,tsv] [--resumed] SIZE...

Each run is a process of its own, with its own file of generated sentences, all of them different. Without
--model the network is a very small one with random weights, so that a million sentences take minutes: all
else (reading, pieces, batches, journal, writing) is what any model meets. With --resumed each job is also
killed when most of it is done, and the run that goes on measured.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import marian_folder  # noqa: E402


def write_sentences(path: Path, count: int) -> None:
    """Lines of five to ten words of the sample articles, at random, each with its number."""
    words = sorted({word for line in marian_folder.sample("ar") for word in line.split()})
    chance = random.Random(count)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(" ".join([*chance.choices(words, k=chance.randint(5, 10)), str(number)]) + "\n")


def start(source: Path, target: Path, model: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "align", "translate", "--lines", str(source), "-o", str(target)]
    return subprocess.Popen([*command, "--model", model, "--beam", "1", "--quiet"], cwd=ROOT)


def peak(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """MB of the process at its largest, and its seconds of processor time."""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"align translate failed ({status})")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return usage.ru_maxrss / unit, usage.ru_utime + usage.ru_stime


def kill_late(process: subprocess.Popen[bytes], target: Path, whole: int) -> None:
    """Kill a job when its journal is most of what it will become."""
    journal = target.with_name(target.name + ".journal")
    while process.poll() is None and (not journal.exists() or journal.stat().st_size < 0.8 * whole):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()


def measure(sizes: Sequence[int], suffix: str, model: str, folder: Path, resumed: bool) -> None:
    first = 0.0
    for size in sizes:
        source, target = folder / f"{size}.ar", folder / f"{size}.{suffix}"
        if not source.exists():
            write_sentences(source, size)
        if resumed:
            kill_late(start(source, target, model), target, 300 * size)
        memory, seconds = peak(start(source, target, model))
        first = first or memory
        kind = f"{suffix}, resumed" if resumed else suffix
        print(f"| {kind} | {size:,} | {memory:.0f} | {memory / first:.3f} | {seconds:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--model", default="")
    parser.add_argument("--suffix", default="en")
    parser.add_argument("--resumed", action="store_true")
    given = parser.parse_args()
    print("| output | sentences | peak, MB | of the first | processor seconds |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = given.model or str(marian_folder.build(folder / "model", layers=1))
        for suffix in given.suffix.split(","):
            measure(given.sizes, suffix, model, folder, given.resumed)


if __name__ == "__main__":
    main()
