"""Writes signals.json and book.csv: when each of the twelve shipped rule files must signal, computed here without the
language: arrays, TA-Lib and loops. Signals are told with their filters; the Rust side is not looked at.

    python crates/strategy/tests/golden/signals.py ../shared/data/l2_bybit_v2_capture/LTCUSDT.v5.jsonl.gz

Run from the root of the workspace with a Python that has TA-Lib and numpy. Bars are those of config/market/btcusdt.csv,
joined to the timeframe of the file; the book is a recorded one (Bybit, LTCUSDT, 2021-04-17).
"""

import gzip
import json
import math
import sys

import numpy
import talib

FOLDER = "crates/strategy/tests/golden"
DAY = 86_400_000
NAN = float("nan")

raw, funding = [], []
for line in open("config/market/btcusdt.csv", encoding="ascii"):
    cells = line.strip().split(",")
    if cells[0] == "bar":
        raw.append([int(cells[1]), *map(float, cells[2:])])
    elif cells[0] == "funding":
        funding.append((int(cells[1]), float(cells[2])))


class Bars:
    def __init__(self, minutes):
        per = minutes // 5
        groups = [raw[i : i + per] for i in range(0, len(raw) - per + 1, per)]
        self.start = [group[0][0] for group in groups]
        self.open = numpy.array([group[0][1] for group in groups])
        self.high = numpy.array([max(bar[2] for bar in group) for group in groups])
        self.low = numpy.array([min(bar[3] for bar in group) for group in groups])
        self.close = numpy.array([group[-1][4] for group in groups])
        self.volume = numpy.array([math.fsum(bar[5] for bar in group) for group in groups])
        self.minutes = minutes

    def __len__(self):
        return len(self.start)


def lag(values, n=1):
    return numpy.concatenate([numpy.full(n, NAN), values[:-n]])


def up_cross(x, y):
    x, y = x * numpy.ones(len(bars)), y * numpy.ones(len(bars))
    return (x > y) & (lag(x) <= lag(y))


def down_cross(x, y):
    return up_cross(-x, -y)


def window(values, n, function):
    out = numpy.full(len(values), NAN)
    for i in range(n - 1, len(values)):
        part = values[i - n + 1 : i + 1]
        if not numpy.isnan(part).any():
            out[i] = function(part)
    return out


def middle(n):
    return (talib.MAX(bars.high, n) + talib.MIN(bars.low, n)) / 2


def told(long, short):
    both = [(i, "long") for i in numpy.flatnonzero(long)] + [(i, "short") for i in numpy.flatnonzero(short)]
    return [[bars.start[i], side] for i, side in sorted(both)]


m5, m15 = Bars(5), Bars(15)
signals = {}

# golden-cross
bars = m15
quick, calm = talib.SMA(bars.close, 50), talib.SMA(bars.close, 200)
signals["golden-cross"] = told(up_cross(quick, calm), down_cross(quick, calm))

# macd-trend; TA-Lib hides the line until its signal is there
line, smooth, _ = talib.MACD(bars.close, 12, 26, 9)
trend = talib.EMA(bars.close, 200)
signals["macd-trend"] = told(
    up_cross(line, smooth) & (line < 0) & (bars.close > trend),
    down_cross(line, smooth) & (line > 0) & (bars.close < trend),
)

# rsi-reversion
heat, adx = talib.RSI(bars.close, 14), talib.ADX(bars.high, bars.low, bars.close, 14)
signals["rsi-reversion"] = told(up_cross(heat, 30) & (adx < 30), down_cross(heat, 70) & (adx < 30))

# bollinger-squeeze
upper, mid, lower = talib.BBANDS(bars.close, 20, 2, 2)
channel, width = talib.EMA(bars.close, 20), 1.5 * talib.ATR(bars.high, bars.low, bars.close, 20)
tight = numpy.where(numpy.isnan(width), NAN, (upper < channel + width) & (lower > channel - width))
squeezed = window(tight, 10, numpy.sum) >= 5
level = (middle(20) + talib.SMA(bars.close, 20)) / 2
momentum = window(bars.close - level, 20, lambda w: numpy.polyval(numpy.polyfit(range(20), w, 1), 19))
signals["bollinger-squeeze"] = told(
    up_cross(bars.close, upper) & squeezed & (momentum > 0), down_cross(bars.close, lower) & squeezed & (momentum < 0)
)

# donchian-turtle
top, bottom = lag(talib.MAX(bars.high, 20)), lag(talib.MIN(bars.low, 20))
signals["donchian-turtle"] = told(up_cross(bars.close, top), down_cross(bars.close, bottom))

# supertrend
atr = talib.ATR(bars.high, bars.low, bars.close, 10)
direction, last_upper, last_lower, is_up = [], None, None, False
for i in range(len(bars)):
    if math.isnan(atr[i]):
        direction.append(None)
        continue
    centre = (bars.high[i] + bars.low[i]) / 2
    over, under = centre + 3 * atr[i], centre - 3 * atr[i]
    if last_upper is not None:
        over = over if over < last_upper or bars.close[i - 1] > last_upper else last_upper
        under = under if under > last_lower or bars.close[i - 1] < last_lower else last_lower
        is_up = bars.close[i] >= under if is_up else bars.close[i] > over
    last_upper, last_lower = over, under
    direction.append(is_up)
turned = [i > 0 and direction[i - 1] is not None and direction[i] != direction[i - 1] for i in range(len(bars))]
rising = numpy.array([bool(d) for d in direction])
signals["supertrend"] = told(numpy.array(turned) & rising, numpy.array(turned) & ~rising)

# ichimoku
tenkan, kijun = middle(9), middle(26)
cloud_a, cloud_b = lag((tenkan + kijun) / 2, 26), lag(middle(52), 26)
signals["ichimoku"] = told(
    up_cross(tenkan, kijun) & (bars.close > numpy.maximum(cloud_a, cloud_b)) & (bars.close > lag(bars.close, 26)),
    down_cross(tenkan, kijun) & (bars.close < numpy.minimum(cloud_a, cloud_b)) & (bars.close < lag(bars.close, 26)),
)

# funding-filter: the rate in force at the end of a bar is that of the next settlement
quick, calm = talib.EMA(bars.close, 12), talib.EMA(bars.close, 48)
rate = numpy.array([
    next((rate for at, rate in funding if at > start + 900_000), funding[-1][1]) for start in bars.start
])
signals["funding-filter"] = told(up_cross(quick, calm) & (rate < 0.00002), down_cross(quick, calm) & (-rate < 0.00002))

# opening-range
bars = m5
time = numpy.array([start % DAY for start in bars.start])
top, bottom, high, low, is_open = [], [], NAN, NAN, False
range_top = range_bottom = NAN
for i in range(len(bars)):
    if time[i] == 0:
        high, low, is_open = bars.high[i], bars.low[i], True
    elif is_open:
        high, low = max(high, bars.high[i]), min(low, bars.low[i])
    if time[i] == 25 * 60_000:
        range_top, range_bottom = high, low
    top.append(range_top)
    bottom.append(range_bottom)
hours = (time >= 30 * 60_000) & (time <= 12 * 3_600_000)
signals["opening-range"] = told(
    up_cross(bars.close, numpy.array(top)) & hours, down_cross(bars.close, numpy.array(bottom)) & hours
)

# vwap-reversion
typical = (bars.high + bars.low + bars.close) / 3
fair, value, volume = [], 0.0, 0.0
for i in range(len(bars)):
    if time[i] == 0:
        value = volume = 0.0
    value, volume = value + typical[i] * bars.volume[i], volume + bars.volume[i]
    fair.append(value / volume)
fair = numpy.array(fair)
gap = bars.close - fair
far = (gap - window(gap, 48, numpy.mean)) / window(gap, 48, numpy.std)
late = time > 2 * 3_600_000
signals["vwap-reversion"] = told(
    up_cross(far, -2.0) & (bars.close < fair) & late, down_cross(far, 2.0) & (bars.close > fair) & late
)

# pullback
hour = Bars(60)
average = talib.EMA(hour.close, 20)
rose = (average > lag(average)) & (average > lag(average, 2))
fell = (average < lag(average)) & (average < lag(average, 2))
# The hour that has ended when the five minutes have: index of the newest one.
newest = [(start + 300_000 - hour.start[0]) // 3_600_000 - 1 for start in bars.start]
pick = lambda flags: numpy.array([bool(flags[n]) if n >= 0 else False for n in newest])
heat = talib.RSI(bars.close, 14)
signals["pullback"] = told(
    up_cross(heat, 40) & pick(hour.close > average) & pick(rose),
    down_cross(heat, 60) & pick(hour.close < average) & pick(fell),
)

# book-imbalance, on a recorded book: looked at with each message, fires when it turns true
book = {"b": {}, "a": {}}
rows, was, expected = [], {"long": None, "short": None}, []
for line in gzip.open(sys.argv[1], "rt", encoding="ascii"):
    message = json.loads(line)
    if not message["topic"].startswith("orderbook"):
        continue
    if message["type"] == "snapshot":
        book = {"b": {}, "a": {}}
    for side in "ba":
        for price, size in message["data"][side]:
            if float(size) == 0:
                book[side].pop(price, None)
            else:
                book[side][price] = size
    bids = sorted(book["b"].items(), key=lambda level: -float(level[0]))[:6]
    asks = sorted(book["a"].items(), key=lambda level: float(level[0]))[:6]
    rows.append(" ".join(f"{p}:{s}" for p, s in bids) + "," + " ".join(f"{p}:{s}" for p, s in asks))
    b, a = sum(float(s) for _, s in bids[:5]), sum(float(s) for _, s in asks[:5])
    bid, ask = float(bids[0][0]), float(asks[0][0])
    lean = (b - a) / (b + a)
    micro = (bid * float(asks[0][1]) + ask * float(bids[0][1])) / (float(asks[0][1]) + float(bids[0][1]))
    centre = (bid + ask) / 2
    now = {"long": lean > 0.6, "short": lean < -0.6}
    agrees = {"long": micro > centre, "short": micro < centre}
    for side in ("long", "short"):
        if was[side] is False and now[side] and agrees[side] and ask - bid < 0.001 * centre:
            expected.append([len(rows) - 1, side])
        was[side] = now[side]
    if len(rows) == 400:
        break
signals["book-imbalance"] = expected
open(f"{FOLDER}/book.csv", "w", encoding="ascii").write("\n".join(rows) + "\n")

lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in signals.items())
open(f"{FOLDER}/signals.json", "w", encoding="ascii").write("{\n" + lines + "\n}\n")
for name, found in signals.items():
    print(f"{name}: {len(found)}")
