"""Where each value comes from, and the outcome of loading."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from companion.config.complaints import Complaint, ConfigError
from companion.config.schema import Config


class Layer(StrEnum):
    """What can say a value, weakest first. A workspace only tightens the policy."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    USER = "user"
    COMMAND_LINE = "command line"
    WORKSPACE = "workspace"


@frozen
class Origin:
    """Who said a value. `file` and `line` are there for the layers that are files."""

    layer: Layer
    file: str = ""
    line: int = 0
    note: str = ""
    """What a default or a variable was taken from, e.g. "TZ" or "guessed from the host"."""

    def __str__(self) -> str:
        if self.file:
            return f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.layer} ({self.note})" if self.note else str(self.layer)


@frozen
class Setting:
    """A value as one layer said it."""

    value: object
    origin: Origin


@frozen
class Loaded:
    """The layers put together. With complaints there is no configuration to use."""

    file: str
    """The user's file, whether it exists or not."""
    history: Mapping[str, tuple[Setting, ...]]
    """Dotted key to all that was said of it, weakest first; the last one holds."""
    complaints: tuple[Complaint, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is not wrong but worth knowing."""
    _config: Config | None = field(default=None, repr=False)

    @property
    def config(self) -> Config:
        """The configuration. Raises ConfigError with every complaint when there are any."""
        if self._config is None or self.complaints:
            raise ConfigError(self.complaints)
        return self._config

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Dotted key to the origin of the value that holds."""
        return {key: settings[-1].origin for key, settings in self.history.items()}
