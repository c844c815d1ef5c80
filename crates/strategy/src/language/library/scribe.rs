//! Writes the nodes of a function into the program, in the words of the formula.

use windvane_model::Symbol;

use crate::indicator::{Kernel, Seed, Statistic, Which};
use crate::language::compile::{Builder, NodeId};
use crate::language::feed::FeedId;
use crate::language::live::{LiveWord, Quote};
use crate::language::op::{Binary, Field, Op, Unary};

/// The arguments of one call, checked.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Each argument: its node, and its value where that is known when the file is read.
    pub(crate) arguments: Vec<(NodeId, f64)>,
    /// How an exponential average begins; an option of `ema` alone.
    pub(crate) seed: Option<Seed>,
}

impl Given {
    /// The value at `index`.
    pub(crate) fn x(&self, index: usize) -> NodeId {
        self.arguments[index].0
    }

    /// The setting at `index`.
    pub(crate) fn figure(&self, index: usize) -> f64 {
        self.arguments[index].1
    }

    /// The count of bars at `index`, which was checked to be one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number up to MAX_BARS"
    )]
    pub(crate) fn bars(&self, index: usize) -> usize {
        self.arguments[index].1 as usize
    }

    /// The count of levels or milliseconds at `index`, which was checked to be one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in range")]
    pub(crate) fn whole(&self, index: usize) -> u32 {
        self.arguments[index].1 as u32
    }
}

/// Writes nodes for one feed and one contract.
pub(crate) struct Scribe<'b> {
    pub(crate) builder: &'b mut Builder,
    pub(crate) feed: FeedId,
    /// The contract whose quotes are meant; `None` is the bot's own.
    pub(crate) symbol: Option<Symbol>,
}

impl Scribe<'_> {
    pub(super) fn constant(&mut self, value: f64) -> NodeId {
        self.builder.node(Op::Constant(value))
    }

    pub(crate) fn field(&mut self, field: Field) -> NodeId {
        self.builder.node(Op::Field(self.feed, field))
    }

    pub(super) fn open(&mut self) -> NodeId {
        self.field(Field::Open)
    }

    pub(super) fn high(&mut self) -> NodeId {
        self.field(Field::High)
    }

    pub(super) fn low(&mut self) -> NodeId {
        self.field(Field::Low)
    }

    pub(super) fn close(&mut self) -> NodeId {
        self.field(Field::Close)
    }

    pub(super) fn volume(&mut self) -> NodeId {
        self.field(Field::Volume)
    }

    pub(crate) fn quote(&mut self, quote: Quote) -> NodeId {
        self.builder.node(Op::Live(LiveWord::Quote(quote, self.symbol)))
    }

    pub(super) fn unary(&mut self, op: Unary, of: NodeId) -> NodeId {
        self.builder.node(Op::Unary(op, of))
    }

    pub(super) fn binary(&mut self, op: Binary, left: NodeId, right: NodeId) -> NodeId {
        self.builder.node(Op::Binary(op, left, right))
    }

    pub(super) fn add(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Add, left, right)
    }

    pub(super) fn subtract(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Subtract, left, right)
    }

    pub(super) fn multiply(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Multiply, left, right)
    }

    pub(super) fn divide(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Divide, left, right)
    }

    pub(super) fn less(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Less, left, right)
    }

    pub(super) fn min(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Min, left, right)
    }

    pub(super) fn max(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.binary(Binary::Max, left, right)
    }

    pub(super) fn scaled(&mut self, factor: f64, of: NodeId) -> NodeId {
        let factor = self.constant(factor);
        self.multiply(factor, of)
    }

    pub(super) fn select(&mut self, condition: NodeId, left: NodeId, right: NodeId) -> NodeId {
        self.builder.node(Op::Select(condition, left, right))
    }

    pub(super) fn memory(&mut self, kernel: Kernel, of: NodeId) -> NodeId {
        self.builder.node(Op::Memory(kernel, [of; 3]))
    }

    pub(super) fn memory_of(&mut self, kernel: Kernel, first: NodeId, second: NodeId) -> NodeId {
        self.builder.node(Op::Memory(kernel, [first, second, first]))
    }

    /// The value `bars` ago.
    pub(crate) fn delay(&mut self, of: NodeId, bars: usize) -> NodeId {
        if bars == 0 { of } else { self.memory(Kernel::Delay { bars }, of) }
    }

    /// x − x of `bars` ago.
    pub(super) fn change(&mut self, of: NodeId, bars: usize) -> NodeId {
        let before = self.delay(of, bars);
        self.subtract(of, before)
    }

    pub(super) fn rolling(&mut self, statistic: Statistic, of: NodeId, bars: usize) -> NodeId {
        self.memory(Kernel::Rolling { bars, statistic }, of)
    }

    pub(super) fn sma(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.rolling(Statistic::Mean, of, bars)
    }

    pub(super) fn sum(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.rolling(Statistic::Sum, of, bars)
    }

    pub(super) fn stdev(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.rolling(Statistic::Deviation, of, bars)
    }

    pub(super) fn wma(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.rolling(Statistic::WeightedMean, of, bars)
    }

    pub(super) fn ema(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.memory(Kernel::Ema { bars, seed: Seed::Sma, skip: 0 }, of)
    }

    pub(super) fn wilder(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.memory(Kernel::WilderMean { bars }, of)
    }

    pub(super) fn highest(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.memory(Kernel::Extreme { bars, which: Which::Highest }, of)
    }

    pub(super) fn lowest(&mut self, of: NodeId, bars: usize) -> NodeId {
        self.memory(Kernel::Extreme { bars, which: Which::Lowest }, of)
    }

    /// (high + low) / 2
    pub(crate) fn hl2(&mut self) -> NodeId {
        let (high, low) = (self.high(), self.low());
        let sum = self.add(high, low);
        self.scaled(0.5, sum)
    }

    /// (high + low + close) / 3: the typical price.
    pub(crate) fn hlc3(&mut self) -> NodeId {
        let (high, low, close) = (self.high(), self.low(), self.close());
        let sum = self.add(high, low);
        let (sum, three) = (self.add(sum, close), self.constant(3.0));
        self.divide(sum, three)
    }

    /// (open + high + low + close) / 4: also the close of a Heikin-Ashi candle.
    pub(crate) fn ohlc4(&mut self) -> NodeId {
        let (open, high, low, close) = (self.open(), self.high(), self.low(), self.close());
        let (outer, inner) = (self.add(open, close), self.add(high, low));
        let sum = self.add(outer, inner);
        self.scaled(0.25, sum)
    }

    /// The bar's range, together with the gap from the close before.
    pub(crate) fn true_range(&mut self) -> NodeId {
        let (high, low, close) = (self.high(), self.low(), self.close());
        let before = self.delay(close, 1);
        let (top, bottom) = (self.max(high, before), self.min(low, before));
        self.subtract(top, bottom)
    }

    pub(super) fn atr(&mut self, bars: usize) -> NodeId {
        let range = self.true_range();
        self.wilder(range, bars)
    }

    /// The middle between highest high and lowest low.
    pub(super) fn midrange(&mut self, bars: usize) -> NodeId {
        let (high, low) = (self.high(), self.low());
        let (top, bottom) = (self.highest(high, bars), self.lowest(low, bars));
        let sum = self.add(top, bottom);
        self.scaled(0.5, sum)
    }

    pub(crate) fn heikin_open(&mut self) -> NodeId {
        let (open, close) = (self.open(), self.ohlc4());
        self.memory_of(Kernel::HeikinOpen, open, close)
    }

    pub(crate) fn heikin_high(&mut self) -> NodeId {
        let (high, open, close) = (self.high(), self.heikin_open(), self.ohlc4());
        let body = self.max(open, close);
        self.max(high, body)
    }

    pub(crate) fn heikin_low(&mut self) -> NodeId {
        let (low, open, close) = (self.low(), self.heikin_open(), self.ohlc4());
        let body = self.min(open, close);
        self.min(low, body)
    }
}
