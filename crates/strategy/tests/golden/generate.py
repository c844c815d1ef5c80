"""Writes indicators.json: what TA-Lib, or a plain reading of the published definition, makes of the first bars of
config/market/btcusdt.csv. The Rust side is not looked at.

Run with a Python that has the packages TA-Lib and numpy, from the root of the workspace:
    python crates/strategy/tests/golden/generate.py > crates/strategy/tests/golden/indicators.json

Of each series are kept: the bar of its first value, every seventh value from there, and the last.
"""

import datetime
import json
import math

import numpy
import talib

BARS = 400
EVERY = 7
DAY = 86_400_000

rows = [
    line.split(",")
    for line in open("config/market/btcusdt.csv", encoding="ascii")
    if line.startswith("bar,")
][:BARS]
start = [int(row[1]) for row in rows]
open_, high, low, close, volume = (numpy.array([float(row[i]) for row in rows]) for i in range(2, 7))
hl2, hlc3 = (high + low) / 2, (high + low + close) / 3
NAN = float("nan")


def over(n, values, function):
    """function of the last n values, once all of them are defined."""
    out = [NAN] * BARS
    for i in range(n - 1, BARS):
        window = list(values[i - n + 1 : i + 1])
        if not any(math.isnan(value) for value in window):
            out[i] = function(window)
    return numpy.array(out)


def lag(values, n):
    return numpy.concatenate([[NAN] * n, values[: BARS - n]]) if n else numpy.array(values)


def ema(values, n, seed="sma"):
    """Seeded with the mean of the first n defined values, or with the first."""
    out, alpha = [NAN] * BARS, 2 / (n + 1)
    first = next(i for i in range(BARS) if not math.isnan(values[i]))
    if seed == "sma":
        average, begin = math.fsum(values[first : first + n]) / n, first + n - 1
        out[begin] = average
        for i in range(begin + 1, BARS):
            average += alpha * (values[i] - average)
            out[i] = average
    else:
        average = values[first]
        for i in range(first, BARS):
            average += alpha * (values[i] - average) if i > first else 0
            out[i] = average if i >= first + n - 1 else NAN
    return numpy.array(out)


def mean(window):
    return math.fsum(window) / len(window)


def stdev(window):
    middle = mean(window)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in window) / len(window))


def wma(values, n):
    return over(n, values, lambda w: math.fsum((i + 1) * v for i, v in enumerate(w)) * 2 / (n * (n + 1)))


def fit(values, n):
    """(value at the newest bar, slope) of the least-squares line."""
    def line(window):
        middle, average = (n - 1) / 2, mean(window)
        slope = math.fsum((i - middle) * (v - average) for i, v in enumerate(window)) / math.fsum(
            (i - middle) ** 2 for i in range(n)
        )
        return average + slope * (n - 1 - middle), slope

    return over(n, values, lambda w: line(w)[0]), over(n, values, lambda w: line(w)[1])


def midrange(n):
    return (over(n, high, max) + over(n, low, min)) / 2


before = lag(close, 1)
true_range = numpy.fmax(high, before) - numpy.fmin(low, before)
true_range[0] = NAN
change = close - before
atr10 = talib.ATR(high, low, close, 10)


def supertrend(n, k):
    """TradingView, ta.supertrend."""
    atr = talib.ATR(high, low, close, n)
    line, up = [NAN] * BARS, [NAN] * BARS
    upper_before = lower_before = None
    is_up = False
    for i in range(BARS):
        if math.isnan(atr[i]):
            continue
        upper, lower = hl2[i] + k * atr[i], hl2[i] - k * atr[i]
        if upper_before is not None:
            if not (lower > lower_before or close[i - 1] < lower_before):
                lower = lower_before
            if not (upper < upper_before or close[i - 1] > upper_before):
                upper = upper_before
            is_up = not close[i] < lower if is_up else close[i] > upper
        line[i], up[i] = (lower if is_up else upper), float(is_up)
        upper_before, lower_before = upper, lower
    return numpy.array(line), numpy.array(up)


def heikin():
    """(open, close) of the Heikin-Ashi candles."""
    closes = (open_ + high + low + close) / 4
    opens = [(open_[0] + closes[0]) / 2]
    for i in range(1, BARS):
        opens.append((opens[-1] + closes[i - 1]) / 2)
    return numpy.array(opens), closes


def fisher(n):
    """Ehlers, Using the Fisher Transform (2002)."""
    top, bottom = over(n, hl2, max), over(n, hl2, min)
    out, smooth, value = [NAN] * BARS, 0.0, 0.0
    for i in range(n - 1, BARS):
        smooth = 0.66 * ((hl2[i] - bottom[i]) / (top[i] - bottom[i]) - 0.5) + 0.67 * smooth
        if abs(smooth) > 0.99:
            smooth = math.copysign(0.999, smooth)
        value = 0.5 * math.log((1 + smooth) / (1 - smooth)) + 0.5 * value
        out[i] = value
    return numpy.array(out)


def vidya(n):
    """Chande: an exponential average whose alpha is scaled by |CMO|; begins from the value before its first."""
    out, average = [NAN] * BARS, None
    for i in range(n, BARS):
        steps = [change[j] for j in range(i - n + 1, i + 1)]
        strength = abs(math.fsum(steps)) / math.fsum(abs(step) for step in steps)
        average = close[i - 1] if average is None else average
        average += 2 / (n + 1) * strength * (close[i] - average)
        out[i] = average
    return numpy.array(out)


def since_midnight(values, fold):
    out, so_far = [], None
    for i in range(BARS):
        so_far = values[i] if start[i] % DAY == 0 or so_far is None else fold(so_far, values[i])
        out.append(so_far)
    return numpy.array(out)


def anchored(is_anchor):
    """The average of hlc3 by volume from the newest anchor on."""
    out, first = [NAN] * BARS, None
    for i in range(BARS):
        first = i if is_anchor(i) else first
        if first is not None:
            part = slice(first, i + 1)
            out[i] = math.fsum(hlc3[part] * volume[part]) / math.fsum(volume[part])
    return numpy.array(out)


def pivot(values, extreme, before_bars, after_bars):
    """The newest value that is the extreme of the bars around it."""
    out, last = [NAN] * BARS, NAN
    for i in range(before_bars + after_bars, BARS):
        window = values[i - before_bars - after_bars : i + 1]
        if values[i - after_bars] == extreme(window):
            last = values[i - after_bars]
        out[i] = last
    return numpy.array(out)


def hour_bars():
    """(close of the newest whole hour, ema(close, 3) of whole hours), as known at each 5-minute bar's end."""
    closes, last = [], [NAN] * BARS
    averages, smooth = [], [NAN] * BARS
    for i in range(BARS):
        if start[i] % 3_600_000 == 3_600_000 - 300_000:
            closes.append(close[i])
            if len(closes) == 3:
                averages.append(mean(closes))
            elif len(closes) > 3:
                averages.append(averages[-1] + 0.5 * (closes[-1] - averages[-1]))
        last[i] = closes[-1] if closes else NAN
        smooth[i] = averages[-1] if averages else NAN
    return numpy.array(last), numpy.array(smooth)


def hour_pivots():
    """Classic pivot levels of the newest whole hour, by the words of the language."""
    names = ["pivot_point", "pivot_r1", "pivot_r2", "pivot_r3", "pivot_s1", "pivot_s2", "pivot_s3"]
    out = {name: [NAN] * BARS for name in names}
    levels = [NAN] * 7
    for i in range(BARS):
        if start[i] % 3_600_000 == 3_600_000 - 300_000:
            top, bottom, last = max(high[i - 11 : i + 1]), min(low[i - 11 : i + 1]), close[i]
            p = (top + bottom + last) / 3
            levels = [p, 2 * p - bottom, p + (top - bottom), top + 2 * (p - bottom)]
            levels += [2 * p - top, p - (top - bottom), bottom - 2 * (top - p)]
        for name, level in zip(names, levels):
            out[name][i] = level
    return {f"{name}()@1h": numpy.array(values) for name, values in out.items()}


upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
macd, macd_signal, macd_hist = talib.MACD(close, 12, 26, 9)
slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
aroon_down, aroon_up = talib.AROON(high, low, 14)
line, up = supertrend(10, 3)
ha_open, ha_close = heikin()
fit_value, fit_slope = fit(close, 14)
hour_close, hour_ema = hour_bars()
signed = numpy.where(high == low, 0.0, ((close - low) - (high - close)) / (high - low)) * volume
momentum_level = (midrange(20) + over(20, close, mean)) / 2
doubled_half = 2 * wma(close, 8) - wma(close, 16)
esa = ema(hlc3, 10)
wave = (hlc3 - esa) / (0.015 * ema(abs(hlc3 - esa), 10))
log_change = numpy.log(close / before)
rsi14 = talib.RSI(close, 14)
above = (close > over(20, close, mean)).astype(float)
above[:19] = NAN


def place(values, n):
    top, bottom = over(n, values, max), over(n, values, min)
    return 100 * (values - bottom) / (top - bottom)


def bars_since(flags):
    out, count = [], NAN
    for flag in flags:
        count = 0.0 if flag == 1 else count + 1
        out.append(count)
    return numpy.array(out)


TA_LIB = {
    "sma(close, 20)": talib.SMA(close, 20),
    "ema(close, 12)": talib.EMA(close, 12),
    "ema(ema(close, 5), 7)": talib.EMA(talib.EMA(close, 5), 7),
    "wma(close, 9)": talib.WMA(close, 9),
    "dema(close, 10)": talib.DEMA(close, 10),
    "tema(close, 10)": talib.TEMA(close, 10),
    "kama(close, 10)": talib.KAMA(close, 10),
    "stdev(close, 20)": talib.STDDEV(close, 20, 1),
    "bb_upper(close, 20, 2)": upper,
    "bb_mid(close, 20, 2)": middle,
    "bb_lower(close, 20, 2)": lower,
    "highest(high, 25)": talib.MAX(high, 25),
    "lowest(low, 25)": talib.MIN(low, 25),
    "donchian_upper(20)": talib.MAX(high, 20),
    "donchian_lower(20)": talib.MIN(low, 20),
    "hl2": talib.MEDPRICE(high, low),
    "hlc3": talib.TYPPRICE(high, low, close),
    "ohlc4": talib.AVGPRICE(open_, high, low, close),
    "sma(volume, 10)": talib.SMA(volume, 10),
    "sum(volume, 10)": talib.SUM(volume, 10),
    "rsi(close, 14)": rsi14,
    "atr(14)": talib.ATR(high, low, close, 14),
    "natr(14)": talib.NATR(high, low, close, 14) / 100,
    "macd(close, 12, 26, 9)": talib.EMA(close, 12) * 0 + talib.MACDEXT(close, 12, 1, 26, 1, 1, 1)[0],
    "macd_signal(close, 12, 26, 9)": macd_signal,
    "macd_hist(close, 12, 26, 9)": macd_hist,
    "ppo(close, 12, 26)": talib.PPO(close, 12, 26, 1) / 100,
    "trix(close, 8)": talib.TRIX(close, 8) / 100,
    "stoch_k(14, 3)": talib.STOCH(high, low, close, 14, 3, 0, 1, 0)[0],
    "stoch_k(14, 1)": talib.STOCHF(high, low, close, 14, 1)[0],
    "stoch_d(14, 3, 3)": slow_d,
    "stoch_rsi(close, 14, 14)": place(rsi14, 14),
    "williams_r(14)": talib.WILLR(high, low, close, 14),
    "cci(20)": talib.CCI(high, low, close, 20),
    "cmo(close, 14)": talib.CMO(close, 14),
    "ultimate(7, 14, 28)": talib.ULTOSC(high, low, close, 7, 14, 28),
    "change(close, 10)": talib.MOM(close, 10),
    "roc(close, 10)": talib.ROCP(close, 10),
    "plus_di(14)": talib.PLUS_DI(high, low, close, 14),
    "minus_di(14)": talib.MINUS_DI(high, low, close, 14),
    "adx(14)": talib.ADX(high, low, close, 14),
    "sar(0.02, 0.2)": talib.SAR(high, low, 0.02, 0.2),
    "aroon_up(14)": aroon_up,
    "aroon_down(14)": aroon_down,
    "obv()": talib.OBV(close, volume),
    "ad()": talib.AD(high, low, close, volume),
    "mfi(14)": talib.MFI(high, low, close, volume, 14),
    "linreg(close, 14)": talib.LINEARREG(close, 14),
    "slope(close, 14)": talib.LINEARREG_SLOPE(close, 14),
}
DEFINITIONS = {
    "ema(close, 12, seed = first)": ema(close, 12, "first"),
    "rma(close, 14)": None,
    "hma(close, 16)": wma(doubled_half, 4),
    "zlema(close, 9)": ema(2 * close - lag(close, 4), 9),
    "vwma(close, 20)": over(20, close * volume, math.fsum) / over(20, volume, math.fsum),
    "vidya(close, 14)": vidya(14),
    "median(close, 10)": over(10, close, lambda w: (sorted(w)[4] + sorted(w)[5]) / 2),
    "bb_width(close, 20, 2)": 4 * over(20, close, stdev) / over(20, close, mean),
    "bb_percent(close, 20, 2)": (close - over(20, close, mean) + 2 * over(20, close, stdev)) / (4 * over(20, close, stdev)),
    "kc_upper(10, 2)": ema(close, 10) + 2 * atr10,
    "kc_mid(10, 2)": ema(close, 10),
    "kc_lower(10, 2)": ema(close, 10) - 2 * atr10,
    "donchian_mid(20)": midrange(20),
    "tenkan(9)": midrange(9),
    "kijun(26)": midrange(26),
    "senkou_a(9, 26, 26)": lag((midrange(9) + midrange(26)) / 2, 26),
    "senkou_b(52, 26)": lag(midrange(52), 26),
    "pivot_high(high, 5, 3)": pivot(high, max, 5, 3),
    "pivot_low(low, 5, 3)": pivot(low, min, 5, 3),
    "percent_rank(close, 50)": over(50, close, lambda w: sum(v <= w[-1] for v in w) / 50),
    "z_score(close, 20)": (close - over(20, close, mean)) / over(20, close, stdev),
    "tsi(close, 25, 13)": 100 * ema(ema(change, 25), 13) / ema(ema(abs(change), 25), 13),
    "awesome(5, 34)": over(5, hl2, mean) - over(34, hl2, mean),
    "squeeze_momentum(20)": fit(close - momentum_level, 20)[0],
    "fisher(10)": fisher(10),
    "wavetrend(10, 21)": ema(wave, 21),
    "supertrend(10, 3)": line,
    "supertrend_up(10, 3)": up,
    "choppiness(14)": 100 * numpy.log10(over(14, true_range, math.fsum) / (over(14, high, max) - over(14, low, min))) / math.log10(14),
    "vhf(close, 14)": (over(14, close, max) - over(14, close, min)) / over(14, abs(change), math.fsum),
    "cmf(20)": over(20, signed, math.fsum) / over(20, volume, math.fsum),
    "vwap()": since_midnight(hlc3 * volume, lambda a, b: a + b) / since_midnight(volume, lambda a, b: a + b),
    "vwap_since(high >= highest(high, 50))": anchored(lambda i: i >= 49 and high[i] == max(high[i - 49 : i + 1])),
    "vwap_of(20)": over(20, hlc3 * volume, math.fsum) / over(20, volume, math.fsum),
    "realised_volatility(close, 24)": numpy.sqrt(over(24, log_change**2, mean) * 365 * 288),
    "true_range": true_range,
    "ha_open": ha_open,
    "ha_low": numpy.minimum(low, numpy.minimum(ha_open, ha_close)),
    "ha_close": ha_close,
    "ha_high": numpy.maximum(high, numpy.maximum(ha_open, ha_close)),
    "highest_since(new_day, high)": since_midnight(high, max),
    "value_when(bar_time == 1h, open)": numpy.array([NAN] * 12 + [open_[12 + (i - 12) // 288 * 288] for i in range(12, BARS)]),
    "bars_since(close > sma(close, 20))": bars_since(above),
    "count(close > sma(close, 20), 10)": over(10, above, math.fsum),
    "close[3]": lag(close, 3),
    "close@1h": hour_close,
    "ema(close, 3) @1h": hour_ema,
    "weekday": numpy.array([float(datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).isoweekday()) for ms in start]),
}


def wilder(values, n):
    out = [NAN] * BARS
    average = math.fsum(values[:n]) / n
    out[n - 1] = average
    for i in range(n, BARS):
        average += (values[i] - average) / n
        out[i] = average
    return numpy.array(out)


DEFINITIONS |= hour_pivots()
DEFINITIONS["rma(close, 14)"] = wilder(close, 14)
# TA-Lib's MACD shows its line only from the bar of its first signal on; the line itself begins with the slow average.
TA_LIB["macd(close, 12, 26, 9)"] = numpy.concatenate([[NAN] * 25, talib.MACD(close, 12, 26, 1)[0][25:]])


def kept(values):
    defined = [i for i in range(BARS) if not math.isnan(values[i])]
    first = defined[0]
    assert defined == list(range(first, BARS)), "no holes"
    return first, [float(f"{value:.14g}") for value in [*values[first::EVERY], values[-1]]]


header = {
    "made_by": f"TA-Lib {talib.__version__} (C library {talib.__ta_version__.decode().split()[0]}) and plain definitions",
    "input": f"the first {BARS} bars of config/market/btcusdt.csv",
    "bars": BARS,
    "every": EVERY,
}
lines = ",\n".join(json.dumps(name) + ": " + json.dumps(kept(values)) for name, values in {**TA_LIB, **DEFINITIONS}.items())
print(f'{{\n"header": {json.dumps(header)},\n"series": {{\n{lines}\n}}}}')
