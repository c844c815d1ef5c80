"""freqtrade as a bot of its own: a dry run, then a trade in futures mode with its stop on the exchange, opened and closed."""

import json
import logging
import tempfile
from pathlib import Path

from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade
from freqtrade.rpc import RPC

from ccxt_venue import MARKET
from checks import Checks, equal, expect, until
from venue import KEY, SECRET, address

STRATEGY = '''
from freqtrade.strategy import IStrategy


class Always(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.2
    startup_candle_count = 5
    order_types = {
        "entry": "market", "exit": "market", "emergency_exit": "market", "force_exit": "market",
        "stoploss": "market", "stoploss_on_exchange": True, "stoploss_on_exchange_interval": 60,
    }

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe

    def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side, **kwargs):
        return 2.0
'''


def config(folder, dry_run):
    """What a user would write, with the addresses of the venue."""
    http = f"http://{address()}"
    urls = {"urls": {"api": {name: http for name in ("spot", "futures", "v2", "public", "private")}}}
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    typed = {
        "dry_run": dry_run,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "stake_currency": "USDT",
        "stake_amount": 200,
        "max_open_trades": 1,
        "exchange": {
            "name": "bybit",
            "key": "" if dry_run else KEY,
            "secret": "" if dry_run else SECRET,
            "enable_ws": False,
            "ccxt_config": urls,
            "pair_whitelist": [MARKET],
        },
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "strategy": "Always",
        "strategy_path": str(folder),
        "user_data_dir": str(folder),
        "db_url": f"sqlite:///{folder}/{'dry' if dry_run else 'live'}.sqlite",
        "initial_state": "running",
    }
    file = folder / "config.json"
    file.write_text(json.dumps(typed))
    mode = RunMode.DRY_RUN if dry_run else RunMode.LIVE
    return Configuration({"config": [str(file)]}, mode).get_config()


def started(folder, dry_run):
    bot = FreqtradeBot(config(folder, dry_run))
    bot.startup()
    return bot


def worked(bot, condition):
    """What becomes of a trade, with the bot's loop turning until it does."""
    def turn():
        bot.process()
        trades = Trade.get_trades_proxy()
        return trades[0] if trades and condition(trades[0]) else None

    return until(turn, 30)


def dry(check, folder):
    with check.case("dry run: starts, reads markets and candles, and enters on its signal"):
        bot = started(folder, dry_run=True)
        expect(worked(bot, lambda trade: trade.is_open).amount > 0)
        bot.cleanup()


def live(check, folder):
    bot = started(folder, dry_run=False)
    exchange = bot.exchange
    try:
        with check.case("live: starts on a unified account with the wallet it has"):
            expect(exchange.unified_account)
            expect(bot.wallets.get_total("USDT") > 1_000)
        with check.case("live: a market entry fills, at the leverage it asked for"):
            trade = worked(bot, lambda trade: trade.is_open and not trade.has_open_orders)
            equal((trade.leverage, trade.is_short), (2.0, False))
            expect(trade.open_rate > 0 and trade.fee_open > 0)
            position = exchange.fetch_positions(MARKET)[0]
            equal((position["side"], position["contracts"]), ("long", trade.amount))
        with check.case("live: the book, the entry's order and its executions are read"):
            book = exchange.fetch_l2_order_book(MARKET, 25)
            expect(book["bids"][0][0] < book["asks"][0][0])
            entry = trade.orders[0].order_id
            equal(exchange.fetch_order(entry, MARKET)["status"], "closed")
            fills = exchange.get_trades_for_order(entry, MARKET, trade.open_date_utc)
            equal(sum(fill["amount"] for fill in fills), trade.amount)
        with check.case("live: a limit order rests and is cancelled"):
            terms = {"pair": MARKET, "ordertype": "limit", "side": "buy", "amount": trade.amount, "leverage": 2.0}
            order = exchange.create_order(**terms, rate=book["bids"][0][0] * 0.97, time_in_force="PO")
            equal(exchange.fetch_order(order["id"], MARKET)["status"], "open")
            equal(exchange.cancel_order_with_result(order["id"], MARKET, trade.amount)["status"], "canceled")
        with check.case("live: its stop waits on the exchange"):
            trade = worked(bot, lambda trade: trade.has_open_sl_orders)
            stop = exchange.fetch_stoploss_order(trade.open_sl_orders[0].order_id, MARKET)
            equal((stop["status"], stop["reduceOnly"]), ("open", True))
        with check.case("live: a forced exit closes the trade, and its stop with it"):
            RPC(bot)._rpc_force_exit("all")
            trade = worked(bot, lambda trade: not trade.is_open)
            expect(trade.close_rate > 0)
            equal([position for position in exchange.fetch_positions(MARKET) if position["contracts"]], [])
            equal(exchange._api.fetch_open_orders(MARKET, params={"orderFilter": "StopOrder"}), [])
    finally:
        # The other clients expect cross margin.
        exchange._api.private_post_v5_account_set_margin_mode({"setMarginMode": "REGULAR_MARGIN"})
        bot.cleanup()


def main():
    logging.disable(logging.CRITICAL)
    check = Checks("freqtrade")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "always.py").write_text(STRATEGY)
        check.run(dry, folder)
        check.run(live, folder)
    check.finish()


if __name__ == "__main__":
    main()
