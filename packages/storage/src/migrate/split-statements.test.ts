import { expect, test } from "vitest";

import { splitStatements } from "./split-statements.ts";

test.each([
  ["two statements", "select 1; select 2;", ["select 1", "select 2"]],
  ["a last statement without a semicolon", "select 1;\nselect 2", ["select 1", "select 2"]],
  ["empty statements", ";; ;\n", []],
  ["a string", "select ';', 'it''s; fine';", ["select ';', 'it''s; fine'"]],
  ["an escape string", String.raw`select E'\'; ', 1;`, [String.raw`select E'\'; ', 1`]],
  ["a quoted name", 'select 1 as "a;""b";', ['select 1 as "a;""b"']],
  ["a dollar-quoted body", "do $$ begin; end $$; select 1;", ["do $$ begin; end $$", "select 1"]],
  ["a tagged body with another inside", "do $a$ $$;$$ ; $a$;", ["do $a$ $$;$$ ; $a$"]],
  ["parameters, which are no dollar quotes", "select $1; select $2;", ["select $1", "select $2"]],
  ["comments", "-- one; two\nselect /* ; /* ; */ ; */ 1; -- three;\n", ["select   1"]],
  ["only comments", "-- nothing; here\n/* nor; here */", []],
  [
    "an SQL-standard function body",
    "create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3;",
    [
      "create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end",
      "select 3",
    ],
  ],
])("%s: a semicolon ends a statement only where PostgreSQL says so", (_, script, statements) => {
  expect(splitStatements(script)).toEqual(statements);
});
