#!/usr/bin/env node
//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//
// dev/page/check.mjs PENSTOCK [FOLDER]
//
// Runs the program PENSTOCK with a pipeline, opens its live page in Chromium without a window, and holds it to what it
// promises: its figures are those of /status, its charts move, the orders work by keyboard and by mouse, nothing is asked of
// anybody else, nothing is wrong on the console, and a drain from the page ends in a report that balances. With FOLDER it
// leaves pictures there.

import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Browser } from "./browser.mjs";

const [program, pictures] = process.argv.slice(2);
if (!program) {
  console.error("usage: dev/page/check.mjs PENSTOCK [FOLDER]");
  process.exit(64);
}

// A server that takes its time, so that there is a bottleneck to see; now and then it refuses an event.
const slow = http.createServer((request, response) => {
  request.resume();
  request.on("end", () => setTimeout(() => response.end("{}"), 90));
});
await new Promise((done) => slow.listen(0, "127.0.0.1", done));
const pipeline = `pipeline: orders
sources:
  web: { type: generate, rate: 8000/s }
  replay: { type: generate, rate: 2000/s }
steps:
  - filter: "status != 304"
sinks:
  archive: { type: file, path: archive.ndjson, rotate: { size: 32MiB, keep: 1 } }
  alerts:
    type: http
    url: http://127.0.0.1:${slow.address().port}/
    when: status >= 500
    when_full: wait
    batch: { events: 80, linger: 50ms }
    queue: { events: 200 }
dead_letter: { type: file, path: letters.ndjson }
admin: { listen: 127.0.0.1:0 }
`;

const failures = [];
const expect = (isTrue, what) => {
  console.log(`${isTrue ? "ok  " : "FAIL"}  ${what}`);
  if (!isTrue) failures.push(what);
};
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** The program, running, and where its page is. */
const start = async (folder, text) => {
  writeFileSync(join(folder, "orders.yaml"), text);
  const child = spawn(resolve(program), ["run", "orders.yaml", "--json"], { cwd: folder, env: { ...process.env, XDG_RUNTIME_DIR: folder } });
  let said = "";
  const url = await new Promise((done, fail) => {
    child.stderr.on("data", (data) => {
      said += data;
      const found = /live page +(\S+)/.exec(said);
      if (found) done(found[1]);
    });
    child.once("exit", (code) => fail(new Error(`penstock has ended with ${code}: ${said}`)));
    child.once("error", fail);
  });
  const ended = new Promise((done) => child.once("close", (code) => done({ code, said })));
  return { child, url, ended };
};

const folder = mkdtempSync(join(tmpdir(), "pen-"));
let run = await start(folder, pipeline);
let browser;
try {
  browser = await Browser.start();
  await browser.look({ width: 1280, height: 900 });
  await browser.open(run.url);
  await browser.until("Number(document.getElementById('ledger')?.dataset.accepted) > 0", "the page shows events");

  // The page's figure lies between what /status has said before and after.
  const status = async () => (await (await fetch(run.url + "status")).json());
  const shown = (id) => browser.value(`Number(document.getElementById("${id}").getAttribute("value"))`);
  const before = await status();
  await browser.until(`Number(document.getElementById("ledger").dataset.accepted) >= ${before.events.accepted}`, "the page follows");
  const accepted = await browser.value("Number(document.getElementById('ledger').dataset.accepted)");
  await wait(0.1);
  const after = await status();
  expect(before.events.accepted <= accepted && accepted <= after.events.accepted,
    `accepted on the page (${accepted}) lies between what /status says (${before.events.accepted} to ${after.events.accepted})`);
  await wait(5);
  const [rate, told] = [await shown("figure-rate"), (await status()).events_per_second.ended];
  expect(Math.abs(rate - told) <= 0.15 * told, `throughput on the page (${rate}) is that of /status (${told})`);
  expect(told > 1000 && told < 11000, `throughput (${told}) is what the slow sink lets through of 10,000 a second`);
  const texts = await browser.value("[...document.querySelectorAll('#diagnoses span')].map((line) => line.textContent)");
  const words = (await status()).diagnoses.map((diagnosis) => diagnosis.text.replaceAll("`", ""));
  console.log(`      diagnoses on the page: ${JSON.stringify(texts)}; of /status: ${JSON.stringify(words)}`);
  expect(texts.some((text) => text.startsWith("sink alerts is the bottleneck: workers spend")), "the page names the slow sink as the bottleneck");

  // The charts move.
  for (const chart of ["throughput", "latency", "depth", "age", "budget"]) {
    const path = `document.querySelector("#chart-${chart} path:last-of-type").getAttribute("d")`;
    const first = await browser.value(path);
    await browser.until(`${path} !== ${JSON.stringify(first)}`, `the chart ${chart} moves`);
    expect(!/NaN|Infinity|undefined/.test(await browser.value(path)), `the chart ${chart} moves, and has numbers only`);
  }
  const graph = await browser.value("document.getElementById('graph').textContent");
  expect(["web", "replay", "queue", "archive", "alerts"].every((name) => graph.includes(name)), "the graph names every part");

  // By keyboard: Tab to the first button, Enter, Tab to the second one of the dialog, Enter.
  await browser.value("document.activeElement.blur()");
  await browser.press("Tab");
  expect(await browser.value("document.activeElement.id") === "pause", "the first Tab leads to Pause");
  await browser.press("Enter");
  await browser.until("document.getElementById('ask').open", "a question is asked");
  await browser.press("Escape");
  await browser.until("!document.getElementById('ask').open", "Escape takes it back");
  expect((await status()).phase === "running", "what was taken back has not happened");
  await browser.press("Enter");
  await browser.until("document.getElementById('ask').open", "a question is asked again");
  await browser.press("Tab");
  await browser.press("Enter");
  await browser.until("document.getElementById('phase').textContent === 'paused'", "the pipeline is paused by keyboard");
  expect((await status()).phase === "paused", "paused by keyboard");
  expect((await fetch(run.url + "ready")).status === 503, "a paused pipeline is not ready");
  await browser.value("document.getElementById('pause').click(); document.getElementById('ask-yes').click()");
  await browser.until("document.getElementById('phase').textContent === 'running'", "the pipeline runs again");
  await browser.value("document.getElementById('resize').click(); document.getElementById('ask-number').value = 3; document.getElementById('ask-yes').click()");
  await browser.until("document.getElementById('workers-title').textContent.includes('3')", "there are three workers");
  expect(true, "resumed and resized from the page");

  // In the narrowest window nothing hangs over.
  for (const width of [320, 380, 768, 1280]) {
    await browser.look({ width, height: 800, dark: width === 380 });
    await wait(1.2);
    const [page, window] = await browser.value("[document.documentElement.scrollWidth, window.innerWidth]");
    expect(page <= window, `at ${width} px the page is no wider than its window`);
  }
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    await browser.value("document.activeElement.blur()");
    await wait(45);
    for (const [name, look] of [["light", {}], ["dark", { dark: true }], ["phone", { width: 380, height: 800, scale: 1 }]]) {
      await browser.look({ width: 1180, height: 900, ...look });
      await wait(1.5);
      writeFileSync(join(pictures, `page-${name}.png`), await browser.picture());
    }
    await browser.look({ width: 1280, height: 900 });
  }

  await browser.value("document.getElementById('drain').click()");
  expect(await browser.value("document.activeElement.id") === "ask-no", "a grave question begins at Cancel");
  await browser.value("document.getElementById('ask-yes').click()");
  await browser.until("!document.getElementById('banner').hidden && document.getElementById('banner').textContent.includes('has ended')", "the page tells the end");
  expect(await browser.value("document.getElementById('banner').dataset.balanced") === "true", "the page says that the ledger balances");
  const { code, said } = await run.ended;
  const report = JSON.parse(said.trim().split("\n").pop());
  expect(code === 0 && report.exit === "interrupted" && report.balanced, `the run ended with ${code}, ${report.exit}, balanced: ${report.balanced}`);
  const events = report.events;
  const fates = events.delivered + events.filtered + events.aggregated + events.dead_lettered + events.stored
    + Object.values(events.dropped).reduce((sum, value) => sum + value, 0);
  expect(events.accepted === fates && events.in_flight === 0, `${events.accepted} events accepted, ${fates} with a fate`);
  await wait(0.5);
  expect(browser.problems.length === 0, `nothing is wrong on the console ${browser.problems.join("; ")}`);
  const others = browser.requests.filter((request) => !request.startsWith(run.url) && !request.startsWith("data:") && request !== "about:blank");
  expect(others.length === 0, `nothing is asked of anybody else ${others.join("; ")}`);

  // With a token the page asks for it, and carries it to orders.
  writeFileSync(join(folder, "token"), "a-token\n");
  run = await start(folder, pipeline.replace("listen: 127.0.0.1:0", "listen: 127.0.0.1:0, token_file: token"));
  await browser.open(run.url);
  await browser.until("document.getElementById('ask')?.open", "the page asks for a token");
  expect(await browser.value("document.activeElement.id") === "ask-token", "the page asks for a token");
  await browser.value("document.getElementById('ask-token').value = 'wrong'; document.getElementById('ask-yes').click()");
  await browser.until("!document.getElementById('ask-wrong').hidden", "a wrong token is told of");
  await browser.value("document.getElementById('ask-token').value = 'a-token'; document.getElementById('ask-yes').click()");
  await browser.until("Number(document.getElementById('ledger').dataset.accepted) > 0", "the token opens the page");
  await browser.value("document.getElementById('drain').click(); document.getElementById('ask-yes').click()");
  expect((await run.ended).code === 0, "an order with the token drains");

  // Another run in the place of one that was killed begins its charts anew: they go from left to right, within their frame.
  run = await start(folder, pipeline);
  await browser.open(run.url);
  const path = "document.querySelector('#chart-throughput path:last-of-type').getAttribute('d')";
  await browser.until("/^0:00:(08|09|1)/.test(document.getElementById('since')?.textContent)", "the page shows a run for eight seconds");
  run.child.kill("SIGKILL");
  await run.ended;
  run = await start(folder, pipeline.replace("listen: 127.0.0.1:0", `listen: ${new URL(run.url).host}`));
  await browser.until("/^0:00:0[1-6]/.test(document.getElementById('since').textContent)", "the page shows the run that came after");
  await wait(2.5);
  const drawn = [...(await browser.value(path)).matchAll(/[ML](-?[\d.]+)/g)].map((match) => Number(match[1]));
  expect(drawn.length > 1 && drawn.every((x, place) => x >= 0 && (place === 0 || x >= drawn[place - 1])),
    `after a restart the chart goes from left to right: ${drawn.map(Math.round).join(" ")}`);
  await browser.value("document.getElementById('drain').click(); document.getElementById('ask-yes').click()");
  expect((await run.ended).code === 0, "the run that came after drains from the same page");
} catch (error) {
  expect(false, error.message);
} finally {
  await browser?.end();
  if (run.child.exitCode === null) run.child.kill("SIGKILL");
  slow.closeAllConnections();
  slow.close();
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(`${failures.length} failed`);
  process.exit(1);
}
