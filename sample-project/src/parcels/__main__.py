"""`python -m parcels serve`, `python -m parcels labels --out build`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from parcels.labels import write_sheets
from parcels.server import make_server
from parcels.settings import read_settings
from parcels.store import Store
from parcels.tracking import Parcel, State, make_code

_EXAMPLES = (
    Parcel(make_code("47312482"), 940, "1 Test Street, TE1 1ST Testville"),
    Parcel(make_code("47312499"), 4_200, "2 Test Street, TE1 2ST Testville"),
    Parcel(make_code("47312507"), 12_750, "3 Test Street, TE1 3ST Testville"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="parcels", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve HTTP until interrupted")
    labels = commands.add_parser("labels", help="print labels of all parcels that are announced")
    labels.add_argument("--out", type=Path, default=Path("build"))
    chosen = parser.parse_args()

    settings = read_settings()
    logging.basicConfig(level=settings.log_level.upper())
    store = Store(settings.database)
    if chosen.command == "labels":
        announced = [store.get(code) for code in store.in_state(State.ANNOUNCED)]
        print(write_sheets(announced or _EXAMPLES, chosen.out))
        return
    server = make_server(settings, store)
    print(f"parcels on http://{settings.host}:{settings.port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
