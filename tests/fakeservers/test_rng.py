"""Randomness by content."""

from fakeservers.rng import Seed, derive


def test_the_same_parts_give_the_same_source():
    """On every run and machine: the value is written down here."""
    assert Seed(0, b"body").ids().hex(8) == Seed(0, b"body").ids().hex(8)
    assert derive(7, "a").getrandbits(32) == 1696543638


def test_parts_do_not_run_together():
    """("ab", "c") is not ("a", "bc")."""
    assert derive("ab", "c").random() != derive("a", "bc").random()


def test_a_seed_has_seeds_below_it():
    """The same for the same part, another for another."""
    root = Seed(1)
    assert root.of(b"a").ids().hex(8) == root.of(b"a").ids().hex(8) != root.of(b"b").ids().hex(8)


def test_identifiers_have_their_length_and_alphabet():
    """What a wire asks for is what it gets."""
    ids = Seed(1).ids()
    assert len(ids.base62(29)) == 29
    assert len(ids.hex(33)) == 33
    assert len(ids.base36(200)) == 200
    assert all(3 <= ids.integer(3, 5) <= 5 for _ in range(20))
    assert int(ids.hex(8), 16) >= 0
    assert len(ids.urlsafe(22)) == 22
