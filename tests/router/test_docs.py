"""The pages about the router: their code runs, their files load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, blocks

PAGES = ("gateway.md", "router.md", "router-budgets.md", "router-configuration.md")
KEYS = {"ANTHROPIC_API_KEY": "a", "KEY_ONE": "1", "KEY_TWO": "2"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    """Its files are written, one after the other into one, and its code runs after them."""
    path = ROOT / "docs" / page
    tables = "\n".join(block.text for block in blocks(path, "toml"))
    (tmp_path / "llm-providers.toml").write_text(tables, "utf-8")
    code = "\n".join(block.text for block in blocks(path, "python"))
    command = [sys.executable, "-W", "error", "-c", code]
    environ = {**os.environ, **KEYS, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
