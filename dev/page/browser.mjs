//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//
// A browser without a window, driven over the DevTools protocol, with nothing but what node brings.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The client's side of a WebSocket, as much of it as DevTools needs: text messages, in pieces or whole. */
class Socket {
  #rest = Buffer.alloc(0);
  #pieces = [];

  static async open(url) {
    const { hostname, port, pathname } = new URL(url);
    const stream = net.connect(Number(port), hostname);
    const key = randomBytes(16).toString("base64");
    stream.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
    let head = Buffer.alloc(0);
    while (!head.includes("\r\n\r\n")) {
      head = Buffer.concat([head, await new Promise((resolve, reject) => {
        stream.once("data", resolve);
        stream.once("error", reject);
      })]);
      stream.pause();
    }
    const accept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
    if (!head.toString().includes(accept)) throw new Error("the browser did not take the WebSocket");
    return new Socket(stream, head.subarray(head.indexOf("\r\n\r\n") + 4));
  }

  constructor(stream, rest) {
    this.stream = stream;
    this.onMessage = () => {};
    this.onEnd = () => {};
    stream.on("data", (data) => this.#read(data));
    stream.on("close", () => this.onEnd());
    stream.on("error", () => {});
    this.#read(rest);
    stream.resume();
  }

  send(text) {
    const body = Buffer.from(text), mask = randomBytes(4);
    const size = body.length < 126 ? Buffer.from([0x80 | body.length]) : body.length < 65536
      ? Buffer.from([0x80 | 126, body.length >> 8, body.length & 255])
      : Buffer.concat([Buffer.from([0x80 | 127]), (() => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(body.length)); return b; })()]);
    for (let at = 0; at < body.length; at++) body[at] ^= mask[at & 3];
    this.stream.write(Buffer.concat([Buffer.from([0x81]), size, mask, body]));
  }

  close() { this.stream.destroy(); }

  #read(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      if (this.#rest.length < 2) return;
      let size = this.#rest[1] & 127, at = 2;
      if (size === 126) { if (this.#rest.length < 4) return; size = this.#rest.readUInt16BE(2); at = 4; }
      else if (size === 127) { if (this.#rest.length < 10) return; size = Number(this.#rest.readBigUInt64BE(2)); at = 10; }
      if (this.#rest.length < at + size) return;
      const first = this.#rest[0], body = this.#rest.subarray(at, at + size);
      this.#rest = this.#rest.subarray(at + size);
      if ((first & 15) > 2) continue;
      this.#pieces.push(Buffer.from(body));
      if (first & 128) {
        const text = Buffer.concat(this.#pieces).toString();
        this.#pieces = [];
        this.onMessage(text);
      }
    }
  }
}

/** A page of a browser, and what it has said on its console and asked of the network. */
export class Browser {
  static async start(program = "chromium") {
    const folder = mkdtempSync(join(tmpdir(), "penstock-browser-"));
    const child = spawn(program, ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", `--user-data-dir=${folder}`,
      "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    const url = await new Promise((resolve, reject) => {
      let said = "";
      const timer = setTimeout(() => reject(new Error("the browser did not start within a minute: " + said)), 60000);
      child.stderr.on("data", (data) => {
        said += data;
        const found = /DevTools listening on (ws:\S+)/.exec(said);
        if (found) { clearTimeout(timer); resolve(found[1]); }
      });
      child.on("exit", (code) => reject(new Error(`the browser has ended with ${code}: ${said}`)));
      child.on("error", reject);
    });
    const browser = new Browser(child, folder, await Socket.open(url));
    await browser.#attach();
    return browser;
  }

  constructor(child, folder, socket) {
    Object.assign(this, { child, folder, socket, calls: new Map(), number: 0, problems: [], requests: [] });
    socket.onMessage = (text) => this.#take(JSON.parse(text));
    socket.onEnd = () => { for (const { reject } of this.calls.values()) reject(new Error("the browser has gone")); };
  }

  async #attach() {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    this.session = sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.call(`${domain}.enable`);
  }

  call(method, params = {}) {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params, ...(this.session ? { sessionId: this.session } : {}) }));
    });
  }

  #take(message) {
    if (message.id) {
      const { resolve, reject } = this.calls.get(message.id);
      this.calls.delete(message.id);
      if (message.error) reject(new Error(message.error.message)); else resolve(message.result);
      return;
    }
    const { method, params } = message;
    if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.problems.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
    } else if (method === "Runtime.exceptionThrown") {
      this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    } else if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) {
      this.problems.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    } else if (method === "Network.requestWillBeSent") {
      this.requests.push(params.request.url);
    }
  }

  /** The value of an expression in the page, which may be a promise. */
  async value(expression) {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression of the page is true. */
  async until(expression, what, seconds = 30) {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      if (await this.value(expression)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`within ${seconds} s this did not become true: ${what}`);
  }

  async open(url) { await this.call("Page.navigate", { url }); }

  async look({ width, height, scale = 1, dark = false }) {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: width < 500 });
    await this.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  /** A picture of the page as far as it goes down, or of its window. */
  async picture(isWhole = true) {
    const { cssContentSize: size } = await this.call("Page.getLayoutMetrics");
    const clip = isWhole ? { clip: { x: 0, y: 0, width: size.width, height: size.height, scale: 1 } } : {};
    const { data } = await this.call("Page.captureScreenshot", { format: "png", captureBeyondViewport: isWhole, ...clip });
    return Buffer.from(data, "base64");
  }

  async press(key, modifiers = 0) {
    const codes = { Tab: 9, Enter: 13, Escape: 27 };
    const event = { key, code: key, windowsVirtualKeyCode: codes[key], modifiers, ...(key === "Enter" ? { text: "\r" } : {}) };
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async end() {
    const gone = new Promise((resolve) => this.child.once("close", resolve));
    this.session = undefined;
    // Its own processes end with it, and write to the folder until then.
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10000);
    this.call("Browser.close").catch(() => {});
    await gone;
    clearTimeout(timer);
    this.socket.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
