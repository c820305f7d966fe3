"""The HTTP side: GET /parcels/CODE, POST /parcels, POST /parcels/CODE/scans, GET /price."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from parcels.rates import price
from parcels.settings import Settings
from parcels.store import NoSuchParcel, Store
from parcels.tracking import BadScan, Parcel, Scan, State, is_code

log = logging.getLogger("parcels")


def as_json(parcel: Parcel) -> dict[str, Any]:
    return {
        "code": parcel.code,
        "weight": parcel.weight,
        "to": parcel.to,
        "state": parcel.state.name.lower(),
        "history": [
            {"at": scan.at.isoformat(), "place": scan.place, "state": scan.state.name.lower()}
            for scan in parcel.history
        ],
    }


def answer(store: Store, method: str, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and JSON for one request; knows nothing of sockets."""
    url = urlsplit(target)
    parts = [part for part in url.path.split("/") if part]
    try:
        match method, parts:
            case "GET", ["price"]:
                query = parse_qs(url.query)
                return 200, {"cents": price(query["zone"][0], int(query["grams"][0]))}
            case "GET", ["parcels", code]:
                return 200, as_json(store.get(code))
            case "POST", ["parcels"]:
                if not is_code(body["code"]):
                    return 400, {"error": f"{body['code']} is no parcel code"}
                parcel = Parcel(body["code"], int(body["weight"]), body["to"])
                store.add(parcel)
                return 201, as_json(parcel)
            case "POST", ["parcels", code, "scans"]:
                scan = Scan(datetime.now(timezone.utc), body["place"], State[body["state"].upper()])
                return 200, as_json(store.scan(code, scan))
    except NoSuchParcel as error:
        return 404, {"error": f"no parcel {error}"}
    except BadScan as error:
        return 409, {"error": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        return 400, {"error": f"cannot be understood: {error}"}
    return 404, {"error": f"nothing at {method} {url.path}"}


def make_server(settings: Settings, store: Store) -> ThreadingHTTPServer:
    """A server that is bound and not yet running."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            try:
                body = json.loads(raw or b"{}")
            except ValueError:
                body = None
            status, found = answer(store, self.command, self.path, body)
            encoded = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            log.info(format, *args)

    return ThreadingHTTPServer((settings.host, settings.port), Handler)
