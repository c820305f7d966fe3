from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.types import ClauseEquals, ConditionalPrice, ModelInfo, ModelPrice, Provider

from companion.ledger.book import Book, Unread, periods_of
from companion.ledger.catalogue import Catalogue, Unlisted
from companion.ledger.edition import edition
from companion.ledger.genai import made
from companion.model.money import Usage
from tests.support.prices import whole_book

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Later:
    """A kind of rule or of constraint that some later catalogue may bring."""

    text: str = "x"

    def is_match(self, name: str) -> bool:
        return name == self.text

    def active(self, _at: datetime) -> bool:
        return True


def model(name: str, match: object = None, **prices: Decimal) -> ModelInfo:
    rule: ClauseEquals = match or ClauseEquals(name)
    return ModelInfo(name, rule, prices=ModelPrice(**(prices or {"input_mtok": Decimal(1)})))


def catalogue(*models: ModelInfo) -> Catalogue:
    return Catalogue(Book(made([Provider("openai", "openai", "x", models=list(models))])))


def test_the_process_of_its_own_prints_the_same_book():
    told = subprocess.run([sys.executable, "-P", "-m", "companion.ledger.genai"], capture_output=True, check=True)
    assert told.stdout == made()
    assert Book(told.stdout).edition == edition()


def test_the_whole_catalogue_is_in_it_with_prices():
    priced = [periods_of(one) for name in ("anthropic", "openai") for one in whole_book().seller(name).models]
    assert len(priced) > 100
    assert all(priced)


def test_a_rule_that_is_not_known_here_lets_no_other_model_have_the_name():
    read = catalogue(model("first", Later()), model("second", ClauseEquals("alias")))
    assert read.find("openai", "second").model == "second"
    assert read.find("openai", "first").model == "first"
    with pytest.raises(Unlisted):
        read.find("openai", "alias")
    seller = Book(made([Provider("openai", "o", "x", models=[model("m", Later())])])).seller("openai")
    assert seller is not None
    assert seller.models[0].rule == Unread()


def test_a_constraint_that_is_not_known_here_leaves_that_model_unpriced():
    odd = ModelInfo("odd", ClauseEquals("odd"), prices=[ConditionalPrice(Later(), prices=ModelPrice(input_mtok=1))])
    read = catalogue(odd, model("even"))
    cost = read.find("openai", "odd").cost(Usage(input=1), AT)
    assert (cost.picodollars, cost.reason) == (None, "the catalogue has no price of openai/odd")
    assert read.find("openai", "odd").dearest(1, AT) == (0, 0, 0)
    assert read.find("openai", "even").cost(Usage(input=1), AT).picodollars == 10**6


def test_prices_that_contradict_themselves_leave_that_model_unpriced():
    # One-hour writes are part of writes, so they cannot have a price where these have none.
    read = catalogue(model("odd", input_mtok=Decimal(1), cache_write_1h_mtok=Decimal(1)), model("even"))
    assert read.find("openai", "odd").cost(Usage(input=1), AT).picodollars is None
    assert read.find("openai", "even").cost(Usage(input=1), AT).picodollars == 10**6


def test_a_model_without_prices_is_unpriced():
    bare = ModelInfo("bare", ClauseEquals("bare"))
    assert catalogue(bare).find("openai", "bare").cost(Usage(input=1), AT).picodollars is None
