import { defineConfig, type OxlintOverride } from "oxlint";

import { layers, testGlobs } from "./tooling/architecture/src/layers.ts";
import { banImports, type ImportBan } from "./tooling/architecture/src/lint-bans.ts";

/** Files that a tool reads and that must export by default. */
const toolConfiguration = [
  "*.config.ts",
  "**/*.config.ts",
  "tooling/docs/.vitepress/config.ts",
  "tooling/architecture/src/lint-plugin.ts",
];

// An override replaces an earlier one for the same rule, so that each package gets a whole list, for source and for tests.
const imports = Object.entries(layers).flatMap(([name, { path }]) => [
  banIn([`${path}/src/**`], banImports(name, false)),
  banIn(
    testGlobs.map((glob) => `${path}/src/${glob}`),
    banImports(name, true),
  ),
]);

function banIn(files: string[], bans: readonly ImportBan[]): OxlintOverride {
  return { files, rules: { "no-restricted-imports": ["error", { patterns: [...bans] }] } };
}

export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "node", "vitest", "jsdoc"],
  jsPlugins: [`${import.meta.dirname}/tooling/architecture/src/lint-plugin.ts`],
  env: { node: true, es2026: true },
  ignorePatterns: ["**/dist/**", "**/coverage/**", "docs/reference/**"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  rules: {
    // Promises: nothing runs unwatched.
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/await-thenable": "error",
    "typescript/return-await": ["error", "in-try-catch"],
    "typescript/only-throw-error": "error",
    "typescript/prefer-promise-reject-errors": "error",

    // Types: nothing goes round the compiler.
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/no-unsafe-argument": "error",
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
    "typescript/no-unsafe-function-type": "error",
    "typescript/ban-ts-comment": "error",
    "typescript/no-deprecated": "error",
    "typescript/no-confusing-void-expression": [
      "error",
      { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
    ],
    "typescript/switch-exhaustiveness-check": [
      "error",
      { considerDefaultExhaustiveForUnions: true, allowDefaultCaseForExhaustiveSwitch: true },
    ],
    "typescript/use-unknown-in-catch-callback-variable": "error",
    "typescript/restrict-plus-operands": "error",
    "typescript/prefer-nullish-coalescing": "error",
    "typescript/prefer-optional-chain": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports", prefer: "type-imports" }],
    "typescript/consistent-type-exports": "error",
    "typescript/consistent-type-definitions": ["error", "interface"],
    "typescript/array-type": ["error", { default: "array" }],
    "typescript/no-namespace": "error",
    "typescript/parameter-properties": "error",
    "typescript/prefer-includes": "error",
    "typescript/prefer-readonly": "error",

    // Modules.
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "import/no-duplicates": "error",
    "import/no-mutable-exports": "error",
    "import/first": "error",
    "unicorn/prefer-node-protocol": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],

    // House rules.
    "node/no-process-env": "error",
    "no-console": "error",
    "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    "no-var": "error",
    "prefer-const": "error",
    eqeqeq: ["error", "always"],
    "no-param-reassign": "error",
    "no-else-return": "error",
    "no-lonely-if": "error",
    "no-useless-return": "error",
    "no-nested-ternary": "error",
    "object-shorthand": "error",
    "prefer-template": "error",
    "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx", "hack"], location: "anywhere" }],
    "max-lines": ["error", { max: 400 }],
    "max-depth": ["error", 4],
    "unicorn/no-array-for-each": "error",
    "unicorn/throw-new-error": "error",
    "unicorn/error-message": "error",
    "unicorn/prefer-array-some": "error",
    "unicorn/prefer-string-replace-all": "error",
    "unicorn/no-useless-promise-resolve-reject": "error",
    "millrace/no-raw-transaction": "error",
    "millrace/no-sql-outside-storage": "error",
    "millrace/no-catch-all-file": "error",
    "millrace/require-docstring": "error",

    // Off: a loop may wait for each row in turn; a list of five needs no Set.
    "no-await-in-loop": "off",
    "unicorn/prefer-set-has": "off",
    "oxc/no-map-spread": "off",
    // Off: a condition is often changed by a callback, which the rule can't see.
    "no-unmodified-loop-condition": "off",
    // Off: what stands near its only use reads better than what was lifted out of it.
    "unicorn/consistent-function-scoping": "off",
    "promise/always-return": "off",
    // Off: our objects are closures, so that a method taken off one still works; a cast is allowed where it says why.
    "typescript/unbound-method": "off",
    "typescript/no-unsafe-type-assertion": "off",
  },
  overrides: [
    ...imports,
    {
      files: toolConfiguration,
      rules: { "import/no-default-export": "off", "node/no-process-env": "off" },
    },
    { files: ["packages/config/src/**", "tooling/**", "tests/**"], rules: { "node/no-process-env": "off" } },
    // The lake's SQL is DuckDB's. The measurements lay tables out in ways that storage doesn't, and the drill is an operator's: it backs the server itself up.
    {
      files: ["packages/storage/src/**", "packages/lake/src/**", "tooling/bench/src/**", "tests/e2e/src/drill/**"],
      rules: { "millrace/no-sql-outside-storage": "off" },
    },
    {
      files: ["packages/storage/src/database*.ts", "packages/storage/src/database/**"],
      rules: { "millrace/no-raw-transaction": "off" },
    },
    { files: ["tooling/**/*.ts"], rules: { "no-console": "off" } },
    {
      files: testGlobs,
      rules: {
        "node/no-process-env": "off",
        "max-lines": ["error", { max: 600 }],
        "millrace/no-sql-outside-storage": "off",
        "millrace/no-raw-transaction": "off",
        "millrace/require-docstring": "off",
        // Off: matchers such as expect.any() are typed any, and a test may insist that a row is there.
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-member-access": "off",
        "typescript/no-non-null-assertion": "off",
        // Off: a table or a property holds several expectations, of which a case meets some.
        "vitest/no-conditional-expect": "off",
      },
    },
  ],
});
