// SPDX-License-Identifier: EUPL-1.2
// Anna at home with nothing but a browser, at a desktop of a real session host, through a gateway's port. The portal is
// this story: it shows the page that the templates make, by the policy of that page, and gives out tokens.
//   TOWN=DIR BUILD=DIR SCREENS=DIR node story.mjs
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { alt, control, germanKeyboard } from "./german_keyboard.mjs";

const { TOWN, BUILD, SCREENS } = process.env;
const fetched = createRequire(`${BUILD}/tests/integration/pages/`);
const { chromium } = fetched("playwright-core");
const axe = readFileSync(fetched.resolve("axe-core/axe.min.js"), "utf8");
const origin = "https://gw.pult.example";
const deadline = { timeout: 90000 };
const pangram = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; ÄÖÜ @€{[]}\\~|µ";

function place(name, ...words) {
  return execFileSync("tests/town/town", ["run", TOWN, name, ...words], { encoding: "utf8" });
}

// Until a shell command succeeds there; what it printed.
function placeSoon(name, command) {
  return place(name, "timeout", "60", "sh", "-c", `until ${command}; do sleep 0.1; done`);
}

function placeHas(name, file) {
  try {
    place(name, "timeout", "2", "sh", "-c", `until test -e ${file}; do sleep 0.1; done`);
    return true;
  } catch {
    return false;
  }
}

// ---- the portal

const printed = execFileSync(`${BUILD}/tests/e2e/gate`, ["page", "broker/portal/pages", `${BUILD}/locale`, `${BUILD}/portal/assets`], { encoding: "utf8" });
const head = printed.slice(0, printed.indexOf("\n\n"));
const headers = Object.fromEntries(head.split("\n").map((line) => line.split(/: (.*)/)));
const types = { css: "text/css", js: "text/javascript", wasm: "application/wasm", woff2: "font/woff2", svg: "image/svg+xml" };
const refusal = "Ihr Desktop ist heute nicht zu haben.";
let refuses = false;

function answer(route) {
  const { pathname } = new URL(route.request().url());
  const [, file] = pathname.match(/^\/assets\/[0-9a-f]{64}\/([a-z0-9.-]+)$/) ?? [];
  if (file) return route.fulfill({ body: readFileSync(`${BUILD}/portal/assets/${file}`), contentType: types[file.split(".").pop()] });
  if (pathname === "/desktops/open") return route.fulfill({ headers, contentType: "text/html; charset=utf-8", body: printed.slice(head.length + 2) });
  if (pathname === "/desktops/channel" && refuses) return route.fulfill({ status: 403, json: { sentence: refusal } });
  if (pathname === "/desktops/channel") return route.fulfill({ json: { channel: "a".repeat(43) } });
  return route.fulfill({ status: 404, body: "" });
}

// ---- the browser

const browser = await chromium.launch({
  executablePath: "tests/e2e/browser/chromium-at-home",
  env: { ...process.env, TMPDIR: TOWN },
  // To the browser a page that was not fetched comes from no private network, and the gateway of a town is in one.
  args: ["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"],
});
const context = await browser.newContext({
  viewport: { width: 1366, height: 768 }, // no multiple of 4
  ignoreHTTPSErrors: true,
  permissions: ["clipboard-read", "clipboard-write"],
});
await context.addCookies([{ name: "__Host-pult", value: "b".repeat(43), url: `${origin}/`, secure: true }]);
await context.route("**/*", answer);
const page = await context.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
// What else is in the console is the client's: it says there that a clipboard has changed under its eyes.
page.on("console", (message) => message.text().includes("Content Security Policy") && complaints.push(message.text()));
const keyboard = await germanKeyboard(page);

const says = (when) => page.locator(`[data-when="${when}"]`).waitFor({ state: "visible", ...deadline });

// Its terminal is white.
async function showsDesktop() {
  await page.locator("#words").waitFor({ state: "hidden", ...deadline });
  await page.waitForFunction(() => {
    const canvas = document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas");
    const middle = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle.every((one) => one === 255);
  }, null, deadline);
}

const photograph = (name) => page.screenshot({ path: `${SCREENS}/browser-${name}.png` });

async function isForEverybody() {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`), []);
}

// What is typed before the host listens is lost, as at any screen.
async function hears(file) {
  for (let i = 0; i < 30; i++) {
    await keyboard.type(`touch ${file}\n`);
    if (placeHas("ts1", file)) return;
  }
  assert.fail(`nothing that is typed arrives: there is no ${file}`);
}

// Of the terminal, which has the whole desktop: what a wrong depth does to the first picture is seen there.
function bordersAreStraight() {
  const canvas = document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas");
  const rows = Math.floor(canvas.height / 2);
  return [0, canvas.width - 1].every((x) => {
    const column = new Uint32Array(canvas.getContext("2d").getImageData(x, canvas.height / 4, 1, rows).data.buffer);
    return column.every((pixel) => pixel === column[0]);
  });
}

// ---- the story

await page.goto(`${origin}/desktops/open?profile=neustadt/office`);
await says("opening");
await showsDesktop();
await hears("/tmp/im-browser");
assert.equal(await page.evaluate(() => document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas").width), 1366);
await photograph("desktop");
assert.ok(await page.evaluate(bordersAreStraight), "a picture whose rows are shifted against each other");
await isForEverybody();

// What is typed arrives.
await keyboard.type(`cat >/tmp/pangramm\n${pangram}\n`);
await keyboard.press("KeyD", control);
placeSoon("ts1", "test -s /tmp/pangramm");
await photograph("pangram");
assert.equal(place("ts1", "cat", "/tmp/pangramm"), `${pangram}\n`);

// Who has no mouse comes to the buttons, and back.
await keyboard.press("Home", control, alt);
assert.equal(await page.evaluate(() => document.activeElement.id), "full-screen");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.fullscreenElement && document.activeElement.localName === "iron-remote-desktop", null, deadline);
await page.evaluate(() => document.exitFullscreen());
await showsDesktop();
await hears("/tmp/zurueck");

// What is copied here is pasted there, and the other way round.
await page.evaluate(() => navigator.clipboard.writeText("von daheim: Grüße, 5 €"));
await keyboard.type("until xclip -o -selection clipboard | grep daheim >/tmp/eingefuegt; do sleep 0.2; done\n");
placeSoon("ts1", "grep -qx 'von daheim: Grüße, 5 €' /tmp/eingefuegt");
await keyboard.type("printf 'aus dem Büro: ßÄ' | xclip -selection clipboard\n");
await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "aus dem Büro: ßÄ", null, deadline);

// A new window, a new size; the same desktop.
await page.setViewportSize({ width: 1001, height: 701 });
await page.waitForFunction(() => document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas").width === 1001, null, deadline);
await showsDesktop();
await hears("/tmp/noch-da");
await photograph("smaller");

// The line breaks, and is there again.
place("gw", "ss", "-K", "dst", "10.77.9.1");
await says("broken-off");
await showsDesktop();
await hears("/tmp/wieder-da");

// Somebody opens it elsewhere, and she takes it back.
place("gw", "pkill", "-USR1", "-x", "gate");
await says("moved");
await photograph("moved");
for (const colorScheme of ["light", "dark"])
  for (const viewport of [{ width: 1280, height: 900 }, { width: 320, height: 256 }]) { // as at 400 % zoom
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await photograph(`moved-${colorScheme}-${viewport.width}`);
    await isForEverybody();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "something to scroll sideways");
  }
await page.locator("#again").click();
await showsDesktop();
assert.deepEqual(complaints, [], "the page's policy, or its script");

// The portal refuses.
refuses = true;
place("gw", "pkill", "-USR1", "-x", "gate");
await says("moved");
await page.locator("#again").click();
await says("refused");
assert.equal(await page.locator('[data-when="refused"]').textContent(), refusal);
await browser.close();
