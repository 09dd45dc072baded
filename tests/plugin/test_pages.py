"""The page about the plugin runs as it stands, and names all that there is."""

import re
from pathlib import Path

from pytest_llmsim import fixtures
from pytest_llmsim.registered import FLAGS, MARKERS, OPTIONS

PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def test_the_page_runs(pytester):
    """Each block is a module of tests that pass."""
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    pytester.makepyfile(**{f"test_block_{n}": block for n, block in enumerate(blocks)})
    outcomes = pytester.runpytest().parseoutcomes()
    assert set(outcomes) == {"passed"} and outcomes["passed"] > 8


def test_the_page_names_everything():
    """Every fixture, marker and setting."""
    text = PAGE.read_text("utf-8")
    names = [name for name in fixtures.__all__ if not name.startswith("_")]
    names += [marker.partition("(")[0] for marker in MARKERS]
    options = [f"--llmsim-{name.replace('_', '-')}" for name in FLAGS]
    names += OPTIONS
    assert [name for name in [*names, *options] if f"`{name}" not in text] == []
