//! Several requests of one kind in one: batches have a limit of their own beside that of single requests, so that
//! what finds no room in the one may still find some in the other.
//!
//! Source: Bybit V5, "Batch Place Order", "Batch Amend Order", "Batch Cancel Order".

use super::{Mutation, Object, object::push_list};
use crate::category::Category;
use windvane_model::{Millis, Request};

/// Most orders in one batch.
pub(crate) const fn batch_max(category: Category) -> usize {
    match category {
        Category::Linear | Category::Inverse => 20,
        Category::Spot => 10,
    }
}

/// What all requests of one batch have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchKind {
    request: Request,
    pub(crate) recv_window_ms: Millis,
}

/// The kind of batch that a request may be part of; `None` for what comes alone only.
pub(crate) const fn kind(mutation: &Mutation) -> Option<BatchKind> {
    match mutation {
        Mutation::Submit(_) | Mutation::Amend(_) | Mutation::Cancel(_) => {
            Some(BatchKind { request: mutation.request(), recv_window_ms: mutation.recv_window_ms() })
        }
        Mutation::CancelAll(_) | Mutation::SetProtection(_) | Mutation::SetLeverage(_) => None,
    }
}

impl BatchKind {
    /// Path without the version.
    pub(crate) const fn endpoint(self) -> &'static str {
        match self.request {
            Request::Amend => "order/amend-batch",
            Request::Cancel => "order/cancel-batch",
            _ => "order/create-batch",
        }
    }

    /// Operation on the trade socket.
    pub(super) const fn operation(self) -> &'static str {
        match self.request {
            Request::Amend => "order.amend-batch",
            Request::Cancel => "order.cancel-batch",
            _ => "order.create-batch",
        }
    }
}

/// The body of a batch; the answer has its items in the same order.
pub(crate) fn write_body(category: Category, mutations: &[Mutation], out: &mut String) {
    Object::new(out)
        .text("category", category.as_str())
        .with("request", |out| {
            push_list(out, mutations, |out, item| item.write_fields(category, Object::new(out)))
        })
        .finish();
}
