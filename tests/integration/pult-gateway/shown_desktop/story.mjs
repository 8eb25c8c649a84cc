// SPDX-License-Identifier: EUPL-1.2
// The page that shows a desktop, of a real session host through a gateway's port. The portal is this story: it shows the
// page that the templates make, by the policy of that page, and gives out tokens, or does not; the broker is the gate,
// which sends people away for one reason after the other. TOWN=DIR BUILD=DIR SCREENS=DIR node story.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  BUILD, hears, isForEverybody, openBrowser, photograph, place, runs, says, showsDesktop, willSay,
} from "../../../town/browser.mjs";
import { alt, control } from "../../../town/german_keyboard.mjs";

const origin = "https://gw.pult.example";

// What is said for the reasons of broker/api/channel.h, in their order from host-closed on; for those that are not over
// it comes again by itself.
const goodbyes = [
  "closed", "moved", "ended", "locked", "disabled", "disabled", "too-long", "idle", "broken-off", "unreachable",
  "unreachable", "broken-off", "logged-off",
];

// ---- the portal

const printed = runs(`${BUILD}/tests/integration/gate`, ["page", "broker/portal/pages", `${BUILD}/locale`, `${BUILD}/portal/assets`]);
const head = printed.slice(0, printed.indexOf("\n\n"));
const headers = Object.fromEntries(head.split("\n").map((line) => line.split(/: (.*)/)));
const types = { css: "text/css", js: "text/javascript", wasm: "application/wasm", woff2: "font/woff2", svg: "image/svg+xml" };
const refusal = "Ihr Desktop ist heute nicht zu haben.";
let refuses = false;
let failures = 0; // how often it is not there
let givesClient = true;

function answer(route) {
  const { pathname } = new URL(route.request().url());
  const [, file] = pathname.match(/^\/assets\/[0-9a-f]{64}\/([a-z0-9.-]+)$/) ?? [];
  if (file && (givesClient || !file.endsWith(".wasm"))) return route.fulfill({ body: readFileSync(`${BUILD}/portal/assets/${file}`), contentType: types[file.split(".").pop()] });
  if (pathname === "/desktops/open") return route.fulfill({ headers, contentType: "text/html; charset=utf-8", body: printed.slice(head.length + 2) });
  if (pathname === "/desktops/channel" && failures > 0) {
    failures -= 1;
    return route.fulfill({ status: 503, json: { sentence: "?" } });
  }
  if (pathname === "/desktops/channel" && refuses) return route.fulfill({ status: 403, json: { sentence: refusal } });
  if (pathname === "/desktops/channel") return route.fulfill({ json: { channel: "a".repeat(43) } });
  return route.fulfill({ status: 404, body: "" });
}

const sendAway = () => place("gw", "pkill", "-USR1", "-x", "gate");

// ---- the browser

const { browser, context, page, keyboard, complaints } = await openBrowser({
  place: "home",
  // To the browser a page that was not fetched comes from no private network, and the gateway of a town is in one.
  args: ["--disable-features=LocalNetworkAccessChecks"],
});
await context.addCookies([{ name: "__Host-pult", value: "b".repeat(43), url: `${origin}/`, secure: true }]);
await context.route("**/*", answer);

// ---- the story

await page.goto(`${origin}/desktops/open`);
await says(page, "opening");
await showsDesktop(page);
await hears(keyboard, "/tmp/im-browser");

// Who has no mouse comes to the buttons, and back.
await keyboard.press("Home", control, alt);
assert.equal(await page.evaluate(() => document.activeElement.id), "full-screen");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.fullscreenElement && document.activeElement.localName === "iron-remote-desktop");
await page.evaluate(() => document.exitFullscreen());
await showsDesktop(page);
await hears(keyboard, "/tmp/zurueck");

// The portal is away while the line is mended: it is asked again.
failures = 2;
const brokenOff = await willSay(page, "broken-off");
place("gw", "ss", "-K", "dst", "10.77.9.1");
await brokenOff();
await showsDesktop(page);
assert.equal(failures, 0);

// Whatever the reason, it is said, and what is not over comes again.
for (const when of goodbyes) {
  const said = await willSay(page, when);
  sendAway();
  await said();
  if (when !== "broken-off") {
    await says(page, when);
    await page.locator("#again").click();
  }
  await showsDesktop(page);
}
await hears(keyboard, "/tmp/noch-da");

// Refused by the portal, whose words are shown, as all others are, light, dark and at 400 % zoom.
refuses = true;
sendAway();
await says(page, "closed");
await page.locator("#again").click();
await says(page, "refused");
assert.equal(await page.locator('[data-when="refused"]').textContent(), refusal);
for (const colorScheme of ["light", "dark"])
  for (const viewport of [{ width: 1280, height: 900 }, { width: 320, height: 256 }]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await photograph(page, `refused-${colorScheme}-${viewport.width}`);
    await isForEverybody(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "something to scroll sideways");
  }
assert.deepEqual(complaints, [], "the page's policy, or its script");

// A browser that cannot run the client.
givesClient = false;
const old = await context.newPage();
await old.goto(`${origin}/desktops/open`);
await says(old, "impossible");
await browser.close();
