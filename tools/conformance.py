"""Asks a started `llmsim serve` what recorded programs asked the real services, and reports how
far the shapes of the answers agree.

    python tools/conformance.py [CHECK]

CHECK is the comparing script; it lies beside the recordings, outside this repository. Without it
there is nothing to compare with, and this says so and ends well. The figures are a report: only
a fake that does not start, or a comparison that does not run, is a failure.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "check_recordings.py"
OPTIONS = {
    "claude": "--anthropic",
    "openai": "--openai",
    "gemini": "--gemini",
    "ollama": "--ollama",
}
CHECK_S_MAX = 300
START_S_MAX = 90
STOP_S_MAX = 5


def main(check: Path) -> int:
    if not check.is_file():
        print("conformance: skipped, no recordings lie beside this repository")
        return 0
    with served() as urls:
        options = [part for name, url in urls.items() for part in (OPTIONS[name], url)]
        command = [sys.executable, str(check), *options]
        return subprocess.run(command, check=False, timeout=CHECK_S_MAX).returncode


@contextlib.contextmanager
def served(*options: str) -> Iterator[dict[str, str]]:
    """The four base URLs of a running `llmsim serve` with these options."""
    with tempfile.TemporaryDirectory(prefix="llmsim-conformance-") as folder:
        ready = Path(folder) / "ready.json"
        llmsim = Path(sys.executable).with_name("llmsim")
        command = [str(llmsim), "serve", "--ready-file", str(ready), *options]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as server:
            try:
                yield urls_once_ready(server, ready)
            finally:
                server.terminate()
                stop_by_force_after(STOP_S_MAX, server)


def stop_by_force_after(patience_s: float, server: "subprocess.Popen[bytes]") -> None:
    try:
        server.wait(patience_s)
    except subprocess.TimeoutExpired:
        server.kill()
        raise SystemExit(f"conformance: llmsim serve did not end within {patience_s} s") from None


def urls_once_ready(server: "subprocess.Popen[bytes]", ready: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"conformance: llmsim serve ended at once, exit {server.returncode}")
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            urls: dict[str, str] = json.loads(ready.read_text("utf-8"))
            return urls
        time.sleep(0.05)
    raise SystemExit(f"conformance: llmsim serve was not ready within {START_S_MAX} s")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECK))
