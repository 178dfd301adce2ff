"""Translation on a local Ray cluster of two workers: the same bytes as on a single machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import marian_folder
import pytest

from align.errors import ConfigError, ModelError
from align.translate import TranslationOptions, load_translator
from align.translate.cluster import ClusterEngine
from align.translate.journal import Journal
from align.translate.marian import MarianTranslator

# Ray leaves its own sockets and log files to the garbage collector, and warns of what it will change.
pytestmark = [
    pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed: pip install 'align-ar-en[ray]'"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
]

WINDOW = 16
OPTIONS = TranslationOptions(
    beam=2,
    length_penalty=1.0,
    no_repeat_ngram=0,
    threads=2,
    engine="ctranslate2",
    batch_tokens=256,
    window=WINDOW,
)
# Every window holds other sentences, in another order.
LINES = [
    " ".join(line.split()[n % 3 :])
    for n in range(9)
    for line in [*marian_folder.sample("ar")[n % 2 :: 2], "", "2014"]
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tiny model with random weights; its converted form goes into a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALIGN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield str(marian_folder.build(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def cluster(model: str) -> Iterator[MarianTranslator]:
    translator = load_translator(model, options=OPTIONS)
    translator.engine = engine = ClusterEngine(translator, "local")
    yield translator
    engine.close()


def workers() -> list[int]:
    """Processes of actors; Ray gives them a title."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:  # it has just ended, or is not ours
            continue
        if title.startswith(b"ray::_Worker") and os.environ["RAY_AUTH_TOKEN"].encode() in environment:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_killed_worker_loses_nothing(model: str, cluster: MarianTranslator) -> None:
    alone = load_translator(model, options=OPTIONS)
    expected = list(alone.translate_stream(LINES))
    # Random weights word fewer lines differently on some processors; so many show any exchange of windows.
    assert len({hypothesis.text for hypothesis in expected}) > len(LINES) // 4
    told: list[int] = []
    stream = cluster.translate_stream(LINES, lambda segments, words: told.append(segments))
    found = [next(stream)]
    victims = workers()
    assert len(victims) == 2
    os.kill(victims[0], signal.SIGKILL)
    found += stream
    assert found == expected
    assert sum(told) == len(LINES)
    assert victims[0] not in workers()
    assert cluster.signature == alone.signature


def test_few_sentences_are_in_memory_at_a_time(model: str, cluster: MarianTranslator) -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in LINES:
            taken += 1
            yield line

    stream = cluster.translate_stream(lines())
    found = [next(stream)]
    assert taken < len(LINES)
    found += stream
    assert found == list(load_translator(model, options=OPTIONS).translate_stream(LINES))


def test_the_journal_has_what_the_cluster_did(model: str, cluster: MarianTranslator, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path, cluster.plan)
    cluster.journal = first
    stream = cluster.translate_stream(LINES)
    begun = [next(stream) for _ in range(3 * WINDOW)]
    stream.close()  # type: ignore[attr-defined]
    first.close()
    alone = load_translator(model, options=OPTIONS)
    with Journal(path, alone.plan, say=lambda line: None) as alone.journal:
        assert alone.journal.segments >= 2 * WINDOW
        found = list(alone.translate_stream(LINES))
    cluster.journal = None
    assert found[: len(begun)] == begun
    assert found == list(cluster.translate_stream(LINES))


def test_forced_decoding_on_the_cluster(model: str, cluster: MarianTranslator) -> None:
    texts = marian_folder.sample("ar")[:4], marian_folder.sample("en")[:4]
    assert cluster.score(*texts) == load_translator(model, options=OPTIONS).score(*texts)


def test_another_model_on_a_worker_is_refused(
    model: str, cluster: MarianTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load_translator(model, options=OPTIONS)
    monkeypatch.setattr(type(other.files), "checksum", lambda self: "another")
    other.engine = ClusterEngine(other, "local")
    cluster.engine._workers.clear()  # type: ignore[attr-defined]  # makes room; this is the last test with it
    with pytest.raises(ModelError, match="another model than here") as caught:
        other.translate(LINES[:2])
    assert "every machine" in caught.value.advice


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere", "host:port", ""])
def test_an_address_where_nobody_answers(model: str, address: str) -> None:
    """In a process of its own: one process is part of one cluster."""
    code = """if True:
        import sys
        from align.errors import ConfigError
        from align.translate import load_translator
        from align.translate.cluster import ClusterEngine
        try:
            ClusterEngine(load_translator(sys.argv[2]), sys.argv[1])
        except ConfigError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", code, address, model], capture_output=True, text=True, timeout=60
    )
    assert f"no Ray cluster answers at {address!r}" in done.stdout, done.stderr


def test_without_ray_the_command_to_install_it_is_told(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="Ray is not installed") as caught:
        ClusterEngine(load_translator(model), "local")
    assert "pip install 'align-ar-en[ray]'" in caught.value.advice
