"""TA-Lib's nanoseconds a bar, to lay beside `cargo bench -p windvane-strategy --bench indicators`.

TA-Lib works through a whole array at once, ours moves on bar by bar as a live bot does: not the same job. Run from the
root of the workspace with a Python that has TA-Lib and numpy:
    python crates/strategy/benches/time_talib.py
"""

import time

import numpy
import talib

rows = [
    line.split(",")
    for line in open("config/market/btcusdt.csv", encoding="ascii")
    if line.startswith("bar,")
]
open_, high, low, close, volume = (numpy.array([float(row[i]) for row in rows]) for i in range(2, 7))

CALLS = {
    "sma(close, 20)": lambda: talib.SMA(close, 20),
    "ema(close, 20)": lambda: talib.EMA(close, 20),
    "wma(close, 20)": lambda: talib.WMA(close, 20),
    "dema(close, 20)": lambda: talib.DEMA(close, 20),
    "tema(close, 20)": lambda: talib.TEMA(close, 20),
    "kama(close, 10)": lambda: talib.KAMA(close, 10),
    "linreg(close, 14)": lambda: talib.LINEARREG(close, 14),
    "stdev(close, 20)": lambda: talib.STDDEV(close, 20),
    "bb_upper(close, 20, 2)": lambda: talib.BBANDS(close, 20, 2, 2),
    "rsi(close, 14)": lambda: talib.RSI(close, 14),
    "stoch_k(14, 3)": lambda: talib.STOCH(high, low, close, 14, 3, 0, 3, 0),
    "cci(20)": lambda: talib.CCI(high, low, close, 20),
    "macd_hist(close, 12, 26, 9)": lambda: talib.MACD(close, 12, 26, 9),
    "roc(close, 10)": lambda: talib.ROC(close, 10),
    "adx(14)": lambda: talib.ADX(high, low, close, 14),
    "sar(0.02, 0.2)": lambda: talib.SAR(high, low, 0.02, 0.2),
    "aroon_up(14)": lambda: talib.AROON(high, low, 14),
    "atr(14)": lambda: talib.ATR(high, low, close, 14),
    "obv()": lambda: talib.OBV(close, volume),
    "mfi(14)": lambda: talib.MFI(high, low, close, volume, 14),
}

for name, call in CALLS.items():
    best = float("inf")
    for _ in range(50):
        began = time.perf_counter_ns()
        call()
        best = min(best, time.perf_counter_ns() - began)
    print(f"{name:32} {best / len(close):8.1f} ns per bar")
