//! How long a breaker holds back, to the moment, and what ends it before.

use crate::scene::{Scene, bot, dec, kept, limits, place, symbol};
use windvane_model::{
    AccountEvent, Acknowledged, DenialReason, ExitCause, HaltCause, MarketTime, Money, RefusalFamily,
    Request, WallTime,
};
use windvane_risk::{Breach, DrawdownStep, Ownership, Risk};

fn close(scene: &mut Scene, cause: ExitCause, net_pnl: &str) {
    scene.risk.observe_close(bot(), cause, Money::new(dec(net_pnl)), scene.stamp);
}

fn acknowledge(scene: &mut Scene, request: Request) {
    let client_order_id = Some(crate::scene::id(1));
    let done = Acknowledged { request, symbol: Some(symbol()), client_order_id, order_id: None };
    scene.risk.observe_answer(&AccountEvent::Acknowledged(done), Some(bot()), scene.stamp);
}

#[test]
fn a_position_that_ends_at_nothing_is_no_loss_and_ends_the_streak() {
    let mut scene = Scene::new();
    for net_pnl in ["-1", "-1", "0", "-1", "-1"] {
        close(&mut scene, ExitCause::Strategy, net_pnl);
        assert!(scene.place(place()).is_ok(), "{net_pnl}");
    }
    close(&mut scene, ExitCause::Strategy, "-0.01");
    assert!(matches!(scene.place(place()), Err(DenialReason::LosingStreak { losses: 3, .. })));
}

#[test]
fn a_bot_goes_on_at_the_moment_that_it_was_told() {
    for (cause, losses, pause) in [(ExitCause::Strategy, 3, 4 * 3_600_000), (ExitCause::StopLoss, 1, 900_000)]
    {
        let mut scene = Scene::new();
        for _ in 0..losses {
            close(&mut scene, cause, "-1");
        }
        let until = MarketTime(1_000 + pause);
        let denied = scene.place(place()).unwrap_err();
        let told = match denied {
            DenialReason::LosingStreak { until, .. } | DenialReason::CoolDown { until } => until,
            other => panic!("{other}"),
        };
        assert_eq!(told, until);
        scene.stamp.market = MarketTime(until.0 - 1);
        assert!(scene.place(place()).is_err());
        scene.stamp.market = until;
        assert!(scene.place(place()).is_ok(), "{cause:?}");
    }
}

#[test]
fn only_an_order_that_is_taken_shows_that_margin_is_understood_again() {
    let wait_after = |request| {
        let mut scene = Scene::new();
        scene.refuse(RefusalFamily::InsufficientMargin);
        scene.wait(2_000);
        acknowledge(&mut scene, request);
        scene.refuse(RefusalFamily::InsufficientMargin);
        match scene.place(place()) {
            Err(DenialReason::MarginInDoubt { until }) => until,
            other => panic!("{other:?}"),
        }
    };
    let at = |millis| WallTime(1_000_000_000).after(millis);
    assert_eq!(wait_after(Request::Submit), at(4_000), "begun anew");
    assert_eq!(wait_after(Request::Cancel), at(6_000), "a cancel says nothing of margin");
}

#[test]
fn another_limit_of_refusals_holds_from_the_next_one_on_and_forgets_none() {
    let mut scene = Scene::new();
    scene.refuse(RefusalFamily::PriceLimit);
    scene.refuse(RefusalFamily::PriceLimit);
    let claims = [(symbol(), windvane_model::PositionIndex::ONE_WAY, bot())];
    let stricter = limits(&[("max_error_rate", "\"3 per 1m\"")]);
    scene.risk.reconfigure(stricter, Ownership::new(claims).unwrap());
    assert_eq!(scene.refuse(RefusalFamily::PriceLimit), Some(Breach::Halt(HaltCause::ErrorRate)));
}

#[test]
fn a_restart_does_not_begin_the_way_back_from_a_step_anew() {
    let mut scene = Scene::new();
    let then = |risk: &mut Risk, equity: &str, at: i64| {
        let worth = windvane_risk::Worth { equity: Money::new(dec(equity)), transfers: Money::ZERO };
        risk.observe_worth(worth, windvane_model::Stamp { market: MarketTime(at), ..Scene::new().stamp });
        risk.drawdown_step()
    };
    then(&mut scene.risk, "100", 0);
    then(&mut scene.risk, "65", 1_000);
    assert_eq!(then(&mut scene.risk, "65", 11_000), DrawdownStep::Yellow);
    assert_eq!(then(&mut scene.risk, "90", 12_000), DrawdownStep::Yellow, "that must last as well");
    let memory = kept(&scene.risk);
    let mut later = Risk::new(limits(&[]), Ownership::default());
    later.restore(&memory);
    assert_eq!(then(&mut later, "90", 21_999), DrawdownStep::Yellow);
    assert_eq!(then(&mut later, "90", 22_000), DrawdownStep::Green);
}
