"""`llmsim rehearse`: a plan through the router to the fakes, in virtual time."""

import json

import pytest
from click.testing import CliRunner

from pytest_llmsim.rehearse import rehearse

pytest.importorskip("time_machine")
pytest.importorskip("openai")

CONFIG = """
[[providers]]
name = "openai"
model = "gpt-4o-mini"
price = { input_usd_per_mtok = 1, output_usd_per_mtok = 2 }
[[providers]]
name = "backup"
client = "openai"
model = "gpt-4o"
price = { input_usd_per_mtok = 1, output_usd_per_mtok = 2 }
[budget]
ledger = "sqlite:never-written.db"
daily_usd = 1
"""
SCENARIO = """
[[openai.rules]]
on = { model = "gpt-4o-mini" }
fails = 503
between = [60, 3600]
[[openai.rules]]
paces = { ttft = 2, inter_token = 0.5 }
"""
KINDS = ("chat", "stream", "agent")
FILES = ("requests", "attempts", "journal")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    (folder / "router.toml").write_text(CONFIG)
    (folder / "fakes.toml").write_text(SCENARIO)
    plan = [
        {"number": n, "due_s": due_s, "kind": kind, "prompt": f"Request {n}.", "max_tokens": 64}
        for n, (due_s, kind) in enumerate([(t, k) for t in (0, 600) for k in KINDS], 1)
    ]
    (folder / "plan.jsonl").write_text("".join(json.dumps(line) + "\n" for line in plan))
    files = {"config": "router.toml", "scenario": "fakes.toml", "plan": "plan.jsonl", "out": "out"}
    options = [f"--{name}={folder / file}" for name, file in files.items()]
    result = CliRunner().invoke(rehearse, options)
    assert result.exit_code == 0, result.output
    return {name: lines(folder / f"out/{name}.jsonl") for name in FILES}


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_planned_request_has_its_calls(told):
    """One each, and of an agent those of its whole conversation."""
    ended = sorted(call["number"] for call in told["requests"] if call["last"])
    turns = [call["turn"] for call in told["requests"] if call["number"] == 3]
    assert ended == [1, 2, 3, 4, 5, 6]
    assert turns == [1, 2]
    assert {call["outcome"] for call in told["requests"]} == {"ok"}


def test_times_are_the_scenarios(told):
    """To the microsecond: two seconds to the first token, half a second between two."""
    (call,) = [call for call in told["requests"] if call["number"] == 2]
    assert call["ttft_s"] == pytest.approx(2.0, abs=1e-6)
    assert call["gaps_s"][0] == pytest.approx(0.5, abs=1e-6)


def test_faults_hold_in_the_plans_time(told):
    """The first provider answers before its outage, the second one while it lasts."""
    answered = {a["call_id"]: a["provider"] for a in told["attempts"] if a["won"]}
    by_number = {c["number"]: answered[c["extra"]["call_id"]] for c in told["requests"]}
    assert [by_number[n] for n in range(1, 7)] == ["openai"] * 3 + ["backup"] * 3


def test_the_fakes_saw_what_was_booked(told):
    """A line of the journal for every attempt."""
    assert len(told["journal"]) == len(told["attempts"])


def test_a_wrong_configuration_is_told_in_a_line(tmp_path):
    """With its file and line, as everywhere."""
    for name in ("router.toml", "fakes.toml", "plan.jsonl"):
        (tmp_path / name).write_text("[[providers]]\n" if name == "router.toml" else "")
    options = [f"--config={tmp_path}/router.toml", f"--scenario={tmp_path}/fakes.toml"]
    options += [f"--plan={tmp_path}/plan.jsonl", f"--out={tmp_path}"]
    result = CliRunner().invoke(rehearse, options)
    assert result.exit_code == 1
    assert "router.toml" in result.output
    assert "Traceback" not in result.output
