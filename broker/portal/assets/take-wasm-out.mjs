// SPDX-License-Identifier: EUPL-1.2
// take-wasm-out SCRIPT FOLDER: the RDP client's script into FOLDER, and the WASM that it holds as text beside it, where
// browsers compile it while it comes.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

const [, , script, folder] = process.argv;
let count = 0;
const text = readFileSync(script, "utf8").replace(/"data:application\/wasm;base64,([A-Za-z0-9+/=]+)"/g, (_, base64) => {
  count += 1;
  writeFileSync(`${folder}/iron-remote-desktop.wasm`, Buffer.from(base64, "base64"), { mode: 0o644 });
  return 'new URL("./iron-remote-desktop.wasm", import.meta.url).href';
});
if (count !== 1) throw new Error(`${script}: there is WASM in it ${count} times, and not once`);
writeFileSync(`${folder}/${basename(script)}`, text, { mode: 0o644 });
