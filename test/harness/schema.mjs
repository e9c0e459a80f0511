// SPDX-License-Identifier: Apache-2.0
// As much of JSON Schema as doc/openapi.yaml uses. A keyword that is not known here is an error, so that no schema is
// believed to be checked when it is not.

const ANNOTATIONS = new Set(["description", "default", "contentEncoding", "summary", "title"]);
const TYPES = {
  object: (v) => v !== null && typeof v === "object" && !Array.isArray(v),
  array: Array.isArray,
  string: (v) => typeof v === "string",
  integer: Number.isInteger,
  number: (v) => typeof v === "number",
  boolean: (v) => typeof v === "boolean",
  null: (v) => v === null,
};
const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d\d-\d\d$/,
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  email: /^[^@\s]+@[^@\s]+$/,
  uri: /^https?:\/\/\S+$/,
};

export function resolve_reference(document, schema) {
  while (schema.$ref) schema = schema.$ref.slice(2).split("/").reduce((at, key) => at[key], document);
  return schema;
}

const KEYWORDS = {
  type: (value, types, say) => [types].flat().some((type) => TYPES[type](value)) || say(`is no ${types}`),
  enum: (value, list, say) => list.includes(value) || say(`is none of ${list}`),
  format: (value, name, say) => typeof value !== "string" || FORMATS[name].test(value) || say(`is no ${name}`),
  minimum: (value, least, say) => typeof value !== "number" || value >= least || say(`is less than ${least}`),
  maximum: (value, most, say) => typeof value !== "number" || value <= most || say(`is more than ${most}`),
  minItems: (value, least, say) => !Array.isArray(value) || value.length >= least || say("has too few items"),
  maxItems: (value, most, say) => !Array.isArray(value) || value.length <= most || say("has too many items"),
  minProperties: (value, least, say) => !TYPES.object(value) || Object.keys(value).length >= least || say("has too few members"),
  maxLength: (value, most, say) => typeof value !== "string" || value.length <= most || say("is too long"),
  required: (value, names, say) => {
    if (TYPES.object(value)) for (const name of names) if (!(name in value)) say(`has no ${name}`);
  },
};

/** Everything in `value` that does not fit, each as "/where what". */
export function faults(document, schema, value, where = "") {
  schema = resolve_reference(document, schema);
  const found = [];
  const say = (what) => found.push(`${where || "/"} ${what}: ${JSON.stringify(value)?.slice(0, 200)}`);
  const below = (sub, key) => found.push(...faults(document, sub, value[key], `${where}/${key}`));
  for (const [keyword, argument] of Object.entries(schema)) {
    if (KEYWORDS[keyword]) KEYWORDS[keyword](value, argument, say);
    else if (keyword === "items") TYPES.array(value) && value.forEach((_, i) => below(argument, i));
    else if (keyword === "allOf") for (const sub of argument) found.push(...faults(document, sub, value, where));
    else if (keyword === "oneOf") {
      const fits = argument.filter((sub) => faults(document, sub, value).length === 0).length;
      if (fits !== 1) say(`fits ${fits} of oneOf`);
    } else if (keyword === "properties" || keyword === "additionalProperties") continue;
    else if (!ANNOTATIONS.has(keyword)) throw new Error(`schema keyword ${keyword} is not known to this test`);
  }
  if (TYPES.object(value)) {
    for (const key of Object.keys(value)) {
      if (schema.properties?.[key]) below(schema.properties[key], key);
      else if (schema.additionalProperties === false) say(`has the unknown field ${key}`);
      else if (TYPES.object(schema.additionalProperties)) below(schema.additionalProperties, key);
    }
  }
  return found;
}

/** Names that the answer has and a closed reading of the schema does not know: documentation that was forgotten. */
export function undocumented(document, schema, value, where = "") {
  schema = resolve_reference(document, schema);
  if (TYPES.array(value)) {
    return schema.items ? value.flatMap((item, i) => undocumented(document, schema.items, item, `${where}/${i}`)) : [];
  }
  if (!TYPES.object(value)) return [];
  const parts = [schema, ...(schema.allOf ?? []).map((sub) => resolve_reference(document, sub))];
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  if (Object.keys(properties).length === 0) return [];
  return Object.keys(value).flatMap((key) =>
    properties[key] ? undocumented(document, properties[key], value[key], `${where}/${key}`) : [`${where}/${key}`],
  );
}
