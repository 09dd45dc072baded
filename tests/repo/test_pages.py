"""What the README and the pages of documentation show runs as it stands, and their links lead
somewhere. Pages whose code goes on from block to block are run by tests of what they are about."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, Block, blocks, links, write

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
ELSEWHERE = ("faults", "gateway", "load-testing", "pytest", "router", "what-sdks-do", "workflow")
RUNNING = [p for p in PAGES if not p.stem.startswith(ELSEWHERE) and blocks(p, "python")]
COMMAND = re.compile(r"^(llmsim (?:check|show|schema)|pytest)\b([^#\n]*)", re.M)
TYPING = [page for page in RUNNING if COMMAND.search(page.read_text("utf-8"))]
SHOWN = [block for block in blocks(DOCS / "workflow.md", "python", "toml") if block.file]
LINKED = [page for page in PAGES if links(page)]


def test_pages_run(pytester: pytest.Pytester) -> None:
    """Their tests pass and their scripts run to an end; a block whose first line names a file is
    that file. All in one process, for the SDKs take long to import."""
    tests = 0
    for page in RUNNING:
        tests += write(page, pytester.mkdir(page.stem))
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:asyncio")
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=tests)


@pytest.mark.parametrize("page", TYPING, ids=lambda page: page.stem)
def test_commands_end_well(page: Path, tmp_path: Path) -> None:
    """So do the commands that a page has its reader type; `pytest` is given files of the page."""
    write(page, tmp_path)
    for command, rest in (found for b in blocks(page, "sh") for found in COMMAND.findall(b.text)):
        if command == "pytest":
            assert all((tmp_path / name).exists() for name in re.findall(r"\S+\.py", rest))
            continue
        llmsim, verb = command.split()
        done = subprocess.run(
            [Path(sys.executable).with_name(llmsim), verb, *rest.split()],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.file)
def test_the_workflow_shows_the_example(block: Block) -> None:
    """What the page shows of examples/workflow is what stands there, and is tested there."""
    first, _, rest = block.text.partition("\n")
    assert first == f"# {block.file}"
    assert rest == (ROOT / "examples" / "workflow" / str(block.file)).read_text("utf-8")


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the repository names one that there is."""
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


def test_the_index_names_every_page() -> None:
    """No page is found by chance only."""
    pages = {page.name for page in DOCS.glob("*.md")} - {"index.md"}
    assert pages - set(links(DOCS / "index.md")) == set()


def test_the_reference_names_every_name() -> None:
    """Names that programs import stand in docs/reference.md: python tools/make_reference.py."""
    sections = re.split(r"^## ", (DOCS / "reference.md").read_text("utf-8"), flags=re.M)
    told = {title: set(re.findall(r"^\| `(\w+)` \|", text, re.M)) for title, _, text in
            (section.partition("\n") for section in sections)}  # fmt: skip
    modules = [title for title in told if title.startswith(("fakeservers", "pytest_", "router"))]
    missing = {
        f"{name}.{exported}"
        for name in modules
        for exported in set(importlib.import_module(name).__all__) - told[name]
    }
    assert (len(modules) > 3, missing) == (True, set())
