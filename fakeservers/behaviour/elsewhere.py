"""Whether a thing that a request names may have been made at the real service.

A recorded conversation goes on where it began: it names a response, a file, a cached content that
this server never made. Their ids cannot be guessed, so whoever sends one that has the service's
own form has it from there, and is answered as far as that goes without its content. An id of
another form was made up, and one that was deleted here, or made here and not stored, is gone:
these are not found.
"""

import re
from collections.abc import Mapping
from typing import Final

from .store import Store

__all__ = ["may_be_elsewhere"]

# The forms of ids, as recorded in 2025 and 2026.
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "responses": re.compile(r"resp_[0-9a-f]{48,64}"),
    "conversations": re.compile(r"conv_[0-9a-f]{48,64}"),
    "files": re.compile(r"file_01[0-9A-Za-z]{22}|file-[0-9A-Za-z]{22,24}|[0-9a-z]{12}"),
    "cachedContents": re.compile(r"[0-9a-z]{40,44}"),
}


def may_be_elsewhere(store: Store, collection: str, id: str) -> bool:
    """Whether `id`, which is not in the store, is one that the real service could have made."""
    form = _FORMS.get(collection)
    return form is not None and form.fullmatch(id) is not None and not store.had(collection, id)
