"""NautilusTrader's Bybit adapter in a live trading node: start-up with settings and reconciliation, market data, orders of every
kind, positions, and a second node that has to find what the first one left."""

import asyncio
import inspect
from datetime import timedelta
from decimal import Decimal

import msgspec
from nautilus_trader.adapters.bybit import (
    BYBIT,
    BybitDataClientConfig,
    BybitExecClientConfig,
    BybitLiveDataClientFactory,
    BybitLiveExecClientFactory,
    BybitPositionMode,
    BybitProductType,
    get_cached_bybit_http_client,
    get_cached_bybit_instrument_provider,
)
from nautilus_trader.adapters.bybit.data import BybitDataClient
from nautilus_trader.config import InstrumentProviderConfig, LiveExecEngineConfig, LoggingConfig, StrategyConfig, TradingNodeConfig
from nautilus_trader.core.nautilus_pyo3 import BybitMarginMode
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, OrderStatus, TimeInForce, TrailingOffsetType
from nautilus_trader.model.identifiers import ClientId, InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy

from checks import Checks, equal, expect
from venue import KEY, QTY, SECRET, SYMBOL, address

VENUE = address()
CONTRACT = InstrumentId.from_str(f"{SYMBOL}-LINEAR.BYBIT")
# A contract of its own, which is held in hedge mode.
HEDGED = InstrumentId.from_str("ETHUSDT-LINEAR.BYBIT")
COIN = InstrumentId.from_str(f"{SYMBOL}-SPOT.BYBIT")
MINUTES = BarType.from_str(f"{CONTRACT}-1-MINUTE-LAST-EXTERNAL")
SPOT_DATA = ClientId(f"{BYBIT}_SPOT")
LEVERAGE = 7


class DataFactory(BybitLiveDataClientFactory):
    """The adapter takes one address for its REST server and its public stream, which can be right for one of them only. So
    its client is made here of the same parts, with each its own."""

    @staticmethod
    def create(loop, name, config, msgbus, cache, clock):
        client = get_cached_bybit_http_client(
            api_key=config.api_key, api_secret=config.api_secret, base_url=config.base_url_http
        )
        provider = get_cached_bybit_instrument_provider(
            client=client, product_types=config.product_types, config=config.instrument_provider
        )
        (product,) = config.product_types
        stream = msgspec.structs.replace(config, base_url_http=f"ws://{VENUE}/v5/public/{product.name.lower()}")
        return BybitDataClient(loop, client, msgbus, cache, clock, provider, stream, name)


class Probe(Strategy):
    """Subscribes to everything and keeps what comes."""

    def __init__(self):
        # What a strategy of an earlier run left is its own again.
        super().__init__(StrategyConfig(external_order_claims=[CONTRACT]))
        self.instrument = None
        kinds = ("book", "quote", "trade", "bar", "mark", "index", "funding", "history", "snapshot")
        self.seen = {kind: [] for kind in kinds}

    def on_start(self):
        self.instrument = self.cache.instrument(CONTRACT)
        self.subscribe_order_book_deltas(CONTRACT, book_type=BookType.L2_MBP, depth=50)
        self.subscribe_quote_ticks(CONTRACT)
        self.subscribe_trade_ticks(CONTRACT)
        self.subscribe_bars(MINUTES)
        self.subscribe_mark_prices(CONTRACT)
        self.subscribe_index_prices(CONTRACT)
        self.subscribe_funding_rates(CONTRACT)
        self.subscribe_quote_ticks(COIN, client_id=SPOT_DATA)

    def on_order_book_deltas(self, deltas):
        self.seen["book"].append(deltas)

    def on_quote_tick(self, tick):
        self.seen["quote"].append(tick)

    def on_trade_tick(self, tick):
        self.seen["trade"].append(tick)

    def on_bar(self, bar):
        self.seen["bar"].append(bar)

    def on_mark_price(self, mark):
        self.seen["mark"].append(mark)

    def on_index_price(self, index):
        self.seen["index"].append(index)

    def on_funding_rate(self, rate):
        self.seen["funding"].append(rate)

    def on_historical_data(self, data):
        self.seen["history"].append(data)

    def on_order_book(self, book):
        self.seen["snapshot"].append(book)

    def at(self, factor):
        """A price on the contract's grid, relative to the best bid."""
        return self.instrument.make_price(float(self.seen["quote"][-1].bid_price) * factor)

    def beside(self, ticks):
        """A price that many ticks above the best bid."""
        away = ticks * float(self.instrument.price_increment)
        return self.instrument.make_price(float(self.seen["quote"][-1].bid_price) + away)

    def sent(self, order, **more):
        self.submit_order(order, **more)
        return order

    def balance(self, currency):
        return self.portfolio.account(CONTRACT.venue).balance(currency)


class BothSides(Strategy):
    """Holds a long and a short of one contract, each a position of its own."""

    def __init__(self):
        super().__init__(StrategyConfig(order_id_tag="002", oms_type="HEDGING"))

    def on_start(self):
        self.subscribe_quote_ticks(HEDGED)

    def sent(self, order, **more):
        self.submit_order(order, **more)
        return order


async def eventually(condition, seconds=20.0):
    """The first truthy value of `condition`; the node's own loop runs meanwhile."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (value := condition()):
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"not within {seconds} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.05)
    return value


async def status(order, wanted):
    """Waits until the order is in this state, which is as far as it goes; then so long that ten of them take a second, which is
    as many as an account may send."""
    await eventually(lambda: order.status == wanted or order.is_closed)
    await asyncio.sleep(0.1)
    expect(order.status == wanted, f"{order.status.name} and not {wanted.name}: {order.last_event}")


def node(loop):
    """A trading node whose only venue is ours."""
    common = {
        "api_key": KEY,
        "api_secret": SECRET,
        "base_url_http": f"http://{VENUE}",
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }
    products = (BybitProductType.LINEAR, BybitProductType.SPOT)
    built = TradingNode(
        config=TradingNodeConfig(
            trader_id=TraderId("CONFORMANCE-001"),
            logging=LoggingConfig(log_level="OFF"),
            exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_lookback_mins=60),
            # The last one has what is not asked of a client by name.
            data_clients={
                SPOT_DATA.value: BybitDataClientConfig(**common, product_types=products[1:]),
                BYBIT: BybitDataClientConfig(**common, product_types=products[:1]),
            },
            exec_clients={
                BYBIT: BybitExecClientConfig(
                    **common,
                    product_types=products,
                    base_url_ws_private=f"ws://{VENUE}/v5/private",
                    base_url_ws_trade=f"ws://{VENUE}/v5/trade",
                    futures_leverages={CONTRACT.symbol.value: LEVERAGE},
                    position_mode={
                        CONTRACT.symbol.value: BybitPositionMode.MERGED_SINGLE,
                        HEDGED.symbol.value: BybitPositionMode.BOTH_SIDES,
                    },
                    margin_mode=BybitMarginMode.REGULAR_MARGIN,
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
    for name in (SPOT_DATA.value, BYBIT):
        built.add_data_client_factory(name, DataFactory)
    built.add_exec_client_factory(BYBIT, BybitLiveExecClientFactory)
    return built


async def settings(check, probe):
    with check.case("start: the node has connected, reconciled and knows the account and the instruments"):
        await eventually(lambda: probe.is_running, 60)
        expect(probe.balance(USDT).total.as_decimal() > 1_000)
        expect(float(probe.instrument.price_increment) > 0 and probe.cache.instrument(COIN) is not None)
    with check.case("start: leverage is what the node's configuration says"):
        client = get_cached_bybit_http_client(api_key=KEY, api_secret=SECRET, base_url=f"http://{VENUE}")
        try:
            await client.set_leverage(BybitProductType.LINEAR, SYMBOL, str(LEVERAGE), str(LEVERAGE))
        except Exception as error:  # It says so when there is nothing to change.
            expect("110043" in str(error) or "not modified" in str(error).lower(), str(error))
        else:
            raise AssertionError("leverage was another")


async def data(check, probe):
    with check.case("data: book snapshot and deltas, quotes and trades"):
        await eventually(lambda: len(probe.seen["book"]) > 5 and probe.seen["quote"] and probe.seen["trade"])
        book = probe.cache.order_book(CONTRACT)
        expect(book.best_bid_price() < book.best_ask_price())
    with check.case("data: mark and index prices and the funding rate"):
        await eventually(lambda: probe.seen["mark"] and probe.seen["index"] and probe.seen["funding"])
    with check.case("data: historical bars, trades and funding rates"):
        now = probe.clock.utc_now()
        for request in (
            lambda: probe.request_bars(MINUTES, start=now - timedelta(hours=1)),
            lambda: probe.request_trade_ticks(CONTRACT, start=now - timedelta(seconds=50)),
            lambda: probe.request_funding_rates(CONTRACT, start=now - timedelta(days=3)),
        ):
            probe.seen["history"].clear()
            request()
            await eventually(lambda: probe.seen["history"])


async def a_bar(check, probe):
    with check.case("data: a bar that has closed"):
        await eventually(lambda: probe.seen["bar"], 70)


async def resting(check, probe):
    qty = probe.instrument.make_qty(Decimal(QTY))
    new = probe.order_factory

    with check.case("orders: a post-only limit order is accepted, modified and cancelled over the trade socket"):
        order = probe.sent(new.limit(CONTRACT, OrderSide.BUY, qty, probe.at(0.97), post_only=True))
        await status(order, OrderStatus.ACCEPTED)
        lower = probe.at(0.96)
        probe.modify_order(order, price=lower)
        await eventually(lambda: order.price == lower)
        probe.cancel_order(order)
        await status(order, OrderStatus.CANCELED)
    with check.case("orders: a post-only order that would take is rejected"):
        order = probe.sent(new.limit(CONTRACT, OrderSide.BUY, qty, probe.at(1.005), post_only=True))
        await status(order, OrderStatus.REJECTED)
    for kind in (TimeInForce.IOC, TimeInForce.FOK):
        with check.case(f"orders: an order away from the market that is {kind.name} ends unfilled"):
            order = probe.sent(new.limit(CONTRACT, OrderSide.BUY, qty, probe.at(0.97), time_in_force=kind))
            await status(order, OrderStatus.CANCELED)
            equal(order.filled_qty, 0)
    with check.case("orders: an order larger than the account can carry is rejected"):
        order = probe.sent(new.limit(CONTRACT, OrderSide.BUY, probe.instrument.make_qty(100), probe.at(0.97)))
        await status(order, OrderStatus.REJECTED)
    up, down = probe.at(1.03), probe.at(0.97)
    for name, order in (
        ("stop market", new.stop_market(CONTRACT, OrderSide.BUY, qty, up)),
        ("stop limit", new.stop_limit(CONTRACT, OrderSide.BUY, qty, up, up)),
        ("market if touched", new.market_if_touched(CONTRACT, OrderSide.BUY, qty, down)),
        ("limit if touched", new.limit_if_touched(CONTRACT, OrderSide.BUY, qty, down, down)),
    ):
        with check.case(f"orders: a {name} order waits for its trigger and is cancelled"):
            probe.sent(order)
            await status(order, OrderStatus.ACCEPTED)
            probe.cancel_order(order)
            await status(order, OrderStatus.CANCELED)
    with check.case("orders: a list goes in one request, two of it are cancelled in one, and the rest by cancel-all"):
        limits = [new.limit(CONTRACT, OrderSide.BUY, qty, probe.at(0.96 + 0.005 * nth)) for nth in range(4)]
        probe.submit_order_list(new.create_list(limits))
        for order in limits:
            await status(order, OrderStatus.ACCEPTED)
        probe.cancel_orders(limits[:2])
        for order in limits[:2]:
            await status(order, OrderStatus.CANCELED)
        expect(all(order.is_open for order in limits[2:]))
        probe.cancel_all_orders(CONTRACT)
        for order in limits[2:]:
            await status(order, OrderStatus.CANCELED)


async def positions(check, probe):
    qty = probe.instrument.make_qty(Decimal(QTY))
    new = probe.order_factory

    with check.case("positions: a market order fills, opens a position and moves the balance"):
        before = probe.balance(USDT).total
        order = probe.sent(new.market(CONTRACT, OrderSide.BUY, qty))
        await status(order, OrderStatus.FILLED)
        await eventually(lambda: probe.portfolio.is_net_long(CONTRACT))
        expect(order.avg_px > 0 and order.trade_ids and order.commissions())
        await eventually(lambda: probe.balance(USDT).total != before)
    with check.case("positions: a reduce-only market order closes it"):
        order = probe.sent(new.market(CONTRACT, OrderSide.SELL, qty, reduce_only=True))
        await status(order, OrderStatus.FILLED)
        await eventually(lambda: probe.portfolio.is_flat(CONTRACT))
    with check.case("positions: an entry brings its stop and target, which wait and go with the position"):
        stops = {"take_profit": str(probe.at(1.05)), "stop_loss": str(probe.at(0.95)), "tpsl_mode": "Full"}
        order = probe.sent(new.market(CONTRACT, OrderSide.BUY, qty), params=stops)
        await status(order, OrderStatus.FILLED)
        await eventually(lambda: len(probe.cache.orders_open(instrument_id=CONTRACT)) == 2)
        probe.sent(new.market(CONTRACT, OrderSide.SELL, qty, reduce_only=True))
        await eventually(lambda: probe.portfolio.is_flat(CONTRACT))
        await eventually(lambda: not probe.cache.orders_open(instrument_id=CONTRACT))


async def met(probe, make):
    """The order of `make` that met its price and was filled. The market goes where it likes: one that it leaves behind is cancelled,
    one that it has overtaken is refused, and then another waits a few ticks beside the market."""
    for _ in range(20):
        order = probe.sent(make())
        try:
            await eventually(lambda: order.status == OrderStatus.FILLED or order.is_closed, 10)
        except TimeoutError:
            probe.cancel_order(order)
            await eventually(lambda: order.is_closed)
        if order.status == OrderStatus.FILLED:
            return order
    raise AssertionError(f"twenty orders, and none was filled; the last: {order.last_event}")


async def triggered(check, probe):
    """Conditional orders that meet their price. Each kind buys a few ticks above or below the market."""
    qty = probe.instrument.make_qty(Decimal(QTY))
    new = probe.order_factory

    def above():
        return probe.beside(4)

    def below():
        return probe.beside(-3)

    kinds = {
        "stop market": lambda: new.stop_market(CONTRACT, OrderSide.BUY, qty, above()),
        "stop limit": lambda: new.stop_limit(CONTRACT, OrderSide.BUY, qty, probe.at(1.005), above()),
        "market if touched": lambda: new.market_if_touched(CONTRACT, OrderSide.BUY, qty, below()),
        "limit if touched": lambda: new.limit_if_touched(CONTRACT, OrderSide.BUY, qty, probe.at(1.005), below()),
    }
    for name, make in kinds.items():
        with check.case(f"triggers: a {name} order is carried out when its price is met"):
            order = await met(probe, make)
            expect(order.venue_order_id is not None and order.avg_px > 0)
    with check.case("triggers: what they bought is sold"):
        await eventually(lambda: probe.portfolio.net_position(CONTRACT) == 4 * Decimal(QTY))
        four = probe.instrument.make_qty(4 * Decimal(QTY))
        await status(probe.sent(new.market(CONTRACT, OrderSide.SELL, four, reduce_only=True)), OrderStatus.FILLED)
        await eventually(lambda: probe.portfolio.is_flat(CONTRACT))
    # What the adapter hands to the exchange has no field for a trailing distance, so that none of these reaches the wire.
    with check.case("triggers: a trailing stop is refused by the adapter itself"):
        far = {"trailing_offset": Decimal("100"), "trailing_offset_type": TrailingOffsetType.PRICE}
        order = probe.sent(new.trailing_stop_market(CONTRACT, OrderSide.BUY, qty, trigger_price=probe.at(1.03), **far))
        await asyncio.sleep(1.0)
        expect(order.venue_order_id is None, f"{order.status.name}: {order.last_event}")


async def hedged(check, probe):
    """Both sides of one contract. The adapter finds the side of an order by its direction and by whether it reduces."""
    probe = probe.both_sides
    contract = probe.cache.instrument(HEDGED)
    qty = contract.make_qty(Decimal("0.05"))
    new = probe.order_factory

    def sides():
        return sorted(position.side.name for position in probe.cache.positions_open(instrument_id=HEDGED))

    with check.case("hedge mode: a long and a short of one contract stand beside each other"):
        for side in (OrderSide.BUY, OrderSide.SELL):
            await status(probe.sent(new.market(HEDGED, side, qty)), OrderStatus.FILLED)
        await eventually(lambda: sides() == ["LONG", "SHORT"])
    with check.case("hedge mode: a reduce-only order closes its own side, and the other stays"):
        await status(probe.sent(new.market(HEDGED, OrderSide.SELL, qty, reduce_only=True)), OrderStatus.FILLED)
        await eventually(lambda: sides() == ["SHORT"])
    with check.case("hedge mode: the side that is named in the order is the one it is for"):
        low = contract.make_price(float(probe.cache.quote_tick(HEDGED).bid_price) * 0.97)
        order = probe.sent(new.limit(HEDGED, OrderSide.BUY, qty, low), params={"position_idx": 1})
        await status(order, OrderStatus.ACCEPTED)
        probe.cancel_order(order)
        await status(order, OrderStatus.CANCELED)
        await status(
            probe.sent(new.market(HEDGED, OrderSide.BUY, qty, reduce_only=True), params={"position_idx": 2}), OrderStatus.FILLED
        )
        await eventually(lambda: not sides())


async def spot(check, probe):
    coin = probe.cache.instrument(COIN)
    new = probe.order_factory

    with check.case("spot: a limit order is accepted and cancelled"):
        price = coin.make_price(float(probe.at(0.97)))
        order = probe.sent(new.limit(COIN, OrderSide.BUY, coin.make_qty(Decimal(QTY)), price))
        await status(order, OrderStatus.ACCEPTED)
        probe.cancel_order(order)
        await status(order, OrderStatus.CANCELED)
    with check.case("spot: a market order buys and another sells what came of it"):
        order = probe.sent(new.market(COIN, OrderSide.BUY, coin.make_qty(Decimal(QTY))))
        await status(order, OrderStatus.FILLED)
        held = await eventually(lambda: probe.balance(BTC).free.as_decimal())
        order = probe.sent(new.market(COIN, OrderSide.SELL, coin.make_qty(held)))
        await status(order, OrderStatus.FILLED)


async def left_behind(check, probe):
    with check.case("restart: the first node leaves a position with a partial stop, and an order"):
        qty = probe.instrument.make_qty(Decimal(QTY))
        stops = {"stop_loss": str(probe.at(0.95)), "tpsl_mode": "Partial"}
        await status(probe.sent(probe.order_factory.market(CONTRACT, OrderSide.BUY, qty), params=stops), OrderStatus.FILLED)
        order = probe.sent(probe.order_factory.limit(CONTRACT, OrderSide.BUY, qty, probe.at(0.97)))
        await status(order, OrderStatus.ACCEPTED)


async def found_again(check, probe):
    with check.case("restart: the second one finds the position, its stop and the order in the reports, and clears all"):
        await eventually(lambda: probe.is_running and probe.seen["quote"], 60)
        expect(probe.portfolio.is_net_long(CONTRACT))
        kinds = sorted(order.type_string() for order in probe.cache.orders_open(instrument_id=CONTRACT))
        equal(kinds, ["LIMIT", "STOP_MARKET"])
        probe.cancel_all_orders(CONTRACT)
        qty = probe.instrument.make_qty(Decimal(QTY))
        probe.sent(probe.order_factory.market(CONTRACT, OrderSide.SELL, qty, reduce_only=True))
        await eventually(lambda: not probe.cache.orders_open(instrument_id=CONTRACT))
        await eventually(lambda: not probe.cache.positions_open(instrument_id=CONTRACT))


async def run(check, parts):
    """One life of a node."""
    loop = asyncio.get_running_loop()
    trading = node(loop)
    probe = Probe()
    probe.both_sides = BothSides()
    trading.trader.add_strategy(probe)
    trading.trader.add_strategy(probe.both_sides)
    trading.build()
    running = loop.create_task(trading.run_async())
    try:
        for part in parts:
            await part(check, probe)
    except Exception as error:  # What breaks between the cases, and so cannot go on from.
        check.fail("broke off", error)
    finally:
        await trading.stop_async()
        await asyncio.wait([running], timeout=10)


async def drive(check):
    await run(check, (settings, data, resting, positions, triggered, hedged, spot, a_bar, left_behind))
    # The clients end with their node, but the adapter would hand them out again.
    get_cached_bybit_http_client.cache_clear()
    get_cached_bybit_instrument_provider.cache_clear()
    await run(check, (found_again,))


def main():
    check = Checks("nautilus")
    asyncio.run(drive(check))
    check.finish()


if __name__ == "__main__":
    main()
