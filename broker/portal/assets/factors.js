// SPDX-License-Identifier: EUPL-1.2
// A new passkey: made by the browser for this site, shown to the broker by the form.
"use strict";

const form = document.getElementById("passkey");
const { organisation, person, user } = form.dataset; // user: keeps apart the keys of several people of one site
const button = document.getElementById("passkey-button");
const said = document.getElementById("passkey-said");
const algorithms = [-7, -257, -8]; // ES256, RS256, EdDSA, by their numbers in COSE

function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

function base64Of(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

async function make() {
  said.hidden = true;
  if (!form.reportValidity())
    return;
  try {
    const credential = await navigator.credentials.create({
      publicKey: {
        challenge: bytesOf(form.elements.challenge.value),
        rp: { name: organisation || location.hostname },
        user: { id: bytesOf(user), name: person, displayName: person },
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        attestation: "none",
        authenticatorSelection: { residentKey: "required", userVerification: "preferred" },
      },
    });
    form.elements.client_data.value = base64Of(credential.response.clientDataJSON);
    form.elements.authenticator_data.value = base64Of(credential.response.getAuthenticatorData());
  } catch {
    said.hidden = false; // cancelled, or not possible here
    return;
  }
  form.submit();
}

if (window.PublicKeyCredential) {
  button.disabled = false;
  button.addEventListener("click", make);
}
