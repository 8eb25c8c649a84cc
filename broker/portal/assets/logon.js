// SPDX-License-Identifier: EUPL-1.2
// A passkey instead of a code: the browser signs the page's question, and the form carries what it says.
"use strict";

const form = document.getElementById("logon");
const button = document.getElementById("passkey-button");
const said = document.getElementById("passkey-said");

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

function base64Of(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

async function answer() {
  said.hidden = true;
  if (!form.reportValidity())
    return;
  try {
    // No keys are named: whoever types a name is not told whether it has one.
    const credential = await navigator.credentials.get({
      publicKey: { challenge: bytesOf(form.elements.challenge.value), userVerification: "preferred" },
    });
    form.elements.passkey.value = credential.id;
    form.elements.client_data.value = base64Of(credential.response.clientDataJSON);
    form.elements.authenticator_data.value = base64Of(credential.response.authenticatorData);
    form.elements.signature.value = base64Of(credential.response.signature);
  } catch {
    said.hidden = false; // cancelled, or there is none
    return;
  }
  form.submit();
}

if (button && window.PublicKeyCredential) {
  button.hidden = false;
  button.addEventListener("click", answer);
}
