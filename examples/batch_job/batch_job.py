"""Classifies documents, one a line, for at most two dollars a day.

    python batch_job.py DOCUMENTS RESULTS

Stop it, kill it, run it again: it goes on where it was, and what was spent before still counts.
"""

import asyncio
import json
import sys
from pathlib import Path

from router import BudgetExceeded, LLMRouter

CONFIG = Path(__file__).parent / "llm-providers.toml"
AT_ONCE = 4


async def run(documents: Path, results: Path) -> int:
    """0 when all is done, 1 when today's money is spent."""
    done = {json.loads(line)["id"] for line in lines(results)}
    left = [(n, text) for n, text in enumerate(lines(documents)) if n not in done]
    async with LLMRouter.load_from_config(CONFIG) as router:
        with results.open("a", encoding="utf-8") as written:
            queue = iter(left)

            async def worker() -> bool:
                """Whether there was money for all of it; what others are waiting for goes on."""
                for number, text in queue:
                    prompt = f"Classify as good, bad or neither, in a word: {text}"
                    task = f"document-{number}"
                    try:
                        answer = await router.complete(prompt, max_tokens=10, task=task)
                    except BudgetExceeded as error:
                        print(error, flush=True)
                        return False
                    line = json.dumps({"id": number, "class": answer.text})
                    print(line, file=written, flush=True)
                    print(f"{number} for ${answer.cost}", flush=True)
                return True

            done_all = all(await asyncio.gather(*(worker() for _ in range(AT_ONCE))))
    return 0 if done_all else 1


def lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    return [line for line in path.read_text("utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]))))
