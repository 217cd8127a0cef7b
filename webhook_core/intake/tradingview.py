"""What TradingView is on the network."""

ADDRESSES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")
"""Where its webhooks come from (tradingview.com/support/solutions/43000529348)."""
