"""The README's code runs as it stands, in a folder of its own, as a reader would paste it."""

import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(pytester: pytest.Pytester, number: int) -> None:
    """A block of tests passes under pytest; any other block runs to its end."""
    block = BLOCKS[number]
    if tests := len(re.findall(r"^def test_", block, re.M)):
        pytester.makepyfile(test_block=block)
        pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=tests)
    else:
        assert pytester.runpython(pytester.makepyfile(block=block)).ret == 0
