"""The import rule: a module imports only from its own level or from lower ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Longest prefix wins; what is not named here fails the test, so that nothing slips in unplaced.
LEVELS = {
    "align": 0,
    "align.corpus": 0,
    "align.errors": 0,
    "align.atomic": 0,
    "align.lock": 0,
    "align.arabic": 1,
    "align.segment": 2,
    "align.similarity": 2,
    "align.lattice": 2,
    "align.aligner": 2,
    "align.beads": 2,
    "align.cuts": 2,
    "align.evidence": 2,
    "align.weights": 2,
    "align.quality": 2,
    "align.check": 2,
    "align.checks": 2,
    "align.score": 2,
    "align.encode": 3,
    "align.translate": 3,
    "align.formats": 3,
    "align.memory": 3,
    "align.pairing": 4,
    "align.pipeline": 4,
    "align.jobs": 4,
    "align.checking": 4,
    "align.train": 4,
    "align.commands": 5,
    "align.cli": 5,
    "align.__main__": 5,
}
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "align").rglob("*.py")
)


def level(module: str) -> int:
    name = module
    while name not in LEVELS or (name == "align" and module != "align"):
        assert "." in name, f"{module} has no level: name it in LEVELS"
        name = name.rpartition(".")[0]
    return LEVELS[name]


def imports(module: str) -> set[str]:
    path = ROOT.joinpath(*module.split("."))
    tree = ast.parse(
        (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    )
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    known = set(MODULES)
    return {name if name in known else name.rpartition(".")[0] for name in found if name.startswith("align.")}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module: str) -> None:
    too_high = {name for name in imports(module) if level(name) > level(module)}
    assert not too_high


def test_pure_modules_open_no_file_and_print_nothing() -> None:
    for module in MODULES:
        if level(module) == 2:
            path = ROOT.joinpath(*module.split("."))
            source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(
                encoding="utf-8"
            )
            calls = {
                ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
            }
            assert not calls & {"open", "print"}, module


@pytest.mark.parametrize("statement", ["import align", "import align.cli", "import align.pipeline"])
def test_import_is_light(statement: str) -> None:
    """Nothing heavy is loaded before there is work for it (PyTorch alone takes seconds)."""
    heavy = ("torch", "transformers", "ctranslate2", "sacrebleu", "numpy", "rich.progress")
    code = f"{statement}; import sys; print(*[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
