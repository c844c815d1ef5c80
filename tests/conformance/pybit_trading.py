"""pybit placing, changing and closing orders over REST."""

import logging
import time
import uuid

from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from checks import Checks, equal, expect, raises, until
from venue import KEY, QTY, SECRET, SYMBOL, address, price

LINEAR = {"category": "linear", "symbol": SYMBOL}
FINAL = ("Filled", "Cancelled", "Rejected", "Deactivated", "PartiallyFilledCanceled")


class Desk:
    """A pybit session with the few questions every case asks."""

    def __init__(self):
        self.http = HTTP(api_key=KEY, api_secret=SECRET, logging_level=logging.CRITICAL)
        self.http.endpoint = f"http://{address()}"

    def ticker(self):
        return self.http.get_tickers(**LINEAR)["result"]["list"][0]

    def place(self, side, kind, **fields):
        order = {**LINEAR, "side": side, "orderType": kind, "qty": QTY, **fields}
        return self.http.place_order(**order)["result"]["orderId"]

    def bid(self, **fields):
        """A limit buy far below the market."""
        return self.place("Buy", "Limit", price=price(self.ticker()["bid1Price"], "0.95"), **fields)

    def order(self, order_id):
        rows = self.http.get_open_orders(**LINEAR, orderId=order_id)["result"]["list"]
        return rows[0] if rows else {"orderStatus": "unknown"}

    def settled(self, order_id):
        """The order once nothing more will happen to it."""
        return until(lambda: (row := self.order(order_id))["orderStatus"] in FINAL and row)

    def position(self):
        return self.http.get_positions(**LINEAR)["result"]["list"][0]

    def open_orders(self, **fields):
        return self.http.get_open_orders(**LINEAR, **fields)["result"]["list"]

    def flatten(self):
        self.http.cancel_all_orders(**LINEAR)
        if float(self.position()["size"]):
            side = "Sell" if self.position()["side"] == "Buy" else "Buy"
            self.settled(self.place(side, "Market", qty=self.position()["size"], reduceOnly=True))


def refused(code, call):
    equal(raises(InvalidRequestError, call).status_code, code)


def resting(check, desk):
    link = f"pb-{uuid.uuid4().hex[:16]}"
    with check.case("order: a post-only limit order rests"):
        order_id = desk.bid(timeInForce="PostOnly", orderLinkId=link)
        row = desk.order(order_id)
        equal((row["orderStatus"], row["orderLinkId"], row["timeInForce"]), ("New", link, "PostOnly"))
    with check.case("order: a second order with its link id is 110072"):
        refused(110072, lambda: desk.bid(orderLinkId=link))
    with check.case("order: amend price and quantity"):
        lower = price(desk.ticker()["bid1Price"], "0.94")
        desk.http.amend_order(**LINEAR, orderId=order_id, price=lower, qty="0.002")
        row = desk.order(order_id)
        equal((float(row["price"]), float(row["qty"])), (float(lower), 0.002))
    with check.case("order: an amendment that changes nothing is refused"):
        refused(10001, lambda: desk.http.amend_order(**LINEAR, orderId=order_id, price=lower))
    with check.case("order: cancel by link id"):
        equal(desk.http.cancel_order(**LINEAR, orderLinkId=link)["result"]["orderId"], order_id)
        row = desk.settled(order_id)
        equal((row["orderStatus"], row["cancelType"]), ("Cancelled", "CancelByUser"))
    with check.case("order: cancel and amend of a cancelled order are 110001"):
        refused(110001, lambda: desk.http.cancel_order(**LINEAR, orderId=order_id))
        refused(110001, lambda: desk.http.amend_order(**LINEAR, orderId=order_id, price=lower))
    with check.case("order: history has it, the list of open orders does not"):
        history = desk.http.get_order_history(**LINEAR, limit=20)["result"]["list"]
        expect(order_id in [row["orderId"] for row in history])
        expect(order_id not in [row["orderId"] for row in desk.open_orders(openOnly=0)])
    with check.case("order: open orders page by cursor"):
        placed = [desk.bid() for _ in range(3)]
        first = desk.http.get_open_orders(**LINEAR, limit=2)["result"]
        second = desk.http.get_open_orders(**LINEAR, limit=2, cursor=first["nextPageCursor"])["result"]
        seen = [row["orderId"] for row in first["list"] + second["list"]]
        equal(seen, placed[::-1])
    with check.case("order: cancel-all names what it cancels"):
        cancelled = desk.http.cancel_all_orders(**LINEAR)["result"]["list"]
        equal({row["orderId"] for row in cancelled}, set(placed))
        until(lambda: not desk.open_orders())


def refusals(check, desk):
    with check.case("order: a post-only order that would cross is accepted, then cancelled with the reason"):
        crossing = price(desk.ticker()["ask1Price"], "1.01")
        row = desk.settled(desk.place("Buy", "Limit", price=crossing, timeInForce="PostOnly"))
        equal((row["orderStatus"], row["rejectReason"]), ("Cancelled", "EC_PostOnlyWillTakeLiquidity"))
    with check.case("order: immediate-or-cancel far from the market is cancelled without a fill"):
        row = desk.settled(desk.bid(timeInForce="IOC"))
        equal((row["orderStatus"], float(row["cumExecQty"])), ("Cancelled", 0.0))
    with check.case("order: fill-or-kill is cancelled whole, or filled whole"):
        row = desk.settled(desk.bid(timeInForce="FOK"))
        equal((row["orderStatus"], float(row["cumExecQty"])), ("Cancelled", 0.0))
        crossing = price(desk.ticker()["ask1Price"], "1.005")
        row = desk.settled(desk.place("Buy", "Limit", price=crossing, timeInForce="FOK"))
        equal((row["orderStatus"], row["leavesQty"]), ("Filled", "0.000"))
        desk.settled(desk.place("Sell", "Market", reduceOnly=True))
    with check.case("order: reduce-only without a position is 110017"):
        refused(110017, lambda: desk.place("Sell", "Market", reduceOnly=True))
    with check.case("order: quantity zero, off the step, or of no number is 10001"):
        for qty in ("0", "0.0015", "much"):
            refused(10001, lambda qty=qty: desk.bid(qty=qty))
    with check.case("order: more than the balance carries is 110007"):
        refused(110007, lambda: desk.place("Buy", "Limit", qty="100", price=desk.ticker()["bid1Price"]))
    with check.case("order: an unknown symbol is 10001, an unknown order 110001"):
        refused(10001, lambda: desk.bid(symbol="NOPEUSDT"))
        refused(110001, lambda: desk.http.cancel_order(**LINEAR, orderId=str(uuid.uuid4())))


def patient(place):
    """Places, again when pybit came to wait only after the time it was to wait for: it fails then, and nothing was placed."""
    while True:
        try:
            return place()
        except ValueError as error:
            expect("sleep length" in str(error), str(error))


def bursts(check, desk):
    with check.case("limits: pybit waits out 10006 as the reply's headers tell it, and gets through"):
        placed = [patient(desk.bid) for _ in range(25)]
        equal(len(set(placed)), 25)
        equal(len(desk.open_orders(limit=50)), 25)
        desk.http.cancel_all_orders(**LINEAR)
        until(lambda: not desk.open_orders())


def batches(check, desk):
    with check.case("order: a batch answers item by item"):
        bid = desk.ticker()["bid1Price"]
        item = {"symbol": SYMBOL, "side": "Buy", "orderType": "Limit", "qty": QTY}
        request = [{**item, "price": price(bid, factor)} for factor in ("0.95", "0.94")]
        request.append({**item, "symbol": "NOPEUSDT", "price": "1"})
        reply = desk.http.place_batch_order(category="linear", request=request)
        equal([row["code"] for row in reply["retExtInfo"]["list"]][:2], [0, 0])
        expect(reply["retExtInfo"]["list"][2]["code"] != 0)
        ids = [row["orderId"] for row in reply["result"]["list"]][:2]
    with check.case("order: a batch of amendments and one of cancellations"):
        amended = [{"symbol": SYMBOL, "orderId": order_id, "qty": "0.002"} for order_id in ids]
        reply = desk.http.amend_batch_order(category="linear", request=amended)
        equal([row["code"] for row in reply["retExtInfo"]["list"]], [0, 0])
        doomed = [{"symbol": SYMBOL, "orderId": order_id} for order_id in ids]
        reply = desk.http.cancel_batch_order(category="linear", request=doomed)
        equal([row["code"] for row in reply["retExtInfo"]["list"]], [0, 0])
        equal({desk.settled(order_id)["orderStatus"] for order_id in ids}, {"Cancelled"})


def holding(check, desk):
    started = int(time.time() * 1000)
    with check.case("position: a market order with a stop-loss fills"):
        stop = price(desk.ticker()["bid1Price"], "0.90")
        order_id = desk.place("Buy", "Market", stopLoss=stop)
        row = desk.settled(order_id)
        equal((row["orderStatus"], row["timeInForce"], row["leavesQty"]), ("Filled", "IOC", "0.000"))
        expect(float(row["cumExecFee"]) > 0 and float(row["cumFeeDetail"]["USDT"]) > 0)
    with check.case("position: its execution has value and fee"):
        fills = desk.http.get_executions(**LINEAR, orderId=order_id)["result"]["list"]
        equal(sum(float(row["execQty"]) for row in fills), float(QTY))
        row = fills[0]
        equal((row["execType"], row["isMaker"], row["feeRate"]), ("Trade", False, "0.00055"))
        expect(abs(float(row["execFee"]) - float(row["execValue"]) * 0.00055) < 1e-9)
    with check.case("position: it is long with the stop-loss attached"):
        row = desk.position()
        equal((row["side"], float(row["size"]), float(row["stopLoss"])), ("Buy", float(QTY), float(stop)))
        equal(float(row["avgPrice"]), float(fills[0]["execPrice"]))
    with check.case("position: the stop-loss is an untriggered order of its own"):
        rows = desk.open_orders(orderFilter="StopOrder")
        equal([(row["stopOrderType"], row["orderStatus"]) for row in rows], [("StopLoss", "Untriggered")])
        expect(rows[0]["reduceOnly"] and rows[0]["closeOnTrigger"])
    with check.case("position: by settle coin"):
        rows = desk.http.get_positions(category="linear", settleCoin="USDT")["result"]["list"]
        equal([row["symbol"] for row in rows], [SYMBOL])
    with check.case("position: trading-stop moves the stop-loss and adds a take-profit"):
        stop, profit = (price(desk.ticker()["bid1Price"], factor) for factor in ("0.92", "1.10"))
        fields = {**LINEAR, "tpslMode": "Full", "positionIdx": 0}
        desk.http.set_trading_stop(**fields, stopLoss=stop, takeProfit=profit, slTriggerBy="MarkPrice")
        row = desk.position()
        equal((float(row["stopLoss"]), float(row["takeProfit"])), (float(stop), float(profit)))
        equal(len(desk.open_orders(orderFilter="StopOrder")), 2)
    with check.case("position: the same trading-stop again is 34040"):
        refused(34040, lambda: desk.http.set_trading_stop(
            **fields, stopLoss=stop, takeProfit=profit, slTriggerBy="MarkPrice"))
    with check.case("position: trading-stop with zeros removes both"):
        desk.http.set_trading_stop(**fields, stopLoss="0", takeProfit="0")
        until(lambda: not desk.open_orders(orderFilter="StopOrder"))
    with check.case("position: a trailing stop follows at its distance and is removed"):
        desk.http.set_trading_stop(**fields, trailingStop="500")
        equal([row["stopOrderType"] for row in desk.open_orders(orderFilter="StopOrder")], ["TrailingStop"])
        equal(float(desk.position()["trailingStop"]), 500.0)
        desk.http.set_trading_stop(**fields, trailingStop="0")
        until(lambda: not desk.open_orders(orderFilter="StopOrder"))
    with check.case("position: a reduce-only market order closes it"):
        desk.settled(desk.place("Sell", "Market", reduceOnly=True))
        row = desk.position()
        equal((row["side"], float(row["size"])), ("", 0.0))
    with check.case("position: closed P&L accounts for both fees"):
        row = desk.http.get_closed_pnl(**LINEAR, limit=5, startTime=started)["result"]["list"][0]
        figures = {name: float(row[name]) for name in
                   ("cumEntryValue", "cumExitValue", "closedPnl", "openFee", "closeFee")}
        net = figures["cumExitValue"] - figures["cumEntryValue"] - figures["openFee"] - figures["closeFee"]
        expect(abs(net - figures["closedPnl"]) < 1e-7, str(figures))
    with check.case("position: a conditional order waits and is deactivated by a cancel"):
        trigger = price(desk.ticker()["ask1Price"], "1.10")
        order_id = desk.place("Buy", "Market", triggerPrice=trigger, triggerDirection=1)
        equal(desk.order(order_id)["orderStatus"], "Untriggered")
        desk.http.cancel_order(**LINEAR, orderId=order_id)
        equal(desk.settled(order_id)["orderStatus"], "Deactivated")
    with check.case("position: a conditional order that would fire at once is refused, and one near by is carried out"):
        past = price(desk.ticker()["lastPrice"], "0.99")
        refused(110092, lambda: desk.place("Buy", "Market", triggerPrice=past, triggerDirection=1))
        last = desk.ticker()["lastPrice"]
        near = {1: price(last, "1.00005"), 2: price(last, "0.99995")}
        ids = [desk.place("Buy", "Market", triggerPrice=at, triggerDirection=way) for way, at in near.items()]
        fired = until(lambda: [row for row in map(desk.order, ids) if row["orderStatus"] == "Filled"], 60)
        expect(fired[0]["stopOrderType"] in ("", "UNKNOWN", "Stop"), fired[0])
        desk.http.cancel_all_orders(**LINEAR)
        desk.settled(desk.place("Sell", "Market", qty=desk.position()["size"], reduceOnly=True))


def settings(check, desk):
    def leverage(factor):
        return desk.http.set_leverage(**LINEAR, buyLeverage=factor, sellLeverage=factor)

    with check.case("settings: leverage changes, and unchanged is 110043"):
        leverage("7")
        leverage("5")
        equal(float(desk.position()["leverage"]), 5.0)
        refused(110043, lambda: leverage("5"))
    with check.case("settings: leverage beyond the instrument's is refused"):
        raises(InvalidRequestError, lambda: leverage("1000"))
    with check.case("settings: disconnection protection is set, and told"):
        desk.http.set_dcp(product="SPOT", timeWindow=40)
        kept = desk.http.query_dcp_info()["result"]["dcpInfos"]
        equal(kept, [{"product": "SPOT", "dcpStatus": "ON", "timeWindow": "40"}])
    with check.case("settings: one-way mode is on already"):
        refused(110025, lambda: desk.http.switch_position_mode(**LINEAR, mode=0))


def main():
    check, desk = Checks("pybit trading"), Desk()
    desk.flatten()
    for part in (resting, refusals, bursts, batches, holding, settings):
        check.run(part, desk)
    desk.flatten()
    check.finish()


if __name__ == "__main__":
    main()
