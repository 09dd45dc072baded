"""Moderation scores: tiny for harmless texts, high where a plain word says so.

The categories are those of OpenAI's moderation endpoint. Nothing here renders an answer.
"""

import re
from collections.abc import Mapping

from ..rng import derive

__all__ = ["CATEGORIES", "scores"]

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)

_SIGNS: Mapping[str, str] = {
    "harassment": r"idiots?|morons?|losers?|stupid|shut up|i hate you|worthless",
    "harassment/threatening": r"i(?:'| wi)ll (?:kill|hurt|find|destroy) you|you will (?:die|pay)",
    "hate": r"(?:hate|despise) (?:all|those|these) \w+|inferior race|subhuman",
    "hate/threatening": r"(?:exterminate|kill|wipe out) (?:all|those|these) \w+",
    "illicit": r"steal|shoplift\w*|counterfeit\w*|launder\w*|cocaine|heroin|meth",
    "illicit/violent": r"(?:build|make) (?:a |an )?(?:bomb|explosives?|weapon)s?|pipe bombs?",
    "self-harm": r"suicid\w*|self[- ]harm\w*|(?:kill|hurt|cut|harm)(?:ing)? (?:myself|yourself)",
    "self-harm/intent": r"i (?:want|am going|'m going|plan|need) to (?:die|end it|kill myself)",
    "self-harm/instructions": r"(?:how|ways?) (?:do i |can i |to )?"
    r"(?:kill|hurt|cut) (?:my|your)self",
    "sexual": r"porn\w*|erotic\w*|nudes?|explicit sex\w*",
    "sexual/minors": r"child porn\w*|sexual\w* (?:a )?(?:minors?|child|children)",
    "violence": r"kill(?:s|ed|ing)?|murder\w*|attack(?:s|ed|ing)?|stab(?:s|bed|bing)?"
    r"|shoot(?:s|ing)?|bomb(?:s|ed|ing)?|massacre\w*|behead\w*",
    "violence/graphic": r"gore|gory|dismember\w*|behead\w*|blood(?:y|ied|bath)|mutilat\w*",
}
_PATTERNS = {
    category: re.compile(rf"\b(?:{signs})\b", re.IGNORECASE) for category, signs in _SIGNS.items()
}


def scores(text: str) -> Mapping[str, float]:
    """A score from 0 to 1 for each of the 13 categories: above 0.5 where a sign stands in the
    text, below 0.001 elsewhere. The same text always has the same scores."""
    random = derive("moderation", text)
    return {
        category: random.uniform(0.75, 0.99)
        if _PATTERNS[category].search(text)
        else 10 ** random.uniform(-6.5, -3.5)
        for category in CATEGORIES
    }
