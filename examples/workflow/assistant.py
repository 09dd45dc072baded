"""Answers customers' questions, one a line. Who answers, what it may cost and who watches is all
in the environment: this program is the same on a laptop, in CI, in staging and in production."""

import os
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from router import AllAttemptsFailed, Answer, BudgetExceeded, LLMRouter, SyncRouter
from router.observation.otel import OpenTelemetryHook
from router.observation.prometheus import PrometheusHook

CONFIG = Path(__file__).with_name("llm-providers.toml")
SYSTEM = "You answer customers of a parcel service, in two sentences at most."
SORRY = "Nobody can answer this at the moment."


class Assistant:
    def __init__(self) -> None:
        self.metrics = CollectorRegistry()
        hooks = [PrometheusHook(self.metrics), OpenTelemetryHook()]
        self.router = SyncRouter(LLMRouter.load_from_config(CONFIG, hooks=hooks))

    def ask(self, question: str) -> Answer:
        """The answer, who gave it and what it cost."""
        return self.router.complete(question, system=SYSTEM, max_tokens=200)

    def answer(self, question: str) -> str:
        """What the customer reads, whatever happens."""
        try:
            answer = self.ask(question)
        except (AllAttemptsFailed, BudgetExceeded) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return SORRY
        print(f"{answer.provider}, ${answer.cost:f}", file=sys.stderr)
        return answer.text


def main() -> None:
    assistant = Assistant()
    if port := os.environ.get("METRICS_PORT"):
        start_http_server(int(port), "127.0.0.1", assistant.metrics)
    for question in sys.stdin:
        print(assistant.answer(question.strip()), flush=True)
    assistant.router.close()


if __name__ == "__main__":
    main()
