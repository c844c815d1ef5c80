"""pybit against market data, credentials and account queries of the venue."""

import hashlib
import hmac
import logging
import time

import requests
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from checks import Checks, equal, expect, raises
from venue import KEY, SECRET, SYMBOL, address

VENUE = f"http://{address()}"
LINEAR = {"category": "linear", "symbol": SYMBOL}


def session(key=None, secret=None, **settings):
    client = HTTP(api_key=key, api_secret=secret, logging_level=logging.CRITICAL, **settings)
    client.endpoint = VENUE
    return client


def refused(code, call):
    equal(raises(InvalidRequestError, call).status_code, code)


def market(check, client):
    with check.case("market: server time is the wall clock"):
        seconds = int(client.get_server_time()["result"]["timeSecond"])
        expect(abs(seconds - time.time()) < 5)
    with check.case("market: instruments-info of one symbol"):
        row = client.get_instruments_info(**LINEAR)["result"]["list"][0]
        equal((row["symbol"], row["settleCoin"], row["status"]), (SYMBOL, "USDT", "Trading"))
        expect(float(row["priceFilter"]["tickSize"]) > 0 and float(row["lotSizeFilter"]["minNotionalValue"]) > 0)
    with check.case("market: spot pairs and inverse contracts have instruments of their own"):
        pair = client.get_instruments_info(category="spot", symbol=SYMBOL)["result"]["list"][0]
        expect(float(pair["lotSizeFilter"]["basePrecision"]) > 0 and "contractType" not in pair)
        contract = client.get_instruments_info(category="inverse", symbol="BTCUSD")["result"]["list"][0]
        equal((contract["contractType"], contract["settleCoin"]), ("InversePerpetual", "BTC"))
    with check.case("market: a category that is not listed is an empty list"):
        equal(client.get_instruments_info(category="option")["result"]["list"], [])
    with check.case("market: instruments-info pages by cursor to the end"):
        names, cursor = [], ""
        while True:
            page = client.get_instruments_info(category="linear", limit=1, cursor=cursor)["result"]
            names += [row["symbol"] for row in page["list"]]
            cursor = page["nextPageCursor"]
            if not cursor:
                break
        every = client.get_instruments_info(category="linear")["result"]["list"]
        equal(names, [row["symbol"] for row in every])
    with check.case("market: ticker"):
        row = client.get_tickers(**LINEAR)["result"]["list"][0]
        expect(float(row["bid1Price"]) < float(row["ask1Price"]) and float(row["markPrice"]) > 0)
        expect(row["nextFundingTime"].isdigit() and row["fundingRate"])
    with check.case("market: order book is sorted and not crossed"):
        book = client.get_orderbook(**LINEAR, limit=25)["result"]
        bids, asks = ([float(level[0]) for level in book[side]] for side in "ba")
        expect(bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0])
        equal(len(client.get_orderbook(**LINEAR, limit=1)["result"]["b"]), 1)
    with check.case("market: latest klines, newest first"):
        rows = client.get_kline(**LINEAR, interval="1", limit=10)["result"]["list"]
        starts = [int(row[0]) for row in rows]
        equal(starts, list(range(starts[0], starts[0] - 10 * 60_000, -60_000)))
        expect(all(float(low) <= min(float(o), float(c)) <= max(float(o), float(c)) <= float(high)
                   for _, o, high, low, c, _, _ in rows))
    with check.case("market: klines page forward by start and limit, without gap or repetition"):
        newest = int(client.get_kline(**LINEAR, interval="1", limit=1)["result"]["list"][0][0])
        start, seen = newest - 30 * 60_000, []
        while start <= newest:
            rows = client.get_kline(**LINEAR, interval="1", start=start, limit=7)["result"]["list"]
            page = [int(row[0]) for row in reversed(rows)]
            expect(page and page[0] == start, f"page from {start} begins at {page[:1]}")
            seen += page
            start = page[-1] + 60_000
        equal(seen[:31], list(range(newest - 30 * 60_000, newest + 60_000, 60_000)))
    with check.case("market: klines within start and end"):
        rows = client.get_kline(**LINEAR, interval="1", start=newest - 300_000, end=newest - 60_000)
        equal(len(rows["result"]["list"]), 5)
    with check.case("market: mark-price klines have five columns"):
        rows = client.get_mark_price_kline(**LINEAR, interval="1", limit=5)["result"]["list"]
        equal({len(row) for row in rows}, {5})
    with check.case("market: index-price and premium-index klines have five columns, the latter fractions"):
        rows = client.get_index_price_kline(**LINEAR, interval="1", limit=5)["result"]["list"]
        equal({len(row) for row in rows}, {5})
        row = client.get_premium_index_price_kline(**LINEAR, interval="D")["result"]["list"][0]
        expect(len(row) == 5 and all(abs(float(figure)) < 1 for figure in row[1:]), row)
    with check.case("market: weekly and monthly klines"):
        for interval in ("W", "M"):
            expect(client.get_kline(**LINEAR, interval=interval)["result"]["list"], f"none of {interval}")
    with check.case("market: recent trades, newest first"):
        rows = client.get_public_trade_history(**LINEAR, limit=10)["result"]["list"]
        times = [int(row["time"]) for row in rows]
        expect(rows and times == sorted(times, reverse=True) and rows[0]["side"] in ("Buy", "Sell"))
    with check.case("market: funding history"):
        rows = client.get_funding_rate_history(**LINEAR, limit=5)["result"]["list"]
        expect(all(int(row["fundingRateTimestamp"]) % 3_600_000 == 0 for row in rows))
    with check.case("market: open interest"):
        rows = client.get_open_interest(**LINEAR, intervalTime="1h", limit=3)["result"]["list"]
        expect(rows and float(rows[0]["openInterest"]) == 2 * float(rows[0]["singleOpenInterest"]))
    with check.case("market: insurance pools and announcements are lists, be they empty"):
        equal(client.get_insurance(coin="USDT")["result"]["list"], [])
        news = client.get_announcement(locale="en-US")["result"]
        equal(news["total"], len(news["list"]))
    with check.case("market: risk limits of every symbol and of one"):
        expect(client.get_risk_limit(category="linear")["result"]["list"])
        equal({row["symbol"] for row in client.get_risk_limit(**LINEAR)["result"]["list"]}, {SYMBOL})
    with check.case("market: an unknown interval, symbol or category is 10001"):
        refused(10001, lambda: client.get_kline(**LINEAR, interval="7"))
        refused(10001, lambda: client.get_orderbook(category="linear", symbol="NOPEUSDT"))
        refused(10001, lambda: client.get_tickers(category="nope"))


def stale(age_ms):
    """The code a signed request of that age gets. pybit itself always takes the time of sending."""
    query = "accountType=UNIFIED"
    timestamp = str(int(time.time() * 1000) - age_ms)
    signature = hmac.new(SECRET.encode(), f"{timestamp}{KEY}5000{query}".encode(), hashlib.sha256)
    headers = {"X-BAPI-API-KEY": KEY, "X-BAPI-TIMESTAMP": timestamp, "X-BAPI-RECV-WINDOW": "5000",
               "X-BAPI-SIGN": signature.hexdigest()}
    url = f"{VENUE}/v5/account/wallet-balance?{query}"
    return requests.get(url, headers=headers, timeout=5).json()["retCode"]


def credentials(check):
    def balance(key, secret, **settings):
        return session(key, secret, **settings).get_wallet_balance(accountType="UNIFIED")

    with check.case("credentials: an unknown key is 10003"):
        refused(10003, lambda: balance("nobody", SECRET))
    with check.case("credentials: a wrong secret is 10004"):
        refused(10004, lambda: balance(KEY, "wrong"))
    with check.case("credentials: a stale timestamp is 10002, a fresh one is not"):
        equal((stale(10_000), stale(-3_000), stale(0)), (10002, 10002, 0))
    with check.case("credentials: 10002 makes pybit retry with a wider window, and then it is let in"):
        equal(balance(KEY, SECRET, recv_window=-1)["retCode"], 0)


def account(check, client):
    with check.case("account: wallet balance"):
        wallet = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        equal((wallet["accountType"], wallet["coin"][0]["coin"]), ("UNIFIED", "USDT"))
        expect(float(wallet["totalEquity"]) > 0 and float(wallet["coin"][0]["walletBalance"]) > 0)
    with check.case("account: info says unified"):
        expect(client.get_account_info()["result"]["unifiedMarginStatus"] in (5, 6))
    with check.case("account: fee rate"):
        row = client.get_fee_rates(**LINEAR)["result"]["list"][0]
        equal((row["takerFeeRate"], row["makerFeeRate"]), ("0.00055", "0.0002"))
    with check.case("account: the key's own record"):
        record = client.get_api_key_information()["result"]
        equal((record["apiKey"], record["readOnly"]), (KEY, 0))
    with check.case("account: transaction log"):
        expect("list" in client.get_transaction_log(accountType="UNIFIED", category="linear")["result"])


def main():
    check = Checks("pybit market")
    check.run(market, session())
    check.run(credentials)
    check.run(account, session(KEY, SECRET))
    check.finish()


if __name__ == "__main__":
    main()
