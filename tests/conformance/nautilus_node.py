"""NautilusTrader's Bybit adapter in a live trading node: start-up with reconciliation, market data, orders and positions."""

import asyncio
import inspect
from datetime import timedelta
from decimal import Decimal

from nautilus_trader.adapters.bybit import (
    BYBIT,
    BybitDataClientConfig,
    BybitExecClientConfig,
    BybitLiveDataClientFactory,
    BybitLiveExecClientFactory,
    BybitProductType,
    factories,
)
from nautilus_trader.config import InstrumentProviderConfig, LiveExecEngineConfig, LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, OrderStatus, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy

from checks import Checks, equal, expect
from venue import KEY, QTY, SECRET, SYMBOL, address

VENUE = address()
INSTRUMENT = InstrumentId.from_str(f"{SYMBOL}-LINEAR.BYBIT")
MINUTES = BarType.from_str(f"{INSTRUMENT}-1-MINUTE-LAST-EXTERNAL")


class Probe(Strategy):
    """Subscribes to everything and keeps what comes."""

    def __init__(self):
        super().__init__()
        self.instrument = None
        self.seen = {"book": [], "quote": [], "trade": [], "history": []}

    def on_start(self):
        self.instrument = self.cache.instrument(INSTRUMENT)
        self.subscribe_order_book_deltas(INSTRUMENT, book_type=BookType.L2_MBP, depth=50)
        self.subscribe_quote_ticks(INSTRUMENT)
        self.subscribe_trade_ticks(INSTRUMENT)
        self.subscribe_bars(MINUTES)

    def on_order_book_deltas(self, deltas):
        self.seen["book"].append(deltas)

    def on_quote_tick(self, tick):
        self.seen["quote"].append(tick)

    def on_trade_tick(self, tick):
        self.seen["trade"].append(tick)

    def on_historical_data(self, data):
        self.seen["history"].append(data)


async def eventually(condition, seconds=20.0):
    """The first truthy value of `condition`; the node's own loop runs meanwhile."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (value := condition()):
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"not within {seconds} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.05)
    return value


def node(loop):
    """A trading node whose only venue is ours. Its public stream has no setting of its own, only a function that names it."""
    factories.get_ws_base_url_public = lambda product_type, **_: f"ws://{VENUE}/v5/public/{product_type.value}"
    common = {
        "api_key": KEY,
        "api_secret": SECRET,
        "product_types": [BybitProductType.LINEAR],
        "base_url_http": f"http://{VENUE}",
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }
    built = TradingNode(
        config=TradingNodeConfig(
            trader_id=TraderId("CONFORMANCE-001"),
            logging=LoggingConfig(log_level="OFF"),
            exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_lookback_mins=60),
            data_clients={BYBIT: BybitDataClientConfig(**common)},
            exec_clients={
                BYBIT: BybitExecClientConfig(
                    **common,
                    base_url_ws_private=f"ws://{VENUE}/v5/private",
                    base_url_ws_trade=f"ws://{VENUE}/v5/trade",
                    use_ws_trade_api=True,
                ),
            },
            timeout_connection=30.0,
            timeout_reconciliation=20.0,
            timeout_portfolio=20.0,
            timeout_disconnection=5.0,
            timeout_post_stop=1.0,
        ),
        loop=loop,
    )
    built.add_data_client_factory(BYBIT, BybitLiveDataClientFactory)
    built.add_exec_client_factory(BYBIT, BybitLiveExecClientFactory)
    return built


async def data(check, probe):
    with check.case("start: the node has connected, reconciled and knows the account and the instrument"):
        await eventually(lambda: probe.is_running, 60)
        account = probe.portfolio.account(INSTRUMENT.venue)
        expect(account.balances() and float(probe.instrument.price_increment) > 0)
    with check.case("data: book snapshot and deltas, quotes and trades"):
        await eventually(lambda: len(probe.seen["book"]) > 5 and probe.seen["quote"] and probe.seen["trade"])
        book = probe.cache.order_book(INSTRUMENT)
        expect(book.best_bid_price() < book.best_ask_price())
    with check.case("data: historical bars"):
        probe.request_bars(MINUTES, start=probe.clock.utc_now() - timedelta(hours=1))
        await eventually(lambda: probe.seen["history"])


async def orders(check, probe):
    instrument = probe.instrument
    qty = instrument.make_qty(Decimal(QTY))

    def at(factor):
        return instrument.make_price(float(probe.seen["quote"][-1].bid_price) * factor)

    def limit(side, price, **terms):
        order = probe.order_factory.limit(INSTRUMENT, side, qty, price, **terms)
        probe.submit_order(order)
        return order

    def market(side, **terms):
        order = probe.order_factory.market(INSTRUMENT, side, qty, **terms)
        probe.submit_order(order)
        return order

    with check.case("orders: a post-only limit order is accepted, modified and cancelled over the trade socket"):
        order = limit(OrderSide.BUY, at(0.97), post_only=True)
        await eventually(lambda: order.status == OrderStatus.ACCEPTED)
        lower = at(0.96)
        probe.modify_order(order, price=lower)
        await eventually(lambda: order.price == lower)
        probe.cancel_order(order)
        await eventually(lambda: order.status == OrderStatus.CANCELED)
    with check.case("orders: a post-only order that would take is rejected"):
        order = limit(OrderSide.BUY, at(1.005), post_only=True)
        await eventually(lambda: order.is_closed)
        expect(order.status in (OrderStatus.REJECTED, OrderStatus.CANCELED), str(order.status))
        equal(order.filled_qty, 0)
    with check.case("orders: an IOC order away from the market ends unfilled"):
        order = limit(OrderSide.BUY, at(0.97), time_in_force=TimeInForce.IOC)
        await eventually(lambda: order.is_closed)
        equal((order.status, order.filled_qty), (OrderStatus.CANCELED, 0))
    with check.case("orders: a market order fills and opens a position"):
        order = market(OrderSide.BUY)
        await eventually(lambda: order.status == OrderStatus.FILLED)
        await eventually(lambda: probe.portfolio.is_net_long(INSTRUMENT))
        expect(order.avg_px > 0 and order.commissions())
    with check.case("orders: a reduce-only market order closes it"):
        order = market(OrderSide.SELL, reduce_only=True)
        await eventually(lambda: order.status == OrderStatus.FILLED)
        await eventually(lambda: probe.portfolio.is_flat(INSTRUMENT))


async def drive(check):
    loop = asyncio.get_running_loop()
    trading = node(loop)
    probe = Probe()
    trading.trader.add_strategy(probe)
    trading.build()
    running = loop.create_task(trading.run_async())
    try:
        await data(check, probe)
        await orders(check, probe)
    except Exception as error:  # What breaks between the cases, and so cannot go on from.
        check.fail("broke off", error)
    finally:
        await trading.stop_async()
        await asyncio.wait([running], timeout=10)


def main():
    check = Checks("nautilus")
    asyncio.run(drive(check))
    check.finish()


if __name__ == "__main__":
    main()
