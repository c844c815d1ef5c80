//! A check takes no memory: nothing on the way from a wish to an order waits for the allocator.

use crate::scene::{Scene, at, exit, id, limits, place, price, qty};
use windvane_model::{Intent, Place, Side, Triggers};

#[test]
fn a_check_in_the_steady_state_allocates_nothing() {
    let mut scene = Scene::with(limits(&[
        ("max_order_rate_short", "\"64 per 1ms\""),
        ("max_order_rate_long", "\"64 per 2ms\""),
        ("max_open_orders", "1000"),
    ]));
    scene.hold(Side::Buy, "1");
    for number in 2..300 {
        scene.rest(number, Side::Buy, "0.001", "95");
    }
    scene.rest(1, Side::Buy, "0.1", "96");
    let wishes = [
        Intent::Place(Place { qty: qty("0.1"), kind: at("97"), stop_loss: Some(price("90")), ..place() }),
        Intent::Place(Place { qty: qty("400"), ..place() }),
        Intent::Place(exit("0.5")),
        Intent::Amend { client_order_id: id(1), price: Some(price("96.5")), qty: Some(qty("0.2")) },
        Intent::Cancel { client_order_id: id(1) },
        Intent::Protect {
            symbol: place().symbol,
            stop_loss: Some(price("91")),
            take_profit: None,
            triggers: Triggers::default(),
        },
    ];
    let mut verdicts = [0; 2];
    let mut round = |scene: &mut Scene| {
        for wish in wishes {
            verdicts[usize::from(scene.check(wish).is_ok())] += 1;
            scene.stamp.wall.0 += 1_000_000;
        }
    };
    assert_eq!(allocation_counter::measure(|| drop(Box::new(wishes))).count_total, 1, "the counter counts");
    // The memory of the limits on the rate fills once.
    (0..100).for_each(|_| round(&mut scene));
    let used = allocation_counter::measure(|| (0..100).for_each(|_| round(&mut scene)));
    assert_eq!(used.count_total, 0, "{used:?}");
    assert_eq!(verdicts, [200, 1_000], "one wish in six is denied, and that takes no memory either");
}
