"""The code of pages of documentation, as their readers would use it."""

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["ROOT", "Block", "blocks", "is_test", "links", "write"]

ROOT = Path(__file__).resolve().parents[1]
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
NAMED = re.compile(r"\A# ([\w/-]+\.\w+)\n")
TEST = re.compile(r"^(?:async )?def test_", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SCRIPT = """\
import runpy
from pathlib import Path


def test_it_runs(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    runpy.run_path("{name}.py", run_name="__main__")
"""


class Block(NamedTuple):
    """One fenced block: its language, its text, and the file that its first line names."""

    language: str
    text: str
    file: str | None


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in these languages, in their order."""
    found = FENCED.findall(page.read_text("utf-8"))
    named = [Block(kind, text, (m := NAMED.match(text)) and m[1]) for kind, text in found]
    return [block for block in named if block.language in languages]


def is_test(block: Block) -> bool:
    return TEST.search(block.text) is not None


def write(page: Path, folder: Path) -> int:
    """Write each block into a file: under the name that its first line gives, else as a test
    module, or as a script with a test that runs it. Returns how many tests there are."""
    tests = 0
    for number, block in enumerate(blocks(page, "python", "toml")):
        name = f"{page.stem.replace('-', '_').lower()}_{number}"
        file = block.file or (f"test_{name}.py" if is_test(block) else f"{name}.py")
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(block.text, "utf-8")
        if is_test(block):
            tests += len(TEST.findall(block.text))
        elif block.file is None:
            (folder / f"test_{name}.py").write_text(SCRIPT.format(name=name), "utf-8")
            tests += 1
    return tests


def links(page: Path) -> list[str]:
    """Where a page points to in this repository."""
    return [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
