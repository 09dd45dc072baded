"""What docs/gateway.md says: its command, its paths, its headers."""

import re
from pathlib import Path

import httpx2
import pytest

from fakeservers import FakeServers
from router.gateway.callers import CALL_HEADERS

from .support import Gateway, endpoint, gateway, router_over
from .test_workers import started_at

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "gateway.md").read_text("utf-8")


def test_the_command(tmp_path: Path) -> None:
    """The page's file and command start a gateway, with mocks by the environment alone, that
    knows the page's names."""
    table = re.search(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
    command = re.search(r"^\$ llmsim (gateway .*)$", PAGE, re.M)
    assert table and command
    (tmp_path / "llm-providers.toml").write_text(table[1], "utf-8")
    options = command[1].replace("--port 4010", "--port 0").split()
    with (
        started_at(tmp_path, *options, LLMSIM_MODE="mock") as (origin, _),
        httpx2.Client(base_url=origin, timeout=60) as http,
    ):
        body = {"model": "small", "messages": [{"role": "user", "content": "Hello?"}]}
        answer = http.post("/v1/chat/completions", json=body)
        names = [model["id"] for model in http.get("/v1/models").json()["data"]]
        metrics = http.get("/metrics").text
    assert answer.headers["x-llmsim-provider"] == "openai", answer.text
    assert {"auto", "gpt-4o", "small", "quick"} <= set(names)
    assert "llm_gateway_responses_total" in metrics and "llm_router_calls_total" in metrics


def test_the_headers_are_on_the_page(served: Gateway) -> None:
    """Every header that is answered is in its table, and every one that is read is named."""
    answered = [name for name in served.chat(user="u").headers if name.startswith("x-llmsim-")]
    assert len(answered) == 8 and all(f"`{name}`" in PAGE for name in answered)
    assert all(name.removeprefix("x-llmsim") in PAGE for name in CALL_HEADERS)


def test_what_a_caller_says_besides(llmsim: FakeServers, served: Gateway) -> None:
    """Its tags and its task are those of the costs, and its budget holds."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello?"}]}
    said = {"x-llmsim-tags": "team=red, user=bo", "x-llmsim-task": "job 7"}
    served.http.post("/v1/chat/completions", json=body, headers=said)
    costs = served.http.get("/v1/costs").json()["worker"]
    assert set(costs["tags"]) == {"team=red", "user=bo"} and set(costs["tasks"]) == {"job 7"}
    poor = {"x-llmsim-budget-usd": "0.0000001"}
    assert served.http.post("/v1/chat/completions", json=body, headers=poor).status_code == 402
    assert len(llmsim.journal) == 1


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        ("x-llmsim-budget", "1", "did you mean x-llmsim-budget-usd? There are: x-llmsim-tags"),
        ("x-llmsim-deadline-s", "soon", "x-llmsim-deadline-s is 'soon'"),
        ("x-llmsim-complexity", "7", "complexity is 7.0; it runs from 0 to 1"),
        ("x-llmsim-tags", "red", "write name=value"),
    ],
)
def test_what_it_cannot_say(served: Gateway, header: str, value: str, says: str) -> None:
    """A header that there is not, or a value that cannot be, is refused with the nearest."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello?"}]}
    answer = served.http.post("/v1/chat/completions", json=body, headers={header: value})
    assert answer.status_code == 400 and says in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/costs", "/healthz", "/metrics", "/v1/models"])
def test_its_own_paths(served: Gateway, path: str) -> None:
    """They answer, and are on the page."""
    assert served.http.get(path).status_code == 200 and path in PAGE


def test_a_plan_asks_nobody(llmsim: FakeServers) -> None:
    """The plan has the order and the cost, and no fake was asked."""
    router = router_over(endpoint(llmsim, "claude"), endpoint(llmsim, "openai"))
    with gateway(router) as served:
        body = {"model": "auto", "messages": [{"role": "user", "content": "Hello?"}]}
        plan = served.http.post("/v1/plan", json=body).json()
    assert [c["provider"] for c in plan["candidates"]] == ["claude", "openai"]
    assert plan["candidates"][0]["bound_pico_usd"] > 0 and not llmsim.journal
