"use strict";
// Draws /status.json once a second. All text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);
const clock = (ms) => new Date(ms).toISOString().slice(11, 19);
const moment = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

function element(name, words, kind) {
  const made = document.createElement(name);
  if (words !== undefined && words !== null) made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

// Thousands apart, so many places; the text as it came when it is no number.
function figure(value, places = 2) {
  if (value === null || value === undefined) return "–";
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  return number.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

const signed = (value) => (Number(value) > 0 ? "+" : "") + figure(value);
const tone = (value) => (Number(value) > 0 ? "good" : Number(value) < 0 ? "bad" : "soft");
const percent = (ratio, places = 1) => (ratio === null || ratio === undefined ? "–" : figure(ratio * 100, places) + " %");

function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 60) return figure(value, value < 10 ? 1 : 0) + " s";
  if (value < 5400) return figure(value / 60, 0) + " min";
  return figure(value / 3600, 1) + " h";
}

// rows: arrays of cells, each a text or [text, classes] or an element.
function table(id, heads, rows, empty) {
  const made = at(id);
  made.replaceChildren();
  if (rows.length === 0) {
    made.append(element("caption", empty, "empty"));
    return;
  }
  const head = element("tr");
  for (const [words, kind] of heads) head.append(element("th", words, kind));
  made.append(head);
  for (const row of rows) {
    const line = element("tr");
    for (const cell of row) {
      if (cell instanceof Element) {
        const around = element("td");
        around.append(cell);
        line.append(around);
      } else {
        const [words, kind] = Array.isArray(cell) ? cell : [cell, ""];
        line.append(element("td", words, kind));
      }
    }
    made.append(line);
  }
}

function head(status) {
  const state = at("state");
  const word = status.run_state.split(" ")[0];
  state.textContent = status.run_state;
  state.className = "state " + word.replace(/[^a-z]/g, "");
  at("why").textContent = status.waiting_for ? "waits for " + status.waiting_for : "";
  at("place").textContent = status.environment + " · " + status.version;
  document.title = status.run_state + " · Windvane";
}

function tiles(status) {
  const coin = status.coin ?? "";
  const shown = [
    ["equity " + coin, figure(status.equity), ""],
    ["today", status.day_pnl === null ? "–" : signed(status.day_pnl), tone(status.day_pnl)],
    ["below its peak", percent(status.drawdown), status.drawdown > 0.05 ? "warn" : ""],
    ["free margin", figure(status.available), ""],
    ["initial margin", percent(status.initial_margin_ratio), status.initial_margin_ratio > 0.8 ? "bad" : ""],
    ["maintenance margin", percent(status.maintenance_margin_ratio), status.maintenance_margin_ratio > 0.5 ? "bad" : ""],
    ["orders of unknown outcome", String(status.orders_unknown), status.orders_unknown ? "bad" : ""],
    ["fills", figure(status.bots.reduce((sum, bot) => sum + bot.fills, 0), 0), ""],
  ];
  at("tiles").replaceChildren(...shown.map(([label, value, kind]) => {
    const tile = element("div", null, "tile");
    tile.append(element("b", value, kind), element("span", label));
    return tile;
  }));
}

function curve(points) {
  const drawing = at("curve");
  drawing.replaceChildren();
  at("curve-axis").replaceChildren();
  at("curve-span").textContent = "";
  if (points.length < 2) {
    at("curve-axis").append(element("span", "The first points are on their way."));
    return;
  }
  const values = points.map((point) => point[1]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [from, to] = [points[0][0], points[points.length - 1][0]];
  const height = Math.max(high - low, Math.abs(high) * 1e-6, 1e-9);
  const x = (ms) => ((ms - from) / Math.max(to - from, 1)) * 1000;
  const y = (value) => 190 - ((value - low) / height) * 180;
  const steps = points.map(([ms, value], index) => (index ? "L" : "M") + x(ms).toFixed(1) + " " + y(value).toFixed(1)).join("");
  const part = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    drawing.append(made);
  };
  const start = y(values[0]).toFixed(1);
  part("line", { x1: 0, x2: 1000, y1: start, y2: start });
  part("path", { class: "area", d: steps + "L1000 200L0 200Z" });
  part("path", { d: steps });
  at("curve-span").textContent = figure(low) + " to " + figure(high) + ", the line is where it began";
  at("curve-axis").append(element("span", moment(from)), element("span", moment(to)));
}

function bots(status) {
  const heads = [["bot"], ["contract"], ["position"], ["entry", "number"], ["mark", "number"], ["unrealised", "number"],
    ["stop at the venue", "number"], ["to liquidation", "number"], ["orders", "number"], ["fills", "number"], ["net", "number"]];
  const rows = status.bots.map((bot) => {
    const side = bot.side === null ? ["flat", "soft"] : [(bot.side === "Buy" ? "long " : "short ") + bot.qty, bot.side === "Buy" ? "good" : "bad"];
    const stop = bot.side === null ? ["–", "number soft"] : bot.stop_loss === null
      ? ["none for " + seconds(bot.unprotected_seconds), "number bad"] : [bot.stop_loss, "number"];
    const state = bot.hold ? bot.name + " (" + bot.hold + ")" : bot.name;
    return [[state, "name"], bot.symbol, side, [bot.average_price ?? "–", "number"], [bot.mark ?? "–", "number"],
      [bot.side === null ? "–" : signed(bot.unrealised_pnl), "number " + tone(bot.unrealised_pnl)], stop,
      [percent(bot.liquidation_distance), "number"], [String(bot.open_orders), "number"], [figure(bot.fills, 0), "number"],
      [signed(bot.net_pnl), "number " + tone(bot.net_pnl)]];
  });
  table("bots", heads, rows, "No bot is configured.");
}

// A condition that holds, or that never stood in the way, is no answer to "why not".
function blockers(status) {
  const isInTheWay = (one) => one.holds === false || one.blocked > 0;
  const words = { true: ["holds now", "good"], false: ["does not hold", "warn"], null: ["–", "soft"] };
  const rows = status.bots.flatMap((bot) => {
    const conditions = bot.conditions.filter(isInTheWay).map((one) =>
      [[bot.name, "name"], one.name, words[one.holds], [one.blocked ? figure(one.blocked, 0) : "–", "number"]]);
    const denied = bot.last_denial === null ? [] : [[[bot.name, "name"], "risk, " + clock(bot.last_denial.market_ms),
      [bot.last_denial.text, "warn"], [figure(bot.denials, 0), "number"]]];
    return [...denied, ...conditions];
  });
  table("blockers", [["bot"], ["condition"], ["now"], ["signals stopped", "number"]], rows, "Nothing stands in the way.");
}

function orders(status) {
  at("order-count").textContent = status.orders.length ? String(status.orders.length) : "";
  const heads = [["bot"], ["contract"], ["side"], ["quantity", "number"], ["filled", "number"], ["price", "number"], ["state"], ["age", "number"], ["id"]];
  const rows = status.orders.map((order) => [[order.bot ?? "–", "name"], order.symbol,
    [order.side === "Buy" ? "buy" : "sell", order.side === "Buy" ? "good" : "bad"], [order.qty, "number"], [order.filled_qty, "number"],
    [order.price ?? "market", "number"], [order.state, order.state === "Unknown" ? "bad" : ""], [seconds(order.age_seconds), "number"],
    element("code", order.client_order_id, "soft")]);
  table("orders", heads, rows, "No order is open.");
}

function events(status) {
  const kinds = { halt: "bad", stop: "bad", refusal: "bad", doubt: "bad", denial: "warn", link: "warn", fill: "good", exit: "good", state: "good" };
  const rows = status.events.map((event) => {
    const row = element("li");
    const who = event.bot ? event.bot + (event.symbol ? " " + event.symbol : "") + ": " : event.symbol ? event.symbol + ": " : "";
    const time = element("time", clock(event.market_ms));
    time.title = moment(event.market_ms) + (event.client_order_id ? "  " + event.client_order_id : "");
    row.append(time, element("span", event.kind, kinds[event.kind] ?? "soft"), element("p", who + event.text));
    return row;
  });
  at("events").replaceChildren(...(rows.length ? rows : [element("p", "Nothing has happened yet.", "empty")]));
}

function links(status) {
  const rows = status.links.map((link) => {
    const name = element("span");
    name.append(element("i", null, "dot " + (link.is_up ? "good" : "bad")), link.stream);
    return [name, link.is_up ? ["up", "good"] : [link.reason ?? "down", "bad"], [seconds(link.age_seconds), "number"], [String(link.topics), "number"], [String(link.reconnects), "number"]];
  });
  table("links", [["stream"], ["state"], ["last message", "number"], ["topics", "number"], ["reconnects", "number"]], rows, "No link was opened yet.");
  const facts = [
    ["clock against the venue's", status.clock_offset_seconds === null ? "–" : figure(status.clock_offset_seconds * 1000, 1) + " ms"],
    ["last round trip", status.round_trip_seconds === null ? "–" : figure(status.round_trip_seconds * 1000, 1) + " ms"],
    ["books agreed with the venue", status.reconciled_seconds === null ? "not yet" : seconds(status.reconciled_seconds) + " ago"],
    ["orders that are not ours", String(status.foreign_orders)],
    ["journal", figure(status.journal_bytes / 1048576, 1) + " MiB, " + status.journal_unsynced + " records not yet on the disk"],
  ];
  at("health").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

let heard = 0;
async function refresh() {
  try {
    const answer = await fetch("status.json", { cache: "no-store" });
    const status = await answer.json();
    if (status.schema) {
      heard = Date.now();
      head(status); tiles(status); curve(status.equity_curve); bots(status);
      blockers(status); orders(status); events(status); links(status);
      document.body.dataset.drawn = "yes";
      at("beat").textContent = "market " + moment(status.market_ms);
    }
  } catch (error) {
    at("state").textContent = "no answer";
    at("state").className = "state lost";
    at("beat").textContent = heard ? "last heard " + seconds((Date.now() - heard) / 1000) + " ago: old figures" : String(error);
  }
  setTimeout(refresh, 1000);
}
refresh();
