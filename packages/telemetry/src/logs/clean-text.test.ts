import { describe, expect, it } from "vitest";

import { cleanText, cleanUrl, textCharactersMax } from "./clean-text.ts";

const canary = "CANARY-7f3a";

describe("cleanText", () => {
  it.each([
    "job completed",
    "0193b4a0-1111-7222-8333-444455556666",
    "naïve café 日本 👩‍👩‍👧",
    "lease of 3 jobs (emails)",
    "",
  ])("leaves harmless text as it is: %s", (text) => {
    expect(cleanText(text)).toBe(text);
  });

  it("replaces control and bidirectional characters, so that no text can forge a line or steer a terminal", () => {
    expect(cleanText("a\r\nb\u001B[31mc\u0085d\u202Ee\u2066f\u2028g\u0000h")).toBe("a b [31mc d e f g h");
  });

  it("ends a long text after 4,096 characters, never inside a character", () => {
    expect(cleanText("x".repeat(textCharactersMax))).toHaveLength(textCharactersMax);
    const cut = cleanText("x".repeat(textCharactersMax - 1) + "👍".repeat(10));
    expect(cut).toHaveLength(textCharactersMax + 1);
    expect(cut.endsWith("…")).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
  });

  it.each([
    `connect to postgres://app:${canary}@db:5432/app failed`,
    `connect to postgres://app:p/${canary}?@db/app failed`,
    `connect to postgres://app:a@${canary}@db/app failed`,
    `Failed to parse URL from https://${canary}@example.com/x`,
    `GET https://example.com/hook?sig=${canary} failed`,
    `GET https://example.com/hook#access_token=${canary}`,
    `authorization: Bearer ${canary}`,
    `bad header "Authorization": "Basic ${canary}", sorry`,
    `Cookie: a=1; session=${canary}`,
    `set-cookie=${canary}`,
    `got Bearer ${canary}${canary}`,
    `password=${canary}`,
    `{"password": "two words ${canary}"}`,
    `the API_KEY: '${canary}' is wrong`,
    `lease token = ${canary}`,
    `key mr_live_${"aB3".repeat(18)}${canary.replaceAll("-", "")} is unknown`,
    `jwt eyJhbGciOiJIUzI1NiJ9.${canary}.abc`,
  ])("withholds a secret of a known shape: %s", (text) => {
    expect(cleanText(text)).not.toContain("CANARY");
    expect(cleanText(text)).toContain("[redacted]");
  });

  it("finds a secret that straddles the cut", () => {
    const text = `${"x".repeat(textCharactersMax - 30)} postgres://app:${canary}${"y".repeat(50)}@db/app`;
    expect(cleanText(text)).not.toContain("CANARY");
  });

  it("keeps the readable rest around a secret", () => {
    expect(cleanText("connect to postgres://app:hunter2@db:5432/app?ssl=on refused")).toBe(
      "connect to postgres://[redacted]@db:5432/app?[redacted] refused",
    );
  });

  it.each(["://", "a:", "token:", "eyJaaaaaaaa.", "eyJaaaaaaaa-", "ab_", "authorization ", '"', 'password="', "_a"])(
    "takes time linear in the length of hostile text made of %j",
    (piece) => {
      const hostile = piece.repeat(Math.ceil(1_000_000 / piece.length));
      const before = process.cpuUsage();
      cleanText(hostile);
      // It takes milliseconds; time that grows with the square of a million would be hours.
      expect(process.cpuUsage(before).user / 1_000).toBeLessThan(10_000);
    },
  );
});

describe("cleanUrl", () => {
  it.each([
    ["https://u:p@example.com/a/b?c=d#e", "https://example.com/a/b"],
    ["postgres://u:my p@ss?w#rd/x@db:5432/app?sslmode=require", "postgres://db:5432/app"],
    ["/v1/jobs?token=abc", "/v1/jobs"],
    ["/v1/jobs/\u001B[2J", "/v1/jobs/ [2J"],
    ["file:///app/pino@10/x.js", "file:///app/pino@10/x.js"],
  ])("keeps where and drops who and what: %s", (url, shown) => {
    expect(cleanUrl(url)).toBe(shown);
  });
});
