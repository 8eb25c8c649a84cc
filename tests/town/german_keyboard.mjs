// SPDX-License-Identifier: EUPL-1.2
// Types on a German keyboard as a person does: by its keys, which is all that a desktop hears.
// `modifiers` as the browser's debugger counts them.
export const alt = { code: "AltLeft", key: "Alt", windowsVirtualKeyCode: 18, modifiers: 1 };
export const control = { code: "ControlLeft", key: "Control", windowsVirtualKeyCode: 17, modifiers: 2 };
const shift = { code: "ShiftLeft", key: "Shift", windowsVirtualKeyCode: 16 };
const altGr = { code: "AltRight", key: "AltGraph", windowsVirtualKeyCode: 18 };

const plain = { " ": "Space", "\n": "Enter", ",": "Comma", ".": "Period", "-": "Slash", "#": "Backslash", "+": "BracketRight", "<": "IntlBackslash", ä: "Quote", ö: "Semicolon", ü: "BracketLeft", ß: "Minus", y: "KeyZ", z: "KeyY" };
const shifted = { ";": "Comma", ":": "Period", _: "Slash", "'": "Backslash", "*": "BracketRight", ">": "IntlBackslash", "!": "Digit1", '"': "Digit2", "§": "Digit3", $: "Digit4", "%": "Digit5", "&": "Digit6", "/": "Digit7", "(": "Digit8", ")": "Digit9", "=": "Digit0", "?": "Minus" };
const third = { "@": "KeyQ", "€": "KeyE", µ: "KeyM", "{": "Digit7", "[": "Digit8", "]": "Digit9", "}": "Digit0", "\\": "Minus", "~": "BracketRight", "|": "IntlBackslash", "²": "Digit2", "³": "Digit3" };
for (const letter of "abcdefghijklmnopqrstuvwx") plain[letter] = `Key${letter.toUpperCase()}`;
for (const digit of "0123456789") plain[digit] = `Digit${digit}`;
for (const letter of "abcdefghijklmnopqrstuvwxyzäöü") shifted[letter.toUpperCase()] = plain[letter];

function keysOf(character) {
  if (plain[character]) return [plain[character]];
  if (shifted[character]) return [shifted[character], shift];
  if (third[character]) return [third[character], altGr];
  throw new Error(`no key of a German keyboard writes ${character}`);
}

export async function germanKeyboard(page) {
  const session = await page.context().newCDPSession(page);
  const send = (type, key) => session.send("Input.dispatchKeyEvent", { type, ...key });

  async function type(text) {
    for (const character of text) {
      const [code, modifier] = keysOf(character);
      const key = { code, key: character === "\n" ? "Enter" : character };
      if (modifier) await send("rawKeyDown", modifier);
      await send("rawKeyDown", key);
      await send("keyUp", key);
      if (modifier) await send("keyUp", modifier);
    }
  }

  async function press(code, ...held) {
    const key = { code, key: code, modifiers: held.reduce((sum, one) => sum | one.modifiers, 0) };
    for (const one of held) await send("rawKeyDown", one);
    await send("rawKeyDown", key);
    await send("keyUp", key);
    for (const one of held) await send("keyUp", { ...one, modifiers: 0 });
  }
  return { type, press };
}
