#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: the header of KERN, the design system of German administrations, is a web component, so its looks travel within it,
#        and a page whose Content-Security-Policy lets in its own scripts and style sheets alone shows it right.
# What happens: the component writes a <style> into its shadow root, which is inline to a browser: the policy drops it, the rest
#        of the component works on, and the flag, whose size stands there alone, grows to the window's width and pushes the page
#        out of sight. With 'unsafe-inline' for styles it is right; the rest of KERN, which is style sheets, needs nothing.
# Needs: npm, chromium, python3, to be root (a network of its own).
. "$(dirname "$0")/packages"
kern=2.7.2
(cd "$work" && npm pack --silent --ignore-scripts "@kern-ux/native@$kern") >"$work/log" 2>&1 || { cat "$work/log" && exit 2; }
mkdir "$work/site" "$work/home"
tar -xzf "$work"/kern-ux-native-*.tgz -C "$work/site" --strip-components=2 package/dist
cat >"$work/site/measure.js" <<'END'
addEventListener("load", () => {
  const header = document.querySelector("kern-kopfzeile");
  const button = document.querySelector(".kern-btn");
  document.title = Math.round(header.getBoundingClientRect().height) + " px, " +
    (getComputedStyle(button).borderRadius === "0px" ? "plain" : "styled");
});
END
page() { # NAME POLICY
  cat >"$work/site/$1.html" <<END
<!doctype html>
<html lang="de">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$2">
<link rel="stylesheet" href="kern.min.css">
<script src="js/kern-kopfzeile.js" type="module"></script>
<script src="measure.js"></script>
<title>?</title>
<kern-kopfzeile fluid></kern-kopfzeile>
<main><button class="kern-btn kern-btn--primary">Weiter</button></main>
</html>
END
}
page strict "default-src 'self'; img-src 'self' data:"
page loose "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
cat >"$work/look" <<'END'
ip link set lo up
python3 -m http.server --bind localhost --directory "$work/site" "$port" >"$work/log" 2>&1 &
server=$!
trap 'kill "$server"; wait' EXIT
until (: <"/dev/tcp/localhost/$port") 2>/dev/null; do sleep 0.1; done
HOME=$work/home timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/home/chromium" --window-size=900,700 \
  --dump-dom "http://$site/$1.html" 2>"$work/chromium.log" | grep -o '<title>[^<]*' | cut -c 8-
END
port=8000 site=localhost:8000
export work port site
look() { unshare -n --kill-child bash "$work/look" "$1"; }
chromium --version 2>/dev/null
says "header's height under style-src 'self'; a button" '602 px, styled' "$(look strict)"
says "under style-src 'self' 'unsafe-inline'" '32 px, styled' "$(look loose)"
