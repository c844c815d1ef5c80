//! Doubt is a switch: what the exchange's documentation leaves open, one named setting a question. Those about
//! the wire are here, those about matching and margin are the core's. The
//! first answer of each is the default. A client has to be right whatever the answer is, so every one can be tried.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use windvane_venue_core::Doubts;

/// A question the documentation leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Name of the setting in the table `[doubts]`.
    pub name: &'static str,
    /// What it decides.
    pub meaning: &'static str,
    /// Possible answers, the default first; empty for a number, whose default is 0.
    pub choices: &'static [&'static str],
}

/// A name that is no question, or a word that is no answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownDoubt {
    /// No such question.
    #[error("no doubt is called {0} (windvane venue --list-doubts prints all)")]
    Question(String),
    /// No such answer.
    #[error("{choice} does not answer {name}: {}", expected(name))]
    Choice {
        /// The question.
        name: String,
        /// As it was written.
        choice: String,
    },
}

fn expected(name: &str) -> String {
    let choices = doubts().find(|doubt| doubt.name == name).map_or(&[] as &[_], |doubt| doubt.choices);
    if choices.is_empty() { "a whole number".to_owned() } else { format!("one of {}", choices.join(", ")) }
}

/// Declares the questions: an enum for each, the struct of all answers, and the list for people.
macro_rules! doubts {
    (
        words {$(
            $name:literal, $meaning:literal, $field:ident: $kind:ident {
                $(#[doc = $first_doc:literal])+ $first:ident = $first_text:literal,
                $($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+
            }
        )+}
        numbers {$( $number_name:literal, $number_meaning:literal, $number:ident; )+}
    ) => {
        $(
            #[doc = $meaning]
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
            pub enum $kind {
                $(#[doc = $first_doc])+
                #[default]
                $first,
                $($(#[doc = $doc])+ $variant,)+
            }
        )+

        /// The answers of one venue.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct DoubtsConfig {
            $( #[doc = $meaning] pub $field: $kind, )+
            $( #[doc = $number_meaning] pub $number: u32, )+
            /// The answers about matching and margin.
            pub core: Doubts,
        }

        /// The questions about the wire.
        const OF_WIRE: &[Doubt] = &[
            $( Doubt { name: $name, meaning: $meaning, choices: &[$first_text, $($text),+] }, )+
            $( Doubt { name: $number_name, meaning: $number_meaning, choices: &[] }, )+
        ];

        impl DoubtsConfig {
            /// Answers a question by its name and the word for the answer.
            ///
            /// # Errors
            /// The question or the answer does not exist; nothing has changed then.
            pub fn set(&mut self, name: &str, choice: &str) -> Result<(), UnknownDoubt> {
                let unknown = || UnknownDoubt::Choice { name: name.to_owned(), choice: choice.to_owned() };
                match name {
                    $( $name => self.$field = match choice {
                        $first_text => $kind::$first,
                        $($text => $kind::$variant,)+
                        _ => return Err(unknown()),
                    }, )+
                    $( $number_name => self.$number = choice.parse().map_err(|_| unknown())?, )+
                    _ => self.core.set(name, choice).map_err(|unknown| match unknown {
                        windvane_venue_core::UnknownDoubt::Question { name } => UnknownDoubt::Question(name),
                        windvane_venue_core::UnknownDoubt::Choice { name, choice } => {
                            UnknownDoubt::Choice { name, choice }
                        }
                    })?,
                }
                Ok(())
            }
        }
    };
}

doubts! {
    words {
        "bad-topic", "one bad topic fails the whole subscribe request, or the good ones of a refused request are on",
        bad_topic: BadTopic {
            /// Nothing of the request is subscribed.
            FailAll = "fail-all",
            /// The refusal names the bad topic, the others are subscribed.
            KeepGood = "keep-good",
        }
        "repeated-topic", "a second subscription of a topic is acknowledged or refused",
        repeated_topic: RepeatedTopic {
            /// It is acknowledged and changes nothing.
            Acknowledge = "acknowledge",
            /// It is refused as already subscribed.
            Refuse = "refuse",
        }
        "first-frame", "the first data of a topic come after or before the acknowledgement of its subscription",
        first_frame: FirstFrame {
            /// The acknowledgement comes first.
            AfterAcknowledgement = "after",
            /// The snapshot comes first.
            BeforeAcknowledgement = "before",
        }
        "acknowledgement", "a request is acknowledged before or after the private pushes it causes",
        acknowledgement: AcknowledgementOrder {
            /// The acknowledgement is sent first.
            First = "first",
            /// The pushes are sent first: an order may be filled before it is acknowledged.
            Last = "last",
        }
        "unsent-recv-window", "what is signed in place of a receive window that is not sent: nothing, or the default",
        unsent_recv_window: UnsentRecvWindow {
            /// Nothing.
            Nothing = "nothing",
            /// 5000.
            Default = "5000",
        }
        "last-cursor", "the cursor of a last page is empty, or leads to an empty page",
        last_cursor: LastCursor {
            /// It is empty.
            Empty = "empty",
            /// It leads to an empty page.
            Kept = "kept",
        }
        "cancel-all-reply", "the reply to cancel-all holds the list of orders and the word of success, or one of them",
        cancel_all_reply: CancelAllReply {
            /// Both.
            ListAndSuccess = "list-and-success",
            /// The list alone.
            List = "list",
            /// The word alone.
            Success = "success",
        }
        "risk-limit-rates", "the rates of risk-limit are fractions (0.005) or percentages (0.5)",
        risk_limit_rates: RiskLimitRates {
            /// Fractions.
            Fraction = "fraction",
            /// Percentages.
            Percent = "percent",
        }
        "quiet-candle", "a candle in which nothing traded is confirmed on the kline topic, or nothing is said of it",
        quiet_candle: QuietCandle {
            /// It is confirmed, flat.
            Confirmed = "confirmed",
            /// It is passed over.
            Silent = "silent",
        }
        "auth-failure-code", "spelling of the code of a failed authentication on the private socket",
        auth_failure_code: AuthFailureCode {
            /// `ret_code`.
            SnakeCase = "ret_code",
            /// `retCode`.
            CamelCase = "retCode",
        }
        "success-text", "retMsg when all is well",
        success_text: SuccessText {
            /// `OK`.
            Ok = "OK",
            /// Empty text.
            Empty = "empty",
            /// `success`.
            Success = "success",
        }
        "untraded-seq", "the sequence of a position that never traded is a number or text",
        untraded_seq: UntradedSeq {
            /// The number -1.
            Number = "number",
            /// The text "-1".
            Text = "text",
        }
        "new-field", "whether rows on private topics hold a field that no client knows yet",
        new_field: NewField {
            /// They do not.
            Absent = "absent",
            /// Each holds one, with nested content.
            Present = "present",
        }
        "new-word", "whether rows on private topics say something in createType that no client knows yet",
        new_word: NewWord {
            /// They do not.
            Absent = "absent",
            /// Each does.
            Present = "present",
        }
        "smp-group", "smpGroup on the order topic is a number or text",
        smp_group: SmpGroupType {
            /// A number.
            Number = "number",
            /// Text.
            Text = "text",
        }
        "is-reduce-only", "whether rows on the position topic have isReduceOnly",
        is_reduce_only: IsReduceOnly {
            /// They have.
            Present = "present",
            /// They have not.
            Absent = "absent",
        }
        "cross-liquidation-price", "liqPrice of a position in cross margin, whose formula is not published: an estimate, or empty",
        cross_liquidation_price: CrossLiquidationPrice {
            /// An estimate.
            Estimate = "estimate",
            /// Empty text.
            Empty = "empty",
        }
        "margin-refusal", "code of an order for a contract that the balance cannot bear: the documentation's, or the introductory article's",
        margin_refusal: MarginRefusal {
            /// 110007.
            Documented = "110007",
            /// 30087.
            Article = "30087",
        }
        "empty-market-code", "code of a market order that finds nothing inside its protective price, where it is refused: 110118, or the 10001 that clients have seen",
        empty_market_code: EmptyMarketCode {
            /// 110118.
            Documented = "110118",
            /// 10001, with a text such as `buy:[97000] invalid`.
            Parameter = "10001",
        }
        "batch-size", "orders in a batch: 20 (10 of spot) as the endpoints' pages say, or 10 as the page on rate limits says",
        batch_size: BatchSize {
            /// 20, and 10 of spot.
            Endpoint = "endpoint",
            /// 10.
            RateLimit = "rate-limit",
        }
        "batch-trigger-direction", "whether conditional orders for inverse contracts may come in a batch",
        batch_trigger_direction: BatchTriggerDirection {
            /// They may.
            Both = "both",
            /// Linear ones only; others are refused with 10001.
            LinearOnly = "linear-only",
        }
        "inverse-switch-mode", "switch-mode for inverse contracts: refused with 110029, or accepted for the one-way mode that they have",
        inverse_switch_mode: InverseSwitchMode {
            /// Refused.
            Refused = "refused",
            /// Accepted where it asks for one-way mode.
            OneWay = "one-way",
        }
        "auto-add-margin-field", "spelling of the field of set-auto-add-margin: either, the table's, or the example's",
        auto_add_margin_field: AutoAddMarginField {
            /// Either.
            Either = "either",
            /// As in the table.
            Table = "autoAddMargin",
            /// As in the example.
            Example = "autoAddmargin",
        }
        "limit-time-in-force", "an order whose timeInForce is Limit, as an example of the documentation has it: refused with 10001, or taken as GTC",
        limit_time_in_force: LimitTimeInForce {
            /// Refused.
            Refused = "refused",
            /// Taken as GTC.
            Gtc = "gtc",
        }
        "fee-rate-category", "fee-rate without a category: answered for linear contracts, or refused with 10001",
        fee_rate_category: FeeRateCategory {
            /// Answered.
            Optional = "optional",
            /// Refused.
            Required = "required",
        }
        "wallet-topic-switches", "marginCollateral and collateralSwitch of the wallet topic: as the query has them, or the other way round as the topic's page describes them",
        wallet_topic_switches: WalletTopicSwitches {
            /// As the query has them.
            AsQuery = "as-query",
            /// The other way round.
            Swapped = "swapped",
        }
        "ticker-data", "data of the tickers topic: an object as in the example, or a list as in the table",
        ticker_data: TickerData {
            /// An object.
            Object = "object",
            /// A list of one.
            List = "list",
        }
        "price-limit-data", "data of the priceLimit topic: an object as in the example, or a list as in the table",
        price_limit_data: PriceLimitData {
            /// An object.
            Object = "object",
            /// A list of one.
            List = "list",
        }
        "liquidation-data", "data of the allLiquidation topic: a list as in the example, or an object as in the table, a frame for each",
        liquidation_data: LiquidationData {
            /// A list.
            List = "list",
            /// An object.
            Object = "object",
        }
        "book-time", "ts of a book frame: a number as in the example, or text as in the notes",
        book_time: BookTime {
            /// A number.
            Number = "number",
            /// Text.
            Text = "text",
        }
        "level-one-repeat", "which level-1 books are sent again under their number when nothing changes for three seconds",
        level_one_repeat: LevelOneRepeat {
            /// All.
            All = "all",
            /// Those of contracts.
            Contracts = "contracts",
        }
        "system-status-numbers", "maintainType and env of system/status: numbers as in the example, or text as in the table",
        system_status_numbers: SystemStatusNumbers {
            /// Numbers.
            Number = "number",
            /// Text.
            Text = "text",
        }
        "settlement-record-price", "sessionAvgPrice of a settlement record: the price that was settled at, as in most examples, or the one the session counted from",
        settlement_record_price: SettlementRecordPrice {
            /// The mark it was settled at.
            Settled = "settled",
            /// The price before.
            Before = "before",
        }
        "settlement-record-size", "size of a short in a settlement record: below zero, as in the only example of one, or without a sign",
        settlement_record_size: SettlementRecordSize {
            /// Negative for a short.
            Signed = "signed",
            /// Never negative.
            Unsigned = "unsigned",
        }
        "push-pace", "public topics tell each change at once, or no sooner than the documented time after their last frame (books 10 to 200 ms by depth, tickers 100, of spot 50, candles 1000, liquidations 500, price limits 300), with all that has changed since",
        push_pace: PushPace {
            /// At once. An accelerated replay loses nothing by it, and every client must bear more frames than it is promised.
            EachChange = "each-change",
            /// In the documented rhythm, of market time.
            Documented = "documented",
        }
        "disconnection-protection", "disconnection protection (DCP) is switched on for the account, or refused with 10005",
        disconnection_protection: DisconnectionProtection {
            /// It can be set.
            Offered = "offered",
            /// It is refused.
            Refused = "refused",
        }
    }
    numbers {
        "index-lag-ms", "milliseconds of market time by which queries of orders and executions lag behind what has happened", index_lag_ms;
        "status-lag-ms", "milliseconds of market time by which queries show an order as it was before its last changes", status_lag_ms;
        "daily-orders-max", "orders of one account a UTC day before the next is refused with 10006; 0 for any", daily_orders_max;
        "trade-sessions-max", "sockets of one account at the trade path before the next is refused with 10003; 0 for any", trade_sessions_max;
        "trade-requests-max", "requests on one trade socket a second before the next is refused with 20003; 0 for any", trade_requests_max;
    }
}

/// Every question: those about the wire, then those about matching and margin.
pub fn doubts() -> impl Iterator<Item = Doubt> {
    let of_core = |doubt: &windvane_venue_core::Doubt| Doubt {
        name: doubt.name,
        meaning: doubt.meaning,
        choices: doubt.choices,
    };
    OF_WIRE.iter().copied().chain(windvane_venue_core::DOUBTS.iter().map(of_core))
}

impl SuccessText {
    /// The text itself.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Empty => "",
            Self::Success => "success",
        }
    }
}

impl<'de> serde::Deserialize<'de> for DoubtsConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Answers)
    }
}

/// Reads the table `[doubts]`.
struct Answers;

impl<'de> Visitor<'de> for Answers {
    type Value = DoubtsConfig;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a table of doubts and their answers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
        let mut doubts = DoubtsConfig::default();
        while let Some(name) = table.next_key::<String>()? {
            table.next_value_seed(Answer { name: &name, doubts: &mut doubts })?;
        }
        Ok(doubts)
    }
}

/// Reads one answer where it stands, so that an error names its line.
struct Answer<'a> {
    name: &'a str,
    doubts: &'a mut DoubtsConfig,
}

impl<'de> DeserializeSeed<'de> for Answer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Answer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a word or a whole number")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.doubts.set(self.name, text).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_understood_and_the_first_one_is_the_default() {
        for Doubt { name, choices, .. } in doubts() {
            let words = choices.iter().map(|choice| format!("{choice:?}")).chain(["0".to_owned()]);
            for (index, word) in words.take(choices.len().max(1)).enumerate() {
                let config: DoubtsConfig = toml::from_str(&format!("{name} = {word}")).unwrap();
                assert_eq!(config == DoubtsConfig::default(), index == 0, "{name} = {word}");
            }
        }
    }

    #[test]
    fn what_is_no_question_or_no_answer_is_refused_where_it_stands() {
        for (text, message) in [
            ("price-limit = \"perhaps\"", "perhaps does not answer price-limit: one of move, refuse"),
            ("index-lag-ms = -1", "-1 does not answer index-lag-ms: a whole number"),
            ("weather = \"fine\"", "no doubt is called weather (windvane venue --list-doubts prints all)"),
        ] {
            let error =
                toml::from_str::<DoubtsConfig>(&format!("bad-topic = \"keep-good\"\n{text}")).unwrap_err();
            assert_eq!(error.message(), message);
            assert!(error.span().is_some_and(|span| span.start > 20), "{:?}", error.span());
        }
    }
}
