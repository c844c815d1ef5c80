"""pybit's three WebSockets: public topics, private topics, orders over the trade socket."""

import threading
import uuid

import pybit._websocket_trading
import pybit.unified_trading
from pybit.unified_trading import WebSocket, WebSocketTrading

from checks import Checks, equal, expect, until
from pybit_trading import LINEAR, Desk
from venue import KEY, QTY, SECRET, SYMBOL, address, price

SOCKETS = f"ws://{address()}/v5"
# pybit has no setting for the address of its sockets.
pybit.unified_trading.PUBLIC_WSS = SOCKETS + "/public/{CHANNEL_TYPE}"
pybit.unified_trading.PRIVATE_WSS = SOCKETS + "/private"
pybit._websocket_trading.TRADE_WSS = SOCKETS + "/trade"


class Inbox:
    """Messages of one topic, filled by pybit's thread."""

    def __init__(self):
        self.messages = []
        self.lock = threading.Lock()

    def __call__(self, message):
        with self.lock:
            self.messages.append(message)

    def first(self, fits=lambda message: True, seconds=10.0):
        def find():
            with self.lock:
                return next((message for message in self.messages if fits(message)), None)
        return until(find, seconds)

    def row(self, fits):
        """The first row of any message that fits."""
        found = self.first(lambda message: any(fits(row) for row in message["data"]))
        return next(row for row in found["data"] if fits(row))


def public(check):
    book, trades, ticker, kline = Inbox(), Inbox(), Inbox(), Inbox()
    with check.case("public: subscriptions to book, trades, ticker and kline are acknowledged"):
        socket = WebSocket(channel_type="linear", testnet=False)
        socket.orderbook_stream(50, SYMBOL, book)
        socket.trade_stream(SYMBOL, trades)
        socket.ticker_stream(SYMBOL, ticker)
        socket.kline_stream(1, SYMBOL, kline)
        until(lambda: socket.is_connected())
    with check.case("public: pybit keeps a whole and uncrossed book over snapshot and deltas"):
        until(lambda: len(book.messages) > 20, 30)
        data = book.messages[-1]["data"]
        bids, asks = ([float(level[0]) for level in data[side]] for side in "ba")
        expect(bids and asks and max(bids) < min(asks), f"{len(bids)} bids, {len(asks)} asks")
    with check.case("public: pybit merges ticker deltas into the first snapshot"):
        first = ticker.first()["data"]
        expect({"lastPrice", "markPrice", "bid1Price", "fundingRate", "openInterest"} <= first.keys())
        until(lambda: len(ticker.messages) > 3)
        expect(first.keys() == ticker.messages[-1]["data"].keys())
    with check.case("public: trades"):
        row = trades.first(seconds=30)["data"][0]
        expect(row["S"] in ("Buy", "Sell") and float(row["v"]) > 0 and row["s"] == SYMBOL)
    with check.case("public: the open kline"):
        row = kline.first()["data"][0]
        equal((row["confirm"], row["interval"], row["end"] - row["start"]), (False, "1", 59_999))
    limits, pools, liquidations = Inbox(), Inbox(), Inbox()
    with check.case("public: price limits and insurance pools say where they stand, liquidations wait for one"):
        socket.price_limit_stream(SYMBOL, limits)
        socket.insurance_pool_stream("USDT", pools)
        socket.all_liquidation_stream(SYMBOL, liquidations)
        row = limits.first()["data"]
        expect(float(row["sellLmt"]) < float(row["buyLmt"]), row)
        equal(pools.first()["data"], [])
    with check.case("public: unsubscribe"):
        socket.unsubscribe(f"orderbook.50.{SYMBOL}")
    socket.exit()


def private(check, desk):
    orders, executions, positions, wallets, fast = Inbox(), Inbox(), Inbox(), Inbox(), Inbox()
    link = f"pw-{uuid.uuid4().hex[:16]}"
    with check.case("private: signs in and subscribes to order, execution, fast execution, position and wallet"):
        socket = WebSocket(channel_type="private", api_key=KEY, api_secret=SECRET, testnet=False)
        socket.order_stream(orders)
        socket.execution_stream(executions)
        socket.fast_execution_stream(fast)
        socket.position_stream(positions)
        socket.wallet_stream(wallets)
        until(lambda: socket.auth)
    with check.case("private: order topic tells New, then Cancelled"):
        order_id = desk.bid(orderLinkId=link)
        for status in ("New", "Cancelled"):
            row = orders.row(lambda row, status=status: (row["orderId"], row["orderStatus"]) == (order_id, status))
            equal(row["orderLinkId"], link)
            if status == "New":
                desk.http.cancel_order(**LINEAR, orderId=order_id)
    with check.case("private: a fill comes as order and as execution"):
        order_id = desk.place("Buy", "Market")
        row = orders.row(lambda row: (row["orderId"], row["orderStatus"]) == (order_id, "Filled"))
        equal(float(row["cumExecQty"]), float(QTY))
        row = executions.row(lambda row: row["orderId"] == order_id)
        equal((row["execType"], row["isMaker"], row["side"]), ("Trade", False, "Buy"))
    with check.case("private: the fast execution is the same one"):
        equal(fast.row(lambda row: row["orderId"] == order_id)["execId"], row["execId"])
    with check.case("private: the position follows, with its entry price"):
        row = positions.row(lambda row: row["side"] == "Buy")
        equal((row["symbol"], float(row["size"])), (SYMBOL, float(QTY)))
        expect(float(row["entryPrice"]) > 0)
    with check.case("private: the wallet follows"):
        row = wallets.first()["data"][0]
        equal((row["accountType"], row["coin"][0]["coin"]), ("UNIFIED", "USDT"))
    with check.case("private: closing pushes a flat position"):
        desk.place("Sell", "Market", reduceOnly=True)
        positions.row(lambda row: row["side"] == "" and float(row["size"]) == 0)
    socket.exit()
    with check.case("private: a wrong secret is refused"):
        stranger = WebSocket(
            channel_type="private", api_key=KEY, api_secret="wrong", testnet=False, restart_on_error=False)
        # pybit raises the refusal in its own thread, where it then waits for itself: exit() would join it.
        until(lambda: stranger.exited)
        expect(not stranger.auth)


def trade(check, desk):
    replies = Inbox()
    bid = {**LINEAR, "side": "Buy", "orderType": "Limit", "qty": QTY}

    def answer(send, **fields):
        """The reply to one request, whether pybit counts it as success or as error."""
        replies.messages.clear()
        send(replies, error_callback=replies, **fields)
        return replies.first()

    with check.case("trade: signs in"):
        socket = WebSocketTrading(api_key=KEY, api_secret=SECRET, testnet=False)
        until(lambda: socket.auth)
    with check.case("trade: create"):
        low = price(desk.ticker()["bid1Price"], "0.95")
        reply = answer(socket.place_order, **bid, price=low)
        equal((reply["retCode"], reply["op"]), (0, "order.create"))
        expect(reply["header"]["Timenow"].isdigit() and "X-Bapi-Limit-Status" in reply["header"])
        order_id = reply["data"]["orderId"]
        equal(desk.order(order_id)["orderStatus"], "New")
    with check.case("trade: amend"):
        lower = price(low, "0.99")
        reply = answer(socket.amend_order, **LINEAR, orderId=order_id, price=lower)
        equal((reply["retCode"], float(desk.order(order_id)["price"])), (0, float(lower)))
    with check.case("trade: cancel"):
        equal(answer(socket.cancel_order, **LINEAR, orderId=order_id)["retCode"], 0)
        equal(desk.settled(order_id)["orderStatus"], "Cancelled")
    with check.case("trade: cancel again is 110001"):
        equal(answer(socket.cancel_order, **LINEAR, orderId=order_id)["retCode"], 110001)
    with check.case("trade: a batch, and its cancellation"):
        items = [{**bid, "price": price(low, factor)} for factor in ("0.99", "0.98")]
        reply = answer(socket.place_batch_order, category="linear", request=items)
        equal([row["code"] for row in reply["retExtInfo"]["list"]], [0, 0])
        doomed = [{"symbol": SYMBOL, "orderId": row["orderId"]} for row in reply["data"]["list"]]
        reply = answer(socket.cancel_batch_order, category="linear", request=doomed)
        equal([row["code"] for row in reply["retExtInfo"]["list"]], [0, 0])
    socket.exit()


def main():
    check, desk = Checks("pybit sockets"), Desk()
    desk.flatten()
    check.run(public)
    check.run(private, desk)
    check.run(trade, desk)
    desk.flatten()
    check.finish()


if __name__ == "__main__":
    main()
