//! Queries of orders and executions.

use crate::exchange::Exchange;
use crate::wire::envelope::Answer;
use crate::wire::fields::Fields;
use crate::wire::list;

pub(crate) fn realtime(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::realtime(&exchange.reader(), uid, fields)
}

pub(crate) fn order_history(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::order_history(&exchange.reader(), uid, fields)
}

pub(crate) fn executions(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::executions(&exchange.reader(), uid, fields)
}
