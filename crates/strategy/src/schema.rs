//! JSON Schema of strategy files, so that editors complete and underline. The reader in this crate stays the judge: what
//! an expression means, no schema can say.

use serde_json::{Value, json};
use windvane_model::Interval;

use crate::language::vocabulary;
use crate::rules::parameter_types;

/// The schema, draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Windvane strategy file",
        "oneOf": [rules(), maker(), grid(), dca(), timed("twap", &["side", "total", "over", "slices"]),
            timed("schedule", &["side", "each", "every", "most"]), timed("rebalance", &["side", "target", "band", "every"])],
        "$defs": {
            "expression": { "type": "string", "description": words() },
            "duration": { "type": "string", "pattern": "^[0-9.]+[smhd]$", "examples": ["20s", "15m", "4h", "2d"] },
            "ratio": { "type": "string", "pattern": "^[0-9.]+%$", "examples": ["0.5%"] },
            "amount": { "type": "string", "pattern": "^[0-9.]+ ?USDT$", "examples": ["500 USDT"] },
            "multiple": { "type": "string", "pattern": "^[0-9.]+x$", "examples": ["3x"] },
            "conditions": { "type": "object", "additionalProperties": { "$ref": "#/$defs/expression" } },
            "protect": table(&["stop"], json!({ "stop": r("ratio"), "cooldown_after_stop": r("duration") })),
        }
    })
}

fn r(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The words of the language, for the pop-up of an editor.
fn words() -> String {
    let lines: Vec<String> =
        vocabulary().iter().map(|entry| format!("{}: {}", entry.written, entry.says)).collect();
    format!("An expression. It may use:\n{}", lines.join("\n"))
}

/// A table with these keys and no others.
fn table(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

fn rules() -> Value {
    let intervals: Vec<&str> = Interval::ALL.iter().map(|interval| interval.as_str()).collect();
    let side = table(
        &["signal"],
        json!({ "signal": r("expression"), "filter": r("conditions"), "at_send": r("conditions") }),
    );
    let parameter = table(
        &["default"],
        json!({ "default": { "type": ["number", "string", "boolean"] }, "live": { "type": "boolean" },
            "type": { "enum": parameter_types() },
            "range": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": ["number", "string"] } } }),
    );
    let scale_in = table(
        &["entries"],
        json!({ "entries": { "type": "integer", "minimum": 2 }, "when": r("expression"), "share": r("ratio") }),
    );
    let any = table(
        &["order", "size"],
        json!({ "filter": r("conditions"), "at_send": r("conditions"), "order": order(), "size": size(), "limit": limit(),
            "scale_in": scale_in }),
    );
    table(
        &["language", "timeframe", "entry", "exit"],
        json!({
            "language": { "const": 1 },
            "timeframe": { "enum": intervals },
            "evaluate": { "enum": ["bar", "tick"] },
            "params": { "type": "object", "additionalProperties": parameter },
            "let": r("conditions"),
            "entry": table(&["any"], json!({ "long": side, "short": side, "any": any })),
            "exit": exit(),
        }),
    )
}

fn order() -> Value {
    table(
        &["type"],
        json!({
            "type": { "enum": ["market", "limit", "post-only"] },
            "max_slippage": { "type": "string", "examples": ["5 ticks"] },
            "from": { "enum": ["same", "other", "mid"] },
            "level": { "type": "integer", "minimum": 1, "maximum": 50 },
            "offset": r("expression"),
            "chase": table(&["every", "up_to"], json!({ "every": r("duration"), "up_to": r("expression") })),
            "fallback": { "enum": ["market", "none"] },
            "valid_for": r("duration"),
        }),
    )
}

fn size() -> Value {
    table(
        &["max_leverage"],
        json!({
            "quote": r("amount"), "equity": r("ratio"), "risk": r("ratio"), "fees": r("ratio"), "qty": { "type": "string" },
            "volatility": table(&["target", "of"], json!({ "target": r("ratio"), "of": r("expression") })),
            "kelly": table(&["wins", "payoff", "fraction"],
                json!({ "wins": r("ratio"), "payoff": r("multiple"), "fraction": r("ratio") })),
            "max_leverage": r("multiple"),
            "below_minimum": { "enum": ["skip", "round_up"] },
        }),
    )
}

fn limit() -> Value {
    let count = json!({ "type": "integer", "minimum": 1 });
    table(
        &[],
        json!({ "entries_per_day": count, "losses_in_a_row": count, "stops_per_day": count,
            "cooldown_after_stop": r("duration"), "cooldown_after_exit": r("duration") }),
    )
}

fn exit() -> Value {
    let sides = json!({ "long": r("expression"), "short": r("expression") });
    let by = json!({ "enum": ["quote", "last", "mark", "index"] });
    let step = table(&["at", "close"], json!({ "at": r("expression"), "close": r("ratio") }));
    let row = table(&["after", "take"], json!({ "after": r("duration"), "take": r("expression") }));
    table(
        &["stop"],
        json!({
            "stop": table(&[], json!({ "distance": r("expression"), "level": table(&[], sides.clone()),
                "by": { "enum": ["last", "mark", "index"] } })),
            "soft_stop": table(&["distance"], json!({ "distance": r("expression"), "by": by })),
            "take_profit": table(&[], json!({ "distance": r("expression"), "level": table(&[], sides.clone()),
                "place": { "enum": ["venue", "engine"] }, "by": by })),
            "trail": table(&["arms_at", "gives_back"],
                json!({ "arms_at": r("expression"), "gives_back": r("expression"), "every": r("duration"), "by": by })),
            "follow": table(&["level"], json!({ "level": table(&[], sides.clone()), "every": r("duration") })),
            "scale_out": table(&["close"], json!({ "long": r("expression"), "short": r("expression"),
                "close": r("ratio"), "times": { "type": "integer", "minimum": 1, "maximum": 100 } })),
            "break_even": table(&["at"], json!({ "at": r("expression"), "offset": r("expression") })),
            "ladder": { "type": "array", "items": step },
            "decay": { "type": "array", "items": row },
            "signal": table(&[], sides),
            "opposite": { "enum": ["ignore", "close", "reverse"] },
            "time_limit": r("duration"),
            "order": table(&["max_slippage"], json!({ "max_slippage": r("expression") })),
        }),
    )
}

fn built_in(name: &str, sections: Value, required: &[&str]) -> Value {
    let mut properties = sections;
    properties["builtin"] = json!({ "const": name });
    properties["protect"] = r("protect");
    table(&[&["builtin", "protect"], required].concat(), properties)
}

fn maker() -> Value {
    let quote = json!({ "half_spread": r("ratio"), "size": r("amount"), "requote": r("ratio"), "every": r("duration") });
    let inventory = json!({ "max": r("amount"), "skew": r("ratio") });
    let sections = json!({
        "quote": table(&["half_spread", "size", "requote", "every"], quote),
        "inventory": table(&["max", "skew"], inventory),
    });
    built_in("maker", sections, &["quote", "inventory"])
}

fn grid() -> Value {
    let properties = json!({
        "trigger": r("amount"), "lower": r("amount"), "upper": r("amount"), "cells": { "type": "integer", "minimum": 1, "maximum": 200 },
        "spacing": { "enum": ["arithmetic", "geometric"] }, "direction": { "enum": ["long", "short", "neutral"] },
        "size": r("amount"), "active": { "type": "integer", "minimum": 1, "maximum": 200 }, "fees": r("ratio"),
    });
    let needed = ["lower", "upper", "cells", "spacing", "direction", "size", "active", "fees"];
    built_in("grid", json!({ "grid": table(&needed, properties) }), &["grid"])
}

fn dca() -> Value {
    let side = json!({ "enum": ["long", "short"] });
    let deal =
        json!({ "side": side, "base": r("amount"), "take_profit": r("ratio"), "pause": r("duration") });
    let safety = json!({ "orders": { "type": "integer", "minimum": 1, "maximum": 30 }, "size": r("amount"),
        "size_scale": r("multiple"), "step": r("ratio"), "step_scale": r("multiple") });
    let sections = json!({
        "deal": table(&["side", "base", "take_profit", "pause"], deal),
        "safety": table(&["orders", "size", "size_scale", "step", "step_scale"], safety),
    });
    built_in("dca", sections, &["deal", "safety"])
}

fn timed(name: &'static str, keys: &[&'static str]) -> Value {
    let unit = |key: &str| match key {
        "side" => json!({ "enum": ["long", "short"] }),
        "slices" => json!({ "type": "integer", "minimum": 1 }),
        "over" | "every" => r("duration"),
        "target" | "band" => r("ratio"),
        _ => r("amount"),
    };
    let properties: serde_json::Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), unit(key))).collect();
    let mut sections = serde_json::Map::new();
    sections.insert(name.to_owned(), table(keys, Value::Object(properties)));
    built_in(name, Value::Object(sections), &[name])
}
