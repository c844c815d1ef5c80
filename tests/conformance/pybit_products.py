"""pybit on what is not a linear contract in one-way mode: spot, hedge mode, partial stops, isolated margin."""

import logging
import uuid

from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from checks import Checks, equal, expect, raises, until
from venue import KEY, SECRET, SYMBOL, address, price

SPOT = {"category": "spot", "symbol": SYMBOL}
# A contract of its own, so that nothing here moves what the other scripts trade.
OTHER = {"category": "linear", "symbol": "SOLUSDT"}
FINAL = ("Filled", "Cancelled", "Rejected", "Deactivated", "PartiallyFilledCanceled")


class Desk:
    """A pybit session with the few questions every case asks."""

    def __init__(self):
        self.http = HTTP(api_key=KEY, api_secret=SECRET, logging_level=logging.CRITICAL)
        self.http.endpoint = f"http://{address()}"

    def last(self, of):
        return self.http.get_tickers(**of)["result"]["list"][0]["lastPrice"]

    def place(self, of, side, kind, qty, **fields):
        order = {**of, "side": side, "orderType": kind, "qty": qty, **fields}
        return self.http.place_order(**order)["result"]["orderId"]

    def settled(self, of, order_id):
        """The order once nothing more will happen to it."""

        def final():
            rows = self.http.get_open_orders(**of, orderId=order_id)["result"]["list"]
            return rows and rows[0]["orderStatus"] in FINAL and rows[0]

        return until(final)

    def coin(self, name):
        coins = self.http.get_wallet_balance(accountType="UNIFIED", coin=name)["result"]["list"][0]["coin"]
        return coins[0] if coins else {"walletBalance": "0", "locked": "0"}

    def positions(self):
        return self.http.get_positions(**OTHER)["result"]["list"]


def refused(code, call):
    equal(raises(InvalidRequestError, call).status_code, code)


def spot(check, desk):
    with check.case("spot: a market buy counts the quote coin and pays its fee in the base coin"):
        before = float(desk.coin("BTC")["walletBalance"])
        filled = desk.settled(SPOT, desk.place(SPOT, "Buy", "Market", "100"))
        got = float(desk.coin("BTC")["walletBalance"]) - before
        fee = float(filled["cumFeeDetail"]["BTC"])
        expect(fee > 0 and abs(got - (float(filled["cumExecQty"]) - fee)) < 1e-9, f"{got} of {filled}")
    with check.case("spot: a resting order locks what it would pay, is amended and cancelled"):
        low = price(desk.last(SPOT), "0.99")
        before = float(desk.coin("USDT")["locked"])
        order_id = desk.place(SPOT, "Buy", "Limit", "0.001", price=low)
        expect(float(desk.coin("USDT")["locked"]) > before)
        desk.http.amend_order(**SPOT, orderId=order_id, qty="0.002")
        desk.http.cancel_order(**SPOT, orderId=order_id)
        equal(desk.settled(SPOT, order_id)["orderStatus"], "Cancelled")
        equal(float(desk.coin("USDT")["locked"]), before)
    with check.case("spot: a batch answers item by item"):
        low = price(desk.last(SPOT), "0.99")
        good = {"symbol": SYMBOL, "side": "Buy", "orderType": "Limit", "qty": "0.001", "price": low}
        reply = desk.http.place_batch_order(category="spot", request=[good, {**good, "qty": "0.0000001"}])
        codes = [item["code"] for item in reply["retExtInfo"]["list"]]
        expect(codes[0] == 0 and codes[1] != 0, codes)
        desk.http.cancel_all_orders(**SPOT)
    with check.case("spot: a conditional order waits under its own filter"):
        last = desk.last(SPOT)
        fields = {"orderFilter": "tpslOrder", "triggerPrice": price(last, "0.98"), "price": price(last, "0.98")}
        order_id = desk.place(SPOT, "Buy", "Limit", "0.001", **fields)
        waiting = desk.http.get_open_orders(**SPOT, orderFilter="tpslOrder")["result"]["list"]
        expect(any(row["orderId"] == order_id for row in waiting))
        desk.http.cancel_order(**SPOT, orderId=order_id, orderFilter="tpslOrder")
    with check.case("spot: an order brings two stops that hold what it bought, and cancelling one ends both"):
        last, before = desk.last(SPOT), float(desk.coin("BTC")["locked"])
        fields = {"price": price(last, "1.005"), "takeProfit": price(last, "1.05"), "stopLoss": price(last, "0.95")}
        equal(desk.settled(SPOT, desk.place(SPOT, "Buy", "Limit", "0.001", **fields))["orderStatus"], "Filled")
        pair = desk.http.get_open_orders(**SPOT, orderFilter="BidirectionalTpslOrder")["result"]["list"]
        equal([(row["side"], row["qty"]) for row in pair], [("Sell", "0.000999")] * 2)
        expect(abs(float(desk.coin("BTC")["locked"]) - before - 0.000999) < 1e-9)
        desk.http.cancel_order(**SPOT, orderId=pair[0]["orderId"], orderFilter="tpslOrder")
        equal([desk.settled(SPOT, row["orderId"])["orderStatus"] for row in pair], ["Deactivated"] * 2)
        equal(float(desk.coin("BTC")["locked"]), before)
    with check.case("spot: more than one has is refused with 170131"):
        refused(170131, lambda: desk.place(SPOT, "Sell", "Market", "40"))
    with check.case("spot: what was bought is sold, and both are among the executions"):
        held = f"{int(float(desk.coin('BTC')['walletBalance']) * 1e6) / 1e6:.6f}"
        filled = desk.settled(SPOT, desk.place(SPOT, "Sell", "Market", held, marketUnit="baseCoin"))
        equal(filled["orderStatus"], "Filled")
        sides = {row["side"] for row in desk.http.get_executions(**SPOT)["result"]["list"]}
        equal(sides, {"Buy", "Sell"})


def hedge(check, desk):
    with check.case("hedge: a symbol is switched, holds both sides and is switched back"):
        desk.http.switch_position_mode(**OTHER, mode=3)
        try:
            refused(10001, lambda: desk.place(OTHER, "Buy", "Market", "1"))
            desk.settled(OTHER, desk.place(OTHER, "Buy", "Market", "1", positionIdx=1))
            desk.settled(OTHER, desk.place(OTHER, "Sell", "Market", "2", positionIdx=2))
            equal([(row["positionIdx"], row["side"]) for row in desk.positions()], [(1, "Buy"), (2, "Sell")])
            refused(110024, lambda: desk.http.switch_position_mode(**OTHER, mode=0))
        finally:
            desk.settled(OTHER, desk.place(OTHER, "Sell", "Market", "1", positionIdx=1, reduceOnly=True))
            desk.settled(OTHER, desk.place(OTHER, "Buy", "Market", "2", positionIdx=2, reduceOnly=True))
            desk.http.switch_position_mode(**OTHER, mode=0)


def stops(check, desk):
    with check.case("stops: a partial take-profit and stop-loss wait with their sizes and die with the position"):
        desk.settled(OTHER, desk.place(OTHER, "Buy", "Market", "2"))
        last = float(desk.last(OTHER))
        desk.http.set_trading_stop(
            **OTHER, tpslMode="Partial", positionIdx=0, tpSize="1", slSize="1",
            takeProfit=f"{last * 1.1:.2f}", stopLoss=f"{last * 0.9:.2f}",
        )
        waiting = desk.http.get_open_orders(**OTHER, orderFilter="StopOrder")["result"]["list"]
        equal({row["stopOrderType"] for row in waiting}, {"PartialTakeProfit", "PartialStopLoss"})
        desk.settled(OTHER, desk.place(OTHER, "Sell", "Market", "2", reduceOnly=True))
        until(lambda: not desk.http.get_open_orders(**OTHER, orderFilter="StopOrder")["result"]["list"])
    with check.case("stops: conditional orders by last, mark and index price wait and are cancelled"):
        trigger = f"{float(desk.last(OTHER)) * 1.2:.2f}"
        for watched in ("LastPrice", "MarkPrice", "IndexPrice"):
            fields = {"triggerPrice": trigger, "triggerDirection": 1, "triggerBy": watched}
            desk.place(OTHER, "Buy", "Market", "1", orderLinkId=uuid.uuid4().hex, **fields)
        rows = desk.http.get_open_orders(**OTHER, orderFilter="StopOrder")["result"]["list"]
        equal({row["triggerBy"] for row in rows}, {"LastPrice", "MarkPrice", "IndexPrice"})
        desk.http.cancel_all_orders(**OTHER)


    with check.case("stops: an order takes its price from the book"):
        order_id = desk.place(OTHER, "Buy", "Limit", "1", bboSideType="Queue", bboLevel="5")
        row = desk.http.get_open_orders(**OTHER, orderId=order_id)["result"]["list"][0]
        expect(row["createType"] == "CreateByBboOrder" and 0 < float(row["price"]) < float(desk.last(OTHER)) * 1.01, row)
        desk.http.cancel_all_orders(**OTHER)


def margin(check, desk):
    with check.case("margin: the account goes to isolated margin and back"):
        desk.http.set_margin_mode(setMarginMode="ISOLATED_MARGIN")
        equal(desk.http.get_account_info()["result"]["marginMode"], "ISOLATED_MARGIN")
        desk.http.set_margin_mode(setMarginMode="REGULAR_MARGIN")
    with check.case("margin: portfolio margin is refused with its reason"):
        refused(3400045, lambda: desk.http.set_margin_mode(setMarginMode="PORTFOLIO_MARGIN"))


def main():
    check, desk = Checks("pybit products"), Desk()
    for part in (spot, hedge, stops, margin):
        check.run(part, desk)
    check.finish()


if __name__ == "__main__":
    main()
