//! The prices that orders were sent with, beside the ones they live at: a venue may move a price into its band and say
//! nothing. Source: Bybit V5, "Set Limit Price Action".

use crate::encode::Mutation;
use std::collections::BTreeMap;
use windvane_model::{ClientOrderId, OrderReport, Price};

/// Orders remembered; with more, the oldest are not compared any more. Ids rise with time.
const ORDERS_MAX: usize = 8_192;

/// What each open order was last sent with.
#[derive(Debug, Default)]
pub(super) struct Prices(BTreeMap<ClientOrderId, Sent>);

#[derive(Debug, Clone, Copy)]
struct Sent {
    price: Price,
    /// Until the venue shows the amended one, the order still lives at this.
    before: Option<Price>,
}

/// An order that lives at a price nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) client_order_id: ClientOrderId,
    pub(super) sent: Price,
    pub(super) live: Price,
}

impl Prices {
    /// A request that is about to leave.
    pub(super) fn sent(&mut self, mutation: &Mutation) {
        match mutation {
            Mutation::Submit(submit) => {
                let Some(price) = submit.kind.limit_price() else { return };
                if self.0.len() >= ORDERS_MAX {
                    self.0.pop_first();
                }
                self.0.insert(submit.client_order_id, Sent { price, before: None });
            }
            Mutation::Amend(amend) => {
                if let (Some(sent), Some(price)) = (self.0.get_mut(&amend.client_order_id), amend.price) {
                    *sent = Sent { price, before: Some(sent.price) };
                }
            }
            Mutation::Cancel(_)
            | Mutation::CancelAll(_)
            | Mutation::SetProtection(_)
            | Mutation::SetLeverage(_) => {}
        }
    }

    /// A report of an order; whether it lives at a price that it was not sent with. Each is told once.
    pub(super) fn heard(&mut self, report: &OrderReport) -> Option<Moved> {
        let client_order_id = report.client_order_id?;
        let sent = self.0.get_mut(&client_order_id)?;
        if report.status.is_terminal() {
            self.0.remove(&client_order_id);
            return None;
        }
        let live = report.price?;
        if live == sent.price {
            sent.before = None;
        } else if sent.before != Some(live) {
            let moved = Moved { client_order_id, sent: sent.price, live };
            *sent = Sent { price: live, before: None };
            return Some(moved);
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::codec::decode_private;
    use windvane_model::{
        AccountEvent, Amend, OrderKind, PositionIndex, Qty, Role, Side, Submit, Symbol, TimeInForce, Triggers,
    };

    const ID: &str = "w01trnde0000001-000001";

    fn price(text: &str) -> Price {
        Price::new(text.parse().unwrap()).unwrap()
    }

    pub(in super::super) fn submit(at: &str) -> Mutation {
        Mutation::Submit(Submit {
            client_order_id: ClientOrderId::new(ID).unwrap(),
            symbol: Symbol::new("BTCUSDT").unwrap(),
            position_index: PositionIndex(0),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new("0.012".parse().unwrap()).unwrap(),
            kind: OrderKind::Limit { price: price(at), time_in_force: TimeInForce::Gtc },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        })
    }

    fn amend(to: &str) -> Mutation {
        Mutation::Amend(Amend {
            client_order_id: ClientOrderId::new(ID).unwrap(),
            symbol: Symbol::new("BTCUSDT").unwrap(),
            price: Some(price(to)),
            qty: None,
            send_before: None,
        })
    }

    pub(in super::super) fn report(at: &str, status: &str) -> OrderReport {
        let text = format!(
            r#"{{"topic":"order","creationTime":1,"data":[{{"category":"linear","symbol":"BTCUSDT","orderId":"v","orderLinkId":"{ID}","side":"Buy","qty":"1","price":"{at}","orderStatus":"{status}"}}]}}"#
        );
        let mut out = vec![];
        decode_private(&text, &mut out);
        let Some(AccountEvent::Order(report)) = out.pop() else { panic!("{text}") };
        report
    }

    #[test]
    fn a_price_that_the_venue_moved_is_told_once() {
        let mut prices = Prices::default();
        prices.sent(&submit("97000.5"));
        let moved = prices.heard(&report("96500", "New")).unwrap();
        assert_eq!((moved.sent, moved.live), (price("97000.5"), price("96500")));
        assert_eq!(prices.heard(&report("96500", "PartiallyFilled")), None);
    }

    #[test]
    fn an_order_that_is_amended_lives_at_either_price_until_the_new_one_is_shown() {
        let mut prices = Prices::default();
        prices.sent(&submit("97000.5"));
        assert_eq!(prices.heard(&report("97000.50", "New")), None);
        prices.sent(&amend("97100"));
        assert_eq!(prices.heard(&report("97000.5", "New")), None);
        assert_eq!(prices.heard(&report("97100", "New")), None);
        assert!(prices.heard(&report("97000.5", "New")).is_some(), "it went back");
        assert_eq!(prices.heard(&report("97100", "Cancelled")), None);
        assert!(prices.0.is_empty(), "a closed order is forgotten");
    }
}
