"""Fixed stocks of words, names and sentences, drawn from Faker once for each process.

Faker is slow to import and slow to ask, so that is done on first use, with a seed of its own,
and a request only picks from what is here. Nothing here chooses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Stocks", "sentences", "stocks"]

SENTENCES = 512
EACH = 48
_SEED = 20_240_229


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocks:
    """Plausible values by what they are: `of["city"]` is a tuple of city names."""

    of: Mapping[str, tuple[str, ...]]
    countries: frozenset[str]


@cache
def sentences() -> tuple[str, ...]:
    """English-looking sentences of a few to a dozen words, each with its full stop."""
    from faker.generator import Generator
    from faker.providers.lorem.en_US import Provider as Lorem

    generator = Generator()
    generator.add_provider(Lorem(generator))
    generator.seed_instance(_SEED)
    return _several(generator, "sentence", SENTENCES)


@cache
def stocks() -> Stocks:
    """Names of people, places, companies and the like."""
    from faker.generator import Generator
    from faker.providers.address.en_US import Provider as Address
    from faker.providers.company.en_US import Provider as Company
    from faker.providers.job.en_US import Provider as Job
    from faker.providers.lorem.en_US import Provider as Lorem
    from faker.providers.person.en_US import Provider as Person

    generator = Generator()
    for provider in (Address, Company, Job, Lorem, Person):
        generator.add_provider(provider(generator))
    generator.seed_instance(_SEED)
    of = {name: _several(generator, method, EACH) for name, method in _METHODS.items()}
    of |= {name: tuple(values.split()) for name, values in _WRITTEN.items()}
    return Stocks(of=of, countries=frozenset(Address.countries))


_METHODS = {
    "city": "city",
    "company": "company",
    "country": "country",
    "first_name": "first_name",
    "job": "job",
    "last_name": "last_name",
    "person": "name",
    "phrase": "catch_phrase",
    "state": "state",
    "street": "street_address",
    "word": "word",
    "zip": "zipcode",
}
_WRITTEN = {
    "color": "black blue brown gray green orange purple red white yellow",
    "currency": "USD EUR GBP JPY CHF CAD AUD SEK",
    "language": "English French German Italian Japanese Portuguese Spanish",
    "locale": "en-US en-GB fr-FR de-DE es-ES ja-JP",
    "symbol": "AAPL AMZN GOOG IBM MSFT NVDA ORCL TSLA",
    "timezone": "UTC Europe/Paris America/New_York Asia/Tokyo Australia/Sydney",
    "unit": "celsius metric",
}


def _several(generator: Any, method: str, count: int) -> tuple[str, ...]:
    draw: Callable[[], str] = getattr(generator, method)
    return tuple(draw() for _ in range(count))
