"""The settings of one environment, completed by what stands under the names of secrets in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from webhook_core.errors import NotConfigured
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.settings.secret_values import SecretName
from webhook_core.settings.settings import Settings
from webhook_core.settings.strategies import text_of as strategies_text

ReadSecrets = Callable[[Sequence[SecretName], float], Mapping[str, str]]
"""The values by their names, within so many seconds. Raises NotConfigured."""


class Configuration:
    """``settings`` is what can be said without reading a secret. Raises SettingsError like
    ``read_settings``."""

    def __init__(self, env: Mapping[str, str], read: ReadSecrets) -> None:
        self._env = dict(env)
        # The names of one start and the values for them belong together.
        self._strategies_text = cache(strategies_text)
        self._read = read
        self._values: Mapping[str, str] = {}
        self.settings = self._with({})

    def completed(self, seconds: float, places: Collection[str] | None = None) -> Settings:
        """The settings with every secret read, or only those of ``places`` read again.

        Raises NotConfigured.

        A value that breaks a rule is a fault as it would be in the environment, and read
        anew the next time.
        """
        names = [
            name for name in self.settings.secret_names if places is None or name.place in places
        ]
        if not names:
            return self.settings
        values = {**self._values, **self._read(names, seconds)}
        try:
            settings = self._with(values)
        except SettingsError as error:
            raise NotConfigured([self._with_its_names(fault) for fault in error.faults]) from None
        self._values = values
        return settings

    def _with(self, values: Mapping[str, str]) -> Settings:
        return read_settings(self._env, read_file=self._strategies_text, values=values)

    def _with_its_names(self, fault: str) -> str:
        """Where the value came from that the fault is about."""
        names = [
            name.name
            for name in self.settings.secret_names
            if fault.startswith((f"{name.place}:", f"{name.place}["))
        ]
        return f"{fault} (read from {', '.join(names)})" if names else fault
