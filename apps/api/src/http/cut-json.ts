/** A part of a list: some of its elements, as JSON without the brackets. */
export interface JsonPart {
  readonly from: number;
  readonly to: number;
}

/** A body in pieces that can be parsed one by one. It is valid JSON when all of them are, each part in brackets and none of several parts of a list empty. */
export interface CutJson {
  /** The body with the numbers of its parts in place of what each list holds that is a member of the body itself. */
  readonly envelope: string;
  readonly parts: readonly JsonPart[];
}

/** Cuts a body where it is safe to, without parsing it. */
export interface JsonCutter {
  /** Goes on for so many bytes; true at the end of the body. */
  step(bytes: number): boolean;
  cut(): CutJson;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const listOpens = 0x5b;
const listEnds = 0x5d;
const objectOpens = 0x7b;
const objectEnds = 0x7d;

/** Begins to cut `body`, which is UTF-8. Lists that are members of the object that it holds are cut into parts of `partBytes` and the rest of the element that these end in. */
export function createJsonCutter(body: Buffer, partBytes: number): JsonCutter {
  const parts: JsonPart[] = [];
  const envelope: string[] = [];
  let at = 0;
  let depth = 0;
  let inText = false;
  let isObject = false;
  /** Up to where the body is in the envelope or in parts. */
  let done = 0;
  /** The first part of the list that is being cut; undefined outside of one. */
  let firstPart: number | undefined;

  function openList(): void {
    envelope.push(body.toString("utf8", done, at + 1));
    done = at + 1;
    firstPart = parts.length;
  }

  function closePart(): void {
    parts.push({ from: done, to: at });
    done = at + 1;
  }

  function closeList(first: number): void {
    closePart();
    envelope.push(Array.from({ length: parts.length - first }, (_, nth) => first + nth).join(","));
    done = at;
    firstPart = undefined;
  }

  function look(code: number): void {
    if (code === objectOpens || code === listOpens) {
      depth++;
      if (depth === 1) isObject = code === objectOpens;
      else if (depth === 2 && isObject && code === listOpens) openList();
    } else if (code === objectEnds || code === listEnds) {
      if (depth === 2 && firstPart !== undefined) closeList(firstPart);
      depth--;
    } else if (code === comma && depth === 2 && firstPart !== undefined && at - done >= partBytes) {
      closePart();
    }
  }

  return {
    step(bytes) {
      const end = Math.min(at + bytes, body.length);
      for (; at < end; at++) {
        const code = body[at] ?? 0;
        if (code === quote) inText = !inText;
        else if (!inText) look(code);
        // What is escaped can't end the text.
        else if (code === backslash) at++;
      }
      return at >= body.length;
    },
    cut: () => ({ envelope: [...envelope, body.toString("utf8", done)].join(""), parts }),
  };
}
