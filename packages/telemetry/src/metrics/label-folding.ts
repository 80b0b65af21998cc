/** Stands for every value of a label after the first 200. */
export const otherLabel = "other";
export const labelValuesMax = 200;

/** What a label's value is counted as. */
export type Fold = (label: string, value: string) => string;

/** Keeps the first 200 values that it sees of each label and answers `other` for the rest, so that no user can make series without end. */
export function createLabelFolding(valuesMax = labelValuesMax): Fold {
  const kept = new Map<string, Set<string>>();
  return (label, value) => {
    let values = kept.get(label);
    if (values === undefined) kept.set(label, (values = new Set()));
    if (values.has(value)) return value;
    if (values.size >= valuesMax) return otherLabel;
    values.add(value);
    return value;
  };
}
