"""Fixtures of the ledgers' suite: every test that asks for `store` runs on every kind of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from router.ledger.store import Store

from .stores import KINDS, Wall, make_store, redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, wall: Wall, tmp_path: Path) -> Store:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return make_store(request.param, wall, tmp_path, url)
