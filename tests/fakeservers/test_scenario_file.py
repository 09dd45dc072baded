"""Scenarios in files: what they say, what they are told back, what is wrong with them."""

import json
import re

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import fakeservers as sim
from fakeservers import FakeServers, ScriptError, dump_scenario, parse_scenario
from fakeservers.behaviour.plain.reading import FAULTS
from fakeservers.command import check, schema, show
from fakeservers.evidence.timeline import draw_scenario
from fakeservers.scenario_file import json_schema

WHOLE = """
seed = 7

[openai]
unmatched = "natural"
limits = { rpm = 60 }
jobs = { after_s = 60, fails = "No room." }

[[openai.rules]]
on = { prompt = "/capital of .*/", model = "gpt-*" }
replies = ["Paris.", { tool_call = "look_up", arguments = { city = "Oslo" } }]
times = 2

[[openai.rules]]
fails = [503, { cut = { after_chunks = 2, ends = "stream" } }]
between = ["5m", "8m"]
rate = { start = 0, end = 0.5, over = ["5m", "8m"] }

[[claude.rules]]
fails = { rate_limited = { retry_after_s = 2, syntax = "date" } }
every = ["10m", "30s"]

[[claude.rules]]
paces = { preset = "claude_sonnet", ttft = [1, "2s"] }
counts = { input_tokens = 5 }
"""


def test_a_file_says_what_the_verbs_say():
    """The same value, but for where it was written."""
    fakes = FakeServers(7)
    fakes.openai.unmatched = "natural"
    fakes.openai.limits(rpm=60)
    fakes.openai.jobs(after_s=60, fails="No room.")
    fakes.openai.on(prompt=re.compile("capital of .*"), model="gpt-*").replies(
        "Paris.", sim.tool_call("look_up", city="Oslo"), times=2
    )
    fakes.openai.fails(
        503,
        sim.cut(after_chunks=2, ends="stream"),
        between=("5m", "8m"),
        rate=sim.ramp(0, 0.5, over=("5m", "8m")),
    )
    fakes.claude.fails(sim.rate_limited(retry_after_s=2, syntax="date"), every=("10m", "30s"))
    fakes.claude.paces(sim.presets.CLAUDE_SONNET, ttft=[1, "2s"]).counts(input_tokens=5)
    written = parse_scenario(WHOLE)
    assert dump_scenario(written) == dump_scenario(fakes.scenario)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_written_is_read_back(form):
    """In both forms, and the schema agrees."""
    scenario = parse_scenario(WHOLE)
    text = dump_scenario(scenario, form=form)
    again = parse_scenario(text, form=form)
    assert dump_scenario(again) == dump_scenario(scenario)
    if form == "json":
        jsonschema.validate(json.loads(text), json_schema())


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_has_its_words(name):
    """Written and read back it is the same fault."""
    arguments = {
        "error_event": {"error": sim.overloaded()},
        "line_endings": {"kind": "cr"},
        "slow_first_byte": {"delay_s": 2},
    }.get(name, {})
    fakes = FakeServers()
    fakes.gemini.fails(getattr(sim, name)(**arguments))
    (rule,) = parse_scenario(dump_scenario(fakes.scenario)).scripts["gemini"].rules
    (meant,) = fakes.scenario.scripts["gemini"].rules
    assert rule.fault == meant.fault


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[opnai]\n", "x.toml:1: opnai: 'opnai' is not known here. Did you mean 'openai'?"),
        ("seed = 'x'", "x.toml:1: seed: a seed is a whole number, not 'x'."),
        (
            "seed = 1\n[[openai.rules]]\nreplies = 'a'\n[[openai.rules]]\nfails = 'overloded'\n",
            "x.toml:5: openai.rules[1].fails: 'overloded' is not known here. "
            "Did you mean 'overloaded'?",
        ),
        (
            "[[claude.rules]]\nfails = { cut = { after_chunk = 1 } }",
            "x.toml:2: claude.rules[0].fails: cut has no 'after_chunk'; "
            "it takes after_chunks, ends.",
        ),
        (
            "[[claude.rules]]\nreplies = 'x'\nbetween = ['8m', '5m']",
            "x.toml:3: claude.rules[0].between: between('8m', '5m'): the end comes after the "
            "start.",
        ),
        ("[[claude.rules]]\ntimes = 1", "x.toml:1: claude.rules[0]: a rule has replies, fails,"),
        ("[[claude.rules]]\nreplies = { txt = 'x' }", "'txt' is no part of a reply"),
        ("[claude]\nlimits = 5", "x.toml:2: claude.limits: a table is expected here, not 5."),
        ("seed = ", "x.toml: Invalid value"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, told):
    """And with the words that may stand there."""
    with pytest.raises(ScriptError) as caught:
        parse_scenario(text, name="x.toml")
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once():
    """In the order of its lines."""
    text = (
        "[[openai.rules]]\nfails = 'overloded'\n[claude]\nunmatched = 'x'\n"
        "[[openai.rules]]\nreplies = 'x'\nevery = '5m'\nrate = 0.5\n"
        "[gemini]\nlimit = 5\nmodels = 'all'\n[[opnai.rules]]\nreplies = 'x'"
    )
    with pytest.raises(ScriptError) as caught:
        parse_scenario(text, name="x.toml")
    told = [line.split(" ", 2)[:2] for line in str(caught.value).splitlines()]
    assert told == [
        ["x.toml:2:", "openai.rules[0].fails:"],
        ["x.toml:4:", "claude.unmatched:"],
        ["x.toml:7:", "openai.rules[1].every:"],
        ["x.toml:10:", "gemini.limit:"],
        ["x.toml:11:", "gemini.models:"],
        ["x.toml:12:", "opnai:"],
    ]


@pytest.mark.parametrize("text", ['"a[" = 1', '["a["]', '[claude."b["]'])
def test_a_key_that_looks_like_a_place_is_told_too(text):
    """The search for its line comes to an end."""
    with pytest.raises(ScriptError, match="is not known here"):
        parse_scenario(text)


@pytest.mark.parametrize("indent", [None, 2])
def test_lines_of_json_are_told(indent):
    """However the text is laid out, and whatever stands in its texts."""
    rules = [{"replies": 'a "{[,:" text'}, {"on": {"modle": "x"}, "replies": "x"}]
    text = json.dumps({"seed": 1, "openai": {"rules": rules}}, indent=indent)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if '"modle"' in each)
    with pytest.raises(ScriptError, match=rf"^x\.json:{line}: openai\.rules\[1\]\.on\.modle: "):
        parse_scenario(text, form="json", name="x.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
WORDS = st.sampled_from(["on", "replies", "fails", "paces", "counts", "between", "every", "rate"])


@given(rule=st.dictionaries(WORDS, JSON), more=JSON)
def test_nothing_but_script_errors_comes_of_bad_data(rule, more):
    """Whatever stands in the file."""
    for data in (more, {"openai": {"rules": [rule]}}, {"claude": more}):
        try:
            parse_scenario(json.dumps(data), form="json")
        except ScriptError as problem:
            assert str(problem)


def test_functions_stay_in_python():
    """A file cannot hold them; the error says which."""
    fakes = FakeServers()
    fakes.openai.on(where=lambda request: True).replies("x")
    with pytest.raises(ScriptError, match="is a function"):
        dump_scenario(fakes.scenario)


def test_a_scenario_is_drawn_over_its_time():
    """A row a rule; a ramp grows darker."""
    drawn = draw_scenario(parse_scenario(WHOLE), horizon_s=600)
    outage = next(line for line in drawn.splitlines() if "503" in line)
    bar = outage.partition("|")[2].rstrip("|")
    assert bar[:30].strip() == ""
    assert set(bar[30:48]) <= set(" ░▒")
    assert bar[30:48].strip()


def test_the_commands_check_and_show(tmp_path):
    """A good file is counted and drawn; a bad one ends with its error."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(WHOLE)
    bad.write_text("[x]\n")
    run = CliRunner().invoke
    assert run(check, [str(good)]).output == "ok: 4 rules for claude, openai\n"
    assert "claude" in run(show, [str(good), "--until", "20m"]).output
    failed = run(check, [str(bad)])
    assert failed.exit_code == 1
    assert "bad.toml:1" in failed.output
    assert json.loads(run(schema, []).output)["title"] == "llmsim scenario"
