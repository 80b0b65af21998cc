/** Input from outside, handed to a use case that checks every part of it before use: the type says what the caller should have sent. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it should have been sent
export function unparsed<Input>(value: unknown): Input {
  return value as Input;
}
