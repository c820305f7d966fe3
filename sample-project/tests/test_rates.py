import unittest

from parcels.rates import HEAVIEST, discount, price


class Price(unittest.TestCase):
    def test_bands(self) -> None:
        for zone, grams, cents in [
            ("home", 1, 419),
            ("home", 1_000, 419),
            ("home", 1_001, 549),
            ("near", 5_000, 1_449),
            ("far", HEAVIEST, 9_999),
        ]:
            with self.subTest(zone=zone, grams=grams):
                self.assertEqual(price(zone, grams), cents)

    def test_insurance_counts_every_started_hundred(self) -> None:
        self.assertEqual(price("home", 500, insured_cents=10_000), 419 + 115)
        self.assertEqual(price("home", 500, insured_cents=10_001), 419 + 230)

    def test_what_cannot_be_sent_has_no_price(self) -> None:
        for zone, grams in [("moon", 100), ("home", 0), ("home", HEAVIEST + 1)]:
            with self.subTest(zone=zone, grams=grams), self.assertRaises(ValueError):
                price(zone, grams)


class Discount(unittest.TestCase):
    def test_by_volume(self) -> None:
        self.assertEqual([discount(1_000, count) for count in (49, 50, 249, 250)], [1_000, 970, 970, 920])
