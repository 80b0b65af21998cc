import { MillraceError } from "@millrace/contract";

const keyCharactersMax = 512;
const bearer = /^Bearer +(?<key>[^\s]+)$/i;

/** The key of an Authorization header; undefined without one. @throws UNAUTHENTICATED for another scheme or none at all */
function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const key = bearer.exec(authorization)?.groups?.["key"];
  if (key === undefined) throw unauthenticated();
  return key;
}

/**
 * The one key that a request presents, in `Authorization: Bearer` or in `X-API-Key`; the same one may be in both.
 * @throws UNAUTHENTICATED without a key, or with two different ones
 */
export function presentedKey(authorization: string | undefined, apiKey: string | undefined): string {
  const inAuthorization = bearerOf(authorization);
  const key = inAuthorization ?? apiKey;
  if (key === undefined || key === "" || key.length > keyCharactersMax) throw unauthenticated();
  if (apiKey !== undefined && apiKey !== key) throw unauthenticated();
  return key;
}

/** The one answer to everything that is wrong with a key: it tells nobody what it was. */
export function unauthenticated(): MillraceError {
  return new MillraceError("UNAUTHENTICATED", "Send a valid API key, as Authorization: Bearer <key> or in X-API-Key.");
}
