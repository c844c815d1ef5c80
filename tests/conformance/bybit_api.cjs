// The Node client bybit-api: REST, public and private topics, orders over the trade socket.
// Its package is found through NODE_PATH, since it is installed outside the repository.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");
const { RestClientV5, WebsocketClient, WebsocketAPIClient } = require("bybit-api");

const CLIENT = "bybit-api";
const LINEAR = { category: "linear", symbol: "BTCUSDT" };
const QTY = "0.001";

const flag = process.argv.indexOf("--venue");
const venue = flag > 0 ? process.argv[flag + 1] : "127.0.0.1:8484";
const credentials = { key: "paper-key", secret: "paper-secret" };
const quiet = { trace() {}, info() {}, error() {} };

const counts = { passed: 0, failed: 0 };

async function check(name, act) {
  try {
    await act();
    counts.passed += 1;
    console.log(`pass  ${CLIENT}: ${name}`);
  } catch (error) {
    counts.failed += 1;
    const text = String(error?.message ?? JSON.stringify(error)).replace(/\s+/g, " ");
    console.log(`FAIL  ${CLIENT}: ${name}: ${text.slice(0, 400)}`);
  }
  // An account may send ten orders a second.
  await sleep(400);
}

async function until(condition, seconds = 10) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s`);
    await sleep(50);
  }
}

/** The result of an accepted reply. */
function accepted(reply) {
  assert.equal(reply.retCode, 0, JSON.stringify(reply));
  return reply.result;
}

/** `reference` times `factor` on the tick of BTCUSDT. */
function price(reference, factor) {
  return (Math.floor(Number(reference) * factor * 10) / 10).toFixed(1);
}

/** Whatever an earlier run left open. */
async function flatten(client) {
  accepted(await client.cancelAllOrders(LINEAR));
  const { side, size } = accepted(await client.getPositionInfo(LINEAR)).list[0];
  if (Number(size) === 0) return;
  const way = { side: side === "Buy" ? "Sell" : "Buy", orderType: "Market", qty: size, reduceOnly: true };
  accepted(await client.submitOrder({ ...LINEAR, ...way }));
}

async function rest(client) {
  const ticker = async () => accepted(await client.getTickers(LINEAR)).list[0];
  const order = async (orderId) => accepted(await client.getActiveOrders({ ...LINEAR, orderId })).list[0];
  let orderId;

  await check("rest: market data", async () => {
    assert.ok(Number((await ticker()).lastPrice) > 0);
    assert.ok(accepted(await client.getInstrumentsInfo(LINEAR)).list[0].lotSizeFilter.qtyStep);
    assert.equal(accepted(await client.getKline({ ...LINEAR, interval: "1", limit: 5 })).list.length, 5);
    assert.ok(accepted(await client.getOrderbook({ ...LINEAR, limit: 25 })).b.length);
    assert.ok(accepted(await client.getPublicTradingHistory({ ...LINEAR, limit: 5 })).list);
    assert.ok(accepted(await client.getFundingRateHistory(LINEAR)).list);
  });
  await check("rest: account and key", async () => {
    assert.equal(accepted(await client.getWalletBalance({ accountType: "UNIFIED" })).list[0].coin[0].coin, "USDT");
    assert.equal(accepted(await client.getQueryApiKey()).apiKey, credentials.key);
  });
  await check("rest: a wrong secret is 10004", async () => {
    const stranger = new RestClientV5({ ...credentials, secret: "wrong", baseUrl: `http://${venue}` });
    const reply = await stranger.getWalletBalance({ accountType: "UNIFIED" }).catch((error) => error);
    assert.equal(reply.retCode ?? reply.code, 10004);
  });
  await check("rest: place, amend and cancel", async () => {
    const orderLinkId = `ba-${randomUUID().slice(0, 16)}`;
    const low = price((await ticker()).bid1Price, 0.95);
    const wanted = { ...LINEAR, side: "Buy", orderType: "Limit", qty: QTY, price: low, orderLinkId };
    orderId = accepted(await client.submitOrder(wanted)).orderId;
    assert.equal((await client.submitOrder(wanted)).retCode, 110072);
    accepted(await client.amendOrder({ ...LINEAR, orderId, qty: "0.002" }));
    assert.equal(Number((await order(orderId)).qty), 0.002);
    accepted(await client.cancelOrder({ ...LINEAR, orderLinkId }));
    await until(async () => (await order(orderId)).orderStatus === "Cancelled");
    assert.equal((await client.cancelOrder({ ...LINEAR, orderId })).retCode, 110001);
  });
  await check("rest: candles of mark, index and premium, open interest, risk limits", async () => {
    const recent = { ...LINEAR, interval: "D", limit: 2 };
    assert.ok(accepted(await client.getMarkPriceKline(recent)).list.length);
    assert.ok(accepted(await client.getIndexPriceKline(recent)).list.length);
    assert.ok(accepted(await client.getPremiumIndexPriceKline(recent)).list.length);
    assert.ok(accepted(await client.getOpenInterest({ ...LINEAR, intervalTime: "1h" })).list[0].openInterest);
    assert.ok(accepted(await client.getRiskLimit(LINEAR)).list.length);
  });
  const ended = (id) => until(async () => {
    const row = await order(id);
    return ["Filled", "Cancelled", "Deactivated"].includes(row?.orderStatus) && row;
  });
  await check("rest: post-only that would take, immediate-or-cancel and fill-or-kill end as they should", async () => {
    const { bid1Price, ask1Price } = await ticker();
    const limit = { ...LINEAR, side: "Buy", orderType: "Limit", qty: QTY };
    const through = { ...limit, price: price(ask1Price, 1.005), timeInForce: "PostOnly" };
    const crossed = await ended(accepted(await client.submitOrder(through)).orderId);
    assert.deepEqual([crossed.orderStatus, crossed.rejectReason], ["Cancelled", "EC_PostOnlyWillTakeLiquidity"]);
    for (const timeInForce of ["IOC", "FOK"]) {
      const away = { ...limit, price: price(bid1Price, 0.95), timeInForce };
      const row = await ended(accepted(await client.submitOrder(away)).orderId);
      assert.deepEqual([row.orderStatus, Number(row.cumExecQty)], ["Cancelled", 0]);
    }
  });
  await check("rest: conditional orders by last, mark and index price wait and are cancelled", async () => {
    const triggerPrice = price((await ticker()).ask1Price, 1.1);
    for (const triggerBy of ["LastPrice", "MarkPrice", "IndexPrice"]) {
      const wanted = { ...LINEAR, side: "Buy", orderType: "Market", qty: QTY, triggerPrice, triggerDirection: 1, triggerBy };
      const id = accepted(await client.submitOrder(wanted)).orderId;
      assert.deepEqual([(await order(id)).orderStatus, (await order(id)).triggerBy], ["Untriggered", triggerBy]);
      accepted(await client.cancelOrder({ ...LINEAR, orderId: id }));
      assert.equal((await ended(id)).orderStatus, "Deactivated");
    }
  });
  await check("rest: batches of orders, amendments and cancellations answer item by item", async () => {
    const low = price((await ticker()).bid1Price, 0.95);
    const one = { symbol: LINEAR.symbol, side: "Buy", orderType: "Limit", qty: QTY, price: low };
    const codes = (reply) => reply.retExtInfo.list.map((row) => row.code);
    const made = await client.batchSubmitOrders("linear", [one, { ...one, qty: "0.0000001" }, one]);
    assert.deepEqual(codes(made), [0, 10001, 0]);
    const ids = made.result.list.map((row) => row.orderId).filter(Boolean);
    const named = ids.map((orderId) => ({ symbol: LINEAR.symbol, orderId }));
    assert.deepEqual(codes(await client.batchAmendOrders("linear", named.map((row) => ({ ...row, qty: "0.002" })))), [0, 0]);
    assert.deepEqual(codes(await client.batchCancelOrders("linear", named)), [0, 0]);
  });
  await check("rest: spot is bought for quote coin and sold for base coin", async () => {
    const pair = { category: "spot", symbol: LINEAR.symbol, orderType: "Market" };
    const settled = (orderId) => until(async () => {
      const row = accepted(await client.getActiveOrders({ category: "spot", symbol: pair.symbol, orderId })).list[0];
      return row?.orderStatus === "Filled" || row?.orderStatus === "PartiallyFilledCanceled" ? row : undefined;
    });
    const { orderId: bought } = accepted(await client.submitOrder({ ...pair, side: "Buy", qty: "100" }));
    const got = Number((await settled(bought)).cumExecQty);
    const qty = (Math.floor(got * 0.998 * 1e6) / 1e6).toFixed(6);
    const { orderId: sold } = accepted(await client.submitOrder({ ...pair, side: "Sell", qty, marketUnit: "baseCoin" }));
    assert.equal((await settled(sold)).orderStatus, "Filled");
  });
  await check("rest: hedge mode holds both sides of a contract", async () => {
    const other = { category: "linear", symbol: "SOLUSDT" };
    accepted(await client.switchPositionMode({ ...other, mode: 3 }));
    const send = async (side, positionIdx, more = {}) =>
      accepted(await client.submitOrder({ ...other, side, orderType: "Market", qty: "1", positionIdx, ...more }));
    try {
      await send("Buy", 1);
      await send("Sell", 2);
      const both = accepted(await client.getPositionInfo(other)).list.map((row) => [row.positionIdx, row.side]);
      assert.deepEqual(both, [[1, "Buy"], [2, "Sell"]]);
    } finally {
      await send("Sell", 1, { reduceOnly: true });
      await send("Buy", 2, { reduceOnly: true });
      accepted(await client.switchPositionMode({ ...other, mode: 0 }));
    }
  });
  await check("rest: market in with a stop-loss, executions, position, out", async () => {
    const stopLoss = price((await ticker()).bid1Price, 0.9);
    const market = { ...LINEAR, orderType: "Market", qty: QTY };
    orderId = accepted(await client.submitOrder({ ...market, side: "Buy", stopLoss })).orderId;
    await until(async () => (await order(orderId)).orderStatus === "Filled");
    assert.equal(accepted(await client.getExecutionList({ ...LINEAR, orderId })).list[0].execType, "Trade");
    const position = accepted(await client.getPositionInfo(LINEAR)).list[0];
    assert.deepEqual([position.side, Number(position.stopLoss)], ["Buy", Number(stopLoss)]);
    const whole = { ...LINEAR, tpslMode: "Full", positionIdx: 0 };
    accepted(await client.setTradingStop({ ...whole, takeProfit: price(position.avgPrice, 1.1), trailingStop: "500" }));
    const kinds = accepted(await client.getActiveOrders({ ...LINEAR, orderFilter: "StopOrder" })).list;
    assert.deepEqual(kinds.map((row) => row.stopOrderType).sort(), ["StopLoss", "TakeProfit", "TrailingStop"]);
    accepted(await client.submitOrder({ ...market, side: "Sell", reduceOnly: true }));
    await until(async () => Number(accepted(await client.getPositionInfo(LINEAR)).list[0].size) === 0);
  });
  await check("rest: leverage, and 110043 on a repetition", async () => {
    const leverage = (factor) => client.setLeverage({ ...LINEAR, buyLeverage: factor, sellLeverage: factor });
    await leverage("6");
    accepted(await leverage("5"));
    assert.equal((await leverage("5")).retCode, 110043);
  });
}

/** A socket of the client at one path, with everything it was told. */
function listener(path, options = {}) {
  const client = new WebsocketClient({ ...options, wsUrl: `ws://${venue}${path}` }, quiet);
  const told = { updates: [], acknowledged: [], exceptions: [] };
  client.on("update", (message) => told.updates.push(message));
  client.on("response", (message) => told.acknowledged.push(message));
  client.on("exception", (message) => told.exceptions.push(message));
  const topic = (name, fits = () => true) => until(() => told.updates.find((m) => m.topic === name && m.data && fits(m)), 20);
  return { client, told, topic };
}

async function sockets(client) {
  const open = listener("/v5/public/linear");
  await check("public: book, ticker, trades and kline", async () => {
    const topics = ["orderbook.50.BTCUSDT", "tickers.BTCUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"];
    await Promise.all(open.client.subscribeV5(topics, "linear"));
    for (const topic of topics) await open.topic(topic);
    await open.topic("orderbook.50.BTCUSDT", (message) => message.type === "delta");
    assert.deepEqual(open.told.exceptions, []);
  });
  open.client.closeAll(true);

  const own = listener("/v5/private", credentials);
  await check("private: order, execution, fast execution, position and wallet of a fill, and dcp", async () => {
    const topics = ["order", "execution", "execution.fast", "position", "wallet", "dcp.future"];
    await Promise.all(own.client.subscribeV5(topics, "linear"));
    // The promise is kept when the request is sent; what happens before the acknowledgement is not pushed.
    await until(() => own.told.acknowledged.some((reply) => reply.op === "subscribe" && reply.success));
    const market = { ...LINEAR, orderType: "Market", qty: QTY };
    const { orderId } = accepted(await client.submitOrder({ ...market, side: "Buy" }));
    await own.topic("order", (m) => m.data.some((row) => row.orderId === orderId && row.orderStatus === "Filled"));
    await own.topic("execution", (m) => m.data.some((row) => row.orderId === orderId));
    await own.topic("execution.fast", (m) => m.data.some((row) => row.orderId === orderId));
    await own.topic("position", (m) => m.data.some((row) => row.side === "Buy"));
    await own.topic("wallet");
    accepted(await client.submitOrder({ ...market, side: "Sell", reduceOnly: true }));
    await own.topic("position", (m) => m.data.some((row) => row.side === ""));
    assert.deepEqual(own.told.exceptions, []);
  });
  own.client.closeAll(true);
}

async function trade(client) {
  const options = { ...credentials, wsUrl: `ws://${venue}/v5/trade`, attachEventListeners: false };
  const desk = new WebsocketAPIClient(options, quiet);
  const low = price(accepted(await client.getTickers(LINEAR)).list[0].bid1Price, 0.95);
  const bid = { ...LINEAR, side: "Buy", orderType: "Limit", qty: QTY, price: low };
  let orderId;
  await check("trade: create, amend and cancel", async () => {
    const reply = await desk.submitNewOrder(bid);
    assert.deepEqual([reply.retCode, reply.op], [0, "order.create"]);
    orderId = reply.data.orderId;
    assert.equal((await desk.amendOrder({ ...LINEAR, orderId, qty: "0.002" })).retCode, 0);
    assert.equal((await desk.cancelOrder({ ...LINEAR, orderId })).retCode, 0);
  });
  await check("trade: cancel again is rejected with 110001", async () => {
    await assert.rejects(desk.cancelOrder({ ...LINEAR, orderId }), (error) => error.retCode === 110001);
  });
  await check("trade: a batch, and its cancellation", async () => {
    const made = await desk.batchSubmitOrders("linear", [bid, bid]);
    assert.deepEqual(made.retExtInfo.list.map((row) => row.code), [0, 0]);
    const doomed = made.data.list.map((row) => ({ symbol: LINEAR.symbol, orderId: row.orderId }));
    const reply = await desk.batchCancelOrder("linear", doomed);
    assert.deepEqual(reply.retExtInfo.list.map((row) => row.code), [0, 0]);
  });
  desk.getWSClient().closeAll(true);
}

async function main() {
  const client = new RestClientV5({ ...credentials, baseUrl: `http://${venue}` });
  await flatten(client);
  for (const part of [rest, sockets, trade]) await part(client);
  console.log(`${CLIENT}: ${counts.passed} passed, ${counts.failed} failed`);
  // Its sockets try to connect again for ever, also those that were closed.
  process.exit(counts.failed ? 1 : 0);
}

main();
