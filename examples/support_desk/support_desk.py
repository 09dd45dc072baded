"""Answers customers: who is asked depends on the question, by the rules in llm-providers.toml."""

from pathlib import Path

from router import LLMRouter, SyncRouter, TaskContext

CONFIG = Path(__file__).parent / "llm-providers.toml"


class SupportDesk:
    def __init__(self) -> None:
        self.router = SyncRouter(LLMRouter.load_from_config(CONFIG))

    def context(self, question: str) -> TaskContext:
        """What is known of a question before anybody is asked."""
        hard = min(1.0, len(question) / 400)
        domain = "legal" if "contract" in question.lower() else "general"
        return TaskContext(task_type="support", domain=domain, complexity=hard)

    def answer(self, question: str) -> str:
        return self.router.complete(question, context=self.context(question), max_tokens=300).text

    def who(self, question: str) -> str:
        """Who would be asked; asks nobody."""
        return self.router.route(self.context(question))
