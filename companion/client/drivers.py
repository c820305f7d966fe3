"""Calls are values; a blocking and an async driver carry them out in the same way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from companion.client.discover import Endpoint, NotRunning
from companion.contract import API
from companion.contract.codec import WireError, decode, encode
from companion.contract.types import Event, Problem

if TYPE_CHECKING:
    # A tenth of a second that not every command needs: imported where a call is made.
    import httpx

T = TypeVar("T")

_SECONDS = 10.0
_READ_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request of the control API and the type of its answer. Built by `companion.client.calls`."""

    method: str
    path: str
    answer: type[T]
    query: dict[str, str] = field(default_factory=dict[str, str])
    body: object = None

    def request(self) -> dict[str, Any]:
        """Keyword arguments for `httpx.Client.request`."""
        headers = {"content-type": "application/json"} if self.body is not None else {}
        content = encode(self.body) if self.body is not None else None
        return {
            "method": self.method,
            "url": f"/{API}/{self.path}",
            "params": self.query,
            "content": content,
            "headers": headers,
        }

    def read(self, response: httpx.Response) -> T:
        """The answer, or raises Refused."""
        if response.is_success:
            return decode(response.content, self.answer)
        raise _refusal(response)


class Refused(Exception):  # noqa: N818 - the daemon's answer, not a fault of this library
    """The daemon understood and said no."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem


def _refusal(response: httpx.Response) -> Refused:
    try:
        problem = decode(response.content, Problem)
    except WireError:
        problem = Problem("unexpected", f"HTTP {response.status_code} from the daemon", "companion doctor")
    return Refused(response.status_code, problem)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}


def _uds(endpoint: Endpoint) -> str | None:
    return str(endpoint.socket) if endpoint.socket else None


class Client:
    """Blocking driver, for the CLI. Raises NotRunning when nobody listens, Refused when the daemon says no."""

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx  # noqa: PLC0415 - see above

        # No TLS on a local socket; loading certificates would take longer than the call.
        transport = httpx.HTTPTransport(uds=_uds(endpoint), verify=False)
        self._http = httpx.Client(
            transport=transport,
            base_url=endpoint.url,
            headers=_headers(endpoint),
            timeout=httpx.Timeout(_SECONDS, read=_READ_SECONDS),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def do(self, call: Call[T]) -> T:
        import httpx  # noqa: PLC0415 - see above

        try:
            return call.read(self._http.request(**call.request()))
        except httpx.TransportError as error:
            raise _gone(error) from error

    def events(self) -> Iterator[Event]:
        """Events as they happen, until the daemon goes away."""
        import httpx  # noqa: PLC0415 - see above

        try:
            with self._http.stream("GET", f"/{API}/events", timeout=httpx.Timeout(_SECONDS, read=None)) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response)
                for line in response.iter_lines():
                    if line.startswith("data:"):
                        yield decode(line[5:], Event)
        except httpx.TransportError as error:
            raise _gone(error) from error


class AsyncClient:
    """As Client, for the terminal UI and the language server."""

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx  # noqa: PLC0415 - see above

        transport = httpx.AsyncHTTPTransport(uds=_uds(endpoint), verify=False)
        self._http = httpx.AsyncClient(
            transport=transport,
            base_url=endpoint.url,
            headers=_headers(endpoint),
            timeout=httpx.Timeout(_SECONDS, read=_READ_SECONDS),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def do(self, call: Call[T]) -> T:
        import httpx  # noqa: PLC0415 - see above

        try:
            return call.read(await self._http.request(**call.request()))
        except httpx.TransportError as error:
            raise _gone(error) from error

    async def events(self) -> AsyncIterator[Event]:
        """Events as they happen, until the daemon goes away."""
        import httpx  # noqa: PLC0415 - see above

        try:
            async with self._http.stream(
                "GET", f"/{API}/events", timeout=httpx.Timeout(_SECONDS, read=None)
            ) as response:
                if not response.is_success:
                    await response.aread()
                    raise _refusal(response)
                async for line in response.aiter_lines():
                    if line.startswith("data:"):
                        yield decode(line[5:], Event)
        except httpx.TransportError as error:
            raise _gone(error) from error


def _gone(error: httpx.TransportError) -> NotRunning:
    return NotRunning(f"the daemon does not answer ({type(error).__name__})")
