// SPDX-License-Identifier: EUPL-1.2
// check.js ADDRESS: the portal in Chromium: each page in both languages, light and dark, wide and at 400 % zoom: nothing
// that axe finds, nothing that the content security policy stops, nothing to scroll sideways, no button too narrow for
// its words; the whole way by keyboard alone; and what it costs on the wire. Pictures of all pages are left beside it.
"use strict";
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const address = process.argv[2];
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const pictures = path.join(__dirname, "pictures");
const FIRST_VISIT_MAX = 300_000, NEXT_VISIT_MAX = 10_000;
const SIZES = { wide: { width: 1280, height: 900 }, zoomed: { width: 320, height: 256 } };

async function newBrowserContext(browser, options) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  await context.addInitScript(() => {
    window.stopped = [];
    addEventListener("securitypolicyviolation", (event) => window.stopped.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return context;
}

async function typeAndGo(page, fields) {
  for (const [id, text] of Object.entries(fields))
    await page.fill(`#${id}`, text);
  await Promise.all([page.waitForNavigation(), page.click("main button")]);
}

const right = { name: "anna", password: "geheim & größer+1", code: "123456" };

// How to come to each page, one after the other.
const pages = {
  async logon(page) { await page.goto(address); },
  async refused(page) {
    await page.goto(address);
    await typeAndGo(page, { ...right, code: "654321" });
    await page.waitForSelector("[role=alert]");
  },
  async message(page) { await page.goto(`${address}/nothing`); },
  async desktops(page) {
    await page.goto(address);
    await typeAndGo(page, right);
    await page.waitForURL("**/desktops");
    await page.click("summary");
  },
  async factors(page) { await page.goto(`${address}/factors`); },
  async telephone(page) { await page.goto(`${address}/factors/telephone`); },
  async jobs(page) {
    await page.goto(`${address}/jobs`);
    assert.match(await page.textContent("main"), /an keinem Platz|at no desk/);
  },
  async codes(page) {
    await page.goto(`${address}/factors`);
    await Promise.all([page.waitForNavigation(), page.click("form[action='/factors/codes'] button")]);
  },
};

async function look(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  assert.deepEqual(await page.evaluate(() => window.stopped), [], `${name}: stopped by the policy`);
  const [wanted, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wanted <= there, `${name}: ${wanted} pixels wide, ${there} are there`);
  const cut = await page.evaluate(() => [...document.querySelectorAll(".kern-btn")]
    .filter((button) => button.scrollWidth > button.clientWidth).map((button) => button.textContent));
  assert.deepEqual(cut, [], `${name}: wider than their buttons`);
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
  assert.ok(passes.length > 10, `${name}: only ${passes.length} rules had something to look at`);
}

async function lookAtAll(browser) {
  for (const locale of ["de", "en"])
    for (const colorScheme of ["light", "dark"])
      for (const [size, viewport] of Object.entries(SIZES)) {
        const context = await newBrowserContext(browser, { locale, colorScheme, viewport });
        const page = await context.newPage();
        for (const [name, go] of Object.entries(pages)) {
          await go(page);
          assert.equal(await page.evaluate(() => document.documentElement.lang), locale);
          if (name === "desktops")
            assert.match(await page.textContent(".logons"), /, Chrome, Linux[^]*(abgelehnt|refused)[^]*, Chrome, Linux/);
          await look(page, `${name}-${locale}-${colorScheme}-${size}`);
        }
        await context.close();
      }
}

// Where the focus comes to by Tab, one after the other, and that it is seen.
async function tabTo(page, selector) {
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press("Tab");
    const [is, seen] = await page.evaluate((wanted) => {
      const now = document.activeElement, style = getComputedStyle(now), box = now.getBoundingClientRect();
      return [now.matches(wanted),
        box.width > 1 && (style.outlineStyle !== "none" || style.boxShadow !== "none" || style.borderWidth !== "0px")];
    }, selector);
    assert.ok(seen, `the focus is not seen on the way to ${selector}`);
    if (is)
      return;
  }
  assert.fail(`Tab does not come to ${selector}`);
}

async function goByKeyboard(browser) {
  const context = await newBrowserContext(browser, { locale: "de", viewport: SIZES.wide });
  const page = await context.newPage();
  await page.goto(address);
  await tabTo(page, "a.skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  for (const [id, text] of Object.entries(right)) {
    await tabTo(page, `#${id}`);
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL("**/desktops");
  await tabTo(page, "form[action='/logoff'] button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("form[action='/logon']");
  await context.close();
}

// A passkey instead of a code; and what is said when there is none.
async function usePasskey(browser) {
  const context = await newBrowserContext(browser, { locale: "de", viewport: SIZES.wide });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true } });
  await page.goto(address);
  await page.fill("#name", right.name);
  await page.fill("#password", right.password);
  await page.click("#passkey-button");
  await page.waitForSelector("#passkey-said:not([hidden])");
  await look(page, "passkey-missing");
  const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  await session.send("WebAuthn.addCredential", { authenticatorId, credential: {
    credentialId: Buffer.from("pult-passkey-of-anna").toString("base64"), isResidentCredential: true, rpId: "localhost",
    privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    userHandle: Buffer.from("anna").toString("base64"), signCount: 0 } });
  await page.click("#passkey-button");
  await page.waitForURL("**/desktops");
  assert.deepEqual(await page.evaluate(() => window.stopped), []);
  // A new one is made, and shown to the broker, which in this test takes none.
  await page.goto(`${address}/factors`);
  await page.fill("#passkey-name", "USB");
  await Promise.all([page.waitForNavigation(), page.click("#passkey-button")]);
  const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
  assert.deepEqual(credentials.map((one) => Buffer.from(one.userHandle, "base64").toString("hex")).sort(),
    [Buffer.from("anna").toString("hex"), crypto.createHash("sha256").update("neustadt/p-a").digest("hex")].sort());
  assert.match(await page.textContent("[role=alert]"), /nicht richtig/);
  assert.deepEqual(await page.evaluate(() => window.stopped), []);
  await context.close();
}

// Bytes that came over the line, headers and all.
async function countBytes(page, go) {
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  await go();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("networkidle");
  await session.detach();
  return bytes;
}

async function weigh(browser) {
  const context = await newBrowserContext(browser, { locale: "de", viewport: SIZES.wide });
  const page = await context.newPage();
  const first = await countBytes(page, () => pages.desktops(page));
  const next = await countBytes(page, () => page.goto(`${address}/desktops`));
  console.log(`first visit, up to the desktops: ${first} bytes; next page: ${next} bytes`);
  assert.ok(first > 50_000 && first <= FIRST_VISIT_MAX, `${first} bytes at the first visit`);
  assert.ok(next > 500 && next <= NEXT_VISIT_MAX, `${next} bytes at the next page`);
  await context.close();
}

async function main() {
  fs.mkdirSync(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    await lookAtAll(browser);
    await goByKeyboard(browser);
    await usePasskey(browser);
    await weigh(browser);
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
