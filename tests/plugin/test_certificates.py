"""Certificates are read when TLS begins: what a client trusts is the same, its making is quick."""

import ssl
import threading

import pytest

certifi = pytest.importorskip("certifi")


def certificates(context):
    return context.cert_store_stats()["x509_ca"]


@pytest.fixture
def read(monkeypatch):
    """How often certificates are read from now on."""
    times = []
    real = ssl.SSLContext.load_verify_locations

    def counted(*args, **kwargs):
        times.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    return times


def test_clients_of_one_test_read_them_once(read, request):
    """The first client reads, as it always did; the others would read the same."""
    openai = pytest.importorskip("openai")
    llmsim = request.getfixturevalue("llmsim")
    for _ in range(3):
        assert openai.OpenAI().responses.create(model="gpt-4o", input="Hi").output_text
    assert len(llmsim.openai.calls) == 3
    assert len(read) <= 1


def test_a_context_trusts_what_it_was_told_to(llmsim):
    """Whoever looks finds every certificate, of each context."""
    wanted = certificates(ssl.create_default_context(cafile=certifi.where()))
    late = ssl.create_default_context(cafile=certifi.where())
    assert certificates(late) == len(late.get_ca_certs()) == wanted > 100


def test_a_client_that_outlives_the_test_still_trusts(pytester):
    """It reads before its first handshake, in whatever test that is."""
    pytester.makepyfile(
        """
        import certifi, ssl

        kept = []

        def test_with(llmsim):
            for _ in range(2):
                kept.append(ssl.create_default_context(cafile=certifi.where()))

        def test_without():
            first, late = kept
            late.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="example.org")
            assert late.cert_store_stats() == first.cert_store_stats()
            assert "wrap_bio" not in vars(late)
        """
    )
    pytester.runpytest("-q").assert_outcomes(passed=2)


def test_a_file_that_is_wrong_is_told_at_once(llmsim, tmp_path):
    """Missing, broken, or broken since it was read."""
    with pytest.raises(FileNotFoundError):
        ssl.create_default_context(cafile=str(tmp_path / "none.pem"))
    broken = tmp_path / "broken.pem"
    for _ in range(2):
        broken.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context(cafile=str(broken))


def test_threads_that_begin_at_once_all_find_them_read(llmsim):
    """The second waits until the first has read."""
    ssl.create_default_context(cafile=certifi.where())
    late = ssl.create_default_context(cafile=certifi.where())
    found = []
    threads = [threading.Thread(target=lambda: found.append(certificates(late))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and set(found) == {certificates(late)} and found[0] > 100
