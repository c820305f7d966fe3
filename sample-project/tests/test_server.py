import unittest

from parcels.server import answer
from parcels.settings import BadSetting, read_settings
from parcels.store import Store
from parcels.tracking import make_code

CODE = make_code("47312507")


class Answers(unittest.TestCase):
    def setUp(self) -> None:
        self.store = Store(":memory:")
        self.addCleanup(self.store.close)

    def ask(self, method: str, target: str, **body: object) -> tuple[int, dict]:
        return answer(self.store, method, target, body)

    def test_a_parcel_from_announcement_to_depot(self) -> None:
        status, _ = self.ask("POST", "/parcels", code=CODE, weight=12_750, to="3 Test Street, Testville")
        self.assertEqual(status, 201)
        status, parcel = self.ask("POST", f"/parcels/{CODE}/scans", place="Port Sallow", state="at_depot")
        self.assertEqual((status, parcel["state"]), (200, "at_depot"))
        status, parcel = self.ask("GET", f"/parcels/{CODE}")
        self.assertEqual(len(parcel["history"]), 1)

    def test_price(self) -> None:
        self.assertEqual(self.ask("GET", "/price?zone=home&grams=900"), (200, {"cents": 419}))

    def test_what_is_wrong_is_said(self) -> None:
        for method, target, body, expected in [
            ("GET", "/parcels/nothing", {}, 404),
            ("GET", "/price?zone=home", {}, 400),
            ("POST", "/parcels", {"code": "PC1"}, 400),
            ("PUT", "/parcels", {}, 404),
        ]:
            with self.subTest(target=target):
                status, found = answer(self.store, method, target, body)
                self.assertEqual(status, expected)
                self.assertIn("error", found)


class SettingsAreChecked(unittest.TestCase):
    def test_defaults(self) -> None:
        self.assertEqual(read_settings({}).port, 8071)

    def test_a_port_out_of_range(self) -> None:
        with self.assertRaisesRegex(BadSetting, "PARCELS_PORT"):
            read_settings({"PARCELS_PORT": "70000"})
