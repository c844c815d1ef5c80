//! A small world around the aggregate: it stamps what happens, keeps the journal and moves the clock.

use crate::testing::{bot, position_report, symbol, wallet_report};
use crate::{Effect, Identity, Orders, PositionKey, Provenance};
use windvane_model::{
    AccountEvent, AccountSnapshot, Acknowledged, Amend, BotName, Cancel, ClientOrderId, Command, Epoch,
    Execution, InstallTag, MarketTime, Millis, Notice, OrderLookup, OrderReport, OrderStatus, PositionIndex,
    Price, Qty, Query, QueryAnswer, QueryFailed, RefusalFamily, Refused, Request, Stamp, Submit, Text,
    Undetermined, WallTime,
};

/// One line of the journal.
#[derive(Debug, Clone)]
enum Line {
    Command(Command, Stamp),
    Fact(AccountEvent, Stamp),
    Timer(Stamp),
    Resolve(ClientOrderId, Stamp),
}

pub(super) struct World {
    pub(super) orders: Orders,
    journal: Vec<Line>,
    now: Stamp,
}

fn empty() -> Orders {
    let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
    Orders::new(identity, &claims())
}

fn claims() -> Vec<(BotName, Vec<PositionKey>)> {
    vec![(bot(), vec![(symbol("BTCUSDT"), PositionIndex(0))])]
}

/// Begins the books of `orders` flat, with a wallet.
pub(crate) fn fund(orders: &mut Orders, balance: &str) {
    let snapshot = AccountSnapshot { wallet: wallet_report(balance), ..AccountSnapshot::default() };
    let answer = AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)));
    orders.apply(&answer, Stamp::default(), &mut Vec::new());
}

fn provenance() -> Provenance {
    Provenance { bot: Some(bot()), ..Provenance::default() }
}

impl World {
    /// Connected, nothing known yet.
    pub(super) fn fresh() -> Self {
        Self { orders: empty(), journal: Vec::new(), now: Stamp::default() }
    }

    /// Reconciled: flat, no orders, 1000 USDT.
    pub(super) fn begun() -> Self {
        let mut world = Self::fresh();
        let effects = world.reconcile_with(AccountSnapshot::default());
        assert_eq!(effects, []);
        assert!(world.orders.is_reconciled());
        world
    }

    /// A reconciliation that is answered with `snapshot`, flat and with 1000 USDT where it does not say
    /// otherwise.
    pub(super) fn reconcile_with(&mut self, mut snapshot: AccountSnapshot) -> Vec<Effect> {
        if snapshot.positions.is_empty() {
            snapshot.positions.push(position_report("BTCUSDT", "0", "0").at(-1).build());
        }
        if snapshot.wallet.coins.is_empty() {
            snapshot.wallet = wallet_report("1000");
        }
        self.command(Command::Query(Query::Account { executions_since: MarketTime(0) }));
        self.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot))))
    }

    fn tick(&mut self) -> Stamp {
        self.now.sequence += 1;
        self.now.wall = self.now.wall.after(1);
        self.now.market = MarketTime(self.now.market.0 + 1);
        self.now
    }

    pub(super) fn command(&mut self, command: Command) {
        let stamp = self.tick();
        self.orders.record(&command, provenance(), stamp);
        self.journal.push(Line::Command(command, stamp));
    }

    pub(super) fn submit(&mut self, submit: &Submit) {
        self.command(Command::Submit(*submit));
    }

    pub(super) fn amend(&mut self, of: &Submit, price: Option<Price>, qty: Option<Qty>) {
        let client_order_id = of.client_order_id;
        self.command(Command::Amend(Amend {
            client_order_id,
            symbol: of.symbol,
            price,
            qty,
            send_before: None,
        }));
    }

    pub(super) fn cancel(&mut self, of: &Submit) {
        let client_order_id = Some(of.client_order_id);
        self.command(Command::Cancel(Cancel { client_order_id, order_id: None, symbol: of.symbol }));
    }

    pub(super) fn fact(&mut self, event: AccountEvent) -> Vec<Effect> {
        let stamp = self.tick();
        let mut out = Vec::new();
        self.orders.apply(&event, stamp, &mut out);
        self.journal.push(Line::Fact(event, stamp));
        out
    }

    pub(super) fn report(&mut self, report: OrderReport) -> Vec<Effect> {
        self.fact(AccountEvent::Order(report))
    }

    pub(super) fn execution(&mut self, execution: Execution) -> Vec<Effect> {
        self.fact(AccountEvent::Execution(execution))
    }

    pub(super) fn acknowledged(&mut self, request: Request, of: &Submit) -> Vec<Effect> {
        self.fact(AccountEvent::Acknowledged(Acknowledged {
            request,
            symbol: Some(of.symbol),
            client_order_id: Some(of.client_order_id),
            order_id: None,
        }))
    }

    pub(super) fn refused(&mut self, request: Request, of: &Submit, family: RefusalFamily) -> Vec<Effect> {
        self.fact(AccountEvent::Refused(Refused {
            request,
            symbol: Some(of.symbol),
            client_order_id: Some(of.client_order_id),
            code: 1,
            family,
            message: Text::EMPTY,
        }))
    }

    pub(super) fn undetermined(&mut self, request: Request, of: &Submit) -> Vec<Effect> {
        self.fact(AccountEvent::Undetermined(Undetermined {
            request,
            symbol: Some(of.symbol),
            client_order_id: Some(of.client_order_id),
            code: 0,
        }))
    }

    pub(super) fn looked_up(
        &mut self,
        of: &Submit,
        order: Option<OrderReport>,
        executions: Vec<Execution>,
    ) -> Vec<Effect> {
        let lookup =
            OrderLookup { symbol: of.symbol, client_order_id: of.client_order_id, order, executions };
        self.fact(AccountEvent::Answer(QueryAnswer::Order(Box::new(lookup))))
    }

    /// A person declares an order absent.
    pub(super) fn resolve(&mut self, of: &Submit) -> Vec<Effect> {
        let (id, stamp) = (of.client_order_id, self.tick());
        let mut out = Vec::new();
        self.orders.resolve(&id, stamp, &mut out);
        self.journal.push(Line::Resolve(id, stamp));
        out
    }

    /// Lets time pass, calling the timer at every deadline on the way.
    pub(super) fn wait(&mut self, length: Millis) -> Vec<Effect> {
        let until = self.now.wall.after(length);
        let mut out = Vec::new();
        while let Some(due) = self.orders.next_deadline().filter(|due| *due <= until) {
            self.now.wall = self.now.wall.max(due);
            self.now.sequence += 1;
            self.orders.on_timer(self.now, &mut out);
            self.journal.push(Line::Timer(self.now));
            assert!(
                self.orders.next_deadline().is_none_or(|next| next > self.now.wall),
                "the timer stands still"
            );
        }
        self.now.wall = self.now.wall.max(until);
        out
    }

    /// Lets time pass in which every question about `of` finds nothing. Returns what the bots and the engine
    /// were told, and the waits between the questions.
    pub(super) fn wait_in_silence(&mut self, of: &Submit, length: Millis) -> (Vec<Effect>, Vec<Millis>) {
        let until = self.now.wall.after(length);
        let (mut told, mut waits, mut last) = (Vec::new(), Vec::new(), self.now.wall);
        while let Some(due) = self.orders.next_deadline().filter(|due| *due <= until) {
            let effects = self.wait(due.millis_since(self.now.wall));
            for effect in effects {
                if effect == ask(of) {
                    waits.push(self.now.wall.millis_since(last));
                    last = self.now.wall;
                    told.extend(self.looked_up(of, None, vec![]));
                } else {
                    told.push(effect);
                }
            }
        }
        self.now.wall = self.now.wall.max(until);
        (told, waits)
    }

    /// The journal read back from nothing must give the state that lived through it.
    pub(super) fn assert_rebuilds(&self) {
        let rebuilt = self.rebuilt();
        assert_eq!(format!("{rebuilt:#?}"), format!("{:#?}", self.orders));
        assert_eq!(rebuilt, self.orders);
        assert_eq!(self.reread(), self.orders, "the snapshot of it is it");
    }

    /// The books out of a snapshot.
    pub(super) fn reread(&self) -> Orders {
        let mut bytes = Vec::new();
        self.orders.write(&mut bytes);
        let mut input = windvane_layout::Input::new(&bytes);
        let orders = Orders::read(&mut input, &claims()).unwrap();
        input.finish().unwrap();
        orders
    }

    /// Lets days pass in which nothing happens, and has both sides agree after them.
    pub(super) fn days_pass(&mut self, days: i64, snapshot: AccountSnapshot) -> Vec<Effect> {
        self.now.market = self.now.market.after(days * 24 * 60 * 60 * 1_000);
        self.reconcile_with(snapshot);
        let mut out = self.wait(40_000);
        let failed = self.questions_fail(&out);
        out.extend(failed);
        out
    }

    /// The questions about the account among the effects find nobody.
    pub(super) fn questions_fail(&mut self, effects: &[Effect]) -> Vec<Effect> {
        let mut out = Vec::new();
        for effect in effects {
            if let Effect::Ask(query @ Query::Account { .. }) = *effect {
                let failed = QueryFailed { query, code: 0, is_unsupported: false };
                out.extend(self.fact(AccountEvent::QueryFailed(failed)));
            }
        }
        out
    }

    pub(super) fn rebuilt(&self) -> Orders {
        let mut orders = empty();
        for line in &self.journal {
            match line {
                Line::Command(command, stamp) => orders.record(command, provenance(), *stamp),
                Line::Fact(event, stamp) => orders.apply(event, *stamp, &mut Vec::new()),
                Line::Timer(stamp) => orders.on_timer(*stamp, &mut Vec::new()),
                Line::Resolve(id, stamp) => orders.resolve(id, *stamp, &mut Vec::new()),
            }
        }
        orders
    }

    /// A new process takes over from the journal.
    pub(super) fn killed_and_restarted(&mut self) {
        self.orders = self.rebuilt();
    }

    /// The next deadline that something is open for; the audit of a quiet account is none.
    pub(super) fn deadline(&self) -> Option<WallTime> {
        self.orders.next_deadline().filter(|at| at.millis_since(self.now.wall) < 20_000)
    }

    pub(super) fn now(&self) -> WallTime {
        self.now.wall
    }
}

/// The question about one order.
pub(super) fn ask(of: &Submit) -> Effect {
    Effect::Ask(Query::Order { symbol: of.symbol, client_order_id: of.client_order_id })
}

/// The notices among the effects.
pub(super) fn notices(effects: &[Effect]) -> Vec<&Notice> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::Notice(to) = effect { Some(&to.notice) } else { None })
        .collect()
}

/// The notice that an order is closed.
pub(super) fn closed(client_order_id: ClientOrderId, status: OrderStatus, cumulative_qty: Qty) -> Notice {
    Notice::Closed { client_order_id, status, cumulative_qty }
}
