// The official JavaScript SDK, unmodified, against a running network: node story.mjs http://127.0.0.1:8000
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  Address, Asset, BASE_FEE, Claimant, Contract, Keypair, Operation, TransactionBuilder, authorizeEntry,
  hash, nativeToScVal, rpc, scValToNative, xdr,
} from "@stellar/stellar-sdk";

// Nothing here takes long: what hangs has failed.
setTimeout(() => { throw new Error("the story was not told within 90 seconds"); }, 90_000).unref();

const url = process.argv[2] ?? "http://127.0.0.1:8000";
const server = new rpc.Server(url, { allowHttp: true });
const { passphrase } = await server.getNetwork();
const wasm = (name) => readFileSync(new URL(`../../../wasm/${name}.wasm`, import.meta.url));

async function build(source, ...operations) {
  const account = await server.getAccount(source.publicKey());
  const builder = new TransactionBuilder(account, { fee: BASE_FEE, networkPassphrase: passphrase });
  for (const operation of operations) builder.addOperation(operation);
  return builder.setTimeout(60).build();
}

async function finish(tx) {
  const sent = await server.sendTransaction(tx);
  assert.equal(sent.status, "PENDING", JSON.stringify(sent));
  const found = await server.pollTransaction(sent.hash);
  assert.equal(found.status, "SUCCESS", JSON.stringify(found));
  return found;
}

async function run(signers, ...operations) {
  const tx = await build(signers[0], ...operations);
  for (const signer of signers) tx.sign(signer);
  return finish(tx);
}

// Simulate, assemble, sign, send.
async function invoke(source, operation) {
  const tx = await server.prepareTransaction(await build(source, operation));
  tx.sign(source);
  return (await finish(tx)).returnValue;
}

async function line(owner, asset) {
  const key = xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({
    accountId: owner.xdrAccountId(), asset: asset.toTrustLineXDRObject(),
  }));
  const { entries } = await server.getLedgerEntries(key);
  return entries[0]?.val.trustLine().balance().toString();
}

const stories = {
  async "the network is healthy and funds accounts"() {
    assert.equal((await server.getHealth()).status, "healthy");
    for (const person of [ann, ben, dollar]) await server.fundAddress(person.publicKey());
    const { sequence } = await server.getLatestLedger();
    assert.ok(sequence > 1);
    assert.ok(BigInt((await server.getFeeStats()).inclusionFee.p50) >= 100n);
    const { ledgers } = await server.getLedgers({ startLedger: 1, pagination: { limit: 2 } });
    assert.deepEqual(ledgers.map((ledger) => ledger.sequence), [1, 2]);
  },

  async "an account is created and paid, and the payment is found"() {
    const xlm = async (person) => (await server.getAccountEntry(person.publicKey())).balance().toString();
    await run([ann], Operation.createAccount({ destination: dan.publicKey(), startingBalance: "20" }));
    const found = await run([ann], Operation.payment({
      destination: dan.publicKey(), asset: Asset.native(), amount: "2.5",
    }));
    assert.equal(await xlm(dan), "225000000");
    const { transactions } = await server.getTransactions({ startLedger: found.ledger });
    assert.equal(transactions.at(-1).txHash, found.txHash);
    assert.equal((await server.getTransaction("ab".repeat(32))).status, "NOT_FOUND");
  },

  async "an account and its trustline on sponsored reserves are paid"() {
    const member = cyn.publicKey();
    await run([ann, cyn],
      Operation.beginSponsoringFutureReserves({ sponsoredId: member }),
      Operation.createAccount({ destination: member, startingBalance: "0" }),
      Operation.changeTrust({ asset: usdc, source: member }),
      Operation.endSponsoringFutureReserves({ source: member }));
    await run([ben], Operation.changeTrust({ asset: usdc }));
    await run([dollar], Operation.payment({ destination: member, asset: usdc, amount: "25" }));
    assert.equal(await line(cyn, usdc), "250000000");
  },

  async "a claimable balance waits for its claimant"() {
    const { resultXdr } = await run([dollar], Operation.createClaimableBalance({
      asset: usdc, amount: "3", claimants: [new Claimant(ben.publicKey())],
    }));
    const id = resultXdr.result().results()[0].tr().createClaimableBalanceResult().balanceId();
    await run([ben], Operation.claimClaimableBalance({ balanceId: id.toXDR("hex") }));
    assert.equal(await line(ben, usdc), "30000000");
    await run([ben], Operation.payment({ destination: dollar.publicKey(), asset: usdc, amount: "3" }));
  },

  async "who has no XLM pays by a fee-bump"() {
    const inner = await build(cyn, Operation.payment({
      destination: ben.publicKey(), asset: usdc, amount: "5",
    }));
    inner.sign(cyn);
    const bump = TransactionBuilder.buildFeeBumpTransaction(ann, "1000", inner, passphrase);
    bump.sign(ann);
    const found = await finish(bump);
    assert.equal(found.feeBump, true);
    assert.deepEqual([await line(cyn, usdc), await line(ben, usdc)], ["200000000", "50000000"]);
  },

  async "what is refused says why"() {
    const tx = await build(ann, Operation.payment({
      destination: ben.publicKey(), asset: Asset.native(), amount: "1",
    }));
    tx.sign(ben);
    const sent = await server.sendTransaction(tx);
    assert.equal(sent.status, "ERROR");
    assert.equal(sent.errorResult.result().switch().name, "txBadAuth");
    const failing = await build(ann, Operation.payment({
      destination: ben.publicKey(), asset: usdc, amount: "1",
    }));
    failing.sign(ann);
    await server.sendTransaction(failing);
    const failed = await server.pollTransaction(failing.hash().toString("hex"));
    assert.equal(failed.status, "FAILED");
    const [result] = failed.resultXdr.result().results();
    assert.equal(result.tr().paymentResult().switch().name, "paymentSrcNoTrust");
  },

  async "an asset's contract is deployed and moves it"() {
    const id = await invoke(dollar, Operation.createStellarAssetContract({ asset: usdc }));
    const contract = new Contract(usdc.contractId(passphrase));
    assert.equal(scValToNative(id), contract.contractId());
    const { sequence } = await server.getLatestLedger();
    const amount = nativeToScVal(30_000_000n, { type: "i128" });
    await invoke(ben, contract.call("transfer", account(ben), account(cyn), amount));
    assert.equal(await line(cyn, usdc), "230000000");
    const transfer = nativeToScVal("transfer", { type: "symbol" }).toXDR("base64");
    const filters = [
      { type: "contract", contractIds: [contract.contractId()], topics: [[transfer, "**"]] },
    ];
    const { events, cursor } = await server.getEvents({ startLedger: sequence + 1, filters });
    assert.equal(events.length, 1);
    assert.equal(scValToNative(events[0].value), 30_000_000n);
    // A classic payment is told in the same words (CAP-67), and a follower goes on at its cursor.
    await run([ann, cyn], Operation.payment({
      source: cyn.publicKey(), destination: ben.publicKey(), asset: usdc, amount: "1",
    }));
    const next = await server.getEvents({ cursor, filters });
    assert.deepEqual(next.events.map((event) => scValToNative(event.value)), [10_000_000n]);
    await run([ben], Operation.payment({ destination: cyn.publicKey(), asset: usdc, amount: "1" }));
    const balance = await server.getAssetBalance(cyn.publicKey(), usdc, passphrase);
    assert.equal(balance.balanceEntry.amount, "230000000");
  },

  async "somebody signs for a call that another sends"() {
    const token = new Contract(usdc.contractId(passphrase));
    const amount = nativeToScVal(5_000_000n, { type: "i128" });
    const call = token.call("transfer", account(cyn), account(ben), amount);
    const tx = await build(ann, call);
    const { result: { auth }, latestLedger } = await server.simulateTransaction(tx);
    assert.equal(auth.length, 1);
    const signed = await authorizeEntry(auth[0], cyn, latestLedger + 100, passphrase);
    const again = Operation.invokeHostFunction({
      func: tx.operations[0].func, auth: [signed],
    });
    await invoke(ann, again);
    assert.equal(await line(cyn, usdc), "225000000");
  },

  async "a contract is uploaded, deployed and called"() {
    const upload = (name) => invoke(ann, Operation.uploadContractWasm({ wasm: wasm(name) }));
    await upload("factory");
    const circle = await upload("circle");
    const rulebook = await upload("rulebook");
    const assets = nativeToScVal([new Address(usdc.contractId(passphrase))]);
    const deployed = await invoke(ann, Operation.createCustomContract({
      address: new Address(ann.publicKey()), wasmHash: hash(wasm("factory")),
      constructorArgs: [circle, rulebook, assets], salt: Buffer.alloc(32, 7),
    }));
    const factory = new Contract(scValToNative(deployed));
    const salt = nativeToScVal(Buffer.alloc(32, 1));
    const address = await invoke(ann, factory.call("circle_address", account(ann), salt));
    assert.match(scValToNative(address), /^C[A-Z2-7]{55}$/);
    const rules = nativeToScVal(weeklyRules(usdc));
    const nobody = xdr.ScVal.scvVoid();
    const { sequence } = await server.getLatestLedger();
    const made = await invoke(ann, factory.call("create", account(ann), salt, rules, nobody));
    assert.equal(scValToNative(made), scValToNative(address));
    const { events } = await server.getEvents({
      startLedger: sequence + 1, filters: [{ type: "contract", contractIds: [factory.contractId()] }],
    });
    assert.equal(events.length, 1);
    assert.deepEqual(events[0].topic.map(scValToNative),
      ["group_created", scValToNative(made), ann.publicKey()]);
    const [instance] = (await server.getLedgerEntries(factory.getFootprint())).entries;
    assert.ok(instance.liveUntilLedgerSeq > sequence);
    const failed = await server.simulateTransaction(await build(ann, factory.call("nonsense")));
    assert.ok(rpc.Api.isSimulationError(failed));
    assert.match(failed.error, /^HostError: Error\(/);
  },
};

// Rules of a circle as the contract reads them: two of ten dollars a week, a day of grace.
function weeklyRules(asset) {
  const bytes = Buffer.alloc(128);
  Address.fromString(asset.contractId(passphrase)).toBuffer().copy(bytes, 1);
  bytes.writeUInt8(2, 0);
  bytes.writeUInt16BE(0x0202, 33);
  bytes.writeBigInt64BE(100_000_000n, 35);
  bytes.writeUInt8(1, 43);
  bytes.writeUInt32BE(604_800, 45);
  bytes.writeUInt32BE(86_400, 53);
  bytes.writeUInt32BE(259_200, 61);
  return bytes;
}

const [ann, ben, cyn, dan, dollar] = Array.from({ length: 5 }, () => Keypair.random());
const usdc = new Asset("USDC", dollar.publicKey());
const account = (person) => new Address(person.publicKey()).toScVal();
for (const [name, story] of Object.entries(stories)) {
  await story();
  console.log(`ok  ${name}`);
}
