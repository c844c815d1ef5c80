//! Settings of the account that trading relies on: made at start where the config says so, and always looked at.

use super::account::{mode_at_venue, unreachable};
use crate::exit::Failure;
use windvane_connector::{
    Category, DisconnectProtection, MarginMode, PositionMode, RestClient, RestError, TradingProduct,
};
use windvane_model::Symbol;
use windvane_risk::margin as risk;

/// What is done about the account at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Setup {
    /// Whether margin mode and position mode are set rather than a start refused.
    pub(crate) sets_modes: bool,
    /// How many positions the contracts of the bots are to have.
    pub(crate) position_mode: PositionMode,
    /// Seconds without any connection after which the venue cancels open orders.
    pub(crate) disconnect_window_s: Option<u32>,
    /// Whether the private stream also hears executions by the fast topic.
    pub(crate) fast_executions: bool,
}

impl Setup {
    /// Whether the private stream arms the venue's protection.
    pub(crate) const fn protection(self) -> DisconnectProtection {
        match self.disconnect_window_s {
            Some(_) => DisconnectProtection::Armed,
            None => DisconnectProtection::Off,
        }
    }

    /// Makes the settings, of an account that is known to be the right one.
    ///
    /// # Errors
    /// [`Failure::Refused`] when the venue refuses what the config asks for.
    pub(crate) async fn make(
        self,
        rest: &RestClient,
        symbols: &[Symbol],
        mode: risk::MarginMode,
    ) -> Result<(), Failure> {
        if self.sets_modes {
            set_modes(rest, symbols, mode_at_venue(mode), self.position_mode).await?;
        }
        refuse_moved_prices(rest).await;
        if let Some(window_s) = self.disconnect_window_s {
            arm(rest, window_s).await?;
        }
        Ok(())
    }
}

async fn set_modes(
    rest: &RestClient,
    symbols: &[Symbol],
    margin: MarginMode,
    wanted: PositionMode,
) -> Result<(), Failure> {
    let account = rest.account_info().await.map_err(|error| unreachable("the account's mode", &error))?;
    if account.margin_mode != margin {
        let set = rest.set_margin_mode(&margin).await;
        set.map_err(|error| refused(&format!("margin mode {} cannot be set", margin.as_str()), &error))?;
        tracing::info!(before = account.margin_mode.as_str(), now = margin.as_str(), "margin mode set");
    }
    for symbol in symbols {
        let mode = rest.position_mode(Category::Linear, *symbol).await;
        if mode.map_err(|error| unreachable("the position mode", &error))? != wanted {
            let set = rest.set_position_mode(*symbol, wanted).await;
            let what = || format!("{} mode of {symbol} cannot be set", wanted.as_str());
            set.map_err(|error| refused(&what(), &error))?;
            tracing::info!(%symbol, mode = wanted.as_str(), "position mode set");
        }
    }
    Ok(())
}

/// Left alone, the venue moves a price into its band. One that refuses the setting is told, not fatal: demo accounts do not
/// offer it, and each order's live price is compared with what was sent.
async fn refuse_moved_prices(rest: &RestClient) {
    if let Err(error) = rest.refuse_moved_prices(Category::Linear).await {
        tracing::warn!(%error, "the venue may move limit prices beyond its band instead of refusing them");
        return;
    }
    match rest.limit_price_action().await {
        Ok(action) if action.moves_contracts => {
            tracing::warn!(
                "the venue still moves limit prices beyond its band, although it was told to refuse them"
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(%error, "what the venue does with prices beyond its band could not be read")
        }
    }
}

async fn arm(rest: &RestClient, window_s: u32) -> Result<(), Failure> {
    let set = rest.set_dcp(TradingProduct::Derivatives, window_s).await;
    set.map_err(|error| {
        let what = "`dcp_window` cannot be set; the exchange switches disconnection protection on for few accounts, leave \
                    the key out otherwise";
        refused(what, &error)
    })
}

fn refused(what: &str, error: &RestError) -> Failure {
    match error {
        RestError::Refused { .. } => Failure::Refused(format!("{what}: {error}")),
        _ => Failure::Unreachable(format!("{what}: {error}")),
    }
}
