"""Models in memory: how long they stay."""

from fakeservers.behaviour import memory as module
from fakeservers.behaviour.memory import KEEP_ALIVE_S, Memory
from fakeservers.canonical import Use


def after(*uses: Use) -> dict[str, float]:
    """Until when each model stays after these uses."""
    memory = Memory()
    for use in uses:
        memory.use(use)
    return {loaded.name: loaded.until_s for loaded in memory}


def test_a_model_stays_for_five_minutes():
    """Unless its use says otherwise."""
    uses = Use(model="a", at_s=1000), Use(model="b", at_s=1000, keep_alive_s=7)
    assert after(*uses) == {"a": 1000 + KEEP_ALIVE_S, "b": 1007}


def test_a_further_use_keeps_what_an_earlier_one_said():
    """From its own moment on."""
    uses = Use(model="a", at_s=1000, keep_alive_s=60), Use(model="a", at_s=1050)
    assert after(*uses) == {"a": 1110}


def test_what_was_said_is_forgotten_with_the_model():
    """A model that has gone is loaded anew."""
    uses = Use(model="a", at_s=1000, keep_alive_s=60), Use(model="a", at_s=1060)
    assert after(*uses) == {"a": 1060 + KEEP_ALIVE_S}


def test_zero_unloads():
    """The model is gone at once."""
    uses = Use(model="a", at_s=1000), Use(model="a", at_s=1001, keep_alive_s=0)
    assert after(*uses) == {"a": 1001}


def test_the_model_used_longest_ago_makes_room(monkeypatch):
    """What is remembered is bounded."""
    monkeypatch.setattr(module, "LOADED_MAX", 2)
    names = ["a", "b", "a", "c"]
    assert list(after(*(Use(model=name, at_s=1) for name in names))) == ["a", "c"]
