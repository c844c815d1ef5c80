//! Configs for tests elsewhere in the binary.

use super::{Settings, load};

/// The settings of the shipped testnet config with these bots in place of its own.
pub(crate) fn settings_with(bots: &str) -> Settings {
    const SHIPPED: &str = include_str!("../../../../config/testnet.toml");
    const MAKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies/maker.toml");
    let head = SHIPPED.split("[bot.").next().unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, format!("{head}{}", bots.replace("maker.toml", MAKER))).unwrap();
    load(&path).unwrap()
}
