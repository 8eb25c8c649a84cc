// SPDX-License-Identifier: EUPL-1.2
// The page that shows a desktop: asks the portal for a token, gives it to the RDP client, and says what goes on.
import "./iron-remote-desktop.js";
import { Backend, displayControl, enableCredssp, init } from "./iron-remote-desktop-rdp.js";

const REAL = 3; // the picture as it is: it is as large as its place
const RESIZED_MS = 400; // nobody drags the window any more
const GOODBYE_MS = 5000; // from the end of a session until the gateway has said why
const AGAIN_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000, 30000];

// Why the gateway has closed (channel_reason_words of broker/api/channel.c), and what is said of it.
const GOODBYES = {
  "host-closed": "closed",
  moved: "moved",
  "session-ended": "ended",
  locked: "locked",
  "person-disabled": "disabled",
  "device-lost": "disabled",
  "too-long": "too-long",
  idle: "idle",
  "host-unreachable": "unreachable",
  "wrong-certificate": "unreachable",
  "logged-off": "logged-off",
};

const main = document.getElementById("content");
const words = document.getElementById("words");
const again = document.getElementById("again");
const element = document.createElement("iron-remote-desktop");

let client; // what the element lets us do
let closed; // a promise: why the WebSocket of the last connection was closed; "": nobody said it
let changesSize = false; // it is ended to be opened with another size
let failures = 0; // one after the other
let size = { width: 0, height: 0 };
let resized;

// The client tells nobody why its WebSocket was closed.
globalThis.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    closed = new Promise((resolve) => this.addEventListener("close", (event) => resolve(event.reason)));
  }
};

// ---- what is said

function say(when, sentence) {
  for (const word of words.querySelectorAll("[data-when]")) word.hidden = word.dataset.when !== when;
  if (sentence) words.querySelector(`[data-when="${when}"]`).textContent = sentence;
  words.hidden = !when;
  again.hidden = !when || when === "opening" || when === "broken-off";
}

// ---- one connection

class Refusal extends Error {}

async function fetchToken() {
  const form = new URLSearchParams({ token: main.dataset.token, profile: main.dataset.profile });
  const answer = await fetch("/desktops/channel", { method: "POST", body: form, redirect: "manual" });
  if (answer.type === "opaqueredirect") location.assign("/"); // logged off meanwhile
  if (answer.ok) return (await answer.json()).channel;
  if (answer.status >= 500) throw new Error("the portal does not answer");
  throw new Refusal((await answer.json()).sentence);
}

function windowSize() {
  const { width, height } = main.getBoundingClientRect();
  return { width: Math.max(640, Math.floor(width)), height: Math.max(480, Math.floor(height)) };
}

async function connect(token) {
  size = windowSize();
  const config = client
    .configBuilder()
    .withUsername("_") // the gateway says who logs on
    .withPassword("")
    .withDestination("desktop") // and where
    .withProxyAddress(`wss://${location.host}/v1/browser`)
    .withAuthToken(token)
    .withDesktopSize(size)
    .withExtension(displayControl(false))
    .withExtension(enableCredssp(false))
    .build();
  return client.connect(config);
}

function hasEnded(error, goodbye) {
  const status = error?.rdcleanpathDetails?.()?.httpStatusCode;
  if (GOODBYES[goodbye]) say(GOODBYES[goodbye]);
  else if (error instanceof Refusal) say("refused", error.message);
  else if (status === 502) say("unreachable");
  else if (failures < AGAIN_MS.length) breakOff();
  else say("unreachable");
}

function breakOff() {
  say("broken-off");
  setTimeout(open, AGAIN_MS[failures]);
  failures += 1;
}

async function open() {
  changesSize = false;
  closed = Promise.resolve("");
  client.setVisibility(true); // under our words: what is hidden takes no focus
  let error;
  try {
    const session = await connect(await fetchToken());
    failures = 0;
    say(null);
    takeKeyboard();
    resizeSoon(); // if the window has changed meanwhile
    await session.run();
  } catch (reason) {
    error = reason;
  }
  if (changesSize) {
    open(); // now that the client has hidden the old one
    return;
  }
  // The host may say that it ends before the gateway says why; who took that for a line that broke would take the
  // desktop back from where it was opened meanwhile.
  const goodbye = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS, ""))]);
  hasEnded(error, goodbye || (error ? "" : "host-closed"));
}

// It hears the keyboard while its canvas has the focus.
function takeKeyboard() {
  element.shadowRoot.querySelector("canvas").focus({ preventScroll: true });
}

// A new size by a new connection, of the same desktop: there is no other way that hosts follow.
function resize() {
  const wanted = windowSize();
  if (!words.hidden || (wanted.width === size.width && wanted.height === size.height)) return;
  changesSize = true;
  say("opening");
  client.shutdown();
}

function resizeSoon() {
  clearTimeout(resized);
  resized = setTimeout(resize, RESIZED_MS);
}

// ---- the page

function openAgain() {
  failures = 0;
  say("opening");
  open();
}

// All other keys are the desktop's.
function leaveDesktop(event) {
  if (event.key !== "Home" || !event.ctrlKey || !event.altKey) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  document.getElementById("full-screen").focus();
  dispatchEvent(new Event("blur")); // so that the client lets go of the keys that are down
}

// There the keys that a browser keeps for itself are the desktop's too, where it lets them go; Esc, held, leads back.
async function toggleFullScreen() {
  if (document.fullscreenElement) {
    await document.exitFullscreen();
  } else {
    await document.documentElement.requestFullscreen();
    await navigator.keyboard?.lock?.();
    takeKeyboard();
  }
}

async function begin() {
  await init("WARN"); // at "DEBUG" it writes tokens to the console
  element.setAttribute("scale", "real");
  element.setAttribute("verbose", "false");
  element.setAttribute("flexcenter", "true");
  const ready = new Promise((resolve) => element.addEventListener("ready", resolve, { once: true }));
  element.module = Backend; // before it is part of the page
  main.prepend(element);
  client = (await ready).detail.irgUserInteraction;
  client.setEnableClipboard(document.getElementById("clipboard") !== null);
  client.setScale(REAL);
  addEventListener("keydown", leaveDesktop, true);
  addEventListener("resize", resizeSoon);
  document.getElementById("full-screen").addEventListener("click", toggleFullScreen);
  again.addEventListener("click", openAgain);
  open();
}

begin().catch(() => say("impossible"));
