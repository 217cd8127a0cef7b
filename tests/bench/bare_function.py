"""What the function is held against behind the same server: ``trivial`` answers, ``order`` makes
one bare krakenex order.

One session and one order at a time, as a key's nonces and krakenex want it; nothing is checked,
remembered or logged.
"""

from __future__ import annotations

import os

import functions_framework


@functions_framework.http
def trivial(_request):
    return "ok"


if os.environ.get("FUNCTION_TARGET") == "order":
    import threading

    import krakenex

    api = krakenex.API(os.environ["KRAKEN_API_KEY"], os.environ["KRAKEN_API_SECRET"])
    api.uri = os.environ["KRAKEN_API_URL"]
    in_line = threading.Lock()

    @functions_framework.http
    def order(request):
        request.get_data()
        parameters = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
        with in_line:
            return api.query_private("AddOrder", parameters, timeout=3)
