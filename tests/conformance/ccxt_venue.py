"""ccxt pointed at the venue, sync or pro alike."""

from venue import KEY, SECRET, address

MARKET = "BTC/USDT:USDT"


def opened(kind, **overrides):
    """An exchange of the class `kind` (`ccxt.bybit` or `ccxt.pro.bybit`) with the addresses of the venue."""
    exchange = kind({"apiKey": KEY, "secret": SECRET, "options": {"defaultType": "swap"}, **overrides})
    http, sockets = f"http://{address()}", f"ws://{address()}/v5"
    api = exchange.urls["api"]
    for name in ("spot", "futures", "v2", "public", "private"):
        api[name] = http
    if "ws" in api:
        for category in api["ws"]["public"]:
            api["ws"]["public"][category] = f"{sockets}/public/{category}"
        private = api["ws"]["private"]
        private["contract"] = private["spot"]["unified"] = f"{sockets}/private"
        private["trade"] = f"{sockets}/trade"
    return exchange
