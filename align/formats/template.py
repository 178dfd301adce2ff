"""What every HTML file of ours has in common: escaping, one style sheet, and a policy that allows no more."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from align.formats.plain import xml_text

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["style_of", "template"]


@cache
def template(name: str) -> Template:
    """The template of that name. All that it prints is escaped, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("align.formats", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


@cache
def style_of(name: str) -> tuple[str, str]:
    """A style sheet, and the content security policy of the page that holds it.

    Only this style sheet, and nothing else: no request, no form, no script of the page's own.
    `strict-dynamic` without a hash lets in no script that stands in the page, while accessibility
    checkers, which browsers load from outside of it, still run.
    """
    style = (files("align.formats") / "data" / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'strict-dynamic'; "
        "base-uri 'none'; form-action 'none'"
    )
    return style, policy


def _without_controls(value: Any) -> Any:
    """What every expression of the template passes through before it is escaped."""
    return xml_text(value) if type(value) is str else value
