interface Node {
  readonly type: string;
}

interface Context {
  readonly filename: string;
  readonly sourceCode: { getCommentsBefore(node: Node): readonly { readonly type: string; readonly value: string }[] };
  report(problem: { readonly message: string; readonly node: Node }): void;
}

/** One lint rule: called for a file, it answers what to do at each kind of node. */
export interface Rule {
  create(context: Context): Readonly<Record<string, (node: never) => void>>;
}

/** `begin` and `transaction` of the driver lose track of a lost connection: only storage's one door may open a transaction. */
export const noRawTransaction: Rule = {
  create: (context) => ({
    CallExpression(node: Node & { readonly callee: Node & { readonly property?: { readonly name?: string } } }) {
      const name = node.callee.type === "MemberExpression" ? node.callee.property?.name : undefined;
      if (name === "begin" || name === "transaction")
        context.report({ node, message: `Open a transaction with withTransaction, not with the driver's ${name}.` });
    },
  }),
};

const statement =
  /^\s*(?:select\b[^]*\bfrom\b|with\b[^]*\bas\s*\(|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|truncate\s|listen\s|notify\s|(?:create|alter|drop)\s+(?:table|index|schema|database|type|function)\b)/i;

/** Looks like an SQL statement; a sentence such as "Select a job from the list" differs by its capital. */
export function isSql(text: string): boolean {
  return statement.test(text) && !/^\s*[A-Z][a-z]/.test(text);
}

/** SQL lives in storage, one statement a file. */
export const noSqlOutsideStorage: Rule = {
  create(context) {
    const check = (node: Node, text: unknown) => {
      if (typeof text === "string" && isSql(text))
        context.report({ node, message: "SQL belongs in packages/storage." });
    };
    return {
      Literal: (node: Node & { readonly value: unknown }) => check(node, node.value),
      TemplateLiteral: (node: Node & { readonly quasis: readonly { readonly value: { readonly raw: string } }[] }) =>
        check(node, node.quasis.map((part) => part.value.raw).join("x")),
    };
  },
};

const catchAll = /(?:^|\/)(?:utils?|common|helpers?|misc|shared|lib)(?:\.[^/]+|\/[^]*)?$/;

/** True for a path below `src` that is named for nothing in particular. */
export function isCatchAll(path: string): boolean {
  return catchAll.test(path);
}

/** A file or folder is named for what it holds. */
export const noCatchAllFile: Rule = {
  create: (context) => ({
    Program(node: Node) {
      const path = context.filename.replaceAll("\\", "/").split("/src/").at(-1) ?? "";
      if (isCatchAll(path)) context.report({ node, message: "Name the file for what it holds." });
    },
  }),
};

/** An exported function says in a sentence what its signature can't. */
export const requireDocstring: Rule = {
  create: (context) => ({
    ExportNamedDeclaration(node: Node & { readonly declaration: Node | null }) {
      if (node.declaration?.type !== "FunctionDeclaration") return;
      const documented = context.sourceCode
        .getCommentsBefore(node)
        .some((comment) => comment.type === "Block" && comment.value.startsWith("*"));
      if (!documented) context.report({ node, message: "Say in a docstring what this function does." });
    },
  }),
};

/** The lint rules of this repository that no published plugin has. */
export default {
  meta: { name: "millrace" },
  rules: {
    "no-raw-transaction": noRawTransaction,
    "no-sql-outside-storage": noSqlOutsideStorage,
    "no-catch-all-file": noCatchAllFile,
    "require-docstring": requireDocstring,
  },
};
