#!/bin/sh
# Sets up .venv from nothing but Python 3.11 or later: every tool that the checks use, at the
# versions in constraints.txt, and the project itself, editable.
#
#   tools/setup.sh [PYTHON]      PYTHON: makes a new .venv; without it the first one that fits
set -eu
cd "$(dirname "$0")/.."

stop() {
    printf '\nsetup: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${1:-python3 python3.14 python3.13 python3.12 python3.11}; do
        new_enough "$candidate" && echo "$candidate" && return
    done
    have=$("${1:-python3}" -V 2>/dev/null) || have="${1:-python3}, which does not run"
    stop "Python 3.11 or later is needed; found: $have." \
        "Install one, or name the one you have: make PYTHON=/path/to/python3.12 test"
}

if ! new_enough .venv/bin/python; then
    python=$(find_python "${1:-}")
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        stop "$("$python" -V) cannot make virtual environments: its venv or ensurepip is missing." \
            "On Debian and Ubuntu: apt install python3-venv"
    echo "setup: making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv || stop "python -m venv failed, see above."
fi

pip() { .venv/bin/python -m pip --disable-pip-version-check -qq --retries 2 "$@"; }

no_index() {
    stop "pip could not install the packages, see above." \
        "If it says that it could not connect or found no matching distribution: pip needs a" \
        "package index or a mirror of one, set in its own configuration (pip config list)."
}

echo "setup: installing the project and its tools into .venv (about a minute, the first time)"
# The build backend first, so that the pinned one builds the project and pip fetches no other.
pip install -c constraints.txt hatchling editables || no_index
pip install -c constraints.txt --no-build-isolation -e '.[dev]' || no_index
