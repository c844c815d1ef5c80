//! One position: its executions in the venue's order, what they make of it, and what the venue says of it.

use crate::holding::Holding;
use crate::identity::PositionKey;
use crate::ledger::FillKey;
use crate::wallet::{profit_coin, settle_coin};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_layout::layout;
use windvane_model::{
    Execution, MarketTime, Millis, Mutant, PositionReport, PositionStatus, Price, Side, TriggerBy, WallTime,
    mutant,
};

/// One position of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    key: PositionKey,
    /// What was held before the first execution of the book.
    found: Holding,
    /// Sequence of the last execution that is part of `found` and moved the position.
    sealed_sequence: Option<i64>,
    book: Vec<Booked>,
    reported: Option<PositionReport>,
    /// Since when the venue's size or average has differed.
    differs_since: Option<WallTime>,
    /// The report whose average price was complained of already.
    average_complaint: Option<Price>,
    is_in_doubt: bool,
    /// Whether an order of ours opened or grew what is held now.
    is_ours: bool,
    /// The stop-loss that was last asked for what is held now.
    wanted_stop: Option<Price>,
    /// Which price fires it.
    wanted_by: TriggerBy,
    unprotected_since: Option<WallTime>,
    unprotected_before_ms: Millis,
}

/// A stop-loss that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedStop {
    /// Where.
    pub at: Price,
    /// Which price fires it.
    pub by: TriggerBy,
}

/// One execution and the position right after it.
#[derive(Debug, Clone, PartialEq)]
struct Booked {
    turn: Turn,
    execution: Execution,
    after: Holding,
}

/// The place of an execution in the venue's order, whatever the order of its arrival.
///
/// The average price and the profit depend on that order. Time and sequence settle it between matches; the
/// fills of one match share both and walk away from the touch; what is still equal keeps the order of its
/// arrival, because one topic keeps it, until a list of the venue's shows otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: MarketTime,
    sequence: i64,
    walk: Decimal,
    arrival: u64,
}

/// How the venue's picture compares with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Size and average price are equal.
    Agrees,
    /// The report is older than our last execution, or there is none.
    Stale,
    /// The size differs.
    Size,
    /// Only the average price differs.
    Average,
}

impl Position {
    pub(crate) fn new(key: PositionKey) -> Self {
        Self {
            key,
            found: Holding::default(),
            sealed_sequence: None,
            book: Vec::new(),
            reported: None,
            differs_since: None,
            average_complaint: None,
            is_in_doubt: false,
            is_ours: false,
            wanted_stop: None,
            wanted_by: TriggerBy::default(),
            unprotected_since: None,
            unprotected_before_ms: 0,
        }
    }

    /// Contract and position index.
    #[must_use]
    pub const fn key(&self) -> PositionKey {
        self.key
    }

    /// What the executions make of it.
    #[must_use]
    pub fn holding(&self) -> &Holding {
        self.book.last().map_or(&self.found, |booked| &booked.after)
    }

    /// The venue's last word of it: leverage, margins, protection.
    #[must_use]
    pub const fn reported(&self) -> Option<&PositionReport> {
        self.reported.as_ref()
    }

    /// What the venue is doing to it. What is flat undergoes nothing, whatever was last said of it.
    #[must_use]
    pub fn status(&self) -> PositionStatus {
        let told = self.reported.as_ref().filter(|_| self.holding().side().is_some());
        told.map_or(PositionStatus::Normal, |report| report.status)
    }

    /// Stop-loss at the venue, as far as reported.
    #[must_use]
    pub fn stop_loss(&self) -> Option<Price> {
        self.reported.as_ref().and_then(|report| report.stop_loss)
    }

    /// Take-profit at the venue, as far as reported.
    #[must_use]
    pub fn take_profit(&self) -> Option<Price> {
        self.reported.as_ref().and_then(|report| report.take_profit)
    }

    /// A price to count with where an order has none: the venue's mark, else the average entry price.
    pub(crate) fn reference_price(&self) -> Option<Price> {
        self.reported.as_ref().and_then(|report| report.mark_price).or_else(|| self.holding().average_price())
    }

    /// Whether nothing may open here until both sides agree again.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Whether an order of ours opened or grew what is held now. What only strangers made is left to them.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// The stop-loss that was last asked for what is held now, with the entry or afterwards.
    #[must_use]
    pub fn wanted_stop(&self) -> Option<WantedStop> {
        self.wanted_stop.map(|at| WantedStop { at, by: self.wanted_by })
    }

    /// Whether the venue has not told of it since its last execution. What an entry carried is then there by the fill alone.
    #[must_use]
    pub fn awaits_report(&self) -> bool {
        self.compare() == Comparison::Stale
    }

    /// How long it has been open without a known stop at the venue, in all; milliseconds.
    #[must_use]
    pub fn unprotected_ms(&self, now: WallTime) -> Millis {
        let running = self.unprotected_since.map_or(0, |since| now.millis_since(since));
        self.unprotected_before_ms.saturating_add(running)
    }

    /// Since when it has been open without a known stop at the venue.
    #[must_use]
    pub const fn unprotected_since(&self) -> Option<WallTime> {
        self.unprotected_since
    }

    /// The executions of its book in the venue's order, each with the holding right after it.
    pub fn executions(&self) -> impl Iterator<Item = (&Execution, &Holding)> {
        self.book.iter().map(|booked| (&booked.execution, &booked.after))
    }

    /// Whether its profit is in the coin that is traded here.
    pub(crate) fn is_in_settle_coin(&self) -> bool {
        self.book.last().is_none_or(|booked| profit_coin(&booked.execution) == settle_coin())
    }

    /// What was held before the first execution of the book.
    pub(crate) const fn found(&self) -> &Holding {
        &self.found
    }

    /// Books an execution at its place and computes anew what comes after it. Returns the holding before and
    /// after, both as of the last execution.
    pub(crate) fn book(&mut self, execution: &Execution, arrival: u64, now: WallTime) -> (Holding, Holding) {
        let before = *self.holding();
        let turn = Turn::of(execution, arrival);
        // Nearly always the end: then nothing is searched, and nothing computed twice.
        let place = match self.book.last() {
            Some(last) if last.turn >= turn => self.book.partition_point(|booked| booked.turn < turn),
            Some(_) | None => self.book.len(),
        };
        self.book.insert(place, Booked { turn, execution: *execution, after: Holding::default() });
        self.recompute(place);
        if self.holding().side() != before.side() {
            (self.is_ours, self.wanted_stop) = (false, None);
        }
        self.watch_protection(now);
        (before, *self.holding())
    }

    /// An order of ours that opens has filled into what is held; `stop_loss` is what it carries.
    pub(crate) fn own(&mut self, stop_loss: Option<Price>, by: TriggerBy) {
        if self.holding().side().is_some() {
            self.is_ours = true;
            self.want_stop(stop_loss, by);
        }
    }

    /// A stop-loss is asked for what is held; `None` leaves it as it is.
    pub(crate) fn want_stop(&mut self, stop_loss: Option<Price>, by: TriggerBy) {
        if stop_loss.is_some() && self.holding().side().is_some() {
            (self.wanted_stop, self.wanted_by) = (stop_loss, by);
        }
    }

    /// Puts executions that tie into the order of a list of the venue's, by their ranks in it; those of which it does
    /// not show all stay. The list shows nothing from before `since`, so that much of the book, which may be long, is
    /// not looked at. Says whether anything changed.
    pub(crate) fn follow_list(&mut self, ranks: &BTreeMap<FillKey, usize>, since: MarketTime) -> bool {
        let rank =
            |booked: &Booked| ranks.get(&(booked.execution.symbol, booked.execution.execution_id)).copied();
        let mut first_changed = None;
        let mut start = self.book.partition_point(|booked| booked.turn.at < since);
        for tied in self.book[start..].chunk_by_mut(|a, b| a.turn.ties_with(&b.turn)) {
            if tied.len() > 1
                && tied.iter().all(|booked| rank(booked).is_some())
                && !tied.is_sorted_by_key(rank)
            {
                let arrivals: Vec<u64> = tied.iter().map(|booked| booked.turn.arrival).collect();
                tied.sort_by_key(rank);
                for (booked, arrival) in tied.iter_mut().zip(arrivals) {
                    booked.turn.arrival = arrival;
                }
                first_changed = first_changed.or(Some(start));
            }
            start += tied.len();
        }
        if let Some(first) = first_changed {
            self.recompute(first);
        }
        first_changed.is_some()
    }

    fn recompute(&mut self, from: usize) {
        let mut holding = from.checked_sub(1).map_or(self.found, |last| self.book[last].after);
        for booked in &mut self.book[from..] {
            holding = holding.after(&booked.execution);
            booked.after = holding;
        }
    }

    /// Takes a report unless a later one is known. A leverage or protection edit keeps the sequence of the
    /// last trade, so equal sequences are ordered by time.
    pub(crate) fn take_report(&mut self, report: &PositionReport, now: WallTime) {
        let is_older = self
            .reported
            .is_some_and(|known| (report.sequence, report.updated) < (known.sequence, known.updated));
        if !is_older || mutant(Mutant::OldPositionWins) {
            self.reported = Some(*report);
            self.watch_protection(now);
        }
    }

    /// Begins the book at what the venue holds: executions up to the report's sequence are part of it.
    pub(crate) fn begin_at(&mut self, report: &PositionReport, now: WallTime) {
        self.found = Holding::found(report.side, report.qty, report.average_price);
        self.sealed_sequence = None;
        self.book.retain(|booked| booked.turn.sequence > report.sequence);
        self.recompute(0);
        self.watch_protection(now);
    }

    /// Takes what happened by `until` out of the book and into what was held before it: how it came about is forgotten,
    /// what it came to is not.
    pub(crate) fn seal(&mut self, until: MarketTime) {
        let count = self.book.partition_point(|booked| booked.turn.at <= until);
        if let Some(last) = count.checked_sub(1) {
            let moved = self.book[..count].iter().rev().find(|booked| booked.execution.kind.moves_position());
            self.sealed_sequence = moved.map(|booked| booked.turn.sequence).or(self.sealed_sequence);
            self.found = self.book[last].after;
            self.book.drain(..count);
        }
    }

    /// Sequence of the last execution that moved the position.
    fn last_move(&self) -> Option<i64> {
        let last = self.book.iter().rev().find(|booked| booked.execution.kind.moves_position());
        last.map(|booked| booked.turn.sequence).or(self.sealed_sequence)
    }

    pub(crate) fn compare(&self) -> Comparison {
        let Some(report) = &self.reported else { return Comparison::Stale };
        // Funding has a sequence of its own and does not change what a position report shows.
        if self.last_move().is_some_and(|sequence| report.sequence < sequence) {
            return Comparison::Stale;
        }
        let holding = self.holding();
        let side = if report.qty.is_zero() { None } else { report.side };
        if (side, report.qty) != (holding.side(), holding.qty()) {
            Comparison::Size
        } else if side.is_some() && report.average_price != holding.average_price() {
            Comparison::Average
        } else {
            Comparison::Agrees
        }
    }

    /// What the venue says is held where our executions say another and its word is not behind them: its size with its
    /// sign, base coin.
    pub(crate) fn told_size(&self) -> Option<Decimal> {
        let report = self.reported.as_ref().filter(|_| self.compare() == Comparison::Size)?;
        Some(Holding::found(report.side, report.qty, report.average_price).size())
    }

    pub(crate) const fn set_doubt(&mut self, doubt: bool) {
        self.is_in_doubt = doubt;
    }

    pub(crate) const fn differs_since(&self) -> Option<WallTime> {
        self.differs_since
    }

    pub(crate) fn note_difference(&mut self, now: WallTime) {
        self.differs_since.get_or_insert(now);
    }

    pub(crate) const fn forget_difference(&mut self) {
        self.differs_since = None;
    }

    /// Whether the average price of the last report is to be complained of: once per price.
    pub(crate) fn complain_of_average(&mut self) -> bool {
        let price = self.reported.and_then(|report| report.average_price);
        let is_new = self.average_complaint != price;
        self.average_complaint = price;
        is_new
    }

    fn watch_protection(&mut self, now: WallTime) {
        let trails = self.reported.is_some_and(|report| report.trailing_distance.is_some());
        let is_bare = self.holding().side().is_some() && self.stop_loss().is_none() && !trails;
        match self.unprotected_since {
            None if is_bare => self.unprotected_since = Some(now),
            Some(since) if !is_bare => {
                self.unprotected_before_ms =
                    self.unprotected_before_ms.saturating_add(now.millis_since(since));
                self.unprotected_since = None;
            }
            None | Some(_) => {}
        }
    }
}

impl Turn {
    /// Whether only the order of arrival tells the two apart.
    fn ties_with(&self, other: &Self) -> bool {
        (self.at, self.sequence, self.walk) == (other.at, other.sequence, other.walk)
    }

    fn of(execution: &Execution, arrival: u64) -> Self {
        let taker = if execution.is_maker { execution.side.opposite() } else { execution.side };
        let walk = match taker {
            Side::Buy => execution.price.get(),
            Side::Sell => -execution.price.get(),
        };
        if mutant(Mutant::ArrivalIsOrder) {
            return Self { at: MarketTime::default(), sequence: 0, walk: Decimal::ZERO, arrival };
        }
        Self { at: execution.at, sequence: execution.sequence, walk, arrival }
    }
}

layout!(Position {
    key,
    found,
    sealed_sequence,
    book,
    reported,
    differs_since,
    average_complaint,
    is_in_doubt,
    is_ours,
    wanted_stop,
    unprotected_since,
    unprotected_before_ms,
} since 2 { wanted_by });

layout!(Booked { turn, execution, after });

layout!(Turn { at, sequence, walk, arrival });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execution, number, position_report, price, symbol};
    use windvane_model::PositionIndex;

    fn position() -> Position {
        Position::new((symbol("BTCUSDT"), PositionIndex(0)))
    }

    #[test]
    fn a_fill_that_comes_late_is_booked_at_its_place() {
        let fills = [
            execution("a").side(Side::Buy).filled("1", "100").at(1).build(),
            execution("b").side(Side::Sell).filled("1", "104").at(2).build(),
            execution("c").side(Side::Buy).filled("3", "90").at(3).build(),
        ];
        let mut in_order = position();
        let mut late = position();
        for (arrival, place) in [0, 1, 2].into_iter().zip([2_usize, 0, 1]) {
            in_order.book(&fills[usize::try_from(arrival).unwrap()], arrival, WallTime(0));
            late.book(&fills[place], arrival, WallTime(0));
        }
        assert_eq!(in_order.holding(), late.holding());
        assert_eq!(late.holding().totals.realised_pnl, number("4"));
    }

    #[test]
    fn fills_of_one_match_walk_away_from_the_touch() {
        let dear = execution("a").side(Side::Buy).filled("1", "101").at(5).build();
        let cheap = execution("b").side(Side::Buy).filled("1", "100").at(5).build();
        assert!(Turn::of(&cheap, 9) < Turn::of(&dear, 1));
        let hit = |id, price| execution(id).side(Side::Sell).filled("1", price).maker().at(5).build();
        assert!(Turn::of(&hit("c", "100"), 9) < Turn::of(&hit("d", "101"), 1), "a buyer walks up our asks");
        let sold = |id, price| execution(id).side(Side::Sell).filled("1", price).at(5).build();
        assert!(
            Turn::of(&sold("e", "101"), 9) < Turn::of(&sold("f", "100"), 1),
            "a seller walks down the bids"
        );
    }

    #[test]
    fn fills_that_tie_take_the_order_of_the_venues_list() {
        // An order of ours met another of ours: one match, one price, and the position passes through zero or not.
        let fills = [
            execution("a").side(Side::Sell).filled("2", "100").at(5).build(),
            execution("b").side(Side::Buy).filled("2", "100").maker().at(5).build(),
        ];
        let booked = |first: usize| {
            let mut position = position();
            position.book(&execution("0").side(Side::Buy).filled("1", "90").at(1).build(), 0, WallTime(0));
            position.book(&fills[first], 1, WallTime(0));
            position.book(&fills[1 - first], 2, WallTime(0));
            position
        };
        let (venues_way, mut other_way) = (booked(0), booked(1));
        assert_ne!(other_way.holding(), venues_way.holding());
        let ranked = fills.iter().enumerate();
        let ranks = ranked.map(|(rank, fill)| ((fill.symbol, fill.execution_id), rank)).collect();
        assert!(other_way.follow_list(&ranks, MarketTime(0)));
        assert_eq!(other_way.holding(), venues_way.holding());
        assert!(!other_way.follow_list(&ranks, MarketTime(0)), "nothing is left to be changed");
        let of_then = |since| booked(1).follow_list(&ranks, MarketTime(since));
        assert!(of_then(5) && !of_then(6), "a list shows nothing from before its span");
    }

    #[test]
    fn reports_are_compared_only_when_they_are_not_behind() {
        let mut position = position();
        position.book(&execution("a").side(Side::Buy).filled("1", "100").at(5).build(), 0, WallTime(0));
        assert_eq!(position.compare(), Comparison::Stale, "nothing reported yet");
        for (report, expected) in [
            (position_report("BTCUSDT", "0", "0").at(4), Comparison::Stale),
            (position_report("BTCUSDT", "2", "100").at(5), Comparison::Size),
            (position_report("BTCUSDT", "1", "101").at(6), Comparison::Average),
            (position_report("BTCUSDT", "1", "100").at(7), Comparison::Agrees),
            (position_report("BTCUSDT", "2", "100").at(6), Comparison::Agrees),
        ] {
            position.take_report(&report.build(), WallTime(0));
            assert_eq!(position.compare(), expected);
        }
    }

    #[test]
    fn time_without_a_stop_is_counted() {
        let mut position = position();
        let at = |ms| WallTime(0).after(ms);
        position.take_report(&position_report("BTCUSDT", "0", "0").at(1).build(), at(9));
        assert_eq!(position.unprotected_since(), None, "what is flat needs none");
        position.book(&execution("a").side(Side::Buy).filled("1", "100").at(5).build(), 0, at(10));
        assert_eq!(position.unprotected_ms(at(14)), 4);
        position.take_report(&position_report("BTCUSDT", "1", "100").at(5).build(), at(15));
        assert_eq!(
            (position.unprotected_since(), position.unprotected_ms(at(16))),
            (Some(at(10)), 6),
            "still bare"
        );
        position.take_report(&position_report("BTCUSDT", "1", "100").at(5).stop("90").build(), at(17));
        assert_eq!(position.unprotected_ms(at(99)), 7);
        assert_eq!(position.unprotected_since(), None);
    }

    #[test]
    fn of_two_reports_that_none_is_older_than_the_one_heard_last_stands() {
        let mut position = position();
        for (sequence, stop, expected) in [(5, "90", "90"), (5, "91", "91"), (4, "80", "91"), (6, "92", "92")]
        {
            position.take_report(
                &position_report("BTCUSDT", "1", "100").at(sequence).stop(stop).build(),
                WallTime(0),
            );
            assert_eq!(position.stop_loss(), Some(price(expected)), "{sequence} {stop}");
        }
        let mut edited = position_report("BTCUSDT", "1", "100").at(6).stop("93").build();
        edited.updated = MarketTime(7);
        position.take_report(&edited, WallTime(0));
        position.take_report(&position_report("BTCUSDT", "1", "100").at(6).stop("92").build(), WallTime(0));
        assert_eq!(
            position.stop_loss(),
            Some(price("93")),
            "an edit keeps the sequence and has a later time"
        );
    }

    /// Long by three, one bought at each of the moments 4, 5 and 6.
    fn bought_thrice() -> Position {
        let mut position = position();
        for (arrival, id, at) in [(0, "a", 4), (1, "b", 5), (2, "c", 6)] {
            let bought = execution(id).side(Side::Buy).filled("1", "100").at(at).build();
            position.book(&bought, arrival, WallTime(0));
        }
        position
    }

    #[test]
    fn a_book_begins_behind_what_the_report_holds_already() {
        let mut position = bought_thrice();
        position.begin_at(&position_report("BTCUSDT", "7", "90").at(5).build(), WallTime(0));
        assert_eq!(position.found().size(), number("7"));
        assert_eq!(
            position.holding().size(),
            number("8"),
            "of the executions only the last is not part of it"
        );
    }

    #[test]
    fn a_sealed_book_keeps_what_it_came_to() {
        let mut position = bought_thrice();
        let before = *position.holding();
        position.seal(MarketTime(5));
        assert_eq!((position.executions().count(), *position.holding()), (1, before));
        position.seal(MarketTime(6));
        assert_eq!((position.executions().count(), *position.holding()), (0, before));
        let told = |sequence| position_report("BTCUSDT", "3", "100").at(sequence).build();
        position.take_report(&told(5), WallTime(0));
        assert_eq!(position.compare(), Comparison::Stale, "it is from before what was sealed last");
        position.take_report(&told(6), WallTime(0));
        assert_eq!(position.compare(), Comparison::Agrees);
    }

    #[test]
    fn it_tells_what_the_venue_said_of_it_while_it_is_open() {
        let mut position = position();
        let at = |ms| WallTime(0).after(ms);
        assert_eq!((position.status(), position.reference_price()), (PositionStatus::Normal, None));
        position.book(&execution("a").side(Side::Buy).filled("1", "100").at(5).build(), 0, at(10));
        assert_eq!(position.reference_price(), Some(price("100")), "without a mark the entry must do");
        assert_eq!(position.unprotected_since(), Some(at(10)));
        assert!(position.awaits_report(), "the venue has not told of the fill yet");
        let mut told = position_report("BTCUSDT", "1", "100").at(6).stop("90").build();
        told.status = PositionStatus::Adl;
        (told.take_profit, told.mark_price) = (Some(price("120")), Some(price("101")));
        position.take_report(&told, at(11));
        assert!(!position.awaits_report());
        assert_eq!(position.status(), PositionStatus::Adl);
        assert_eq!((position.stop_loss(), position.take_profit()), (Some(price("90")), Some(price("120"))));
        assert_eq!(position.reference_price(), Some(price("101")));
        position.book(&execution("b").side(Side::Sell).filled("1", "99").at(7).build(), 1, at(12));
        assert_eq!(position.status(), PositionStatus::Normal, "what is flat undergoes nothing");
    }

    #[test]
    fn it_is_ours_from_a_fill_of_ours_until_it_turns() {
        let mut position = position();
        position.own(Some(price("90")), TriggerBy::Mark);
        assert!(!position.is_ours() && position.wanted_stop().is_none(), "nothing is held");
        position.book(&execution("a").side(Side::Buy).filled("1", "100").at(5).build(), 0, WallTime(0));
        assert!(!position.is_ours(), "a stranger's");
        position.own(Some(price("90")), TriggerBy::Mark);
        position.own(None, TriggerBy::Last);
        assert!(position.is_ours());
        assert_eq!(position.wanted_stop(), Some(WantedStop { at: price("90"), by: TriggerBy::Mark }));
        position.book(&execution("b").side(Side::Sell).filled("2", "99").at(6).build(), 1, WallTime(0));
        assert!(!position.is_ours() && position.wanted_stop().is_none());
    }

    #[test]
    fn an_average_price_is_complained_of_once() {
        let mut position = position();
        for (at, average, is_new) in
            [(1, "101", true), (2, "101", false), (3, "102", true), (4, "102", false)]
        {
            position.take_report(&position_report("BTCUSDT", "1", average).at(at).build(), WallTime(0));
            assert_eq!(position.complain_of_average(), is_new, "{at}");
        }
    }

    #[test]
    fn its_profit_is_in_the_coin_that_its_executions_name() {
        let mut position = position();
        assert!(position.is_in_settle_coin());
        position.book(&execution("a").side(Side::Buy).filled("1", "100").at(5).build(), 0, WallTime(0));
        assert!(position.is_in_settle_coin());
        let other = execution("b").in_coin("BTCPERP", "USDC", "0").side(Side::Buy).filled("1", "100").at(6);
        position.book(&other.build(), 1, WallTime(0));
        assert!(!position.is_in_settle_coin());
    }
}
