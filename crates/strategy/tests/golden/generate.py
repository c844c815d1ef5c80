"""Writes indicators.json: what TA-Lib makes of the first bars of config/market/btcusdt.csv.

Run with a Python that has the packages TA-Lib and numpy, from the root of the workspace:
    python crates/strategy/tests/golden/generate.py > crates/strategy/tests/golden/indicators.json
"""

import datetime
import json

import numpy
import talib

BARS = 150

rows = [
    line.split(",")
    for line in open("config/market/btcusdt.csv", encoding="ascii")
    if line.startswith("bar,")
][:BARS]
open_, high, low, close, volume = (numpy.array([float(row[i]) for row in rows]) for i in range(2, 7))
upper, middle, lower = talib.BBANDS(close, 20, 2, 2)

series = {
    "sma(close, 20)": talib.SMA(close, 20),
    "ema(close, 12)": talib.EMA(close, 12),
    "ema(ema(close, 5), 7)": talib.EMA(talib.EMA(close, 5), 7),
    "stdev(close, 20)": talib.STDDEV(close, 20, 1),
    "bb_upper(close, 20, 2)": upper,
    "bb_mid(close, 20, 2)": middle,
    "bb_lower(close, 20, 2)": lower,
    "rsi(close, 14)": talib.RSI(close, 14),
    "atr(14)": talib.ATR(high, low, close, 14),
    "highest(high, 25)": talib.MAX(high, 25),
    "lowest(low, 25)": talib.MIN(low, 25),
    "sma(volume, 10)": talib.SMA(volume, 10),
}
header = {
    "made_by": f"TA-Lib {talib.__version__} (C library {talib.__ta_version__.decode().split()[0]})",
    "date": datetime.date.today().isoformat(),
    "input": f"the first {BARS} bars of config/market/btcusdt.csv",
}
lines = ",\n".join(
    json.dumps(name) + ": " + json.dumps([None if numpy.isnan(value) else float(value) for value in values])
    for name, values in series.items()
)
print(f'{{\n"header": {json.dumps(header)},\n"series": {{\n{lines}\n}}}}')
