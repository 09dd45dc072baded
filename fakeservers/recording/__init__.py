"""What real services answered, in files that people read: written while a fake passes its
requests on, served by the same fake without a network.

Matching, redaction and the form of the files are plain computation; only `relaying` opens a
connection. What must not be here: who switches it on, and pytest.
"""

from .drift import Drift
from .recording import RECORDS, Record, Recording

__all__ = ["RECORDS", "Drift", "Record", "Recording"]
