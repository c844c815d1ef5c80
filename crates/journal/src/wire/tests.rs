//! Layouts: what is written is read back, and nothing made up is.

use crate::record::Record;
use fastrand::Rng;
use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_layout::{Choice, Decode, DecodeError, Encode, Input, Json, Sample};
use windvane_model::{
    AccountEvent, Amend, BotName, ClientOrderId, CoinBalance, Command, Event, Grounds, Intent, MarketEvent,
    MarketTime, Place, PositionReport, PositionStatus, Price, SetProtection, SignalName, Stamp, Stamped,
    Submit, Symbol, Tag, Text, Ticker, TriggerBy, Triggers, WallTime, WalletReport,
};

fn encoded(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Record, DecodeError> {
    let mut input = Input::new(bytes);
    let record = Record::decode(&mut input)?;
    input.finish()?;
    Ok(record)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_told_back_as_it_was(seed in any::<u64>()) {
        let record = Record::sample(&mut Rng::with_seed(seed));
        let bytes = encoded(&record);
        let back = decoded(&bytes).unwrap();
        prop_assert_eq!(&back, &record);
        // Equality of decimals ignores their scale; the bytes do not.
        prop_assert_eq!(encoded(&back), bytes);
        prop_assert_eq!(back.json().to_string(), record.json().to_string());
    }

    #[test]
    fn bytes_cut_short_or_made_up_never_panic(seed in any::<u64>(), noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut random = Rng::with_seed(seed);
        let mut bytes = encoded(&Record::sample(&mut random));
        let length = random.usize(0..bytes.len());
        prop_assert!(decoded(&bytes[..length]).is_err());
        for byte in &noise {
            let at = random.usize(0..bytes.len());
            bytes[at] = *byte;
            drop(decoded(&bytes));
        }
        drop(decoded(&noise));
    }
}

#[test]
fn decimals_keep_their_scale_to_the_ends_of_their_range() {
    for text in
        ["0", "0.00", "0.10", "-0.10", "79228162514264337593543950335", "0.0000000000000000000000000001"]
    {
        let decimal: Decimal = text.parse().unwrap();
        let mut bytes = Vec::new();
        decimal.encode(&mut bytes);
        assert_eq!(Decimal::decode(&mut Input::new(&bytes)).unwrap().to_string(), text);
    }
}

#[test]
fn a_length_beyond_the_input_reserves_nothing() {
    let mut bytes = u32::MAX.to_le_bytes().to_vec();
    bytes.push(0);
    assert_eq!(Vec::<u64>::decode(&mut Input::new(&bytes)), Err(DecodeError::Truncated));
    assert_eq!(String::decode(&mut Input::new(&bytes)), Err(DecodeError::Truncated));
}

#[test]
fn an_event_has_the_kind_that_the_journal_writes_for_it() {
    let stamped = Stamped { stamp: Stamp::default(), event: Event::Timer };
    assert_eq!(Record::Event(stamped).code(), crate::record::EVENT);
}

/// If this fails, journals on disk can no longer be read: give the layout a new version.
#[test]
fn the_layout_is_the_one_that_is_on_disks() {
    let amend = Amend {
        client_order_id: ClientOrderId::new("w01").unwrap(),
        symbol: Symbol::new("BTCUSDT").unwrap(),
        price: Price::new("0.5".parse().unwrap()).ok(),
        qty: None,
        send_before: Some(WallTime(2)),
    };
    let stamp = Stamp { sequence: 258, wall: WallTime(-1), market: MarketTime(7) };
    let record = Record::Command {
        cause: stamp,
        index: 1,
        bot: None,
        tag: Some(Tag(9)),
        worst_price: None,
        grounds: Grounds { signal: SignalName::new("exit").ok(), ..Grounds::default() },
        command: Command::Amend(amend),
    };
    let expected = [
        &[3][..],                                                // kind: command
        &[2, 1, 0, 0, 0, 0, 0, 0],                               // cause: sequence
        &[0xff; 8],                                              // wall time
        &[7, 0, 0, 0, 0, 0, 0, 0],                               // market time
        &[1, 0, 0, 0],                                           // index
        &[0],                                                    // no bot
        &[1, 9, 0, 0, 0],                                        // tag
        &[0],                                                    // no reserved price
        &[1, 4, b'e', b'x', b'i', b't'],                         // signal
        &[0],                                                    // asked for no quantity
        &[0],                                                    // none was granted
        &[2],                                                    // amend
        &[3, b'w', b'0', b'1'],                                  // client order id
        &[7, b'B', b'T', b'C', b'U', b'S', b'D', b'T'],          // symbol
        &[1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], // price: mantissa, scale
        &[0],                                                    // no quantity
        &[1, 2, 0, 0, 0, 0, 0, 0, 0],                            // send before
    ];
    assert_eq!(encoded(&record), expected.concat());
}

/// Journals of version 2 stay readable: a position came without what the venue does to it.
#[test]
fn a_position_of_the_version_before_undergoes_nothing() {
    let mut random = Rng::with_seed(7);
    let report = PositionReport { status: PositionStatus::Adl, ..PositionReport::sample(&mut random) };
    let event = |report| Event::Account(AccountEvent::Position(report));
    let record = |report| Record::Event(Stamped { stamp: Stamp::default(), event: event(report) });
    let mut content = Vec::new();
    record(report).encode_content(&mut content);
    let mut input = Input::new(&content[..content.len() - 1]);
    let back = crate::wire::decode(2, crate::record::EVENT, &mut input).unwrap();
    input.finish().unwrap();
    assert_eq!(back, record(PositionReport { status: PositionStatus::Normal, ..report }));
}

/// Journals of version 3 stay readable: a coin came without debts and locks.
#[test]
fn a_coin_of_the_version_before_owes_nothing() {
    let mut random = Rng::with_seed(7);
    let coin = CoinBalance {
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
        ..CoinBalance::sample(&mut random)
    };
    let wallet = WalletReport { coins: vec![coin], ..WalletReport::default() };
    let event = Event::Account(AccountEvent::Wallet(wallet));
    let record = Record::Event(Stamped { stamp: Stamp::default(), event });
    let mut content = Vec::new();
    record.encode_content(&mut content);
    // Behind the coins stand six totals that are not told and a moment of eight bytes; five figures of the coin are absent.
    let behind = content.split_off(content.len() - 6 - 8);
    content.truncate(content.len() - 5);
    content.extend(behind);
    let mut input = Input::new(&content);
    let back = crate::wire::decode(3, crate::record::EVENT, &mut input).unwrap();
    input.finish().unwrap();
    assert_eq!(back, record);
}

/// Journals of version 4 stay readable: tickers told no open interest.
#[test]
fn tickers_of_the_version_before_have_no_open_interest() {
    let ticker = Ticker { open_interest: None, ..Ticker::sample(&mut Rng::with_seed(7)) };
    let event = Event::Market(MarketEvent::Ticker(ticker));
    let record = Record::Event(Stamped { stamp: Stamp::default(), event });
    let mut content = Vec::new();
    record.encode_content(&mut content);
    // It stands last; a byte says that it is absent.
    let mut input = Input::new(&content[..content.len() - 1]);
    let back = crate::wire::decode(4, crate::record::EVENT, &mut input).unwrap();
    input.finish().unwrap();
    assert_eq!(back, record);
}

/// Journals of version 3 stay readable: stops and targets went by the mark price, unsaid.
#[test]
fn stops_of_the_version_before_go_by_the_mark_price() {
    let mut random = Rng::with_seed(7);
    let (stop_loss, take_profit) = (Some(Price::sample(&mut random)), None);
    let protection = SetProtection { stop_loss, take_profit, ..SetProtection::sample(&mut random) };
    let submit = Submit::sample(&mut random);
    let place = Place::sample(&mut random);
    let command = |command| Record::Command {
        cause: Stamp::default(),
        index: 0,
        bot: None,
        tag: None,
        worst_price: None,
        grounds: Grounds::default(),
        command,
    };
    let denied = |wish| Record::Denied {
        after: 1,
        bot: BotName::new("maker").unwrap(),
        reason: Text::EMPTY,
        detail: String::new(),
        at: None,
        symbol: None,
        signal: None,
        wish: Some(wish),
    };
    let protect = |triggers| Intent::Protect { symbol: protection.symbol, stop_loss, take_profit, triggers };
    let records = |triggers| {
        [
            command(Command::Submit(Submit { triggers, ..submit })),
            command(Command::SetProtection(SetProtection { triggers, ..protection })),
            denied(Intent::Place(Place { triggers, ..place })),
            denied(protect(triggers)),
        ]
    };
    let said = Triggers { stop_loss: TriggerBy::Last, take_profit: TriggerBy::Index };
    for (record, expected) in records(said).into_iter().zip(records(Triggers::default())) {
        let mut content = Vec::new();
        record.encode_content(&mut content);
        // The triggers stand last, a byte each.
        let mut input = Input::new(&content[..content.len() - 2]);
        let back = crate::wire::decode(3, record.code(), &mut input).unwrap();
        input.finish().unwrap();
        assert_eq!(back, expected);
    }
}

/// Journals of version 2 stay readable: a command had no grounds then, a denial only its reason.
#[test]
fn records_of_the_version_before_are_read_without_grounds() {
    let command = [
        &[2, 1, 0, 0, 0, 0, 0, 0][..],                  // cause: sequence
        &[0xff; 8],                                     // wall time
        &[7, 0, 0, 0, 0, 0, 0, 0],                      // market time
        &[1, 0, 0, 0],                                  // index
        &[0],                                           // no bot
        &[1, 9, 0, 0, 0],                               // tag
        &[0],                                           // no reserved price
        &[3],                                           // cancel
        &[1, 3, b'w', b'0', b'1'],                      // client order id
        &[0],                                           // no order id
        &[7, b'B', b'T', b'C', b'U', b'S', b'D', b'T'], // symbol
    ]
    .concat();
    let read = |kind, bytes: &[u8]| {
        let mut input = Input::new(bytes);
        let record = crate::wire::decode(2, kind, &mut input).unwrap();
        input.finish().unwrap();
        record
    };
    let Record::Command { cause, index, tag, grounds, command, .. } = read(3, &command) else {
        panic!("kind 3 is a command")
    };
    assert_eq!((cause.sequence, index, tag, grounds), (258, 1, Some(Tag(9)), Grounds::default()));
    assert!(matches!(command, Command::Cancel(cancel) if cancel.symbol.as_str() == "BTCUSDT"));

    let denied = [
        &[5, 0, 0, 0, 0, 0, 0, 0][..], // after
        &[1, b'a'],                    // bot
        &[2, b'n', b'o'],              // reason
        &[4, 0, 0, 0],                 // length of the detail
        b"why?",
    ]
    .concat();
    let Record::Denied { after, reason, detail, at, symbol, signal, wish, .. } = read(5, &denied) else {
        panic!("kind 5 is a denial")
    };
    assert_eq!((after, reason.as_str(), detail.as_str()), (5, "no", "why?"));
    assert_eq!((at, symbol, signal, wish), (None, None, None, None));
    assert_eq!(
        crate::wire::decode(6, 5, &mut Input::new(&denied)),
        Err(DecodeError::UnknownVersion(6)),
        "a later version is refused"
    );
}
