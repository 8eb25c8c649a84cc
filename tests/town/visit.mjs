// SPDX-License-Identifier: EUPL-1.2
// Anna at home, for the demo: with a code of the help desk, on standard input, she sets up her telephone, and opens her
// desktop. PORTAL=ADDRESS TOWN=DIR BUILD=DIR SCREENS=DIR node visit.mjs
import { readFileSync } from "node:fs";
import { fillLogOn, logOff, openBrowser, photograph, setUpTelephone, showsDesktop } from "./browser.mjs";

const { browser, page } = await openBrowser({ context: { ignoreHTTPSErrors: true } });
await page.goto(process.env.PORTAL);
await fillLogOn(page, { name: "anna", password: "anna-geheim-1", code: readFileSync(0, "utf8").trim() });
await setUpTelephone(page, "anna");
await photograph(page, "1-factors");
await page.goto(`${process.env.PORTAL}/desktops`);
await photograph(page, "2-desktops");
await page.click("a[href='/desktops/open']");
await page.waitForURL("**/desktops/open");
await showsDesktop(page);
await photograph(page, "3-desktop");
await page.goto(`${process.env.PORTAL}/desktops`);
await logOff(page);
await browser.close();
