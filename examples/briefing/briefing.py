"""The morning's briefing: it has to come, whoever is down."""

from router import AllAttemptsFailed, LLMRouter, SyncRouter

CHAIN = ["claude", "openai", "gemini"]
SORRY = "No briefing today."


def briefing(router: SyncRouter, headlines: list[str]) -> tuple[str, list[str]]:
    """The text, and what happened on the way to it."""
    prompt = "Write a briefing of three sentences from these headlines: " + "; ".join(headlines)
    try:
        answer = router.route_with_fallback(CHAIN, prompt, max_tokens=300, deadline_s=120)
    except AllAttemptsFailed as error:
        return SORRY, [f"{attempt.provider}: {attempt.outcome}" for attempt in error.attempts]
    return answer.text, [f"{attempt.provider}: {attempt.outcome}" for attempt in answer.attempts]


def new_router() -> SyncRouter:
    """The providers whose keys are in the environment."""
    return SyncRouter(LLMRouter.from_env())
