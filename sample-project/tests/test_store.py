import unittest
from datetime import datetime, timezone

from parcels.store import NoSuchParcel, Store
from parcels.tracking import Parcel, Scan, State, make_code

NOON = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)
CODE = make_code("47312499")


class StoreKeepsParcels(unittest.TestCase):
    def setUp(self) -> None:
        self.store = Store(":memory:")
        self.addCleanup(self.store.close)
        self.store.add(Parcel(CODE, 4_200, "2 Test Street, Testville"))

    def test_what_was_added_comes_back(self) -> None:
        self.assertEqual(self.store.get(CODE).weight, 4_200)

    def test_a_scan_is_kept_with_its_state(self) -> None:
        self.store.scan(CODE, Scan(NOON, "Grenwick", State.AT_DEPOT))
        parcel = self.store.get(CODE)
        self.assertEqual(parcel.state, State.AT_DEPOT)
        self.assertEqual([scan.place for scan in parcel.history], ["Grenwick"])
        self.assertEqual(self.store.in_state(State.AT_DEPOT), [CODE])

    def test_a_code_is_taken_once(self) -> None:
        with self.assertRaises(ValueError):
            self.store.add(Parcel(CODE, 1, "elsewhere"))

    def test_an_unknown_code(self) -> None:
        with self.assertRaises(NoSuchParcel):
            self.store.get("PC000000005EX")
