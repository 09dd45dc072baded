"""What Google says of files, cached contents and batches that there are not, or not yet.

Words from the public issue logs of google-genai; the service does not tell what does not exist
from what the caller may not see.
"""

from dataclasses import replace

from ...canonical import ApiError
from ..base import HttpRequest

__all__ = ["kept"]

ONE_PLACE = (
    "CachedContent can not be used with GenerateContent request setting system_instruction, tools "
    "or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent "
    "request."
)


def kept(problem: ApiError, http: HttpRequest) -> ApiError:
    """The error with the status and words of the service, where it is about something kept."""
    code, subject = problem.code, problem.subject
    if problem.kind == "not_found":
        if code == "file" or "/files/" in http.path or http.path.endswith(":batchGenerateContent"):
            return _denied(
                f"You do not have permission to access the File {subject} or it may not exist."
            )
        if code == "cached" or "/cachedContents/" in http.path:
            return _denied("CachedContent not found (or permission denied)")
        return replace(problem, code=None)
    if code == "inactive":
        message = f"The File {subject} is not in an ACTIVE state and usage is not allowed."
        return ApiError(status=400, kind="invalid", type="FAILED_PRECONDITION", message=message)
    if code == "cached_model":
        asked = http.path.rpartition("/")[2].partition(":")[0]
        message = (
            f"Model used by GenerateContent request (models/{asked}) and CachedContent "
            f"(models/{subject}) has to be the same."
        )
        return ApiError(status=400, kind="invalid", message=message)
    return problem


def _denied(message: str) -> ApiError:
    return ApiError(status=403, kind="not_found", message=message)
