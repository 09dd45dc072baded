"""The pages about the router: their code runs, their files load."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("gateway.md", "router.md", "router-budgets.md", "router-configuration.md")
KEYS = {"ANTHROPIC_API_KEY": "a", "KEY_ONE": "1", "KEY_TWO": "2"}
BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```", re.M | re.S)


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    """Its files are written, one after the other into one, and its code runs after them."""
    found = blocks(page)
    tables = "\n".join(text for kind, text in found if kind == "toml")
    (tmp_path / "llm-providers.toml").write_text(tables, "utf-8")
    code = "\n".join(text for kind, text in found if kind == "python")
    command = [sys.executable, "-W", "error", "-c", code]
    environ = {**os.environ, **KEYS, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
