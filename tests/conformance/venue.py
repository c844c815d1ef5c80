"""Where the venue is, and the documented play-money key of `config/venue.toml`."""

import argparse
from decimal import ROUND_DOWN, Decimal

KEY = "paper-key"
SECRET = "paper-secret"
SYMBOL = "BTCUSDT"
QTY = "0.001"


def address():
    """`host:port` from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--venue", default="127.0.0.1:8484", metavar="HOST:PORT")
    return parser.parse_args().venue


def price(reference, factor):
    """`reference` times `factor`, both as text, on the tick of BTCUSDT."""
    return str((Decimal(reference) * Decimal(factor)).quantize(Decimal("0.1"), ROUND_DOWN))
