"""A chat that shows each word as it comes, and goes on with another provider when one fails."""

from collections.abc import Callable

from router import LLMRouter, Message
from router.types import StreamReset, TextDelta


class Chat:
    """`show` gets every piece of text; `clear` is called when the answer begins anew."""

    def __init__(
        self, router: LLMRouter, show: Callable[[str], None], clear: Callable[[], None]
    ) -> None:
        self.router = router
        self.show = show
        self.clear = clear
        self.history: list[Message] = []

    async def say(self, text: str) -> str:
        self.history.append(Message.user(text))
        async with self.router.stream(self.history, max_tokens=500, deadline_s=60) as stream:
            async for event in stream:
                match event:
                    case TextDelta(text=piece):
                        self.show(piece)
                    case StreamReset():
                        self.clear()
        answer = stream.answer.text
        self.history.append(Message.assistant(answer))
        return answer
