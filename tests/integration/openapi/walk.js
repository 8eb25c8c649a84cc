// SPDX-License-Identifier: EUPL-1.2
// walk.js FOLDER: calls every operation that a running broker's own document names, as an administrator, as a device and
// as nobody, and holds what comes back against the document: status, content type, body. A method that is new is called
// without a word here, with the least body that its schema takes.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { validatorOf } from "./schemas.js";

const folder = process.argv[2];
const ca = readFileSync(`${folder}/ca.crt`);
const firstToken = readFileSync(`${folder}/first-token`, "utf8").trim();
const wrong = [];
const called = new Map(); // operation -> statuses
let document, validator, device;

function call(method, path, { body, token, certificate, port = 8443 } = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { "Content-Length": Buffer.byteLength(text) };
  if (text) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const request = https.request({ host: "127.0.0.1", port, method, path, headers, ca, agent: false, ...certificate });
    request.on("error", reject);
    request.on("response", (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }),
      );
    });
    request.end(text);
  });
}

function expect(holds, ...what) {
  if (!holds) wrong.push(what.join(" "));
}

// Whether the answer is one that the document has for this operation.
function judge(name, operation, answer) {
  const described = operation.responses[answer.status];
  called.set(name, [...(called.get(name) ?? []), answer.status]);
  expect(described, name, `answers ${answer.status}, which the document does not have:`, answer.text.slice(0, 300));
  if (!described) return;
  const media = (answer.headers["content-type"] ?? "").split(";")[0];
  const content = described.content?.[media];
  expect(content, name, answer.status, `is ${media}`);
  for (const header of Object.keys(described.headers ?? {}))
    if (header === "ETag") expect(answer.headers.etag, name, answer.status, "has no ETag");
  if (!content || media === "text/plain") return;
  const validate = validator.inline(content.schema);
  expect(validate(JSON.parse(answer.text)), name, answer.status, validator.errors(validate), answer.text.slice(0, 300));
}

// ---- what is asked with

const zeros = "0".repeat(64);
const world = {
  "/v1/tenants/{tenant}": { name: "Neustadt", servers: ["ldaps://127.0.0.1:9"], user_base: "dc=x", bind_dn: "cn=x,dc=x" },
  "/v1/sites/{tenant}/{name}": { name: "Rathaus" },
  "/v1/pools/{tenant}/{name}": { name: "Office" },
  "/v1/hosts/{tenant}/{name}": { pool: "neustadt/one", address: "10.9.9.9", port: 9, fingerprint: zeros, weight: 100, max_sessions: 10 },
  "/v1/profiles/{tenant}/{name}": { name: "Clerk", pool: "neustadt/one" },
  "/v1/assignments/{tenant}/{name}": { profile: "neustadt/one", group: "rathaus" },
  "/v1/printers/{tenant}/{name}": { name: "Room 1", uri: "ipp://printer.example/ipp/print", site: "neustadt/one" },
  "/v1/print-servers/{tenant}/{name}": { address: "print.example", port: 8631 },
  "/v1/gateways/{tenant}/{name}": { name: "gw.example", port: 443 },
  "/v1/devices/{tenant}/{name}": { site: "neustadt/one", room: "107" },
  "/v1/administrators/{tenant}/{name}": { name: "Robot", certificate: zeros },
};
// The broker makes their ids; what is given here is nobody's, so that it holds nothing.
const tomorrow = new Date(Date.now() + 86400000).toISOString();
const grant = { to: "other", reason: "x", until: tomorrow };
let granted;
const bodies = {
  "POST /v1/grants": { ...grant, pool: "nobody/one" },
  "POST /v1/grants/{tenant}/{name}/approve": { tenant: "neustadt" },
  "POST /v1/logon/explain": { person: "anna", device: "neustadt/one" },
  "POST /v1/apply": {
    dry_run: true,
    objects: [
      { noun: "site", id: "neustadt/two", name: "Bauhof" },
      { noun: "pool", id: "neustadt/one", name: "Other" },
    ],
  },
};

// The least that a schema takes.
function sample(schema) {
  if (schema.$ref) return sample(document.components.schemas[schema.$ref.split("/").pop()]);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.oneOf) return sample(schema.oneOf[0]);
  if (schema.type === "object")
    return Object.fromEntries((schema.required ?? []).map((name) => [name, sample(schema.properties[name])]));
  if (schema.type === "array") return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items));
  if (schema.type === "integer") return Math.max(schema.minimum ?? 0, 1);
  if (schema.type === "boolean") return false;
  if (schema.format === "date-time") return "2099-01-01T00:00:00Z";
  if (schema.pattern?.includes("{64}")) return zeros;
  return schema.pattern?.includes("/") ? "neustadt/one" : "x";
}

function bodyOf(verb, path, operation) {
  const content = operation.requestBody?.content["application/json"];
  if (!content) return undefined;
  return (verb === "PUT" && world[path]) || bodies[`${verb} ${path}`] || sample(content.schema);
}

// ---- the walk

async function enrol(token) {
  const made = await call("POST", "/v1/devices/neustadt/one/enrol-token", { token });
  const file = `${folder}/device.key`;
  execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file]);
  const request = execFileSync("openssl", ["req", "-new", "-subj", "/CN=x", "-outform", "DER", "-key", file]);
  const body = { token: JSON.parse(made.text).token, request: request.toString("base64") };
  const answer = await call("POST", "/v1/enrol", { body });
  judge("POST /v1/enrol", document.paths["/v1/enrol"].post, answer);
  const der = JSON.parse(answer.text).certificate.match(/.{1,64}/g).join("\n");
  bodies["POST /v1/renew"] = { request: body.request };
  return { key: readFileSync(file), cert: `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n` };
}

// None is renewed before.
function halfOfItsLife(certificate) {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const half = (Date.parse(validFrom) + Date.parse(validTo)) / 2;
  return new Promise((resolve) => setTimeout(resolve, Math.max(half + 1000 - Date.now(), 0)));
}

// Else there is nothing to fetch of it.
async function backupIsMade(token) {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
    if (JSON.parse((await call("GET", "/v1/backup", { token })).text).state !== "running") return;
}

function asWhom(operation, token) {
  const who = operation["x-permission"];
  if (who === "device" || who === "machine") return { certificate: device, port: 8444 };
  if (who === "host" || who === "print-server" || who === "gateway") return { certificate: device, port: 8444 }; // refused: it is another kind of machine
  return who === "unauthenticated" ? {} : { token };
}

async function visit(verb, path, operation, token) {
  const name = `${verb} ${path}`;
  const thing = path.startsWith("/v1/grants/") ? granted : "one";
  const real = path.replace("{tenant}", "neustadt").replace("{name}", thing);
  const body = bodyOf(verb, path, operation);
  const proof = asWhom(operation, token);
  judge(name, operation, await call(verb, real, { body, ...proof }));
  if (name === "POST /v1/renew") {
    await halfOfItsLife(proof.certificate.cert);
    judge(name, operation, await call(verb, real, { body, ...proof }));
  }
  if (name === "POST /v1/backup") await backupIsMade(token);
  if (operation["x-permission"] !== "unauthenticated") {
    const answer = await call(verb, real, { body });
    judge(name, operation, answer);
    expect(answer.status === 401, name, "answers nobody with", answer.status);
  }
  // What a request says of itself is never passed over: neither what there is not, nor what is said a second time.
  const given = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => `${one.name}=1&${one.name}`);
  for (const query of ["no-such-parameter", ...given]) {
    const answer = await call(verb, `${real}?${query}=1`, { body, ...proof });
    judge(name, operation, answer);
    expect(answer.status === 400, name, `takes ?${query}=1:`, answer.status);
    const told = answer.status === 400 && JSON.parse(answer.text).detail?.startsWith(query.split("=")[0]);
    expect(told, name, "does not say what is wrong with", query, answer.text);
  }
  if (body !== undefined) {
    const answer = await call(verb, real, { body: { ...body, "no-such-field": 1 }, ...proof });
    judge(name, operation, answer);
    expect(answer.status === 400 || answer.status === 403, name, "takes a field that there is not:", answer.status);
  }
}

function operations() {
  return Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => [verb.toUpperCase(), path, operation]),
  );
}

const rank = ([verb, path]) => (verb === "DELETE" ? 2 : path === "/v1/admin/logoff" ? 3 : 1);

const logon = await call("POST", "/v1/admin/logon", { body: { token: firstToken } });
const { token } = JSON.parse(logon.text);
document = JSON.parse((await call("GET", "/v1/openapi.json", { token })).text);
validator = validatorOf(document);
judge("POST /v1/admin/logon", document.paths["/v1/admin/logon"].post, logon);
// The first tenant is the district's, which can never be removed.
await call("PUT", "/v1/tenants/kreis", { body: world["/v1/tenants/{tenant}"], token });
for (const path of Object.keys(world)) {
  const real = path.replace("{tenant}", "neustadt").replace("{name}", "one");
  const answer = await call("PUT", real, { body: world[path], token });
  judge(`PUT ${path}`, document.paths[path].put, answer);
  expect(answer.status === 200, "PUT", path, answer.text);
}
const asked = await call("POST", "/v1/grants", { body: { ...grant, pool: "neustadt/one" }, token });
judge("POST /v1/grants", document.paths["/v1/grants"].post, asked);
granted = JSON.parse(asked.text).id?.split("/")[1];
device = await enrol(token);
// What others stand on goes last.
const listed = operations();
const place = (operation) => (rank(operation) === 2 ? -1 : 1) * listed.indexOf(operation);
const all = [...listed].sort((a, b) => rank(a) - rank(b) || place(a) - place(b));
for (const [verb, path, operation] of all) await visit(verb, path, operation, token);

// Without a directory, the agent of a host, a print server and an upgrade nothing comes of these, the only token is needed to the end, and the
// certificate is too young to be renewed.
const never = /^\/v1\/print\/|\/(link|message|lock|logon|explain|password|renew|read|test)$|\/(people|sessions|tokens|jobs|channels|factors)\/\{/;
for (const [verb, path] of operations()) {
  const statuses = called.get(`${verb} ${path}`) ?? [];
  expect(statuses.length, verb, path, "was not called");
  expect(statuses.includes(200) || never.test(path), verb, path, "never answered 200:", statuses.join(" "));
}
console.log(`${all.length} operations, ${[...called.values()].flat().length} answers`);
if (wrong.length) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
