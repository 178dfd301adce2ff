"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party test material that lies beside a developer's clone.

    It cannot be shipped for reasons of licence; tests that need it skip where it is absent.
    """
    folder = Path(os.environ.get("ALIGN_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"needs the test material in {folder} (ALIGN_SHARED), which is not part of the project")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_memory() -> Iterator[None]:
    """Tests, and the programs that they start, never touch the memory of whoever runs them.

    Nor do they share one of their own: what one test translates must not be an answer in the next.
    """
    before = os.environ.get("ALIGN_MEMORY")
    os.environ["ALIGN_MEMORY"] = "off"
    yield
    if before is None:
        del os.environ["ALIGN_MEMORY"]
    else:
        os.environ["ALIGN_MEMORY"] = before
