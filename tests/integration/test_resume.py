"""Jobs that are killed at random moments and go on, with the shipped model: nothing lost, nothing changed."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SAMPLES = sorted((ROOT / "data" / "sample").glob("*.ar.txt"))
KILLS = 20
SMALL = ("--batch-tokens", "48", "--window", "24", "--threads", "1", "--beam", "1", "--no-memory")
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and POSIX locks")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "align", "translate", *map(str, arguments), *SMALL]


def align(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(command(*arguments), capture_output=True, env=ENVIRONMENT, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some lines, most of them different, some of them twice or empty."""
    gold = [path.with_name(path.name.replace(".txt", ".sentences")) for path in SAMPLES]
    text = [line for path in gold for line in path.read_text(encoding="utf-8").splitlines() if line]
    file = tmp_path_factory.mktemp("resume") / "in.ar"
    made = [f"{number}. {line}" for number in range(2) for line in text]
    file.write_text("\n".join([*made, "", *text[:9], text[0]]) + "\n", encoding="utf-8")
    return file


def records(journal: Path) -> int:
    """Batches that are safely in a journal: whole lines after the first one."""
    return max(journal.read_bytes().count(b"\n") - 1, 0) if journal.exists() else 0


def killed_after(batches: int, delay: float, journal: Path, *arguments: object) -> bool:
    """Start a job and kill it once so many batches more are recorded and a moment has passed.

    False if it was done before that.
    """
    goal = records(journal) + batches
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    while process.poll() is None and records(journal) < goal:
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def test_twenty_kills_change_nothing(lines: Path, tmp_path: Path) -> None:
    whole, output = tmp_path / "whole.en", tmp_path / "out.en"
    align("--lines", lines, "-o", whole)
    journal, chance = tmp_path / "out.en.journal", random.Random(4)
    found = []
    for _ in range(KILLS):
        before = records(journal)
        assert killed_after(
            chance.randint(0, 3), chance.uniform(0, 0.1), journal, "--lines", lines, "-o", output
        ), "the job was done before it could be killed: give it more lines"
        assert records(journal) >= before, "what was recorded must never be lost"
        assert not output.exists(), "half a result is no result"
        found.append(records(journal))
    assert found[-1] > 20
    done = align("--lines", lines, "-o", output)
    assert b"going on where the last run stopped" in done.stderr
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.en", "whole.en"], "nothing is left over"


def test_documents_go_on_as_well(tmp_path: Path) -> None:
    folders = tmp_path / "whole", tmp_path / "out"
    align(*SAMPLES, "-o", folders[0], "-f", "tmx,tsv,jsonl,html")
    chance = random.Random(5)
    (folders[1]).mkdir()
    for kills in range(2):
        journals = list(folders[1].glob(".align-*.journal"))
        assert len(journals) == min(kills, 1)
        place = journals[0] if journals else folders[1] / "none-yet"
        process = subprocess.Popen(
            command(*SAMPLES, "-o", folders[1], "-f", "tmx,tsv,jsonl,html"),
            env=ENVIRONMENT,
            stderr=-3,
            stdout=-3,
        )
        before, goal = records(place), chance.randint(1, 12)
        while process.poll() is None and records(place) < before + goal:
            place = next(folders[1].glob(".align-*.journal"), place)
            time.sleep(0.002)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    align(*SAMPLES, "-o", folders[1], "-f", "tmx,tsv,jsonl,html")
    one, other = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    )
    assert one == other
    assert len(one) == 5 * len(SAMPLES)


def test_what_is_recorded_is_not_computed_again(lines: Path, tmp_path: Path) -> None:
    from align.jobs import lines_journal
    from align.pipeline import translate_lines
    from align.translate import TranslationOptions, load_translator

    options = TranslationOptions(beam=1, batch_tokens=48, window=24, threads=1)
    texts = lines.read_text(encoding="utf-8").splitlines()[:36]

    def run(stop: int | None, resume: bool = True) -> tuple[list[str], int]:
        translator = load_translator(options=options)
        computed = 0
        engine = translator.engine
        generate = engine.generate

        def counted(batches, options, done=None):  # type: ignore[no-untyped-def]
            def counting():  # type: ignore[no-untyped-def]
                nonlocal computed
                for batch in batches:
                    computed += 1
                    yield batch

            return generate(counting(), options, done)

        engine.generate = counted  # type: ignore[method-assign]
        out: list[str] = []
        try:
            with lines_journal(
                tmp_path / "o", [str(lines)], translator.plan, encoding=None, resume=resume
            ) as translator.journal:
                for line in translate_lines(texts, translator):
                    out.append(line)
                    if len(out) == stop:
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        return out, computed

    whole, all_batches = run(None)
    part, _ = run(24)
    assert part == whole[:24]
    kept = records(tmp_path / "o.journal")
    assert kept > 5
    again, fewer = run(None)
    assert again == whole
    assert fewer == all_batches - kept
    run(24)
    assert run(None, resume=False) == (whole, all_batches)


def test_one_process_a_job(lines: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.en"
    process = subprocess.Popen(command("--lines", lines, "-o", output), stderr=subprocess.DEVNULL)
    try:
        while not records(tmp_path / "out.en.journal"):
            assert process.poll() is None
            time.sleep(0.01)
        second = subprocess.run(command("--lines", lines, "-o", output), capture_output=True, timeout=600)
    finally:
        process.kill()
        process.wait()
    assert second.returncode == 2
    message, advice = second.stderr.decode().splitlines()
    assert re.fullmatch(r"align: error: .*out\.en\.journal: another process is at work on this job", message)
    assert "-o" in advice


def test_another_jobs_journal_is_begun_anew(lines: Path, tmp_path: Path) -> None:
    output, journal = tmp_path / "out.en", tmp_path / "out.en.journal"
    short = tmp_path / "short.ar"
    short.write_text(lines.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    assert killed_after(3, 0, journal, "--lines", lines, "-o", output)
    done = align("--lines", short, "-o", output)
    assert b"of another job: beginning anew" in done.stderr
    assert len(output.read_text(encoding="utf-8").splitlines()) == 1
