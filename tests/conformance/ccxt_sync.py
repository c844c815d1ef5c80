"""ccxt over REST: the calls a trading program makes, in ccxt's own terms."""

import time
import uuid

import ccxt

from ccxt_venue import MARKET, opened
from checks import Checks, equal, expect, raises, until

AMOUNT = 0.001


def market(check, exchange):
    with check.case("market: load_markets with keys finds linear, inverse and spot"):
        markets = exchange.load_markets()
        kinds = {(row["type"], row["settle"]) for row in markets.values() if row["base"] == "BTC"}
        equal(kinds, {("swap", "USDT"), ("swap", "USDC"), ("swap", "BTC"), ("spot", None)})
        row = markets[MARKET]
        equal((row["precision"]["price"], row["limits"]["amount"]["min"], row["settle"]), (0.1, 0.001, "USDT"))
    with check.case("market: fetch_time and load_time_difference"):
        expect(abs(exchange.fetch_time() - time.time() * 1000) < 5_000)
        expect(abs(exchange.load_time_difference()) < 5_000)
    with check.case("market: fetch_ticker and fetch_tickers name the perpetual"):
        ticker = exchange.fetch_ticker(MARKET)
        equal(ticker["symbol"], MARKET)
        expect(ticker["bid"] < ticker["ask"])
        expect(MARKET in exchange.fetch_tickers([MARKET]))
    with check.case("market: fetch_order_book"):
        book = exchange.fetch_order_book(MARKET, 20)
        expect(book["bids"][0][0] < book["asks"][0][0] and book["timestamp"])
    with check.case("market: fetch_ohlcv pages forward by since and limit"):
        newest = exchange.fetch_ohlcv(MARKET, "1m", limit=2)[-1][0]
        since, seen = newest - 20 * 60_000, []
        while since <= newest:
            page = [row[0] for row in exchange.fetch_ohlcv(MARKET, "1m", since=since, limit=6)]
            seen += page
            since = page[-1] + 60_000
        equal(seen[:21], list(range(newest - 20 * 60_000, newest + 60_000, 60_000)))
    with check.case("market: fetch_ohlcv of the mark price, of weeks and of months"):
        for kind in ("mark", "index"):
            equal(len(exchange.fetch_ohlcv(MARKET, "1m", limit=3, params={"price": kind})), 3)
        expect(exchange.fetch_ohlcv(MARKET, "1d", limit=3, params={"price": "premiumIndex"}))
        expect(exchange.fetch_ohlcv(MARKET, "1w", limit=3) and exchange.fetch_ohlcv(MARKET, "1M", limit=3))
    with check.case("market: fetch_trades"):
        trades = exchange.fetch_trades(MARKET, limit=5)
        expect(trades and trades[0]["symbol"] == MARKET and trades[0]["amount"] > 0)
    with check.case("market: fetch_funding_rate and its history"):
        rate = exchange.fetch_funding_rate(MARKET)
        expect(rate["fundingRate"] is not None and rate["fundingTimestamp"] > time.time() * 1000 - 60_000)
        exchange.fetch_funding_rate_history(MARKET, limit=3)
    with check.case("market: fetch_open_interest"):
        expect(exchange.fetch_open_interest(MARKET)["openInterestAmount"] is not None)
    with check.case("market: fetch_market_leverage_tiers"):
        tiers = exchange.fetch_market_leverage_tiers(MARKET)
        expect(tiers[0]["maxLeverage"] >= 10 and tiers[0]["maintenanceMarginRate"] > 0)


def account(check, exchange):
    with check.case("account: recognised as unified"):
        equal(exchange.is_unified_enabled(), [False, True])
    with check.case("account: fetch_balance"):
        expect(exchange.fetch_balance()["USDT"]["total"] > 0)
    with check.case("account: fetch_trading_fee"):
        fee = exchange.fetch_trading_fee(MARKET)
        equal((fee["taker"], fee["maker"]), (0.00055, 0.0002))
    with check.case("account: a wrong key or secret is an AuthenticationError"):
        for wrong in ({"secret": "wrong"}, {"apiKey": "nobody"}):
            raises(ccxt.AuthenticationError, opened(ccxt.bybit, **wrong).fetch_balance)
    with check.case("account: set_leverage, fetch_leverage, and 110043 on a repetition"):
        for leverage in (4, 3):
            exchange.set_leverage(leverage, MARKET)
        equal(exchange.fetch_leverage(MARKET)["longLeverage"], 3)
        raises(ccxt.BadRequest, lambda: exchange.set_leverage(3, MARKET))
    with check.case("account: set_position_mode of every symbol to one-way, which it is, is accepted"):
        exchange.set_position_mode(False, None, {"category": "linear"})
    with check.case("account: set_position_mode of one symbol to one-way is NoChange"):
        raises(ccxt.NoChange, lambda: exchange.set_position_mode(False, MARKET))
    with check.case("account: set_margin_mode to cross"):
        exchange.set_margin_mode("cross")


def low(exchange, factor=0.95):
    return float(exchange.price_to_precision(MARKET, exchange.fetch_ticker(MARKET)["bid"] * factor))


def bid(exchange, factor=0.95, **params):
    return exchange.create_order(MARKET, "limit", "buy", AMOUNT, low(exchange, factor), params)


def looked_up(exchange, order_id):
    return exchange.fetch_order(order_id, MARKET, {"acknowledged": True})


def orders(check, exchange):
    link = f"cx{uuid.uuid4().hex[:18]}"
    with check.case("order: create_order rests, post-only"):
        order_id = bid(exchange, postOnly=True, clientOrderId=link)["id"]
        order = looked_up(exchange, order_id)
        equal((order["status"], order["clientOrderId"], order["postOnly"]), ("open", link, True))
    with check.case("order: fetch_open_orders and fetch_open_order"):
        expect(order_id in [row["id"] for row in exchange.fetch_open_orders(MARKET)])
        equal(exchange.fetch_open_order(order_id, MARKET)["id"], order_id)
    with check.case("order: its client order id again is an InvalidOrder"):
        raises(ccxt.InvalidOrder, lambda: bid(exchange, clientOrderId=link))
    with check.case("order: edit_order"):
        price = low(exchange, 0.94)
        exchange.edit_order(order_id, MARKET, "limit", "buy", 0.002, price)
        order = looked_up(exchange, order_id)
        equal((order["price"], order["amount"]), (price, 0.002))
    with check.case("order: cancel_order, and once more is an OrderNotFound"):
        exchange.cancel_order(order_id, MARKET)
        until(lambda: looked_up(exchange, order_id)["status"] == "canceled")
        raises(ccxt.OrderNotFound, lambda: exchange.cancel_order(order_id, MARKET))
    with check.case("order: fetch_canceled_orders and fetch_closed_order list it"):
        listed = exchange.fetch_canceled_and_closed_orders(MARKET, limit=20)
        expect(order_id in [row["id"] for row in listed])
    with check.case("order: a post-only order that would cross ends as canceled or rejected"):
        crossing = exchange.fetch_ticker(MARKET)["ask"] * 1.01
        made = exchange.create_order(MARKET, "limit", "buy", AMOUNT, crossing, {"postOnly": True})
        until(lambda: looked_up(exchange, made["id"])["status"] in ("canceled", "rejected"))
    with check.case("order: immediate-or-cancel and fill-or-kill away from the market end as canceled"):
        for kind in ("IOC", "FOK"):
            made = bid(exchange, timeInForce=kind)
            order = until(lambda made=made: (row := looked_up(exchange, made["id"]))["status"] == "canceled" and row)
            equal((order["timeInForce"], order["filled"]), (kind, 0))
    with check.case("order: a trigger order waits and can be cancelled"):
        made = exchange.create_order(MARKET, "limit", "buy", AMOUNT, low(exchange, 1.06),
                                     {"triggerPrice": low(exchange, 1.05), "triggerDirection": "ascending"})
        expect(made["id"] in [row["id"] for row in exchange.fetch_open_orders(MARKET, params={"trigger": True})])
        exchange.cancel_order(made["id"], MARKET, {"trigger": True})
    with check.case("order: beyond the balance is InsufficientFunds"):
        price = low(exchange, 1.0)
        raises(ccxt.InsufficientFunds, lambda: exchange.create_order(MARKET, "limit", "buy", 100, price))
    with check.case("order: create_orders, cancel_orders and cancel_all_orders"):
        wanted = [{"symbol": MARKET, "type": "limit", "side": "buy", "amount": AMOUNT, "price": low(exchange, factor)}
                  for factor in (0.95, 0.94, 0.93)]
        made = [row["id"] for row in exchange.create_orders(wanted)]
        exchange.cancel_orders(made[:1], MARKET)
        until(lambda: {row["id"] for row in exchange.fetch_open_orders(MARKET)} == set(made[1:]))
        exchange.cancel_all_orders(MARKET)
        until(lambda: not exchange.fetch_open_orders(MARKET))


def positions(check, exchange):
    with check.case("position: a market buy with stopLoss fills and costs a fee"):
        stop = low(exchange, 0.9)
        made = exchange.create_order(MARKET, "market", "buy", AMOUNT, None, {"stopLoss": {"triggerPrice": stop}})
        order = until(lambda: (row := looked_up(exchange, made["id"]))["status"] == "closed" and row)
        equal((order["filled"], order["fee"]["currency"]), (AMOUNT, "USDT"))
        expect(order["fee"]["cost"] > 0 and order["average"] > 0)
    with check.case("position: fetch_my_trades and fetch_order_trades"):
        expect(made["id"] in [row["order"] for row in exchange.fetch_my_trades(MARKET, limit=20)])
        trade = exchange.fetch_order_trades(made["id"], MARKET)[0]
        equal((trade["takerOrMaker"], trade["side"]), ("taker", "buy"))
    with check.case("position: fetch_positions and fetch_position"):
        position = exchange.fetch_positions([MARKET])[0]
        equal((position["side"], position["contracts"], position["stopLossPrice"]), ("long", AMOUNT, stop))
        equal(exchange.fetch_position(MARKET)["entryPrice"], order["average"])
    with check.case("position: the stop-loss is listed among trigger orders"):
        rows = exchange.fetch_open_orders(MARKET, params={"trigger": True})
        equal([row["triggerPrice"] for row in rows], [stop])
    with check.case("position: a conditional reduce-only order waits and can be cancelled"):
        made = exchange.create_order(MARKET, "market", "sell", AMOUNT, None,
                                     {"stopLossPrice": low(exchange, 0.89), "reduceOnly": True})
        expect(made["id"] in [row["id"] for row in exchange.fetch_open_orders(MARKET, params={"trigger": True})])
        exchange.cancel_order(made["id"], MARKET, {"trigger": True})
    with check.case("position: a trailing stop is set for the position"):
        exchange.create_order(MARKET, "market", "sell", AMOUNT, None, {"trailingAmount": "600", "reduceOnly": True})
        equal(float(exchange.fetch_position(MARKET)["info"]["trailingStop"]), 600.0)
    with check.case("position: a reduce-only market order closes it, and the stop-loss goes with it"):
        exchange.create_order(MARKET, "market", "sell", AMOUNT, None, {"reduceOnly": True})
        until(lambda: not any(row["contracts"] for row in exchange.fetch_positions([MARKET])))
        until(lambda: not exchange.fetch_open_orders(MARKET, params={"trigger": True}))
    with check.case("position: fetch_positions_history and fetch_ledger"):
        expect(exchange.fetch_positions_history([MARKET], limit=5))
        expect(exchange.fetch_ledger("USDT", limit=5))


def flatten(exchange):
    """Whatever an earlier run left open."""
    exchange.cancel_all_orders(MARKET)
    for position in exchange.fetch_positions([MARKET]):
        if position["contracts"]:
            side = "sell" if position["side"] == "long" else "buy"
            exchange.create_order(MARKET, "market", side, position["contracts"], None, {"reduceOnly": True})


def main():
    check, exchange = Checks("ccxt"), opened(ccxt.bybit)
    flatten(exchange)
    for part in (market, account, orders, positions):
        check.run(part, exchange)
    check.finish()


if __name__ == "__main__":
    main()
