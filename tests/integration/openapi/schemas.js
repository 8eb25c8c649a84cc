// SPDX-License-Identifier: EUPL-1.2
// The schemas of an OpenAPI document, compiled; an answer may hold nothing that they do not name.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

function closed(schema) {
  return schema.properties && schema.additionalProperties === undefined && !schema.allOf?.some((part) => part.$ref)
    ? { ...schema, additionalProperties: false }
    : schema;
}

export function validatorOf(document) {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  addFormats(ajv);
  ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
  for (const word of ["components", "x-noun", "x-column", "x-must-understand"]) ajv.addKeyword(word);
  const schemas = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [name, closed(schema)]),
  );
  ajv.addSchema({ $id: "https://pult.example/openapi", components: { schemas } });
  return {
    schema(reference) {
      return ajv.compile({ $ref: `https://pult.example/openapi${reference}` });
    },
    // Of a schema that stands in an operation.
    inline(schema) {
      const text = JSON.stringify(schema).replaceAll('"#/components/', '"https://pult.example/openapi#/components/');
      return ajv.compile(JSON.parse(text));
    },
    errors: (validate) => ajv.errorsText(validate.errors),
  };
}
