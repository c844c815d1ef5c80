"""ccxt pro: its watch_ calls over the public and private sockets, and orders over the trade socket."""

import asyncio

import ccxt.pro

from ccxt_venue import MARKET, opened
from checks import Checks, equal, expect

AMOUNT = 0.001


async def soon(awaitable, seconds=20):
    return await asyncio.wait_for(awaitable, seconds)


async def raised(kind, awaitable):
    try:
        outcome = await soon(awaitable)
    except kind:
        return
    raise AssertionError(f"accepted, expected {kind.__name__}: {outcome}")


async def watched(watch, fits):
    """What the first update that has a fitting row says in it."""
    async def search():
        while True:
            for row in await watch():
                if fits(row):
                    return row
    return await soon(search())


async def low(exchange, factor=0.95):
    ticker = await exchange.fetch_ticker(MARKET)
    return float(exchange.price_to_precision(MARKET, ticker["bid"] * factor))


async def flatten(exchange):
    """Whatever an earlier run left open."""
    await exchange.cancel_all_orders(MARKET)
    for position in await exchange.fetch_positions([MARKET]):
        if position["contracts"]:
            side = "sell" if position["side"] == "long" else "buy"
            await exchange.create_order(MARKET, "market", side, position["contracts"], None, {"reduceOnly": True})


async def public(check, exchange):
    with check.case("public: watch_order_book stays whole over deltas"):
        for _ in range(15):
            book = await soon(exchange.watch_order_book(MARKET, 50))
            expect(book["bids"] and book["asks"] and book["bids"][0][0] < book["asks"][0][0])
    with check.case("public: watch_ticker and watch_tickers"):
        ticker = await soon(exchange.watch_ticker(MARKET))
        expect(ticker["last"] > 0 and ticker["bid"] < ticker["ask"])
        expect(MARKET in await soon(exchange.watch_tickers([MARKET])))
    with check.case("public: watch_bids_asks"):
        expect(MARKET in await soon(exchange.watch_bids_asks([MARKET])))
    with check.case("public: watch_trades"):
        trades = await soon(exchange.watch_trades(MARKET))
        expect(trades[-1]["amount"] > 0 and trades[-1]["side"] in ("buy", "sell"))
    with check.case("public: watch_ohlcv"):
        equal(len((await soon(exchange.watch_ohlcv(MARKET, "1m")))[-1]), 6)
    with check.case("public: watch_liquidations is acknowledged"):
        task = asyncio.create_task(exchange.watch_liquidations(MARKET))
        await asyncio.sleep(0.5)
        # Nobody is liquidated, so that nothing but a refusal can have come.
        expect(not task.done(), task.done() and str(task.exception()))
        task.cancel()
    with check.case("public: un_watch_order_book, un_watch_trades and un_watch_ohlcv"):
        await soon(exchange.un_watch_order_book(MARKET))
        await soon(exchange.un_watch_trades(MARKET))
        await soon(exchange.un_watch_ohlcv(MARKET, "1m"))


async def private(check, exchange):
    with check.case("private: watch_balance, orders, trades and positions sign in and wait"):
        orders = asyncio.create_task(watched(exchange.watch_orders, lambda row: row["status"] == "closed"))
        trades = asyncio.create_task(watched(exchange.watch_my_trades, lambda row: row["side"] == "buy"))
        positions = asyncio.create_task(watched(exchange.watch_positions, lambda row: row["contracts"]))
        balance = asyncio.create_task(soon(exchange.watch_balance()))
        await asyncio.sleep(1)
        await exchange.create_order(MARKET, "market", "buy", AMOUNT)
    with check.case("private: watch_orders tells the fill"):
        order = await orders
        equal((order["symbol"], order["filled"], order["fee"]["currency"]), (MARKET, AMOUNT, "USDT"))
    with check.case("private: watch_my_trades tells the execution"):
        trade = await trades
        equal((trade["order"], trade["takerOrMaker"]), (order["id"], "taker"))
        expect(trade["fee"]["cost"] > 0)
    with check.case("private: watch_positions tells the position"):
        position = await positions
        equal((position["symbol"], position["side"], position["contracts"]), (MARKET, "long", AMOUNT))
        equal(position["entryPrice"], order["average"])
    with check.case("private: watch_balance tells the wallet"):
        expect((await balance)["USDT"]["total"] > 0)
    with check.case("private: closing is told as a position without contracts"):
        closed = asyncio.create_task(watched(exchange.watch_positions, lambda row: not row["contracts"]))
        await asyncio.sleep(0.2)
        await exchange.create_order(MARKET, "market", "sell", AMOUNT, None, {"reduceOnly": True})
        await closed


async def trade(check, exchange):
    with check.case("trade: create_order_ws rests"):
        made = await soon(exchange.create_order_ws(MARKET, "limit", "buy", AMOUNT, await low(exchange)))
        equal((await exchange.fetch_open_order(made["id"], MARKET))["status"], "open")
    with check.case("trade: edit_order_ws"):
        price = await low(exchange, 0.94)
        await soon(exchange.edit_order_ws(made["id"], MARKET, "limit", "buy", AMOUNT, price))
        equal((await exchange.fetch_open_order(made["id"], MARKET))["price"], price)
    with check.case("trade: cancel_order_ws, and once more is an OrderNotFound"):
        await soon(exchange.cancel_order_ws(made["id"], MARKET))
        await raised(ccxt.OrderNotFound, exchange.cancel_order_ws(made["id"], MARKET))
        expect(not await exchange.fetch_open_orders(MARKET))


async def main():
    check, exchange = Checks("ccxt pro"), opened(ccxt.pro.bybit)
    try:
        await exchange.load_markets()
        await flatten(exchange)
        for part in (public, private, trade):
            # Checks.run calls; a coroutine fails only where it is awaited.
            try:
                await part(check, exchange)
            except Exception as error:
                check.fail(f"{part.__name__} broke off", error)
    finally:
        await exchange.close()
    check.finish()


if __name__ == "__main__":
    asyncio.run(main())
