// SPDX-License-Identifier: EUPL-1.2
// Anna at home with nothing but a browser and a telephone: her first factors, by a code of the help desk; a log-on with
// each; and the desktop that she left open in the town hall, there and back. TOWN=DIR BUILD=DIR SCREENS=DIR node story.mjs
import assert from "node:assert/strict";
import {
  BUILD, TOWN, bordersAreStraight, codeOf, fillLogOn, hears, isAsWideAs, isForEverybody, logOff, openBrowser,
  photograph, place, placeSoon, runs, says, setUpTelephone, showsDesktop, willSay,
} from "../../town/browser.mjs";
import { control } from "../../town/german_keyboard.mjs";

const origin = "https://gateway.pult.example";
const anna = { name: "anna", password: "anna-geheim-1" };
const pangram = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; ÄÖÜ @€{[]}\\~|µ";

const pultctl = (...words) => place("broker", "tests/town/pultctl", TOWN, BUILD, ...words);
const shows = (filter, ...words) => placeSoon("broker", `tests/town/pultctl ${TOWN} ${BUILD} ${words.join(" ")} --json | jq -e '${filter}' >/dev/null`);

// ---- the desk in the town hall

const desk = (words, input) => runs("tests/town/desk", [TOWN, "desk1", ...words], input);
const deskShows = (expression) => desk(["wait-text", expression, "90"]);

function deskTypes(line) {
  desk(["type", line]);
  desk(["key", "Return"]);
}

function deskLogsOn() {
  desk(["key", "Escape"]);
  desk(["type", anna.name]);
  desk(["key", "Tab"]);
  desk(["type", "-"], anna.password);
  desk(["key", "Return"]);
  deskShows("anna auf ts1");
}

// ---- the browser at home

const { browser, page, keyboard, complaints } = await openBrowser({ place: "home" });

async function logsOn(code) {
  await page.goto(origin);
  await fillLogOn(page, { ...anna, code });
}

// A key that is part of the computer, asks for a finger, and gets it.
async function plugInPasskey() {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true } });
}

const has = (text) => page.locator("main", { hasText: text }).waitFor();
const isRefused = () => page.locator("[role=alert]:not([hidden])").waitFor();

async function follows(path) {
  await page.click(`main a[href='${path}'], nav a[href='${path}']`);
  await page.waitForURL(`${origin}${path}`);
}

// ---- the town hall: she works, and leaves her desktop open

deskLogsOn();
deskTypes("vorgang=4711");
const [{ id }] = JSON.parse(pultctl("person", "list", "--json")).filter((one) => one.user_name === anna.name);

// ---- at home: what she shows from now on besides her password

await page.goto(origin);
await photograph(page, "log-on");
await isForEverybody(page);
const code = pultctl("person", "factor-code", id).trim();
await fillLogOn(page, { ...anna, code });
assert.equal(page.url(), `${origin}/factors`);
await page.goto(`${origin}/desktops/open`); // not before she has something of her own
assert.equal(page.url(), `${origin}/factors`);
await setUpTelephone(page, anna.name);
await plugInPasskey();
await page.fill("#passkey-name", "Rechner daheim");
await page.click("#passkey-button");
await has("Passkey Rechner daheim");
await photograph(page, "factors");
await isForEverybody(page);
await page.click("form[action='/factors/codes'] button");
const recovery = (await page.locator("ul.codes li").first().textContent()).trim();
await follows("/factors");
await logOff(page);

// ---- a log-on with each, and none with what was used

await logsOn(code);
await isRefused();
await page.goto(origin);
const shown = codeOf(anna.name);
await fillLogOn(page, { ...anna, code: shown });
assert.equal(page.url(), `${origin}/desktops`);
await logOff(page);
await logsOn(shown);
await isRefused();
await logsOn(recovery);
assert.equal(page.url(), `${origin}/desktops`);
await logOff(page);
await fillLogOn(page, anna);
await page.click("#passkey-button");
await page.waitForURL("**/desktops");

// ---- the desktop that she left

await has("Zimmer 11, Platz 1");
await photograph(page, "desktops");
await isForEverybody(page);
await follows("/desktops/open");
await showsDesktop(page);
deskShows("anderen Platz geöffnet");
await isAsWideAs(page, 1366);
await hears(keyboard, "/tmp/im-browser");
await bordersAreStraight(page);
await photograph(page, "desktop");
await isForEverybody(page);
await keyboard.type("echo $vorgang >/tmp/vorgang\n");
placeSoon("ts1", "grep -qx 4711 /tmp/vorgang");
shows('map(select(.way == "browser" and .network == "10.77.9.1")) | length == 1', "channel", "list");

// What is typed arrives.
await keyboard.type(`cat >/tmp/pangramm\n${pangram}\n`);
await keyboard.press("KeyD", control);
placeSoon("ts1", "test -s /tmp/pangramm");
await photograph(page, "pangram");
assert.equal(place("ts1", "cat", "/tmp/pangramm"), `${pangram}\n`);

// What is copied here is pasted there, and the other way round.
await page.evaluate(() => navigator.clipboard.writeText("von daheim: Grüße, 5 €"));
await keyboard.type("until xclip -o -selection clipboard | grep daheim >/tmp/eingefuegt; do sleep 0.2; done\n");
placeSoon("ts1", "grep -qx 'von daheim: Grüße, 5 €' /tmp/eingefuegt");
await keyboard.type("printf 'aus dem Büro: ßÄ' | xclip -selection clipboard\n");
await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "aus dem Büro: ßÄ");

// A new window, a new size; the same desktop.
await page.setViewportSize({ width: 1001, height: 701 });
await isAsWideAs(page, 1001);
await showsDesktop(page);
await hears(keyboard, "/tmp/noch-da");

// The line is dead for a while: what was typed meanwhile is not lost.
runs("tests/town/town", ["cut", TOWN, "home", "far"]);
await keyboard.type("touch /tmp/unterwegs\n");
runs("tests/town/town", ["mend", TOWN, "home"]);
placeSoon("ts1", "test -e /tmp/unterwegs");

// It breaks, and is there again.
const brokenOff = await willSay(page, "broken-off");
place("gateway", "ss", "-K", "dst", "10.77.9.1");
await brokenOff();
await showsDesktop(page);
await hears(keyboard, "/tmp/wieder-da");

// Back in the town hall everything is there, and the browser says where it went; and home again.
await keyboard.type("echo Notiz von daheim\n");
deskLogsOn();
deskShows("^Notiz von daheim");
await says(page, "moved");
await photograph(page, "moved");
await page.locator("#again").click();
await showsDesktop(page);
deskShows("Tab: ");
await hears(keyboard, "/tmp/wieder-daheim");

// An administrator locks it: she reads that, and not that it has ended.
const [session] = JSON.parse(pultctl("session", "list", "--json")).filter((one) => one.user_name === anna.name);
pultctl("session", "lock", session.id);
await says(page, "locked");
await page.locator("#again").click();
await showsDesktop(page);
await hears(keyboard, "/tmp/entsperrt");

// She logs off in it, and it is not opened again behind her back.
await keyboard.type("exit\n");
await page.locator('[data-when="closed"]:not([hidden]), [data-when="ended"]:not([hidden])').waitFor();
shows("length == 0", "session", "list");

// ---- she goes, and nothing is left of her in the browser, nor of her password anywhere on the way

await follows("/desktops");
await logOff(page);
shows("length == 0", "channel", "list");
shows('tostring | contains("neustadt/gw")', "account", "list", "--by", "gateway");
await page.goto(`${origin}/desktops/open`);
assert.equal(await page.locator("iron-remote-desktop").count(), 0);
assert.equal(await page.locator("#content[data-token]").count(), 0);
place("gateway", "sh", "-c", `test -s ${TOWN}/logs/gateway.log && ! grep -e ${anna.password} -e ${recovery} ${TOWN}/logs/*.log`);
assert.deepEqual(complaints, [], "a page's policy, or its script");
await browser.close();
