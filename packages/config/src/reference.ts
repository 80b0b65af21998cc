import { fileEnvName } from "./env-names.ts";
import { type Key, keys } from "./keys.ts";
import type { Section } from "./schema/section.ts";
import { type SectionName, sectionNames, sections } from "./schema/sections.ts";

/** The reference page of the configuration, in Markdown: how it is read, and every key. */
export function referenceMarkdown(): string {
  return `${[introduction, ...sectionNames.map(describeSection)].join("\n\n")}\n`;
}

const introduction = `<!-- Generated from the schema in packages/config; run its \`generate\` script after a change. -->

# Configuration

Every process reads its configuration once, when it starts. A value comes from the highest of these that gives one:

1. a flag of the command line
2. the environment: \`server.requestTimeoutMs\` is \`MILLRACE_SERVER_REQUEST_TIMEOUT_MS\`
3. the file \`millrace.yaml\` in the working directory, or the one that \`MILLRACE_CONFIG\` names
4. the default of the profile: \`MILLRACE_PROFILE\` is \`dev\` (unless set), \`test\` or \`prod\`
5. the built-in default

Durations are milliseconds or have a unit: \`500\`, \`500ms\`, \`5s\`, \`2m\`, \`1h\`. Sizes are bytes or have a binary unit: \`4096\`, \`64KiB\`,
\`1MiB\`, \`1GiB\`. Lists are YAML lists in the file, and comma separated in the environment. An empty variable counts as unset.

A secret can be read from a file: \`MILLRACE_DATABASE_URL_FILE=/run/secrets/database-url\`. One trailing line break is dropped; setting both
the variable and its \`_FILE\` is an error. \`DATABASE_URL\`, \`PORT\` and three names of OpenTelemetry are understood too,
below their \`MILLRACE_\` names. Variables that Kubernetes adds for a Service called \`millrace…\` are ignored, and so are \`MILLRACE_URL\` and
\`MILLRACE_API_KEY\`: they tell \`millrace query\` and other clients where the API is, and with which key.

Unknown keys in the file and unknown \`MILLRACE_\` variables are errors. When anything is wrong, the process prints one line for each problem
and exits with code 78 before it listens or connects.

\`millrace config print\` shows every value and where it came from, \`millrace config check\` only validates, and
\`millrace config schema\` prints the JSON Schema of the file.`;

function describeSection(name: SectionName): string {
  const section: Section = sections[name];
  const rows = keys.filter((key) => key.section === name).map(describeKey);
  const rules = section.rules.map((rule) => {
    const where = rule.profile === undefined ? "" : ` in \`${rule.profile}\``;
    return `- \`${name}.${rule.keys[0]}\`${where}: ${rule.expected}`;
  });
  return [
    `## ${name}`,
    section.description,
    ["| key | variable | value | default | what it does |", "| --- | --- | --- | --- | --- |", ...rows].join("\n"),
    ...(rules.length === 0 ? [] : ["What must hold besides:", rules.join("\n")]),
  ].join("\n\n");
}

function describeKey(key: Key): string {
  const variables = [key.env, ...(key.secret ? [fileEnvName(key.env)] : []), key.platformName ?? []].flat();
  const cells = [
    code(key.name),
    variables.map(code).join("<br>"),
    key.expected,
    describeDefault(key),
    key.secret ? `${key.description} Secret.` : key.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function describeDefault(key: Key): string {
  if (key.required) return "required";
  const base = shownDefault(key, key.fallback);
  return [
    base,
    ...Object.entries(key.profiles).map(([profile, value]) => `${profile}: ${shownDefault(key, value)}`),
  ].join("<br>");
}

function shownDefault(key: Key, value: unknown): string {
  if (value === undefined) return "unset";
  if (Array.isArray(value) && value.length === 0) return "none";
  return code(key.show(value));
}

function code(text: string): string {
  return `\`${text}\``;
}
