"""Two summaries beside each other."""

import json

import pytest

from loadtests.compare import changes_of, read_summary
from loadtests.errors import LoadTestError
from loadtests.summary import SCHEMA, summarise

from .records import attempt, brownout, record


def summary(took_s=0.5, **given):
    calls = [record(n, ttft_s=took_s / 2, took_s=took_s, **given) for n in (1, 2)]
    ledger = [attempt(1), attempt(2)]
    return {**summarise(brownout(), calls, attempts=ledger, journal=[]), "processes": 1}


def rows(before, after):
    """The columns of each figure, by its words."""
    return {line[:26].strip(): line[26:].split() for line in changes_of(before, after)}


def test_a_change_is_a_share_of_what_was():
    """Of exact money too; what stayed the same is marked so."""
    found = rows(summary(), summary(0.6))
    assert found["TTFT p50, s"] == ["0.25", "0.3", "+20.0", "%"]
    assert found["cost, $"] == ["0.000002", "0.000002", "="]


def test_from_nothing_there_is_no_share():
    """The difference itself is told."""
    assert rows(summary(), summary(outcome="lost"))["lost"] == ["0", "2", "+2"]


def test_runs_that_differ_are_named():
    """Before any figure."""
    first = next(changes_of(summary(), {**summary(), "processes": 2}))
    assert first == "not the same processes: 1 before, 2 after"


def test_a_summary_is_found_by_its_folder(tmp_path):
    """Or by its own name."""
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(summary()), "utf-8")
    assert read_summary(tmp_path) == read_summary(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "name the folder of a run"),
        ("{", "cannot be read"),
        ('{"schema": "other/9"}', f"is of the schema 'other/9'; this reads {SCHEMA!r}"),
    ],
)
def test_what_is_no_summary_is_told(tmp_path, text, says):
    """With what would be one."""
    if text is not None:
        (tmp_path / "summary.json").write_text(text)
    with pytest.raises(LoadTestError, match=says):
        read_summary(tmp_path)
