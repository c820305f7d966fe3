import unittest
from datetime import datetime, timezone

from parcels.tracking import BadScan, Parcel, Scan, State, check_digit, is_code, make_code

NOON = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)


def scanned(state: State) -> Scan:
    return Scan(NOON, "Eastmere", state)


class Advance(unittest.TestCase):
    def setUp(self) -> None:
        self.parcel = Parcel(make_code("47312482"), 940, "1 Test Street, Testville")

    def test_a_scan_moves_the_parcel_on(self) -> None:
        after = self.parcel.advance(scanned(State.COLLECTED))
        self.assertEqual(after.state, State.COLLECTED)
        self.assertEqual(len(after.history), 1)

    def test_a_late_scan_is_kept_and_changes_no_state(self) -> None:
        after = self.parcel.advance(scanned(State.AT_DEPOT)).advance(scanned(State.COLLECTED))
        self.assertEqual(after.state, State.AT_DEPOT)
        self.assertEqual(len(after.history), 2)

    def test_nothing_follows_delivery(self) -> None:
        delivered = self.parcel.advance(scanned(State.DELIVERED))
        with self.assertRaises(BadScan):
            delivered.advance(scanned(State.AT_DEPOT))

    def test_only_what_went_out_can_come_back(self) -> None:
        with self.assertRaises(BadScan):
            self.parcel.advance(scanned(State.RETURNED))


class Codes(unittest.TestCase):
    def test_the_check_digit_of_a_known_code(self) -> None:
        self.assertEqual(check_digit("47312482"), 9)

    def test_a_made_code_is_a_code(self) -> None:
        for serial in ("00000000", "12345678", "99999999"):
            self.assertTrue(is_code(make_code(serial)), serial)

    def test_a_wrong_digit_is_noticed(self) -> None:
        self.assertFalse(is_code("PC473124828EX"))
        self.assertFalse(is_code("PC4731EX"))

    def test_a_serial_has_eight_digits(self) -> None:
        with self.assertRaises(ValueError):
            check_digit("123")
