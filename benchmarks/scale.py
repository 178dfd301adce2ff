"""What translating costs on one process and on Ray, and what a large job would cost.

    python benchmarks/scale.py [--sentences 2000] [--beam 1] [--quick]

Runs `align translate --lines` on FLORES-101 (dev and devtest, from $ALIGN_SHARED) in each way, and again
on two sentences: the difference is the work, the rest is the start. Processor seconds and memory are read
from /proc (Linux) for every process of a run, so that other work on the machine disturbs them little.
Then the costs of a large job are reckoned, from the figures just measured and from the assumptions that are
printed with them.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICK, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
WAYS = {
    "one process, 1 thread": ["--threads", "1"],
    "one process, 2 threads": ["--threads", "2"],
    "Ray, 1 worker": ["--threads", "1", "--ray", "local"],
    "Ray, 2 workers": ["--threads", "2", "--ray", "local"],
}
# What is assumed, not measured.
SENTENCES, WORKERS, PRICE = 1_000_000_000, 100, 0.04  # price: dollars a core hour


@dataclass
class Usage:
    """Of one run: seconds by the clock, processor seconds and peak megabytes by kind of process."""

    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    journal: int = 0

    @property
    def all_cpu(self) -> float:
        return sum(self.cpu.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one thread and two workers only")
    arguments = parser.parse_args()
    lines = sentences()[: arguments.sentences]
    with tempfile.TemporaryDirectory() as folder:
        many, few = (write(Path(folder) / name, part) for name, part in (("many", lines), ("few", lines[:2])))
        run(["--threads", "1"], few, arguments.beam)  # converts the model and warms the disk's cache
        start, whole, results = {}, {}, set()
        print(f"{len(lines)} sentences, beam {arguments.beam}\n")
        print("| way | start: s, CPU s | all: s, CPU s | sentences a CPU s | MB a worker, driver, Ray |")
        print("|---|---|---|---|---|")
        for name, options in WAYS.items():
            if arguments.quick and name not in ("one process, 1 thread", "Ray, 2 workers"):
                continue
            # A window for each of the two sentences, so that two workers load the model.
            start[name], _ = run([*options, "--window", "1"], few, arguments.beam)
            whole[name], output = run(options, many, arguments.beam)
            results.add(output.read_bytes())
            print(row(name, start[name], whole[name], len(lines)), flush=True)
        assert len(results) == 1, "the ways differ"
        print("\nAll ways wrote the same bytes.\n")
        reckon(start, whole, len(lines), storage(lines, results.pop().decode().splitlines(), Path(folder)))


def sentences() -> list[str]:
    folder = Path(os.environ.get("ALIGN_SHARED", ROOT.parent / "shared")) / "testsets"
    names = ("flores101-devtest.ar", "flores101-dev.ar")
    return [line for name in names for line in (folder / name).read_text("utf-8").splitlines()]


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def run(options: Sequence[str], source: Path, beam: int) -> tuple[Usage, Path]:
    """One run; every process of it carries a mark in its environment."""
    output = source.with_suffix(".en")
    mark = f"ALIGN_SCALE={secrets.token_hex(8)}"
    name, _, value = mark.partition("=")
    command = [sys.executable, "-m", "align", "translate", "--lines", str(source), "-o", str(output)]
    begun, usage = time.monotonic(), Usage()
    seen: dict[int, tuple[str, float]] = {}
    with subprocess.Popen(
        [*command, "--beam", str(beam), "--quiet", *options],
        env={**os.environ, name: value, "OMP_NUM_THREADS": "1", "ALIGN_MEMORY": "off"},
    ) as process:
        while process.poll() is None:
            look(mark.encode(), process.pid, seen, usage)
            journal = output.with_name(f"{output.name}.journal")
            usage.journal = max(usage.journal, journal.stat().st_size if journal.exists() else 0)
            time.sleep(0.1)
    assert process.returncode == 0
    usage.wall = time.monotonic() - begun
    for kind, seconds in seen.values():
        usage.cpu[kind] = usage.cpu.get(kind, 0.0) + seconds
    return usage, output


def look(mark: bytes, driver: int, seen: dict[int, tuple[str, float]], usage: Usage) -> None:
    """Note what the processes of a run have used so far."""
    memory = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (folder / "environ").read_bytes():
                continue
            title = (folder / "cmdline").read_bytes()
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        pid = int(folder.name)
        kind = "driver" if pid == driver else "worker" if title.startswith(b"ray::_Worker") else "ray"
        seen[pid] = kind, (int(stat[11]) + int(stat[12])) / TICK
        resident = int(stat[21]) * PAGE / 1e6
        if kind == "ray":
            memory += resident
        else:
            usage.memory[kind] = max(usage.memory.get(kind, 0.0), resident)
    usage.memory["ray"] = max(usage.memory.get("ray", 0.0), memory)


def row(name: str, start: Usage, whole: Usage, number: int) -> str:
    rate = number / (whole.all_cpu - start.all_cpu)
    memory = ", ".join(f"{whole.memory.get(kind, 0):.0f}" for kind in ("worker", "driver", "ray"))
    return (
        f"| {name} | {start.wall:.1f}, {start.all_cpu:.1f} | {whole.wall:.1f}, {whole.all_cpu:.1f} "
        f"| {rate:.1f} | {memory} |"
    )


def storage(source: Sequence[str], target: Sequence[str], folder: Path) -> dict[str, float]:
    """Bytes a sentence: of the text itself, of a TSV and of a TMX."""
    from align.corpus import Corpus, Pair
    from align.formats import writer_for

    pairs = tuple(Pair(n, *pair, n) for n, pair in enumerate(zip(source, target, strict=True), 1))
    sizes = {"Arabic": float(sum(len(line.encode()) + 1 for line in source))}
    for name in ("tsv", "tmx"):
        path = folder / f"corpus.{name}"
        writer_for(name)(Corpus("scale", "ar", "en", pairs, {}), path)
        sizes[name.upper()] = float(path.stat().st_size)
    return {name: size / len(source) for name, size in sizes.items()}


def reckon(start: dict[str, Usage], whole: dict[str, Usage], number: int, sizes: dict[str, float]) -> None:
    ray, begun = whole["Ray, 2 workers"], start["Ray, 2 workers"]
    worker, driver = (
        (ray.cpu.get(kind, 0) - begun.cpu.get(kind, 0)) / number for kind in ("worker", "driver")
    )
    plain = (whole["one process, 1 thread"].all_cpu - start["one process, 1 thread"].all_cpu) / number
    sizes["journal"] = ray.journal / number
    print(f"CPU milliseconds a sentence: worker {1e3 * worker:.1f}, driver {1e3 * driver:.2f}; ", end="")
    print(f"one process {1e3 * plain:.1f}")
    print(f"One driver feeds {1 / driver:,.0f} sentences a second, {worker / driver:,.0f} workers.")
    hours = SENTENCES * worker / 3600
    print(f"\n{SENTENCES:,} sentences on {WORKERS} workers of such a core (assumed), {PRICE} $ a core hour:")
    print(f"- {hours:,.0f} core hours, {hours * PRICE:,.0f} $")
    slowest = max(SENTENCES * worker / WORKERS, SENTENCES * driver)
    print(
        f"- {slowest / 86400:,.1f} days with one driver ({driver * SENTENCES / 86400:,.1f} days of its work)"
    )
    for name, size in sizes.items():
        print(f"- {name}: {size:.0f} bytes a sentence, {size * SENTENCES / 1e9:,.0f} GB")


if __name__ == "__main__":
    main()
