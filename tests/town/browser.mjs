// SPDX-License-Identifier: EUPL-1.2
// Hands and eyes of somebody at a browser: what they see of the portal and of a desktop in it, what they do there.
// TOWN is a town's folder, BUILD that of the build, in which tests/integration/server/pages/fetch has put Playwright,
// SCREENS is for pictures. From the top of the tree.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { germanKeyboard } from "./german_keyboard.mjs";

export const { TOWN, BUILD, SCREENS } = process.env;
const fetched = createRequire(`${BUILD}/tests/integration/pages/`);
const { chromium } = fetched("playwright-core");

// ---- the town around it

export function runs(program, words, input) {
  return execFileSync(program, words, { encoding: "utf8", input });
}

export function place(name, ...words) {
  return runs("tests/town/town", ["run", TOWN, name, ...words]);
}

// Until a shell command succeeds there; what it printed.
export function placeSoon(name, command) {
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

// ---- the browser

// `place`: of the town; without one it is this machine's. `context`: more options of Playwright's.
export async function openBrowser({ place: where, args = [], context: more = {} } = {}) {
  const browser = await chromium.launch({
    executablePath: where ? "tests/town/chromium" : "/usr/bin/chromium",
    env: { ...process.env, PLACE: where, TMPDIR: TOWN },
    args: ["--no-sandbox", "--disable-gpu", ...args],
  });
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 }, // no multiple of 4
    locale: "de-DE",
    permissions: ["clipboard-read", "clipboard-write"],
    ...more,
  });
  context.setDefaultTimeout(90000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  // What else is in the console is the RDP client's: it says there that a clipboard has changed under its eyes.
  page.on("console", (message) => message.text().includes("Content Security Policy") && complaints.push(message.text()));
  return { browser, context, page, complaints, keyboard: await germanKeyboard(page) };
}

// ---- any page

export const photograph = (page, name) => page.screenshot({ path: `${SCREENS}/browser-${name}.png` });

export async function isForEverybody(page) {
  await page.evaluate(readFileSync(fetched.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`), []);
}

// ---- the portal

// Where they come to; without a code nothing is sent yet.
export async function fillLogOn(page, { name, password, code }) {
  await page.fill("#name", name);
  await page.fill("#password", password);
  if (!code) return;
  await page.fill("#code", code);
  await Promise.all([page.waitForNavigation(), page.click("#logon button:not([type])")]);
}

export async function logOff(page) {
  await page.click("form[action='/logoff'] button");
  await page.locator("#logon").waitFor();
}

// The telephone of `person` reads the secret; from then on it shows their codes.
export async function setUpTelephone(page, person) {
  await page.click("a[href='/factors/telephone']");
  const [secret] = (await page.textContent("main")).match(/\b[A-Z2-7]{32}\b/);
  runs("tests/town/telephone", [TOWN, person, "reads"], secret);
  await page.fill("#name", "Telefon");
  await page.fill("#code", codeOf(person));
  await Promise.all([page.waitForURL("**/factors"), page.click("form.narrow button")]);
}

export const codeOf = (person) => runs("tests/town/telephone", [TOWN, person]).trim();

// ---- a desktop

export const says = (page, when) => page.locator(`[data-when="${when}"]`).waitFor({ state: "visible" });

// For words that may be gone before anybody looks. Begun before whatever they are said of; what it gives waits for them.
export async function willSay(page, when) {
  await page.evaluate((name) => {
    const words = document.querySelector(`[data-when="${name}"]`);
    globalThis.wasSaid = false;
    new MutationObserver((_, observer) => {
      if (words.hidden) return;
      globalThis.wasSaid = true;
      observer.disconnect();
    }).observe(words, { attributes: true });
  }, when);
  return () => page.waitForFunction(() => globalThis.wasSaid);
}

// Its terminal is white.
export async function showsDesktop(page) {
  await page.locator("#words").waitFor({ state: "hidden" });
  await page.waitForFunction(() => {
    const canvas = document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas");
    const middle = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle.every((one) => one === 255);
  });
}

export async function isAsWideAs(page, width) {
  await page.waitForFunction((wanted) => document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas").width === wanted, width);
}

// Of the terminal, which has the whole desktop: what a wrong depth does to the first picture is seen there.
export async function bordersAreStraight(page) {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("iron-remote-desktop").shadowRoot.querySelector("canvas");
    const rows = Math.floor(canvas.height / 2);
    return [0, canvas.width - 1].every((x) => {
      const column = new Uint32Array(canvas.getContext("2d").getImageData(x, canvas.height / 4, 1, rows).data.buffer);
      return column.every((pixel) => pixel === column[0]);
    });
  });
}

// What is typed before the host listens is lost, as at any screen.
export async function hears(keyboard, file) {
  for (let i = 0; i < 30; i++) {
    await keyboard.type(`touch ${file}\n`);
    if (placeHas("ts1", file)) return;
  }
  assert.fail(`nothing that is typed arrives: there is no ${file}`);
}
