/** The kinds of place that Millrace runs in. A profile changes defaults; `prod` also refuses development conveniences. */
export const profiles = ["dev", "test", "prod"] as const;

export type Profile = (typeof profiles)[number];
