"""TradingView alerts become Kraken orders: exactly one order per alert, or
a clear reason why not."""

__version__ = "0.1.0"
