import { expect, test } from "vitest";

import { jsonFault } from "./json-fault.ts";

function faultOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return jsonFault(error);
  }
  return "none";
}

test.each([
  ['{"secret":1', " at position 11 (line 1 column 12)"],
  ['{}\n{"secret":1}', ": something follows the value at position 3 (line 2 column 1)"],
  ["", ": it ends too early"],
  ['{"secret":NaN}', ": it knows no NaN, Infinity, None or undefined; send null, or leave the field out"],
  ['{"secret":-Infinity}', " at position 11 (line 1 column 12)"],
  ['{"secret":None}', ": it knows no NaN, Infinity, None or undefined; send null, or leave the field out"],
  ['{"secret":True}', ": it writes true and false in lower case"],
  ["{'secret':1}", " at position 1 (line 1 column 2)"],
  ['{"secret":}', ': there is an unexpected "}"'],
  ["['secret']", ": its text is in double quotes"],
  ['{"secret":🙂}', ""],
])("%j is told from what it holds, without quoting it", (text, fault) => {
  expect(faultOf(text)).toBe(fault);
});
