"""The many names of a pair, and the one instrument they mean: found by
whole names, never guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from webhook_core.errors import AlertMalformed
from webhook_core.trading.assets import HOUSE_NAMES, asset_code
from webhook_core.trading.instruments import Instrument, Records
from webhook_core.trading.symbol_spelling import (
    altname_of,
    apart,
    bare_name,
    symbol_shown,
    without_kraken,
)

_Held = tuple[dict[str, Instrument], dict[str, dict[str, tuple[Instrument, ...]]]]
_FUTURES_PREFIXES = ("PI_", "PF_", "FI_", "FF_")
_FUTURES_SUFFIXES = (".P", ".PM", ".PI", ".PF")


class UnknownSymbol(AlertMalformed):
    """The symbol means none of the instruments we know, or several of them, or something that is no
    spot pair of Kraken.

    ``ask_for``: the one altname that is worth asking Kraken's AssetPairs for; None if
    there is nothing to ask.
    """

    def __init__(self, message: str, ask_for: str | None = None) -> None:
        super().__init__(message, field="symbol")
        self.ask_for = ask_for


class Instruments:
    """A look-up; of several instruments with one key the last counts.

    Its indexes are built when first needed. It changes only by what is asked for in ``records``,
    which it holds like the others from then on.
    """

    __slots__ = ("_held", "_records")

    def __init__(
        self, instruments: Iterable[Instrument] = (), records: Records | None = None
    ) -> None:
        self._held: _Held = ({instrument.key: instrument for instrument in instruments}, {})
        self._records = records

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._held[0].values())

    def __len__(self) -> int:
        return len(self._held[0])

    def resolve(self, symbol: str) -> Instrument:
        """The instrument that ``symbol`` names: XBTUSD, BTC/USD, btc-usd, XXBTZUSD, KRAKEN:BTCUSD.

        Raises UnknownSymbol.

        Kraken's own names match first, as written, then in any case; then the modern names (BTC,
        DOGE) beside Kraken's (XBT, XDG), each as a whole asset code. With a separator the base and
        the quote must match each on its own. A pair of another venue is named with its suffix:
        XBTUSD:BTNL, BTC/USD:BTNL.
        """
        found = self._index("exact").get(symbol.strip()) or self._found(bare_name(symbol))
        while found is None and self._take(symbol):
            found = self._found(bare_name(symbol))
        if found is None:
            raise self._unknown(symbol.strip(), bare_name(symbol))
        if len(found) > 1:
            keys = ", ".join(sorted(instrument.key for instrument in found))
            raise UnknownSymbol(
                f"symbol {symbol_shown(symbol)} names several pairs: send one of {keys}."
            )
        return found[0]

    def between(self, assets: Collection[str], other: str) -> list[Instrument]:
        """The pairs of one of these asset ids and that other one, either way round."""
        for asset in assets if self._records else ():
            self._take(f"{asset}/{other}")
            self._take(f"{other}/{asset}")
        ways = {way for asset in assets for way in ((asset, other), (other, asset))}
        return [pair for pair in self if (pair.base, pair.quote) in ways]

    def _found(self, name: str) -> tuple[Instrument, ...] | None:
        # Beyond ASCII, upper() turns other letters into these.
        upper = name.upper() if name.isascii() else name
        return (
            self._index("exact").get(name)
            or self._index("any case").get(upper)
            or self._index("/" if "/" in name else "joined").get(upper)
        )

    def find(self, symbol: str) -> Instrument | None:
        """The instrument that ``symbol`` names, None where it names none of them."""
        try:
            return self.resolve(symbol)
        except UnknownSymbol:
            return None

    def _take(self, symbol: str) -> bool:
        """Hold what the records have under that name, replaced as one with its indexes;
        whether any was new."""
        named, by_key = self._records.named(symbol) if self._records else (), self._held[0]
        if new := {found.key: found for found in named if found.key not in by_key}:
            self._held = (by_key | new, {})
        return bool(new)

    def _index(self, kind: str) -> dict[str, tuple[Instrument, ...]]:
        by_key, indexes = self._held
        if kind not in indexes:
            index: dict[str, tuple[Instrument, ...]] = {}
            for instrument in by_key.values():
                for name in _names(instrument, kind):
                    known = index.setdefault(name, (instrument,))
                    if instrument not in known:
                        index[name] = (*known, instrument)
            indexes[kind] = index
        return indexes[kind]

    def _unknown(self, symbol: str, name: str) -> UnknownSymbol:
        bare, venue = apart(without_kraken(symbol).upper())
        if ":" in bare:
            problem = "is not of Kraken: send Kraken's spot pair, such as KRAKEN:BTCUSD or BTC/USD"
        elif bare.startswith(_FUTURES_PREFIXES) or bare.endswith(_FUTURES_SUFFIXES):
            problem = (
                "is a futures symbol; only Kraken's spot pairs are traded here: send one such "
                "as BTC/USD"
            )
        else:
            near = ", ".join(self._nearest(name))
            problem = "is not a known pair of Kraken; " + (
                f"nearest: {near}" if near else "send one such as BTC/USD"
            )
            return UnknownSymbol(
                f"symbol {symbol_shown(symbol)} {problem}.", self._ask_for(name, venue)
            )
        return UnknownSymbol(f"symbol {symbol_shown(symbol)} {problem}.")

    def _ask_for(self, name: str, venue: str) -> str | None:
        """Of a pair on another venue only the suffixed altname is worth asking for."""
        if not venue:
            return altname_of(name)
        plain = name[: -len(venue)]
        known = self._found(plain)
        altname = known[0].altname if known is not None and len(known) == 1 else altname_of(plain)
        return None if altname is None else altname + venue

    def _nearest(self, name: str) -> list[str]:
        from difflib import get_close_matches  # only where an alert fails anyway

        known = [*self, *(self._records.near(name) if self._records else ())]
        shown = {instrument.altname.upper(): display_name(instrument) for instrument in known}
        shown |= {text.replace("/", "").upper(): text for text in shown.values()}
        near = get_close_matches(name.replace("/", "").upper()[:30], shown, n=4, cutoff=0.6)
        return list(dict.fromkeys(shown[text] for text in near))[:3]


def display_name(instrument: Instrument) -> str:
    """The pair for people, in modern codes: BTC/USD, DOGE/USD, AAPLx/USD, BTC/USD:BTNL."""
    base, quote = _asset_names(instrument)
    return f"{base[0]}/{quote[0]}{instrument.venue}"


def names_pair(symbol: str, instrument: Instrument) -> bool:
    """Whether ``symbol``, in any form that ``resolve`` takes, means this instrument.

    For lists such as ALLOWED_SYMBOLS.
    """
    name = bare_name(symbol)
    names = {
        *_names(instrument, "exact"),
        *_pairs_of_names(instrument, "/"),
        *_pairs_of_names(instrument, ""),
    }
    return name in names or (name.isascii() and name.upper() in names)


def _names(instrument: Instrument, kind: str) -> Iterable[str]:
    own = [name for name in (instrument.key, instrument.altname, instrument.wsname) if name]
    if kind == "exact":
        return own
    if kind == "any case":
        return [name.upper() for name in own]
    return [name.upper() for name in _pairs_of_names(instrument, "/" if kind == "/" else "")]


def _pairs_of_names(instrument: Instrument, separator: str) -> list[str]:
    """Every base name with every quote name.

    A pair whose altname is none of these (a dark pool's XBTUSD.d) is another market in the same
    assets: it answers only to its own names.
    """
    bases, quotes = _asset_names(instrument)
    altname = instrument.altname.removesuffix(instrument.venue)
    if not any(base + quote == altname for base in bases for quote in quotes):
        return []
    return [base + separator + quote + instrument.venue for base in bases for quote in quotes]


def _asset_names(instrument: Instrument) -> tuple[list[str], list[str]]:
    base, slash, quote = instrument.wsname.removesuffix(instrument.venue).partition("/")
    if not slash:
        base, quote = instrument.base, instrument.quote
    return _names_of(base, instrument.base), _names_of(quote, instrument.quote)


def _names_of(code: str, asset_id: str) -> list[str]:
    modern = asset_code(code)
    return list(dict.fromkeys((modern, HOUSE_NAMES.get(modern, modern), asset_id)))
