"""How fast answers come, in virtual time: what is configured is what is waited."""

import asyncio
from random import Random
from statistics import median, quantiles

import pytest

from fakeservers import Pace, ScriptError, lognormal, presets, simulate, text
from fakeservers.behaviour.pace import delay, pace

CHUNKS = ("One ", "two ", "three ", "four.")
SAID = text("".join(CHUNKS), chunks=CHUNKS)
ASKED = [{"role": "user", "content": "Hello"}]
OPENAI = ("openai", "/chat/completions", {"model": "gpt-5", "messages": ASKED})
OLLAMA = ("ollama", "/api/chat", {"model": "llama3.2", "messages": ASKED, "stream": False})
EXACT = 1e-9


async def took_s(sim, call=OPENAI, *, after_s=0.0, **more):
    """When a call began and how long it took, its status, beside others."""
    provider, path, body = call
    await asyncio.sleep(after_s)
    begun_s = sim.now
    answer = await sim.post(provider, path, {**body, **more})
    return sim.now - begun_s, answer.status


def together(sim, *delays_s, call=OPENAI):
    """Calls that begin after so long."""

    async def main():
        return await asyncio.gather(*(took_s(sim, call, after_s=after_s) for after_s in delays_s))

    return sim.run(main)


def arrivals(sim, **more):
    """When each chunk of a streamed answer comes."""
    httpx2 = pytest.importorskip("httpx2")

    async def main():
        times_s = []
        async with httpx2.AsyncClient(transport=sim.transport(), timeout=None) as client:
            body = {"model": "gpt-5", "messages": ASKED, "stream": True, **more}
            headers = {"authorization": "Bearer key"}
            url = sim.openai.url + "/chat/completions"
            async with client.stream("POST", url, json=body, headers=headers) as answer:
                async for _ in answer.aiter_bytes():
                    times_s.append(sim.now)
        return times_s

    return sim.run(main)


def test_a_stream_comes_token_by_token():
    """The first after the TTFT, each other after the inter-token latency; exactly."""
    with simulate() as sim:
        sim.openai.replies(SAID)
        sim.openai.paces(ttft=0.5, inter_token=0.1)
        assert arrivals(sim) == pytest.approx([0.5, 0.6, 0.7, 0.8], abs=EXACT)


def test_a_script_says_every_wait():
    """In turn, the last one again; also in texts."""
    with simulate() as sim:
        sim.openai.replies(SAID)
        sim.openai.paces(ttft=["2s"], inter_token=[1, "250ms"])
        assert arrivals(sim) == pytest.approx([2, 3, 3.25, 3.5], abs=EXACT)


@pytest.mark.parametrize("scale", [0, 0.1, 10])
def test_time_is_scaled(scale):
    """Every wait is so many times as long."""
    with simulate() as sim:
        sim.openai.replies(SAID)
        sim.openai.paces(ttft=2, inter_token=1, time_scale=scale)
        assert arrivals(sim)[-1] == pytest.approx(5 * scale, abs=EXACT)


def test_tokens_per_second_are_a_gap():
    """`tokens_per_s=50` is an inter-token latency of 20 ms."""
    assert pace(tokens_per_s=50).inter_token == delay(0.02)


def test_long_prompts_take_longer():
    """By what every uncached token of the input takes."""
    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.openai.paces(prefill_s_per_token=0.5)
        short = together(sim, 0)[0][0]
        tokens = sim.openai.last.usage.input_tokens
    assert short == pytest.approx(tokens * 0.5)


def test_thinking_is_waited_for_where_it_is_hidden():
    """OpenAI's tokens of reasoning come before the first chunk."""
    with simulate() as sim:
        sim.openai.replies(SAID)
        sim.openai.paces(inter_token=1)
        sim.openai.counts(reasoning_tokens=30, output_tokens=34)
        assert arrivals(sim) == [30, 31, 32, 33]


def test_slots_make_a_queue():
    """Two at a time, in the order of arrival; the time in the queue comes on top."""
    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.openai.paces(ttft=10, slots=2)
        assert together(sim, 0, 1, 2, 3) == [(10, 200), (10, 200), (18, 200), (18, 200)]


@pytest.mark.parametrize(
    ("call", "status"), [(OPENAI, 503), (OLLAMA, 503)], ids=["openai", "ollama"]
)
def test_a_full_queue_refuses(call, status):
    """One runs, one waits, the third is overloaded at once."""
    with simulate() as sim:
        sim[call[0]].replies("Hi.")
        sim[call[0]].paces(ttft=10, slots=1, queue_max=1)
        assert together(sim, 0, 1, 2, call=call) == [(10, 200), (19, 200), (0, status)]


def test_who_leaves_the_queue_makes_room():
    """A client that gives up while it waits takes no slot."""

    async def main():
        gone = asyncio.create_task(took_s(sim, after_s=1))
        first = asyncio.create_task(took_s(sim))
        await asyncio.sleep(2)
        gone.cancel()
        return await asyncio.gather(first, took_s(sim))

    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.openai.paces(ttft=10, slots=1, queue_max=1)
        assert sim.run(main) == [(10, 200), (18, 200)]


def test_load_slows_everything_down():
    """Alone at full speed; with all slots taken so many times slower."""
    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.openai.paces(ttft=10, slots=3, load_factor=3)
        assert together(sim, 0)[0][0] == 10
        assert [took for took, _ in together(sim, 0, 0.125, 0.25)] == [10, 20, 30]


def test_a_cold_model_is_loaded_first():
    """Ollama keeps it in memory for five minutes, or as long as it is told."""
    with simulate() as sim:
        sim.ollama.replies("Hi.")
        sim.ollama.paces(cold_start_s=4)
        assert together(sim, 0, 10, 400, call=OLLAMA) == [(4, 200), (0, 200), (4, 200)]
        sim.run(took_s(sim, OLLAMA, keep_alive="1h"))
        sim.advance(3000)
        assert together(sim, 0, call=OLLAMA) == [(0, 200)]


@pytest.mark.parametrize("name", [name for name in presets.__all__ if name != "INSTANT"])
def test_presets_have_the_medians_that_they_name(name):
    """What is drawn a thousand times lies about the median, and has a tail."""
    preset = getattr(presets, name)
    drawn = [preset.ttft.draw(Random(seed)) for seed in range(1000)]
    assert median(drawn) == pytest.approx(preset.ttft.median_s, rel=0.1)
    assert max(drawn) > 1.3 * preset.ttft.median_s


def test_a_distribution_is_told_by_its_95th_percentile():
    """Five in a hundred take longer, without the spikes."""
    drawn = [lognormal(1, p95="3s").draw(Random(seed)) for seed in range(4000)]
    assert quantiles(drawn, n=20)[-1] == pytest.approx(3, rel=0.1)


def test_spikes_are_as_frequent_as_told():
    """A share of the waits is so many times as long."""
    spiky = lognormal(1, sigma=0, spike_rate=0.1, spike_factor=7)
    drawn = [spiky.draw(Random(seed)) for seed in range(2000)]
    assert set(drawn) == {1, 7}
    assert 150 < drawn.count(7) < 250


def test_a_seed_waits_the_same_each_time():
    """Whatever else is asked at the same time."""

    def waits(seed, beside):
        with simulate(seed) as sim:
            sim.openai.paces(presets.GPT_MINI)

            async def main():
                others = [took_s(sim, user=str(n)) for n in range(beside)]
                return (await asyncio.gather(took_s(sim), *others))[0]

            return sim.run(main)

    assert waits(1, 0) == waits(1, 5) != waits(2, 0)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: pace(speed=3), "it takes a preset"),
        (lambda: pace("fast"), "write a preset"),
        (lambda: delay([]), "at least one"),
        (lambda: lognormal(2, p95=1), "above the median"),
        (lambda: lognormal(2, spike_rate=2), "a share"),
    ],
)
def test_what_is_no_pace_is_explained(make, told):
    """When it is written."""
    with pytest.raises(ScriptError, match=told):
        make()


def test_a_preset_is_changed_by_fields():
    """What is given stands in the place of the preset's own."""
    changed = pace(presets.OLLAMA_CPU, slots=4)
    assert (changed.slots, changed.queue_max, changed.ttft) == (4, 512, presets.OLLAMA_CPU.ttft)
    assert Pace() == presets.INSTANT
