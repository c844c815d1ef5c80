//! When our margin is compared with the venue's own figures: at the start and at every audit with the account that is read
//! then and with what an order that is only asked about would hold (`pre-check`, cross margin only), and with each
//! position and wallet that the venue pushes.
//!
//! What a wallet says of margin may be of a moment before or after the messages around it. It is compared once the
//! account has been quiet for a while, at the marks that were known when it came.
//!
//! A wallet also shows what of the account's margin is held by what is not counted here: then nothing opens.

use crate::engine::{Engine, push_query};
use crate::output::Output;
use rust_decimal::Decimal;
use windvane_model::{
    AccountEvent, Event, HaltCause, Millis, OrderQuestion, PositionIndex, Price, Query, QueryAnswer, Side,
    Stamp, Symbol, WallTime, WalletReport,
};
use windvane_order_management::{Order, OrderState};
use windvane_risk::margin::{Elsewhere, MarginMode};
use windvane_risk::{Miscount, WalletMargins};

/// So long nothing else may have happened on the account, wall clock.
const QUIET_MS: Millis = 500;

/// So many questions without an answer in a row, and they are put less often.
const UNANSWERED_MOST: u32 = 3;
/// Then with each of so many audits only.
const ASKED_EVERY: u32 = 10;
/// So many times the venue may say that it has no such call, as for demo accounts, and no further question is put.
const UNSUPPORTED_MOST: u32 = 3;
/// An order that is asked about would take this part of what is available: large enough to show an error of the rule.
const ASKED_PART: Decimal = Decimal::from_parts(4, 0, 0, false, 0);

/// What the venue said of margin, not compared yet, and what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Calibrating {
    waiting: Option<(WalletMargins, WallTime)>,
    /// The marks of contracts with a position when that came.
    marks: Vec<(Symbol, Price)>,
    /// What was last told of margin that is held elsewhere.
    elsewhere: Option<Elsewhere>,
    /// When anything but a wallet last came of the account.
    stirred: WallTime,
    /// When an order was asked about that has no answer yet.
    asked: Option<WallTime>,
    /// Questions without an answer in a row.
    unanswered: u32,
    /// Audits since then without a question.
    skipped: u32,
    /// How often in a row the venue has said that it has no such call.
    unsupported: u32,
    /// Whose contract is asked about next, as a count.
    turn: usize,
}

impl Calibrating {
    /// Whether nothing waits to be compared, or no order on either side, which comes to the same at any price.
    pub(crate) fn is_at_rest(&self, order_margin: Decimal) -> bool {
        self.waiting.is_none_or(|(theirs, _)| theirs.holds_no_orders() && order_margin.is_zero())
    }

    /// Whether an order may be asked about with this audit.
    const fn is_turn_to_ask(&mut self) -> bool {
        if self.unsupported >= UNSUPPORTED_MOST {
            return false;
        }
        if self.unanswered < UNANSWERED_MOST {
            return true;
        }
        self.skipped += 1;
        self.skipped.is_multiple_of(ASKED_EVERY)
    }
}

impl Engine {
    /// Compares what there is to compare after an event. An error that lasts halts.
    pub(crate) fn calibrate(&mut self, event: &Event, stamp: Stamp, out: &mut Vec<Output>) {
        let mut miscount = None;
        match event {
            Event::Account(AccountEvent::Wallet(wallet)) => {
                self.look_elsewhere(wallet, out);
                self.await_quiet(wallet, stamp);
            }
            Event::Account(AccountEvent::Answer(QueryAnswer::Account(snapshot))) => {
                self.look_elsewhere(&snapshot.wallet, out);
                for report in &snapshot.positions {
                    miscount = miscount.or(self.risk.compare_position(report, self.orders.exposure()));
                }
                // Its parts were read one after the other, and what came meanwhile is in some of them only.
                if stamp.wall.millis_since(self.calibrating.stirred) >= QUIET_MS {
                    self.await_quiet(&snapshot.wallet, stamp);
                    self.ask_about_an_order(stamp, out);
                }
            }
            Event::Account(AccountEvent::Answer(QueryAnswer::PreCheck(told))) => {
                let asked = self.calibrating.asked.take();
                (self.calibrating.unanswered, self.calibrating.skipped) = (0, 0);
                self.calibrating.unsupported = 0;
                if asked.is_some_and(|asked| self.calibrating.stirred < asked) && self.is_quiet() {
                    miscount = self.risk.compare_rates(told, self.orders.exposure());
                }
            }
            Event::Account(AccountEvent::QueryFailed(failed))
                if matches!(failed.query, Query::PreCheck(_)) =>
            {
                self.calibrating.asked = None;
                self.calibrating.unanswered = self.calibrating.unanswered.saturating_add(1);
                let unsupported = self.calibrating.unsupported.saturating_add(1);
                self.calibrating.unsupported = if failed.is_unsupported { unsupported } else { 0 };
            }
            Event::Account(event) => {
                if let AccountEvent::Position(report) = event {
                    miscount = self.risk.compare_position(report, self.orders.exposure());
                }
                (self.calibrating.waiting, self.calibrating.stirred) = (None, stamp.wall);
            }
            Event::Market(_) | Event::Link(_) | Event::Reference(_) | Event::Timer | Event::Control(_) => {}
        }
        miscount = miscount.or(self.compare_when_quiet(stamp));
        if let Some(miscount) = miscount {
            out.push(Output::Miscount(miscount));
            self.gate.halt(HaltCause::MarginModel);
        }
    }

    /// Compares what waits for the account to be quiet, once it has been.
    pub(crate) fn compare_when_quiet(&mut self, stamp: Stamp) -> Option<Miscount> {
        let (theirs, _) =
            self.calibrating.waiting.take_if(|(_, since)| stamp.wall.millis_since(*since) >= QUIET_MS)?;
        if !self.is_quiet() {
            return None;
        }
        self.risk.compare_wallet(&theirs, &self.calibrating.marks, self.orders.exposure())
    }

    /// Asks what an order would make of the account, of one bot's contract after the other; where there is nothing to ask
    /// of one, of the next that has. Nothing is placed.
    fn ask_about_an_order(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if !self.is_quiet() || !self.calibrating.is_turn_to_ask() {
            return;
        }
        let turns = self.calibrating.turn..self.calibrating.turn + self.bots.len();
        let asked = turns.into_iter().find_map(|turn| Some((turn + 1, self.question(turn)?)));
        if let Some((next, question)) = asked {
            (self.calibrating.asked, self.calibrating.turn) = (Some(stamp.wall), next);
            push_query(Query::PreCheck(question), out);
        }
    }

    /// An order that the account can afford on the side of what a bot holds, at the mark; `None` where there is nothing to
    /// ask, as of a contract without a mark.
    fn question(&self, turn: usize) -> Option<OrderQuestion> {
        let exposure = self.orders.exposure();
        if exposure.margin_mode() != MarginMode::Cross {
            return None;
        }
        let bot = self.bots.get(turn.checked_rem(self.bots.len())?)?;
        let symbol = bot.symbol;
        let instrument = &exposure.listed(symbol)?.instrument;
        let held = exposure.contract(symbol, bot.position_index);
        let position_index = bot.position_index;
        let side = match position_index {
            PositionIndex::LONG => Side::Buy,
            PositionIndex::SHORT => Side::Sell,
            _ => held.and_then(|held| held.position.side).unwrap_or(Side::Buy),
        };
        let price = instrument.round_passive_to_tick(side, self.quotes.get(symbol).mark?.get())?;
        let most = exposure.max_affordable_qty(symbol, position_index, side, price);
        let qty = instrument.round_down_to_lot(most.get().checked_div(ASKED_PART)?);
        let is_taken = qty >= instrument.min_qty && price.times(qty) >= instrument.min_notional;
        is_taken.then_some(OrderQuestion { symbol, position_index, side, qty, price })
    }

    fn is_quiet(&self) -> bool {
        self.orders.is_reconciled() && self.orders.live_orders().all(is_quiet)
    }

    fn await_quiet(&mut self, wallet: &WalletReport, stamp: Stamp) {
        let exposure = self.orders.exposure();
        let told = WalletMargins::of(wallet, self.risk.limits().coin(), exposure.margin_mode());
        self.calibrating.waiting = told.map(|told| (told, stamp.wall));
        self.calibrating.marks.clear();
        let held = exposure.contracts().filter(|contract| contract.position.side.is_some());
        let marks = held.filter_map(|contract| Some((contract.position.symbol, contract.valuation_price()?)));
        self.calibrating.marks.extend(marks);
    }

    /// Halts while margin of the account is held by what is not counted, as often as a wallet shows it.
    fn look_elsewhere(&mut self, wallet: &WalletReport, out: &mut Vec<Output>) {
        let Some(found) = Elsewhere::of(wallet, self.risk.limits().coin()) else { return };
        // A person who resumes is told again.
        let is_told = self.calibrating.elsewhere == Some(found) && self.gate.latched().is_some();
        if !is_told {
            self.calibrating.elsewhere = Some(found);
            out.push(Output::Elsewhere(found));
        }
        self.gate.halt(HaltCause::OtherMargin);
    }
}

fn is_quiet(order: &Order) -> bool {
    let is_known = matches!(order.state(), OrderState::Working(_));
    is_known && !order.is_amend_pending() && !order.is_cancel_pending()
}
