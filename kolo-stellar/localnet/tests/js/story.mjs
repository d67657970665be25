// The official JavaScript SDK, unmodified, against a running network: node story.mjs http://127.0.0.1:8000
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  Address, Asset, BASE_FEE, Contract, Keypair, Operation, TransactionBuilder, hash, nativeToScVal, rpc,
  scValToNative, xdr,
} from "@stellar/stellar-sdk";

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
    const { events } = await server.getEvents({
      startLedger: sequence + 1,
      filters: [{ type: "contract", contractIds: [contract.contractId()], topics: [[transfer, "**"]] }],
    });
    assert.equal(events.length, 1);
    assert.equal(scValToNative(events[0].value), 30_000_000n);
    const balance = await server.getAssetBalance(cyn.publicKey(), usdc, passphrase);
    assert.equal(balance.balanceEntry.amount, "230000000");
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
    const failed = await server.simulateTransaction(await build(ann, factory.call("nonsense")));
    assert.ok(rpc.Api.isSimulationError(failed));
    assert.match(failed.error, /^HostError: Error\(/);
  },
};

const [ann, ben, cyn, dollar] = Array.from({ length: 4 }, () => Keypair.random());
const usdc = new Asset("USDC", dollar.publicKey());
const account = (person) => new Address(person.publicKey()).toScVal();
for (const [name, story] of Object.entries(stories)) {
  await story();
  console.log(`ok  ${name}`);
}
