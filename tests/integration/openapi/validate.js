// SPDX-License-Identifier: EUPL-1.2
// validate.js FILE: is it an OpenAPI 3.1 document, and is each of its schemas one that JSON Schema 2020-12 understands?
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { validatorOf } from "./schemas.js";

const text = readFileSync(process.argv[2], "utf8");
const result = await new Validator().validate(JSON.parse(text));
if (!result.valid) {
  console.error(JSON.stringify(result.errors, null, 1));
  process.exit(1);
}
const document = JSON.parse(text);
const validator = validatorOf(document);
const names = Object.keys(document.components.schemas);
for (const name of names) validator.schema(`#/components/schemas/${name}`);
console.log(`${Object.keys(document.paths).length} paths, ${names.length} schemas`);
