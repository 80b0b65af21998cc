/** The drafts of JSON Schema that are understood, by the `$schema` that names them. */
export type Dialect = "2020-12" | "draft-07";

/** What the value of a keyword is made of, where schemas are in it. */
export type Holds = "schema" | "list" | "map" | "schemaOrList" | "mapOfSchemasOrNames";

/** The draft that a schema is written in: 2020-12 unless it says otherwise; undefined for another one. */
export function dialectOf($schema: unknown): Dialect | undefined {
  if ($schema === undefined || $schema === "https://json-schema.org/draft/2020-12/schema") return "2020-12";
  if (typeof $schema === "string" && /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/.test($schema)) {
    return "draft-07";
  }
  return undefined;
}

/** Keywords that say something to people; they are kept, and nothing follows from them. */
export const annotations: ReadonlySet<string> = new Set([
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "contentEncoding",
  "contentMediaType",
]);

const assertions = [
  "$ref",
  "type",
  "enum",
  "const",
  "multipleOf",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "format",
  "maxItems",
  "minItems",
  "uniqueItems",
  "maxProperties",
  "minProperties",
  "required",
];

const applicators: Readonly<Record<string, Holds>> = {
  additionalProperties: "schema",
  propertyNames: "schema",
  contains: "schema",
  not: "schema",
  if: "schema",
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this table
  then: "schema",
  else: "schema",
  allOf: "list",
  anyOf: "list",
  oneOf: "list",
  properties: "map",
  patternProperties: "map",
};

/** Keywords that are checked, apart from those that hold schemas. */
export const assertionsOf: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  "2020-12": new Set([...assertions, "$anchor", "maxContains", "minContains", "dependentRequired"]),
  "draft-07": new Set(assertions),
};

/** Keywords that hold schemas, and how. */
export const applicatorsOf: Readonly<Record<Dialect, ReadonlyMap<string, Holds>>> = {
  "2020-12": new Map<string, Holds>([
    ...Object.entries(applicators),
    ["$defs", "map"],
    ["dependentSchemas", "map"],
    ["prefixItems", "list"],
    ["items", "schema"],
    ["unevaluatedItems", "schema"],
    ["unevaluatedProperties", "schema"],
  ]),
  "draft-07": new Map<string, Holds>([
    ...Object.entries(applicators),
    ["definitions", "map"],
    ["dependencies", "mapOfSchemasOrNames"],
    ["items", "schemaOrList"],
    ["additionalItems", "schema"],
  ]),
};
